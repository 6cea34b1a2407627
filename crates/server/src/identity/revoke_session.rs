//! `POST /api/auth/revoke-session`: ends a session of this user.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use http::HeaderMap;
use serde::{Deserialize, Serialize};
use sigma_core::actor::Actor;
use sigma_core::digest::Digest;
use sigma_core::ids::SessionId;
use sigma_store::session;
use utoipa::ToSchema;

use crate::error::{API, bad_request};
use crate::extract::{JSON, SECRET_LENGTH, SignedIn, is_content_type, read_object, wrong_content_type};
use crate::http::{ApiError, Endpoint, RequestContext, routes};
use crate::state::AppState;

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::new(API, routes!(revoke_session))
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
    pub status: bool,
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
