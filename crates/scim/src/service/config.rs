//! `GET /scim/v2/ServiceProviderConfig`: what the service can do (RFC 7643 §5).

use axum::extract::State;
use axum::response::Response;
use sigma_core::scim;
use sigma_platform::http::{Endpoint, routes};
use sigma_platform::state::AppState;

use super::refuse_filter;
use crate::POLICY;
use crate::answer::{Answer, base};
use crate::caller::ScimCaller;

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::new(POLICY, routes!(config))
}

/// Returns what the service can do.
#[utoipa::path(
    get,
    path = "/scim/v2/ServiceProviderConfig",
    operation_id = "scimServiceProviderConfig",
    tag = "Provisioning",
    security(("scim_token" = [])),
    responses(
        (status = 200, description = "The configuration", content_type = "application/scim+json", body = Object),
        (status = 401, description = "No token, or one that does not work"),
        (status = 403, description = "A filter"),
        (status = 429, description = "Too many requests"),
    )
)]
async fn config(State(sigma): State<AppState>, caller: ScimCaller) -> Response {
    let answered = refuse_filter(&caller).map(|()| Answer::of(scim::service_provider(&base(&sigma))));
    caller.answer(&sigma, answered).await
}
