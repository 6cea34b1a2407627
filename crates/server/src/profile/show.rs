//! `GET /api/profile`: what the user says about themselves.

use axum::extract::RawQuery;
use axum::response::Response;
use sigma_core::params::Params;

use super::{POLICY, ProfileAnswer, ProfileReads, held, identity_of};
use crate::extract::OwnApi;
use crate::http::{ApiError, Endpoint, routes};
use crate::state::AppState;

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::new(POLICY, routes!(show))
}

/// Returns the profile of the identity that the caller acts as.
#[utoipa::path(
    get,
    path = "/api/profile",
    operation_id = "getProfile",
    tag = "Profile",
    security(("session" = []), ("access_token" = ["sigma:profile"]), ("key" = [])),
    params(("bapId" = Option<String>, Query, description = "Another identity of the account")),
    responses(
        (status = 200, description = "The profile", body = ProfileAnswer),
        (status = 400, description = "Two credentials, or a malformed one"),
        (status = 401, description = "No credential, or an invalid one"),
        (status = 403, description = "The credential does not suffice; `BAP_OWNERSHIP_FAILED`"),
        (status = 404, description = "`profile_not_found`"),
    )
)]
pub async fn show(RawQuery(query): RawQuery, request: OwnApi<ProfileReads>) -> Result<Response, ApiError> {
    let params = Params::parse(query.as_deref().unwrap_or_default());
    let bap_id = identity_of(&request.caller, params.get("bapId"))?;
    Ok(ProfileAnswer::of(&request.caller, held(&request.caller.account, bap_id.as_ref())?))
}
