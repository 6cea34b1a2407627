//! The page that asks for a second factor, and the one on which a user without one adds it.

use askama::Template;
use axum::response::Response;
use http::StatusCode;

use crate::pages::view::csp::ContentSecurityPolicy;
use crate::pages::view::{AppView, PageContext, PersonView, page};

/// Where a script proves a passkey.
#[derive(Clone, Debug)]
pub struct PasskeyHints {
    /// Path that returns the options.
    pub options_url: String,
    /// Path that takes the proof.
    pub url: String,
}

/// Asks for a second factor. Its forms post `kind` and `code` to `url`; a passkey is proven by script.
#[derive(Clone, Debug)]
pub struct SecondFactorPage {
    /// The app that the user signs in to, if any.
    pub app: Option<AppView>,
    /// The user.
    pub person: PersonView,
    /// For proving a passkey, if the account has one.
    pub passkey: Option<PasskeyHints>,
    /// Whether the account has an authenticator app.
    pub has_totp: bool,
    /// Whether the account has recovery codes.
    pub has_recovery: bool,
    /// Whether a recovery code was refused.
    pub is_recovery: bool,
    /// Why a code was refused.
    pub refusal: Option<String>,
    /// Action of the forms.
    pub url: String,
    /// Path of the sign-in page for another account.
    pub switch_url: String,
}

/// Asks to add a second factor.
#[derive(Clone, Debug)]
pub struct AddSecondFactor {
    /// The app that requires it, if any.
    pub app: Option<AppView>,
    /// The user.
    pub person: PersonView,
    /// Where a script adds a passkey; `None` where browsers have none.
    pub passkeys_url: Option<String>,
    /// Path of the page that adds an authenticator app.
    pub totp_url: String,
    /// Path to continue at.
    pub continue_url: String,
    /// Path of the sign-in page for another account.
    pub switch_url: String,
}

#[derive(Template)]
#[template(path = "front-door/second-factor.html")]
struct SecondFactorTemplate<'a> {
    context: &'a PageContext<'a>,
    view: &'a SecondFactorPage,
}

#[derive(Template)]
#[template(path = "front-door/add-second-factor.html")]
struct AddSecondFactorTemplate<'a> {
    context: &'a PageContext<'a>,
    view: &'a AddSecondFactor,
}

impl SecondFactorPage {
    /// The page. After it an app that was agreed to before gets its answer at once.
    pub fn render(&self, status: StatusCode, context: &PageContext<'_>) -> Response {
        page(status, &SecondFactorTemplate { context, view: self }, ContentSecurityPolicy::Leaving)
    }
}

impl AddSecondFactor {
    /// The page.
    pub fn render(&self, context: &PageContext<'_>) -> Response {
        page(StatusCode::OK, &AddSecondFactorTemplate { context, view: self }, ContentSecurityPolicy::Strict)
    }
}
