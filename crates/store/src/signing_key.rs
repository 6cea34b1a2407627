//! The keys that sign tokens, sealed.

use sigma_core::event::{Action, Target};
use sigma_core::jose::{Algorithm, KeyRecord, KeyState, RotationStep, state_of};
use sigma_core::time::Timestamp;

use crate::event::{self, NewEvent};
use crate::{Owner, Row, StoreError, Tx, cached, params};

/// A signing key as stored.
#[derive(Clone, Debug)]
pub struct SealedKey {
    /// Its id, unique.
    pub kid: String,
    /// What it signs.
    pub algorithm: Algorithm,
    /// PKCS #8, sealed under the master key.
    pub sealed_private: Vec<u8>,
    /// The public JWK, JSON.
    pub public_jwk: String,
    /// When it was created and published.
    pub created_at: Timestamp,
    /// When it starts to sign.
    pub active_from: Timestamp,
    /// When it stopped signing.
    pub retired_at: Option<Timestamp>,
    /// When the last token that it signed has expired.
    pub delete_after: Option<Timestamp>,
}

impl SealedKey {
    /// What decides about its rotation.
    pub fn record(&self) -> KeyRecord {
        KeyRecord {
            kid: self.kid.clone(),
            algorithm: self.algorithm,
            created_at: self.created_at,
            active_from: self.active_from,
            retired_at: self.retired_at,
            delete_after: self.delete_after,
        }
    }
}

/// Every key, oldest first.
pub fn list(tx: &mut dyn Tx) -> Result<Vec<SealedKey>, StoreError> {
    tx.query_all(
        "SELECT kid, algorithm, private_key, public_jwk, created_at, active_from, retired_at, delete_after
         FROM signing_keys ORDER BY created_at, kid",
        params![],
    )?
    .iter()
    .map(decode)
    .collect()
}

/// Carries out what `plan` says about the current keys, with new keys out of `fresh`. Another process may have rotated
/// them since those were generated: a step without a key is left to the next rotation.
pub fn rotate(
    tx: &mut dyn Tx,
    plan: impl FnOnce(&[KeyRecord]) -> Vec<RotationStep>,
    fresh: &[SealedKey],
) -> Result<(), StoreError> {
    tx.lock(Owner::Installation)?;
    let records: Vec<KeyRecord> = list(tx)?.iter().map(SealedKey::record).collect();
    for step in plan(&records) {
        match step {
            RotationStep::Make { algorithm, active_from } => {
                if let Some(key) = fresh.iter().find(|key| key.algorithm == algorithm) {
                    add(tx, &SealedKey { active_from, ..key.clone() })?;
                }
            }
            RotationStep::Retire { kid, retired_at, delete_after } => retire(tx, &kid, retired_at, delete_after)?,
            RotationStep::Delete { kid } => remove(tx, &kid)?,
        }
    }
    Ok(())
}

/// Adds a key.
pub fn add(tx: &mut dyn Tx, key: &SealedKey) -> Result<(), StoreError> {
    let added = tx.execute(
        "INSERT INTO signing_keys (kid, algorithm, private_key, public_jwk, created_at, active_from, retired_at, delete_after)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (kid) DO NOTHING",
        params![
            &key.kid,
            key.algorithm.as_str(),
            &key.sealed_private,
            &key.public_jwk,
            key.created_at,
            key.active_from,
            key.retired_at,
            key.delete_after
        ],
    )?;
    record(tx, Action::SigningKeyCreate, &key.kid, added)?;
    tx.changed(cached::SIGNING_KEYS, cached::ALL)
}

fn record(tx: &mut dyn Tx, action: Action, kid: &str, rows: u64) -> Result<(), StoreError> {
    if rows == 0 {
        return Ok(());
    }
    event::append(tx, NewEvent::new(action).to(Target::SigningKey(kid.to_owned())))
}

/// From `retired_at` on a key signs nothing more; it verifies until `delete_after`.
pub fn retire(tx: &mut dyn Tx, kid: &str, retired_at: Timestamp, delete_after: Timestamp) -> Result<(), StoreError> {
    let retired = tx.execute(
        "UPDATE signing_keys SET retired_at = $2, delete_after = $3 WHERE kid = $1",
        params![kid, retired_at, delete_after],
    )?;
    record(tx, Action::SigningKeyRetire, kid, retired)?;
    tx.changed(cached::SIGNING_KEYS, cached::ALL)
}

/// What became of a request to revoke a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revoked {
    /// The key is gone, and with it what it signed.
    Done,
    /// There is none of that id.
    Unknown,
    /// It signs at present, and stays.
    Signs,
}

/// Removes a key that does not sign at present, and thereby ends its tokens.
pub fn revoke(tx: &mut dyn Tx, kid: &str, now: Timestamp) -> Result<Revoked, StoreError> {
    tx.lock(Owner::Installation)?;
    let records: Vec<KeyRecord> = list(tx)?.iter().map(SealedKey::record).collect();
    let Some(key) = records.iter().find(|key| key.kid == kid) else { return Ok(Revoked::Unknown) };
    if state_of(key, &records, now) == KeyState::Signs {
        return Ok(Revoked::Signs);
    }
    remove(tx, kid)?;
    Ok(Revoked::Done)
}

/// Removes a key whose tokens have all expired.
pub fn remove(tx: &mut dyn Tx, kid: &str) -> Result<(), StoreError> {
    let removed = tx.execute("DELETE FROM signing_keys WHERE kid = $1", params![kid])?;
    record(tx, Action::SigningKeyRemove, kid, removed)?;
    tx.changed(cached::SIGNING_KEYS, cached::ALL)
}

fn decode(row: &Row) -> Result<SealedKey, StoreError> {
    Ok(SealedKey {
        kid: row.text(0)?,
        algorithm: row.parsed(1, "an algorithm", Algorithm::parse)?,
        sealed_private: row.bytes(2)?,
        public_jwk: row.text(3)?,
        created_at: row.timestamp(4)?,
        active_from: row.timestamp(5)?,
        retired_at: row.opt_timestamp(6)?,
        delete_after: row.opt_timestamp(7)?,
    })
}
