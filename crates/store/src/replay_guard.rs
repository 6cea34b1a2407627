//! What may be used once: signed messages (`docs/spec/keys.md#replay`) and assertions (RFC 7523 §3).

use std::time::Duration;

use sigma_core::digest::Digest;
use sigma_core::time::Timestamp;

use crate::{StoreError, Tx, params};

/// How much longer than it is good something is remembered, by the clock of the database: twice what the clock of a node
/// may differ from that.
pub(crate) const MARGIN: Duration = Duration::from_mins(2);
/// The end of that time, in which nothing is spent any more: what is remembered of it may be gone before the transaction of a
/// second use is over.
const LAST: Duration = Duration::from_secs(30);

/// Something that may be used once, and until when it could be used again.
#[derive(Clone, Debug)]
pub struct Once {
    key: Digest,
    expires_at: Timestamp,
}

impl Once {
    /// What `key` names, which is refused for its age after `expires_at`. Nothing if it is so old by the database's clock
    /// (see [`Store::database_now`](crate::Store::database_now)) that nobody can tell whether it was used: only a node whose
    /// own clock is wrong asks for that.
    pub fn new(key: Digest, expires_at: Timestamp, database_now: Timestamp) -> Option<Self> {
        let last = expires_at.plus(MARGIN).minus(LAST);
        (database_now < last).then_some(Self { key, expires_at })
    }
}

/// Spends `once`; whether this was the first time. It stands in the transaction of the effect: both happen or neither.
pub fn spend(tx: &mut dyn Tx, once: &Once) -> Result<bool, StoreError> {
    let inserted = tx.execute(
        "INSERT INTO replay_guard (key, expires_at) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING",
        params![once.key, once.expires_at],
    )?;
    Ok(inserted == 1)
}

/// Spends what an app authenticated with, if that may be used once; whether this was the first time.
pub fn spend_if(tx: &mut dyn Tx, once: Option<&Once>) -> Result<bool, StoreError> {
    once.map_or(Ok(true), |once| spend(tx, once))
}
