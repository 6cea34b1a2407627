//! `grant_type=client_credentials` (RFC 6749 §4.4): a token for the app itself, which no endpoint accepts for a user.

use sigma_core::authorize::MOST_RESOURCES;
use sigma_core::dpop::Thumbprint;
use sigma_core::resource::Targets;
use sigma_core::scope::{ADMIN, Scopes};
use sigma_store::replay_guard;

use super::issue::of_app;
use super::{TokenAnswer, TokenError};
use crate::extract::AppRequest;
use crate::oauth::forms::TokenForm;
use crate::state::AppState;

/// Issues a token to the app itself.
pub async fn issue(
    sigma: &AppState,
    request: AppRequest<TokenForm>,
    jkt: Option<Thumbprint>,
) -> Result<TokenAnswer, TokenError> {
    let AppRequest { caller, form } = request;
    let app = caller.app;
    if !app.auth_method.is_confidential() {
        return Err(TokenError::UnauthorizedClient);
    }
    let uris = form.resource;
    if uris.len() > MOST_RESOURCES {
        return Err(TokenError::InvalidTarget);
    }
    let found = sigma.find_resources(&uris).await?;
    let targets = if found.len() == uris.len() { Targets::of_app(found, &app) } else { None };
    let targets = targets.ok_or(TokenError::InvalidTarget)?;
    // The server's own scopes are about a user, and meaningless without one, but for those of the management API.
    let asked = Scopes::parse(form.scope.as_deref().unwrap_or_default());
    let managing = if uris.is_empty() { asked.within(&app.askable()) } else { Scopes::default() };
    let scope = targets.registered(&asked).union(&managing.retain(|scope| ADMIN.contains(&scope)));
    if let Some(once) = caller.once
        && !sigma.store.write(move |tx| replay_guard::spend(tx, &once)).await?
    {
        return Err(TokenError::Replayed(app.auth_method));
    }
    of_app(sigma, &app, &scope, &targets, jkt.as_ref(), sigma.now()).await
}
