//! The page that adds an authenticator app.

use askama::Template;
use axum::response::Response;
use http::StatusCode;

use crate::pages::view::csp::ContentSecurityPolicy;
use crate::pages::view::{PageContext, page};

/// Shows a secret and takes the first code. The form posts `pending` and `code` to `action`.
#[derive(Clone)]
pub struct AddAuthenticator {
    /// The QR code: an SVG of ours.
    pub qr: String,
    /// The secret in groups, for typing.
    pub secret: String,
    /// The address in the QR code, for apps on this device.
    pub uri: String,
    /// The secret, sealed.
    pub pending: String,
    /// Where the form goes.
    pub action: String,
    /// Why the code was refused.
    pub refusal: Option<String>,
}

#[derive(Template)]
#[template(path = "account/authenticator.html")]
struct AddAuthenticatorPage<'a> {
    context: &'a PageContext<'a>,
    view: &'a AddAuthenticator,
}

impl AddAuthenticator {
    /// The page.
    pub fn render(&self, status: StatusCode, context: &PageContext<'_>) -> Response {
        page(status, &AddAuthenticatorPage { context, view: self }, ContentSecurityPolicy::Strict)
    }
}
