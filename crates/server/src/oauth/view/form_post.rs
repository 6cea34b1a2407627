//! The response of `response_mode=form_post` (OAuth 2.0 Form Post Response Mode §2): a form submitted by script, with a
//! button for browsers without script.

use askama::Template;
use axum::response::Response;
use http::StatusCode;

use crate::pages::view::csp::ContentSecurityPolicy;
use crate::pages::view::{PageContext, page};

/// Delivers an authorization response to the app by POST.
#[derive(Clone, Debug)]
pub struct FormPost {
    /// The redirect URI.
    pub action: String,
    /// Name and value of each parameter.
    pub fields: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "form-post.html")]
struct FormPostPage<'a> {
    context: &'a PageContext<'a>,
    view: &'a FormPost,
}

impl FormPost {
    /// The page.
    pub fn render(&self, context: &PageContext<'_>) -> Response {
        page(StatusCode::OK, &FormPostPage { context, view: self }, ContentSecurityPolicy::Leaving)
    }
}
