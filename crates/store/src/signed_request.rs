//! Writes that a user's program asks for with a signature instead of a session (`docs/spec/own-apis.md#signatures`).

use sigma_bitcoin::PublicKey;
use sigma_core::ids::UserId;

use crate::replay_guard::{self, Once};
use crate::{Stop, StoreError, Tx, user};

/// A verified signature, and the key that made it.
#[derive(Clone, Debug)]
pub struct SignedRequest {
    /// The key.
    pub pubkey: PublicKey,
    /// The signed message, which counts once.
    pub once: Once,
}

/// Why a signature does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejected {
    /// The message was used before.
    Replayed,
    /// The key was retired, or the account disabled, since the signature was verified.
    NotTheirs,
}

/// Uses up the signature, if the request has one. It belongs in the transaction of the effect, before anything is written:
/// a rejection commits.
pub fn accept(
    tx: &mut dyn Tx,
    user_id: &UserId,
    signed: Option<&SignedRequest>,
) -> Result<Result<(), Rejected>, StoreError> {
    let Some(signed) = signed else { return Ok(Ok(())) };
    let holder = user::find_by_pubkey(tx, &signed.pubkey)?;
    if holder.is_none_or(|holder| holder.id != *user_id || holder.disabled) {
        return Ok(Err(Rejected::NotTheirs));
    }
    Ok(if replay_guard::spend(tx, &signed.once)? { Ok(()) } else { Err(Rejected::Replayed) })
}

/// [`accept`] for an operation that stops at a refusal.
pub fn demand<R: From<Rejected>>(
    tx: &mut dyn Tx,
    user_id: &UserId,
    signed: Option<&SignedRequest>,
) -> Result<(), Stop<R>> {
    accept(tx, user_id, signed)?.map_err(|rejected| Stop::Refused(rejected.into()))
}
