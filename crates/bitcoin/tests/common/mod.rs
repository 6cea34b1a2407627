//! The test vectors, and manipulations of tokens.
#![allow(dead_code, clippy::unwrap_used, clippy::panic)]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use sigma_bitcoin::{AuthToken, PrivateKey, Scheme, VerifiedAuthToken, sign_auth_token};

pub const PATH: &str = "/api/auth/sign-in/sigma";
pub const TIME: &str = "2026-03-01T12:00:00.000Z";
/// [`TIME`] in milliseconds.
pub const NOW: i64 = 1_772_366_400_000;
pub const BODY: &[u8] = br#"{"bapId":"3SyWUZXvhidNcEHbAC3HkBnKoD2Q"}"#;
/// The order of the curve.
pub const ORDER: &str = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VectorFile {
    pub vectors: Vec<Vector>,
    pub bsm_internals: serde_json::Value,
    pub brc77_internals: serde_json::Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Vector {
    pub id: String,
    pub wif: Option<String>,
    pub pubkey: Option<String>,
    pub request_path: String,
    pub timestamp: String,
    pub body: Option<String>,
    pub body_encoding: String,
    pub scheme: String,
    pub token: String,
    pub now: String,
    pub signed_message: String,
    pub valid: bool,
    pub strict_reason: String,
}

impl Vector {
    /// The bytes of the body; empty for none.
    pub fn body(&self) -> Vec<u8> {
        let body = self.body.as_deref().unwrap_or_default();
        match self.body_encoding.as_str() {
            "utf8" => body.as_bytes().to_vec(),
            "hex" => unhex(body),
            "base64" => STANDARD.decode(body).unwrap(),
            other => panic!("unknown body encoding {other}"),
        }
    }

    /// The clock, read as the parser reads a token's timestamp.
    pub fn now(&self) -> i64 {
        let key = PrivateKey::from_bytes([1; 32]).unwrap();
        let token = sign_auth_token(&key, Scheme::Bsm, "/", &self.now, b"", &[0; 32]).unwrap();
        AuthToken::parse(&token).unwrap().timestamp_millis()
    }
}

pub fn vectors() -> VectorFile {
    serde_json::from_str(include_str!("../../vectors/bitcoin-auth.json")).unwrap()
}

pub fn vector(id: &str) -> Vector {
    vectors().vectors.into_iter().find(|vector| vector.id.starts_with(id)).unwrap()
}

pub fn key() -> PrivateKey {
    PrivateKey::from_bytes([7; 32]).unwrap()
}

/// A token for [`PATH`], [`TIME`] and [`BODY`].
pub fn token(scheme: Scheme) -> String {
    sign_auth_token(&key(), scheme, PATH, TIME, BODY, &[9; 32]).unwrap()
}

/// What a server does that expects [`PATH`] and [`BODY`] and whose clock shows [`TIME`]: `None` if it refuses.
pub fn accepted(token: &str) -> Option<VerifiedAuthToken> {
    AuthToken::parse(token).ok()?.verify(PATH, BODY, NOW).ok()
}

/// The token with another field, counting from 0.
pub fn with_field(token: &str, index: usize, value: &str) -> String {
    let mut fields: Vec<&str> = token.split('|').collect();
    *fields.get_mut(index).unwrap() = value;
    fields.join("|")
}

pub fn signature_bytes(token: &str) -> Vec<u8> {
    STANDARD.decode(token.rsplit('|').next().unwrap()).unwrap()
}

pub fn with_signature(token: &str, signature: &[u8]) -> String {
    with_field(token, 4, &STANDARD.encode(signature))
}

pub fn unhex(text: &str) -> Vec<u8> {
    assert_eq!(text.len() % 2, 0);
    text.as_bytes().chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}

pub fn bytes<const N: usize>(text: &str) -> [u8; N] {
    unhex(text).try_into().unwrap()
}
