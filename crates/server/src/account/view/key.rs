//! The page that adds a key.

use askama::Template;
use axum::response::Response;
use http::StatusCode;

use crate::pages::view::csp::ContentSecurityPolicy;
use crate::pages::view::{PageContext, page};

/// Creates or imports a key, which the script then adds.
#[derive(Clone, Debug)]
pub struct AddKey {
    /// The account that the new key signs for.
    pub user_id: String,
    /// Whether the account has a key, which may be lost.
    pub has_key: bool,
    /// Path to continue at.
    pub continue_url: String,
}

#[derive(Template)]
#[template(path = "account/key.html")]
struct AddKeyPage<'a> {
    context: &'a PageContext<'a>,
    view: &'a AddKey,
}

impl AddKey {
    /// The page.
    pub fn render(&self, context: &PageContext<'_>) -> Response {
        page(StatusCode::OK, &AddKeyPage { context, view: self }, ContentSecurityPolicy::Strict)
    }
}
