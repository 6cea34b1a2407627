//! node-oidc-provider: one Node process, in memory (`bench/peers/node/server.mjs`).

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::findings::Server;
use crate::flow::CHALLENGE;
use crate::http::{Connection, get};
use crate::peers::{Codes, Pace, Paths, Peer, PeerApp, Place, Program, basic};
use crate::process::Process;
use crate::system::{Failure, instant};

/// The format of access tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccessTokens {
    /// Random strings, looked up: its default.
    Opaque,
    /// JWTs, like Sigma's.
    Jwt,
}

#[derive(Deserialize)]
struct Listening {
    port: u16,
    secret: String,
}

/// Starts it.
pub fn start(place: &Place, access_tokens: AccessTokens, people: usize) -> Result<Peer, Failure> {
    let begun = instant();
    let is_jwt = access_tokens == AccessTokens::Jwt;
    let mut command = Command::new("node");
    command.arg("server.mjs").env("JWT", if is_jwt { "1" } else { "0" });
    let (process, listening): (_, Listening) =
        listen(&mut command, &place.script(Program::Node)?, |listening: &Listening| listening.port)?;
    Ok(Peer {
        server: if is_jwt { Server::PeerJwt } else { Server::Peer },
        process,
        start: Some(begun.elapsed()),
        paths: Paths {
            token: "/token",
            userinfo: "/me",
            introspect: "/token/introspection",
            discovery: "/.well-known/openid-configuration",
            jwks: "/jwks",
        },
        public: "public".to_owned(),
        secret: "secret".to_owned(),
        basic: basic("secret", &listening.secret),
        private_port: None,
        pace: Pace { warm_up: Duration::ZERO, warm_up_codes: 8, codes: usize::MAX },
        codes: Codes::Made { people },
        database: None,
    })
}

/// Starts a Node process in `folder`, which prints a line of JSON once it listens.
pub fn listen<T: DeserializeOwned>(
    command: &mut Command,
    folder: &Path,
    port: impl Fn(&T) -> u16,
) -> Result<(Process, T), Failure> {
    let mut child = command
        .current_dir(folder)
        .env("NODE_ENV", "production")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let output = child.stdout.take().ok_or("no output of the peer")?;
    let mut line = String::new();
    let read = BufReader::new(output).read_line(&mut line);
    let listening = read.map_err(Failure::from).and_then(|_| Ok(serde_json::from_str::<T>(&line)?));
    let process = Process::new(child, listening.as_ref().map_or(0, port));
    let listening = listening.map_err(|error| format!("it does not start: {error}"))?;
    Ok((process, listening))
}

/// As many codes, as its authorization endpoint would make them.
pub async fn codes(peer: &Peer, app: PeerApp, count: usize, people: usize) -> Result<Vec<String>, Failure> {
    let challenge = if app == PeerApp::Public { format!("&challenge={CHALLENGE}") } else { String::new() };
    let client_id = peer.client_id(app);
    let path = format!("/bench/codes?client={client_id}&count={count}&people={people}{challenge}");
    let mut connection = Connection::open(peer.process.port()).await?;
    Ok(serde_json::from_slice(connection.send(&get(&path, &[])).await?.body)?)
}
