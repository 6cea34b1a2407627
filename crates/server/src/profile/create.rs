//! `POST /api/profile/create`: fills in a profile for the first time.

use axum::extract::State;
use axum::response::Response;
use sigma_store::profile::WriteMode;

use super::{ProfileAnswer, ProfileBody, ProfileWrites, WITH_PICTURE, stored};
use crate::extract::OwnApi;
use crate::http::{ApiError, Endpoint, RequestContext, routes};
use crate::state::AppState;

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::new(WITH_PICTURE, routes!(create))
}

/// Creates the profile of the identity that the caller acts as.
///
/// A `password` in the body is not read: the server never learns the password of a backup.
#[utoipa::path(
    post,
    path = "/api/profile/create",
    operation_id = "createProfile",
    tag = "Profile",
    security(("session" = []), ("access_token" = ["sigma:profile"]), ("key" = [])),
    request_body(content = ProfileBody, content_type = "application/json"),
    responses(
        (status = 200, description = "The profile", body = ProfileAnswer),
        (status = 400, description = "`invalid_profile`, `invalid_picture`, two credentials, or a malformed one"),
        (status = 401, description = "No credential, or an invalid one"),
        (status = 403, description = "The credential does not suffice; `BAP_OWNERSHIP_FAILED`"),
        (status = 409, description = "`profile_exists`, `too_many_profiles`"),
        (status = 415, description = "Not JSON"),
    )
)]
pub async fn create(
    State(sigma): State<AppState>,
    context: RequestContext,
    request: OwnApi<ProfileWrites>,
) -> Result<Response, ApiError> {
    let entered = request.object()?;
    stored::write(&sigma, &context, &request.caller, entered, WriteMode::Create).await
}
