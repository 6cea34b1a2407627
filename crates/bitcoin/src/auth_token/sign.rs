//! Creates tokens: for the command line, the demo, tests and the load generator.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secp256k1::Message;

use super::{MAX_TOKEN_BYTES, Scheme, brc77, bsm, message_digest, signed_message};
use crate::private_key::{PrivateKey, PrivateKeyError};
use crate::timestamp;

/// Why a token cannot be created.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// The path contains `|`, which separates the fields.
    #[error("a signed path cannot contain '|'")]
    Path,
    /// The timestamp is not RFC 3339.
    #[error("the timestamp is not RFC 3339")]
    Timestamp,
    /// The token would exceed the longest accepted length.
    #[error("the token would be longer than 4 KiB")]
    Length,
    /// The child key for this key id is invalid, which is practically impossible.
    #[error(transparent)]
    Key(#[from] PrivateKeyError),
}

/// Signs `path`, `timestamp` (`YYYY-MM-DDTHH:MM:SS.sssZ`) and `body` (empty for none). `key_id` is 32 fresh random
/// bytes; `bsm` ignores them and is deterministic.
pub fn sign_auth_token(
    key: &PrivateKey,
    scheme: Scheme,
    path: &str,
    timestamp: &str,
    body: &[u8],
    key_id: &[u8; 32],
) -> Result<String, SignError> {
    if path.contains('|') {
        return Err(SignError::Path);
    }
    timestamp::parse_millis(timestamp).ok_or(SignError::Timestamp)?;
    let digest = Message::from_digest(message_digest(scheme, &signed_message(path, timestamp, body)));
    let signature = match scheme {
        Scheme::Brc77 => brc77::sign(key, digest, key_id)?,
        Scheme::Bsm => bsm::sign(key, digest),
    };
    let pubkey = key.public_key().to_hex();
    let token = [&pubkey, scheme.as_str(), timestamp, path, &STANDARD.encode(signature)].join("|");
    if token.len() > MAX_TOKEN_BYTES { Err(SignError::Length) } else { Ok(token) }
}
