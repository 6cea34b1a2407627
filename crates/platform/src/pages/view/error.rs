//! `/error`, and every request that failed.

use askama::Template;
use axum::response::Response;
use http::StatusCode;

use super::PageContext;
use super::csp::ContentSecurityPolicy;
use super::page;

/// An error that cannot be returned to the app. All text is ours, or stripped to harmless characters.
#[derive(Clone, Debug)]
pub struct ErrorPage {
    /// The answer's status.
    pub status: StatusCode,
    /// The heading.
    pub title: String,
    /// The error code, for developers.
    pub code: Option<String>,
    /// What happened and what to do.
    pub description: String,
    /// The request id, to quote when asking for help.
    pub request_id: Option<String>,
    /// The possible next steps, the best first.
    pub links: Vec<Link>,
}

/// A link with its label.
#[derive(Clone, Debug)]
pub struct Link {
    /// Where to.
    pub href: String,
    /// The label.
    pub label: String,
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorTemplate<'a> {
    context: &'a PageContext<'a>,
    view: &'a ErrorPage,
}

impl ErrorPage {
    /// The page.
    pub fn render(&self, context: &PageContext<'_>) -> Response {
        page(self.status, &ErrorTemplate { context, view: self }, ContentSecurityPolicy::Strict)
    }
}
