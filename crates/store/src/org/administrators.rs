//! The rule that somebody who manages a workspace remains. Whoever is going to be deleted does not. Callers hold the lock of the org.

use sigma_core::ids::{OrgId, RoleId, UserId};
use sigma_core::org::Switches;

use crate::org::permissions;
use crate::{StoreError, Tx, params};

/// Whether a role other than this one leaves somebody to manage the workspace.
pub(super) fn remain_beside_role(tx: &mut dyn Tx, org_id: &OrgId, role_id: &RoleId) -> Result<bool, StoreError> {
    remain(tx, org_id, role_id.as_str(), "")
}

/// Whether a member other than this one manages the workspace.
pub(super) fn remain_beside_user(tx: &mut dyn Tx, org_id: &OrgId, user_id: &UserId) -> Result<bool, StoreError> {
    remain(tx, org_id, "", user_id.as_str())
}

fn remain(tx: &mut dyn Tx, org_id: &OrgId, role_id: &str, user_id: &str) -> Result<bool, StoreError> {
    let admin = tx.query_opt(
        "SELECT 1 FROM roles r
         JOIN memberships m ON m.org_id = r.org_id AND m.role_id = r.id AND m.state = 'active'
         JOIN users u ON u.id = m.user_id AND u.disabled = 0
         WHERE r.org_id = $1 AND (r.switches & $4) = $4 AND r.id <> $2 AND m.user_id <> $3
            AND NOT EXISTS (SELECT 1 FROM account_deletions d WHERE d.user_id = m.user_id) LIMIT 1",
        params![org_id, role_id, user_id, permissions::mask(Switches::WORKSPACE)],
    )?;
    Ok(admin.is_some())
}
