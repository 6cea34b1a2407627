//! An upstream provider, played by the test: it signs with real keys, and answers as it is told.

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use http_body_util::BodyExt as _;
use secrecy::SecretString;
use serde_json::{Value, json};
use sigma_core::digest::Digest;
use sigma_core::jose::{Algorithm, SigningKey, TokenKind, sign};
use sigma_core::params::Params;
use sigma_core::provider::ProviderId;
use sigma_core::time::Timestamp;
use sigma_server::settings::{Provider, ProviderKind};

use super::{Answer, Browser};

/// Our client there.
pub const CLIENT: &str = "sigma";
/// Its secret, with characters that Basic has to escape.
pub const SECRET: &str = "s3cr:t+/%";

/// How the token endpoint answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Mood {
    /// As it should.
    #[default]
    Fine,
    /// With this status and body.
    Says(u16, String),
    /// With 5 MB.
    Endless,
    /// Not at all.
    Silent,
}

pub struct Upstream {
    pub origin: String,
    pub key: SigningKey,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    origin: String,
    keys: Mutex<Value>,
    codes: Mutex<HashMap<String, Granted>>,
    mood: Mutex<Mood>,
    keys_mood: Mutex<Mood>,
    /// Members of the metadata that differ.
    metadata: Mutex<Value>,
    userinfo: Mutex<Value>,
    requests: Mutex<Vec<String>>,
}

/// What a code is worth.
struct Granted {
    challenge: String,
    redirect_uri: String,
    tokens: Value,
    /// For GitHub.
    user: Value,
}

/// An authorization request that arrived in a browser.
#[derive(Clone, Debug)]
pub struct Asked {
    pub params: Params,
    pub endpoint: String,
}

impl Asked {
    pub fn of(url: &str) -> Self {
        let (endpoint, query) = url.split_once('?').unwrap_or_else(|| panic!("no query in {url}"));
        Self { params: Params::parse(query), endpoint: endpoint.to_owned() }
    }

    pub fn get(&self, name: &str) -> &str {
        self.params.get(name).unwrap_or_default()
    }

    /// The address to return to, as a path of ours.
    pub fn callback(&self, query: &[(&str, &str)]) -> String {
        let path = self.get("redirect_uri").strip_prefix("https://id.example.org").unwrap();
        format!("{path}?{}", super::query(query))
    }
}

impl Upstream {
    pub async fn serve() -> Self {
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let key = SigningKey::generate(Algorithm::ES256).unwrap();
        let keys = Mutex::new(json!({ "keys": [key.public()] }));
        let shared = Arc::new(Shared { origin: origin.clone(), keys, ..Shared::default() });
        let router = Router::new().fallback(answer).with_state(Arc::clone(&shared));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { origin, key, shared }
    }

    /// Its settings, under that id.
    pub fn settings(&self, id: &str, kind: ProviderKind) -> Provider {
        Provider {
            id: ProviderId::parse(id).unwrap(),
            kind,
            issuer: Some(self.origin.clone()),
            client_id: CLIENT.to_owned(),
            client_secret: Some(SecretString::from(SECRET)),
            timeout_seconds: 1,
            ..Provider::default()
        }
    }

    pub fn be(&self, mood: Mood) {
        *self.shared.mood.lock().unwrap() = mood;
    }

    /// How it answers whoever asks for its keys.
    pub fn be_with_keys(&self, mood: Mood) {
        *self.shared.keys_mood.lock().unwrap() = mood;
    }

    pub fn say(&self, name: &str, value: Value) {
        let mut metadata = self.shared.metadata.lock().unwrap();
        if metadata.is_null() {
            *metadata = json!({});
        }
        metadata[name] = value;
    }

    pub fn set_userinfo(&self, userinfo: Value) {
        *self.shared.userinfo.lock().unwrap() = userinfo;
    }

    pub fn publish(&self, keys: &[&SigningKey]) {
        let keys: Vec<_> = keys.iter().map(|key| key.public()).collect();
        *self.shared.keys.lock().unwrap() = json!({ "keys": keys });
    }

    /// The paths that were asked for since, oldest first.
    pub fn requests(&self) -> Vec<String> {
        std::mem::take(&mut self.shared.requests.lock().unwrap())
    }

    /// The claims of an ID token for that request.
    pub fn claims(&self, asked: &Asked, now: Timestamp, subject: &str) -> Value {
        json!({
            "iss": self.origin, "aud": CLIENT, "sub": subject, "nonce": asked.get("nonce"),
            "iat": now.seconds(), "exp": now.seconds() + 300,
            "name": "Ada Lovelace", "email": format!("{subject}@example.org"), "email_verified": true,
        })
    }

    /// A code for an ID token with `claims`, signed with `key`.
    pub fn code_with(&self, asked: &Asked, key: &SigningKey, claims: &Value) -> String {
        self.code_for(asked, &sign(key, TokenKind::Id, claims).unwrap())
    }

    /// A code for that ID token.
    pub fn code_for(&self, asked: &Asked, id_token: &str) -> String {
        let tokens = json!({ "access_token": "upstream-access", "token_type": "Bearer", "id_token": id_token });
        self.grant(asked, tokens, Value::Null)
    }

    fn grant(&self, asked: &Asked, tokens: Value, user: Value) -> String {
        let mut codes = self.shared.codes.lock().unwrap();
        let code = format!("code-{}", codes.len());
        let granted = Granted {
            challenge: asked.get("code_challenge").to_owned(),
            redirect_uri: asked.get("redirect_uri").to_owned(),
            tokens,
            user,
        };
        codes.insert(code.clone(), granted);
        code
    }

    /// Signs the user in there: the path that the browser returns to.
    pub fn consent(&self, asked: &Asked, claims: &Value) -> String {
        let code = self.code_with(asked, &self.key, claims);
        asked.callback(&[("code", &code), ("state", asked.get("state"))])
    }

    /// The same at GitHub, for the account `id` with `emails`.
    pub fn consent_github(&self, asked: &Asked, id: &Value, emails: &Value) -> String {
        let user = json!({ "id": id, "login": "ada", "name": "Ada", "email": "public@example.org", "emails": emails });
        let code = self.grant(asked, json!({ "access_token": "gho_1", "token_type": "bearer" }), user);
        asked.callback(&[("code", &code), ("state", asked.get("state"))])
    }

    /// Sends `browser` there and back, as `subject`.
    pub async fn round(&self, browser: &Browser<'_>, id: &str, now: Timestamp, subject: &str) -> Answer {
        let asked = browser.leave(id).await;
        browser.get(&self.consent(&asked, &self.claims(&asked, now, subject))).await
    }
}

impl Browser<'_> {
    /// Chooses a provider on the sign-in page.
    pub async fn leave(&self, id: &str) -> Asked {
        self.leave_from("/login", id).await
    }

    /// The same from the sign-in page at `login`, which has a destination.
    pub async fn leave_from(&self, login: &str, id: &str) -> Asked {
        let answer = self.post_form(&login.replace("/login", "/login/provider"), &[("provider", id)]).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
        Asked::of(answer.location())
    }
}

async fn answer(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    shared.requests.lock().unwrap().push(path.clone());
    let (parts, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let form = Params::parse(&String::from_utf8_lossy(&body));
    let authorization = parts.headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
    match path.as_str() {
        "/.well-known/openid-configuration" => Json(shared.metadata()).into_response(),
        "/jwks" => {
            let mood = shared.keys_mood.lock().unwrap().clone();
            let keys = shared.keys.lock().unwrap().clone();
            in_mood(mood, || Json(keys).into_response()).await
        }
        "/userinfo" if authorization == "Bearer upstream-access" => {
            Json(shared.userinfo.lock().unwrap().clone()).into_response()
        }
        "/token" | "/login/oauth/access_token" => {
            let mood = shared.mood.lock().unwrap().clone();
            in_mood(mood, || shared.token(&path, &form, authorization)).await
        }
        "/api/v3/user" | "/api/v3/user/emails" if authorization == "Bearer gho_1" => {
            let codes = shared.codes.lock().unwrap();
            let user = codes.values().map(|granted| &granted.user).find(|user| !user.is_null()).cloned().unwrap();
            let emails = path.ends_with("emails");
            Json(if emails { user["emails"].clone() } else { user }).into_response()
        }
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn in_mood(mood: Mood, fine: impl FnOnce() -> Response) -> Response {
    match mood {
        Mood::Fine => fine(),
        Mood::Says(status, body) => (StatusCode::from_u16(status).unwrap(), body).into_response(),
        Mood::Endless => Body::from(vec![b' '; 5_000_000]).into_response(),
        Mood::Silent => std::future::pending().await,
    }
}

impl Shared {
    fn metadata(&self) -> Value {
        let origin = &self.origin;
        let mut metadata = json!({
            "issuer": origin, "authorization_endpoint": format!("{origin}/authorize"),
            "token_endpoint": format!("{origin}/token"), "jwks_uri": format!("{origin}/jwks"),
            "userinfo_endpoint": format!("{origin}/userinfo"),
        });
        for (name, value) in self.metadata.lock().unwrap().as_object().into_iter().flatten() {
            metadata[name] = value.clone();
        }
        metadata
    }

    fn token(&self, path: &str, form: &Params, authorization: &str) -> Response {
        let refuse = |error: &str| (StatusCode::BAD_REQUEST, Json(json!({ "error": error }))).into_response();
        let basic = "s3cr%3At%2B%2F%25";
        let is_basic = authorization == format!("Basic {}", STANDARD.encode(format!("{CLIENT}:{basic}")));
        let is_posted = form.raw("client_id") == Some(CLIENT) && form.raw("client_secret") == Some(SECRET);
        if is_basic == is_posted {
            return refuse("invalid_client");
        }
        let mut codes = self.codes.lock().unwrap();
        let Some(granted) = form.raw("code").and_then(|code| codes.get_mut(code)) else {
            return refuse("invalid_grant");
        };
        let challenge = Digest::of(form.raw("code_verifier").unwrap_or_default()).base64url();
        if challenge != granted.challenge || form.raw("redirect_uri") != Some(&granted.redirect_uri) {
            return refuse("invalid_grant");
        }
        // A code is redeemed once.
        granted.challenge = String::new();
        let tokens = granted.tokens.clone();
        if path.starts_with("/login") && tokens.is_null() {
            refuse("bad_verification_code")
        } else {
            Json(tokens).into_response()
        }
    }
}
