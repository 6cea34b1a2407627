//! The org access token, `sigma-org+jwt`: an app acting for an org, for an hour at most.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sigma_core::app::App;
use sigma_core::digest::Digest;
use sigma_core::ids::{AppId, OrgId, TokenId};
use sigma_core::jose::{Algorithm, TokenKind, UnverifiedJws, sign};
use sigma_core::time::Timestamp;
use sigma_platform::http::ApiError;
use sigma_store::StoreError;
use sigma_store::merits::link::Link;

use super::{SKEW, audience};
use crate::state::MeritsState;

/// How long a token is valid.
const LIFE: Duration = Duration::from_hours(1);
/// Letters of a fingerprint: 128 bits.
const FINGERPRINT: usize = 22;

/// The claims.
#[derive(Debug, Serialize, Deserialize)]
struct OrgAccessClaims {
    iss: String,
    aud: String,
    /// The app.
    sub: String,
    /// The org that it acts for.
    org: String,
    /// The epoch of the link by which it does, 0 if the org owns the app: the token ends with it.
    link: i64,
    /// The fingerprint of the app's secret: the token ends with that.
    secret: String,
    iat: i64,
    exp: i64,
    jti: String,
}

/// A token whose signature, kind, issuer and audience are right; whether it is still good is checked with every use.
#[derive(Debug)]
pub struct VerifiedOrgAccess {
    /// The app.
    pub app_id: AppId,
    /// The org that it acts for.
    pub org_id: OrgId,
    /// The epoch of the link by which it does, 0 if the org owns the app.
    pub epoch: i64,
    secret: String,
    iat: i64,
    exp: i64,
    kid: String,
}

impl VerifiedOrgAccess {
    /// When it was issued, in seconds.
    pub const fn issued_at(&self) -> i64 {
        self.iat
    }

    /// Whether it is within its time and the app's secret is still the one that it was issued for.
    pub fn is_good(&self, app: &App, now: i64) -> bool {
        let is_timely = now < self.exp && self.iat <= now.saturating_add(SKEW);
        is_timely && app.secrets(Timestamp::from_seconds(now)).any(|secret| fingerprint(secret) == self.secret)
    }
}

/// A name for a secret that reveals nothing about it.
fn fingerprint(secret: Digest) -> String {
    let mut name = Digest::of(secret.as_bytes()).base64url();
    name.truncate(FINGERPRINT);
    name
}

/// Issues a token to `app`, which acts for an org by that link.
///
/// # Errors
/// It cannot be signed.
pub(crate) async fn issue(sigma: &MeritsState, app: &App, link: &Link) -> Result<String, ApiError> {
    let now = sigma.now();
    let claims = OrgAccessClaims {
        iss: sigma.issuer().to_owned(),
        aud: audience(sigma),
        sub: app.id.digits().to_owned(),
        org: link.org_id.digits().to_owned(),
        link: link.epoch,
        secret: app.secret.map(fingerprint).unwrap_or_default(),
        iat: now.seconds(),
        exp: now.plus(LIFE).seconds(),
        jti: TokenId::new(now, &*sigma.rng).to_string(),
    };
    let ring = sigma.keys.ring(&sigma.master_key).await;
    sign(ring.signer(Algorithm::ES256, now), TokenKind::Org, &claims).map_err(ApiError::internal)
}

/// Verifies a token, or recalls that it was verified; `None` for anything that is none.
///
/// # Errors
/// The signing key is unknown to this process, and the store does not answer whether it exists.
pub(crate) async fn verify(sigma: &MeritsState, token: &str) -> Result<Option<Arc<VerifiedOrgAccess>>, StoreError> {
    let digest = Digest::of(token);
    // A deleted key no longer vouches for tokens, not even for those verified before.
    if let Some(known) = sigma.verified().get(&digest) {
        let ring = sigma.keys.ring(&sigma.master_key).await;
        if ring.verifier(&known.kid).is_some() {
            return Ok(Some(known));
        }
    }
    let Some((claims, kid)) = opened(sigma, token).await? else { return Ok(None) };
    let (Some(app_id), Some(org_id)) = (AppId::parse(&claims.sub), OrgId::parse(&claims.org)) else { return Ok(None) };
    let OrgAccessClaims { link: epoch, secret, iat, exp, .. } = claims;
    let verified = Arc::new(VerifiedOrgAccess { app_id, org_id, epoch, secret, iat, exp, kid });
    sigma.verified().insert(digest, Arc::clone(&verified));
    Ok(Some(verified))
}

/// The claims of an org access token that we signed, and the id of the key; `None` for any other text.
async fn opened(sigma: &MeritsState, token: &str) -> Result<Option<(OrgAccessClaims, String)>, StoreError> {
    let Ok(jws) = UnverifiedJws::parse(token) else { return Ok(None) };
    let Some(kid) = jws.header().kid.as_deref() else { return Ok(None) };
    let ring = sigma.keys.ring_with(&sigma.master_key, kid).await?;
    let Some(key) = ring.verifier(kid) else { return Ok(None) };
    let payload = jws.verify_as(TokenKind::Org, key).ok();
    let claims: Option<OrgAccessClaims> = payload.and_then(|payload| serde_json::from_slice(payload).ok());
    let is_ours = |claims: &OrgAccessClaims| {
        // A token that a retired key signed later was signed by a thief.
        let signed_later = |retired: Timestamp| claims.iat > retired.seconds().saturating_add(SKEW);
        claims.iss == sigma.issuer() && claims.aud == audience(sigma) && !ring.retired_at(kid).is_some_and(signed_later)
    };
    Ok(claims.filter(is_ours).map(|claims| (claims, kid.to_owned())))
}
