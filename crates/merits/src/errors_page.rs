//! `GET /v2/errors`: what each error code means. `doc_url` of every error leads to its place on this page.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use sigma_platform::http::Endpoint;
use sigma_platform::pages::policy::PAGE;
use sigma_platform::pages::view::csp::ContentSecurityPolicy;
use sigma_platform::pages::view::{PageContext, page};
use sigma_platform::state::AppState;

use crate::code::Code;

/// The path of the page.
pub const PATH: &str = "/v2/errors";

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::get(PAGE, PATH, errors)
}

#[derive(Template)]
#[template(path = "errors.html")]
struct ErrorsPage<'a> {
    context: &'a PageContext<'a>,
    codes: &'static [Code],
}

async fn errors(State(sigma): State<AppState>) -> Response {
    page(StatusCode::OK, &ErrorsPage { context: &sigma.page(), codes: Code::ALL }, ContentSecurityPolicy::Strict)
}
