//! The people who manage an org.

use sigma_core::ids::{OrgId, UserId};
use sigma_core::org::Switches;

use super::permissions;
use crate::user::{self, User};
use crate::{StoreError, Tx, params};

/// Most admins that are told of something.
const MOST: u32 = 50;

/// The active members with enabled accounts whose role manages the org, at most 50.
pub fn list(tx: &mut dyn Tx, org_id: &OrgId) -> Result<Vec<User>, StoreError> {
    let rows = tx.query_all(
        "SELECT m.user_id FROM roles r
         JOIN memberships m ON m.org_id = r.org_id AND m.role_id = r.id AND m.state = 'active'
         JOIN users u ON u.id = m.user_id AND u.disabled = 0
         WHERE r.org_id = $1 AND (r.switches & $2) = $2 ORDER BY m.user_id LIMIT $3",
        params![org_id, permissions::mask(Switches::WORKSPACE), MOST],
    )?;
    let mut found = Vec::with_capacity(rows.len());
    for row in &rows {
        found.extend(user::find(tx, &UserId::from_text(row.text(0)?))?);
    }
    Ok(found)
}
