//! `/error`, and every page that is not there.

use askama::Template;
use axum::response::Response;
use http::StatusCode;

use super::PageContext;
use super::csp::ContentSecurityPolicy;
use super::page;

/// Something went wrong and cannot be told to the app. All text is ours or already cut to harmless characters.
#[derive(Clone, Debug)]
pub struct ErrorPage {
    /// The answer's status.
    pub status: StatusCode,
    /// What happened, in a few words.
    pub title: String,
    /// The error code, for developers.
    pub code: Option<String>,
    /// What happened and what to do.
    pub description: String,
    /// What to quote when asking for help.
    pub request_id: Option<String>,
    /// A way on.
    pub back: Option<Link>,
}

/// A link with its words.
#[derive(Clone, Debug)]
pub struct Link {
    /// Where to.
    pub href: String,
    /// The text of the link.
    pub label: String,
}

/// There is no such page.
#[derive(Clone, Copy, Debug)]
pub struct NotFound;

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorTemplate<'a> {
    context: &'a PageContext<'a>,
    view: &'a ErrorPage,
}

#[derive(Template)]
#[template(path = "not-found.html")]
struct NotFoundPage<'a> {
    context: &'a PageContext<'a>,
}

impl ErrorPage {
    /// The page.
    pub fn render(&self, context: &PageContext<'_>) -> Response {
        page(self.status, &ErrorTemplate { context, view: self }, ContentSecurityPolicy::Strict)
    }
}

impl NotFound {
    /// The page, with status 404.
    pub fn render(self, context: &PageContext<'_>) -> Response {
        page(StatusCode::NOT_FOUND, &NotFoundPage { context }, ContentSecurityPolicy::Strict)
    }
}
