//! Issues tokens: the claims come from the core, the signature from the keyring.

use std::sync::Arc;

use serde::Serialize;
use serde_json::Map;
use sigma_core::app::App;
use sigma_core::authorize::covered;
use sigma_core::dpop::Thumbprint;
use sigma_core::grant::Grant;
use sigma_core::ids::TokenId;
use sigma_core::jose::{Algorithm, Keyring, TokenKind, sign};
use sigma_core::resource::Targets;
use sigma_core::scope::{OPENID, ORG, Scopes};
use sigma_core::time::Timestamp;
use sigma_core::token::{AccessClaims, AccessClaimsWith, IdClaims, Issuance, access_token_lists, id_token_claims};

use super::{TokenAnswer, TokenError};
use crate::http::ApiError;
use crate::state::AppState;

/// The lifetime of an app's access tokens, in seconds. An app may have a shorter lifetime than the default, never a
/// longer one: keys are kept for the operator's lifetime.
pub fn access_seconds(sigma: &AppState, app: &App) -> u32 {
    let longest = sigma.settings.tokens.access_seconds;
    app.access_seconds.map_or(longest, |seconds| seconds.min(longest))
}

/// How long a refresh token of an app lives without use, in seconds.
pub fn refresh_seconds(sigma: &AppState, app: &App) -> u32 {
    app.metadata.refresh.idle_seconds.unwrap_or(sigma.settings.tokens.refresh_seconds)
}

/// The same of the first refresh token of a grant, which may end earlier with all of the grant's.
pub fn first_refresh_seconds(sigma: &AppState, app: &App) -> u32 {
    let idle = refresh_seconds(sigma, app);
    app.metadata.refresh.life_seconds.map_or(idle, |life| idle.min(life))
}

/// The tokens of a grant.
pub async fn of_grant(
    sigma: &AppState,
    app: &App,
    grant: &Grant,
    targets: &Targets,
    refresh_token: Option<String>,
    jkt: Option<&Thumbprint>,
    now: Timestamp,
) -> Result<TokenAnswer, TokenError> {
    let mut authorization = grant.authorization.clone();
    authorization.scope = app.still_granted(&authorization.scope);
    let askable = app.askable();
    authorization.claims = covered(authorization.claims, &askable);
    authorization.id_token_claims = covered(authorization.id_token_claims, &askable);
    let authorization = &authorization;
    let account = sigma.find_account(&authorization.user_id).await?;
    let account = account.filter(|account| !account.user.disabled);
    let account = account.ok_or(TokenError::InvalidGrant("session no longer exists"))?;
    let person = account.person(authorization.bap_id.as_ref());
    let wanted = [authorization.claims.as_slice(), &authorization.id_token_claims].concat();
    let acts_for = authorization.org_id.as_ref();
    let person = sigma.with_membership(app, person, acts_for, &authorization.scope, &wanted).await?;
    if acts_for.is_some() && authorization.scope.contains(ORG) && person.membership.is_none() {
        return Err(TokenError::InvalidGrant("the user no longer acts for this organization"));
    }
    let ring = sigma.keys.ring(&sigma.master_key).await;
    let issuance = issuance(sigma, app, jkt, now);
    let id = TokenId::new(now, &*sigma.rng);
    let claims = AccessClaims::of_grant(issuance, &grant.id, authorization, targets, &person, &id);
    let about = if app.metadata.org_claims.in_access_token {
        access_token_lists(&person, &authorization.scope)
    } else {
        Map::new()
    };
    let access_token = if about.is_empty() {
        make(&ring, Algorithm::ES256, TokenKind::Access, &claims, now)?
    } else {
        let claims = AccessClaimsWith { claims: &claims, about };
        make(&ring, Algorithm::ES256, TokenKind::Access, &claims, now)?
    };
    let id_token = if authorization.scope.contains(OPENID) {
        let issuance = Issuance { seconds: sigma.settings.tokens.id_seconds, ..issuance };
        let in_scope = authorization.scope.retain(|scope| app.id_token_claims || scope == ORG);
        let placeholder = app.placeholder_email.then(|| sigma.issuer_host());
        let about = id_token_claims(&person, &in_scope, &authorization.id_token_claims, placeholder.as_deref());
        let claims = IdClaims::of(issuance, authorization, about, &access_token, app.id_token_alg);
        Some(make(&ring, app.id_token_alg, TokenKind::Id, &claims, now)?)
    } else {
        None
    };
    Ok(TokenAnswer {
        access_token,
        issued_token_type: None,
        token_type: token_type(jkt),
        expires_in: issuance.seconds,
        expires_at: claims.exp,
        scope: claims.scope,
        id_token,
        refresh_token,
        next_nonce: None,
    })
}

/// The token for an app itself.
pub async fn of_app(
    sigma: &AppState,
    app: &App,
    scope: &Scopes,
    targets: &Targets,
    jkt: Option<&Thumbprint>,
    now: Timestamp,
) -> Result<TokenAnswer, TokenError> {
    let ring = sigma.keys.ring(&sigma.master_key).await;
    let issuance = issuance(sigma, app, jkt, now);
    let id = TokenId::new(now, &*sigma.rng);
    let claims = AccessClaims::of_app(issuance, scope, targets, &id);
    Ok(TokenAnswer {
        access_token: make(&ring, Algorithm::ES256, TokenKind::Access, &claims, now)?,
        issued_token_type: None,
        token_type: token_type(jkt),
        expires_in: issuance.seconds,
        expires_at: claims.exp,
        scope: claims.scope,
        id_token: None,
        refresh_token: None,
        next_nonce: None,
    })
}

/// How a token is sent (RFC 9449 §5).
pub const fn token_type(jkt: Option<&Thumbprint>) -> &'static str {
    if jkt.is_some() { "DPoP" } else { "Bearer" }
}

/// What every token for `app` has.
pub fn issuance<'a>(sigma: &'a AppState, app: &'a App, jkt: Option<&'a Thumbprint>, now: Timestamp) -> Issuance<'a> {
    Issuance { issuer: sigma.issuer(), client_id: &app.client_id, now, seconds: access_seconds(sigma, app), jkt }
}

/// A signed token.
pub fn make<T: Serialize>(
    ring: &Arc<Keyring>,
    algorithm: Algorithm,
    kind: TokenKind,
    claims: &T,
    now: Timestamp,
) -> Result<String, TokenError> {
    sign(ring.signer(algorithm, now), kind, claims).map_err(|error| TokenError::Internal(ApiError::internal(error)))
}
