//! What `/console/first-owner` shows.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use sigma_platform::pages::view::csp::ContentSecurityPolicy;
use sigma_platform::pages::view::{PageContext, page};

/// `/console/first-owner`. Its form posts `token` to the same address.
#[derive(Clone, Debug)]
pub struct FirstOwnerPage {
    /// The secret of the link.
    pub token: String,
    /// Who is signed in.
    pub name: String,
    /// Their address.
    pub email: Option<String>,
    /// Where they sign in as somebody else.
    pub switch_url: String,
}

#[derive(Template)]
#[template(path = "console/first-owner.html")]
struct FirstOwnerTemplate<'a> {
    context: &'a PageContext<'a>,
    view: &'a FirstOwnerPage,
}

impl FirstOwnerPage {
    /// The page.
    pub fn render(&self, context: &PageContext<'_>) -> Response {
        page(StatusCode::OK, &FirstOwnerTemplate { context, view: self }, ContentSecurityPolicy::Strict)
    }
}
