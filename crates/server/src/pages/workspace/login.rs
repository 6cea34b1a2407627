//! `/workspace/login`: the sign-in page, with the user's workspaces as the target.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use sigma_core::interaction::Continuation;

use crate::extract::Browser;
use crate::front_door::sign_in_first;
use crate::http::ApiError;
use crate::state::AppState;

/// The routes of this page.
pub fn router() -> Router<AppState> {
    Router::new().route("/workspace/login", get(log_in))
}

async fn log_in(State(sigma): State<AppState>, browser: Browser) -> Result<Response, ApiError> {
    sign_in_first(&sigma, &browser, Continuation::workspaces())
}
