//! The client information response (RFC 7591 §3.2.1, RFC 7592 §3).

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Serialize;
use serde_json::{Map, Value, json};
use sigma_core::app::App;
use sigma_core::registration::information;
use utoipa::ToSchema;

use crate::paths::REGISTER_PATH;
use crate::state::AppState;

/// What was registered, as the OpenAPI document describes it; the metadata that was sent comes back with it.
#[derive(Serialize, ToSchema)]
pub struct ClientInformation {
    /// The client id.
    client_id: String,
    /// Seconds since the epoch.
    client_id_issued_at: i64,
    /// Only in the response that issues it.
    #[schema(required = false)]
    client_secret: String,
    /// Always 0: secrets do not expire.
    #[schema(required = false)]
    client_secret_expires_at: i64,
    /// Where the registration is read, changed and deleted.
    registration_client_uri: String,
    /// The Bearer token for that.
    registration_access_token: String,
    client_name: String,
    redirect_uris: Vec<String>,
    grant_types: Vec<String>,
    response_types: Vec<String>,
    token_endpoint_auth_method: String,
    scope: String,
}

/// The response to a registration, or to a request that manages one.
pub fn respond(sigma: &AppState, status: StatusCode, app: &App, token: &str, secret: Option<&str>) -> Response {
    let mut members: Map<String, Value> = information(app);
    let mut tell = |name: &str, value: Value| members.insert(name.to_owned(), value);
    if let Some(secret) = secret {
        tell("client_secret", json!(secret));
        tell("client_secret_expires_at", json!(0));
    }
    tell("registration_client_uri", json!(format!("{}{REGISTER_PATH}/{}", sigma.issuer(), app.client_id)));
    tell("registration_access_token", json!(token));
    (status, Json(members)).into_response()
}
