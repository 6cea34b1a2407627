//! Groups that give roles: those that are called like one, where the connection says so.

use sigma_core::ids::{RoleId, ScimUserId, UserId};
use sigma_core::time::Timestamp;

use super::Directory;
use crate::org::membership::{self, Change};
use crate::{Stop, StoreError, Tx, params};

/// The role that is called like a group (folded).
pub(super) fn role_called(
    tx: &mut dyn Tx,
    directory: &Directory,
    name_folded: &str,
) -> Result<Option<RoleId>, StoreError> {
    if !directory.maps_roles {
        return Ok(None);
    }
    let sql = "SELECT id FROM roles WHERE org_id = $1 AND name_folded = $2";
    let found = tx.query_opt(sql, params![&directory.org_id, name_folded])?;
    found.map(|row| row.text(0).map(RoleId::from_text)).transpose()
}

/// Gives a person the role of their groups. Of several, the oldest role counts. Who is in none any more loses `lost`, the role
/// that a group gave them, and no other. What the org does not allow, such as leaving it without an administrator, is left as it
/// is.
pub(super) fn assign(
    tx: &mut dyn Tx,
    directory: &Directory,
    id: &ScimUserId,
    lost: Option<&RoleId>,
    now: Timestamp,
) -> Result<(), StoreError> {
    if !directory.maps_roles {
        return Ok(());
    }
    let org_id = &directory.org_id;
    let sql = "SELECT member_id FROM scim_users WHERE org_id = $1 AND id = $2";
    let Some(row) = tx.query_opt(sql, params![org_id, id])? else { return Ok(()) };
    let Some(user_id) = row.opt_text(0)?.map(UserId::from_text) else { return Ok(()) };
    let Some(member) = membership::find(tx, org_id, &user_id)? else { return Ok(()) };
    let given = tx.query_opt(
        "SELECT r.id FROM scim_group_members gm
            JOIN scim_groups g ON g.org_id = gm.org_id AND g.id = gm.group_id
            JOIN roles r ON r.org_id = g.org_id AND r.name_folded = g.name_folded
         WHERE gm.org_id = $1 AND gm.user_id = $2 ORDER BY r.created_at, r.id LIMIT 1",
        params![org_id, id],
    )?;
    let wanted = match given {
        Some(row) => RoleId::from_text(row.text(0)?),
        None if lost == Some(&member.role_id) => directory.role_id.clone(),
        None => return Ok(()),
    };
    if wanted == member.role_id {
        return Ok(());
    }
    let change = Change { role_id: Some(wanted), ..Change::default() };
    match membership::change(tx, org_id, &directory.actor(), &user_id, &change, now) {
        Ok(_) | Err(Stop::Refused(_)) => Ok(()),
        Err(Stop::Failed(error)) => Err(error),
    }
}
