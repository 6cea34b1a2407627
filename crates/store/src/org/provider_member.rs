//! Memberships by the groups that an upstream provider tells: the operator configured which group is which role.

use sigma_core::actor::Actor;
use sigma_core::ids::{OrgId, UserId};
use sigma_core::org::text::folded;
use sigma_core::time::Timestamp;

use crate::org::api_key::MadeKeys;
use crate::org::decision::Decision;
use crate::org::membership::{self, Change, NewMember, State};
use crate::org::role;
use crate::{Stop, StoreError, Tx};

/// The role that a user has in an org by their groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// The org.
    pub org_id: OrgId,
    /// The name of the first role whose group they are in; `None` if they are in none.
    pub role: Option<String>,
    /// The names of all roles that groups give: a user in none of them loses those, and no other.
    pub managed: Vec<String>,
}

/// Gives the user the role, or takes it away. What the org does not allow, such as leaving it without an administrator, is
/// left as it is: signing in does not depend on it.
pub(crate) fn assign(
    tx: &mut dyn Tx,
    user_id: &UserId,
    assignment: &Assignment,
    now: Timestamp,
) -> Result<(), StoreError> {
    match decide(tx, user_id, assignment, now) {
        Ok(()) | Err(Stop::Refused(_)) => Ok(()),
        Err(Stop::Failed(error)) => Err(error),
    }
}

fn decide(tx: &mut dyn Tx, user_id: &UserId, assignment: &Assignment, now: Timestamp) -> Decision<()> {
    let org_id = &assignment.org_id;
    let wanted = match &assignment.role {
        Some(name) => role::find_by_name(tx, org_id, name)?,
        None => None,
    };
    let member = membership::find(tx, org_id, user_id)?;
    match (member, wanted) {
        (None, None) => {}
        (None, Some(role)) => {
            let new =
                NewMember { user_id: user_id.clone(), role_id: role.id, state: State::Active, quick_login: false };
            membership::add(tx, org_id, &Actor::Operator, &new, now)?;
        }
        (Some(member), Some(role)) => {
            // A member whom an administrator deactivated stays so.
            if member.role_id != role.id && member.state == State::Active {
                let change = Change { role_id: Some(role.id), ..Change::default() };
                membership::change(tx, org_id, &Actor::Operator, user_id, &change, now)?;
            }
        }
        (Some(member), None) => {
            let held = role::find_name(tx, org_id, &member.role_id)?;
            if held.is_some_and(|held| assignment.managed.iter().any(|name| folded(name) == folded(&held))) {
                membership::remove(tx, org_id, &Actor::Operator, user_id, MadeKeys::default(), now)?;
            }
        }
    }
    Ok(())
}
