//! Passkeys of the bench: a software authenticator with ES256 and no attestation for each person.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use sigma_core::digest::Digest;
use sigma_core::random::bytes;

use crate::http::{Answer, Connection, post_json};
use crate::people::Person;
use crate::system::{Failure, SystemRng};

const SIGN_IN_PATH: &str = "/login/passkey";
const SIGN_IN_OPTIONS: &str = "/login/passkey/options";
const ADD_PATH: &str = "/account/passkeys";
const ADD_OPTIONS: &str = "/account/passkeys/options";

/// The domain of the bench's issuer.
const DOMAIN: &str = "localhost";

/// A passkey of a person.
pub struct Passkey {
    pair: EcdsaKeyPair,
    id: [u8; 32],
}

impl Passkey {
    /// Adds a passkey to the account of `person`, whose session goes on under another cookie.
    pub async fn add(connection: &mut Connection, origin: &str, person: &mut Person) -> Result<Self, Failure> {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).map_err(|_| "no key pair")?;
        let passkey = Self { pair, id: bytes(&SystemRng) };
        let headers = [("Cookie", person.cookie.as_str()), ("Origin", origin), ("Accept", "application/json")];
        let answer = connection.send(&post_json(ADD_OPTIONS, &headers, "{}")).await?;
        let challenge = answer.json_text("challenge").ok_or_else(|| refused("options", &answer))?.to_owned();
        let cookie = format!("{}; {}", person.cookie, first_cookie(&answer));
        let headers = [("Cookie", cookie.as_str()), ("Origin", origin), ("Accept", "application/json")];
        let answer = connection.send(&post_json(ADD_PATH, &headers, &passkey.created(origin, &challenge))).await?;
        if answer.status != 201 {
            return Err(refused("passkey", &answer).into());
        }
        first_cookie(&answer).clone_into(&mut person.cookie);
        Ok(passkey)
    }

    /// A request that signs in, valid once: its challenge was asked for before.
    pub async fn sign_in(&self, connection: &mut Connection, origin: &str) -> Result<Bytes, Failure> {
        let headers = [("Origin", origin), ("Accept", "application/json")];
        let answer = connection.send(&post_json(SIGN_IN_OPTIONS, &headers, "{}")).await?;
        let challenge = answer.json_text("challenge").ok_or_else(|| refused("options", &answer))?.to_owned();
        let cookie = first_cookie(&answer).to_owned();
        let client_data = client_data("webauthn.get", origin, &challenge);
        // User present and verified; no counter, so that requests may arrive in any order.
        let data = [Digest::of(DOMAIN).as_bytes().as_slice(), &[5, 0, 0, 0, 0]].concat();
        let message = [data.as_slice(), Digest::of(&client_data).as_bytes()].concat();
        #[expect(clippy::disallowed_methods, reason = "ECDSA draws its nonce inside aws-lc")]
        let signature = self.pair.sign(&SystemRandom::new(), &message).map_err(|_| "no signature")?;
        let body = format!(
            r#"{{"id":"{}","response":{{"clientDataJSON":"{}","authenticatorData":"{}","signature":"{}"}}}}"#,
            encode(&self.id),
            encode(&client_data),
            encode(&data),
            encode(signature.as_ref())
        );
        let headers = [("Cookie", cookie.as_str()), ("Origin", origin), ("Accept", "application/json")];
        Ok(post_json(SIGN_IN_PATH, &headers, &body).into())
    }

    /// What a browser posts for the new passkey.
    fn created(&self, origin: &str, challenge: &str) -> String {
        let (x, y) = self.pair.public_key().as_ref().split_at_checked(33).unwrap_or_default();
        let x = x.get(1..).unwrap_or_default();
        // A map of five: kty EC2, alg ES256, crv P-256, x, y.
        let key = [&[0xA5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32], x, &[0x22, 0x58, 32], y].concat();
        // User present and verified, with a new passkey: no counter, no model, an id of 32 bytes.
        let head = [Digest::of(DOMAIN).as_bytes().as_slice(), &[0x45, 0, 0, 0, 0], &[0; 16], &[0, 32]].concat();
        let data = [head.as_slice(), &self.id, &key].concat();
        let length = u8::try_from(data.len()).unwrap_or_default();
        let object = [b"\xA3\x63fmt\x64none\x67attStmt\xA0\x68authData\x58".as_slice(), &[length], &data].concat();
        format!(
            r#"{{"id":"{}","response":{{"clientDataJSON":"{}","attestationObject":"{}"}}}}"#,
            encode(&self.id),
            encode(&client_data("webauthn.create", origin, challenge)),
            encode(&object)
        )
    }
}

fn client_data(kind: &str, origin: &str, challenge: &str) -> Vec<u8> {
    format!(r#"{{"type":"{kind}","challenge":"{challenge}","origin":"{origin}"}}"#).into_bytes()
}

fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn first_cookie<'a>(answer: &'a Answer<'_>) -> &'a str {
    answer.header("set-cookie").and_then(|cookie| cookie.split(';').next()).unwrap_or_default()
}

fn refused(what: &str, answer: &Answer<'_>) -> String {
    format!("no {what}: {} {}", answer.status, answer.text())
}
