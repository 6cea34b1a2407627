//! Signed tokens: JWS (RFC 7515), JWK (RFC 7517), the algorithms of RFC 7518 and 8037, and the keys that sign.
//!
//! Our own small JWS over aws-lc-rs: parsed keys sign without being parsed again, and what we do not use (JWE, MAC
//! keys, keys in headers) is unreachable.

mod alg;
pub(crate) mod base64url;
mod jwk;
mod jws;
mod key;
mod keyring;
mod kind;
mod rotation;

pub use alg::{Algorithm, VerificationAlgorithm};
pub use jwk::{JwkError, JwkSet, PublicJwk};
pub use jws::{Header, JwsError, MAX_CREDENTIAL_BYTES, MAX_JWS_BYTES, UnverifiedJws, sign, sign_credential};
pub use key::{KeyError, SigningKey};
pub use keyring::{Keyring, KeyringError, StoredKey};
pub use kind::TokenKind;
pub use rotation::{KeyRecord, KeyState, Promptness, RotationPolicy, RotationStep, force_rotation, plan, state_of};
