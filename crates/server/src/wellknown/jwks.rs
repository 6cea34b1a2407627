//! `GET /.well-known/jwks.json` and `/api/auth/jwks`: the keys that verify our tokens (RFC 7517 §5).

use axum::extract::State;
use axum::response::Response;

use crate::http::policy::Caching;
use crate::http::{Endpoint, Policy, routes, written_json};
use crate::state::AppState;
use crate::wellknown;

/// The path of this endpoint.
pub const PATH: &str = "/.well-known/jwks.json";

/// A new key is published a day before it signs.
const POLICY: Policy = Policy {
    caching: Caching::Allowed("public, max-age=300, stale-while-revalidate=300, stale-if-error=86400"),
    ..wellknown::POLICY
};

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::new(POLICY, routes!(jwks)).aliases(["/api/auth/jwks"])
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
    written_json(ring.jwks_json().to_owned())
}
