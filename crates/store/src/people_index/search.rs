//! A search by a part of a name or an address.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use sigma_core::ids::UserId;
use sigma_core::people_search::{MOST_GRAMS, Needle, Places};

use super::segment::people_of;
use crate::value::Value;
use crate::{StoreError, Tx, params};

/// People who wait for the index and are searched one by one: the newest. More wait only for as long as an import outruns the job.
const MOST_WAITING: u32 = 8_192;
/// Segments that one statement asks: few at first, because the newest may suffice.
const FEW: usize = 4;
const MANY: usize = 32;
/// People whose texts one statement reads.
const TOGETHER: usize = 16;

static ASK_FEW: LazyLock<String> = LazyLock::new(|| asking(FEW));
static ASK_MANY: LazyLock<String> = LazyLock::new(|| asking(MANY));
static TEXTS: LazyLock<String> = LazyLock::new(|| {
    let ids = numbered(1, TOGETHER);
    format!("SELECT u.id, u.name, e.address FROM users u LEFT JOIN emails e ON e.user_id = u.id WHERE u.id IN ({ids})")
});

/// The question to so many segments. It has as many parameters whatever is looked for.
fn asking(segments: usize) -> String {
    let (segments, grams) = (numbered(1, segments), numbered(segments + 1, MOST_GRAMS));
    format!("SELECT segment, places FROM people_grams WHERE segment IN ({segments}) AND gram IN ({grams})")
}

/// At most `limit` people with that text in their name or an address, newest first, before the one called `before`.
pub fn find(tx: &mut dyn Tx, needle: &Needle, before: Option<&UserId>, limit: u32) -> Result<Vec<UserId>, StoreError> {
    let (limit, before) = (usize::try_from(limit).unwrap_or(usize::MAX), before.map_or("", UserId::as_str));
    // Whoever is put into a segment meanwhile is found twice, rather than not at all.
    let mut found = waiting(tx, needle, before)?;
    let mut segments = live(tx, before)?.into_iter().peekable();
    let mut together = FEW;
    while let Some((_, newest)) = segments.peek() {
        // Nobody in the segments that are left is newer than that.
        if found.iter().rev().nth(limit.saturating_sub(1)).is_some_and(|last| last > newest) {
            break;
        }
        let piece: Vec<i64> = segments.by_ref().take(together).map(|(id, _)| id).collect();
        let hits = ask(tx, &piece, needle.grams(), together)?;
        for segment in piece {
            if let Some(places) = hits.get(&segment) {
                found.extend(confirmed(tx, segment, places, needle, before, limit)?);
            }
        }
        together = MANY;
    }
    Ok(found.into_iter().rev().take(limit).map(UserId::from_text).collect())
}

/// Those who wait for the index.
fn waiting(tx: &mut dyn Tx, needle: &Needle, before: &str) -> Result<BTreeSet<String>, StoreError> {
    let rows = tx.query_all(
        "SELECT w.user_id, u.name, e.address
         FROM (SELECT user_id FROM people_unindexed WHERE $1 = '' OR user_id < $1 ORDER BY user_id DESC LIMIT $2) w
         JOIN users u ON u.id = w.user_id LEFT JOIN emails e ON e.user_id = w.user_id",
        params![before, MOST_WAITING],
    )?;
    matching(&rows, needle)
}

/// The people of rows of id, name and address who are meant.
fn matching(rows: &[crate::Row], needle: &Needle) -> Result<BTreeSet<String>, StoreError> {
    let mut found = BTreeSet::new();
    for row in rows {
        if needle.is_in(&row.text(1)?) || row.opt_text(2)?.is_some_and(|address| needle.is_in(&address)) {
            found.insert(row.text(0)?);
        }
    }
    Ok(found)
}

/// The segments that are searched with the newest of the people in each, by these, newest first.
fn live(tx: &mut dyn Tx, before: &str) -> Result<Vec<(i64, String)>, StoreError> {
    let mut segments = Vec::new();
    for row in &tx.query_all("SELECT id, oldest, newest FROM people_segments WHERE live = 1", &[])? {
        if before.is_empty() || row.text(1)?.as_str() < before {
            segments.push((row.int(0)?, row.text(2)?));
        }
    }
    segments.sort_unstable_by(|one, other| other.1.cmp(&one.1));
    Ok(segments)
}

/// The places of the people in each segment who have all of the grams.
fn ask(tx: &mut dyn Tx, segments: &[i64], grams: &[i64], together: usize) -> Result<BTreeMap<i64, Places>, StoreError> {
    let sql = if together == FEW { &*ASK_FEW } else { &*ASK_MANY };
    let values: Vec<Value> = filled(segments, together).chain(filled(grams, MOST_GRAMS)).map(Value::Int).collect();
    let mut all: BTreeMap<i64, (usize, Places)> = BTreeMap::new();
    for row in &tx.query_all(sql, &values)? {
        let damaged = || StoreError::Corrupt("places in the index of people".to_owned());
        let places = Places::decode(&row.bytes(1)?).ok_or_else(damaged)?;
        all.entry(row.int(0)?)
            .and_modify(|(count, kept)| {
                *count += 1;
                kept.keep(&places);
            })
            .or_insert((1, places));
    }
    let whole = all.into_iter().filter(|(_, (count, _))| *count == grams.len());
    Ok(whole.map(|(segment, (_, places))| (segment, places)).collect())
}

/// The newest people at these places of a segment who are meant, as their texts are today.
fn confirmed(
    tx: &mut dyn Tx,
    segment: i64,
    places: &Places,
    needle: &Needle,
    before: &str,
    limit: usize,
) -> Result<BTreeSet<String>, StoreError> {
    if places.iter().next().is_none() {
        return Ok(BTreeSet::new());
    }
    let people = people_of(tx, segment)?;
    let mut named: Vec<&String> = places.iter().filter_map(|place| people.get(place)).collect();
    named.retain(|id| before.is_empty() || id.as_str() < before);
    named.sort_unstable_by(|one, other| other.cmp(one));
    let mut found = BTreeSet::new();
    for piece in named.chunks(TOGETHER) {
        let values: Vec<Value> = filled(piece, TOGETHER).map(|id| Value::from(id.as_str())).collect();
        found.extend(matching(&tx.query_all(&TEXTS, &values)?, needle)?);
        if found.len() >= limit {
            break;
        }
    }
    Ok(found)
}

/// `$3, $4, $5`
fn numbered(first: usize, count: usize) -> String {
    let names: Vec<String> = (first..first + count).map(|number| format!("${number}")).collect();
    names.join(", ")
}

/// So many of them, the last as often as there are too few.
fn filled<T: Copy>(some: &[T], count: usize) -> impl Iterator<Item = T> + '_ {
    some.iter().copied().chain(some.last().copied().into_iter().cycle()).take(count)
}
