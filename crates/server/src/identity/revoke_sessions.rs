//! `POST /api/auth/revoke-sessions`: ends all sessions of this user.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use sigma_core::actor::Actor;
use sigma_core::ids::SessionId;
use sigma_store::session;

use super::revoke_session::RevokedAnswer;
use crate::error::API;
use crate::extract::{SignedIn, expired_session_cookie};
use crate::http::{ApiError, Endpoint, RequestContext, routes};
use crate::interaction::with_cookie;
use crate::state::AppState;

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::new(API, routes!(revoke_sessions))
}

/// Ends all sessions of this user, including this one.
#[utoipa::path(
    post,
    path = "/api/auth/revoke-sessions",
    operation_id = "revokeSessions",
    tag = "Sign-in",
    responses(
        (status = 200, description = "The sessions were ended", body = RevokedAnswer),
        (status = 401, description = "Nobody is signed in"),
        (status = 403, description = "From another origin"),
    )
)]
pub async fn revoke_sessions(
    State(sigma): State<AppState>,
    context: RequestContext,
    signed_in: SignedIn,
) -> Result<Response, ApiError> {
    end_all(&sigma, &context, &signed_in, None).await?;
    let response = Json(RevokedAnswer { status: true }).into_response();
    Ok(with_cookie(response, Some(&expired_session_cookie(&sigma))))
}

/// Ends the sessions of this user, except `kept`.
///
/// # Errors
/// The store does not answer.
pub async fn end_all(
    sigma: &AppState,
    context: &RequestContext,
    signed_in: &SignedIn,
    kept: Option<SessionId>,
) -> Result<(), ApiError> {
    let (user_id, now) = (signed_in.account.user.id.clone(), sigma.now());
    let store = sigma.store_for(context, Actor::User(user_id.clone()));
    // Each round ends a limited number, so that one transaction does not hold up others for long.
    loop {
        let (user_id, kept) = (user_id.clone(), kept.clone());
        let ended = store.write(move |tx| session::end_all(tx, &user_id, kept.as_ref(), now));
        if ended.await? == 0 {
            return Ok(());
        }
    }
}
