//! Exchanges an access token of this server, by the app that it was issued to or one that serves its resource.

use secrecy::{ExposeSecret as _, SecretString};
use sigma_core::app::App;
use sigma_core::dpop::Thumbprint;
use sigma_core::exchange::{Narrowing, TokenType, narrow};
use sigma_core::ids::TokenId;
use sigma_core::jose::{Algorithm, TokenKind};
use sigma_core::token::AccessClaims;

use super::answer;
use super::request::ExchangeRequest;
use crate::extract::{LiveAccess, load_live, verify_access};
use crate::oauth::token::issue::{issuance, make};
use crate::oauth::token::{TokenAnswer, TokenError};
use crate::state::AppState;

/// Exchanges the access token of `request`.
pub async fn exchange(
    sigma: &AppState,
    app: &App,
    request: &ExchangeRequest,
    jkt: Option<&Thumbprint>,
) -> Result<TokenAnswer, TokenError> {
    const INVALID: TokenError = TokenError::InvalidRequest("the subject token is not valid");
    if !app.auth_method.is_confidential() {
        return Err(TokenError::UnauthorizedClient);
    }
    let source = live(sigma, &request.subject_token).await?.ok_or(INVALID)?;
    if let Some(actor) = &request.actor {
        check_actor(sigma, app, actor, jkt).await?;
    }
    let claims = &source.access.claims;
    // The issuer is in most audiences, and no resource: the store need not be asked.
    let audiences: Vec<String> = claims.aud.iter().filter(|uri| *uri != sigma.issuer()).map(str::to_owned).collect();
    let resources = sigma.find_resources(&audiences).await?;
    let now = sigma.now();
    let narrowing = Narrowing {
        issuance: issuance(sigma, app, jkt, now),
        app,
        scope: request.scope.as_ref(),
        audiences: &request.audiences,
        resources: &resources,
        names_actor: request.actor.is_some(),
        id: &TokenId::new(now, &*sigma.rng),
    };
    let claims = narrow(claims, &narrowing).map_err(TokenError::Exchange)?;
    sign(sigma, &claims).await
}

/// An access token with `claims`.
pub async fn sign(sigma: &AppState, claims: &AccessClaims) -> Result<TokenAnswer, TokenError> {
    let ring = sigma.keys.ring(&sigma.master_key).await;
    let token = make(&ring, Algorithm::ES256, TokenKind::Access, claims, sigma.now())?;
    Ok(answer(token, claims))
}

/// A live access token of this server.
pub async fn live(sigma: &AppState, token: &SecretString) -> Result<Option<LiveAccess>, TokenError> {
    let Some(access) = verify_access(sigma, token.expose_secret()).await? else { return Ok(None) };
    Ok(load_live(sigma, access).await?)
}

/// The actor is the app itself: by a token that it got with its own credentials, if it sends one.
async fn check_actor(
    sigma: &AppState,
    app: &App,
    (token, kind): &(SecretString, TokenType),
    jkt: Option<&Thumbprint>,
) -> Result<(), TokenError> {
    let actor = if *kind == TokenType::AccessToken { live(sigma, token).await? } else { None };
    let is_itself = actor.is_some_and(|actor| {
        let claims = &actor.access.claims;
        let is_proven = claims.cnf.as_ref().is_none_or(|bound| jkt == Some(&bound.jkt));
        actor.app.id == app.id && actor.account.is_none() && claims.act.is_none() && is_proven
    });
    if is_itself { Ok(()) } else { Err(TokenError::InvalidRequest("the actor token is not this client's own")) }
}
