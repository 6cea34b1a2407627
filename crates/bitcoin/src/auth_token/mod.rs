//! The bitcoin-auth token `pubkey|scheme|timestamp|requestPath|signature` (`docs/spec/keys.md#the-token`).

mod brc77;
mod bsm;
mod child;
mod parse;
mod sign;
mod verify;

use std::fmt;
use std::str::FromStr;
use std::sync::OnceLock;

pub use parse::{MAX_TOKEN_BYTES, Malformed};
pub use sign::{SignError, sign_auth_token};
pub use verify::{Invalid, VerifiedAuthToken};

use crate::hash::sha256;
use crate::hex;
use crate::public_key::PublicKey;

/// How a token is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// BRC-77 signed messages, addressed to anyone.
    Brc77,
    /// Bitcoin Signed Message with a compact signature.
    Bsm,
}

impl Scheme {
    /// The name in the token.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Brc77 => "brc77",
            Self::Bsm => "bsm",
        }
    }
}

impl FromStr for Scheme {
    type Err = Malformed;

    fn from_str(name: &str) -> Result<Self, Malformed> {
        match name {
            "brc77" => Ok(Self::Brc77),
            "bsm" => Ok(Self::Bsm),
            _ => Err(Malformed::Scheme),
        }
    }
}

/// A well-formed token that has not been verified: it proves nothing yet. Its `Debug` form omits the signature, which
/// is a credential for some minutes.
#[derive(Clone)]
pub struct AuthToken {
    pubkey: PublicKey,
    scheme: Scheme,
    timestamp: String,
    timestamp_millis: i64,
    request_path: String,
    signature: Vec<u8>,
    /// The decoded signature field, computed at the first verification: callers verify again with another body.
    proof: OnceLock<Result<DecodedSignature, Invalid>>,
}

/// An ECDSA signature, and the key that must have made it: the token's, or a child of it.
#[derive(Clone, Copy)]
struct DecodedSignature {
    /// The difference between the child's private key and the token's; zero if the key itself signs.
    tweak: secp256k1::Scalar,
    signature: secp256k1::ecdsa::Signature,
}

impl AuthToken {
    /// The key that is claimed to have signed.
    pub fn pubkey(&self) -> &PublicKey {
        &self.pubkey
    }

    /// The signature scheme.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The claimed signing time, in milliseconds since the Unix epoch.
    pub fn timestamp_millis(&self) -> i64 {
        self.timestamp_millis
    }

    /// The signed path: any text without `|`.
    pub fn request_path(&self) -> &str {
        &self.request_path
    }
}

impl fmt::Debug for AuthToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthToken")
            .field("pubkey", &self.pubkey)
            .field("scheme", &self.scheme)
            .field("timestamp", &self.timestamp)
            .field("request_path", &self.request_path)
            .finish_non_exhaustive()
    }
}

/// The signed message `requestPath|timestamp|bodyHash` (`docs/spec/keys.md#the-signed-message`). An empty body has no
/// hash.
fn signed_message(path: &str, timestamp: &str, body: &[u8]) -> Vec<u8> {
    let body_hash = if body.is_empty() { String::new() } else { hex::encode(&sha256(body)) };
    [path, timestamp, &body_hash].join("|").into_bytes()
}

/// The digest that ECDSA signs for `message`.
fn message_digest(scheme: Scheme, message: &[u8]) -> [u8; 32] {
    match scheme {
        Scheme::Brc77 => sha256(message),
        Scheme::Bsm => bsm::digest(message),
    }
}
