//! Failed sign-ins in a row, and how long they make an account wait at an address (contract 1.14, ruling 34).
//!
//! Counted is an account at an address: whoever fails for somebody else's account delays nobody but themselves, and one
//! person's wrong clock nobody else behind the same address. Names that are no account's share one row an address, so
//! that a stranger who makes names up makes no rows. No account is delayed everywhere: a signature cannot be guessed.

use std::time::Duration;

use sigma_core::ids::UserId;
use sigma_core::time::Timestamp;

use crate::{StoreError, Tx, account, params};

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

/// The row of a user, or of everybody who is none, at `network`.
pub(crate) fn key(user_id: Option<&UserId>, network: &str) -> String {
    format!("{}@{network}", user_id.map_or("nobody", UserId::as_str))
}

/// What is known of earlier failures.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Failures {
    count: i64,
    blocked_until: Timestamp,
    expires_at: Timestamp,
}

impl Failures {
    /// Until when they block, if they still do.
    pub(crate) fn blocked_until(self, now: Timestamp) -> Option<Timestamp> {
        (self.blocked_until > now).then_some(self.blocked_until)
    }
}

/// The failures in the row `key`.
pub(crate) fn find(tx: &mut dyn Tx, key: &str) -> Result<Option<Failures>, StoreError> {
    tx.query_opt("SELECT count, blocked_until, expires_at FROM failures WHERE key = $1", params![key])?
        .map(|row| Ok(Failures { count: row.int(0)?, blocked_until: row.timestamp(1)?, expires_at: row.timestamp(2)? }))
        .transpose()
}

/// Counts a failure of whoever claimed to be `pubkey` at `network`, unless they are blocked: then until when. Waiting
/// does not make it worse.
pub fn record(
    tx: &mut dyn Tx,
    pubkey: Option<&str>,
    network: &str,
    now: Timestamp,
) -> Result<Option<Timestamp>, StoreError> {
    let user = match pubkey {
        Some(pubkey) => account::find_by_pubkey(tx, pubkey)?,
        None => None,
    };
    let key = key(user.as_ref().map(|user| &user.id), network);
    let earlier = find(tx, &key)?;
    if let Some(until) = earlier.and_then(|earlier| earlier.blocked_until(now)) {
        return Ok(Some(until));
    }
    let earlier = earlier.filter(|earlier| earlier.expires_at > now).map_or(0, |earlier| earlier.count);
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
pub(crate) fn clear(tx: &mut dyn Tx, key: &str) -> Result<(), StoreError> {
    tx.execute("DELETE FROM failures WHERE key = $1", params![key])?;
    Ok(())
}
