//! Segments of the index: made of people who wait for it, and replaced when they hold what was removed.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use sigma_core::people_search::{Places, grams, searched};
use sigma_core::time::Timestamp;

use crate::rows::Rows;
use crate::value::Value;
use crate::{Outage, Store, StoreError, Tx, params};

/// Rows that a transaction changes at most: the writer is never held up for long.
const TURN: usize = 500;
/// How long what nobody should need any more stays: no read that still uses it lasts that long, nor does the writing of a segment.
const KEPT: Duration = Duration::from_mins(10);
/// People whose removed texts are looked for in one pass over the segments.
const MOST_OUTDATED: u32 = 10_000;

static GRAMS: Rows = Rows::new("INSERT INTO people_grams (segment, gram, places) VALUES ", "($, $, $)", "");

/// A segment to be written.
#[derive(Default)]
struct Draft {
    /// Who waited for it, and the version of each.
    waiting: Vec<(String, i64)>,
    /// The people in it.
    people: Vec<String>,
    grams: BTreeMap<i64, Places>,
}

impl Draft {
    /// Takes a name or an address of a person. Those of one person come one after another.
    fn add(&mut self, person: &str, text: &str) {
        if self.people.last().is_none_or(|last| last != person) {
            self.people.push(person.to_owned());
        }
        let place = self.people.len().saturating_sub(1);
        for gram in grams(&searched(text)) {
            self.grams.entry(gram).or_default().add(place);
        }
    }
}

/// Makes segments of the people who wait for one, `size` each; what is left over goes on waiting. Returns how many were made.
///
/// # Errors
/// The store does not answer.
pub async fn index(store: &Store, size: usize) -> Result<u32, StoreError> {
    let (mut made, size) = (0, u32::try_from(size).unwrap_or(u32::MAX));
    while store.read(move |tx| is_enough(tx, size)).await? {
        // It is begun before anybody's texts are read: see `renew`.
        let now = store.database_now();
        let segment = store.write(move |tx| begin(tx, now)).await?;
        let draft = store.read(move |tx| next(tx, size)).await?;
        let waiting = draft.waiting.clone();
        write(store, segment, draft, None).await?;
        for piece in waiting.chunks(TURN) {
            let piece = piece.to_vec();
            store.write(move |tx| leave(tx, &piece)).await?;
        }
        made += 1;
    }
    Ok(made)
}

/// Replaces the segments of people whose names or addresses were removed or who are gone, and deletes what was replaced before. Returns
/// `false`, and replaces none, while a segment is being written: it may have been drawn up from the texts of before, and is not there yet
/// to be replaced.
///
/// # Errors
/// The store does not answer.
pub async fn renew(store: &Store) -> Result<bool, StoreError> {
    remove_replaced(store).await?;
    let outdated = store.read(|tx| list_outdated(tx)).await?;
    if outdated.is_empty() {
        return Ok(true);
    }
    let gone: BTreeSet<String> = outdated.iter().map(|(id, _)| id.clone()).collect();
    let (live, is_written) = store.read(|tx| Ok((list_live(tx)?, is_being_written(tx)?))).await?;
    if is_written {
        return Ok(false);
    }
    for segment in live {
        let people = store.read(move |tx| people_of(tx, segment)).await?;
        if people.iter().any(|id| gone.contains(id)) {
            let now = store.database_now();
            let new = store.write(move |tx| begin(tx, now)).await?;
            let draft = store.read(move |tx| drawn_up(tx, &people)).await?;
            write(store, new, draft, Some(segment)).await?;
        }
    }
    for piece in outdated.chunks(TURN) {
        let piece = piece.to_vec();
        store.write(move |tx| settle(tx, &piece)).await?;
    }
    Ok(true)
}

/// Whether enough people wait for a segment.
fn is_enough(tx: &mut dyn Tx, size: u32) -> Result<bool, StoreError> {
    let enough = "SELECT 1 FROM people_unindexed ORDER BY user_id LIMIT 1 OFFSET $1";
    Ok(tx.query_opt(enough, params![size.saturating_sub(1)])?.is_some())
}

/// The next segment.
fn next(tx: &mut dyn Tx, size: u32) -> Result<Draft, StoreError> {
    let rows = tx.query_all(
        "SELECT w.user_id, w.version, u.name, e.address
         FROM (SELECT user_id, version FROM people_unindexed ORDER BY user_id LIMIT $1) w
         LEFT JOIN users u ON u.id = w.user_id LEFT JOIN emails e ON e.user_id = w.user_id
         ORDER BY w.user_id",
        params![size],
    )?;
    let mut draft = Draft::default();
    for row in &rows {
        let id = row.text(0)?;
        let is_first = draft.waiting.last().is_none_or(|(last, _)| *last != id);
        // Whoever is gone only leaves.
        if let Some(name) = row.opt_text(2)?.filter(|_| is_first) {
            draft.add(&id, &name);
        }
        if let Some(address) = row.opt_text(3)? {
            draft.add(&id, &address);
        }
        if is_first {
            draft.waiting.push((id, row.int(1)?));
        }
    }
    Ok(draft)
}

/// The segment of these people, as they are called today.
fn drawn_up(tx: &mut dyn Tx, people: &[String]) -> Result<Draft, StoreError> {
    let mut draft = Draft::default();
    for id in people {
        let sql = "SELECT u.name, e.address FROM users u LEFT JOIN emails e ON e.user_id = u.id WHERE u.id = $1";
        for (number, row) in tx.query_all(sql, params![id])?.iter().enumerate() {
            if number == 0 {
                draft.add(id, &row.text(0)?);
            }
            if let Some(address) = row.opt_text(1)? {
                draft.add(id, &address);
            }
        }
    }
    Ok(draft)
}

/// Writes a segment that was begun, in turns. It is searched once it is whole, and no longer the one that it replaces.
async fn write(store: &Store, id: i64, draft: Draft, replaced: Option<i64>) -> Result<(), StoreError> {
    let now = store.database_now();
    let Some((oldest, newest)) = draft.people.iter().min().cloned().zip(draft.people.iter().max().cloned()) else {
        return store
            .write(move |tx| {
                tx.execute("DELETE FROM people_segments WHERE id = $1 AND live = 0", params![id])?;
                replaced.map_or(Ok(()), |replaced| retire(tx, replaced, now))
            })
            .await;
    };
    let people = draft.people.join("\n");
    let rows: Vec<Vec<Value>> =
        draft.grams.iter().map(|(gram, places)| params![id, *gram, places.encode()].to_vec()).collect();
    for turn in rows.chunks(TURN) {
        let turn = turn.to_vec();
        store.write(move |tx| GRAMS.add_all(tx, &turn)).await?;
    }
    let now = store.database_now();
    store
        .write(move |tx| {
            // It counts only while it is young: what was written too slowly may be swept already.
            let sql = "UPDATE people_segments SET live = 1, changed_at = $2, oldest = $4, newest = $5, people = $6
                WHERE id = $1 AND changed_at > $3";
            if tx.execute(sql, params![id, now, now.minus(KEPT), &oldest, &newest, &people])? == 0 {
                return Err(StoreError::Failed("a segment of the index of people took too long to write".to_owned()));
            }
            replaced.map_or(Ok(()), |replaced| retire(tx, replaced, now))
        })
        .await
}

/// Begins a segment, of nobody yet; returns its id. Ids ascend, so that rows of grams are appended.
fn begin(tx: &mut dyn Tx, now: Timestamp) -> Result<i64, StoreError> {
    let last = tx.query_opt("SELECT max(id) FROM people_segments", &[])?;
    let last = last.map(|row| row.opt_int(0)).transpose()?.flatten().unwrap_or_default();
    let id = now.micros().max(last.saturating_add(1));
    let sql = "INSERT INTO people_segments (id, live, changed_at, oldest, newest, people)
        VALUES ($1, 0, $2, '', '', '') ON CONFLICT (id) DO NOTHING";
    match tx.execute(sql, params![id, now])? {
        0 => Err(Outage::Contended.into()),
        _ => Ok(id),
    }
}

/// Whether there is a segment that was begun and is not whole yet.
fn is_being_written(tx: &mut dyn Tx) -> Result<bool, StoreError> {
    Ok(tx.query_opt("SELECT 1 FROM people_segments WHERE live = 0 AND people = '' LIMIT 1", &[])?.is_some())
}

/// Takes a segment out of the search.
fn retire(tx: &mut dyn Tx, segment: i64, now: Timestamp) -> Result<(), StoreError> {
    tx.execute("UPDATE people_segments SET live = 0, changed_at = $2 WHERE id = $1", params![segment, now])?;
    Ok(())
}

/// People who are in a segment wait no more, unless they were changed since.
fn leave(tx: &mut dyn Tx, people: &[(String, i64)]) -> Result<(), StoreError> {
    for (id, version) in people {
        tx.execute("DELETE FROM people_unindexed WHERE user_id = $1 AND version = $2", params![id, *version])?;
    }
    Ok(())
}

fn list_outdated(tx: &mut dyn Tx) -> Result<Vec<(String, i64)>, StoreError> {
    let rows = tx.query_all("SELECT id, version FROM people_outdated ORDER BY id LIMIT $1", params![MOST_OUTDATED])?;
    rows.iter().map(|row| Ok((row.text(0)?, row.int(1)?))).collect()
}

/// No segment holds what these people were called before.
fn settle(tx: &mut dyn Tx, people: &[(String, i64)]) -> Result<(), StoreError> {
    for (id, version) in people {
        tx.execute("DELETE FROM people_outdated WHERE id = $1 AND version = $2", params![id, *version])?;
    }
    Ok(())
}

fn list_live(tx: &mut dyn Tx) -> Result<Vec<i64>, StoreError> {
    let rows = tx.query_all("SELECT id FROM people_segments WHERE live = 1 ORDER BY id", &[])?;
    rows.iter().map(|row| row.int(0)).collect()
}

/// The ids of the people of a segment, by their places.
pub(super) fn people_of(tx: &mut dyn Tx, segment: i64) -> Result<Vec<String>, StoreError> {
    let row = tx.query_opt("SELECT people FROM people_segments WHERE id = $1", params![segment])?;
    let people = row.map(|row| row.text(0)).transpose()?.unwrap_or_default();
    Ok(people.lines().map(str::to_owned).collect())
}

/// Deletes segments that were replaced or never finished.
async fn remove_replaced(store: &Store) -> Result<(), StoreError> {
    let before = store.database_now().minus(KEPT);
    let unused = store
        .read(move |tx| {
            let sql = "SELECT id FROM people_segments WHERE live = 0 AND changed_at <= $1 ORDER BY id";
            tx.query_all(sql, params![before])?.iter().map(|row| row.int(0)).collect::<Result<Vec<i64>, _>>()
        })
        .await?;
    for segment in unused {
        let batch = "DELETE FROM people_grams WHERE segment = $1
            AND gram IN (SELECT gram FROM people_grams WHERE segment = $1 ORDER BY gram LIMIT 500)";
        while store.write(move |tx| tx.execute(batch, params![segment])).await? > 0 {}
        let whole = "DELETE FROM people_segments WHERE id = $1 AND live = 0";
        store.write(move |tx| tx.execute(whole, params![segment])).await?;
    }
    Ok(())
}
