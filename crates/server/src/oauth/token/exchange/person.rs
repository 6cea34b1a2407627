//! Tokens about a user who is named by id: for an agent of theirs, or for somebody who may act as them.

use std::sync::Arc;
use std::time::Duration;

use secrecy::ExposeSecret as _;
use sigma_core::actor::Actor;
use sigma_core::app::App;
use sigma_core::code::Authorization;
use sigma_core::dpop::Thumbprint;
use sigma_core::exchange::{ActClaim, ExchangeProblem, TokenType};
use sigma_core::grant::Grant;
use sigma_core::ids::{GrantId, SessionId, TokenId, UserId};
use sigma_core::resource::{Resource, Targets};
use sigma_core::scope::{EMAIL, KNOWN, OFFLINE_ACCESS, OPENID, PROFILE, Scopes};
use sigma_core::time::Timestamp;
use sigma_core::token::{AccessClaims, Issuance};
use sigma_store::agent;
use sigma_store::impersonation::{self, Impersonation, NewImpersonation};

use super::own::{live, sign};
use super::request::ExchangeRequest;
use crate::http::RequestContext;
use crate::oauth::token::issue::issuance;
use crate::oauth::token::{TokenAnswer, TokenError};
use crate::state::AppState;

/// The longest life of both kinds of token, in seconds; and of an impersonation.
pub const LONGEST: u32 = 3_600;
/// How long ago the actor may have authenticated.
const RECENT: Duration = Duration::from_mins(15);
/// The server's own scopes that an impersonator may have: what names the user, never what changes an account.
const READABLE: [&str; 3] = [OPENID, PROFILE, EMAIL];

/// Issues a token about the named user.
pub async fn exchange(
    sigma: &AppState,
    context: &RequestContext,
    app: &Arc<App>,
    request: &ExchangeRequest,
    jkt: Option<&Thumbprint>,
) -> Result<TokenAnswer, TokenError> {
    if !app.auth_method.is_confidential() {
        return Err(TokenError::UnauthorizedClient);
    }
    let user_id = UserId::parse(request.subject_token.expose_secret()).ok_or(INVALID)?;
    let app_id = app.id.clone();
    match (sigma.store.read(move |tx| agent::find(tx, &app_id)).await?, &request.actor) {
        (Some(agent), None) if agent.user_id == user_id => by_agent(sigma, app, &agent.grant_id, request, jkt).await,
        (None, Some(_)) => impersonate(sigma, context, app, user_id, request, jkt).await,
        // An agent acts for its owner alone, and only impersonators for anybody else.
        _ => Err(INVALID),
    }
}

const INVALID: TokenError = TokenError::InvalidRequest("the subject token is not valid");

/// A token of an agent, within the consent that its owner gave it.
async fn by_agent(
    sigma: &AppState,
    app: &App,
    grant_id: &GrantId,
    request: &ExchangeRequest,
    jkt: Option<&Thumbprint>,
) -> Result<TokenAnswer, TokenError> {
    let now = sigma.now();
    let grant = sigma.find_grant(grant_id).await?.ok_or(INVALID)?;
    if grant.revoked_at.is_some() || now >= grant.expires_at {
        return Err(INVALID);
    }
    let granted = app.still_granted(&grant.authorization.scope);
    let scope = request.scope.clone().unwrap_or_else(|| granted.clone());
    if !granted.covers(&scope) {
        return Err(TokenError::Exchange(ExchangeProblem::Scope));
    }
    // Its owner consented to what it was given.
    let (wanted, granted) = (&request.audiences, &grant.authorization.resources);
    let targets = targets(sigma, app, wanted, granted, Targets::of_grant).await?;
    let act = ActClaim::after(None, app.client_id.as_str());
    issue(
        sigma,
        app,
        &Grant { authorization: Authorization { scope, ..grant.authorization.clone() }, ..Grant::clone(&grant) },
        &targets,
        Some(act),
        jkt,
    )
    .await
}

/// Begins an impersonation: the actor token is an access token of this app, about whoever acts.
async fn impersonate(
    sigma: &AppState,
    context: &RequestContext,
    app: &Arc<App>,
    user_id: UserId,
    request: &ExchangeRequest,
    jkt: Option<&Thumbprint>,
) -> Result<TokenAnswer, TokenError> {
    const NOT_THEIRS: TokenError = TokenError::InvalidRequest("the actor token is not valid");
    let now = sigma.now();
    let (token, kind) = request.actor.as_ref().ok_or(NOT_THEIRS)?;
    let actor = if *kind == TokenType::AccessToken { live(sigma, token).await? } else { None };
    let actor = actor
        .filter(|actor| {
            let claims = &actor.access.claims;
            let is_proven = claims.cnf.as_ref().is_none_or(|bound| jkt == Some(&bound.jkt));
            // Of a session of theirs here: the word of another server does not make anybody act as others.
            actor.app.id == app.id && claims.act.is_none() && claims.sid.is_some() && is_proven
        })
        .ok_or(NOT_THEIRS)?;
    let (grant, actor_account) = actor.account.ok_or(NOT_THEIRS)?;
    let proof = &grant.authorization;
    if now.since(proof.auth_time) > RECENT {
        return Err(TokenError::InvalidRequest("the actor has to sign in again"));
    }
    let allowed = |name: &str| READABLE.contains(&name) || !KNOWN.contains(&name);
    let wanted = request.scope.clone().unwrap_or_else(|| Scopes::parse(OPENID));
    if wanted.iter().any(|name| !allowed(name)) || !app.still_granted(&wanted).covers(&wanted) {
        return Err(TokenError::Exchange(ExchangeProblem::Scope));
    }
    let asked: Vec<String> = request.audiences.iter().filter(|uri| *uri != sigma.issuer()).cloned().collect();
    // An open resource needs the consent of the user for it.
    let targets = targets(sigma, app, &request.audiences, &asked, Targets::of_app).await?;
    let authorization = Authorization {
        app_id: app.id.clone(),
        user_id,
        session_id: SessionId::from_text(""),
        bap_id: None,
        org_id: None,
        scope: targets.bound(&wanted).without(OFFLINE_ACCESS),
        claims: Vec::new(),
        id_token_claims: Vec::new(),
        resources: asked,
        nonce: None,
        auth_time: proof.auth_time,
        acr: proof.acr.clone(),
        amr: proof.amr.clone(),
    };
    let grant = Grant {
        id: GrantId::new(now, &*sigma.rng),
        authorization,
        offline: true,
        revoked_at: None,
        expires_at: AppState::in_seconds(now, LONGEST),
    };
    let actor_id = actor_account.user.id.clone();
    let new = NewImpersonation {
        grant_id: grant.id.clone(),
        app: Arc::clone(app),
        actor_id: actor_id.clone(),
        authorization: grant.authorization.clone(),
        now,
        expires_at: grant.expires_at,
    };
    let store = sigma.store_for(context, Actor::User(actor_id.clone()));
    match store.write(move |tx| impersonation::begin(tx, &new)).await? {
        Impersonation::Begun => {}
        Impersonation::Denied => return Err(TokenError::InvalidRequest("the actor may not act as this user")),
        Impersonation::NotConsented => return Err(TokenError::Exchange(ExchangeProblem::Scope)),
        Impersonation::TooMany => return Err(TokenError::InvalidRequest("too many impersonations at once")),
    }
    issue(sigma, app, &grant, &targets, Some(ActClaim::after(None, actor_id.as_str())), jkt).await
}

/// The requested audiences, which are among `granted`, or all of those, as far as `permitted` lets the app have them.
async fn targets(
    sigma: &AppState,
    app: &App,
    wanted: &[String],
    granted: &[String],
    permitted: fn(Vec<Resource>, &App) -> Option<Targets>,
) -> Result<Targets, TokenError> {
    let uris: Vec<String> = if wanted.is_empty() {
        granted.to_vec()
    } else {
        wanted.iter().filter(|uri| *uri != sigma.issuer()).cloned().collect()
    };
    let found = sigma.find_resources(&uris).await?;
    let complete = found.len() == uris.len() && uris.iter().all(|uri| granted.contains(uri));
    let targets = if complete { permitted(found, app) } else { None };
    targets.ok_or(TokenError::Exchange(ExchangeProblem::Target))
}

/// The token of a grant without session, for whoever acts.
pub async fn issue(
    sigma: &AppState,
    app: &App,
    grant: &Grant,
    targets: &Targets,
    act: Option<ActClaim>,
    jkt: Option<&Thumbprint>,
) -> Result<TokenAnswer, TokenError> {
    let now = sigma.now();
    let account = sigma.find_account(&grant.authorization.user_id).await?;
    let account = account.filter(|account| !account.user.disabled).ok_or(INVALID)?;
    let person = account.person(grant.authorization.bap_id.as_ref());
    let issuance = issuance(sigma, app, jkt, now);
    let issuance = Issuance { seconds: issuance.seconds.min(LONGEST), ..issuance };
    let id = TokenId::new(now, &*sigma.rng);
    let claims = AccessClaims::of_grant(issuance, &grant.id, &grant.authorization, targets, &person, &id);
    let until: Timestamp = grant.expires_at;
    let impersonation = act.as_ref().is_some_and(|act| act.sub != app.client_id.as_str());
    let claims = AccessClaims { exp: claims.exp.min(until.seconds()), sid: None, act, impersonation, ..claims };
    sign(sigma, &claims).await
}
