//! A user's Bitcoin key.

use sigma_bitcoin::{BapId, PrivateKey, Scheme, sign_auth_token};
use sigma_core::digest::Digest;
use sigma_core::time::Timestamp;

/// A throw-away key.
#[derive(Clone)]
pub struct Key(pub PrivateKey);

impl Key {
    /// The key derived from `name`.
    pub fn named(name: &str) -> Self {
        Self(PrivateKey::from_bytes(*Digest::of(format!("test key {name}")).as_bytes()).unwrap())
    }

    pub fn pubkey(&self) -> String {
        self.0.public_key().to_hex()
    }

    pub fn bap_id(&self) -> String {
        BapId::of_public_key(&self.0.public_key()).as_str().to_owned()
    }

    /// A bitcoin-auth token.
    pub fn token(&self, path: &str, now: Timestamp, body: &str) -> String {
        self.token_of(Scheme::Brc77, path, &now.iso8601(), body)
    }

    pub fn token_of(&self, scheme: Scheme, path: &str, timestamp: &str, body: &str) -> String {
        sign_auth_token(&self.0, scheme, path, timestamp, body.as_bytes(), &[7; 32]).unwrap()
    }
}
