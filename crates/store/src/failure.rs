//! Failed sign-ins in a row, and how long they make an address wait (contract 1.14, ruling 34).

use std::time::Duration;

use sigma_core::time::Timestamp;

use crate::{StoreError, Tx, params};

/// A row of failures is forgotten after this long without another.
const FORGOTTEN: Duration = Duration::from_mins(30);

/// How long a row of `count` failures blocks.
fn delay(count: i64) -> Duration {
    match count {
        ..=2 => Duration::ZERO,
        3..=5 => Duration::from_secs(30),
        6..=10 => Duration::from_mins(2),
        _ => Duration::from_mins(10),
    }
}

/// Until when `key` is blocked, if it is.
pub fn blocked_until(tx: &mut dyn Tx, key: &str, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
    let row = tx.query_opt("SELECT blocked_until FROM failures WHERE key = $1", params![key])?;
    let until = row.map(|row| row.timestamp(0)).transpose()?;
    Ok(until.filter(|until| *until > now))
}

/// Counts one more failure of `key`, unless it is blocked: then until when. Waiting does not make it worse.
pub fn record(tx: &mut dyn Tx, key: &str, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
    if let Some(until) = blocked_until(tx, key, now)? {
        return Ok(Some(until));
    }
    let row = tx.query_opt("SELECT count, expires_at FROM failures WHERE key = $1", params![key])?;
    let earlier = match row {
        Some(row) if row.timestamp(1)? > now => row.int(0)?,
        _ => 0,
    };
    let count = earlier.saturating_add(1);
    tx.execute(
        "INSERT INTO failures (key, count, blocked_until, expires_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (key) DO UPDATE SET count = excluded.count, blocked_until = excluded.blocked_until,
            expires_at = excluded.expires_at",
        params![key, count, now.plus(delay(count)), now.plus(FORGOTTEN)],
    )?;
    Ok(None)
}

/// A success ends the row.
pub fn clear(tx: &mut dyn Tx, key: &str) -> Result<(), StoreError> {
    tx.execute("DELETE FROM failures WHERE key = $1", params![key])?;
    Ok(())
}
