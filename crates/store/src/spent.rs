//! What may be used once: signed messages and assertions (ruling 3, RFC 7523 §3).

use sigma_core::digest::Digest;
use sigma_core::time::Timestamp;

use crate::{StoreError, Tx, params};

/// Something that may be used once, and until when it could be used again.
#[derive(Clone, Debug)]
pub struct Once {
    /// What names it.
    pub key: Digest,
    /// When it would be refused for its age anyway.
    pub expires_at: Timestamp,
}

/// Spends `once`; whether this was the first time. It stands in the transaction of the effect: both happen or neither.
pub fn spend(tx: &mut dyn Tx, once: &Once) -> Result<bool, StoreError> {
    let inserted = tx.execute(
        "INSERT INTO spent (key, expires_at) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING",
        params![once.key, once.expires_at],
    )?;
    Ok(inserted == 1)
}

/// Spends what an app authenticated with, if that may be used once; whether this was the first time.
pub fn spend_if(tx: &mut dyn Tx, once: Option<&Once>) -> Result<bool, StoreError> {
    once.map_or(Ok(true), |once| spend(tx, once))
}
