//! better-auth with its OAuth provider: one Node process, SQLite in a file (`bench/peers/better-auth/server.mjs`).

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde::Deserialize;

use crate::findings::Server;
use crate::peers::node::listen;
use crate::peers::{Codes, Pace, Paths, Peer, Place, Program, basic};
use crate::system::Failure;

#[derive(Deserialize)]
struct Listening {
    port: u16,
    public: String,
    secret: String,
    client_secret: String,
    cookies: Vec<String>,
}

/// Starts it with a new database in `scratch`. It signs everybody up before it listens, so its start is not timed.
pub fn start(place: &Place, scratch: &Path, people: usize) -> Result<Peer, Failure> {
    let folder = scratch.join("better-auth");
    fs::create_dir_all(&folder)?;
    let mut command = Command::new("node");
    command.arg("server.mjs").arg(std::path::absolute(folder)?).arg(people.to_string());
    let (process, listening): (_, Listening) =
        listen(&mut command, &place.script(Program::BetterAuth)?, |listening: &Listening| listening.port)?;
    Ok(Peer {
        server: Server::BetterAuth,
        process,
        start: None,
        paths: Paths {
            token: "/api/auth/oauth2/token",
            userinfo: "/api/auth/oauth2/userinfo",
            introspect: "/api/auth/oauth2/introspect",
            discovery: "/api/auth/.well-known/openid-configuration",
            jwks: "/api/auth/jwks",
        },
        basic: basic(&listening.secret, &listening.client_secret),
        public: listening.public,
        secret: listening.secret,
        private_port: None,
        pace: Pace { warm_up: Duration::from_secs(2), warm_up_codes: 4, codes: 4_000 },
        codes: Codes::SignedIn { authorize: "/api/auth/oauth2/authorize", cookies: listening.cookies },
        database: None,
    })
}
