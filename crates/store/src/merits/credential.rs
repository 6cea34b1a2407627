//! Merits as portable credentials: the keys that sign them, and their places in the org's status lists.

use std::time::Duration;

use sigma_core::actor::Actor;
use sigma_core::event::{Action, Target};
use sigma_core::ids::{MeritId, OrgId, UserId};
use sigma_core::jose::{Algorithm, SigningKey};
use sigma_core::merits::{MeritProblem, RequestFault, Status};
use sigma_core::random::Rng;
use sigma_core::time::Timestamp;

use super::decision::Decision;
use super::member;
use super::merit::Merit;
use crate::event::{self, NewEvent};
use crate::{MasterKey, Owner, Row, StoreError, Tx, params};

/// Places in one status list: the smallest that hides which credential is asked for (Bitstring Status List §6.1).
pub const LIST_LENGTH: i64 = 131_072;

/// The algorithm of the keys: every verifier of Open Badges 3.0 knows it.
pub const ALGORITHM: Algorithm = Algorithm::ES256;
/// How long a new key is published before it signs: twice as long as verifiers may remember the document of the DID.
pub const PUBLISHED: Duration = Duration::from_mins(2);
/// Most keys of an org, so that the document of its DID stays small: none is ever deleted.
pub const MOST_KEYS: usize = 50;

/// The context under which an org's key is sealed.
pub fn seal_context(org_id: &OrgId, kid: &str) -> String {
    format!("merit-key/{org_id}/{kid}")
}

/// A key of an org.
#[derive(Clone, Debug)]
pub struct IssuerKey {
    /// Its id.
    pub kid: String,
    /// PKCS #8, sealed under [`seal_context`].
    pub sealed_private: Vec<u8>,
    /// The public JWK, JSON.
    pub public_jwk: String,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it stops signing; its signatures stay valid.
    pub retired_at: Option<Timestamp>,
}

impl IssuerKey {
    /// A new key of an org.
    ///
    /// # Errors
    /// It cannot be made or sealed.
    pub fn make(org_id: &OrgId, master_key: &MasterKey, rng: &dyn Rng, now: Timestamp) -> Result<Self, StoreError> {
        let failed = |error: &dyn std::fmt::Display| StoreError::Failed(error.to_string());
        let fresh = SigningKey::generate(ALGORITHM).map_err(|error| failed(&error))?;
        let private = fresh.to_pkcs8().map_err(|error| failed(&error))?;
        let sealed = master_key.seal(&seal_context(org_id, fresh.kid()), &private, rng);
        Ok(Self {
            kid: fresh.kid().to_owned(),
            sealed_private: sealed.map_err(|error| failed(&error))?,
            public_jwk: serde_json::to_string(fresh.public()).map_err(|error| failed(&error))?,
            created_at: now,
            retired_at: None,
        })
    }

    fn is_retired(&self, now: Timestamp) -> bool {
        self.retired_at.is_some_and(|at| at <= now)
    }
}

/// The key that signs at `now`: of those that are not retired the one that retires first, since a new one is published
/// before it signs.
pub fn signing(keys: Vec<IssuerKey>, now: Timestamp) -> Option<IssuerKey> {
    keys.into_iter()
        .filter(|key| !key.is_retired(now))
        .min_by_key(|key| (key.retired_at.is_none(), key.retired_at, key.created_at, key.kid.clone()))
}

/// The keys of an org, newest first.
pub fn keys(tx: &mut dyn Tx, org_id: &OrgId) -> Result<Vec<IssuerKey>, StoreError> {
    tx.query_all(
        "SELECT kid, private_key, public_jwk, created_at, retired_at FROM merit_keys WHERE org_id = $1
         ORDER BY created_at DESC, kid LIMIT 100",
        params![org_id],
    )?
    .iter()
    .map(decode)
    .collect()
}

/// Adds the first key of an org; returns the one that signs, which another process may have added before.
pub fn load_or_add_key(tx: &mut dyn Tx, org_id: &OrgId, fresh: &IssuerKey) -> Decision<IssuerKey> {
    tx.lock(Owner::Org(org_id))?;
    if let Some(found) = signing(keys(tx, org_id)?, fresh.created_at) {
        return Ok(found);
    }
    if tx.query_opt("SELECT 1 FROM orgs WHERE id = $1 AND removed_at IS NULL", params![org_id])?.is_none() {
        return Err(MeritProblem::NotFound.into());
    }
    insert_key(tx, org_id, fresh)?;
    Ok(fresh.clone())
}

/// Replaces the key of an org: the new one signs once it was [published](PUBLISHED) for a while, and what earlier ones signed
/// stays valid.
///
/// # Errors
/// `NotFound` for an org that has no key yet, since its first credential makes one; [`RequestFault::TooMany`] after
/// [`MOST_KEYS`].
pub fn rotate_key(tx: &mut dyn Tx, org_id: &OrgId, actor: &Actor, fresh: &IssuerKey) -> Decision<()> {
    tx.lock(Owner::Org(org_id))?;
    let now = fresh.created_at;
    let keys = keys(tx, org_id)?;
    if keys.is_empty() {
        return Err(MeritProblem::NotFound.into());
    }
    if keys.len() >= MOST_KEYS {
        return Err(RequestFault::TooMany.into());
    }
    tx.execute(
        "UPDATE merit_keys SET retired_at = $2 WHERE org_id = $1 AND (retired_at IS NULL OR retired_at > $2)",
        params![org_id, now.plus(PUBLISHED)],
    )?;
    insert_key(tx, org_id, fresh)?;
    let rotated = NewEvent::new(Action::MeritRotateKey).within(org_id).to(Target::SigningKey(fresh.kid.clone()));
    event::append(tx, rotated.by(actor.clone()))?;
    Ok(())
}

fn insert_key(tx: &mut dyn Tx, org_id: &OrgId, key: &IssuerKey) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO merit_keys (org_id, kid, private_key, public_jwk, created_at, retired_at)
         VALUES ($1, $2, $3, $4, $5, NULL)",
        params![org_id, &key.kid, &key.sealed_private, &key.public_jwk, key.created_at],
    )?;
    Ok(())
}

/// An accepted merit of a member with its place in the status lists, which it keeps for ever.
pub fn hand_out(tx: &mut dyn Tx, user_id: &UserId, org_id: &OrgId, id: &MeritId) -> Decision<(Merit, i64)> {
    tx.lock(Owner::Org(org_id))?;
    tx.lock(Owner::User(user_id))?;
    let merit = member::find(tx, user_id, org_id, id)?.ok_or(MeritProblem::NotFound)?;
    if merit.access || merit.status != Status::Accepted {
        return Err(MeritProblem::InvalidStatusTransition.into());
    }
    let sql = "SELECT status_index FROM merits WHERE org_id = $1 AND id = $2";
    if let Some(index) = tx.query_opt(sql, params![org_id, id])?.map_or(Ok(None), |row| row.opt_int(0))? {
        return Ok((merit, index));
    }
    let next = tx.query_opt(
        "INSERT INTO merit_status_lists (org_id, next_index) VALUES ($1, 1)
         ON CONFLICT (org_id) DO UPDATE SET next_index = merit_status_lists.next_index + 1 RETURNING next_index",
        params![org_id],
    )?;
    let index = next.map_or(Ok(1), |row| row.int(0))? - 1;
    tx.execute("UPDATE merits SET status_index = $3 WHERE org_id = $1 AND id = $2", params![org_id, id, index])?;
    Ok((merit, index))
}

/// How many places of an org's status lists are taken.
pub fn places(tx: &mut dyn Tx, org_id: &OrgId) -> Result<i64, StoreError> {
    let row = tx.query_opt("SELECT next_index FROM merit_status_lists WHERE org_id = $1", params![org_id])?;
    row.map_or(Ok(0), |row| row.int(0))
}

/// The places in that list, from 0, whose merits are no longer Accepted, as offsets within the list.
pub fn revoked(tx: &mut dyn Tx, org_id: &OrgId, list: i64) -> Result<Vec<i64>, StoreError> {
    let first = list.saturating_mul(LIST_LENGTH);
    tx.query_all(
        "SELECT status_index FROM merits WHERE org_id = $1 AND status_index >= $2 AND status_index < $3
            AND status <> 'Accepted' ORDER BY status_index",
        params![org_id, first, first.saturating_add(LIST_LENGTH)],
    )?
    .iter()
    .map(|row| Ok(row.int(0)? - first))
    .collect()
}

fn decode(row: &Row) -> Result<IssuerKey, StoreError> {
    Ok(IssuerKey {
        kid: row.text(0)?,
        sealed_private: row.bytes(1)?,
        public_jwk: row.text(2)?,
        created_at: row.timestamp(3)?,
        retired_at: row.opt_timestamp(4)?,
    })
}
