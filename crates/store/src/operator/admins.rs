//! The people of the console, whom its owners alone appoint.

use sigma_core::ids::{OrgId, UserId};
use sigma_core::operator::{OperatorRefusal, OperatorRight, OperatorRole};
use sigma_core::org::Refusal;
use sigma_core::time::Timestamp;

use super::authority::{Caller, require};
use super::role::{self, Workspace};
use super::{Decision, orgs};
use crate::org::membership;
use crate::user::User;
use crate::{Owner, Stop, Tx, user};

/// A person with a role of the operator's org.
#[derive(Clone, Debug)]
pub struct Administrator {
    /// Who.
    pub user: User,
    /// Their role.
    pub role: OperatorRole,
    /// Whether it counts: neither their account nor their membership is disabled.
    pub active: bool,
}

impl Administrator {
    fn of((user, role, is_active): (User, OperatorRole, bool)) -> Self {
        Self { active: is_active && !user.disabled, user, role }
    }
}

/// The people with a role, the strongest roles first.
pub fn list(tx: &mut dyn Tx, caller: &Caller) -> Decision<Vec<Administrator>> {
    require(tx, caller, OperatorRight::ManageAdmins)?;
    Ok(role::list(tx)?.into_iter().map(Administrator::of).collect())
}

/// One of them.
pub fn find(tx: &mut dyn Tx, caller: &Caller, user_id: &UserId) -> Decision<Administrator> {
    require(tx, caller, OperatorRight::ManageAdmins)?;
    load(tx, user_id)
}

fn load(tx: &mut dyn Tx, user_id: &UserId) -> Decision<Administrator> {
    let member = membership::find(tx, &OrgId::operator(), user_id)?.ok_or(OperatorRefusal::NotFound)?;
    let role = OperatorRole::of_id(&member.role_id).ok_or(OperatorRefusal::NotFound)?;
    let user = user::find(tx, user_id)?.ok_or(OperatorRefusal::NotFound)?;
    Ok(Administrator::of((user, role, member.state == membership::State::Active)))
}

/// Gives a person a role, in place of the one that they have. Repeating it changes nothing.
pub fn appoint(
    tx: &mut dyn Tx,
    caller: &Caller,
    user_id: &UserId,
    role: OperatorRole,
    workspace: &Workspace,
    now: Timestamp,
) -> Decision<Administrator> {
    tx.lock(Owner::Installation)?;
    tx.lock(Owner::Org(&OrgId::operator()))?;
    require(tx, caller, OperatorRight::ManageAdmins)?;
    role::prepare(tx, workspace, now)?;
    let actor = tx.initiator().actor.clone();
    role::appoint_by(tx, &actor, user_id, role, now).map_err(translated)?;
    // Owners may take their own role: whoever did is told what they are now.
    load(tx, user_id)
}

/// Takes a person's role away. Their account stays.
pub fn dismiss(tx: &mut dyn Tx, caller: &Caller, user_id: &UserId, now: Timestamp) -> Decision<()> {
    tx.lock(Owner::Org(&OrgId::operator()))?;
    find(tx, caller, user_id)?;
    let actor = tx.initiator().actor.clone();
    role::dismiss(tx, &actor, user_id, now).map_err(translated)
}

fn translated(stop: Stop<Refusal>) -> Stop<OperatorRefusal> {
    match stop {
        Stop::Refused(Refusal::LAST_ADMIN) => OperatorRefusal::LastOwner.into(),
        stop => orgs::translated(stop),
    }
}
