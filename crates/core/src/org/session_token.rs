//! The JWT of a person in a workspace (`docs/spec/workspaces.md#session-tokens`): HS256 under the workspace's own
//! secret. It is a handle: its role is for services that verify offline, Sigma itself reads the membership.

use aws_lc_rs::hmac;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::ids::{OrgId, RoleId, UserId};
use crate::jose::MAX_JWS_BYTES;
use crate::jose::base64url;
use crate::json::Members;
use crate::time::Timestamp;

/// How long a token lives, in seconds: a day.
pub const TOKEN_SECONDS: i64 = 86_400;
/// The longest life of a session, regardless of refreshes, in seconds: 30 days.
pub const SESSION_SECONDS: i64 = 30 * 86_400;
/// The longest life of a quick login's session, including refreshes, in seconds: a day.
pub const QUICK_SESSION_SECONDS: i64 = 86_400;
/// Accepted clock difference between our processes, in seconds.
const SKEW: i64 = 60;

/// The claims of the token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MemberTokenClaims {
    /// The user's id.
    pub user_id: UserId,
    /// The workspace's id.
    pub workspace_id: OrgId,
    /// The role when the token was issued.
    pub role_id: RoleId,
    /// What the role allowed in apps then, by names of the workspace's own. Left out where there are none, or more than a token holds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub permissions: Vec<String>,
    /// When it was issued, in seconds since the epoch.
    pub iat: i64,
    /// When it expires, in seconds since the epoch.
    pub exp: i64,
    /// The session, the same across refreshes.
    pub jti: String,
}

impl MemberTokenClaims {
    /// Whether the token is valid at `now`: already issued, not expired, and not longer-lived than our tokens.
    pub fn holds_at(&self, now: Timestamp) -> bool {
        let now = now.seconds();
        self.iat <= now.saturating_add(SKEW) && now < self.exp && self.exp.saturating_sub(self.iat) <= TOKEN_SECONDS
    }

    /// When it expires.
    pub fn expires_at(&self) -> Timestamp {
        Timestamp::from_seconds(self.exp)
    }
}

/// Why a token is rejected. The surface does not distinguish the reasons.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SessionTokenError {
    /// Not three parts in canonical base64url, or not the header and claims of such a token.
    #[error("the token is malformed")]
    Malformed,
    /// `alg` is not HS256.
    #[error("the token's algorithm is not HS256")]
    WrongAlgorithm,
    /// The signature does not verify.
    #[error("the token's signature is not valid")]
    BadSignature,
}

/// A workspace secret, ready to sign and verify. `Debug` does not show it.
#[derive(Clone)]
pub struct SessionKey {
    kid: String,
    key: hmac::Key,
}

impl SessionKey {
    /// The secret with the key id `kid`.
    pub fn new(kid: impl Into<String>, secret: &[u8]) -> Self {
        Self { kid: kid.into(), key: hmac::Key::new(hmac::HMAC_SHA256, secret) }
    }

    /// Its key id in token headers.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// Issues the token with `claims`.
    ///
    /// # Errors
    /// The claims cannot be serialised.
    pub fn sign(&self, claims: &MemberTokenClaims) -> Result<String, SessionTokenError> {
        // Key ids are generated, of letters and digits.
        let header = format!(r#"{{"alg":"HS256","kid":"{}","typ":"JWT"}}"#, self.kid);
        let payload = serde_json::to_vec(claims).map_err(|_| SessionTokenError::Malformed)?;
        let mut token = String::with_capacity((header.len() + payload.len() + 40) * 4 / 3);
        base64url::encode_onto(&mut token, header);
        token.push('.');
        base64url::encode_onto(&mut token, payload);
        let signature = hmac::sign(&self.key, token.as_bytes());
        token.push('.');
        base64url::encode_onto(&mut token, signature);
        Ok(token)
    }
}

impl std::fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SessionKey").field("kid", &self.kid).finish_non_exhaustive()
    }
}

/// A well-formed token whose signature has not been verified.
#[derive(Debug)]
pub struct UnverifiedSession<'a> {
    kid: String,
    claims: MemberTokenClaims,
    signed: &'a str,
    signature: Vec<u8>,
}

impl<'a> UnverifiedSession<'a> {
    /// Parses a token. Only HS256 with a `kid` and `typ` `JWT` is accepted, and no header that would change a token's
    /// meaning.
    ///
    /// # Errors
    /// [`SessionTokenError::Malformed`], [`SessionTokenError::WrongAlgorithm`].
    pub fn parse(token: &'a str) -> Result<Self, SessionTokenError> {
        let malformed = SessionTokenError::Malformed;
        if token.len() > MAX_JWS_BYTES {
            return Err(malformed);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(malformed)?;
        let (header, payload) = signed.split_once('.').ok_or(malformed)?;
        let decode = |part: &str| base64url::decode(part).ok_or(malformed);
        let header: Members = serde_json::from_slice(&decode(header)?).map_err(|_| malformed)?;
        if header.get("crit").is_some() || header.get("b64").is_some() {
            return Err(malformed);
        }
        match header.get("alg") {
            Some(Value::String(alg)) if alg == "HS256" => {}
            _ => return Err(SessionTokenError::WrongAlgorithm),
        }
        match header.get("typ") {
            Some(Value::String(typ)) if typ == "JWT" => {}
            _ => return Err(malformed),
        }
        let Some(Value::String(kid)) = header.get("kid") else { return Err(malformed) };
        let claims = serde_json::from_slice(&decode(payload)?).map_err(|_| malformed)?;
        Ok(Self { kid: kid.clone(), claims, signed, signature: decode(signature)? })
    }

    /// The key id of the secret that it claims to be signed with.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The workspace that it claims to be for, whose secrets to try.
    pub fn workspace_id(&self) -> &OrgId {
        &self.claims.workspace_id
    }

    /// The user that it claims to be for.
    pub fn user_id(&self) -> &UserId {
        &self.claims.user_id
    }

    /// The claims, after verifying the signature with `key` in constant time.
    ///
    /// # Errors
    /// [`SessionTokenError::BadSignature`], also if it names another secret.
    pub fn verify(self, key: &SessionKey) -> Result<MemberTokenClaims, SessionTokenError> {
        if self.kid != key.kid {
            return Err(SessionTokenError::BadSignature);
        }
        hmac::verify(&key.key, self.signed.as_bytes(), &self.signature).map_err(|_| SessionTokenError::BadSignature)?;
        Ok(self.claims)
    }
}

#[cfg(test)]
mod tests;
