//! `/workspace/login`: the sign-in page, with the user's workspaces as the target.

use axum::extract::State;
use axum::response::Response;
use sigma_core::interaction::Continuation;

use crate::extract::Browser;
use crate::http::{ApiError, Endpoint};
use crate::interaction::sign_in_first;
use crate::pages::policy::PAGE;
use crate::state::AppState;

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::get(PAGE, "/workspace/login", log_in)
}

async fn log_in(State(sigma): State<AppState>, browser: Browser) -> Result<Response, ApiError> {
    sign_in_first(&sigma, &browser, Continuation::workspaces())
}
