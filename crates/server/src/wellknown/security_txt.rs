//! `GET /.well-known/security.txt`: where people report vulnerabilities of this installation (RFC 9116).

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};

use crate::http::policy::Caching;
use crate::http::{ApiError, Endpoint, Policy, routes};
use crate::state::AppState;
use crate::wellknown;

const POLICY: Policy = Policy { caching: Caching::Allowed("public, max-age=3600"), ..wellknown::POLICY };

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::new(POLICY, routes!(security_txt))
}

/// Returns where people report vulnerabilities of this installation; 404 where that is not configured.
#[utoipa::path(
    get,
    path = "/.well-known/security.txt",
    operation_id = "getSecurityTxt",
    tag = "Server",
    responses(
        (status = 200, description = "The document of RFC 9116", body = String, content_type = "text/plain"),
        (status = 404, description = "No contact is configured"),
    )
)]
async fn security_txt(State(sigma): State<AppState>) -> Response {
    let settings = &sigma.settings;
    match settings.security_txt.document(sigma.issuer(), &settings.languages.offered, sigma.now()) {
        Some(text) => ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response(),
        None => ApiError::new(StatusCode::NOT_FOUND, "not_found", "No contact is configured").into_response(),
    }
}
