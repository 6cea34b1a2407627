//! Sign up with an e-mail address and a password. All of it works without script.

use askama::Template;
use axum::response::Response;
use http::StatusCode;

use super::csp::ContentSecurityPolicy;
use super::{AppView, PageContext, page};

/// Name, address and password. The form posts `name`, `email`, `password` and `again` to `action`.
#[derive(Clone, Debug, Default)]
pub struct EmailSignUpForm {
    /// The app that asked, if one did.
    pub app: Option<AppView>,
    /// Where the form goes: a path here.
    pub action: String,
    /// Where to sign in instead: a path here.
    pub sign_in_url: String,
    /// Where to sign up with a key instead, if that is possible: a path here.
    pub key_url: Option<String>,
    /// The name that was entered.
    pub name: String,
    /// The address that was entered.
    pub email: String,
    /// Why it did not work.
    pub refusal: Option<String>,
}

/// The address must be confirmed. The form posts `code` to `/signup/email/check`.
#[derive(Clone, Debug)]
pub struct EmailSignUpCheck {
    /// The address.
    pub email: String,
    /// How long code and link work.
    pub life: String,
    /// There are guesses left.
    pub takes_codes: bool,
    /// Where to begin anew: a path here.
    pub again_url: String,
    /// Why it did not work.
    pub refusal: Option<String>,
}

/// What the mailed link leads to. The form posts `token` to `/signup/email/confirm`.
#[derive(Clone)]
pub struct ConfirmEmail {
    /// The link's secret.
    pub token: String,
    /// The address.
    pub email: String,
    /// What the person is called.
    pub name: String,
    /// Where it stands.
    pub state: ConfirmState,
}

/// Where the confirmation of an address stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfirmState {
    /// This browser began the sign-up.
    Here,
    /// Another did.
    Elsewhere,
    /// It is confirmed, and another browser goes on.
    Done,
}

#[derive(Template)]
#[template(path = "email-sign-up/form.html")]
struct FormPage<'a> {
    context: &'a PageContext<'a>,
    view: &'a EmailSignUpForm,
}

#[derive(Template)]
#[template(path = "email-sign-up/check.html")]
struct CheckPage<'a> {
    context: &'a PageContext<'a>,
    view: &'a EmailSignUpCheck,
}

#[derive(Template)]
#[template(path = "email-sign-up/confirm.html")]
struct ConfirmPage<'a> {
    context: &'a PageContext<'a>,
    view: &'a ConfirmEmail,
}

impl EmailSignUpForm {
    /// The page.
    pub fn render(&self, status: StatusCode, context: &PageContext<'_>) -> Response {
        page(status, &FormPage { context, view: self }, ContentSecurityPolicy::Strict)
    }
}

impl EmailSignUpCheck {
    /// The page. Its form may lead on to an app.
    pub fn render(&self, status: StatusCode, context: &PageContext<'_>) -> Response {
        page(status, &CheckPage { context, view: self }, ContentSecurityPolicy::Leaving)
    }
}

impl ConfirmEmail {
    /// The page. Its form may lead on to an app.
    pub fn render(&self, status: StatusCode, context: &PageContext<'_>) -> Response {
        page(status, &ConfirmPage { context, view: self }, ContentSecurityPolicy::Leaving)
    }
}
