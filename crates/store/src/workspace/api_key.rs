//! API keys of a workspace's servers. Of the key itself only its SHA-256 is stored.

use sigma_core::digest::Digest;
use sigma_core::ids::{ApiKeyId, OrgId, UserId};
use sigma_core::time::Timestamp;
use sigma_core::workspace::{Actor, KeyPermissions, Refusal, Right};

use crate::workspace::{Decision, authority, granted};
use crate::{Row, StoreError, Tx, params};

/// The kind of an API key in the change feed; the key is the base64url of its digest.
pub const CHANGED: &str = "api key";

/// Most keys of a workspace, active or not.
pub const MOST_KEYS: usize = 500;

/// What a key is called in a refusal.
const API_KEY: &str = "API key";

/// A key as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// Its workspace.
    pub org_id: OrgId,
    /// Its id.
    pub id: ApiKeyId,
    /// What it is for.
    pub name: String,
    /// The digest of the key.
    pub hash: Digest,
    /// What it may do.
    pub permissions: KeyPermissions,
    /// It was not deactivated.
    pub active: bool,
    /// The key that made it.
    pub made_by_key: Option<ApiKeyId>,
    /// The person who made it.
    pub made_by_user: Option<UserId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last used, up to a minute ago.
    pub last_used_at: Option<Timestamp>,
    /// When it stops working.
    pub expires_at: Option<Timestamp>,
}

impl ApiKey {
    /// Whether it works at `now`.
    pub fn works_at(&self, now: Timestamp) -> bool {
        self.active && self.expires_at.is_none_or(|expiry| now < expiry)
    }
}

/// What a key is made of.
#[derive(Clone, Debug)]
pub struct NewApiKey {
    /// Its id.
    pub id: ApiKeyId,
    /// What it is for, checked.
    pub name: String,
    /// The digest of the key.
    pub hash: Digest,
    /// What it may do, at least one thing.
    pub permissions: KeyPermissions,
    /// When it stops working.
    pub expires_at: Option<Timestamp>,
}

/// Makes a key that can do no more than whoever makes it.
pub fn add(tx: &mut dyn Tx, org_id: &OrgId, actor: &Actor, new: &NewApiKey, now: Timestamp) -> Decision<ApiKey> {
    let authority = granted!(authority::load(tx, org_id, actor, now)?);
    granted!(authority.require(Right::ApiKeys));
    granted!(authority.require_key(new.permissions));
    if list(tx, org_id)?.len() >= MOST_KEYS {
        return Ok(Err(Refusal::Conflict("The workspace has as many API keys as one may")));
    }
    let key = ApiKey {
        org_id: org_id.clone(),
        id: new.id.clone(),
        name: new.name.clone(),
        hash: new.hash,
        permissions: new.permissions,
        active: true,
        made_by_key: if let Actor::Key(id) = actor { Some(id.clone()) } else { None },
        made_by_user: if let Actor::Person(id) = actor { Some(id.clone()) } else { None },
        created_at: now,
        last_used_at: None,
        expires_at: new.expires_at,
    };
    tx.execute(
        "INSERT INTO api_keys (org_id, id, name, hash, permissions, active, made_by_key, made_by_user, created_at,
            last_used_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, 1, $6, $7, $8, NULL, $9)",
        params![
            org_id,
            &key.id,
            &key.name,
            key.hash,
            i64::from(key.permissions.bits()),
            key.made_by_key.as_ref(),
            key.made_by_user.as_ref(),
            now,
            key.expires_at
        ],
    )?;
    Ok(Ok(key))
}

/// The key of that id, if this workspace has it.
pub fn find(tx: &mut dyn Tx, org_id: &OrgId, id: &ApiKeyId) -> Result<Option<ApiKey>, StoreError> {
    tx.query_opt(
        "SELECT org_id, id, name, hash, permissions, active, made_by_key, made_by_user, created_at, last_used_at, expires_at
         FROM api_keys WHERE org_id = $1 AND id = $2",
        params![org_id, id],
    )?
    .map(|row| decode(&row))
    .transpose()
}

/// The key of that digest, whoever's it is, if its workspace is there.
pub fn find_by_hash(tx: &mut dyn Tx, hash: &Digest) -> Result<Option<ApiKey>, StoreError> {
    tx.query_opt(
        "SELECT k.org_id, k.id, k.name, k.hash, k.permissions, k.active, k.made_by_key, k.made_by_user, k.created_at,
            k.last_used_at, k.expires_at
         FROM api_keys k JOIN orgs o ON o.id = k.org_id AND o.removed_at IS NULL WHERE k.hash = $1",
        params![hash],
    )?
    .map(|row| decode(&row))
    .transpose()
}

/// The keys of a workspace, the newest first: at most [`MOST_KEYS`].
pub fn list(tx: &mut dyn Tx, org_id: &OrgId) -> Result<Vec<ApiKey>, StoreError> {
    tx.query_all(
        "SELECT org_id, id, name, hash, permissions, active, made_by_key, made_by_user, created_at, last_used_at, expires_at
         FROM api_keys WHERE org_id = $1 ORDER BY id DESC LIMIT 500",
        params![org_id],
    )?
    .iter()
    .map(decode)
    .collect()
}

/// Switches a key off for ever, and with it the keys that it made.
pub fn deactivate(tx: &mut dyn Tx, org_id: &OrgId, actor: &Actor, id: &ApiKeyId, now: Timestamp) -> Decision<ApiKey> {
    let key = granted!(load_own(tx, org_id, actor, id, now)?);
    switch_off_with_descendants(tx, &key)?;
    Ok(Ok(ApiKey { active: false, ..key }))
}

/// Removes a key, and switches off those that it made.
pub fn remove(tx: &mut dyn Tx, org_id: &OrgId, actor: &Actor, id: &ApiKeyId, now: Timestamp) -> Decision<()> {
    let key = granted!(load_own(tx, org_id, actor, id, now)?);
    switch_off_with_descendants(tx, &key)?;
    tx.execute("DELETE FROM api_keys WHERE org_id = $1 AND id = $2", params![org_id, id])?;
    Ok(Ok(()))
}

/// Writes down when keys were used, at most 500 at a time.
pub fn touch(tx: &mut dyn Tx, uses: &[(OrgId, ApiKeyId, Timestamp)]) -> Result<(), StoreError> {
    for (org_id, id, at) in uses {
        tx.execute(
            "UPDATE api_keys SET last_used_at = $3
             WHERE org_id = $1 AND id = $2 AND (last_used_at IS NULL OR last_used_at < $3)",
            params![org_id, id, at],
        )?;
    }
    Ok(())
}

/// A key that `actor` may manage: it can do no more than they can.
fn load_own(tx: &mut dyn Tx, org_id: &OrgId, actor: &Actor, id: &ApiKeyId, now: Timestamp) -> Decision<ApiKey> {
    let authority = granted!(authority::load(tx, org_id, actor, now)?);
    granted!(authority.require(Right::ApiKeys));
    let key = granted!(find(tx, org_id, id)?.ok_or_else(|| Refusal::not_found(API_KEY, id.as_str())));
    granted!(authority.require_key(key.permissions));
    Ok(Ok(key))
}

/// The keys of a workspace are at most 500, and so are the rounds.
fn switch_off_with_descendants(tx: &mut dyn Tx, key: &ApiKey) -> Result<(), StoreError> {
    let all = list(tx, &key.org_id)?;
    let mut reached = vec![key];
    let mut next = 0;
    while let Some(maker) = reached.get(next).copied() {
        reached.extend(all.iter().filter(|made| made.made_by_key.as_ref() == Some(&maker.id)));
        next += 1;
    }
    for key in reached {
        tx.execute("UPDATE api_keys SET active = 0 WHERE org_id = $1 AND id = $2", params![&key.org_id, &key.id])?;
        tx.changed(CHANGED, &key.hash.base64url())?;
    }
    Ok(())
}

fn decode(row: &Row) -> Result<ApiKey, StoreError> {
    Ok(ApiKey {
        org_id: OrgId::from_text(row.text(0)?),
        id: ApiKeyId::from_text(row.text(1)?),
        name: row.text(2)?,
        hash: row.digest(3)?,
        permissions: KeyPermissions::from_bits(row.int(4)?)
            .ok_or_else(|| StoreError::Corrupt("the permissions of an API key".to_owned()))?,
        active: row.bool(5)?,
        made_by_key: row.opt_text(6)?.map(ApiKeyId::from_text),
        made_by_user: row.opt_text(7)?.map(UserId::from_text),
        created_at: row.timestamp(8)?,
        last_used_at: row.opt_timestamp(9)?,
        expires_at: row.opt_timestamp(10)?,
    })
}
