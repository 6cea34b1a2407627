//! Single-use values: signed messages (`docs/spec/keys.md#replay`) and assertions (RFC 7523 §3).

use std::time::Duration;

use sigma_core::digest::Digest;
use sigma_core::time::Timestamp;

use crate::{StoreError, Tx, params};

/// How much longer than its validity a value is remembered, by the clock of the database: twice the tolerated clock
/// skew of a node.
pub(crate) const MARGIN: Duration = Duration::from_mins(2);
/// The end of that time, in which nothing is accepted any more: a remembered value may be deleted before the
/// transaction of its second use ends.
const LAST: Duration = Duration::from_secs(30);

/// A single-use value, and until when it could be used again.
#[derive(Clone, Debug)]
pub struct Once {
    key: Digest,
    expires_at: Timestamp,
}

impl Once {
    /// The value `key`, which expires at `expires_at`. `None` if it is so old by the database's clock (see
    /// [`Store::database_now`](crate::Store::database_now)) that an earlier use may be forgotten: that happens only on
    /// a node whose own clock is wrong.
    pub fn new(key: Digest, expires_at: Timestamp, database_now: Timestamp) -> Option<Self> {
        let last = expires_at.plus(MARGIN).minus(LAST);
        (database_now < last).then_some(Self { key, expires_at })
    }
}

/// Consumes `once`; returns whether this was the first use. It belongs in the transaction of the effect: both happen or
/// neither.
pub fn spend(tx: &mut dyn Tx, once: &Once) -> Result<bool, StoreError> {
    let inserted = tx.execute(
        "INSERT INTO replay_guard (key, expires_at) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING",
        params![once.key, once.expires_at],
    )?;
    Ok(inserted == 1)
}

/// Consumes the app's one-time credential, if any; returns whether this was the first use.
pub fn spend_if(tx: &mut dyn Tx, once: Option<&Once>) -> Result<bool, StoreError> {
    once.map_or(Ok(true), |once| spend(tx, once))
}
