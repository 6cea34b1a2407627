//! One person whom the operator gives an account, and on request a role in an org.

use sigma_core::ids::{OrgId, OrgRef, RoleId};
use sigma_core::operator::{OperatorRefusal, OperatorRight};
use sigma_core::org::Authority;
use sigma_core::time::Timestamp;

use super::Decision;
use super::authority::{Caller, require};
use super::orgs::translated;
use crate::new_account::{self, NewAccount};
use crate::org::membership::{self, NewMember, State};
use crate::org::role;
use crate::user::User;
use crate::{Owner, Tx, email, org};

/// The role of new members, unless another is named.
pub const USUAL_ROLE: &str = "Member";

/// The org in which a new person gets a role.
#[derive(Clone, Debug)]
pub struct NewPlace {
    /// The org.
    pub org: OrgRef,
    /// The role, by its name or id; [`USUAL_ROLE`] if none is named.
    pub role: Option<String>,
}

/// The membership of a new person.
#[derive(Clone, Debug)]
pub struct Joined {
    /// The org.
    pub org_id: OrgId,
    /// Their role.
    pub role_id: RoleId,
    /// Its name.
    pub role: String,
}

/// Creates an account, with a membership if a place is named: for that the caller needs the right to change orgs too. Nothing is
/// written unless all of it is.
pub fn add(
    tx: &mut dyn Tx,
    caller: &Caller,
    new: &NewAccount,
    place: Option<&NewPlace>,
    now: Timestamp,
) -> Decision<(User, Option<Joined>)> {
    require(tx, caller, OperatorRight::ImportPeople)?;
    // A refusal commits, so everything that may be refused comes first.
    let joined = match place {
        Some(place) => Some(find_place(tx, caller, place)?),
        None => None,
    };
    if let Some(joined) = &joined {
        if email::find(tx, new.email.folded())?.is_some() {
            return Err(OperatorRefusal::AddressTaken.into());
        }
        if membership::find_by_email(tx, &joined.org_id, new.email.folded())?.is_some() {
            return Err(OperatorRefusal::Invited.into());
        }
        membership::require_room(tx, &joined.org_id).map_err(translated)?;
    }
    let user = new_account::add(tx, new, now)?.ok_or(OperatorRefusal::AddressTaken)?;
    if let Some(joined) = &joined {
        let actor = tx.initiator().actor.clone();
        let member = NewMember {
            user_id: user.id.clone(),
            role_id: joined.role_id.clone(),
            state: State::Active,
            quick_login: false,
        };
        membership::add_with(tx, &joined.org_id, (&actor, &Authority::Operator), &member, now).map_err(translated)?;
    }
    Ok((user, joined))
}

/// Locks the org, and finds the role there.
fn find_place(tx: &mut dyn Tx, caller: &Caller, place: &NewPlace) -> Decision<Joined> {
    require(tx, caller, OperatorRight::ManageOrgs)?;
    let org_id = org::resolve(tx, &place.org)?.ok_or(OperatorRefusal::NoOrg)?;
    if org_id == OrgId::operator() {
        return Err(OperatorRefusal::OwnOrg.into());
    }
    tx.lock(Owner::Org(&org_id))?;
    if org::find(tx, &org_id)?.is_none() {
        return Err(OperatorRefusal::NoOrg.into());
    }
    let named = place.role.as_deref().unwrap_or(USUAL_ROLE);
    let role = role::find_named(tx, &org_id, named)?.ok_or(OperatorRefusal::NoRole)?;
    Ok(Joined { org_id, role_id: role.id, role: role.name })
}
