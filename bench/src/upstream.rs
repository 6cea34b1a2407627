//! Sign-ins with an account at an upstream provider. The provider is a process of its own, which counts what it is asked:
//! its code holds the nonce and the account, so that it has nothing to remember.

use std::net::Ipv4Addr;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::extract::{Form, State};
use axum::routing::{get as on_get, post as on_post};
use axum::{Json, Router};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};
use sigma_core::jose::{Algorithm, SigningKey, TokenKind, sign};
use sigma_core::time::Clock as _;

use crate::http::{Connection, form, get, post_json};
use crate::process::{Process, free_port, start};
use crate::sigma::{AccessLog, Installation};
use crate::system::{Failure, SystemClock};

/// The provider's id in the server's settings.
pub const ID: &str = "op";
const CLIENT: &str = "sigma";
const BEGIN: &str = "/api/auth/sign-in/social";

/// The settings that name the provider on `port`.
fn settings(port: u16) -> String {
    format!(
        r#"[{{ id = "{ID}", kind = "openid", issuer = "{}", client_id = "{CLIENT}", client_secret = "secret", sign_up = "on" }}]"#,
        origin(port)
    )
}

fn origin(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}

/// A server, and the provider that it is configured with.
pub struct Pair {
    /// The server.
    pub sigma: Process,
    provider: Process,
}

impl Pair {
    /// Starts both.
    pub fn start(binary: &Path, directory: &Path) -> Result<Self, Failure> {
        let port = free_port()?;
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("provider").arg("--port").arg(port.to_string());
        let (provider, _) = start(&mut command, port, "/ready")?;
        let mut installation = Installation::new(binary, directory, "provider")?;
        installation.set("SIGMA__PROVIDERS", settings(port));
        let (sigma, _) = installation.serve(AccessLog::Off)?;
        Ok(Self { sigma, provider })
    }

    /// Requests that return a browser from the provider, valid once each, for `people` accounts in turn.
    pub async fn callbacks(&self, count: usize, people: usize) -> Result<Vec<Bytes>, Failure> {
        let mut connection = Connection::open(self.sigma.port()).await?;
        let mut requests = Vec::with_capacity(count);
        for number in 0..count {
            let body = format!(r#"{{"provider":"{ID}"}}"#);
            let answer = connection.send(&post_json(BEGIN, &[], &body)).await?;
            let url =
                answer.json_text("url").ok_or_else(|| format!("no provider: {} {}", answer.status, answer.text()))?;
            let state = parameter(url, "state").ok_or("no state")?;
            let nonce = parameter(url, "nonce").ok_or("no nonce")?;
            let code = form(&[("code", &format!("{}.{nonce}", number % people))]);
            let cookie = answer.header("set-cookie").and_then(|cookie| cookie.split(';').next()).unwrap_or_default();
            let path = format!("/api/auth/callback/{ID}?{code}&state={state}");
            requests.push(get(&path, &[("Cookie", cookie)]).into());
        }
        Ok(requests)
    }

    /// How many requests the provider was sent so far.
    pub async fn requests(&self) -> Result<u32, Failure> {
        let mut connection = Connection::open(self.provider.port()).await?;
        Ok(connection.send(&get("/count", &[])).await?.text().parse()?)
    }
}

/// A parameter of an address as it stands there.
fn parameter<'a>(url: &'a str, name: &str) -> Option<&'a str> {
    let (_, query) = url.split_once('?')?;
    query.split('&').find_map(|pair| pair.split_once('=').filter(|(known, _)| *known == name)).map(|(_, value)| value)
}

/// The provider.
struct Provider {
    origin: String,
    key: SigningKey,
    requests: AtomicU32,
}

#[derive(Deserialize)]
struct Redeemed {
    code: String,
}

/// Serves the provider on `port` until the process ends.
pub fn serve(port: u16) -> Result<(), Failure> {
    let key = SigningKey::generate(Algorithm::ES256).map_err(|_| "no key")?;
    let provider = Arc::new(Provider { origin: origin(port), key, requests: AtomicU32::new(0) });
    let router = Router::new()
        .route("/ready", on_get(async || ""))
        .route(
            "/count",
            on_get(async |State(it): State<Arc<Provider>>| it.requests.load(Ordering::Relaxed).to_string()),
        )
        .route("/.well-known/openid-configuration", on_get(async |State(it): State<Arc<Provider>>| it.metadata()))
        .route("/jwks", on_get(async |State(it): State<Arc<Provider>>| it.keys()))
        .route("/token", on_post(async |State(it): State<Arc<Provider>>, Form(sent): Form<Redeemed>| it.tokens(&sent)))
        .with_state(provider);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async move {
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        Ok(axum::serve(listener, router).await?)
    })
}

impl Provider {
    fn count(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
    }

    fn metadata(&self) -> Json<Value> {
        self.count();
        let at = |path: &str| format!("{}/{path}", self.origin);
        Json(json!({
            "issuer": self.origin,
            "authorization_endpoint": at("authorize"),
            "token_endpoint": at("token"),
            "jwks_uri": at("jwks"),
        }))
    }

    fn keys(&self) -> Json<Value> {
        self.count();
        Json(json!({ "keys": [self.key.public()] }))
    }

    fn tokens(&self, sent: &Redeemed) -> Json<Value> {
        self.count();
        let (account, nonce) = sent.code.split_once('.').unwrap_or_default();
        let now = SystemClock.now().seconds();
        let claims = json!({
            "iss": self.origin, "aud": CLIENT, "sub": format!("account-{account}"), "nonce": nonce,
            "iat": now, "exp": now + 300, "name": format!("Person {account}"),
        });
        let id_token = sign(&self.key, TokenKind::Id, &claims).unwrap_or_default();
        Json(json!({ "access_token": "upstream", "token_type": "Bearer", "id_token": id_token }))
    }
}
