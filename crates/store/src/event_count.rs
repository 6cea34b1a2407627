//! How often something happened in each hour, for plots. Sign-ins count nothing: a job reads the hours that are not over from
//! the index of the trail, and keeps their numbers.

use std::time::Duration;

use sigma_core::event::Action;
use sigma_core::time::Timestamp;

use crate::{StoreError, Tx, params};

/// What is counted.
pub const COUNTED: [Action; 4] = [Action::UserSignIn, Action::UserSignInFailed, Action::UserSignUp, Action::UserCreate];

/// How far back the first count begins.
const FIRST: Duration = Duration::from_hours(30 * 24);
/// An hour.
const HOUR: Duration = Duration::from_hours(1);

/// Deletes a batch of counts at or before `$1`.
pub(crate) const SWEEP: &str = "DELETE FROM event_hours WHERE (hour, action) IN (
    SELECT hour, action FROM event_hours WHERE hour <= $1 ORDER BY hour LIMIT 500)";

/// The events of an action in one hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HourCount {
    /// The start of the hour.
    pub hour: Timestamp,
    /// What happened.
    pub action: Action,
    /// How often.
    pub events: u64,
}

/// The start of the hour of `at`.
pub fn hour_of(at: Timestamp) -> Timestamp {
    Timestamp::from_seconds(at.seconds().div_euclid(3_600) * 3_600)
}

/// The hours to be counted at `now`, by the time of the database: from the one before the last that was counted, which may have
/// gained events since, to the current one.
pub fn due(tx: &mut dyn Tx, now: Timestamp) -> Result<Vec<Timestamp>, StoreError> {
    let row = tx.query_opt("SELECT max(hour) FROM event_hours", params![])?;
    let counted = row.map_or(Ok(None), |row| row.opt_timestamp(0))?;
    let earliest = hour_of(now.minus(FIRST));
    let first = counted.map_or(earliest, |hour| hour.minus(HOUR).max(earliest));
    let mut hours = vec![first];
    while let Some(next) = hours.last().map(|last| last.plus(HOUR)).filter(|next| *next <= now) {
        hours.push(next);
    }
    Ok(hours)
}

/// The numbers of an hour that differ from those that are stored.
pub fn count(tx: &mut dyn Tx, hour: Timestamp) -> Result<Vec<HourCount>, StoreError> {
    let mut changed = Vec::new();
    for action in COUNTED {
        let events = number(
            tx,
            "SELECT CAST(sum(count) AS BIGINT) FROM events WHERE action = $1 AND at >= $2 AND at < $3",
            params![action.as_str(), hour, hour.plus(HOUR)],
        )?
        .unwrap_or(0);
        let stored = number(
            tx,
            "SELECT events FROM event_hours WHERE hour = $1 AND action = $2",
            params![hour, action.as_str()],
        )?;
        if stored != Some(events) {
            changed.push(HourCount { hour, action, events });
        }
    }
    Ok(changed)
}

fn number(tx: &mut dyn Tx, sql: &'static str, of: &[crate::Value]) -> Result<Option<u64>, StoreError> {
    let number = tx.query_opt(sql, of)?.map_or(Ok(None), |row| row.opt_int(0))?;
    Ok(number.map(|number| u64::try_from(number).unwrap_or(0)))
}

/// Keeps these numbers.
pub fn keep(tx: &mut dyn Tx, counts: &[HourCount]) -> Result<(), StoreError> {
    for count in counts {
        tx.execute(
            "INSERT INTO event_hours (hour, action, events) VALUES ($1, $2, $3)
             ON CONFLICT (hour, action) DO UPDATE SET events = excluded.events",
            params![count.hour, count.action.as_str(), i64::try_from(count.events).unwrap_or(i64::MAX)],
        )?;
    }
    Ok(())
}

/// The numbers from `since` on, by action and UTC day, oldest first.
pub(crate) fn by_day(tx: &mut dyn Tx, since: Timestamp) -> Result<Vec<(Timestamp, String, u64)>, StoreError> {
    let rows = tx.query_all(
        "SELECT hour / 86400000000 * 86400000000 AS day, action, CAST(sum(events) AS BIGINT) FROM event_hours
         WHERE hour >= $1 GROUP BY hour / 86400000000 * 86400000000, action ORDER BY day, action",
        params![since],
    )?;
    let decode = |row: &crate::Row| {
        let events = u64::try_from(row.int(2)?).unwrap_or(0);
        Ok((row.timestamp(0)?, row.text(1)?, events))
    };
    rows.iter().map(decode).collect()
}

/// How often something happened in the hours that began after `since`.
pub(crate) fn since(tx: &mut dyn Tx, action: Action, since: Timestamp) -> Result<u64, StoreError> {
    let sql = "SELECT CAST(sum(events) AS BIGINT) FROM event_hours WHERE hour > $1 AND action = $2";
    Ok(number(tx, sql, params![since, action.as_str()])?.unwrap_or(0))
}
