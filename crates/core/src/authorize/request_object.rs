//! Request objects (OpenID Connect Core §6.1) are not taken. Where the app wants the refusal may stand in one alone.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

/// Longest request object that is looked into, in bytes.
const LONGEST: usize = 16 * 1_024;

/// What a refusal needs of a request object. Nobody vouches for it: it says how an answer travels to an address that was
/// matched already, and never where.
#[derive(Debug, Default, Deserialize)]
pub struct UnverifiedObject {
    /// How the answer travels.
    #[serde(default)]
    pub response_mode: Option<String>,
    /// What the app wants back.
    #[serde(default)]
    pub state: Option<String>,
}

/// Reads the payload of a JWS, signed or not; nothing of what cannot be read.
pub fn read(jws: &str) -> UnverifiedObject {
    if jws.len() > LONGEST {
        return UnverifiedObject::default();
    }
    let payload = jws.split('.').nth(1).and_then(|part| URL_SAFE_NO_PAD.decode(part.trim_end_matches('=')).ok());
    payload.and_then(|payload| serde_json::from_slice(&payload).ok()).unwrap_or_default()
}
