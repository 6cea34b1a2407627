//! Signing out because an app asked for it (OpenID Connect RP-Initiated Logout §2): the question, and the end.

use askama::Template;
use axum::response::Response;
use http::StatusCode;

use super::csp::ContentSecurityPolicy;
use super::{PageContext, page};

/// Ask before signing out. The form posts `fields` and `confirm` (`true` or `false`) to `/api/auth/oauth2/end-session/confirm`.
#[derive(Clone, Debug)]
pub struct LogOutConfirm {
    /// The app that asked, where it is known.
    pub app: Option<String>,
    /// What was wrong with the request, for the developer to find and the person to be wary.
    pub fault: Option<&'static str>,
    /// Who is signed in.
    pub person: Option<String>,
    /// Name and value of each hidden field.
    pub fields: Vec<(String, String)>,
}

/// Signed out, and nowhere to go back to.
#[derive(Clone, Debug)]
pub struct SignedOut {
    /// The app that asked, where it is known.
    pub app: Option<String>,
    /// What was wrong with the request.
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
