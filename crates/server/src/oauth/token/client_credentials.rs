//! `grant_type=client_credentials` (RFC 6749 §4.4): a token of the app for itself, which no endpoint takes for a person
//! (ruling 7).

use sigma_core::authorize::MOST_RESOURCES;
use sigma_core::scope::{EMAIL, OFFLINE_ACCESS, OPENID, PROFILE, Scopes};
use sigma_store::spent;

use super::issue::of_app;
use super::{TokenAnswer, TokenError};
use crate::extract::AppRequest;
use crate::state::Sigma;

/// Gives an app a token of its own.
pub async fn issue(sigma: &Sigma, request: AppRequest) -> Result<TokenAnswer, TokenError> {
    let AppRequest { caller, params } = request;
    let app = caller.app;
    if !app.auth_method.is_confidential() {
        return Err(TokenError::UnauthorizedClient);
    }
    // What is about a person means nothing without one.
    let personal = [OPENID, PROFILE, EMAIL, OFFLINE_ACCESS];
    let asked = Scopes::parse(params.get("scope").unwrap_or_default()).within(&app.scopes);
    let scope = personal.into_iter().fold(asked, |scopes, personal| scopes.without(personal));
    let resources = params.resources();
    if resources.len() > MOST_RESOURCES {
        return Err(TokenError::InvalidTarget);
    }
    for uri in &resources {
        if !sigma.is_registered_resource(uri).await? {
            return Err(TokenError::InvalidTarget);
        }
    }
    if let Some(once) = caller.once
        && !sigma.store.write(move |tx| spent::spend(tx, &once)).await?
    {
        return Err(TokenError::Replayed(app.auth_method));
    }
    of_app(sigma, &app, &scope, &resources, sigma.now()).await
}
