//! `POST /api/auth/link-social`: begins linking an account at a provider.

use axum::body::Bytes;
use axum::extract::State;
use axum::response::Response;
use sigma_core::interaction::{AccountPage, Continuation};

use super::{SocialAnswer, SocialBody, go, not_fresh};
use crate::error::API;
use crate::extract::{Browser, SignedIn};
use crate::http::{ApiError, Endpoint, routes};
use crate::providers::Aim;
use crate::state::AppState;

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::new(API, routes!(link_social))
}

/// Begins linking an account at a provider to the signed-in user, whose sign-in must be at most 15 minutes ago.
#[utoipa::path(
    post,
    path = "/api/auth/link-social",
    operation_id = "linkSocial",
    tag = "Sign-in",
    request_body(content = SocialBody, content_type = "application/json"),
    responses(
        (status = 200, description = "Where to send the browser", body = SocialAnswer),
        (status = 400, description = "The body is malformed"),
        (status = 401, description = "Nobody is signed in"),
        (status = 403, description = "`SESSION_NOT_FRESH`, `INVALID_CALLBACK_URL`, or from another origin"),
        (status = 404, description = "`PROVIDER_NOT_FOUND`"),
        (status = 502, description = "`PROVIDER_UNAVAILABLE`: it does not answer"),
    )
)]
pub async fn link_social(
    State(sigma): State<AppState>,
    browser: Browser,
    signed_in: SignedIn,
    body: Bytes,
) -> Result<Response, ApiError> {
    if !signed_in.may_change_credentials(&sigma) {
        return Err(not_fresh());
    }
    let aim = Aim::Link { user_id: signed_in.account.user.id.clone(), session_id: signed_in.session.id.clone() };
    let continuation = Continuation::Account { page: AccountPage::Overview };
    go(&sigma, &browser, &body, continuation, aim).await
}
