//! Exchanges the token of a workload, such as a job in CI, for one of the app that it acts as: no secret is kept there.

use secrecy::ExposeSecret as _;
use sigma_core::app::App;
use sigma_core::digest::Digest;
use sigma_core::dpop::Thumbprint;
use sigma_core::exchange::{ActClaim, ExchangeProblem};
use sigma_core::ids::TokenId;
use sigma_core::resource::Targets;
use sigma_core::scope::Scopes;
use sigma_core::token::AccessClaims;
use sigma_store::replay_guard::{self, Once};

use sigma_platform::workloads::ScopeLimit;

use super::own::sign;
use super::request::ExchangeRequest;
use crate::oauth::token::issue::issuance;
use crate::oauth::token::{TokenAnswer, TokenError};
use crate::state::AppState;

/// Exchanges the token of `request` for one of `app`. A public app needs no credential: the workload proves what it is.
pub async fn exchange(
    sigma: &AppState,
    app: &App,
    once: Option<Once>,
    request: &ExchangeRequest,
    jkt: Option<&Thumbprint>,
) -> Result<TokenAnswer, TokenError> {
    const INVALID: TokenError = TokenError::InvalidRequest("the subject token is not valid");
    if request.actor.is_some() {
        return Err(TokenError::InvalidRequest("actor_token is not supported with this subject token"));
    }
    let now = sigma.now();
    let workload = sigma.workloads.verify(request.subject_token.expose_secret(), now).await.ok_or(INVALID)?;
    let most = workload.may_act_as(app).ok_or(TokenError::InvalidRequest(
        "no rule of this server lets the subject of this token act as this client",
    ))?;
    let found = sigma.find_resources(&request.audiences).await?;
    let targets = if found.len() == request.audiences.len() { Targets::of_app(found, app) } else { None };
    let targets = targets.ok_or(TokenError::InvalidTarget)?;
    let scope = match (&request.scope, &most) {
        (Some(wanted), ScopeLimit::AtMost(most)) if !most.covers(wanted) => {
            return Err(TokenError::Exchange(ExchangeProblem::Scope));
        }
        (Some(wanted), _) => targets.registered(wanted),
        (None, ScopeLimit::AtMost(most)) => targets.registered(most),
        (None, ScopeLimit::Unlimited) => Scopes::default(),
    };
    let first = match workload.single_use() {
        None => None,
        Some(jti) => {
            let key = Digest::of(format!("workload\0{}\0{jti}", workload.issuer()));
            Some(Once::new(key, workload.token().expires_at, sigma.store.database_now()).ok_or(INVALID)?)
        }
    };
    let spent = sigma.store.write(move |tx| {
        Ok(if !replay_guard::spend_if(tx, once.as_ref())? {
            Some(Spent::Credential)
        } else if !replay_guard::spend_if(tx, first.as_ref())? {
            Some(Spent::SubjectToken)
        } else {
            None
        })
    });
    match spent.await? {
        None => {}
        Some(Spent::Credential) => return Err(TokenError::Replayed(app.auth_method)),
        Some(Spent::SubjectToken) => return Err(TokenError::InvalidRequest("the subject token was used before")),
    }
    let token = workload.token();
    let id = TokenId::new(now, &*sigma.rng);
    let claims = AccessClaims::of_app(issuance(sigma, app, jkt, now), &scope, &targets, &id);
    let act = ActClaim { iss: Some(workload.issuer().to_owned()), sub: token.subject.clone(), act: None };
    let claims = AccessClaims { exp: claims.exp.min(token.expires_at.seconds()), act: Some(act), ..claims };
    sign(sigma, &claims).await
}

/// What was used before.
#[derive(Clone, Copy, Debug)]
enum Spent {
    Credential,
    SubjectToken,
}
