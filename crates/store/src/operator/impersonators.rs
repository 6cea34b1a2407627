//! Who may act as other people at the apps of an org, and with the operator's org at every app, as the management API decides it.

use sigma_core::ids::{OrgId, UserId};
use sigma_core::operator::OperatorRefusal;
use sigma_core::time::Timestamp;

use super::Decision;
use super::authority::Caller;
use super::orgs;
use crate::user::{self, User};
use crate::{Owner, Tx, impersonation};

/// The people who may, and since when: few.
pub fn list(tx: &mut dyn Tx, caller: &Caller, org_id: &OrgId) -> Decision<Vec<(UserId, Timestamp)>> {
    orgs::find(tx, caller, org_id)?;
    Ok(impersonation::list_allowed(tx, org_id)?)
}

/// The same, as people see them.
pub fn people(tx: &mut dyn Tx, caller: &Caller, org_id: &OrgId) -> Decision<Vec<(User, Timestamp)>> {
    let mut found = Vec::new();
    for (user_id, since) in list(tx, caller, org_id)? {
        found.extend(user::find(tx, &user_id)?.map(|user| (user, since)));
    }
    Ok(found)
}

/// Lets a person act as others. Repeating it changes nothing.
pub fn allow(tx: &mut dyn Tx, caller: &Caller, org_id: &OrgId, user_id: &UserId, now: Timestamp) -> Decision<()> {
    tx.lock(Owner::Org(org_id))?;
    tx.lock(Owner::User(user_id))?;
    orgs::changeable(tx, caller, org_id)?;
    if user::find(tx, user_id)?.is_none() {
        return Err(OperatorRefusal::NotFound.into());
    }
    if impersonation::is_allowed(tx, org_id, user_id)? {
        return Ok(());
    }
    impersonation::allow(tx, org_id, user_id, now)?.ok_or(OperatorRefusal::ManyImpersonators)?;
    Ok(())
}

/// Takes that back, and ends what they began.
pub fn deny(tx: &mut dyn Tx, caller: &Caller, org_id: &OrgId, user_id: &UserId, now: Timestamp) -> Decision<()> {
    tx.lock(Owner::Org(org_id))?;
    tx.lock(Owner::User(user_id))?;
    orgs::changeable(tx, caller, org_id)?;
    if !impersonation::is_allowed(tx, org_id, user_id)? {
        return Err(OperatorRefusal::NotFound.into());
    }
    impersonation::deny(tx, org_id, user_id, now)?;
    Ok(())
}
