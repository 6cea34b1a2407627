//! `GET /.well-known/jwks.json` and `/api/auth/jwks`: the keys that verify our tokens (RFC 7517 §5).

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{HeaderValue, header};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

/// The path of this endpoint.
pub const PATH: &str = "/.well-known/jwks.json";

/// How long clients may cache the keys: a new one is published a day before it signs.
const CACHE: HeaderValue =
    HeaderValue::from_static("public, max-age=300, stale-while-revalidate=300, stale-if-error=86400");

/// The routes of this endpoint.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(jwks)).route("/api/auth/jwks", get(jwks))
}

/// Returns the public keys: current, upcoming, and retired ones until the last token that they signed has expired.
#[utoipa::path(
    get,
    path = PATH,
    operation_id = "getJwks",
    tag = "OpenID Connect",
    responses(
        (status = 200, description = "A JWK set", body = Object),
    )
)]
pub async fn jwks(State(sigma): State<AppState>) -> Response {
    let ring = sigma.keys.ring(&sigma.master_key).await;
    let headers =
        [(header::CACHE_CONTROL, CACHE), (header::CONTENT_TYPE, HeaderValue::from_static("application/json"))];
    (headers, ring.jwks_json().to_owned()).into_response()
}
