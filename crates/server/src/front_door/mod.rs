//! The front door: `/login`, the only sign-in page, for every destination. One file per method (`password`, `quick`;
//! the key signs by script at `/api/auth/sign-in/sigma`); each begins a session, and the user continues to their
//! destination ([`sigma_core::interaction::Continuation`]).
//!
//! A new method takes a variant of [`SignInMethod`], a file here that handles its form, and a template in
//! `templates/front-door/`.

mod arrival;
mod domain;
mod email_sign_up;
mod method;
mod page;
mod passkey;
mod password;
mod provider;
mod quick;
mod second_factor;
mod sign_up;
pub mod view;

pub use arrival::Arrival;

pub use crate::settings::SignInMethod;

use crate::http::Surface;
use crate::state::AppState;

/// Receives the form with e-mail address and password.
pub const PASSWORD_PATH: &str = "/login/password";
/// Receives a quick login.
pub const QUICK_PATH: &str = "/login/quick";

/// The endpoints of the front door.
pub fn surface() -> Surface<AppState> {
    Surface::new()
        .with(page::endpoint())
        .with(password::endpoints())
        .with(provider::endpoints())
        .with(passkey::endpoints())
        .with(second_factor::endpoints())
        .with(quick::endpoints())
        .with(sign_up::endpoint())
        .with(email_sign_up::endpoints())
}
