//! `POST /api/auth/revoke-other-sessions`: ends all sessions of this user except this one.

use axum::Json;
use axum::extract::State;

use super::revoke_session::RevokedAnswer;
use super::revoke_sessions::end_all;
use crate::error::API;
use crate::extract::SignedIn;
use crate::http::{ApiError, Endpoint, RequestContext, routes};
use crate::state::AppState;

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::new(API, routes!(revoke_other_sessions))
}

/// Ends all sessions of this user except this one.
#[utoipa::path(
    post,
    path = "/api/auth/revoke-other-sessions",
    operation_id = "revokeOtherSessions",
    tag = "Sign-in",
    responses(
        (status = 200, description = "The sessions were ended", body = RevokedAnswer),
        (status = 401, description = "Nobody is signed in"),
        (status = 403, description = "From another origin"),
    )
)]
pub async fn revoke_other_sessions(
    State(sigma): State<AppState>,
    context: RequestContext,
    signed_in: SignedIn,
) -> Result<Json<RevokedAnswer>, ApiError> {
    end_all(&sigma, &context, &signed_in, Some(signed_in.session.id.clone())).await?;
    Ok(Json(RevokedAnswer { status: true }))
}
