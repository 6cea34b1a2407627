//! What a caller of the console may do at this moment.

use sigma_core::ids::{OrgId, RoleId, UserId};
use sigma_core::operator::{OperatorRefusal, OperatorRight, OperatorRole};

use super::Decision;
use crate::{StoreError, Tx, params};

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    /// A person, with whatever role they have now.
    Person(UserId),
    /// An app of the operator on its own behalf, which its token lets do what a role may do.
    App(OperatorRole),
}

/// The role of a person with an enabled account who is an active member of the operator's org.
pub fn find_role(tx: &mut dyn Tx, user_id: &UserId) -> Result<Option<OperatorRole>, StoreError> {
    let row = tx.query_opt(
        "SELECT m.role_id FROM memberships m JOIN users u ON u.id = m.user_id
         WHERE m.org_id = $1 AND m.user_id = $2 AND m.state = 'active' AND u.disabled = 0",
        params![OrgId::operator(), user_id],
    )?;
    let role = row.map(|row| row.text(0)).transpose()?;
    Ok(role.and_then(|id| OperatorRole::of_id(&RoleId::from_text(id))))
}

/// The role of a member of the operator's org, whether or not it counts at present.
pub(super) fn held_role(tx: &mut dyn Tx, user_id: &UserId) -> Result<Option<OperatorRole>, StoreError> {
    let sql = "SELECT role_id FROM memberships WHERE org_id = $1 AND user_id = $2";
    let role = tx.query_opt(sql, params![OrgId::operator(), user_id])?.map(|row| row.text(0)).transpose()?;
    Ok(role.and_then(|id| OperatorRole::of_id(&RoleId::from_text(id))))
}

/// The role of the caller, which includes `right`.
pub(super) fn require(tx: &mut dyn Tx, caller: &Caller, right: OperatorRight) -> Decision<OperatorRole> {
    let role = match caller {
        Caller::Person(user_id) => find_role(tx, user_id)?.ok_or(OperatorRefusal::Stranger)?,
        Caller::App(role) => *role,
    };
    if role.may(right) { Ok(role) } else { Err(OperatorRefusal::Denied.into()) }
}

/// The role of a caller who may see the overview, as everybody with one may.
pub fn role_of(tx: &mut dyn Tx, caller: &Caller) -> Decision<OperatorRole> {
    require(tx, caller, OperatorRight::Overview)
}

/// Whether the caller may do what touches nothing in the database.
pub fn may(tx: &mut dyn Tx, caller: &Caller, right: OperatorRight) -> Decision<()> {
    require(tx, caller, right).map(drop)
}

/// Requires that the caller may do this to the account of `user_id`. Somebody whose account or membership is disabled is
/// still out of the reach of those below their role.
pub(super) fn require_over(tx: &mut dyn Tx, caller: &Caller, right: OperatorRight, user_id: &UserId) -> Decision<()> {
    let role = require(tx, caller, right)?;
    let is_oneself = matches!(caller, Caller::Person(own) if own == user_id);
    if is_oneself || role.may_act_on(held_role(tx, user_id)?) { Ok(()) } else { Err(OperatorRefusal::BeyondOwn.into()) }
}
