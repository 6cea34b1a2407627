//! `grant_type=urn:ietf:params:oauth:grant-type:device_code` (RFC 8628 §3.4, `docs/spec/devices.md#polling`).

use std::sync::Arc;

use secrecy::ExposeSecret as _;
use sigma_core::actor::Actor;
use sigma_core::digest::Digest;
use sigma_core::dpop::Thumbprint;
use sigma_core::ids::GrantId;
use sigma_core::scope::OFFLINE_ACCESS;
use sigma_store::device_code::{self, Outcome, Polled, Redeem};
use sigma_store::replay_guard;

use super::first_token::FirstToken;
use super::issue::{access_seconds, first_refresh_seconds, of_grant};
use super::{TokenAnswer, TokenError};
use crate::extract::AppRequest;
use crate::http::RequestContext;
use crate::oauth::forms::TokenForm;
use crate::state::AppState;

/// Redeems a device code, once a person let the device in.
pub async fn redeem(
    sigma: &AppState,
    context: &RequestContext,
    request: AppRequest<TokenForm>,
    jkt: Option<Thumbprint>,
) -> Result<TokenAnswer, TokenError> {
    const INVALID: TokenError = TokenError::InvalidGrant("Invalid device code");
    let AppRequest { caller, form } = request;
    let app = caller.app;
    let code = form.device_code.ok_or(TokenError::InvalidRequest("device_code is required"))?;
    let (hash, now) = (Digest::of(code.expose_secret()), sigma.now());
    let app_id = app.id.clone();
    let polled = sigma.store.read(move |tx| device_code::poll(tx, &hash, &app_id, now)).await?;
    if polled != Polled::Approved {
        // Only an app that signs its requests makes a poll write: what it signed counts once.
        if let Some(once) = caller.once.clone()
            && !sigma.store.write(move |tx| replay_guard::spend(tx, &once)).await?
        {
            return Err(TokenError::Replayed(app.auth_method));
        }
    }
    match polled {
        Polled::Unknown => return Err(INVALID),
        Polled::Denied => return Err(TokenError::AccessDenied),
        Polled::Expired => return Err(TokenError::ExpiredToken),
        Polled::Pending if sigma.device_polls.is_too_fast(&hash, now) => return Err(TokenError::SlowDown),
        Polled::Pending => return Err(TokenError::AuthorizationPending),
        Polled::Approved => sigma.device_polls.forget(&hash),
    }
    let grant_id = GrantId::new(now, &*sigma.rng);
    let refresh_token = FirstToken::new(sigma, &grant_id);
    let redemption = Redeem {
        hash,
        app: Arc::clone(&app),
        once: caller.once,
        grant_id,
        refresh: refresh_token.family(sigma, AppState::in_seconds(now, first_refresh_seconds(sigma, &app))),
        access_expires_at: AppState::in_seconds(now, access_seconds(sigma, &app)),
        resources: form.resource,
        jkt: jkt.clone(),
        now,
    };
    let store = sigma.store_for(context, Actor::App(app.id.clone()));
    let (grant, targets) = match store.write(move |tx| device_code::redeem(tx, &redemption)).await? {
        Outcome::Granted(grant, targets) => (grant, targets),
        Outcome::Invalid => return Err(INVALID),
        Outcome::SessionEnded => return Err(TokenError::InvalidGrant("session no longer exists")),
        Outcome::WrongTarget => return Err(TokenError::InvalidTarget),
        Outcome::Replayed => return Err(TokenError::Replayed(app.auth_method)),
    };
    let refresh_token = grant.authorization.scope.contains(OFFLINE_ACCESS).then(|| refresh_token.to_text());
    of_grant(sigma, &app, &grant, &targets, refresh_token, jkt.as_ref(), now).await
}
