//! What deleting an account means for the workspaces that it is a member of.

use sigma_core::actor::Actor;
use sigma_core::event::{Action, Details, Target};
use sigma_core::ids::{OrgId, UserId};
use sigma_core::org::{KeyPermissions, Switches};

use crate::event::{self, NewEvent};
use crate::org::api_key::MadeKeys;
use crate::org::{administrators, api_key, pagination, permissions};
use crate::{Owner, StoreError, Tx, cached, params};

/// Workspaces that are read at once.
const BATCH: usize = 100;

/// The workspaces that nobody else manages, by id and name: all of them, or the first hundred or so. Locks those that it looked
/// at.
pub fn managed_alone(tx: &mut dyn Tx, user_id: &UserId) -> Result<Vec<(OrgId, String)>, StoreError> {
    let mut alone = Vec::new();
    let mut after = String::new();
    loop {
        let managed = tx.query_all(
            "SELECT m.org_id, o.name FROM memberships m
                JOIN orgs o ON o.id = m.org_id AND o.removed_at IS NULL
                JOIN roles r ON r.org_id = m.org_id AND r.id = m.role_id
             WHERE m.user_id = $1 AND m.state = 'active' AND (r.switches & $2) = $2 AND m.org_id > $3
             ORDER BY m.org_id LIMIT 100",
            params![user_id, permissions::mask(Switches::WORKSPACE), &after],
        )?;
        for row in &managed {
            let org_id = OrgId::from_text(row.text(0)?);
            tx.lock(Owner::Org(&org_id))?;
            org_id.as_str().clone_into(&mut after);
            if !administrators::remain_beside_user(tx, &org_id, user_id)? {
                alone.push((org_id, row.text(1)?));
            }
        }
        if managed.len() < BATCH || alone.len() >= BATCH {
            return Ok(alone);
        }
    }
}

/// Ends one membership of a user, or deactivates API keys that they created in one workspace; returns how many rows. `None`
/// means that there is nothing left to leave.
pub fn leave_one(tx: &mut dyn Tx, user_id: &UserId) -> Result<Option<u64>, StoreError> {
    let member = "SELECT org_id FROM memberships WHERE user_id = $1 ORDER BY org_id LIMIT 1";
    let Some(row) = tx.query_opt(member, params![user_id])? else {
        return Ok(api_key::deactivate_made_by(tx, user_id)?.then_some(1));
    };
    let org_id = OrgId::from_text(row.text(0)?);
    tx.lock(Owner::Org(&org_id))?;
    let left = tx.query_opt(
        "DELETE FROM memberships WHERE org_id = $1 AND user_id = $2 RETURNING bucket",
        params![&org_id, user_id],
    )?;
    if let Some(left) = left {
        pagination::leave(tx, &org_id, left.int(0)?)?;
        tx.changed(cached::MEMBERSHIP, &cached::key_in(&org_id, user_id.as_str()))?;
        let keys = api_key::settle(tx, &org_id, user_id, KeyPermissions::NONE, MadeKeys::Deactivate)?;
        let details = Details {
            reason: Some("account_deleted".to_owned()),
            api_keys: (keys > 0).then_some(keys),
            ..Details::default()
        };
        let event = NewEvent::new(Action::MemberRemove).by(Actor::System).within(&org_id);
        event::append(tx, event.about(user_id).to(Target::User(user_id.clone())).with(details))?;
    }
    Ok(Some(1))
}
