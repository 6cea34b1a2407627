//! `POST /api/auth/revoke-session`, `/revoke-sessions` and `/revoke-other-sessions`: ends other sessions of this user.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use serde::{Deserialize, Serialize};
use sigma_core::actor::Actor;
use sigma_core::digest::Digest;
use sigma_core::ids::SessionId;
use sigma_store::session;
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::error::API;
use crate::error::bad_request;
use crate::extract::{
    JSON, SECRET_LENGTH, SignedIn, expired_session_cookie, is_content_type, read_object, wrong_content_type,
};
use crate::http::{ApiError, Endpoint, RequestContext};
use crate::interaction::with_cookie;
use crate::state::AppState;

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 3] {
    [
        Endpoint::new(API, routes!(revoke_session)),
        Endpoint::new(API, routes!(revoke_sessions)),
        Endpoint::new(API, routes!(revoke_other_sessions)),
    ]
}

/// The session to end.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct RevokeSessionBody {
    /// The `token` from the list, or the session's secret.
    token: String,
}

/// The confirmation.
#[derive(Debug, Serialize, ToSchema)]
pub struct RevokedAnswer {
    /// Always true.
    status: bool,
}

/// Ends a session of this user. An unknown session, or another user's, is not an error and is not affected.
#[utoipa::path(
    post,
    path = "/api/auth/revoke-session",
    operation_id = "revokeSession",
    tag = "Sign-in",
    request_body(content = RevokeSessionBody, content_type = "application/json"),
    responses(
        (status = 200, description = "The session was ended", body = RevokedAnswer),
        (status = 400, description = "No token"),
        (status = 401, description = "Nobody is signed in"),
        (status = 403, description = "From another origin"),
        (status = 415, description = "Not JSON"),
    )
)]
pub async fn revoke_session(
    State(sigma): State<AppState>,
    context: RequestContext,
    signed_in: SignedIn,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<RevokedAnswer>, ApiError> {
    if !is_content_type(&headers, JSON) {
        return Err(wrong_content_type("the body must be JSON"));
    }
    let body: RevokeSessionBody =
        read_object(&body).ok_or_else(|| bad_request("invalid_request", "token is required"))?;
    let (user_id, now) = (signed_in.account.user.id.clone(), sigma.now());
    let store = sigma.store_for(&context, Actor::User(user_id.clone()));
    if body.token.len() == SECRET_LENGTH && !body.token.starts_with("ses_") {
        let secret = Digest::of(&body.token);
        store.write(move |tx| session::end_by_secret(tx, &user_id, &secret, now)).await?;
    } else {
        let id = SessionId::from_text(body.token.as_str());
        store.write(move |tx| session::end(tx, &user_id, &id, now)).await?;
    }
    Ok(Json(RevokedAnswer { status: true }))
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

async fn end_all(
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
