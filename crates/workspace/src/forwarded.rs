//! The signed header in which `forward` describes a caller, for backends that want assurance: a JWT valid for one
//! minute and one audience, which cannot be altered or recombined on its way. None of our own endpoints accepts it: its
//! `typ` is unique to it.

use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use http::HeaderValue;
use serde::Serialize;
use sigma_core::jose::{Algorithm, TokenKind, sign};
use sigma_core::time::Timestamp;

use crate::caller::{Caller, Who};
use crate::error::WorkspaceError;
use sigma_platform::state::AppState;

/// How long a token is valid.
const LIFETIME: Duration = Duration::from_mins(1);
/// How long a token is reused: its recipient has at least the rest of the minute.
const FRESH: Duration = Duration::from_secs(30);

/// The facts of the four headers (RFC 7519 §4.1, and the names of the workspace API).
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Claims<'c> {
    iss: &'c str,
    aud: &'c str,
    /// The user, or the key.
    sub: &'c str,
    iat: i64,
    exp: i64,
    workspace_id: &'c str,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<&'c str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role_id: Option<&'c str>,
    permissions: Vec<&'static str>,
}

/// The tokens signed for one caller, one per configured audience.
#[derive(Debug, Default)]
pub struct Forwarded(RwLock<Vec<Signed>>);

#[derive(Debug)]
struct Signed {
    audience: String,
    at: Timestamp,
    token: HeaderValue,
}

impl Forwarded {
    fn fresh(&self, audience: &str, now: Timestamp) -> Option<HeaderValue> {
        let signed = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let found = signed.iter().find(|signed| signed.audience == audience)?;
        (found.at <= now && now < found.at.plus(FRESH)).then(|| found.token.clone())
    }

    fn keep(&self, new: Signed) {
        let mut signed = self.0.write().unwrap_or_else(PoisonError::into_inner);
        signed.retain(|signed| signed.audience != new.audience);
        signed.push(new);
    }
}

/// The token that describes a caller to `audience`. For a cached caller it is signed at most every half minute.
///
/// # Errors
/// Signing fails.
pub async fn token(sigma: &AppState, caller: &Caller, audience: &str) -> Result<HeaderValue, WorkspaceError> {
    let now = sigma.now();
    if let Some(token) = caller.forwarded.fresh(audience, now) {
        return Ok(token);
    }
    let (sub, user_id, role_id) = match &caller.who {
        Who::Person { user_id, role_id, .. } => (user_id.as_str(), Some(user_id.as_str()), Some(role_id.as_str())),
        Who::Key { id, .. } => (id.as_str(), None, None),
    };
    let claims = Claims {
        iss: sigma.issuer(),
        aud: audience,
        sub,
        iat: now.seconds(),
        exp: now.plus(LIFETIME).min(caller.until).seconds(),
        workspace_id: caller.org_id.as_str(),
        user_id,
        role_id,
        permissions: caller.permissions.names(),
    };
    let ring = sigma.keys.ring(&sigma.master_key).await;
    let signed = sign(ring.signer(Algorithm::ES256, now), TokenKind::Forward, &claims);
    let signed = signed.map_err(|error| WorkspaceError::Internal(error.to_string()))?;
    let token = HeaderValue::try_from(signed).map_err(|error| WorkspaceError::Internal(error.to_string()))?;
    caller.forwarded.keep(Signed { audience: audience.to_owned(), at: now, token: token.clone() });
    Ok(token)
}
