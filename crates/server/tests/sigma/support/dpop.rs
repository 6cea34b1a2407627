//! A client that proves possession of its key (RFC 9449), put together by hand.

use std::sync::atomic::{AtomicU64, Ordering};

use axum::body::Body;
use http::Request;
use serde_json::{Value, json};
use sigma_core::digest::Digest;
use sigma_core::jose::{Algorithm, SigningKey};

use super::client::{ISSUER, TOKEN, USERINFO};
use super::forge::{jws, with};
use super::{APP, Answer, REDIRECT, VERIFIER, World};

/// A client's key.
pub struct Prover {
    pub key: SigningKey,
    number: AtomicU64,
}

impl Prover {
    pub fn new() -> Self {
        Self { key: SigningKey::generate(Algorithm::ES256).unwrap(), number: AtomicU64::new(0) }
    }

    /// The thumbprint of the key.
    pub fn jkt(&self) -> String {
        self.key.public().thumbprint()
    }

    /// The claims of a fresh proof.
    pub fn claims(&self, world: &World, method: &str, path: &str) -> Value {
        let number = self.number.fetch_add(1, Ordering::Relaxed);
        json!({"jti": format!("proof-{number}"), "htm": method, "htu": format!("{ISSUER}{path}"), "iat": world.now().seconds()})
    }

    /// Signs the claims of a proof.
    pub fn sign(&self, claims: &Value) -> String {
        self.sign_with(&json!({}), claims)
    }

    /// Signs the claims of a proof, with other members of the header.
    pub fn sign_with(&self, header: &Value, claims: &Value) -> String {
        let plain = json!({"typ": "dpop+jwt", "alg": self.key.algorithm().as_str(), "jwk": self.key.public()});
        jws(&with(&plain, header), claims, |message| self.key.sign(message).unwrap())
    }

    /// A fresh proof for the token endpoint.
    pub fn for_token(&self, world: &World) -> String {
        self.sign(&self.claims(world, "POST", TOKEN))
    }

    /// A fresh proof for an access token.
    pub fn with_token(&self, world: &World, method: &str, path: &str, token: &str) -> String {
        self.sign(&with(&self.claims(world, method, path), &json!({"ath": ath(token)})))
    }
}

/// The digest of a token in a proof.
pub fn ath(token: &str) -> String {
    Digest::of(token).base64url()
}

impl World {
    /// A world whose server has run for long enough to know which proofs were used.
    pub async fn running() -> Self {
        let world = Self::new().await;
        world.advance(60);
        world
    }

    /// Posts a form with a proof.
    pub async fn post_with_proof(&self, path: &str, form: &[(&str, &str)], proof: &str) -> Answer {
        self.post_form(path, form, &[("dpop", proof)]).await
    }

    /// Redeems a code as the public `playground`, with a proof.
    pub async fn redeem_with(&self, code: &str, proof: &str) -> Answer {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", REDIRECT),
            ("client_id", APP),
            ("code_verifier", VERIFIER),
        ];
        self.post_with_proof(TOKEN, &form, proof).await
    }

    /// Refreshes as the public `playground`, with a proof.
    pub async fn refresh_with(&self, token: &str, proof: &str) -> Answer {
        let form = [("grant_type", "refresh_token"), ("refresh_token", token), ("client_id", APP)];
        self.post_with_proof(TOKEN, &form, proof).await
    }

    /// Asks for something with a bound token.
    pub async fn get_bound(&self, path: &str, token: &str, proofs: &[&str]) -> Answer {
        let mut request = Request::get(path).header("authorization", format!("DPoP {token}"));
        for proof in proofs {
            request = request.header("dpop", *proof);
        }
        self.send(request.body(Body::empty()).unwrap()).await
    }

    /// Userinfo by a bound token.
    pub async fn bound_userinfo(&self, prover: &Prover, token: &str) -> Answer {
        let proof = prover.with_token(self, "GET", USERINFO, token);
        self.get_bound(USERINFO, token, &[&proof]).await
    }
}
