//! `grant_type=authorization_code` (RFC 6749 §4.1.3, `docs/spec/tokens.md#authorization-codes`).

use sigma_core::actor::Actor;
use std::sync::Arc;

use secrecy::ExposeSecret as _;
use sigma_core::app::App;
use sigma_core::code::{Redeemed, Redemption, SentVerifier};
use sigma_core::digest::Digest;
use sigma_core::dpop::Thumbprint;
use sigma_core::ids::GrantId;
use sigma_core::pkce::CodeVerifier;
use sigma_core::scope::OFFLINE_ACCESS;
use sigma_store::code::{self, Outcome, Redeem};

use super::first_token::FirstToken;
use super::issue::{access_seconds, first_refresh_seconds, of_grant};
use super::{TokenAnswer, TokenError};
use crate::extract::AppRequest;
use crate::http::RequestContext;
use crate::oauth::forms::TokenForm;
use crate::state::AppState;

/// Redeems a code.
pub async fn redeem(
    sigma: &AppState,
    context: &RequestContext,
    request: AppRequest<TokenForm>,
    jkt: Option<Thumbprint>,
) -> Result<TokenAnswer, TokenError> {
    let AppRequest { caller, form } = request;
    let app = caller.app;
    let code = form.code.ok_or(TokenError::InvalidRequest("code is required"))?;
    // Missing parameters are judged together with the code, so that they consume it like wrong ones.
    let verifier = match &form.code_verifier {
        None if !app.auth_method.is_confidential() => SentVerifier::Missing,
        None => SentVerifier::Absent,
        Some(text) => CodeVerifier::parse(text.expose_secret()).map_or(SentVerifier::Malformed, SentVerifier::Sent),
    };
    let now = sigma.now();
    let grant_id = GrantId::new(now, &*sigma.rng);
    let refresh_token = FirstToken::new(sigma, &grant_id);
    let redemption = Redeem {
        hash: Digest::of(code.expose_secret()),
        app: Arc::clone(&app),
        attempt: Redemption {
            app_id: app.id.clone(),
            redirect_uri: still_valid(&app, form.redirect_uri),
            verifier,
            jkt: jkt.clone(),
        },
        once: caller.once,
        grant_id,
        refresh: refresh_token.family(sigma, AppState::in_seconds(now, first_refresh_seconds(sigma, &app))),
        access_expires_at: AppState::in_seconds(now, access_seconds(sigma, &app)),
        resources: form.resource,
        now,
    };
    // For the audit trail, in case that the code was used before.
    let store = sigma.store_for(context, Actor::App(app.id.clone()));
    let (grant, targets) = match store.write(move |tx| code::redeem(tx, &redemption)).await? {
        Outcome::Granted(grant, targets) => (grant, targets),
        Outcome::Replayed => return Err(TokenError::Replayed(app.auth_method)),
        Outcome::WrongTarget => return Err(TokenError::InvalidTarget),
        Outcome::SessionEnded => return Err(TokenError::InvalidGrant("session no longer exists")),
        Outcome::Unknown => return Err(TokenError::InvalidGrant("invalid code")),
        Outcome::Refused(verdict) => return Err(refuse(verdict, &app)),
    };
    let refresh_token = grant.authorization.scope.contains(OFFLINE_ACCESS).then(|| refresh_token.to_text());
    of_grant(sigma, &app, &grant, &targets, refresh_token, jkt.as_ref(), now).await
}

/// The redirect URI that the app sent. One that the document which describes the app no longer lists matches no code: whoever
/// changed the document takes back what the address was trusted with.
fn still_valid(app: &App, sent: Option<String>) -> Option<String> {
    let is_withdrawn = |uri: &str| app.redirect_uris.find(uri, app.application_type).is_none();
    sent.map(|uri| if app.document().is_some() && is_withdrawn(&uri) { String::new() } else { uri })
}

/// The error for the app. An expired or used code counts as unknown.
fn refuse(verdict: Redeemed, app: &App) -> TokenError {
    TokenError::InvalidGrant(match verdict {
        Redeemed::Granted | Redeemed::UsedBefore | Redeemed::Expired => "invalid code",
        Redeemed::WrongApp => "invalid client_id",
        Redeemed::RedirectUriMissing => return TokenError::InvalidRequest("redirect_uri is required"),
        Redeemed::WrongRedirectUri => "redirect_uri mismatch",
        Redeemed::WrongKey => "the code is bound to another key",
        Redeemed::WrongVerifier => "code verification failed",
        Redeemed::VerifierMissing if !app.auth_method.is_confidential() => {
            return TokenError::InvalidRequest("Either code_verifier or client_secret is required");
        }
        Redeemed::VerifierMissing => "code_verifier required because PKCE was used in authorization",
        Redeemed::VerifierUnexpected => "code_verifier provided but PKCE was not used in authorization",
    })
}
