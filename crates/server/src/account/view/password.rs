//! Passwords: forgotten, reset by a link, changed. All without script.

use askama::Template;
use axum::response::Response;
use http::StatusCode;

use crate::pages::view::csp::ContentSecurityPolicy;
use crate::pages::view::{PageContext, page};

/// Asks for the address to mail a link to. The form posts `email` to `/password/forgot`.
#[derive(Clone, Debug, Default)]
pub struct ForgotPassword {
    /// The form was submitted.
    pub sent: bool,
    /// The address as entered.
    pub email: String,
    /// The address is invalid.
    pub refusal: bool,
    /// The interaction that they came with.
    pub interaction: Option<String>,
    /// How long the link works.
    pub life: String,
}

/// Sets a new password by a link. The form posts `token`, `password` and `again` to `/password/reset`.
#[derive(Clone)]
pub struct ResetPassword {
    /// The link's secret.
    pub token: String,
    /// The account's address.
    pub email: String,
    /// Why the submission failed.
    pub refusal: Option<String>,
}

/// What a signed-in user may do about their password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordState {
    /// Change the current one.
    Set,
    /// Set a first one.
    None,
    /// Set a first one after signing in again.
    SignInAgain,
    /// Set a first one by a mailed link: a provider's word is not enough for a credential that works without it.
    ByMail,
    /// Nothing: without an e-mail address they could not sign in with it.
    NoAddress,
}

/// Changes a password. The form posts `current`, `password` and `again` to `/account/password`.
#[derive(Clone, Debug)]
pub struct AccountPassword {
    /// The address that the user signs in with.
    pub email: String,
    /// What the user may do.
    pub state: PasswordState,
    /// The password was just changed.
    pub saved: bool,
    /// Why the submission failed.
    pub refusal: Option<String>,
    /// Path of the sign-in page for signing in again.
    pub sign_in_url: String,
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
    /// A page for what they came with.
    fn at(&self, path: &str) -> String {
        self.interaction.as_ref().map_or_else(|| path.to_owned(), |name| format!("{path}?interaction={name}"))
    }

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
