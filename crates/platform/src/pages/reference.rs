//! `/api/auth/reference`: the OpenAPI document as a page without remote content.

use axum::extract::State;
use axum::response::Response;

use crate::extract::Browser;
use crate::http::Endpoint;
use crate::pages::policy::PAGE;
use crate::pages::view::Reference;
use crate::state::AppState;

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::get(PAGE, "/api/auth/reference", reference)
}

async fn reference(State(sigma): State<AppState>, browser: Browser) -> Response {
    Reference.render(&sigma.page_in(sigma.language_for(&browser, None)))
}
