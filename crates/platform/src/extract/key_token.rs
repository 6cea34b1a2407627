//! The signer of a request signed with a Bitcoin key: the `X-Auth-Token` header (`docs/spec/keys.md`).

use http::{HeaderMap, StatusCode};
use sigma_bitcoin::{AuthToken, PublicKey, VerifiedAuthToken};
use sigma_core::digest::Digest;
use sigma_core::time::Timestamp;
use sigma_store::replay_guard::Once;

use crate::extract::header;
use crate::http::ApiError;
use crate::state::AppState;

/// The path that sign-in tokens sign.
pub const SIGN_IN_PATH: &str = "/api/auth/sign-in/sigma";

/// A verified token.
#[derive(Clone, Debug)]
pub struct KeyToken {
    /// The key that signed.
    pub pubkey: PublicKey,
    /// Consumed once; replays are refused.
    pub once: Once,
    /// The signed path names our origin: the token cannot have been meant for another server.
    pub origin_bound: bool,
    /// The signature covers the body.
    pub body_bound: bool,
}

/// Why a token was refused. A bad signature and a wrong time are not told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyTokenError {
    /// Missing.
    Missing,
    /// It is none.
    Malformed,
    /// Invalid here and now.
    Invalid,
}

impl From<KeyTokenError> for ApiError {
    fn from(error: KeyTokenError) -> Self {
        let (status, code, description) = match error {
            KeyTokenError::Missing => (StatusCode::UNAUTHORIZED, "unauthorized", "No auth token provided"),
            KeyTokenError::Malformed => (StatusCode::BAD_REQUEST, "invalid_request", "Invalid auth token format"),
            KeyTokenError::Invalid => (StatusCode::UNAUTHORIZED, "invalid_token", "Invalid auth token signature"),
        };
        Self::new(status, code, description)
    }
}

impl KeyToken {
    /// Verifies `token` against a `path` of ours, with or without our origin before it, and against `body` as sent or
    /// as empty: clients do both.
    ///
    /// # Errors
    /// [`KeyTokenError`]
    pub fn check(sigma: &AppState, token: &str, path: &str, body: &[u8]) -> Result<Self, KeyTokenError> {
        let token = AuthToken::parse(token).map_err(|_| KeyTokenError::Malformed)?;
        let bound_path = format!("{}{path}", sigma.issuer());
        let origin_bound = token.request_path() == bound_path;
        let expected = if origin_bound { bound_path.as_str() } else { path };
        let now = sigma.now().millis();
        let invalid = KeyTokenError::Invalid;
        // A signature is valid for at most one of the two, so the order affects only speed: clients that do not sign
        // the body usually send an empty object.
        let (first, second): (&[u8], &[u8]) = if body == b"{}" { (b"", body) } else { (body, b"") };
        let (signed, verified) = match token.verify(expected, first, now) {
            Ok(verified) => (first, verified),
            Err(_) if first == second => return Err(invalid),
            Err(_) => (second, token.verify(expected, second, now).map_err(|_| invalid)?),
        };
        let body_bound = !signed.is_empty();
        let once = once(sigma, &verified).ok_or(KeyTokenError::Invalid)?;
        Ok(Self { pubkey: verified.pubkey, once, origin_bound, body_bound })
    }

    /// Verifies the token in the header `name`.
    ///
    /// # Errors
    /// [`KeyTokenError`]
    pub fn of_header(
        sigma: &AppState,
        headers: &HeaderMap,
        name: &'static str,
        path: &str,
        body: &[u8],
    ) -> Result<Self, KeyTokenError> {
        let mut values = headers.get_all(name).into_iter();
        let value = values.next().ok_or(KeyTokenError::Missing)?;
        if values.next().is_some() {
            return Err(KeyTokenError::Malformed);
        }
        let token = value.to_str().map_err(|_| KeyTokenError::Malformed)?;
        Self::check(sigma, token, path, body)
    }
}

/// What makes a verified token single-use; `None` if it is too old by the clock of the database.
pub fn once(sigma: &AppState, verified: &VerifiedAuthToken) -> Option<Once> {
    let expires_at = Timestamp::from_micros(verified.expires_millis.saturating_mul(1_000));
    Once::new(Digest::of(verified.replay_key), expires_at, sigma.store.database_now())
}

/// The token that a body carries as `authToken` or `token`, in the absence of the header.
pub fn fallback_token(headers: &HeaderMap, body: &[u8]) -> Option<String> {
    if header(headers, http::HeaderName::from_static("x-auth-token")).is_some() {
        return None;
    }
    let body: serde_json::Value = serde_json::from_slice(body).ok()?;
    ["authToken", "token"].into_iter().find_map(|name| body.get(name)?.as_str().map(str::to_owned))
}
