//! `POST /api/auth/sign-in/social`: begins a sign-in with an account at a provider.

use axum::body::Bytes;
use axum::extract::State;
use axum::response::Response;
use sigma_core::interaction::Continuation;

use super::{SocialAnswer, SocialBody, go, provider_not_found};
use crate::error::API;
use crate::extract::Browser;
use crate::http::policy::Cookies;
use crate::http::{ApiError, Endpoint, Policy, routes};
use crate::providers::Aim;
use crate::settings::SignInMethod;
use crate::state::AppState;

/// Begins a sign-in: pages of other sites may not.
const POLICY: Policy = Policy { cookies: Cookies::SignIn, ..API };

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::new(POLICY, routes!(sign_in_social))
}

/// Begins a sign-in with an account at a provider.
#[utoipa::path(
    post,
    path = "/api/auth/sign-in/social",
    operation_id = "signInSocial",
    tag = "Sign-in",
    request_body(content = SocialBody, content_type = "application/json"),
    responses(
        (status = 200, description = "Where to send the browser; a cookie binds the sign-in to it", body = SocialAnswer),
        (status = 400, description = "The body is malformed"),
        (status = 403, description = "`INVALID_CALLBACK_URL`, or from another origin"),
        (status = 404, description = "`PROVIDER_NOT_FOUND`"),
        (status = 502, description = "`PROVIDER_UNAVAILABLE`: it does not answer"),
    )
)]
pub async fn sign_in_social(
    State(sigma): State<AppState>,
    browser: Browser,
    body: Bytes,
) -> Result<Response, ApiError> {
    if !sigma.settings.sign_in.methods.contains(&SignInMethod::Provider) {
        return Err(provider_not_found());
    }
    go(&sigma, &browser, &body, Continuation::Home, Aim::SignIn).await
}
