//! API keys of a workspace's servers. Only the SHA-256 of a key is stored.

use std::collections::HashSet;

use sigma_core::actor::Actor;
use sigma_core::digest::Digest;
use sigma_core::event::{Action, Details, Target};
use sigma_core::ids::{ApiKeyId, OrgId, RoleId, UserId};
use sigma_core::org::{Authority, KeyPermissions, OrgQuota, Reason, Refusal, Right};
use sigma_core::time::Timestamp;

use crate::event::{self, NewEvent};
use crate::org::decision::Decision;
use crate::org::pagination::Page;
use crate::org::{authority, permissions, quotas};
use crate::{Owner, Row, StoreError, Tx, cached, params, user};

/// Most keys of a workspace, active or not.
pub const MOST_KEYS: u32 = OrgQuota::ApiKeys.ceiling();

/// How refusals name a key.
const API_KEY: &str = "API key";

/// A key as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// Its workspace.
    pub org_id: OrgId,
    /// Its id.
    pub id: ApiKeyId,
    /// Its description.
    pub name: String,
    /// The digest of the key.
    pub hash: Digest,
    /// Its permissions.
    pub permissions: KeyPermissions,
    /// Not deactivated; it may still have expired.
    pub active: bool,
    /// Its creator; `None` for the operator.
    pub made_by: Option<Maker>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last used, up to a minute late.
    pub last_used_at: Option<Timestamp>,
    /// When it expires.
    pub expires_at: Option<Timestamp>,
}

/// The creator of a key, recorded permanently, even after they left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Maker {
    /// The id of the creator.
    pub id: MakerId,
    /// Their name at that time.
    pub name: String,
}

/// A user, or another key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MakerId {
    /// A person.
    User(UserId),
    /// A key.
    Key(ApiKeyId),
}

impl MakerId {
    /// The form in responses.
    pub fn as_str(&self) -> &str {
        match self {
            Self::User(id) => id.as_str(),
            Self::Key(id) => id.as_str(),
        }
    }

    fn user(&self) -> Option<&UserId> {
        if let Self::User(id) = self { Some(id) } else { None }
    }

    fn key(&self) -> Option<&ApiKeyId> {
        if let Self::Key(id) = self { Some(id) } else { None }
    }
}

/// What happens to the keys of a member who leaves or loses rights.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MadeKeys {
    /// Keys that exceed their creator's remaining rights are deactivated, along with those that they created.
    #[default]
    Deactivate,
    /// They stay active.
    Keep,
}

impl MadeKeys {
    /// The choice of that name.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "deactivate" => Some(Self::Deactivate),
            "keep" => Some(Self::Keep),
            _ => None,
        }
    }
}

impl ApiKey {
    /// Whether it is valid at `now`.
    pub fn works_at(&self, now: Timestamp) -> bool {
        self.active && self.expires_at.is_none_or(|expiry| now < expiry)
    }
}

/// The fields of a new key.
#[derive(Clone, Debug)]
pub struct NewApiKey {
    /// Its id.
    pub id: ApiKeyId,
    /// Its description, validated.
    pub name: String,
    /// The digest of the key.
    pub hash: Digest,
    /// Its permissions, at least one.
    pub permissions: KeyPermissions,
    /// When it expires.
    pub expires_at: Option<Timestamp>,
}

/// Creates a key with at most the permissions of its creator.
pub fn add(tx: &mut dyn Tx, org_id: &OrgId, actor: &Actor, new: &NewApiKey, now: Timestamp) -> Decision<ApiKey> {
    let authority = authority::lock(tx, org_id, actor, now)?;
    add_with(tx, org_id, (actor, &authority), new, now)
}

/// The same by an actor whose authority is known. Callers hold the lock of the org.
pub(crate) fn add_with(
    tx: &mut dyn Tx,
    org_id: &OrgId,
    (actor, authority): (&Actor, &Authority),
    new: &NewApiKey,
    now: Timestamp,
) -> Decision<ApiKey> {
    authority.require(Right::ApiKeys)?;
    authority.require_key(new.permissions)?;
    let most = quotas::most(tx, org_id, OrgQuota::ApiKeys, MOST_KEYS)?;
    if count(tx, org_id)? >= most {
        return Err(Refusal::Conflict(Reason::ManyKeys).into());
    }
    let key = ApiKey {
        org_id: org_id.clone(),
        id: new.id.clone(),
        name: new.name.clone(),
        hash: new.hash,
        permissions: new.permissions,
        active: true,
        // What the operator makes is nobody's in the org.
        made_by: if *authority == Authority::Operator { None } else { maker(tx, org_id, actor)? },
        created_at: now,
        last_used_at: None,
        expires_at: new.expires_at,
    };
    tx.execute(
        "INSERT INTO api_keys (org_id, id, name, hash, permissions, active, made_by_key, made_by_user, made_by_name,
            created_at, last_used_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, 1, $6, $7, $8, $9, NULL, $10)",
        params![
            org_id,
            &key.id,
            &key.name,
            key.hash,
            i64::from(key.permissions.bits()),
            key.made_by.as_ref().and_then(|maker| maker.id.key()),
            key.made_by.as_ref().and_then(|maker| maker.id.user()),
            key.made_by.as_ref().map(|maker| maker.name.as_str()),
            now,
            key.expires_at
        ],
    )?;
    event::append(tx, recorded(Action::ApiKeyCreate, org_id, actor, &key.id))?;
    Ok(key)
}

fn recorded(action: Action, org_id: &OrgId, actor: &Actor, id: &ApiKeyId) -> NewEvent {
    NewEvent::new(action).by(actor.clone()).within(org_id).to(Target::ApiKey(id.clone()))
}

/// The key of that id in this workspace.
pub fn find(tx: &mut dyn Tx, org_id: &OrgId, id: &ApiKeyId) -> Result<Option<ApiKey>, StoreError> {
    tx.query_opt(
        "SELECT org_id, id, name, hash, permissions, active, made_by_key, made_by_user, made_by_name, created_at,
            last_used_at, expires_at
         FROM api_keys WHERE org_id = $1 AND id = $2",
        params![org_id, id],
    )?
    .map(|row| decode(&row))
    .transpose()
}

/// The key of that digest in any existing workspace.
pub fn find_by_hash(tx: &mut dyn Tx, hash: &Digest) -> Result<Option<ApiKey>, StoreError> {
    tx.query_opt(
        "SELECT k.org_id, k.id, k.name, k.hash, k.permissions, k.active, k.made_by_key, k.made_by_user, k.made_by_name,
            k.created_at, k.last_used_at, k.expires_at
         FROM api_keys k JOIN orgs o ON o.id = k.org_id AND o.removed_at IS NULL WHERE k.hash = $1",
        params![hash],
    )?
    .map(|row| decode(&row))
    .transpose()
}

/// The keys of a workspace, newest first: at most [`MOST_KEYS`].
pub fn list(tx: &mut dyn Tx, org_id: &OrgId) -> Result<Vec<ApiKey>, StoreError> {
    tx.query_all(
        "SELECT org_id, id, name, hash, permissions, active, made_by_key, made_by_user, made_by_name, created_at,
            last_used_at, expires_at
         FROM api_keys WHERE org_id = $1 ORDER BY id DESC LIMIT 500",
        params![org_id],
    )?
    .iter()
    .map(decode)
    .collect()
}

/// At most `limit` keys of a workspace, newest first, after the one with that id.
pub fn list_after(
    tx: &mut dyn Tx,
    org_id: &OrgId,
    after: Option<&ApiKeyId>,
    limit: u32,
) -> Result<Vec<ApiKey>, StoreError> {
    let Some(after) = after else { return Ok(page(tx, org_id, 0, limit)?.items) };
    tx.query_all(
        "SELECT org_id, id, name, hash, permissions, active, made_by_key, made_by_user, made_by_name, created_at,
            last_used_at, expires_at
         FROM api_keys WHERE org_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3",
        params![org_id, after, limit],
    )?
    .iter()
    .map(decode)
    .collect()
}

/// At most `limit` keys of a workspace after the first `offset`, newest first.
pub fn page(tx: &mut dyn Tx, org_id: &OrgId, offset: u64, limit: u32) -> Result<Page<ApiKey>, StoreError> {
    let items = tx
        .query_all(
            "SELECT org_id, id, name, hash, permissions, active, made_by_key, made_by_user, made_by_name, created_at,
                last_used_at, expires_at
             FROM api_keys WHERE org_id = $1 ORDER BY id DESC LIMIT $2 OFFSET $3",
            params![org_id, limit, i64::try_from(offset).unwrap_or(i64::MAX)],
        )?
        .iter()
        .map(decode)
        .collect::<Result<_, _>>()?;
    Ok(Page { items, total: u64::try_from(count(tx, org_id)?).unwrap_or(0) })
}

fn count(tx: &mut dyn Tx, org_id: &OrgId) -> Result<i64, StoreError> {
    let row = tx.query_opt("SELECT count(*) FROM api_keys WHERE org_id = $1", params![org_id])?;
    row.map_or(Ok(0), |row| row.int(0))
}

/// How many active keys a user created in a workspace.
pub fn count_made_by(tx: &mut dyn Tx, org_id: &OrgId, user_id: &UserId) -> Result<u64, StoreError> {
    let sql = "SELECT count(*) FROM api_keys WHERE org_id = $1 AND made_by_user = $2 AND active = 1";
    let row = tx.query_opt(sql, params![org_id, user_id])?;
    row.map_or(Ok(0), |row| Ok(u64::try_from(row.int(0)?).unwrap_or(0)))
}

/// Deactivates a key permanently, along with the keys that it created.
pub fn deactivate(tx: &mut dyn Tx, org_id: &OrgId, actor: &Actor, id: &ApiKeyId, now: Timestamp) -> Decision<ApiKey> {
    let authority = authority::lock(tx, org_id, actor, now)?;
    deactivate_with(tx, org_id, (actor, &authority), id)
}

/// The same by an actor whose authority is known. Callers hold the lock of the org.
pub(crate) fn deactivate_with(
    tx: &mut dyn Tx,
    org_id: &OrgId,
    (actor, authority): (&Actor, &Authority),
    id: &ApiKeyId,
) -> Decision<ApiKey> {
    let key = load_own(tx, org_id, authority, id)?;
    let reached = switch_off(tx, org_id, |one| one.id == key.id)?;
    let details = Details { api_keys: beside_itself(reached), ..Details::default() };
    event::append(tx, recorded(Action::ApiKeyDeactivate, org_id, actor, id).with(details))?;
    Ok(ApiKey { active: false, ..key })
}

/// Removes a key, and deactivates those that it created.
pub fn remove(tx: &mut dyn Tx, org_id: &OrgId, actor: &Actor, id: &ApiKeyId, now: Timestamp) -> Decision<()> {
    let authority = authority::lock(tx, org_id, actor, now)?;
    remove_with(tx, org_id, (actor, &authority), id)
}

/// The same by an actor whose authority is known. Callers hold the lock of the org.
pub(crate) fn remove_with(
    tx: &mut dyn Tx,
    org_id: &OrgId,
    (actor, authority): (&Actor, &Authority),
    id: &ApiKeyId,
) -> Decision<()> {
    let key = load_own(tx, org_id, authority, id)?;
    let reached = switch_off(tx, org_id, |one| one.id == key.id)?;
    tx.execute("DELETE FROM api_keys WHERE org_id = $1 AND id = $2", params![org_id, id])?;
    let details = Details { api_keys: beside_itself(reached), ..Details::default() };
    event::append(tx, recorded(Action::ApiKeyRemove, org_id, actor, id).with(details))?;
    Ok(())
}

/// How many keys were switched off beside the one that was meant, if any.
fn beside_itself(reached: u64) -> Option<u64> {
    reached.checked_sub(1).filter(|others| *others > 0)
}

/// Records when keys were used, at most 500 at a time.
pub fn touch(tx: &mut dyn Tx, uses: &[(OrgId, ApiKeyId, Timestamp)]) -> Result<(), StoreError> {
    // In a fixed order, so that two processes writing the same keys cannot deadlock.
    let mut uses: Vec<_> = uses.iter().collect();
    uses.sort_unstable_by_key(|(org_id, id, _)| (org_id.as_str(), id.as_str()));
    for (org_id, id, at) in uses {
        tx.execute(
            "UPDATE api_keys SET last_used_at = $3
             WHERE org_id = $1 AND id = $2 AND (last_used_at IS NULL OR last_used_at < $3)",
            params![org_id, id, at],
        )?;
    }
    Ok(())
}

/// A key that whoever has `authority` may manage: it has no more permissions than they have.
fn load_own(tx: &mut dyn Tx, org_id: &OrgId, authority: &Authority, id: &ApiKeyId) -> Decision<ApiKey> {
    authority.require(Right::ApiKeys)?;
    let key = find(tx, org_id, id)?.ok_or_else(|| Refusal::not_found(API_KEY, id.as_str()))?;
    authority.require_key(key.permissions)?;
    Ok(key)
}

/// Applies the choice for the keys that a user created, whose own rights are now limited to `may`.
pub(super) fn settle(
    tx: &mut dyn Tx,
    org_id: &OrgId,
    maker: &UserId,
    may: KeyPermissions,
    choice: MadeKeys,
) -> Result<u64, StoreError> {
    match choice {
        MadeKeys::Keep => Ok(0),
        MadeKeys::Deactivate => switch_off(tx, org_id, |key| key.exceeds(may, |user| user == maker)),
    }
}

/// Deactivates the keys that a user created in one of the workspaces that have such keys, along with those that these
/// created; returns whether there was one.
pub fn deactivate_made_by(tx: &mut dyn Tx, maker: &UserId) -> Result<bool, StoreError> {
    let sql = "SELECT org_id FROM api_keys WHERE made_by_user = $1 AND active = 1 LIMIT 1";
    let Some(row) = tx.query_opt(sql, params![maker])? else { return Ok(false) };
    let org_id = OrgId::from_text(row.text(0)?);
    tx.lock(Owner::Org(&org_id))?;
    let reached = settle(tx, &org_id, maker, KeyPermissions::NONE, MadeKeys::Deactivate)?;
    let details = Details { reason: Some("maker_disabled".to_owned()), api_keys: Some(reached), ..Details::default() };
    event::append(tx, NewEvent::new(Action::ApiKeyDeactivate).within(&org_id).with(details))?;
    Ok(true)
}

/// Like [`settle`], for all members with a role.
pub(super) fn settle_role(
    tx: &mut dyn Tx,
    org_id: &OrgId,
    role_id: &RoleId,
    may: KeyPermissions,
    choice: MadeKeys,
) -> Result<u64, StoreError> {
    if choice == MadeKeys::Keep {
        return Ok(0);
    }
    let makers = tx.query_all(
        "SELECT DISTINCT k.made_by_user FROM api_keys k
         JOIN memberships m ON m.org_id = k.org_id AND m.user_id = k.made_by_user AND m.role_id = $2
         WHERE k.org_id = $1 AND k.active = 1",
        params![org_id, role_id],
    )?;
    let makers: HashSet<String> = makers.iter().map(|row| row.text(0)).collect::<Result<_, _>>()?;
    switch_off(tx, org_id, |key| key.exceeds(may, |user| makers.contains(user.as_str())))
}

/// The creator of keys.
fn maker(tx: &mut dyn Tx, org_id: &OrgId, actor: &Actor) -> Result<Option<Maker>, StoreError> {
    Ok(match actor {
        Actor::Operator | Actor::App(_) | Actor::ScimConnection(_) | Actor::System | Actor::Anonymous => None,
        Actor::User(id) => {
            let name = user::find(tx, id)?.map(|user| user.name);
            Some(Maker { id: MakerId::User(id.clone()), name: name.unwrap_or_default() })
        }
        Actor::ApiKey(id) => {
            let name = find(tx, org_id, id)?.map(|key| key.name);
            Some(Maker { id: MakerId::Key(id.clone()), name: name.unwrap_or_default() })
        }
    })
}

impl ApiKey {
    /// Whether it is active, was created by that user and exceeds `may`.
    fn exceeds(&self, may: KeyPermissions, is_maker: impl Fn(&UserId) -> bool) -> bool {
        let maker = self.made_by.as_ref().and_then(|maker| maker.id.user());
        self.active && maker.is_some_and(is_maker) && !may.covers(self.permissions)
    }

    fn is_made_by_key(&self, id: &ApiKeyId) -> bool {
        self.made_by.as_ref().and_then(|maker| maker.id.key()) == Some(id)
    }
}

/// Deactivates keys permanently, along with those that they created. A workspace has at most 500 keys, and so at most
/// that many rounds.
fn switch_off(tx: &mut dyn Tx, org_id: &OrgId, is_over: impl Fn(&ApiKey) -> bool) -> Result<u64, StoreError> {
    let all = list(tx, org_id)?;
    let mut reached: Vec<&ApiKey> = all.iter().filter(|key| is_over(key)).collect();
    let mut next = 0;
    while let Some(maker) = reached.get(next).copied() {
        let made: Vec<&ApiKey> = all.iter().filter(|key| key.is_made_by_key(&maker.id)).collect();
        reached.extend(made);
        next += 1;
    }
    for key in &reached {
        tx.execute("UPDATE api_keys SET active = 0 WHERE org_id = $1 AND id = $2", params![org_id, &key.id])?;
        tx.changed(cached::API_KEY, &key.hash.base64url())?;
    }
    Ok(u64::try_from(reached.iter().filter(|key| key.active).count()).unwrap_or(u64::MAX))
}

fn decode(row: &Row) -> Result<ApiKey, StoreError> {
    Ok(ApiKey {
        org_id: OrgId::from_text(row.text(0)?),
        id: ApiKeyId::from_text(row.text(1)?),
        name: row.text(2)?,
        hash: row.digest(3)?,
        permissions: permissions::decode_key(row, 4)?,
        active: row.bool(5)?,
        made_by: decode_maker(row)?,
        created_at: row.timestamp(9)?,
        last_used_at: row.opt_timestamp(10)?,
        expires_at: row.opt_timestamp(11)?,
    })
}

fn decode_maker(row: &Row) -> Result<Option<Maker>, StoreError> {
    let key = row.opt_text(6)?.map(|id| MakerId::Key(ApiKeyId::from_text(id)));
    let id = key.or(row.opt_text(7)?.map(|id| MakerId::User(UserId::from_text(id))));
    let name = row.opt_text(8)?.unwrap_or_default();
    Ok(id.map(|id| Maker { id, name }))
}
