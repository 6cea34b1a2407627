//! What the pages about one matter of an org have in common.

use sigma_core::ids::OrgId;
use sigma_core::interaction::{ConsolePage, OrgAccess};
use sigma_core::operator::OperatorRight;
use sigma_platform::pages::not_found;
use sigma_platform::state::AppState;
use sigma_store::org::Org;

use super::{Confirmation, confirmation, may_change};
use crate::operator::Operator;
use crate::outcome::PageError;
use crate::view::OrgPart;

/// The org that an address names.
pub fn org(id: &str) -> Result<OrgId, PageError> {
    Ok(OrgId::parse(id).ok_or_else(not_found)?)
}

/// The org that an address names, for somebody who may change it.
pub fn changed(sigma: &AppState, operator: &Operator, id: &str, access: OrgAccess) -> Result<OrgId, PageError> {
    let id = org(id)?;
    may_change(sigma, operator, OperatorRight::ManageOrgs, ConsolePage::OrgAccessChange(id.clone(), access))?;
    Ok(id)
}

/// The address of the page about what gives access to an org.
pub fn path(id: &OrgId, access: OrgAccess) -> String {
    format!("/console/orgs/{id}/{}", access.as_str())
}

/// What is around the page, and what whoever looks has to prove first.
pub fn part(
    sigma: &AppState,
    operator: &Operator,
    org: &Org,
    access: OrgAccess,
) -> Result<(OrgPart, Confirmation), PageError> {
    let page = ConsolePage::OrgAccessChange(org.id.clone(), access);
    let confirmation = confirmation(sigma, operator, OperatorRight::ManageOrgs, page)?;
    let reaches = operator.may_reach(&org.id);
    let part = OrgPart {
        name: org.name.clone(),
        back: format!("/console/orgs/{}", org.id),
        path: path(&org.id, access),
        may_change: confirmation.may_change && confirmation.url.is_none() && reaches,
        confirm_url: confirmation.url.clone().filter(|_| reaches),
    };
    Ok((part, confirmation))
}
