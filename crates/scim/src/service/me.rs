//! `/scim/v2/Me`: nobody signs in here as themselves (RFC 7644 §3.11).

use axum::extract::State;
use axum::response::Response;
use sigma_platform::http::{Endpoint, routes};
use sigma_platform::state::AppState;

use crate::POLICY;
use crate::caller::ScimCaller;
use crate::error::ScimError;

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::new(POLICY, routes!(me))
}

/// Refuses: a token is that of a connection, not of a person.
#[utoipa::path(
    get,
    path = "/scim/v2/Me",
    operation_id = "scimMe",
    tag = "Provisioning",
    security(("scim_token" = [])),
    responses(
        (status = 401, description = "No token, or one that does not work"),
        (status = 429, description = "Too many requests"),
        (status = 501, description = "Always"),
    )
)]
async fn me(State(sigma): State<AppState>, caller: ScimCaller) -> Response {
    caller.answer(&sigma, Err(ScimError::NotImplemented)).await
}
