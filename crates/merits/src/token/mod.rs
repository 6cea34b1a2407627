//! The tokens of this surface: JWTs of three kinds, all signed with ES256 and meant for `{issuer}/v2`
//! (`docs/spec/tokens.md#kinds-of-token`).

mod handle;
mod org_access;

pub use handle::{Handle, issue_member_id, issue_org_id};
pub(crate) use handle::{member_of, org_of};
pub use org_access::VerifiedOrgAccess;
pub(crate) use org_access::{issue, verify};

use serde::Serialize;
use serde::de::DeserializeOwned;
use sigma_core::jose::{Algorithm, TokenKind, UnverifiedJws, sign};
use sigma_core::time::Timestamp;
use sigma_platform::http::ApiError;
use sigma_platform::state::AppState;
use sigma_store::StoreError;

/// Tolerated clock skew between server processes, in seconds.
const SKEW: i64 = 60;

/// The audience of every token of this surface.
pub(crate) fn audience(sigma: &AppState) -> String {
    format!("{}/v2", sigma.issuer())
}

async fn signed(
    sigma: &AppState,
    kind: TokenKind,
    claims: &impl Serialize,
    now: Timestamp,
) -> Result<String, ApiError> {
    let ring = sigma.keys.ring(&sigma.master_key).await;
    sign(ring.signer(Algorithm::ES256, now), kind, claims).map_err(ApiError::internal)
}

/// What every token of this surface says.
trait Claims: DeserializeOwned {
    /// `iss`
    fn issuer(&self) -> &str;
    /// `aud`
    fn audience(&self) -> &str;
    /// `iat`, in seconds.
    fn issued_at(&self) -> i64;
}

/// The claims of a token of this kind that we signed for this surface, and the id of the key; `None` for any other text.
async fn opened<C: Claims>(sigma: &AppState, typ: TokenKind, token: &str) -> Result<Option<(C, String)>, StoreError> {
    let Ok(jws) = UnverifiedJws::parse(token) else { return Ok(None) };
    let Some(kid) = jws.header().kid.as_deref() else { return Ok(None) };
    let ring = sigma.keys.ring_with(&sigma.master_key, kid).await?;
    let Some(key) = ring.verifier(kid) else { return Ok(None) };
    let claims: Option<C> = jws.verify_as(typ, key).ok().and_then(|payload| serde_json::from_slice(payload).ok());
    let is_ours = |claims: &C| {
        // A token that a retired key signed later was signed by a thief.
        let signed_later = |retired: Timestamp| claims.issued_at() > retired.seconds().saturating_add(SKEW);
        claims.issuer() == sigma.issuer()
            && claims.audience() == audience(sigma)
            && !ring.retired_at(kid).is_some_and(signed_later)
    };
    Ok(claims.filter(is_ours).map(|claims| (claims, kid.to_owned())))
}
