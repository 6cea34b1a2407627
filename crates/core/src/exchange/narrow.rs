//! The rules of exchanging an access token of this server: nothing widens, and whoever acts is named.

use super::{ActClaim, ExchangeProblem, MOST_ACTORS};
use crate::app::App;
use crate::ids::TokenId;
use crate::resource::{Resource, Targets};
use crate::scope::{EMAIL, GROUPS, OFFLINE_ACCESS, ORG, PROFILE, ROLES, Scopes};
use crate::token::{AccessClaims, Audience, Issuance};

/// The most tokens that one ends with.
const MOST_SOURCES: usize = 16;

/// What an app wants for a subject token.
#[derive(Clone, Copy, Debug)]
pub struct Narrowing<'a> {
    /// Issuer, time, longest life, and the key whose possession the caller proved.
    pub issuance: Issuance<'a>,
    /// The app, authenticated.
    pub app: &'a App,
    /// The requested scopes; without them, as many as possible.
    pub scope: Option<&'a Scopes>,
    /// The requested audiences; without any, as many as possible.
    pub audiences: &'a [String],
    /// Those audiences of the subject token that are registered resources.
    pub resources: &'a [Resource],
    /// Whether the app sent a token of its own as actor token, so that it is named even if the subject token was issued to it.
    pub names_actor: bool,
    /// The id of the new token.
    pub id: &'a TokenId,
}

/// The claims of the token for the live access token `source`.
///
/// # Errors
/// [`ExchangeProblem`]
pub fn narrow(source: &AccessClaims, wanted: &Narrowing<'_>) -> Result<AccessClaims, ExchangeProblem> {
    let app = wanted.app;
    let is_own = app.is_called(&source.client_id);
    if !is_own && !wanted.resources.iter().any(|resource| resource.is_served_by(&app.id)) {
        return Err(ExchangeProblem::NotForApp);
    }
    let proven = wanted.issuance.jkt;
    if source.cnf.as_ref().is_some_and(|bound| proven != Some(&bound.jkt)) {
        return Err(ExchangeProblem::Unproven);
    }
    let act = if is_own && !wanted.names_actor {
        source.act.clone()
    } else {
        Some(ActClaim::after(source.act.as_ref(), app.client_id.as_str()))
    };
    if act.as_ref().is_some_and(|act| act.chain().count() > MOST_ACTORS) {
        return Err(ExchangeProblem::TooOften);
    }
    let (aud, targets) = audience(source, wanted)?;
    let scope = scope(source, wanted, &targets, is_own)?;
    let issuance = wanted.issuance;
    let keep = |name: &str, value: &Option<String>| if scope.contains(name) { value.clone() } else { None };
    Ok(AccessClaims {
        iss: source.iss.clone(),
        sub: source.sub.clone(),
        aud,
        exp: source.exp.min(issuance.now.seconds().saturating_add(i64::from(issuance.seconds))),
        iat: issuance.now.seconds(),
        jti: wanted.id.to_string(),
        client_id: app.client_id.to_string(),
        gid: source.gid.clone(),
        sid: source.sid.clone(),
        auth_time: source.auth_time,
        acr: source.acr.clone(),
        name: keep(PROFILE, &source.name),
        pubkey: keep(PROFILE, &source.pubkey),
        bap_id: keep(PROFILE, &source.bap_id),
        bap: keep(PROFILE, &source.bap),
        org_id: source.org_id.clone().filter(|_| scope.contains(ORG)),
        email: keep(EMAIL, &source.email),
        cnf: issuance.cnf(),
        act,
        sources: sources(source)?,
        workspace: source.workspace.clone(),
        impersonation: source.impersonation,
        scope: scope.to_string(),
    })
}

/// The tokens that the new one ends with, besides its grant. An app that exchanges its own tokens in a circle adds no actor, so they
/// are bounded as well.
fn sources(source: &AccessClaims) -> Result<Vec<String>, ExchangeProblem> {
    let itself = source.stands_alone().then(|| source.jti.clone());
    let sources: Vec<String> = source.sources.iter().cloned().chain(itself).collect();
    if sources.len() > MOST_SOURCES {
        return Err(ExchangeProblem::TooOften);
    }
    Ok(sources)
}

/// The requested part of the source's audience, or as much of it as the app may have.
fn audience(source: &AccessClaims, wanted: &Narrowing<'_>) -> Result<(Audience, Targets), ExchangeProblem> {
    let app = wanted.app;
    let found = |uri: &str| wanted.resources.iter().find(|resource| resource.uri == uri);
    let may_have = |uri: &str| {
        uri == wanted.issuance.issuer
            || found(uri).is_some_and(|resource| resource.is_for(app) || resource.is_served_by(&app.id))
    };
    let audiences: Vec<&str> = if wanted.audiences.is_empty() {
        source.aud.iter().filter(|uri| may_have(uri)).collect()
    } else {
        let wanted = wanted.audiences.iter().map(String::as_str);
        wanted
            .map(|uri| (source.aud.includes(uri) && may_have(uri)).then_some(uri))
            .collect::<Option<_>>()
            .ok_or(ExchangeProblem::Target)?
    };
    if audiences.is_empty() {
        return Err(ExchangeProblem::Target);
    }
    let targets = audiences.iter().filter_map(|uri| found(uri)).cloned();
    Ok((Audience::of(wanted.issuance.issuer, &audiences), Targets::of_exchange(targets)))
}

/// The requested part of the source's scope, or as much of it as the app may have. A role is in the org that owns an app, so it
/// is another one for another app. No refresh token comes of an exchange.
fn scope(
    source: &AccessClaims,
    wanted: &Narrowing<'_>,
    targets: &Targets,
    is_own: bool,
) -> Result<Scopes, ExchangeProblem> {
    let held = Scopes::parse(&source.scope);
    let reachable = wanted.app.still_granted(&held).without(OFFLINE_ACCESS);
    let reachable = if is_own { reachable } else { reachable.without(ROLES).without(GROUPS) };
    let Some(scope) = wanted.scope else { return Ok(targets.bound(&reachable)) };
    let bound = targets.bound(scope);
    // A token that can do nothing of what was asked for would be taken for one that can.
    let is_void = bound.is_empty() && !scope.is_empty();
    if is_void || !reachable.covers(scope) { Err(ExchangeProblem::Scope) } else { Ok(bound) }
}

#[cfg(test)]
mod tests;
