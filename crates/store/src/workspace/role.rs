//! The roles of a workspace.

use sigma_core::ids::{OrgId, RoleId};
use sigma_core::time::Timestamp;
use sigma_core::workspace::role::MOST_ROLES;
use sigma_core::workspace::text::folded;
use sigma_core::workspace::{Actor, Refusal, Right, Role, RoleDraft, RolePermissions, Switches};

use crate::workspace::{Decision, authority, change_key, granted, membership};
use crate::{Row, StoreError, Tx, params};

/// The kind of a role in the change feed; the key is [`change_key`].
pub const CHANGED: &str = "role";

/// What a role is called in a refusal.
const ROLE: &str = "Role";
const SAME_NAME: Refusal = Refusal::Conflict("There is a role of that name already");

/// The role of that id, if this workspace has it.
pub fn find(tx: &mut dyn Tx, org_id: &OrgId, id: &RoleId) -> Result<Option<Role>, StoreError> {
    tx.query_opt(
        "SELECT switches, schema_permissions, catalog_permissions, org_id, id, name, description, created_at, updated_at
         FROM roles WHERE org_id = $1 AND id = $2",
        params![org_id, id],
    )?
    .map(|row| decode(&row))
    .transpose()
}

/// As [`find`], as a refusal.
pub fn load(tx: &mut dyn Tx, org_id: &OrgId, id: &RoleId) -> Decision<Role> {
    Ok(find(tx, org_id, id)?.ok_or_else(|| Refusal::not_found(ROLE, id.as_str())))
}

/// The role of that name, whatever its case.
pub fn find_by_name(tx: &mut dyn Tx, org_id: &OrgId, name: &str) -> Result<Option<Role>, StoreError> {
    tx.query_opt(
        "SELECT switches, schema_permissions, catalog_permissions, org_id, id, name, description, created_at, updated_at
         FROM roles WHERE org_id = $1 AND name_folded = $2",
        params![org_id, folded(name)],
    )?
    .map(|row| decode(&row))
    .transpose()
}

/// The roles of a workspace, the oldest first: at most [`MOST_ROLES`].
pub fn list(tx: &mut dyn Tx, org_id: &OrgId) -> Result<Vec<Role>, StoreError> {
    tx.query_all(
        "SELECT switches, schema_permissions, catalog_permissions, org_id, id, name, description, created_at, updated_at
         FROM roles WHERE org_id = $1 ORDER BY created_at, id LIMIT 500",
        params![org_id],
    )?
    .iter()
    .map(decode)
    .collect()
}

/// Makes a role. Nobody makes one that holds more than they do.
pub fn add(
    tx: &mut dyn Tx,
    org_id: &OrgId,
    actor: &Actor,
    id: &RoleId,
    draft: &RoleDraft,
    now: Timestamp,
) -> Decision<Role> {
    let authority = granted!(authority::load(tx, org_id, actor, now)?);
    granted!(authority.require(Right::Roles));
    granted!(authority.require_role(draft.permissions()));
    if find(tx, org_id, id)?.is_some() {
        return Ok(Err(Refusal::Conflict("There is a role of that id already")));
    }
    if find_by_name(tx, org_id, draft.name())?.is_some() {
        return Ok(Err(SAME_NAME));
    }
    let roles = tx.query_all("SELECT id FROM roles WHERE org_id = $1 LIMIT 500", params![org_id])?;
    if roles.len() >= MOST_ROLES {
        return Ok(Err(Refusal::Conflict("The workspace has as many roles as one may")));
    }
    insert(tx, org_id, id, draft, now)?;
    Ok(Ok(made(org_id, id, draft, now, now)))
}

/// Puts another text in a role's place. Nobody edits one that holds, or would hold, more than they do, and somebody who
/// manages the workspace is left.
pub fn replace(
    tx: &mut dyn Tx,
    org_id: &OrgId,
    actor: &Actor,
    id: &RoleId,
    draft: &RoleDraft,
    now: Timestamp,
) -> Decision<Role> {
    let authority = granted!(authority::load(tx, org_id, actor, now)?);
    granted!(authority.require(Right::Roles));
    let before = granted!(load(tx, org_id, id)?);
    granted!(authority.require_role(&before.permissions));
    granted!(authority.require_role(draft.permissions()));
    if find_by_name(tx, org_id, draft.name())?.is_some_and(|other| other.id != *id) {
        return Ok(Err(SAME_NAME));
    }
    let weakened = before.permissions.manages_workspace() && !draft.permissions().manages_workspace();
    if weakened && membership::is_used_by_active(tx, org_id, id)? && !membership::admin_beside_role(tx, org_id, id)? {
        return Ok(Err(Refusal::LAST_ADMIN));
    }
    let (switches, schemas, catalogs) = encode_permissions(draft.permissions())?;
    tx.execute(
        "UPDATE roles SET name = $3, name_folded = $4, description = $5, switches = $6, schema_permissions = $7,
            catalog_permissions = $8, updated_at = $9
         WHERE org_id = $1 AND id = $2",
        params![org_id, id, draft.name(), folded(draft.name()), draft.description(), switches, schemas, catalogs, now],
    )?;
    tx.changed(CHANGED, &change_key(org_id, id.as_str()))?;
    Ok(Ok(made(org_id, id, draft, before.created_at, now)))
}

/// Removes a role that nobody has.
pub fn remove(tx: &mut dyn Tx, org_id: &OrgId, actor: &Actor, id: &RoleId, now: Timestamp) -> Decision<()> {
    let authority = granted!(authority::load(tx, org_id, actor, now)?);
    granted!(authority.require(Right::Roles));
    let role = granted!(load(tx, org_id, id)?);
    granted!(authority.require_role(&role.permissions));
    if membership::has_role(tx, org_id, id)? {
        return Ok(Err(Refusal::Conflict("The role is in use")));
    }
    tx.execute("DELETE FROM roles WHERE org_id = $1 AND id = $2", params![org_id, id])?;
    tx.changed(CHANGED, &change_key(org_id, id.as_str()))?;
    Ok(Ok(()))
}

pub(super) fn insert(
    tx: &mut dyn Tx,
    org_id: &OrgId,
    id: &RoleId,
    draft: &RoleDraft,
    now: Timestamp,
) -> Result<(), StoreError> {
    let (switches, schemas, catalogs) = encode_permissions(draft.permissions())?;
    tx.execute(
        "INSERT INTO roles (org_id, id, name, name_folded, description, switches, schema_permissions, catalog_permissions,
            created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)",
        params![org_id, id, draft.name(), folded(draft.name()), draft.description(), switches, schemas, catalogs, now],
    )?;
    Ok(())
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

fn encode_permissions(permissions: &RolePermissions) -> Result<(i64, String, String), StoreError> {
    let json = |error: serde_json::Error| StoreError::Failed(format!("permissions as JSON: {error}"));
    Ok((
        i64::from(permissions.switches.bits()),
        serde_json::to_string(&permissions.schemas).map_err(json)?,
        serde_json::to_string(&permissions.catalogs).map_err(json)?,
    ))
}

/// The permissions that stand in three columns from `first` on.
pub(super) fn decode_permissions(row: &Row, first: usize) -> Result<RolePermissions, StoreError> {
    let corrupt = |what: &str| StoreError::Corrupt(format!("the {what} of a role"));
    Ok(RolePermissions {
        switches: Switches::from_bits(row.int(first)?).ok_or_else(|| corrupt("switches"))?,
        schemas: serde_json::from_str(&row.text(first + 1)?).map_err(|_| corrupt("schema permissions"))?,
        catalogs: serde_json::from_str(&row.text(first + 2)?).map_err(|_| corrupt("catalog permissions"))?,
    })
}

fn decode(row: &Row) -> Result<Role, StoreError> {
    Ok(Role {
        permissions: decode_permissions(row, 0)?,
        org_id: OrgId::from_text(row.text(3)?),
        id: RoleId::from_text(row.text(4)?),
        name: row.text(5)?,
        description: row.text(6)?,
        created_at: row.timestamp(7)?,
        updated_at: row.timestamp(8)?,
    })
}
