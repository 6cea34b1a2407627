//! The roles of a workspace.

use sigma_core::actor::Actor;
use sigma_core::event::{Action, Details, Target};
use sigma_core::ids::{OrgId, RoleId};
use sigma_core::operator::OperatorRole;
use sigma_core::org::role::{MOST_BYTES_IN_ALL, MOST_ROLES};
use sigma_core::org::text::folded;
use sigma_core::org::{Authority, Reason, Refusal, Right, Role, RoleDraft, Switches};
use sigma_core::time::Timestamp;

use crate::event::{self, NewEvent};
use crate::org::api_key::{self, MadeKeys};
use crate::org::decision::Decision;
use crate::org::pagination::Page;
use crate::org::{administrators, authority, permissions};
use crate::{Row, StoreError, Tx, cached, params};

/// How refusals name a role.
const ROLE: &str = "Role";
const SAME_NAME: Refusal = Refusal::Conflict(Reason::SameName);
const FIXED: Refusal = Refusal::Conflict(Reason::FixedRole);
const TOO_LARGE: Refusal = Refusal::Conflict(Reason::LargeRoles);

/// A role without its long lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleSummary {
    /// Its id.
    pub id: RoleId,
    /// Display name.
    pub name: String,
    /// Its description.
    pub description: String,
    /// Its permissions apart from the lists.
    pub switches: Switches,
    /// Schemas with rules of their own.
    pub schemas: usize,
    /// Catalogs with rules of their own.
    pub catalogs: usize,
}

/// The role of that id in this workspace.
pub fn find(tx: &mut dyn Tx, org_id: &OrgId, id: &RoleId) -> Result<Option<Role>, StoreError> {
    tx.query_opt(
        "SELECT switches, schema_permissions, catalog_permissions, app_permissions, org_id, id, name, description, created_at,
            updated_at
         FROM roles WHERE org_id = $1 AND id = $2",
        params![org_id, id],
    )?
    .map(|row| decode(&row))
    .transpose()
}

/// Like [`find`], as a refusal.
pub fn load(tx: &mut dyn Tx, org_id: &OrgId, id: &RoleId) -> Decision<Role> {
    Ok(find(tx, org_id, id)?.ok_or_else(|| Refusal::not_found(ROLE, id.as_str()))?)
}

/// The role of that name, ignoring case.
pub fn find_by_name(tx: &mut dyn Tx, org_id: &OrgId, name: &str) -> Result<Option<Role>, StoreError> {
    tx.query_opt(
        "SELECT switches, schema_permissions, catalog_permissions, app_permissions, org_id, id, name, description, created_at,
            updated_at
         FROM roles WHERE org_id = $1 AND name_folded = $2",
        params![org_id, folded(name)],
    )?
    .map(|row| decode(&row))
    .transpose()
}

/// The role that somebody names, by its id or its name. The id counts first: a role that is called like the id of another is not taken
/// for that one.
pub fn find_named(tx: &mut dyn Tx, org_id: &OrgId, named: &str) -> Result<Option<Role>, StoreError> {
    match find(tx, org_id, &RoleId::from_text(named))? {
        Some(role) => Ok(Some(role)),
        None => find_by_name(tx, org_id, named),
    }
}

/// The name of a role of this workspace.
pub fn find_name(tx: &mut dyn Tx, org_id: &OrgId, id: &RoleId) -> Result<Option<String>, StoreError> {
    let row = tx.query_opt("SELECT name FROM roles WHERE org_id = $1 AND id = $2", params![org_id, id])?;
    row.map(|row| row.text(0)).transpose()
}

/// Whether a role of this workspace manages anything.
pub(super) fn manages_anything(tx: &mut dyn Tx, org_id: &OrgId, id: &RoleId) -> Result<Option<bool>, StoreError> {
    let row = tx.query_opt("SELECT switches FROM roles WHERE org_id = $1 AND id = $2", params![org_id, id])?;
    row.map(|row| Ok(row.int(0)? & permissions::mask(Switches::MANAGING) != 0)).transpose()
}

/// The roles of a workspace without their long lists, oldest first: at most `limit` after the first `offset`.
pub fn summaries(tx: &mut dyn Tx, org_id: &OrgId, offset: u64, limit: u32) -> Result<Page<RoleSummary>, StoreError> {
    let items = tx
        .query_all(
            "SELECT id, name, description, switches, schemas, catalogs FROM roles
             WHERE org_id = $1 ORDER BY created_at, id LIMIT $2 OFFSET $3",
            params![org_id, limit, i64::try_from(offset).unwrap_or(i64::MAX)],
        )?
        .iter()
        .map(decode_summary)
        .collect::<Result<_, _>>()?;
    let total = size(tx, org_id)?.roles;
    Ok(Page { items, total: u64::try_from(total).unwrap_or(0) })
}

/// All roles of a workspace without their long lists, oldest first: at most [`MOST_ROLES`].
pub fn all_summaries(tx: &mut dyn Tx, org_id: &OrgId) -> Result<Vec<RoleSummary>, StoreError> {
    Ok(summaries(tx, org_id, 0, u32::try_from(MOST_ROLES).unwrap_or(u32::MAX))?.items)
}

/// The number of roles in a workspace, and their total size in bytes.
struct Size {
    roles: i64,
    bytes: i64,
}

fn size(tx: &mut dyn Tx, org_id: &OrgId) -> Result<Size, StoreError> {
    let row = tx.query_opt(
        "SELECT count(*), CAST(COALESCE(sum(bytes), 0) AS BIGINT) FROM roles WHERE org_id = $1",
        params![org_id],
    )?;
    row.map_or(Ok(Size { roles: 0, bytes: 0 }), |row| Ok(Size { roles: row.int(0)?, bytes: row.int(1)? }))
}

/// The roles of a workspace, oldest first: at most [`MOST_ROLES`], and [`MOST_BYTES_IN_ALL`].
pub fn list(tx: &mut dyn Tx, org_id: &OrgId) -> Result<Vec<Role>, StoreError> {
    tx.query_all(
        "SELECT switches, schema_permissions, catalog_permissions, app_permissions, org_id, id, name, description, created_at,
            updated_at
         FROM roles WHERE org_id = $1 ORDER BY created_at, id LIMIT 500",
        params![org_id],
    )?
    .iter()
    .map(decode)
    .collect()
}

/// Creates a role with at most the rights of the actor.
pub fn add(
    tx: &mut dyn Tx,
    org_id: &OrgId,
    actor: &Actor,
    id: &RoleId,
    draft: &RoleDraft,
    now: Timestamp,
) -> Decision<Role> {
    let authority = authority::lock(tx, org_id, actor, now)?;
    add_with(tx, org_id, (actor, &authority), id, draft, now)
}

/// [`add`] by somebody whose authority is known. Callers hold the lock of the workspace.
pub fn add_with(
    tx: &mut dyn Tx,
    org_id: &OrgId,
    (actor, authority): (&Actor, &Authority),
    id: &RoleId,
    draft: &RoleDraft,
    now: Timestamp,
) -> Decision<Role> {
    authority.require(Right::Roles)?;
    authority.require_role(draft.permissions())?;
    if find(tx, org_id, id)?.is_some() {
        return Err(Refusal::Conflict(Reason::SameId).into());
    }
    if find_by_name(tx, org_id, draft.name())?.is_some() {
        return Err(SAME_NAME.into());
    }
    let (size, stored) = (size(tx, org_id)?, Stored::of(draft)?);
    if usize::try_from(size.roles).is_ok_and(|roles| roles >= MOST_ROLES) {
        return Err(Refusal::Conflict(Reason::ManyRoles).into());
    }
    if size.bytes.saturating_add(stored.bytes) > MOST_BYTES_IN_ALL {
        return Err(TOO_LARGE.into());
    }
    stored.insert(tx, org_id, id, now)?;
    event::append(tx, recorded(Action::RoleCreate, org_id, actor, id))?;
    Ok(made(org_id, id, draft, now, now))
}

fn recorded(action: Action, org_id: &OrgId, actor: &Actor, id: &RoleId) -> NewEvent {
    NewEvent::new(action).by(actor.clone()).within(org_id).to(Target::Role(id.clone()))
}

/// Replaces a role. Neither the old nor the new one may have more rights than the actor, and somebody who manages the
/// workspace must remain. `keys` decides about the keys of members who lose rights.
pub fn replace(
    tx: &mut dyn Tx,
    org_id: &OrgId,
    actor: &Actor,
    id: &RoleId,
    draft: &RoleDraft,
    keys: MadeKeys,
    now: Timestamp,
) -> Decision<Role> {
    let authority = authority::lock(tx, org_id, actor, now)?;
    replace_with(tx, org_id, (actor, &authority), id, draft, keys, now)
}

/// [`replace`] by somebody whose authority is known. Callers hold the lock of the workspace.
pub fn replace_with(
    tx: &mut dyn Tx,
    org_id: &OrgId,
    (actor, authority): (&Actor, &Authority),
    id: &RoleId,
    draft: &RoleDraft,
    keys: MadeKeys,
    now: Timestamp,
) -> Decision<Role> {
    authority.require(Right::Roles)?;
    let before = load(tx, org_id, id)?;
    authority.require_role(&before.permissions)?;
    authority.require_role(draft.permissions())?;
    require_changeable(org_id, id)?;
    if find_by_name(tx, org_id, draft.name())?.is_some_and(|other| other.id != *id) {
        return Err(SAME_NAME.into());
    }
    let weakened = before.permissions.manages_workspace() && !draft.permissions().manages_workspace();
    if weakened && is_held_by_active(tx, org_id, id)? && !administrators::remain_beside_role(tx, org_id, id)? {
        return Err(Refusal::LAST_ADMIN.into());
    }
    let stored = Stored::of(draft)?;
    let others = tx.query_opt(
        "SELECT CAST(COALESCE(sum(bytes), 0) AS BIGINT) FROM roles WHERE org_id = $1 AND id <> $2",
        params![org_id, id],
    )?;
    let others = others.map_or(Ok(0), |row| row.int(0))?;
    if others.saturating_add(stored.bytes) > MOST_BYTES_IN_ALL {
        return Err(TOO_LARGE.into());
    }
    tx.execute(
        "UPDATE roles SET name = $3, name_folded = $4, description = $5, switches = $6, schema_permissions = $7,
            catalog_permissions = $8, schemas = $9, catalogs = $10, bytes = $11, updated_at = $12, app_permissions = $13
         WHERE org_id = $1 AND id = $2",
        params![
            org_id,
            id,
            draft.name(),
            folded(draft.name()),
            draft.description(),
            stored.switches,
            stored.schema_permissions,
            stored.catalog_permissions,
            stored.schemas,
            stored.catalogs,
            stored.bytes,
            now,
            stored.app_permissions
        ],
    )?;
    tx.changed(cached::ROLE, &cached::key_in(org_id, id.as_str()))?;
    let may = draft.permissions().key_permissions();
    let keys = if may.covers(before.permissions.key_permissions()) {
        0
    } else {
        api_key::settle_role(tx, org_id, id, may, keys)?
    };
    let details = Details {
        api_keys: (keys > 0).then_some(keys),
        ..Details::changed([
            ("name", before.name != draft.name()),
            ("description", before.description != draft.description()),
            ("permissions", before.permissions != *draft.permissions()),
        ])
    };
    event::append(tx, recorded(Action::RoleChange, org_id, actor, id).with(details))?;
    Ok(made(org_id, id, draft, before.created_at, now))
}

/// Removes a role that no member has.
pub fn remove(tx: &mut dyn Tx, org_id: &OrgId, actor: &Actor, id: &RoleId, now: Timestamp) -> Decision<()> {
    let authority = authority::lock(tx, org_id, actor, now)?;
    authority.require(Right::Roles)?;
    let role = load(tx, org_id, id)?;
    authority.require_role(&role.permissions)?;
    require_changeable(org_id, id)?;
    if is_held(tx, org_id, id)? {
        return Err(Refusal::Conflict(Reason::RoleInUse).into());
    }
    tx.execute("DELETE FROM roles WHERE org_id = $1 AND id = $2", params![org_id, id])?;
    tx.changed(cached::ROLE, &cached::key_in(org_id, id.as_str()))?;
    event::append(tx, recorded(Action::RoleRemove, org_id, actor, id))?;
    Ok(())
}

/// The roles of the operator mean something to the console, whatever the workspace calls them.
fn require_changeable(org_id: &OrgId, id: &RoleId) -> Result<(), Refusal> {
    if OperatorRole::is_fixed(org_id, id) { Err(FIXED) } else { Ok(()) }
}

/// Whether any member has that role, active or not.
fn is_held(tx: &mut dyn Tx, org_id: &OrgId, id: &RoleId) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM memberships WHERE org_id = $1 AND role_id = $2 LIMIT 1";
    Ok(tx.query_opt(sql, params![org_id, id])?.is_some())
}

/// Whether an active member has that role.
fn is_held_by_active(tx: &mut dyn Tx, org_id: &OrgId, id: &RoleId) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM memberships WHERE org_id = $1 AND role_id = $2 AND state = 'active' LIMIT 1";
    Ok(tx.query_opt(sql, params![org_id, id])?.is_some())
}

pub(crate) fn insert(
    tx: &mut dyn Tx,
    org_id: &OrgId,
    id: &RoleId,
    draft: &RoleDraft,
    now: Timestamp,
) -> Result<(), StoreError> {
    Stored::of(draft)?.insert(tx, org_id, id, now)
}

/// A role as stored.
struct Stored<'d> {
    draft: &'d RoleDraft,
    switches: i64,
    schema_permissions: String,
    catalog_permissions: String,
    app_permissions: String,
    schemas: i64,
    catalogs: i64,
    bytes: i64,
}

impl<'d> Stored<'d> {
    fn of(draft: &'d RoleDraft) -> Result<Self, StoreError> {
        let json = |error: serde_json::Error| StoreError::Failed(format!("permissions as JSON: {error}"));
        let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        let permissions = draft.permissions();
        let schema_permissions = serde_json::to_string(&permissions.schemas).map_err(json)?;
        let catalog_permissions = serde_json::to_string(&permissions.catalogs).map_err(json)?;
        let app_permissions = serde_json::to_string(&permissions.names).map_err(json)?;
        let texts = [draft.name(), draft.description(), &schema_permissions, &catalog_permissions, &app_permissions];
        Ok(Self {
            draft,
            switches: i64::from(permissions.switches.bits()),
            schemas: count(permissions.schemas.len()),
            catalogs: count(permissions.catalogs.len()),
            bytes: count(texts.iter().map(|text| text.len()).sum()),
            schema_permissions,
            catalog_permissions,
            app_permissions,
        })
    }

    fn insert(&self, tx: &mut dyn Tx, org_id: &OrgId, id: &RoleId, now: Timestamp) -> Result<(), StoreError> {
        let (name, description) = (self.draft.name(), self.draft.description());
        tx.execute(
            "INSERT INTO roles (org_id, id, name, name_folded, description, switches, schema_permissions,
                catalog_permissions, schemas, catalogs, bytes, created_at, updated_at, app_permissions)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12, $13)",
            params![
                org_id,
                id,
                name,
                folded(name),
                description,
                self.switches,
                &self.schema_permissions,
                &self.catalog_permissions,
                self.schemas,
                self.catalogs,
                self.bytes,
                now,
                &self.app_permissions
            ],
        )?;
        Ok(())
    }
}

fn made(org_id: &OrgId, id: &RoleId, draft: &RoleDraft, created_at: Timestamp, updated_at: Timestamp) -> Role {
    Role {
        org_id: org_id.clone(),
        id: id.clone(),
        name: draft.name().to_owned(),
        description: draft.description().to_owned(),
        permissions: draft.permissions().clone(),
        created_at,
        updated_at,
    }
}

fn decode_summary(row: &Row) -> Result<RoleSummary, StoreError> {
    let corrupt = || StoreError::Corrupt("the summary of a role".to_owned());
    Ok(RoleSummary {
        id: RoleId::from_text(row.text(0)?),
        name: row.text(1)?,
        description: row.text(2)?,
        switches: Switches::from_bits(row.int(3)?).ok_or_else(corrupt)?,
        schemas: usize::try_from(row.int(4)?).map_err(|_| corrupt())?,
        catalogs: usize::try_from(row.int(5)?).map_err(|_| corrupt())?,
    })
}

fn decode(row: &Row) -> Result<Role, StoreError> {
    Ok(Role {
        permissions: permissions::decode(row, 0)?,
        org_id: OrgId::from_text(row.text(4)?),
        id: RoleId::from_text(row.text(5)?),
        name: row.text(6)?,
        description: row.text(7)?,
        created_at: row.timestamp(8)?,
        updated_at: row.timestamp(9)?,
    })
}
