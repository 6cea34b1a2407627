//! `/login` and `/signup`: the wallet. The page carries addresses and hints; key and password stay in its script.

use askama::Template;
use axum::response::Response;
use http::StatusCode;

use super::csp::ContentSecurityPolicy;
use super::{AppView, PageContext, page};

/// Sign in with the key on this device, or bring one.
#[derive(Clone, Debug)]
pub struct Login {
    /// The app that asked, if one did.
    pub app: Option<AppView>,
    /// The interaction's id, if there is one.
    pub interaction: Option<String>,
    /// Whom the app expects (`login_hint`).
    pub login_hint: Option<String>,
    /// The identity that the app expects.
    pub bap_id_hint: Option<String>,
    /// Where to go once signed in: a path here.
    pub continue_url: String,
    /// Where to make a key: a path here.
    pub sign_up_url: String,
    /// The person is signed in, but the app wants them to prove it anew.
    pub reauthenticate: bool,
}

/// Make a key and an account.
#[derive(Clone, Debug)]
pub struct SignUp {
    /// The app that asked, if one did.
    pub app: Option<AppView>,
    /// The interaction's id, if there is one.
    pub interaction: Option<String>,
    /// Where to go once signed in: a path here.
    pub continue_url: String,
    /// Where to sign in with a key that exists: a path here.
    pub sign_in_url: String,
}

#[derive(Template)]
#[template(path = "login.html")]
struct LoginPage<'a> {
    context: &'a PageContext<'a>,
    view: &'a Login,
}

#[derive(Template)]
#[template(path = "signup.html")]
struct SignUpPage<'a> {
    context: &'a PageContext<'a>,
    view: &'a SignUp,
}

impl Login {
    /// The page.
    pub fn render(&self, context: &PageContext<'_>) -> Response {
        page(StatusCode::OK, &LoginPage { context, view: self }, ContentSecurityPolicy::Strict)
    }
}

impl SignUp {
    /// The page.
    pub fn render(&self, context: &PageContext<'_>) -> Response {
        page(StatusCode::OK, &SignUpPage { context, view: self }, ContentSecurityPolicy::Strict)
    }
}
