//! Bitcoin keys, addresses, BRC-42 derivation, BAP ids and bitcoin-auth tokens. Pure: no I/O, no clock, no randomness of
//! its own. The curve is libsecp256k1's; its context is made once per thread by the `secp256k1` crate.
//!
//! What is accepted and why: `docs/spec/keys.md`. Test vectors: `vectors/`.

mod address;
mod auth_token;
mod bap;
mod base58check;
mod brc42;
mod hash;
mod hex;
mod private_key;
mod public_key;
mod timestamp;

pub use auth_token::{
    AuthToken, Invalid, MAX_TOKEN_BYTES, Malformed, Scheme, SignError, VerifiedAuthToken, sign_auth_token,
};
pub use bap::{BapId, BapIdError};
pub use private_key::{PrivateKey, PrivateKeyError, WifError};
pub use public_key::{PublicKey, PublicKeyError};
