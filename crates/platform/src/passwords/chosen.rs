//! A password that a user chooses on one of our pages.

use axum::response::{IntoResponse, Response};
use secrecy::SecretString;
use sigma_core::email;
use sigma_core::ids::UserId;
use sigma_core::params::Params;
use sigma_core::password::{NewPassword, PasswordRefused};
use sigma_store::password;

use crate::extract::Browser;
use crate::hashing::Lane;
use crate::http::ApiError;
use crate::i18n::Language;
use crate::passwords::device;
use crate::state::AppState;

/// The password in a form's two fields.
///
/// # Errors
/// The text for the user, in `language`: the fields differ, or the password is not acceptable.
pub fn chosen(language: Language, form: &Params) -> Result<NewPassword, String> {
    let password = form.raw("password").unwrap_or_default();
    if form.raw("again").unwrap_or_default() != password {
        return Err(language.text("password-differs").to_string());
    }
    NewPassword::parse(SecretString::from(password)).map_err(|refused| {
        let phrase = match refused {
            PasswordRefused::TooShort => language.text("password-too-short"),
            PasswordRefused::TooLong => language.text("password-too-long"),
            PasswordRefused::Control => language.text("password-control"),
            PasswordRefused::Common => language.text("password-common"),
        };
        phrase.to_string()
    })
}

/// Hashes an acceptable new password.
///
/// # Errors
/// 503 if the hashing queue is full.
pub async fn hash(sigma: &AppState, lane: Lane, password: NewPassword) -> Result<String, Response> {
    let hashed = sigma.hasher.hash(lane, password.into_secret()).await;
    hashed.map_err(|error| ApiError::from(error).into_response())
}

/// The `Set-Cookie` that makes this browser known, in which the user at `email` has just set their password.
pub async fn remember(
    sigma: &AppState,
    browser: &Browser,
    user_id: &UserId,
    email: &str,
) -> Result<Option<String>, Response> {
    let user_id = user_id.clone();
    let stored = sigma.store.read(move |tx| password::find(tx, &user_id)).await;
    let stored = stored.map_err(|error| ApiError::from(error).into_response())?;
    Ok(stored.map(|stored| device::remember(sigma, browser, &email::fold(email), stored.chosen_at)))
}
