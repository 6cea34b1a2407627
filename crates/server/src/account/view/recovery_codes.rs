//! The page that shows new recovery codes.

use askama::Template;
use axum::response::Response;
use http::StatusCode;

use crate::pages::view::csp::ContentSecurityPolicy;
use crate::pages::view::{PageContext, page};

/// Shows recovery codes, once.
#[derive(Clone)]
pub struct RecoveryCodesPage {
    /// The codes; none if the account keeps those that it has.
    pub codes: Vec<String>,
    /// Whether an authenticator app was just added.
    pub has_new_authenticator: bool,
    /// Path to continue at.
    pub continue_url: String,
}

#[derive(Template)]
#[template(path = "account/recovery-codes.html")]
struct RecoveryCodesTemplate<'a> {
    context: &'a PageContext<'a>,
    view: &'a RecoveryCodesPage,
}

impl RecoveryCodesPage {
    /// The page.
    pub fn render(&self, context: &PageContext<'_>) -> Response {
        page(StatusCode::OK, &RecoveryCodesTemplate { context, view: self }, ContentSecurityPolicy::Strict)
    }
}
