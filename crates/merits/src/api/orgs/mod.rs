//! Orgs, and lists of what an org has.

mod edits;
mod fields;
mod merit;
mod merits;
mod search;
mod show;
mod templates;

use sigma_core::ids::OrgId;
use sigma_platform::http::Endpoint;

use crate::caller::OrgCaller;
use crate::error::MeritsError;
use crate::state::MeritsState;

/// These endpoints.
pub fn endpoints() -> [Endpoint<MeritsState>; 7] {
    [
        show::endpoint(),
        search::endpoint(),
        templates::endpoint(),
        fields::endpoint(),
        merits::endpoint(),
        edits::endpoint(),
        merit::endpoint(),
    ]
}

/// The org that a path names, which must be the one that the caller acts for.
async fn own(sigma: &MeritsState, caller: &OrgCaller, named: &str) -> Result<OrgId, MeritsError> {
    let org_id = sigma.org_named(named).await?;
    caller.require_org(&org_id)?;
    Ok(org_id)
}
