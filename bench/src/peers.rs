//! The servers that this one is compared with, as `scripts/bench-peers.sh` installed them: each does the same work.

pub mod better_auth;
pub mod hydra;
pub mod keycloak;
pub mod node;

use std::cell::RefCell;
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use clap::ValueEnum;

use crate::findings::Server;
use crate::flow::{self, CHALLENGE, SCOPE, VERIFIER, code_of};
use crate::http::{Answer, Connection, form, get, post_form};
use crate::load::{Extent, once_each, run, watched};
use crate::process::Process;
use crate::sigma::REDIRECT_URI;
use crate::system::Failure;

/// A program that is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Program {
    /// node-oidc-provider.
    Node,
    /// better-auth with its OAuth provider.
    BetterAuth,
    /// Keycloak.
    Keycloak,
    /// Ory Hydra.
    Hydra,
}

impl Program {
    /// What it is measured as, in order.
    pub fn servers(self) -> &'static [Server] {
        match self {
            Self::Node => &[Server::Peer, Server::PeerJwt],
            Self::BetterAuth => &[Server::BetterAuth],
            Self::Keycloak => &[Server::Keycloak],
            Self::Hydra => &[Server::Hydra, Server::HydraJwt],
        }
    }

    /// The folder that holds it, below `bench/peers` and where it is installed.
    fn folder(self) -> &'static str {
        match self {
            Self::Node => "node",
            Self::BetterAuth => "better-auth",
            Self::Keycloak => "keycloak",
            Self::Hydra => "hydra",
        }
    }
}

/// Where peers are.
pub struct Place {
    /// Their scripts and versions, in the repository.
    pub sources: PathBuf,
    /// What was installed of them.
    pub installed: PathBuf,
    /// The script that starts a PostgreSQL.
    pub postgres: PathBuf,
}

impl Place {
    /// Where `program` is installed, or why it is not.
    pub fn find(&self, program: Program) -> Result<PathBuf, Failure> {
        let folder = self.installed.join(program.folder());
        if folder.join(".installed").exists() {
            return Ok(folder);
        }
        let reason = fs::read_to_string(self.installed.join(format!("{}.missing", program.folder())));
        let reason = reason.unwrap_or_else(|_| "it is not installed: run scripts/bench-peers.sh".to_owned());
        Err(reason.trim().to_owned().into())
    }

    /// The folder of a program in JavaScript, with today's `server.mjs` beside its packages.
    fn script(&self, program: Program) -> Result<PathBuf, Failure> {
        let folder = self.find(program)?;
        fs::copy(self.sources.join(program.folder()).join("server.mjs"), folder.join("server.mjs"))?;
        Ok(folder)
    }
}

/// A running peer.
pub struct Peer {
    /// What it is measured as.
    pub server: Server,
    /// Its process.
    pub process: Process,
    /// From process start to its first answer, where that can be told.
    pub start: Option<Duration>,
    /// Where it answers what.
    pub paths: Paths,
    /// The client id of its app without a secret.
    pub public: String,
    /// The client id of its app with one.
    pub secret: String,
    /// The `Authorization` header of that.
    pub basic: String,
    /// Where it introspects tokens, if only at a port of its own.
    pub private_port: Option<u16>,
    /// How fast it is.
    pub pace: Pace,
    /// How it comes to codes.
    pub codes: Codes,
    /// The server of its database, if it has none in its process.
    #[expect(dead_code, reason = "held until the peer ends")]
    pub database: Option<hydra::Postgres>,
}

/// The paths of a peer.
pub struct Paths {
    /// Tokens.
    pub token: &'static str,
    /// Who signed in.
    pub userinfo: &'static str,
    /// Introspection.
    pub introspect: &'static str,
    /// Discovery.
    pub discovery: &'static str,
    /// The key set.
    pub jwks: &'static str,
}

/// How much a peer does in a time that one can wait for.
pub struct Pace {
    /// How long it takes at least until it does the same work at its usual speed.
    pub warm_up: Duration,
    /// One of so many codes is exchanged for that.
    pub warm_up_codes: usize,
    /// Codes that are made at most: fewer than of a faster peer, since rates count.
    pub codes: usize,
}

/// How a peer comes to codes.
pub enum Codes {
    /// It makes them when asked to.
    Made {
        /// The people they are of, in turn.
        people: usize,
    },
    /// Its authorization endpoint issues them to people who are signed in.
    SignedIn {
        /// The path of that.
        authorize: &'static str,
        /// The cookies of each.
        cookies: Vec<String>,
    },
    /// Its authorization endpoint issues them once another program has said who it is that signs in, and to what they agree.
    Accepted {
        /// Where that is said.
        port: u16,
        /// The people they are of, in turn.
        people: usize,
    },
}

/// The apps of a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PeerApp {
    /// `none` with PKCE.
    Public,
    /// `client_secret_basic`.
    Secret,
}

/// Starts what is measured as `server`, with that many people. `scratch` is where it may keep its data.
pub async fn start(server: Server, place: &Place, scratch: &Path, people: usize) -> Result<Peer, Failure> {
    match server {
        Server::Peer => node::start(place, node::AccessTokens::Opaque, people),
        Server::PeerJwt => node::start(place, node::AccessTokens::Jwt, people),
        Server::BetterAuth => better_auth::start(place, scratch, people),
        Server::Keycloak => keycloak::start(place, scratch, people).await,
        Server::Hydra => hydra::start(place, hydra::AccessTokens::Opaque, people).await,
        Server::HydraJwt => hydra::start(place, hydra::AccessTokens::Jwt, people).await,
        Server::Sigma | Server::SigmaLogging | Server::Handler => Err("not a peer".into()),
    }
}

impl Peer {
    fn client_id(&self, app: PeerApp) -> &str {
        match app {
            PeerApp::Public => &self.public,
            PeerApp::Secret => &self.secret,
        }
    }

    /// At most `count` codes for `app`, and no more than it makes in a reasonable time.
    pub async fn codes(&self, app: PeerApp, count: usize, connections: u32) -> Result<Vec<String>, Failure> {
        let count = count.min(self.pace.codes);
        match &self.codes {
            Codes::Made { people } => node::codes(self, app, count, *people).await,
            Codes::SignedIn { authorize, cookies } => {
                let path = self.authorize_path(authorize, app);
                let ask = |cookie: &String| Bytes::from(get(&path, &[("Cookie", cookie), ("Accept", "text/html")]));
                let requests: Vec<Bytes> = cookies.iter().map(ask).cycle().take(count).collect();
                let codes = Rc::new(RefCell::new(Vec::with_capacity(count)));
                let found = Rc::clone(&codes);
                let scripts = watched(once_each(requests), move |answer| found.borrow_mut().extend(code_of(answer)));
                run(&self.process, Extent { connections, time: Duration::from_mins(5) }, scripts).await?;
                Ok(codes.take())
            }
            Codes::Accepted { port, people } => hydra::codes(self, app, *port, count, *people, connections).await,
        }
    }

    /// The authorization request of `app`, as an app of this server sends it.
    fn authorize_path(&self, path: &str, app: PeerApp) -> String {
        let mut fields = vec![
            ("client_id", self.client_id(app)),
            ("redirect_uri", REDIRECT_URI),
            ("response_type", "code"),
            ("state", "af0ifjsldkj"),
            ("nonce", "n-0S6_WzA2Mj"),
            ("scope", SCOPE),
        ];
        if app == PeerApp::Public {
            fields.extend([("code_challenge", CHALLENGE), ("code_challenge_method", "S256")]);
        }
        format!("{path}?{}", form(&fields))
    }

    /// The request that exchanges `code`.
    pub fn exchange(&self, app: PeerApp, code: &str) -> Bytes {
        let mut fields = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", REDIRECT_URI),
            ("client_id", self.client_id(app)),
        ];
        match app {
            PeerApp::Public => {
                fields.push(("code_verifier", VERIFIER));
                post_form(self.paths.token, &[], &fields).into()
            }
            PeerApp::Secret => post_form(self.paths.token, &[("Authorization", &self.basic)], &fields).into(),
        }
    }

    /// The request of a token for its app itself.
    pub fn client_credentials(&self) -> Bytes {
        flow::client_credentials(self.paths.token, &self.basic)
    }

    /// The request of userinfo.
    pub fn userinfo(&self, token: &str) -> Bytes {
        flow::userinfo(self.paths.userinfo, token)
    }

    /// The request that introspects a token.
    pub fn introspect(&self, token: &str) -> Bytes {
        flow::introspect(self.paths.introspect, &self.basic, token)
    }
}

/// The `Authorization` header of an app with that secret.
fn basic(client_id: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{client_id}:{secret}")))
}

/// Sends `request` and returns the body of its answer, which must be a success.
async fn body_of(connection: &mut Connection, request: Vec<u8>) -> Result<Vec<u8>, Failure> {
    let answer = connection.send(&request).await?;
    if answer.status >= 300 {
        return Err(format!("{} {}", answer.status, answer.text()).into());
    }
    Ok(answer.body.to_vec())
}

/// The cookies that an answer sets, as a browser sends them back.
fn cookies_of(answer: &Answer<'_>) -> String {
    let set = answer.headers().filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie"));
    let kept = set.filter(|(_, value)| !value.contains("Max-Age=0"));
    let cookies: Vec<&str> = kept.filter_map(|(_, value)| value.split(';').next()).collect();
    cookies.join("; ")
}
