//! The API keys of orgs, as the management API shows, makes and ends them.

use sigma_core::ids::{ApiKeyId, OrgId};
use sigma_core::operator::OperatorRefusal;
use sigma_core::org::{Authority, Reason, Refusal};
use sigma_core::time::Timestamp;

use super::Decision;
use super::authority::Caller;
use super::orgs::{self, translated};
use crate::org::api_key::{self, ApiKey, NewApiKey};
use crate::{Owner, Stop, Tx};

/// At most `limit` keys of an org, newest first, after the one with that id.
pub fn list(
    tx: &mut dyn Tx,
    caller: &Caller,
    org_id: &OrgId,
    after: Option<&ApiKeyId>,
    limit: u32,
) -> Decision<Vec<ApiKey>> {
    orgs::find(tx, caller, org_id)?;
    Ok(api_key::list_after(tx, org_id, after, limit)?)
}

/// A key of an org.
pub fn find(tx: &mut dyn Tx, caller: &Caller, org_id: &OrgId, id: &ApiKeyId) -> Decision<ApiKey> {
    orgs::find(tx, caller, org_id)?;
    Ok(api_key::find(tx, org_id, id)?.ok_or(OperatorRefusal::NotFound)?)
}

/// Makes a key, which is nobody's in the org.
pub fn add(tx: &mut dyn Tx, caller: &Caller, org_id: &OrgId, new: &NewApiKey, now: Timestamp) -> Decision<ApiKey> {
    tx.lock(Owner::Org(org_id))?;
    orgs::changeable(tx, caller, org_id)?;
    let actor = tx.initiator().actor.clone();
    api_key::add_with(tx, org_id, (&actor, &Authority::Operator), new, now).map_err(|stop| match stop {
        Stop::Refused(Refusal::Conflict(Reason::ManyKeys)) => OperatorRefusal::ManyApiKeys.into(),
        stop => translated(stop),
    })
}

/// Deactivates a key for good, along with the keys that it created.
pub fn deactivate(tx: &mut dyn Tx, caller: &Caller, org_id: &OrgId, id: &ApiKeyId) -> Decision<ApiKey> {
    tx.lock(Owner::Org(org_id))?;
    orgs::changeable(tx, caller, org_id)?;
    let key = api_key::find(tx, org_id, id)?.ok_or(OperatorRefusal::NotFound)?;
    if !key.active {
        return Ok(key);
    }
    let actor = tx.initiator().actor.clone();
    api_key::deactivate_with(tx, org_id, (&actor, &Authority::Operator), id).map_err(translated)
}

/// Removes a key, and deactivates those that it created.
pub fn remove(tx: &mut dyn Tx, caller: &Caller, org_id: &OrgId, id: &ApiKeyId) -> Decision<()> {
    tx.lock(Owner::Org(org_id))?;
    orgs::changeable(tx, caller, org_id)?;
    let actor = tx.initiator().actor.clone();
    api_key::remove_with(tx, org_id, (&actor, &Authority::Operator), id).map_err(translated)
}
