//! `/workspace/login`: the sign-in page, with the user's workspaces as the target.

use axum::extract::State;
use axum::response::Response;
use sigma_core::interaction::Continuation;

use sigma_platform::extract::Browser;
use sigma_platform::http::{ApiError, Endpoint};
use sigma_platform::interaction::sign_in_first;
use sigma_platform::pages::policy::PAGE;
use sigma_platform::state::AppState;

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::get(PAGE, "/workspace/login", log_in)
}

async fn log_in(State(sigma): State<AppState>, browser: Browser) -> Result<Response, ApiError> {
    sign_in_first(&sigma, &browser, Continuation::workspaces())
}
