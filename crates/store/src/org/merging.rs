//! What a merge of accounts changes in the memberships of an org, whose lock the caller holds.

use sigma_core::ids::{OrgId, UserId};
use sigma_core::org::KeyPermissions;
use sigma_core::time::Timestamp;

use crate::org::api_key::{self, MadeKeys};
use crate::org::membership::{Member, State};
use crate::org::{administrators, pagination, role};
use crate::{StoreError, Tx, params};

/// Whether nobody but the member manages the org.
pub(crate) fn is_only_administrator(tx: &mut dyn Tx, org_id: &OrgId, member: &Member) -> Result<bool, StoreError> {
    let role = role::find(tx, org_id, &member.role_id)?;
    let manages = member.state == State::Active && role.is_some_and(|role| role.permissions.manages_workspace());
    Ok(manages && !administrators::remain_beside_user(tx, org_id, &member.user_id)?)
}

/// What API keys that the member created may do.
pub(crate) fn key_permissions(tx: &mut dyn Tx, org_id: &OrgId, member: &Member) -> Result<KeyPermissions, StoreError> {
    let role = role::find(tx, org_id, &member.role_id)?;
    Ok(role.map_or(KeyPermissions::NONE, |role| role.permissions.key_permissions()))
}

/// Makes a membership that of another account, which has none. What the first was signed in with ends.
pub(crate) fn replace(
    tx: &mut dyn Tx,
    org_id: &OrgId,
    member: &Member,
    by: &UserId,
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE memberships SET user_id = $3, session_epoch = $4, updated_at = $5 WHERE org_id = $1 AND user_id = $2",
        params![org_id, &member.user_id, by, now.micros().max(member.session_epoch.saturating_add(1)), now],
    )?;
    Ok(())
}

/// Ends a membership beside which another stays; API keys that the member created and that may more than `may` are deactivated. Returns
/// how many. The caller reports the change.
pub(crate) fn absorb(tx: &mut dyn Tx, org_id: &OrgId, member: &Member, may: KeyPermissions) -> Result<u64, StoreError> {
    let user_id = &member.user_id;
    let left = tx.query_opt(
        "DELETE FROM memberships WHERE org_id = $1 AND user_id = $2 RETURNING bucket",
        params![org_id, user_id],
    )?;
    if let Some(row) = left {
        pagination::leave(tx, org_id, row.int(0)?)?;
    }
    api_key::settle(tx, org_id, user_id, may, MadeKeys::Deactivate)
}
