//! `grant_type=refresh_token` (RFC 6749 §6, `docs/spec/tokens.md#refresh-tokens`): rotated, with reuse detection; a
//! retry within 10 s gets the same successor.

use sigma_core::actor::Actor;
use std::sync::Arc;

use secrecy::ExposeSecret as _;
use sigma_core::digest::Digest;
use sigma_core::dpop::Thumbprint;
use sigma_core::grant::{is_of_family, named_grant, successor};
use sigma_core::scope::{OFFLINE_ACCESS, Scopes};
use sigma_store::refresh_token::{self, Family, Granted, NextToken, Refresh, Refreshed};
use zeroize::Zeroizing;

use super::issue::{access_seconds, of_grant, refresh_seconds};
use super::{TokenAnswer, TokenError};
use crate::extract::AppRequest;
use crate::http::{ApiError, RequestContext};
use crate::oauth::forms::TokenForm;
use crate::state::AppState;

/// The context under which a family's key is sealed, before the id of its grant.
pub const FAMILY_CONTEXT: &str = "refresh-family:";

/// The family of `token`, with its key; whether or not the token is still stored.
///
/// # Errors
/// The store does not answer, or its content cannot be opened.
pub async fn family(sigma: &AppState, token: &str) -> Result<Option<(Family, Zeroizing<Vec<u8>>)>, ApiError> {
    let Some(grant_id) = named_grant(token) else { return Ok(None) };
    let Some(family) = sigma.store.read(move |tx| refresh_token::find_family(tx, &grant_id)).await? else {
        return Ok(None);
    };
    let context = format!("{FAMILY_CONTEXT}{}", family.grant_id);
    let key = sigma.master_key.open(&context, &family.sealed_key).map_err(ApiError::internal)?;
    Ok(is_of_family(&key, token).then_some((family, key)))
}

/// Replaces a refresh token by its successor, with a new access token.
pub async fn refresh(
    sigma: &AppState,
    context: &RequestContext,
    request: AppRequest<TokenForm>,
    jkt: Option<Thumbprint>,
) -> Result<TokenAnswer, TokenError> {
    const INVALID: TokenError = TokenError::InvalidGrant("invalid refresh token");
    let AppRequest { caller, form } = request;
    let app = caller.app;
    let token = form.refresh_token.ok_or(TokenError::InvalidRequest("Missing refresh_token"))?;
    let token = token.expose_secret();
    if !app.askable().contains(OFFLINE_ACCESS) {
        // It was taken away from the app since.
        return Err(INVALID);
    }
    let hash = Digest::of(token);
    let Some((family, key)) = family(sigma, token).await.map_err(TokenError::Internal)? else { return Err(INVALID) };
    let successor_token = successor(&key, &family.grant_id, token);
    let now = sigma.now();
    let request = Refresh {
        token: hash,
        family: family.grant_id,
        successor: Digest::of(&successor_token),
        app: Arc::clone(&app),
        once: caller.once,
        jkt: jkt.clone(),
        scope: form.scope.as_deref().map(Scopes::parse),
        resources: form.resource,
        refresh_expires_at: AppState::in_seconds(now, refresh_seconds(sigma, &app)),
        access_expires_at: AppState::in_seconds(now, access_seconds(sigma, &app)),
        life: app.metadata.refresh.life(),
        rotates: app.metadata.refresh.rotate.unwrap_or(true),
        now,
    };
    // For the audit trail, in case that the token was used before.
    let store = sigma.store_for(context, Actor::App(app.id.clone()));
    match store.write(move |tx| refresh_token::refresh(tx, &request)).await? {
        Refreshed::Granted(Granted { mut grant, targets, next }) => {
            let refresh_token = match next {
                NextToken::Successor => successor_token,
                NextToken::Same => token.to_owned(),
            };
            // The nonce belongs to the browser's authorization request, which this is not (Core §12.2).
            grant.authorization.nonce = None;
            of_grant(sigma, &app, &grant, &targets, Some(refresh_token), jkt.as_ref(), now).await
        }
        Refreshed::Invalid | Refreshed::Reuse => Err(INVALID),
        Refreshed::WrongKey => Err(TokenError::InvalidGrant("the refresh token is bound to another key")),
        Refreshed::Disabled => Err(TokenError::InvalidGrant("session no longer exists")),
        Refreshed::WrongScope => Err(TokenError::InvalidScope),
        Refreshed::WrongTarget => Err(TokenError::InvalidTarget),
        Refreshed::Replayed => Err(TokenError::Replayed(app.auth_method)),
    }
}
