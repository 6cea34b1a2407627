//! Logout requested by an app (OpenID Connect RP-Initiated Logout §2): the question and the confirmation.

use askama::Template;
use axum::response::Response;
use http::StatusCode;

use crate::pages::view::csp::ContentSecurityPolicy;
use crate::pages::view::{PageContext, page};

/// Asks before signing out. The form posts `fields` and `confirm` (`true` or `false`) to
/// `/api/auth/oauth2/end-session/confirm`.
#[derive(Clone, Debug)]
pub struct LogOutConfirm {
    /// The requesting app, if known.
    pub app: Option<String>,
    /// What was wrong with the request, as the key of its text: for the developer to fix, and for the user to be wary.
    pub fault: Option<&'static str>,
    /// The signed-in account.
    pub person: Option<String>,
    /// Whether they have a key, which stays in the browser.
    pub has_key: bool,
    /// Name and value of each hidden field.
    pub fields: Vec<(String, String)>,
}

/// Signed out, with no address to return to.
#[derive(Clone, Debug)]
pub struct SignedOut {
    /// The requesting app, if known.
    pub app: Option<String>,
    /// What was wrong with the request, as the key of its text.
    pub fault: Option<&'static str>,
}

#[derive(Template)]
#[template(path = "log-out-confirm.html")]
struct LogOutConfirmPage<'a> {
    context: &'a PageContext<'a>,
    view: &'a LogOutConfirm,
}

#[derive(Template)]
#[template(path = "signed-out.html")]
struct SignedOutPage<'a> {
    context: &'a PageContext<'a>,
    view: &'a SignedOut,
}

impl LogOutConfirm {
    /// The page.
    pub fn render(&self, context: &PageContext<'_>) -> Response {
        page(StatusCode::OK, &LogOutConfirmPage { context, view: self }, ContentSecurityPolicy::Strict)
    }
}

impl SignedOut {
    /// The page.
    pub fn render(&self, context: &PageContext<'_>) -> Response {
        page(StatusCode::OK, &SignedOutPage { context, view: self }, ContentSecurityPolicy::Strict)
    }
}
