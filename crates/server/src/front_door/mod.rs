//! The front door: `/login`, the only sign-in page, for every destination. One file per method (`password`, `quick`;
//! the key signs by script at `/api/auth/sign-in/sigma`); each begins a session, and the user continues to their
//! destination ([`Continuation`]).
//!
//! A new method takes a variant of [`SignInMethod`], a file here that handles its form, and a template in
//! `templates/front-door/`.

mod arrival;
mod method;
mod page;
mod password;
mod quick;
mod target;

use axum::response::{IntoResponse, Redirect, Response};
use sigma_core::interaction::Continuation;

pub use arrival::Arrival;
pub use target::way_on;

pub use crate::settings::SignInMethod;

use crate::extract::Browser;
use crate::http::{ApiError, Surface};
use crate::interaction::{self, with_cookie};
use crate::state::AppState;

/// The sign-in page.
pub const LOGIN_PATH: &str = "/login";
/// The page on which people sign up by e-mail.
pub const EMAIL_SIGN_UP_PATH: &str = "/signup/email";
/// Receives the form with e-mail address and password.
pub const PASSWORD_PATH: &str = "/login/password";
/// Receives a quick login.
pub const QUICK_PATH: &str = "/login/quick";

/// The endpoints of the front door.
pub fn surface() -> Surface<AppState> {
    Surface::new().with(page::endpoint()).with(password::endpoints()).with(quick::endpoints())
}

/// The sign-in page for an interaction.
pub fn login_url(interaction: &str) -> String {
    format!("{LOGIN_PATH}?interaction={interaction}")
}

/// The same for a signed-in user who wants to sign in as another account.
pub fn switch_url(interaction: &str) -> String {
    format!("{LOGIN_PATH}?interaction={interaction}&switch=1")
}

/// Redirects to the sign-in page, which continues to `continuation`.
///
/// # Errors
/// Encryption failed, which cannot happen.
pub fn sign_in_first(sigma: &AppState, browser: &Browser, continuation: Continuation) -> Result<Response, ApiError> {
    let begun = interaction::begin(sigma, browser, continuation, sigma.now())?;
    Ok(with_cookie(Redirect::to(&login_url(&begun.name)).into_response(), begun.set_cookie.as_deref()))
}
