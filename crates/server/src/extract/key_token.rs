//! Whoever signed this request with a Bitcoin key: the `X-Auth-Token` header (`docs/spec/keys.md`).

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

/// A token that was checked, and how.
#[derive(Clone, Debug)]
pub struct KeyToken {
    /// The key that signed.
    pub pubkey: PublicKey,
    /// It may be used once.
    pub once: Once,
    /// It named our origin: no other server can have been its target.
    pub origin_bound: bool,
    /// It covers the body.
    pub body_bound: bool,
}

/// Why a token was not taken. What is wrong with a signature and what with its time is not told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyTokenError {
    /// Missing.
    Missing,
    /// It is none.
    Malformed,
    /// It does not hold, here and now.
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
    /// Checks `token` against `path` of ours, bare or with our origin before it, and `body`: as it came, or as nothing
    /// at all, since both habits are in the field.
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
        // A signature holds for one of the two at most, so only the time it takes depends on which is tried first: an
        // empty object is the habit of those who sign no body.
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

    /// Checks the token in the header `name`.
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

/// What makes a checked token good once; nothing for one that is too old by the clock of the database.
pub fn once(sigma: &AppState, verified: &VerifiedAuthToken) -> Option<Once> {
    let expires_at = Timestamp::from_micros(verified.expires_millis.saturating_mul(1_000));
    Once::new(Digest::of(verified.replay_key), expires_at, sigma.store.database_now())
}

/// The token of a body that carries it as `authToken` or `token`, where no header does.
pub fn fallback_token(headers: &HeaderMap, body: &[u8]) -> Option<String> {
    if header(headers, http::HeaderName::from_static("x-auth-token")).is_some() {
        return None;
    }
    let body: serde_json::Value = serde_json::from_slice(body).ok()?;
    ["authToken", "token"].into_iter().find_map(|name| body.get(name)?.as_str().map(str::to_owned))
}
