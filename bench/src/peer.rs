//! node-oidc-provider, the peer: one Node process, in memory (`bench/peer/server.mjs`).

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::Deserialize;

use crate::flow::{CHALLENGE, VERIFIER};
use crate::http::post_form;
use crate::process::Process;
use crate::sigma::REDIRECT_URI;
use crate::system::{Failure, instant};

/// The format of access tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccessTokens {
    /// Random strings, looked up: its default.
    Opaque,
    /// JWTs, like Sigma's.
    Jwt,
}

/// A running peer.
pub struct Peer {
    /// Its process.
    pub process: Process,
    /// From process start to its first answer.
    pub start: Duration,
    /// The `Authorization` header of its app with a secret.
    pub basic: String,
}

#[derive(Deserialize)]
struct Listening {
    port: u16,
    secret: String,
}

/// The paths of the peer.
pub mod path {
    /// Tokens.
    pub const TOKEN: &str = "/token";
    /// Who signed in.
    pub const USERINFO: &str = "/me";
    /// Introspection.
    pub const INTROSPECT: &str = "/token/introspection";
    /// Discovery.
    pub const DISCOVERY: &str = "/.well-known/openid-configuration";
    /// The key set.
    pub const JWKS: &str = "/jwks";
}

/// The apps of the peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PeerApp {
    /// `none` with PKCE.
    Public,
    /// `client_secret_basic`.
    Secret,
}

impl PeerApp {
    /// Its client id.
    pub fn client_id(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Secret => "secret",
        }
    }
}

impl Peer {
    /// Starts it from `directory`, where `npm ci --ignore-scripts` has run.
    pub fn start(directory: &Path, access_tokens: AccessTokens) -> Result<Self, Failure> {
        let begun = instant();
        let mut child = Command::new("node")
            .arg("server.mjs")
            .current_dir(directory)
            .env("NODE_ENV", "production")
            .env("JWT", if access_tokens == AccessTokens::Jwt { "1" } else { "0" })
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let output = child.stdout.take().ok_or("no output of the peer")?;
        let mut line = String::new();
        let read = BufReader::new(output).read_line(&mut line);
        let listening = read.map_err(Failure::from).and_then(|_| Ok(serde_json::from_str::<Listening>(&line)?));
        let process = Process::new(child, listening.as_ref().map_or(0, |listening| listening.port));
        let listening = listening.map_err(|error| format!("the peer does not start: {error}"))?;
        let basic = format!("Basic {}", STANDARD.encode(format!("secret:{}", listening.secret)));
        Ok(Self { process, start: begun.elapsed(), basic })
    }

    /// The path that issues `count` codes for `app`, for `people` accounts in turn.
    pub fn codes_path(app: PeerApp, count: usize, people: usize) -> String {
        let challenge = if app == PeerApp::Public { format!("&challenge={CHALLENGE}") } else { String::new() };
        format!("/bench/codes?client={}&count={count}&people={people}{challenge}", app.client_id())
    }

    /// The request that exchanges `code`.
    pub fn exchange(&self, app: PeerApp, code: &str) -> Bytes {
        let mut fields = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", REDIRECT_URI),
            ("client_id", app.client_id()),
        ];
        match app {
            PeerApp::Public => {
                fields.push(("code_verifier", VERIFIER));
                post_form(path::TOKEN, &[], &fields).into()
            }
            PeerApp::Secret => post_form(path::TOKEN, &[("Authorization", &self.basic)], &fields).into(),
        }
    }
}
