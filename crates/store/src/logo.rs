//! The objects that are logos: which there are, and which of them nothing shows any more.
//!
//! What shows a logo ends in many ways, some of them far from here: a document that describes an app expires. So each logo is
//! looked up from time to time, and at once where it is known to be replaced.

use std::time::Duration;

use sigma_core::time::Timestamp;

use crate::{StoreError, Tx, params};

/// The job that fetches the logo of an app; its payload is the app's id.
pub const JOB: &str = "app_logo";

/// How often a logo is looked up.
const EVERY: Duration = Duration::from_hours(24);
/// Logos that are looked up at once.
const BATCH: i64 = 100;

/// Notes that `after` is shown from now on, in place of `before`.
pub(crate) fn replace(
    tx: &mut dyn Tx,
    before: Option<&str>,
    after: Option<&str>,
    now: Timestamp,
) -> Result<(), StoreError> {
    if before == after {
        return Ok(());
    }
    if let Some(after) = after {
        tx.execute(
            "INSERT INTO logos (name, check_at) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING",
            params![after, now.plus(EVERY)],
        )?;
    }
    before.map_or(Ok(()), |before| look_up(tx, before))
}

/// Has a logo looked up at once.
pub(crate) fn look_up(tx: &mut dyn Tx, name: &str) -> Result<(), StoreError> {
    tx.execute("UPDATE logos SET check_at = 0 WHERE name = $1", params![name])?;
    Ok(())
}

/// Notes an object that was stored and that nothing shows.
pub(crate) fn give_up(tx: &mut dyn Tx, name: &str, now: Timestamp) -> Result<(), StoreError> {
    tx.execute("INSERT INTO logos (name, check_at) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING", params![name, now])?;
    Ok(())
}

/// Those of the logos that are due which nothing shows: their objects can be deleted. The others are due again in a day.
/// At most 100 are looked up; `true` if there may be more.
pub fn list_unused(tx: &mut dyn Tx, now: Timestamp) -> Result<(Vec<String>, bool), StoreError> {
    let due = tx.query_all(
        "SELECT name FROM logos WHERE check_at <= $1 ORDER BY check_at, name LIMIT $2",
        params![now, BATCH],
    )?;
    let due = due.iter().map(|row| row.text(0)).collect::<Result<Vec<_>, _>>()?;
    let may_be_more = i64::try_from(due.len()).is_ok_and(|found| found == BATCH);
    let mut unused = Vec::new();
    for name in due {
        if is_shown(tx, &name)? {
            tx.execute("UPDATE logos SET check_at = $2 WHERE name = $1", params![name.as_str(), now.plus(EVERY)])?;
        } else {
            unused.push(name);
        }
    }
    Ok((unused, may_be_more))
}

/// Forgets a logo whose object was deleted.
pub fn remove(tx: &mut dyn Tx, name: &str) -> Result<(), StoreError> {
    tx.execute("DELETE FROM logos WHERE name = $1", params![name])?;
    Ok(())
}

fn is_shown(tx: &mut dyn Tx, name: &str) -> Result<bool, StoreError> {
    let by_brand = "SELECT 1 FROM brandings WHERE logo = $1 LIMIT 1";
    let by_server = "SELECT 1 FROM server_branding WHERE logo = $1";
    let by_document = "SELECT 1 FROM client_documents WHERE logo = $1 LIMIT 1";
    for shown in [by_brand, by_server, by_document] {
        if tx.query_opt(shown, params![name])?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}
