//! Invalid signatures, by the network that they came from. A valid one is accepted whatever the count: it cannot be
//! guessed. Which key was claimed does not matter, so the delay reveals nothing about accounts, and a network has one
//! row.

use std::time::Duration;

use sigma_core::time::Timestamp;

use crate::{StoreError, Tx, params};

/// Failures are forgotten after this long without another.
const FORGOTTEN: Duration = Duration::from_mins(30);

/// The delay of a network after `count` failures in a row.
fn delay(count: i64) -> Duration {
    match count {
        ..=2 => Duration::ZERO,
        3..=5 => Duration::from_secs(30),
        6..=10 => Duration::from_mins(2),
        _ => Duration::from_mins(10),
    }
}

/// Counts a failure of `network`, or returns until when it is delayed. Attempts during the delay do not extend it.
pub fn fail(tx: &mut dyn Tx, network: &str, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
    // Checks and counts in one statement, which holds the row: each of several concurrent attempts sees the count of
    // the one before.
    let counted = tx.query_opt(
        "INSERT INTO signature_throttle (network, failures, blocked_until, expires_at) VALUES ($1, 1, $2, $3)
         ON CONFLICT (network) DO UPDATE SET expires_at = excluded.expires_at, failures = CASE
            WHEN signature_throttle.expires_at <= $2 THEN 1
            WHEN signature_throttle.failures < 1000000 THEN signature_throttle.failures + 1
            ELSE signature_throttle.failures END
         WHERE signature_throttle.blocked_until <= $2
         RETURNING failures",
        params![network, now, now.plus(FORGOTTEN)],
    )?;
    let Some(counted) = counted else {
        let sql = "SELECT blocked_until FROM signature_throttle WHERE network = $1";
        return tx.query_opt(sql, params![network])?.map(|row| row.timestamp(0)).transpose();
    };
    let wait = delay(counted.int(0)?);
    if !wait.is_zero() {
        let sql = "UPDATE signature_throttle SET blocked_until = $2 WHERE network = $1";
        tx.execute(sql, params![network, now.plus(wait)])?;
    }
    Ok(None)
}
