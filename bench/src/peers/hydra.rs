//! Ory Hydra: one process, and PostgreSQL beside it, since its SQLite refuses callers who come at once. It leaves signing in and
//! consent to another program, here the bench.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde::Deserialize;
use serde_json::json;
use tokio::task::JoinSet;

use crate::findings::Server;
use crate::flow::{SCOPE, code_of};
use crate::http::{Answer, Connection, get, post_json, put_json};
use crate::peers::{Codes, Pace, Paths, Peer, PeerApp, Place, Program, basic, body_of, cookies_of};
use crate::process::{Patience, free_port, start_patiently};
use crate::sigma::REDIRECT_URI;
use crate::system::Failure;

/// The format of access tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccessTokens {
    /// Random strings, looked up: its default.
    Opaque,
    /// JWTs, like Sigma's.
    Jwt,
}

const SECRET: &str = "bench-bench-bench-bench-bench-32";

/// A PostgreSQL that ends with the peer that uses it.
pub struct Postgres {
    script: PathBuf,
    directory: String,
    url: String,
}

impl Postgres {
    /// One that syncs nothing, as tests use it.
    fn start(place: &Place) -> Result<Self, Failure> {
        let script = place.postgres.clone();
        let output = Command::new(&script).arg("start").stderr(Stdio::null()).output()?;
        let printed = String::from_utf8(output.stdout)?;
        let mut lines = printed.lines().map(str::to_owned);
        let (directory, url) = lines.next().zip(lines.next()).ok_or("PostgreSQL does not start")?;
        Ok(Self { script, directory, url })
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        drop(Command::new(&self.script).args(["stop", &self.directory]).stdout(Stdio::null()).status());
    }
}

/// Starts it, gives it a key for ES256 and two apps.
pub async fn start(place: &Place, access_tokens: AccessTokens, people: usize) -> Result<Peer, Failure> {
    let (installed, port, private) = (place.find(Program::Hydra)?, free_port()?, free_port()?);
    let is_jwt = access_tokens == AccessTokens::Jwt;
    let address = format!("http://127.0.0.1:{port}");
    let (postgres, program) = (Postgres::start(place)?, installed.join("hydra"));
    let database = format!("{}?sslmode=disable&max_conns=32", postgres.url);
    let migrated =
        Command::new(&program).args(["migrate", "sql", "up", "-e", "--yes"]).env("DSN", &database).output()?;
    if !migrated.status.success() {
        return Err(format!("no database: {}", String::from_utf8_lossy(&migrated.stderr)).into());
    }
    let mut command = Command::new(program);
    command
        .args(["serve", "all", "--dev", "--sqa-opt-out"])
        .env("DSN", database)
        .env("LOG_LEVEL", "panic")
        .env("SECRETS_SYSTEM", SECRET)
        .env("SERVE_PUBLIC_HOST", "127.0.0.1")
        .env("SERVE_PUBLIC_PORT", port.to_string())
        .env("SERVE_ADMIN_HOST", "127.0.0.1")
        .env("SERVE_ADMIN_PORT", private.to_string())
        .env("URLS_SELF_ISSUER", &address)
        .env("URLS_LOGIN", "http://127.0.0.1:1/login")
        .env("URLS_CONSENT", "http://127.0.0.1:1/consent")
        .env("TTL_AUTH_CODE", "1h")
        .env("STRATEGIES_ACCESS_TOKEN", if is_jwt { "jwt" } else { "opaque" })
        .stderr(Stdio::null());
    let patience = Patience { all: Duration::from_mins(1), each: Duration::from_millis(2) };
    let (process, start) = start_patiently(&mut command, port, "/health/ready", patience)?;
    let mut connection = Connection::open(private).await?;
    prepare(&mut connection, is_jwt).await?;
    Ok(Peer {
        server: if is_jwt { Server::HydraJwt } else { Server::Hydra },
        process,
        start: Some(start),
        paths: Paths {
            token: "/oauth2/token",
            userinfo: "/userinfo",
            introspect: "/admin/oauth2/introspect",
            discovery: "/.well-known/openid-configuration",
            jwks: "/.well-known/jwks.json",
        },
        public: "public".to_owned(),
        secret: "secret".to_owned(),
        basic: basic("secret", SECRET),
        private_port: Some(private),
        pace: Pace { warm_up: Duration::from_secs(1), warm_up_codes: 8, codes: 2_000 },
        codes: Codes::Accepted { port: private, people },
        database: Some(postgres),
    })
}

/// Keys that sign with ES256, and the apps.
async fn prepare(connection: &mut Connection, is_jwt: bool) -> Result<(), Failure> {
    let sets: &[&str] =
        if is_jwt { &["hydra.openid.id-token", "hydra.jwt.access-token"] } else { &["hydra.openid.id-token"] };
    for set in sets {
        let key = json!({ "alg": "ES256", "use": "sig", "kid": format!("{set}.bench") });
        body_of(connection, post_json(&format!("/admin/keys/{set}"), &[], &key.to_string())).await?;
    }
    for (id, method, grants) in [
        ("public", "none", vec!["authorization_code"]),
        ("secret", "client_secret_basic", vec!["authorization_code", "client_credentials"]),
    ] {
        let mut app = json!({
            "client_id": id,
            "redirect_uris": [REDIRECT_URI],
            "token_endpoint_auth_method": method,
            "grant_types": grants,
            "response_types": ["code"],
            "scope": SCOPE,
        });
        if let Some(app) = app.as_object_mut().filter(|_| method != "none") {
            app.insert("client_secret".to_owned(), SECRET.into());
        }
        body_of(connection, post_json("/admin/clients", &[], &app.to_string())).await?;
    }
    Ok(())
}

/// As many codes, of `people` in turn, by that many connections.
pub async fn codes(
    peer: &Peer,
    app: PeerApp,
    private: u16,
    count: usize,
    people: usize,
    connections: u32,
) -> Result<Vec<String>, Failure> {
    let connections = usize::try_from(connections)?.max(1);
    let mut running = JoinSet::new();
    for index in 0..connections {
        let path = peer.authorize_path("/oauth2/auth", app);
        let (mut public, mut private) =
            (Connection::open(peer.process.port()).await?, Connection::open(private).await?);
        running.spawn_local(async move {
            let mut codes = Vec::new();
            for number in (index..count).step_by(connections) {
                codes.push(code(&mut public, &mut private, &path, number % people.max(1)).await?);
            }
            Ok::<_, Failure>(codes)
        });
    }
    let mut codes = Vec::new();
    while let Some(ended) = running.join_next().await {
        codes.extend(ended??);
    }
    Ok(codes)
}

/// A code for a person who signs in and agrees.
async fn code(public: &mut Connection, private: &mut Connection, path: &str, person: usize) -> Result<String, Failure> {
    let answer = public.send(&get(path, &[])).await?;
    let (challenge, cookies) = (challenge_of(&answer, "login_challenge")?, cookies_of(&answer));
    let login = json!({ "subject": format!("person{person}") });
    let next = accept(private, "login", &challenge, &login).await?;
    let answer = public.send(&get(&next, &[("Cookie", &cookies)])).await?;
    let (challenge, cookies) = (challenge_of(&answer, "consent_challenge")?, cookies_of(&answer));
    let consent = json!({
        "grant_scope": SCOPE.split(' ').collect::<Vec<_>>(),
        "session": { "id_token": {
            "name": format!("Person {person}"),
            "picture": format!("https://bench.example.org/pictures/{person}"),
            "updated_at": 1_700_000_000,
        } },
    });
    let next = accept(private, "consent", &challenge, &consent).await?;
    let answer = public.send(&get(&next, &[("Cookie", &cookies)])).await?;
    code_of(&answer).ok_or_else(|| unexpected("code", &answer))
}

#[derive(Deserialize)]
struct Accepted {
    redirect_to: String,
}

/// Where the browser goes on after `what` was accepted.
async fn accept(
    private: &mut Connection,
    what: &str,
    challenge: &str,
    body: &serde_json::Value,
) -> Result<String, Failure> {
    let path = format!("/admin/oauth2/auth/requests/{what}/accept?{what}_challenge={challenge}");
    let accepted = body_of(private, put_json(&path, &[], &body.to_string())).await?;
    let Accepted { redirect_to } = serde_json::from_slice(&accepted)?;
    let (_, path) = redirect_to.split_once("/oauth2/").ok_or("it leads elsewhere")?;
    Ok(format!("/oauth2/{path}"))
}

fn challenge_of(answer: &Answer<'_>, name: &str) -> Result<String, Failure> {
    let location = answer.header("location").and_then(|location| location.split_once(&format!("{name}=")));
    let challenge = location.and_then(|(_, rest)| rest.split('&').next()).map(str::to_owned);
    challenge.ok_or_else(|| unexpected(name, answer))
}

fn unexpected(what: &str, answer: &Answer<'_>) -> Failure {
    let location = answer.header("location").unwrap_or_default();
    format!("no {what} but {} {} {location}", answer.status, answer.text()).into()
}
