//! `DELETE /api/profile`: deletes a profile with its picture.

use axum::Json;
use axum::extract::{RawQuery, State};
use serde::Serialize;
use sigma_core::params::Params;
use utoipa::ToSchema;

use super::{POLICY, ProfileWrites, identity_of};
use crate::extract::OwnApi;
use crate::http::{ApiError, Endpoint, RequestContext, routes};
use crate::profiles;
use crate::state::AppState;

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::new(POLICY, routes!(remove))
}

/// A deleted profile.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ProfileRemoved {
    /// `true`.
    success: bool,
}

/// Deletes the profile of the identity that the caller acts as. Not with a signature, which names no method.
#[utoipa::path(
    delete,
    path = "/api/profile",
    operation_id = "removeProfile",
    tag = "Profile",
    security(("session" = []), ("access_token" = ["sigma:profile"])),
    params(("bapId" = Option<String>, Query, description = "Another identity of the account")),
    responses(
        (status = 200, description = "It was deleted", body = ProfileRemoved),
        (status = 400, description = "Two credentials, or a malformed one"),
        (status = 401, description = "No credential, or an invalid one"),
        (status = 403, description = "The credential does not suffice; `BAP_OWNERSHIP_FAILED`"),
        (status = 404, description = "`profile_not_found`"),
    )
)]
pub async fn remove(
    State(sigma): State<AppState>,
    context: RequestContext,
    RawQuery(query): RawQuery,
    request: OwnApi<ProfileWrites>,
) -> Result<Json<ProfileRemoved>, ApiError> {
    let params = Params::parse(query.as_deref().unwrap_or_default());
    let bap_id = identity_of(&request.caller, params.get("bapId"))?;
    let caller = &request.caller;
    profiles::remove(&sigma, &context, caller.actor(), caller.user_id(), bap_id).await?;
    Ok(Json(ProfileRemoved { success: true }))
}
