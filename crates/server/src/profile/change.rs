//! `PUT /api/profile`: changes the fields that it names.

use axum::extract::State;
use axum::response::Response;
use sigma_store::profile::WriteMode;

use super::{ProfileAnswer, ProfileBody, ProfileWrites, WITH_PICTURE, stored};
use crate::extract::OwnApi;
use crate::http::{ApiError, Endpoint, RequestContext, routes};
use crate::state::AppState;

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::new(WITH_PICTURE, routes!(change))
}

/// Changes the profile of the identity that the caller acts as. Fields that are not sent stay as they are; an empty text or
/// `null` clears one.
#[utoipa::path(
    put,
    path = "/api/profile",
    operation_id = "changeProfile",
    tag = "Profile",
    security(("session" = []), ("access_token" = ["sigma:profile"]), ("key" = [])),
    request_body(content = ProfileBody, content_type = "application/json"),
    responses(
        (status = 200, description = "The profile", body = ProfileAnswer),
        (status = 400, description = "`invalid_profile`, `invalid_picture`, two credentials, or a malformed one"),
        (status = 401, description = "No credential, or an invalid one"),
        (status = 403, description = "The credential does not suffice; `BAP_OWNERSHIP_FAILED`"),
        (status = 404, description = "`profile_not_found`"),
        (status = 415, description = "Not JSON"),
    )
)]
pub async fn change(
    State(sigma): State<AppState>,
    context: RequestContext,
    request: OwnApi<ProfileWrites>,
) -> Result<Response, ApiError> {
    let entered = request.object()?;
    stored::write(&sigma, &context, &request.caller, entered, WriteMode::Change).await
}
