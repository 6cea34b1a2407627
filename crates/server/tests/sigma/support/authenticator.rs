//! A software authenticator: one passkey, with ES256 and no attestation.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use serde_json::{Value, json};
use sigma_core::digest::Digest;

use super::{Answer, Browser};

/// User present, user verified, attested data included.
const UP: u8 = 1;
const UV: u8 = 4;
const AT: u8 = 64;

const OPTIONS: &str = "/login/passkey/options";
pub const SIGN_IN_PASSKEY: &str = "/login/passkey";
pub const PASSKEYS: &str = "/account/passkeys";

/// One passkey on one device.
pub struct Authenticator {
    pub pair: EcdsaKeyPair,
    pub id: String,
    /// What it says of itself and of the page: tests change one to see it refused.
    pub origin: &'static str,
    pub rp_id: &'static str,
    pub verifies_user: bool,
    pub count: u32,
    /// Whether it has a counter.
    pub counts: bool,
    /// The account that it keeps, once registered.
    pub user_handle: Option<String>,
}

impl Authenticator {
    pub fn named(name: &str) -> Self {
        Self {
            pair: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap(),
            id: URL_SAFE_NO_PAD.encode(Digest::of(name).as_bytes()),
            origin: "https://id.example.org",
            rp_id: "id.example.org",
            verifies_user: true,
            count: 0,
            counts: true,
            user_handle: None,
        }
    }

    fn flags(&self) -> u8 {
        UP | if self.verifies_user { UV } else { 0 }
    }

    fn client_data(&self, kind: &str, challenge: &str) -> Vec<u8> {
        json!({"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": false})
            .to_string()
            .into_bytes()
    }

    fn data(&self, flags: u8, rest: &[u8]) -> Vec<u8> {
        [Digest::of(self.rp_id).as_bytes().as_slice(), &[flags], &self.count.to_be_bytes(), rest].concat()
    }

    /// What a browser posts for a new passkey.
    pub fn create(&self, options: &Value) -> Value {
        let client_data = self.client_data("webauthn.create", options["challenge"].as_str().unwrap());
        let id = URL_SAFE_NO_PAD.decode(&self.id).unwrap();
        let point = self.pair.public_key().as_ref();
        // A map of five: kty EC2, alg ES256, crv P-256, x, y.
        let key =
            [&[0xA5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32], &point[1..33], &[0x22, 0x58, 32], &point[33..]].concat();
        let length = u16::try_from(id.len()).unwrap().to_be_bytes();
        let data = self.data(self.flags() | AT, &[&[0; 16], length.as_slice(), &id, &key].concat());
        // {"fmt": "none", "attStmt": {}, "authData": data}
        let size = u16::try_from(data.len()).unwrap().to_be_bytes();
        let object =
            [[b"\xA3\x63fmt\x64none\x67attStmt\xA0\x68authData\x59".as_slice(), &size].concat(), data].concat();
        json!({"id": self.id, "name": "Laptop", "response": {
            "clientDataJSON": URL_SAFE_NO_PAD.encode(client_data),
            "attestationObject": URL_SAFE_NO_PAD.encode(object),
        }})
    }

    /// What a browser posts for a proof; the counter grows, if there is one.
    pub fn get(&mut self, options: &Value) -> Value {
        if self.counts {
            self.count += 1;
        }
        let client_data = self.client_data("webauthn.get", options["challenge"].as_str().unwrap());
        let data = self.data(self.flags(), &[]);
        let message = [data.as_slice(), Digest::of(&client_data).as_bytes()].concat();
        #[expect(clippy::disallowed_methods, reason = "ECDSA draws its nonce inside aws-lc")]
        let random = SystemRandom::new();
        let signature = self.pair.sign(&random, &message).unwrap();
        json!({"id": self.id, "response": {
            "clientDataJSON": URL_SAFE_NO_PAD.encode(client_data),
            "authenticatorData": URL_SAFE_NO_PAD.encode(data),
            "signature": URL_SAFE_NO_PAD.encode(signature.as_ref()),
            "userHandle": self.user_handle,
        }})
    }
}

impl Browser<'_> {
    /// The options for a new passkey.
    pub async fn creation_options(&self) -> Value {
        let options = self.post_json("/account/passkeys/options", &json!({})).await;
        assert_eq!(options.status, StatusCode::OK, "{}", options.body);
        options.json()
    }

    /// Adds the passkey to the signed-in account.
    pub async fn add_passkey(&self, authenticator: &mut Authenticator) -> Answer {
        let options = self.creation_options().await;
        authenticator.user_handle = Some(options["user"]["id"].as_str().unwrap().to_owned());
        self.post_json(PASSKEYS, &authenticator.create(&options)).await
    }

    /// The options for a proof; `query` names the interaction.
    pub async fn request_options(&self, query: &str) -> Value {
        let options = self.post_json(&format!("{OPTIONS}{query}"), &json!({})).await;
        assert_eq!(options.status, StatusCode::OK, "{}", options.body);
        options.json()
    }

    /// Signs in with the passkey, or raises the session; `query` names the interaction.
    pub async fn use_passkey(&self, authenticator: &mut Authenticator, query: &str) -> Answer {
        let options = self.request_options(query).await;
        let proof = authenticator.get(&options);
        self.post_json(&format!("{SIGN_IN_PASSKEY}{query}"), &proof).await
    }
}
