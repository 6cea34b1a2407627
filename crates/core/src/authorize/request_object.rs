//! Request objects (OpenID Connect Core §6.1) are not supported. The error must still be sent where the object says.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

/// The longest request object that is parsed, in bytes.
const LONGEST: usize = 16 * 1_024;

/// The members of a request object that an error needs. They are unverified: they decide how a response is sent to an
/// already matched redirect URI, never where.
#[derive(Debug, Default, Deserialize)]
pub struct UnverifiedObject {
    /// The response mode.
    #[serde(default)]
    pub response_mode: Option<String>,
    /// The app's `state`.
    #[serde(default)]
    pub state: Option<String>,
}

/// Reads the payload of a JWS, signed or not; empty if it is malformed.
pub fn read(jws: &str) -> UnverifiedObject {
    if jws.len() > LONGEST {
        return UnverifiedObject::default();
    }
    let payload = jws.split('.').nth(1).and_then(|part| URL_SAFE_NO_PAD.decode(part.trim_end_matches('=')).ok());
    payload.and_then(|payload| serde_json::from_slice(&payload).ok()).unwrap_or_default()
}
