//! Tokens that the server did not issue: signed with its own keys, with others, or not at all.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use sigma_core::jose::{Algorithm, SigningKey, TokenKind, sign};

use super::World;

/// The claims of a token, unchecked.
pub fn claims(token: &str) -> Value {
    part(token, 1)
}

/// The header of a token, unchecked.
pub fn header(token: &str) -> Value {
    part(token, 0)
}

fn part(token: &str, at: usize) -> Value {
    let part = token.split('.').nth(at).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

/// `base` with the members of `other` replacing its own.
pub fn with(base: &Value, other: &Value) -> Value {
    let mut merged = base.clone();
    for (name, value) in other.as_object().unwrap() {
        if value.is_null() {
            merged.as_object_mut().unwrap().remove(name);
        } else {
            merged[name] = value.clone();
        }
    }
    merged
}

/// A compact JWS of this header and these claims, signed by `sign`.
pub fn jws(header: &Value, claims: &Value, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", encode(header), encode(claims));
    let signature = URL_SAFE_NO_PAD.encode(sign(signed.as_bytes()));
    format!("{signed}.{signature}")
}

impl World {
    /// A token of `kind` signed with the server's own key of `algorithm`.
    pub async fn forge(&self, kind: TokenKind, algorithm: Algorithm, claims: &Value) -> String {
        let ring = self.sigma.keys.ring(&self.sigma.master_key).await;
        sign(ring.signer(algorithm, self.now()), kind, claims).unwrap()
    }

    /// The ID token of `tokens`, as if issued to the app called `client_id`.
    pub async fn forge_hint(&self, tokens: &Value, client_id: &str) -> String {
        let real = claims(tokens["id_token"].as_str().unwrap());
        self.forge(TokenKind::Id, Algorithm::RS256, &with(&real, &serde_json::json!({"aud": client_id}))).await
    }

    /// An access token signed with the key that signs them.
    pub async fn forge_access(&self, claims: &Value) -> String {
        self.forge(TokenKind::Access, Algorithm::ES256, claims).await
    }
}

/// An assertion that authenticates an app with `key` (RFC 7523).
pub fn assertion(key: &SigningKey, claims: &Value) -> String {
    sign(key, TokenKind::Id, claims).unwrap()
}
