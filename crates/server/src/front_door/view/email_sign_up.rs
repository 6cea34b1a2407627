//! Sign-up with an e-mail address and a password. All of it works without script.

use askama::Template;
use axum::response::Response;
use http::StatusCode;

use crate::pages::view::csp::ContentSecurityPolicy;
use crate::pages::view::{AppView, PageContext, page};

/// Name, address and password. The form posts `name`, `email`, `password` and `again` to `action`.
#[derive(Clone, Debug, Default)]
pub struct EmailSignUpForm {
    /// The requesting app, if any.
    pub app: Option<AppView>,
    /// Path that the form posts to.
    pub action: String,
    /// Path of the sign-in page.
    pub sign_in_url: String,
    /// Path of the sign-up page for keys, if available.
    pub key_url: Option<String>,
    /// The name as entered.
    pub name: String,
    /// The address as entered.
    pub email: String,
    /// Why the submission failed.
    pub refusal: Option<String>,
}

/// The address must be confirmed. The form posts `code` to `/signup/email/check`.
#[derive(Clone, Debug)]
pub struct EmailSignUpCheck {
    /// The address.
    pub email: String,
    /// How long code and link work.
    pub life: String,
    /// Whether attempts remain.
    pub takes_codes: bool,
    /// Path for starting over.
    pub again_url: String,
    /// Why the submission failed.
    pub refusal: Option<String>,
}

/// The target of the mailed link. The form posts `token` to `/signup/email/confirm`.
#[derive(Clone)]
pub struct ConfirmEmail {
    /// The link's secret.
    pub token: String,
    /// The address.
    pub email: String,
    /// The user's name.
    pub name: String,
    /// The state of the confirmation.
    pub state: ConfirmState,
}

/// The state of an address confirmation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfirmState {
    /// This browser started the sign-up.
    Here,
    /// Another did.
    Elsewhere,
    /// It is confirmed, and another browser continues.
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
    /// The page. Its form may lead to an app.
    pub fn render(&self, status: StatusCode, context: &PageContext<'_>) -> Response {
        page(status, &CheckPage { context, view: self }, ContentSecurityPolicy::Leaving)
    }
}

impl ConfirmEmail {
    /// The page. Its form may lead to an app.
    pub fn render(&self, status: StatusCode, context: &PageContext<'_>) -> Response {
        page(status, &ConfirmPage { context, view: self }, ContentSecurityPolicy::Leaving)
    }
}
