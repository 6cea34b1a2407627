//! Which provider signs in the people of a domain.

use axum::response::{IntoResponse as _, Response};
use sigma_core::domain::Domain;
use sigma_store::org::domain;

use super::SignInMethod;
use crate::http::ApiError;
use crate::state::AppState;

/// The provider that an org chose for the domain of `address`, which it has proven to be its own.
///
/// # Errors
/// The store does not answer.
pub async fn provider_of(sigma: &AppState, address: &str) -> Result<Option<String>, Response> {
    if sigma.providers.all().is_empty() || !sigma.settings.sign_in.methods.contains(&SignInMethod::Provider) {
        return Ok(None);
    }
    let Some(name) = Domain::of_email(address) else { return Ok(None) };
    let found = sigma.store.read(move |tx| domain::proven(tx, &name)).await;
    let found = found.map_err(|error| ApiError::from(error).into_response())?;
    // One that the operator has removed since signs in nobody.
    Ok(found.and_then(|found| found.provider).filter(|id| sigma.providers.find(id).is_some()))
}
