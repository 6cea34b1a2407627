//! `/api/auth/reference`: the OpenAPI document in Swagger UI, served from our own origin.

use askama::Template;
use axum::response::Response;
use http::StatusCode;

use super::csp::ContentSecurityPolicy;
use super::{PageContext, page};

/// The API reference. It loads `/openapi.json`.
#[derive(Clone, Copy, Debug)]
pub struct Reference;

#[derive(Template)]
#[template(path = "reference.html")]
struct ReferencePage<'a> {
    context: &'a PageContext<'a>,
}

impl Reference {
    /// The page.
    pub fn render(self, context: &PageContext<'_>) -> Response {
        page(StatusCode::OK, &ReferencePage { context }, ContentSecurityPolicy::Strict)
    }
}
