//! What members let the caller see.

mod access_merit;
mod merits;
mod show;

use std::sync::Arc;

use sigma_core::ids::UserId;
use sigma_core::merits::MeritProblem;
use sigma_platform::http::Endpoint;
use sigma_store::merits::access::Access;

use crate::caller::OrgCaller;
use crate::error::MeritsError;
use crate::state::MeritsState;
use crate::wire::ids::id;

/// These endpoints.
pub fn endpoints() -> [Endpoint<MeritsState>; 3] {
    [show::endpoint(), access_merit::endpoint(), merits::endpoint()]
}

/// The member of that id, and what they let the caller see. One who granted nothing and one who does not exist are the same.
async fn granted(sigma: &MeritsState, caller: &OrgCaller, member: &str) -> Result<(UserId, Arc<Access>), MeritsError> {
    let user_id: UserId = id(member)?;
    let access = sigma.find_access(&caller.org_id, &caller.app, &user_id).await?;
    Ok((user_id, access.ok_or(MeritProblem::AccessNotGranted)?))
}

/// The primary address of a member, if they have proven it.
async fn primary_address(sigma: &MeritsState, user_id: &UserId) -> Result<Option<String>, MeritsError> {
    let email = sigma.find_account(user_id).await?.and_then(|account| account.person(None).email);
    Ok(email.filter(|(_, is_verified)| *is_verified).map(|(address, _)| address))
}
