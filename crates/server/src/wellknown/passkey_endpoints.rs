//! `GET /.well-known/passkey-endpoints`: where password managers send users who want to add or manage passkeys.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::{ApiError, Endpoint, routes};
use crate::state::AppState;
use crate::wellknown;

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::new(wellknown::POLICY, routes!(passkey_endpoints))
}

/// The pages about passkeys.
#[derive(Serialize, ToSchema)]
struct PasskeyEndpoints {
    /// Where users add one.
    enroll: String,
    /// Where users rename and remove them.
    manage: String,
}

/// Returns where users manage their passkeys; 404 where browsers have none for the address of this server.
#[utoipa::path(
    get,
    path = "/.well-known/passkey-endpoints",
    operation_id = "getPasskeyEndpoints",
    tag = "Sign-in",
    responses(
        (status = 200, description = "The pages", body = PasskeyEndpoints),
        (status = 404, description = "There are no passkeys here"),
    )
)]
async fn passkey_endpoints(State(sigma): State<AppState>) -> Response {
    if sigma.relying_party().is_none() {
        return ApiError::new(StatusCode::NOT_FOUND, "not_found", "No passkeys").into_response();
    }
    let account = format!("{}/account", sigma.issuer());
    Json(PasskeyEndpoints { enroll: account.clone(), manage: account }).into_response()
}
