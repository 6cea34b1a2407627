//! `GET /api/auth/token`: the session as a JWT for Sigma's own APIs, 15 minutes.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use sigma_core::jose::{Algorithm, TokenKind, sign};
use sigma_core::token::SessionTokenClaims;
use utoipa::ToSchema;

use crate::error::API;
use crate::extract::SignedIn;
use crate::http::{ApiError, Endpoint, routes};
use crate::state::AppState;

/// Lifetime in seconds.
const LIFE: i64 = 15 * 60;

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::new(API, routes!(session_token))
}

/// The token.
#[derive(Debug, Serialize, ToSchema)]
pub struct SessionTokenAnswer {
    /// A JWT, `typ` `sigma-session+jwt`.
    token: String,
}

/// Returns the session as a JWT.
#[utoipa::path(
    get,
    path = "/api/auth/token",
    operation_id = "getSessionToken",
    tag = "Sign-in",
    responses(
        (status = 200, description = "The token", body = SessionTokenAnswer),
        (status = 401, description = "Nobody is signed in"),
    )
)]
pub async fn session_token(
    State(sigma): State<AppState>,
    signed_in: SignedIn,
) -> Result<Json<SessionTokenAnswer>, ApiError> {
    let now = sigma.now();
    let claims = SessionTokenClaims {
        iss: sigma.issuer().to_owned(),
        sub: signed_in.account.user.id.to_string(),
        aud: sigma.issuer().to_owned(),
        exp: now.seconds() + LIFE,
        iat: now.seconds(),
        sid: signed_in.session.id.to_string(),
    };
    let ring = sigma.keys.ring(&sigma.master_key).await;
    let token = sign(ring.signer(Algorithm::ES256, now), TokenKind::Session, &claims).map_err(ApiError::internal)?;
    Ok(Json(SessionTokenAnswer { token }))
}
