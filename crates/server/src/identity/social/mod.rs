//! Accounts at upstream providers, as Better Auth's clients ask for them (`docs/spec/providers.md`).

pub mod link;
pub mod list;
pub mod sign_in;
pub mod unlink;

use axum::Json;
use axum::body::Bytes;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use sigma_core::interaction::Continuation;
use utoipa::ToSchema;

use crate::error::bad_request;
use crate::extract::{Browser, read_object};
use crate::http::ApiError;
use crate::interaction::{self, with_cookie};
use crate::providers::{Aim, NewFlow, Place, ProviderFailure, begin};
use crate::state::AppState;

/// Which provider, and where to continue. Better Auth's further members are ignored.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SocialBody {
    /// The id of the provider.
    provider: String,
    /// A path of this server, or a URL on a trusted origin.
    #[serde(rename = "callbackURL")]
    callback_url: Option<String>,
    /// The same, after a failure; `error` is added.
    #[serde(rename = "errorCallbackURL")]
    error_callback_url: Option<String>,
    /// The caller goes there itself: `redirect` is false then.
    #[serde(default)]
    disable_redirect: bool,
}

/// Where to send the browser.
#[derive(Debug, Serialize, ToSchema)]
pub struct SocialAnswer {
    /// The provider's sign-in page.
    url: String,
    /// Whether the client should go there.
    redirect: bool,
}

/// Begins a flow with the provider that `body` names.
async fn go(
    sigma: &AppState,
    browser: &Browser,
    body: &Bytes,
    continuation: Continuation,
    aim: Aim,
) -> Result<Response, ApiError> {
    let malformed = || bad_request("invalid_request", r#"the body must be {"provider":"…","callbackURL":"…"}"#);
    let wanted: SocialBody = read_object(body).ok_or_else(malformed)?;
    let provider = sigma.providers.find(&wanted.provider).ok_or_else(provider_not_found)?;
    let place = Place::of(sigma, wanted.callback_url.as_deref(), wanted.error_callback_url.as_deref());
    let place = place.transpose().map_err(|_| {
        let description = "callbackURL must be a path of this server or a URL on a trusted origin";
        ApiError::new(StatusCode::FORBIDDEN, "invalid_callback_url", description).with_code("INVALID_CALLBACK_URL")
    })?;
    let ongoing = interaction::begin(sigma, browser, continuation, sigma.now())?;
    let begun = begin(sigma, &provider, ongoing, NewFlow { place, ..NewFlow::of(aim) }).await?.map_err(unavailable)?;
    let answer = SocialAnswer { url: begun.url, redirect: !wanted.disable_redirect };
    Ok(with_cookie(Json(answer).into_response(), begun.set_cookie.as_deref()))
}

fn provider_not_found() -> ApiError {
    ApiError::new(StatusCode::NOT_FOUND, "oauth_provider_not_found", "Provider not found")
        .with_code("PROVIDER_NOT_FOUND")
}

fn unavailable(failure: ProviderFailure) -> ApiError {
    ApiError::new(StatusCode::BAD_GATEWAY, failure.code(), "The provider does not answer")
        .with_code("PROVIDER_UNAVAILABLE")
}

fn not_fresh() -> ApiError {
    ApiError::new(StatusCode::FORBIDDEN, "session_not_fresh", "Sign in again first.").with_code("SESSION_NOT_FRESH")
}
