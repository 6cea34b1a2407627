//! The bearer of an access token: its signature is checked once, its grant on every request.

use std::borrow::Cow;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderValue, StatusCode, header};
use sigma_core::app::App;
use sigma_core::digest::Digest;
use sigma_core::dpop::ProofProblem;
use sigma_core::exchange::ActClaim;
use sigma_core::grant::Grant;
use sigma_core::ids::{AppId, GrantId, UserId};
use sigma_core::jose::{Keyring, TokenKind, UnverifiedJws};
use sigma_core::scope::Scopes;
use sigma_core::token::AccessClaims;
use sigma_store::account::Account;
use sigma_store::{StoreError, cached, impersonation};

use crate::access::{SKEW, VerifiedAccess};
use crate::dpop::DpopError;
use crate::extract::SentProof;
use crate::extract::authorization::{Repeated, Scheme, access_token};
use crate::http::{ApiError, ProtectedResource};
use crate::state::AppState;

/// How the ids of users begin.
const USER_PREFIX: &str = "user_";

/// An active token: its app, grant, session and account all are.
#[derive(Clone, Debug)]
pub struct LiveAccess {
    /// The token.
    pub access: Arc<VerifiedAccess>,
    /// The app that holds it: the one of the grant, or the one that exchanged a token of it.
    pub app: Arc<App>,
    /// The grant and the account; `None` for a token that an app got for itself.
    pub account: Option<(Arc<Grant>, Arc<Account>)>,
}

impl LiveAccess {
    /// What it is active because of: the keys, the grant, the session, the account, the app, and the org that the app belongs to or that the
    /// user acts for. `None` for a token that is revoked by itself.
    pub(crate) fn rests_on(&self) -> Option<[&str; 6]> {
        let (grant, account) = self.account.as_ref().filter(|_| !self.access.claims.stands_alone())?;
        let given = &grant.authorization;
        let org = given.org_id.as_ref().unwrap_or(&self.app.org_id);
        Some([
            cached::ALL,
            grant.id.as_str(),
            given.session_id.as_str(),
            account.user.id.as_str(),
            self.app.id.as_str(),
            org.as_str(),
        ])
    }
}

/// Verifies the signature of an access token, or recalls that it was verified. `None` for anything that is not a token
/// of ours.
///
/// # Errors
/// The signing key is unknown to this process, and the store does not answer whether it exists.
pub async fn verify_access(sigma: &AppState, token: &str) -> Result<Option<Arc<VerifiedAccess>>, StoreError> {
    let digest = Digest::of(token);
    // A deleted key no longer vouches for tokens, not even for those verified before.
    if let Some(known) = sigma.verified.get(&digest) {
        let ring = sigma.keys.ring(&sigma.master_key).await;
        if ring.verifier(&known.kid).is_some() {
            return Ok(Some(known));
        }
    }
    let Ok(jws) = UnverifiedJws::parse(token) else { return Ok(None) };
    let Some(kid) = jws.header().kid.as_deref() else { return Ok(None) };
    let ring = sigma.keys.ring_with(&sigma.master_key, kid).await?;
    Ok(verify_with(sigma, &ring, &jws, kid).inspect(|access| sigma.verified.insert(digest, Arc::clone(access))))
}

fn verify_with(sigma: &AppState, ring: &Keyring, jws: &UnverifiedJws<'_>, kid: &str) -> Option<Arc<VerifiedAccess>> {
    let payload = jws.verify_as(TokenKind::Access, ring.verifier(kid)?).ok()?;
    let claims: AccessClaims = serde_json::from_slice(payload).ok()?;
    if claims.iss != sigma.issuer() {
        return None;
    }
    if ring.retired_at(kid).is_some_and(|retired_at| claims.iat > retired_at.seconds() + SKEW) {
        return None;
    }
    Some(Arc::new(VerifiedAccess { claims, kid: kid.to_owned() }))
}

/// Whether a verified token is active, and whose it is.
///
/// # Errors
/// The store does not answer.
pub async fn load_live(sigma: &AppState, access: Arc<VerifiedAccess>) -> Result<Option<LiveAccess>, StoreError> {
    let claims = &access.claims;
    if !access.accepted_in().contains(&sigma.now().seconds()) {
        return Ok(None);
    }
    if claims.stands_alone() && !stands(sigma, claims).await? {
        return Ok(None);
    }
    let Some(gid) = &claims.gid else {
        let app = load_named_app(sigma, &claims.client_id).await?;
        return Ok(app.map(|app| LiveAccess { access: Arc::clone(&access), app, account: None }));
    };
    let Some((grant, app, account)) = load_live_grant(sigma, gid).await? else { return Ok(None) };
    let holder = if app.is_called(&claims.client_id) {
        app
    } else if claims.act.is_some() {
        let Some(holder) = load_named_app(sigma, &claims.client_id).await? else { return Ok(None) };
        holder
    } else {
        return Ok(None);
    };
    Ok(Some(LiveAccess { access: Arc::clone(&access), app: holder, account: Some((grant, account)) }))
}

/// The grant of that id with its app and account, if it works: neither was switched off, and the session that it ends with
/// and the membership that it is for live.
///
/// # Errors
/// The store does not answer.
pub async fn load_live_grant(
    sigma: &AppState,
    id: &GrantId,
) -> Result<Option<(Arc<Grant>, Arc<App>, Arc<Account>)>, StoreError> {
    let Some(grant) = sigma.find_grant(id).await? else { return Ok(None) };
    let Some(app) = load_app(sigma, &grant.authorization.app_id).await? else { return Ok(None) };
    if grant.revoked_at.is_some() {
        return Ok(None);
    }
    if !grant.offline {
        let session = sigma.find_session(&grant.authorization.session_id).await?;
        if session.is_none_or(|session| session.ended_at.is_some()) {
            return Ok(None);
        }
    }
    if let Some(org_id) = &grant.authorization.org_id
        && !sigma.is_active_member(org_id, &grant.authorization.user_id).await?
    {
        return Ok(None);
    }
    let account = sigma.find_account(&grant.authorization.user_id).await?;
    Ok(account.filter(|account| !account.user.disabled).map(|account| (grant, app, account)))
}

/// Whether a token that is revoked by itself still stands: neither it nor one that it was exchanged for was revoked, no restore lost the
/// time at which it was issued, and everybody who took part may still act.
async fn stands(sigma: &AppState, claims: &AccessClaims) -> Result<bool, StoreError> {
    if sigma.lost_times.include(claims.iat) {
        return Ok(false);
    }
    for jti in std::iter::once(&claims.jti).chain(&claims.sources) {
        if sigma.is_token_revoked(jti).await? {
            return Ok(false);
        }
    }
    if let Some(subject) = &claims.workspace
        && !sigma.is_workspace_subject_live(subject, &Scopes::parse(&claims.scope)).await?
    {
        return Ok(false);
    }
    if claims.impersonation {
        let Some(grant_id) = claims.gid.clone() else { return Ok(false) };
        let now = sigma.now();
        if !sigma.store.read(move |tx| impersonation::stands(tx, &grant_id, now)).await? {
            return Ok(false);
        }
    }
    for actor in claims.act.iter().flat_map(ActClaim::chain).filter(|actor| actor.iss.is_none()) {
        // No client id looks like the id of a user.
        let acts = match UserId::parse(&actor.sub).filter(|_| actor.sub.starts_with(USER_PREFIX)) {
            Some(user_id) => sigma.find_account(&user_id).await?.is_some_and(|account| !account.user.disabled),
            None => load_named_app(sigma, &actor.sub).await?.is_some(),
        };
        if !acts {
            return Ok(false);
        }
    }
    Ok(true)
}

async fn load_named_app(sigma: &AppState, name: &str) -> Result<Option<Arc<App>>, StoreError> {
    Ok(sigma.find_named_app(name).await?.filter(|app| !app.disabled))
}

async fn load_app(sigma: &AppState, id: &AppId) -> Result<Option<Arc<App>>, StoreError> {
    if *id == sigma.itself.id {
        return Ok(Some(Arc::clone(&sigma.itself)));
    }
    let app = sigma.find_app(id).await?;
    Ok(app.filter(|app| !app.disabled))
}

/// An active access token with this server in its audience: a Bearer token (RFC 6750), or one with a proof of the key that
/// it is bound to (RFC 9449).
#[derive(Clone, Debug)]
pub struct Bearer(pub LiveAccess);

/// What APIs are whose audience is the issuer (RFC 9728).
pub(super) const ISSUER_AS_RESOURCE: ProtectedResource = ProtectedResource(Cow::Borrowed(""));

/// Why a Bearer token was refused (RFC 6750 §3.1).
#[derive(Clone, Debug)]
pub enum BearerError {
    /// No token: a challenge without an error code (RFC 6750 §3.1).
    Missing,
    /// Not a token of ours, or no longer active.
    Invalid,
    /// Sent twice, or in the query, where logs would keep it.
    Malformed,
    /// Its scopes are insufficient.
    InsufficientScope,
    /// A bound token without a valid proof.
    Proof(DpopError),
    /// A token of the DPoP scheme that is not ours, no longer active, or not bound.
    InvalidBound,
    /// The store did not answer.
    Store(StoreError),
}

impl From<DpopError> for BearerError {
    fn from(error: DpopError) -> Self {
        Self::Proof(error)
    }
}

impl From<Repeated> for BearerError {
    fn from(_: Repeated) -> Self {
        Self::Malformed
    }
}

impl From<StoreError> for BearerError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl IntoResponse for BearerError {
    fn into_response(self) -> Response {
        let (error, challenge) = match self {
            Self::Missing => {
                (ApiError::new(StatusCode::UNAUTHORIZED, "invalid_request", "access token not found"), Some("Bearer"))
            }
            Self::Invalid => (
                ApiError::new(StatusCode::UNAUTHORIZED, "invalid_token", "Invalid access token"),
                Some(r#"Bearer error="invalid_token", error_description="Invalid access token""#),
            ),
            Self::Malformed => (
                ApiError::new(
                    StatusCode::BAD_REQUEST,
                    "invalid_request",
                    "the access token must be sent once, and never in the query",
                ),
                Some(r#"Bearer error="invalid_request""#),
            ),
            Self::InsufficientScope => (
                ApiError::new(StatusCode::FORBIDDEN, "insufficient_scope", "Missing required scope"),
                Some(r#"Bearer error="insufficient_scope", scope="openid""#),
            ),
            Self::InvalidBound => (
                ApiError::new(StatusCode::UNAUTHORIZED, "invalid_token", "Invalid access token"),
                Some(
                    r#"DPoP error="invalid_token", error_description="Invalid access token", algs="ES256 EdDSA Ed25519 PS256""#,
                ),
            ),
            Self::Proof(error) => {
                let mut response = error.at_resource();
                response.extensions_mut().insert(ISSUER_AS_RESOURCE);
                return response;
            }
            Self::Store(error) => (error.into(), None),
        };
        let mut response = error.into_response();
        if let Some(challenge) = challenge {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        response.extensions_mut().insert(ISSUER_AS_RESOURCE);
        response
    }
}

impl Bearer {
    /// Accepts a token sent as Bearer: active, with this server in its audience, and not bound to a key.
    ///
    /// # Errors
    /// [`BearerError::Invalid`] for any other token.
    pub async fn take(sigma: &AppState, token: &str) -> Result<Self, BearerError> {
        Self::take_for(sigma, sigma.issuer(), token).await
    }

    async fn take_for(sigma: &AppState, audience: &str, token: &str) -> Result<Self, BearerError> {
        let found = Self::find(sigma, audience, token).await?;
        found.filter(|Self(live)| live.access.claims.cnf.is_none()).ok_or(BearerError::Invalid)
    }

    /// Accepts a token by the scheme that it was sent with; returns the nonce that the client should use from now on, if
    /// its own is getting old.
    ///
    /// # Errors
    /// [`BearerError`]
    pub async fn present(
        sigma: &AppState,
        scheme: Scheme,
        token: &str,
        proof: &SentProof,
    ) -> Result<(Self, Option<String>), BearerError> {
        Self::present_for(sigma, sigma.issuer(), scheme, token, proof).await
    }

    /// As [`Bearer::present`], for a token with another audience.
    ///
    /// # Errors
    /// [`BearerError`]
    pub async fn present_for(
        sigma: &AppState,
        audience: &str,
        scheme: Scheme,
        token: &str,
        proof: &SentProof,
    ) -> Result<(Self, Option<String>), BearerError> {
        if scheme == Scheme::Bearer {
            return Ok((Self::take_for(sigma, audience, token).await?, None));
        }
        let bound = Self::find(sigma, audience, token).await?.ok_or(BearerError::InvalidBound)?;
        let Some(cnf) = &bound.0.access.claims.cnf else { return Err(BearerError::InvalidBound) };
        let proven = proof.verify(sigma, Some(token)).await?;
        let proven = proven.ok_or(DpopError::Invalid(ProofProblem::Missing))?;
        if proven.jkt != cnf.jkt {
            return Err(DpopError::Invalid(ProofProblem::OtherKey).into());
        }
        Ok((bound, proven.next_nonce))
    }

    /// The active token with that audience.
    async fn find(sigma: &AppState, audience: &str, token: &str) -> Result<Option<Self>, StoreError> {
        let Some(access) = verify_access(sigma, token).await? else { return Ok(None) };
        let live = load_live(sigma, access).await?;
        Ok(live.filter(|live| live.access.claims.aud.includes(audience)).map(Self))
    }
}

impl FromRequestParts<AppState> for Bearer {
    type Rejection = BearerError;

    async fn from_request_parts(parts: &mut Parts, sigma: &AppState) -> Result<Self, BearerError> {
        let proof = SentProof::of(&parts.headers, &parts.method, parts.uri.path());
        let (scheme, token) = access_token(&parts.headers)?.ok_or(BearerError::Missing)?;
        Self::present(sigma, scheme, token, &proof).await.map(|(bearer, _)| bearer)
    }
}
