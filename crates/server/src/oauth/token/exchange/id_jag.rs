//! Issues an assertion for another authorization server, where the app acts for the user (`docs/spec/id-jag.md`).

use secrecy::ExposeSecret as _;
use sigma_core::app::App;
use sigma_core::dpop::{Confirmation, Thumbprint};
use sigma_core::exchange::{ExchangeProblem, TokenType};
use sigma_core::id_jag::IdJagClaims;
use sigma_core::ids::{SessionId, TokenId};
use sigma_core::jose::{Algorithm, TokenKind};
use sigma_core::scope::Scopes;
use sigma_core::time::Timestamp;
use sigma_core::token::Audience;
use sigma_platform::settings::{IdJagTarget, IdJagTargetApp};
use sigma_store::grant;

use super::own::live;
use super::request::ExchangeRequest;
use crate::interaction::request::subject_of_hint;
use crate::oauth::token::issue::make;
use crate::oauth::token::{TokenAnswer, TokenError};
use crate::state::AppState;

/// The longest life in seconds: it is exchanged at once.
const LONGEST: i64 = 300;
const INVALID: TokenError = TokenError::InvalidRequest("the subject token is not valid");

/// Whose assertion it is.
struct Subject {
    user_id: String,
    expires_at: i64,
    auth_time: i64,
    acr: String,
    amr: Vec<String>,
}

/// Issues an assertion.
pub async fn issue(
    sigma: &AppState,
    app: &App,
    request: &ExchangeRequest,
    jkt: Option<&Thumbprint>,
) -> Result<TokenAnswer, TokenError> {
    if !app.auth_method.is_confidential() {
        return Err(TokenError::UnauthorizedClient);
    }
    if request.actor.is_some() {
        return Err(TokenError::InvalidRequest("actor_token is not supported with this requested_token_type"));
    }
    let [audience] = request.audience.as_slice() else {
        return Err(TokenError::InvalidRequest("audience must name one authorization server"));
    };
    let (target, rule) = rule(sigma, app, audience).ok_or(TokenError::InvalidTarget)?;
    if !request.resource.iter().all(|uri| rule.resources.contains(uri)) {
        return Err(TokenError::InvalidTarget);
    }
    let most = Scopes::parse(&rule.scope);
    let scope = request.scope.clone().unwrap_or_else(|| most.clone());
    if !most.covers(&scope) {
        return Err(TokenError::Exchange(ExchangeProblem::Scope));
    }
    let now = sigma.now();
    let subject = match request.subject_token_type {
        TokenType::IdToken => by_id_token(sigma, app, request, now).await?,
        TokenType::AccessToken => by_access_token(sigma, app, request, jkt).await?,
        _ => return Err(TokenError::InvalidRequest("this subject_token_type is not supported")),
    };
    let resources = if request.resource.is_empty() { &rule.resources } else { &request.resource };
    let claims = IdJagClaims {
        iss: sigma.issuer().to_owned(),
        sub: subject.user_id,
        aud: target.audience.clone(),
        client_id: rule.client_id.as_ref().unwrap_or(&rule.app).clone(),
        jti: TokenId::new(now, &*sigma.rng).to_string(),
        exp: subject.expires_at.min(now.seconds().saturating_add(LONGEST)),
        iat: now.seconds(),
        scope: scope.to_string(),
        resource: match resources.as_slice() {
            [] => None,
            [one] => Some(Audience::One(one.clone())),
            many => Some(Audience::Many(many.to_vec())),
        },
        auth_time: subject.auth_time,
        acr: subject.acr,
        amr: subject.amr,
        cnf: jkt.map(|jkt| Confirmation { jkt: jkt.clone() }),
    };
    let ring = sigma.keys.ring(&sigma.master_key).await;
    Ok(TokenAnswer {
        access_token: make(&ring, Algorithm::ES256, TokenKind::IdJag, &claims, now)?,
        issued_token_type: Some(TokenType::IdJag.as_str()),
        // It is no access token (RFC 8693 §2.2.1).
        token_type: "N_A",
        expires_in: u32::try_from(claims.exp.saturating_sub(claims.iat)).unwrap_or_default(),
        expires_at: claims.exp,
        scope: claims.scope,
        id_token: None,
        refresh_token: None,
        next_nonce: None,
    })
}

/// What the operator lets the app do there.
fn rule<'s>(sigma: &'s AppState, app: &App, audience: &str) -> Option<(&'s IdJagTarget, &'s IdJagTargetApp)> {
    let target = sigma.settings.id_jag.issue.iter().find(|target| target.audience == audience)?;
    Some((target, target.apps.iter().find(|rule| app.is_called(&rule.app))?))
}

/// The user of an ID token of this app, whose session goes on and whose access the user has not taken back.
async fn by_id_token(
    sigma: &AppState,
    app: &App,
    request: &ExchangeRequest,
    now: Timestamp,
) -> Result<Subject, TokenError> {
    let claims = subject_of_hint(sigma, request.subject_token.expose_secret(), app).await?.ok_or(INVALID)?;
    if now.seconds() >= claims.exp {
        return Err(INVALID);
    }
    let session_id = SessionId::from_text(claims.sid);
    let session = sigma.find_session(&session_id).await?.filter(|session| session.ended_at.is_none());
    let session = session.filter(|session| session.user_id.as_str() == claims.sub).ok_or(INVALID)?;
    let app_id = app.id.clone();
    if !sigma.store.read(move |tx| grant::lives_in(tx, &session_id, &app_id, now)).await? {
        return Err(INVALID);
    }
    let account = sigma.find_account(&session.user_id).await?;
    if account.is_none_or(|account| account.user.disabled) {
        return Err(INVALID);
    }
    Ok(Subject {
        user_id: claims.sub,
        expires_at: claims.exp,
        auth_time: claims.auth_time,
        acr: claims.acr,
        amr: claims.amr,
    })
}

/// The user of an access token of this app, for whom nobody else acts.
async fn by_access_token(
    sigma: &AppState,
    app: &App,
    request: &ExchangeRequest,
    jkt: Option<&Thumbprint>,
) -> Result<Subject, TokenError> {
    let source = live(sigma, &request.subject_token).await?.ok_or(INVALID)?;
    let claims = &source.access.claims;
    if source.app.id != app.id || claims.act.is_some() {
        return Err(TokenError::Exchange(ExchangeProblem::NotForApp));
    }
    if claims.cnf.as_ref().is_some_and(|bound| jkt != Some(&bound.jkt)) {
        return Err(TokenError::Exchange(ExchangeProblem::Unproven));
    }
    let (grant, _) = source.account.as_ref().ok_or(INVALID)?;
    let proof = &grant.authorization;
    Ok(Subject {
        user_id: claims.sub.clone(),
        expires_at: claims.exp,
        auth_time: proof.auth_time.seconds(),
        acr: proof.acr.clone(),
        amr: proof.amr.split(' ').map(str::to_owned).collect(),
    })
}
