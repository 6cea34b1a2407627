//! Passwords: forgotten, set anew by a link, changed. All without script.

use askama::Template;
use axum::response::Response;
use http::StatusCode;

use super::csp::ContentSecurityPolicy;
use super::{PageContext, page};

/// Ask for a link by mail. The form posts `email` to `/password/forgot`.
#[derive(Clone, Debug, Default)]
pub struct ForgotPassword {
    /// It was asked for.
    pub sent: bool,
    /// The address that was entered.
    pub email: String,
    /// It is no address.
    pub refusal: bool,
}

/// Set a new password by a link. The form posts `token`, `password` and `again` to `/password/reset`.
#[derive(Clone)]
pub struct ResetPassword {
    /// The link's secret.
    pub token: String,
    /// Whose password it is.
    pub email: String,
    /// Why it did not work.
    pub refusal: Option<String>,
}

/// What a signed-in person may do about their password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordState {
    /// Change the one they have.
    Set,
    /// Set a first one.
    None,
    /// Set a first one, once they have signed in again.
    SignInAgain,
    /// Nothing: they would sign in with an address that they do not have.
    NoAddress,
}

/// Change a password. The form posts `current`, `password` and `again` to `/account/password`.
#[derive(Clone, Debug)]
pub struct AccountPassword {
    /// The address that the person signs in with.
    pub email: String,
    /// What they may do.
    pub state: PasswordState,
    /// It was changed a moment ago.
    pub saved: bool,
    /// Why it did not work.
    pub refusal: Option<String>,
}

#[derive(Template)]
#[template(path = "password/forgot.html")]
struct ForgotPage<'a> {
    context: &'a PageContext<'a>,
    view: &'a ForgotPassword,
}

#[derive(Template)]
#[template(path = "password/reset.html")]
struct ResetPage<'a> {
    context: &'a PageContext<'a>,
    view: &'a ResetPassword,
}

#[derive(Template)]
#[template(path = "password/account.html")]
struct AccountPage<'a> {
    context: &'a PageContext<'a>,
    view: &'a AccountPassword,
}

impl ForgotPassword {
    /// The page.
    pub fn render(&self, status: StatusCode, context: &PageContext<'_>) -> Response {
        page(status, &ForgotPage { context, view: self }, ContentSecurityPolicy::Strict)
    }
}

impl ResetPassword {
    /// The page.
    pub fn render(&self, status: StatusCode, context: &PageContext<'_>) -> Response {
        page(status, &ResetPage { context, view: self }, ContentSecurityPolicy::Strict)
    }
}

impl AccountPassword {
    /// The page.
    pub fn render(&self, status: StatusCode, context: &PageContext<'_>) -> Response {
        page(status, &AccountPage { context, view: self }, ContentSecurityPolicy::Strict)
    }
}
