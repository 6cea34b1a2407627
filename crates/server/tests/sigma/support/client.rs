//! An app's server: exchanges codes and refreshes, with any authentication method.

use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Request;
use sigma_core::app::{App, AuthMethod};
use sigma_core::ids::ClientId;
use sigma_core::jose::{Algorithm, Promptness, SigningKey};
use sigma_server::keys::{self, policy};

use super::world::form_urlencoded;
use super::{APP, Answer, CHALLENGE, Key, REDIRECT, VERIFIER, World};

pub const TOKEN: &str = "/api/auth/oauth2/token";
pub const PAR: &str = "/api/auth/oauth2/par";
pub const REVOKE: &str = "/api/auth/oauth2/revoke";
pub const INTROSPECT: &str = "/api/auth/oauth2/introspect";
pub const USERINFO: &str = "/api/auth/oauth2/userinfo";
pub const ISSUER: &str = "https://id.example.org";

/// `pairs` with the values of `changes`; an empty value removes its name.
pub fn changed<'a>(pairs: &[(&'a str, &'a str)], changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut pairs = pairs.to_vec();
    for (name, _) in changes {
        pairs.retain(|(known, _)| known != name);
    }
    pairs.extend(changes.iter().filter(|(_, value)| !value.is_empty()));
    pairs
}

/// `Authorization: Basic` for an app.
pub fn basic(id: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")))
}

/// A key of an app, for assertions.
pub fn app_key() -> SigningKey {
    SigningKey::generate(Algorithm::ES256).unwrap()
}

/// The JWK set of `keys`.
pub fn key_set(keys: &[&SigningKey]) -> String {
    let keys: Vec<_> = keys.iter().map(|key| key.public()).collect();
    serde_json::json!({ "keys": keys }).to_string()
}

impl World {
    /// Redeems a code as the public `playground`, with other parameters than the default.
    pub async fn exchange(&self, code: &str, changes: &[(&str, &str)]) -> Answer {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", REDIRECT),
            ("client_id", APP),
            ("code_verifier", VERIFIER),
        ];
        self.post_form(TOKEN, &changed(&form, changes), &[]).await
    }

    /// Redeems a code as the app `client_id`, whose secret is `secret`.
    pub async fn exchange_with_secret(&self, client_id: &str, code: &str) -> Answer {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", REDIRECT),
            ("code_verifier", VERIFIER),
        ];
        self.post_form(TOKEN, &form, &[("authorization", &basic(client_id, "secret"))]).await
    }

    /// Refreshes as the public `playground`, with other parameters than the default.
    pub async fn refresh(&self, token: &str, changes: &[(&str, &str)]) -> Answer {
        let form = [("grant_type", "refresh_token"), ("refresh_token", token), ("client_id", APP)];
        self.post_form(TOKEN, &changed(&form, changes), &[]).await
    }

    /// Pushes an authorization request of the public `playground`, with other parameters than the default.
    pub async fn push(&self, changes: &[(&str, &str)]) -> Answer {
        let form = [
            ("client_id", APP),
            ("redirect_uri", REDIRECT),
            ("response_type", "code"),
            ("state", "xyz"),
            ("scope", "openid profile"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        self.post_form(PAR, &changed(&form, changes), &[]).await
    }

    /// The `request_uri` of a request that was pushed.
    pub async fn pushed_uri(&self, changes: &[(&str, &str)]) -> String {
        let pushed = self.push(changes).await;
        assert_eq!(pushed.status, 201, "{}", pushed.body);
        pushed.json()["request_uri"].as_str().unwrap().to_owned()
    }

    /// Status of userinfo for an access token.
    pub async fn userinfo_status(&self, token: &str) -> u16 {
        self.get_with_token(USERINFO, token).await.status.as_u16()
    }

    /// Registers an app that signs assertions with `key`.
    pub async fn add_asserting_app(&self, id: &str, key: &SigningKey) -> App {
        self.add_app(|app| {
            app.client_id = ClientId::from_text(id);
            app.auth_method = AuthMethod::PrivateKeyJwt;
            app.jwks = Some(key_set(&[key]));
        })
        .await
    }

    /// Registers an app that signs its requests with `key`.
    pub async fn add_signing_app(&self, id: &str, key: &Key) -> App {
        self.add_app(|app| {
            app.client_id = ClientId::from_text(id);
            app.auth_method = AuthMethod::SigmaBitcoinAuth;
            app.pubkey = Some(key.0.public_key());
            app.id_token_alg = Algorithm::ES256;
        })
        .await
    }

    /// Posts a form with the app's signature over the form and `signed_path`.
    pub async fn post_signed(&self, key: &Key, path: &str, signed_path: &str, form: &[(&str, &str)]) -> Answer {
        let body = form_urlencoded(form);
        self.clock.advance(std::time::Duration::from_millis(1));
        let token = key.token(signed_path, self.now(), &body);
        self.post_form(path, form, &[("x-auth-token", &token)]).await
    }

    /// Makes a new key of `algorithm` sign at once, like `sigma keys rotate --now`.
    pub async fn rotate_now(&self, algorithm: Algorithm) {
        self.rotate(algorithm, Promptness::Now).await;
    }

    /// Rotates the keys of `algorithm`; returns the ids of the new ones.
    pub async fn rotate(&self, algorithm: Algorithm, promptness: Promptness) -> Vec<String> {
        let sigma = &self.sigma;
        let policy = policy(&sigma.settings.tokens);
        let now = self.now();
        keys::rotate(&sigma.store, &sigma.master_key, &[algorithm], promptness, policy, now, &*sigma.rng).await.unwrap()
    }

    /// The id of the key that signs with `algorithm`.
    pub async fn kid(&self, algorithm: Algorithm) -> String {
        let ring = self.sigma.keys.ring(&self.sigma.master_key).await;
        ring.signer(algorithm, self.now()).kid().to_owned()
    }

    /// Deletes expired rows, as the background task does.
    pub async fn sweep(&self) {
        let store = self.sigma.store.clone();
        tokio::task::spawn_blocking(move || store.sweep_once().unwrap()).await.unwrap();
    }

    /// Sends any body to any endpoint.
    pub async fn post_body(&self, path: &str, kind: &str, body: impl Into<Body>) -> Answer {
        let request = Request::post(path).header("content-type", kind);
        self.send(request.body(body.into()).unwrap()).await
    }
}
