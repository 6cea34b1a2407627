//! The apps that act for orgs which do not own them, as the management API shows and decides it.

use sigma_core::app::App;
use sigma_core::ids::{AppRef, OrgId};
use sigma_core::merits::{MeritProblem, OrgPermissions, RequestFault};
use sigma_core::operator::OperatorRefusal;
use sigma_core::time::Timestamp;

use super::Decision;
use super::authority::Caller;
use super::orgs;
use crate::merits::link::{self, Link};
use crate::{Owner, Stop, StoreError, Tx, app};

/// The apps that an org linked, the first one first: few.
pub fn list(tx: &mut dyn Tx, caller: &Caller, org_id: &OrgId) -> Decision<Vec<Link>> {
    orgs::find(tx, caller, org_id)?;
    Ok(link::list(tx, org_id)?)
}

/// The link of an app.
pub fn find(tx: &mut dyn Tx, caller: &Caller, org_id: &OrgId, named: &AppRef) -> Decision<Link> {
    orgs::find(tx, caller, org_id)?;
    let app = load(tx, named)?;
    Ok(link::find(tx, org_id, &app.id)?.ok_or(OperatorRefusal::NotFound)?)
}

/// Lets an app act for an org. A link that says the same stays; another is replaced, and the tokens that were issued by it end.
pub fn put(
    tx: &mut dyn Tx,
    caller: &Caller,
    (org_id, named): (&OrgId, &AppRef),
    permissions: OrgPermissions,
    now: Timestamp,
) -> Decision<Link> {
    tx.lock(Owner::Org(org_id))?;
    orgs::changeable(tx, caller, org_id)?;
    let app = load(tx, named)?;
    if let Some(link) = link::find(tx, org_id, &app.id)?.filter(|link| link.permissions == permissions) {
        return Ok(link);
    }
    let actor = tx.initiator().actor.clone();
    let put = link::put_for_operator(tx, org_id, &app, permissions, &actor, now).map_err(translated)?;
    Ok(put.ok_or(OperatorRefusal::OwnApp)?)
}

/// Ends a link: the app's next request is refused.
pub fn remove(tx: &mut dyn Tx, caller: &Caller, org_id: &OrgId, named: &AppRef) -> Decision<()> {
    tx.lock(Owner::Org(org_id))?;
    orgs::changeable(tx, caller, org_id)?;
    let app = load(tx, named)?;
    let actor = tx.initiator().actor.clone();
    link::remove_by(tx, org_id, &app.id, &actor).map_err(translated)
}

fn load(tx: &mut dyn Tx, named: &AppRef) -> Decision<App> {
    Ok(app::find_named(tx, named)?.ok_or(OperatorRefusal::NotFound)?)
}

fn translated(stop: Stop<MeritProblem>) -> Stop<OperatorRefusal> {
    match stop {
        Stop::Failed(error) => Stop::Failed(error),
        Stop::Refused(MeritProblem::NotFound) => OperatorRefusal::NotFound.into(),
        Stop::Refused(MeritProblem::Request(RequestFault::TooMany)) => OperatorRefusal::ManyLinks.into(),
        Stop::Refused(other) => Stop::Failed(StoreError::Failed(other.to_string())),
    }
}
