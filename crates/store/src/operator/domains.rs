//! The domains of orgs, as the operator sees, adds, proves, routes and removes them. A domain is proven by its record whoever asks.

use sigma_core::actor::Actor;
use sigma_core::domain::Domain;
use sigma_core::ids::OrgId;
use sigma_core::operator::OperatorRefusal;
use sigma_core::time::Timestamp;

use super::Decision;
use super::authority::Caller;
use super::orgs::{self, changeable, translated};
use crate::org::domain::{self, OrgDomain};
use crate::{Owner, Tx};

/// The domains of an org, by name: few.
pub fn list(tx: &mut dyn Tx, caller: &Caller, org_id: &OrgId) -> Decision<Vec<OrgDomain>> {
    orgs::find(tx, caller, org_id)?;
    Ok(domain::list(tx, org_id)?)
}

/// A domain of an org.
pub fn find(tx: &mut dyn Tx, caller: &Caller, org_id: &OrgId, name: &Domain) -> Decision<OrgDomain> {
    orgs::find(tx, caller, org_id)?;
    Ok(domain::find(tx, org_id, name)?.ok_or(OperatorRefusal::NotFound)?)
}

/// A domain whose record the caller may have looked up.
pub fn to_prove(tx: &mut dyn Tx, caller: &Caller, org_id: &OrgId, name: &Domain) -> Decision<OrgDomain> {
    changeable(tx, caller, org_id)?;
    Ok(domain::find(tx, org_id, name)?.ok_or(OperatorRefusal::NotFound)?)
}

/// Claims a domain for an org; `token` is what its record has to say. Claiming it again changes nothing.
pub fn add(
    tx: &mut dyn Tx,
    caller: &Caller,
    org_id: &OrgId,
    (name, token): (&Domain, &str),
    now: Timestamp,
) -> Decision<OrgDomain> {
    let actor = lock(tx, caller, org_id)?;
    domain::claim(tx, (org_id, &actor), name, token, now).map_err(translated)
}

/// Takes the texts that were found at the name of the record: if they prove the domain, it is the org's.
pub fn prove(
    tx: &mut dyn Tx,
    caller: &Caller,
    org_id: &OrgId,
    (name, texts): (&Domain, &[String]),
    now: Timestamp,
) -> Decision<OrgDomain> {
    let actor = lock(tx, caller, org_id)?;
    domain::take_texts(tx, (org_id, &actor), (name, texts), now).map_err(translated)
}

/// Says which provider signs in the people of a domain; `None` leaves the choice to them. Repeating it changes nothing.
pub fn set_provider(
    tx: &mut dyn Tx,
    caller: &Caller,
    org_id: &OrgId,
    (name, provider): (&Domain, Option<&str>),
) -> Decision<OrgDomain> {
    let actor = lock(tx, caller, org_id)?;
    domain::route(tx, (org_id, &actor), name, provider).map_err(translated)?;
    Ok(domain::find(tx, org_id, name)?.ok_or(OperatorRefusal::NotFound)?)
}

/// Gives up a domain.
pub fn remove(tx: &mut dyn Tx, caller: &Caller, org_id: &OrgId, name: &Domain) -> Decision<()> {
    let actor = lock(tx, caller, org_id)?;
    domain::give_up(tx, (org_id, &actor), name).map_err(translated)
}

/// Who changes the org, which they may; nobody else changes it until the transaction ends. The operator's own org is changed by its
/// owners alone.
fn lock(tx: &mut dyn Tx, caller: &Caller, org_id: &OrgId) -> Decision<Actor> {
    tx.lock(Owner::Org(org_id))?;
    changeable(tx, caller, org_id)?;
    Ok(tx.initiator().actor.clone())
}
