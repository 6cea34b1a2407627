//! `/merits/unsubscribe`: no more mails about merits of an org.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use sigma_platform::pages::view::csp::ContentSecurityPolicy;
use sigma_platform::pages::view::{PageContext, page};

/// The page. Its form posts to its own address.
#[derive(Clone, Debug)]
pub struct UnsubscribePage {
    /// The name of the org.
    pub org: String,
    /// The address.
    pub email: String,
    /// The sealed org and address.
    pub token: String,
    /// Whether it is done.
    pub done: bool,
}

#[derive(Template)]
#[template(path = "unsubscribe.html")]
struct UnsubscribeTemplate<'a> {
    context: &'a PageContext<'a>,
    view: &'a UnsubscribePage,
}

impl UnsubscribePage {
    /// The page.
    pub fn render(&self, context: &PageContext<'_>) -> Response {
        page(StatusCode::OK, &UnsubscribeTemplate { context, view: self }, ContentSecurityPolicy::Strict)
    }
}
