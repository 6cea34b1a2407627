//! The signing keys as the console and the management API see them: what `sigma keys` does.

use sigma_core::jose::{KeyRecord, KeyState, RotationStep, state_of};
use sigma_core::operator::{OperatorRefusal, OperatorRight};
use sigma_core::time::Timestamp;

use super::Decision;
use super::authority::{Caller, require};
use crate::signing_key::{self, Revoked, SealedKey};
use crate::{Owner, Tx};

/// Keys of one algorithm that may be published when another one is made: everybody who verifies tokens reads them all.
pub const MOST_OF_ALGORITHM: usize = 8;

/// A signing key, without the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyLine {
    /// Its id, its algorithm and its times.
    pub record: KeyRecord,
    /// What it is for.
    pub state: KeyState,
}

/// Every key, oldest first.
pub fn list(tx: &mut dyn Tx, caller: &Caller, now: Timestamp) -> Decision<Vec<KeyLine>> {
    require(tx, caller, OperatorRight::ReadKeys)?;
    let records: Vec<KeyRecord> = signing_key::list(tx)?.iter().map(SealedKey::record).collect();
    let line = |record: &KeyRecord| KeyLine { record: record.clone(), state: state_of(record, &records, now) };
    Ok(records.iter().map(line).collect())
}

/// What a rotation is planned from, for whoever may rotate.
pub fn records(tx: &mut dyn Tx, caller: &Caller) -> Decision<Vec<KeyRecord>> {
    require(tx, caller, OperatorRight::ManageKeys)?;
    Ok(signing_key::list(tx)?.iter().map(SealedKey::record).collect())
}

/// Carries out what `plan` says about the current keys, with new keys out of `fresh`, unless there are too many of an algorithm.
pub fn rotate(
    tx: &mut dyn Tx,
    caller: &Caller,
    plan: impl FnOnce(&[KeyRecord]) -> Vec<RotationStep>,
    fresh: &[SealedKey],
) -> Decision<()> {
    tx.lock(Owner::Installation)?;
    require(tx, caller, OperatorRight::ManageKeys)?;
    let published = signing_key::list(tx)?;
    for new in fresh {
        if published.iter().filter(|key| key.algorithm == new.algorithm).count() >= MOST_OF_ALGORITHM {
            return Err(OperatorRefusal::TooManyKeys.into());
        }
    }
    Ok(signing_key::rotate(tx, plan, fresh)?)
}

/// Deletes a key, and thereby what it signed, unless it signs at present: then it returns `false`.
pub fn revoke(tx: &mut dyn Tx, caller: &Caller, kid: &str, now: Timestamp) -> Decision<bool> {
    require(tx, caller, OperatorRight::ManageKeys)?;
    match signing_key::revoke(tx, kid, now)? {
        Revoked::Done => Ok(true),
        Revoked::Signs => Ok(false),
        Revoked::Unknown => Err(OperatorRefusal::NotFound.into()),
    }
}
