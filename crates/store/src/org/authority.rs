//! What a caller may do at this moment.

use sigma_core::actor::Actor;
use sigma_core::ids::{ApiKeyId, OrgId, ScimConnectionId, UserId};
use sigma_core::org::{Authority, Refusal, RolePermissions};
use sigma_core::time::Timestamp;

use crate::org::decision::Decision;
use crate::org::permissions;
use crate::{Owner, StoreError, Tx, params};

/// Like [`load`], for a caller about to write: no one else changes this workspace until the transaction ends.
pub fn lock(tx: &mut dyn Tx, org_id: &OrgId, actor: &Actor, now: Timestamp) -> Decision<Authority> {
    tx.lock(Owner::Org(org_id))?;
    load(tx, org_id, actor, now)
}

/// Reads the rights of `actor` in this workspace.
pub fn load(tx: &mut dyn Tx, org_id: &OrgId, actor: &Actor, now: Timestamp) -> Decision<Authority> {
    if tx.query_opt("SELECT 1 FROM orgs WHERE id = $1 AND removed_at IS NULL", params![org_id])?.is_none() {
        return Err(match actor {
            Actor::Operator => Refusal::not_found("Workspace", org_id.as_str()).into(),
            _ => Refusal::Unauthorized.into(),
        });
    }
    let authority = match actor {
        Actor::Operator => Some(Authority::Operator),
        Actor::User(user_id) => of_person(tx, org_id, user_id)?.map(Authority::Person),
        Actor::ApiKey(id) => of_key(tx, org_id, id, now)?,
        Actor::ScimConnection(id) => of_connection(tx, org_id, id)?,
        Actor::App(_) | Actor::System | Actor::Anonymous => None,
    };
    Ok(authority.ok_or(Refusal::Unauthorized)?)
}

/// The permissions of an active member with an enabled account.
pub(crate) fn of_person(
    tx: &mut dyn Tx,
    org_id: &OrgId,
    user_id: &UserId,
) -> Result<Option<RolePermissions>, StoreError> {
    tx.query_opt(
        "SELECT r.switches, r.schema_permissions, r.catalog_permissions, r.app_permissions
         FROM memberships m JOIN roles r ON r.org_id = m.org_id AND r.id = m.role_id JOIN users u ON u.id = m.user_id
         WHERE m.org_id = $1 AND m.user_id = $2 AND m.state = 'active' AND u.disabled = 0",
        params![org_id, user_id],
    )?
    .map(|row| permissions::decode(&row, 0))
    .transpose()
}

/// The permissions of a key that works.
fn of_key(tx: &mut dyn Tx, org_id: &OrgId, id: &ApiKeyId, now: Timestamp) -> Result<Option<Authority>, StoreError> {
    let works = tx.query_opt(
        "SELECT permissions FROM api_keys
         WHERE org_id = $1 AND id = $2 AND active = 1 AND (expires_at IS NULL OR expires_at > $3)",
        params![org_id, id, now],
    )?;
    works.map(|row| Ok(Authority::Key(permissions::decode_key(&row, 0)?))).transpose()
}

/// A directory provisions whatever the org's own administrators could: one of them, who could grant every role that it may give,
/// made its connection.
fn of_connection(tx: &mut dyn Tx, org_id: &OrgId, id: &ScimConnectionId) -> Result<Option<Authority>, StoreError> {
    let sql = "SELECT 1 FROM scim_connections WHERE org_id = $1 AND id = $2";
    Ok(tx.query_opt(sql, params![org_id, id])?.map(|_| Authority::Operator))
}
