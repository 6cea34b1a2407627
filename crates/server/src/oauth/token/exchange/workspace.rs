//! Exchanges the credential of a workspace, a member's JWT or an API key, for a token at the workspace's own APIs.

use sigma_core::app::App;
use sigma_core::dpop::Thumbprint;
use sigma_core::exchange::{ActClaim, ExchangeProblem, permitted};
use sigma_core::ids::TokenId;
use sigma_core::resource::Targets;
use sigma_core::scope::Scopes;
use sigma_core::token::{AccessClaims, Issuance};
use sigma_platform::workspace_subjects::WorkspaceSubject;

use super::own::sign;
use super::request::ExchangeRequest;
use crate::oauth::token::issue::issuance;
use crate::oauth::token::{TokenAnswer, TokenError};
use crate::state::AppState;

/// The longest life in seconds: what a role may do changes.
const LONGEST: u32 = 3_600;

/// Issues a token for `subject` to an app of its workspace.
pub async fn exchange(
    sigma: &AppState,
    app: &App,
    subject: Option<WorkspaceSubject>,
    request: &ExchangeRequest,
    jkt: Option<&Thumbprint>,
) -> Result<TokenAnswer, TokenError> {
    if !app.auth_method.is_confidential() {
        return Err(TokenError::UnauthorizedClient);
    }
    if request.actor.is_some() {
        return Err(TokenError::InvalidRequest("actor_token is not supported with this subject token"));
    }
    let subject = subject.ok_or(TokenError::InvalidRequest("the subject token is not valid"))?;
    let org_id = &subject.claims.org_id;
    if app.org_id != *org_id {
        return Err(TokenError::Exchange(ExchangeProblem::NotForApp));
    }
    let found = sigma.find_resources(&request.audiences).await?;
    // Only the workspace's own APIs: it speaks for no other org, and its credentials give access to nothing of the server.
    let is_theirs = !found.is_empty() && found.iter().all(|resource| resource.org_id == *org_id);
    let targets = if is_theirs && found.len() == request.audiences.len() { Targets::of_app(found, app) } else { None };
    let targets = targets.ok_or(TokenError::InvalidTarget)?;
    let most = targets.scopes().retain(|scope| permitted(scope, subject.permissions));
    let scope = match &request.scope {
        Some(wanted) if !most.covers(&targets.registered(wanted)) => {
            return Err(TokenError::Exchange(ExchangeProblem::Scope));
        }
        Some(wanted) => targets.registered(wanted),
        None => Scopes::default(),
    };
    let now = sigma.now();
    let id = TokenId::new(now, &*sigma.rng);
    let issuance = issuance(sigma, app, jkt, now);
    let issuance = Issuance { seconds: issuance.seconds.min(LONGEST), ..issuance };
    let claims = AccessClaims::of_app(issuance, &scope, &targets, &id);
    let (auth_time, acr) = match subject.authenticated {
        Some((at, acr)) => (Some(at.seconds()), Some(acr.to_string())),
        None => (None, None),
    };
    let claims = AccessClaims {
        exp: subject.until.map_or(claims.exp, |until| claims.exp.min(until.seconds())),
        sub: subject.sub,
        auth_time,
        acr,
        act: Some(ActClaim::after(None, app.client_id.as_str())),
        workspace: Some(subject.claims),
        ..claims
    };
    sign(sigma, &claims).await
}
