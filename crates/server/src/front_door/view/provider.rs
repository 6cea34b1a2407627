//! The question whether to link an account at a provider.

use askama::Template;
use axum::response::Response;
use http::StatusCode;

use crate::pages::view::csp::ContentSecurityPolicy;
use crate::pages::view::{PageContext, page};

/// Asks whether to link an account at a provider. `link_url` accepts a POST without fields.
#[derive(Clone, Debug)]
pub struct LinkQuestion {
    /// What the provider is called.
    pub provider: String,
    /// The account there, by its address or id.
    pub account: String,
    /// Why it cannot be linked.
    pub refusal: Option<String>,
    /// Action of the form.
    pub link_url: String,
    /// Path to continue without.
    pub continue_url: String,
}

#[derive(Template)]
#[template(path = "front-door/link.html")]
struct LinkTemplate<'a> {
    context: &'a PageContext<'a>,
    view: &'a LinkQuestion,
}

impl LinkQuestion {
    /// The page. After the form an app that was agreed to before gets its answer at once.
    pub fn render(&self, status: StatusCode, context: &PageContext<'_>) -> Response {
        page(status, &LinkTemplate { context, view: self }, ContentSecurityPolicy::Leaving)
    }
}
