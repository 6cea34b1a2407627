//! Parses a text into a well-formed token (`docs/spec/keys.md#verification`).

use std::str::FromStr;
use std::sync::OnceLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::AuthToken;
use crate::public_key::{PublicKey, PublicKeyError};
use crate::timestamp;

/// The longest accepted token, in bytes.
pub const MAX_TOKEN_BYTES: usize = 4096;

/// Why a text is not a token: "Invalid auth token format" on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// Longer than [`MAX_TOKEN_BYTES`].
    #[error("the token is longer than 4 KiB")]
    Length,
    /// Not five fields.
    #[error("a token has five fields")]
    Fields,
    /// The first field is not a usable public key.
    #[error(transparent)]
    PublicKey(#[from] PublicKeyError),
    /// The second field is neither `brc77` nor `bsm`.
    #[error("unknown scheme")]
    Scheme,
    /// The third field is not an RFC 3339 timestamp.
    #[error("the timestamp is not RFC 3339")]
    Timestamp,
    /// The fifth field is not canonical base64: standard alphabet, padded, no stray bits.
    #[error("the signature is not canonical base64")]
    Signature,
}

impl AuthToken {
    /// Parses a token. This proves nothing: see [`AuthToken::verify`].
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        if text.len() > MAX_TOKEN_BYTES {
            return Err(Malformed::Length);
        }
        let mut fields = text.split('|');
        let (Some(pubkey), Some(scheme), Some(timestamp), Some(request_path), Some(signature), None) =
            (fields.next(), fields.next(), fields.next(), fields.next(), fields.next(), fields.next())
        else {
            return Err(Malformed::Fields);
        };
        Ok(Self {
            scheme: scheme.parse()?,
            timestamp_millis: timestamp::parse_millis(timestamp).ok_or(Malformed::Timestamp)?,
            timestamp: timestamp.to_owned(),
            request_path: request_path.to_owned(),
            signature: STANDARD.decode(signature).map_err(|_| Malformed::Signature)?,
            pubkey: PublicKey::parse(pubkey)?,
            proof: OnceLock::new(),
        })
    }
}

impl FromStr for AuthToken {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        Self::parse(text)
    }
}
