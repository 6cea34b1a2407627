//! This server as the bench runs it: its own process, SQLite on a real disk, every write durable, limits and access log
//! off.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use sigma_bitcoin::PrivateKey;
use sigma_store::{Store, StoreOptions};

use crate::process::{Process, free_port, start};
use crate::system::{Failure, SystemClock, SystemRng};

/// Where codes are sent. Nobody listens there: the bench reads them from the redirect.
pub const REDIRECT_URI: &str = "https://bench.example.org/callback";

/// What happens to the log line of each request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccessLog {
    /// None is written.
    Off,
    /// It is written, to a file.
    On,
}

/// The binary and the directory that a server runs from.
pub struct Installation {
    binary: PathBuf,
    /// Database, master key and log.
    pub directory: PathBuf,
    port: u16,
    /// Settings of its own.
    environment: Vec<(&'static str, String)>,
}

/// A registered app.
pub struct App {
    /// Its id.
    pub client_id: String,
    /// Its authentication method.
    pub proof: Proof,
}

/// How an app authenticates.
pub enum Proof {
    /// PKCE alone.
    Nothing,
    /// The whole `Authorization` header.
    Basic(String),
    /// A signature with this key.
    Bitcoin(PrivateKey),
}

impl App {
    /// The `Authorization` header of an app with a secret; empty for any other.
    pub fn basic(&self) -> &str {
        match &self.proof {
            Proof::Basic(basic) => basic,
            Proof::Nothing | Proof::Bitcoin(_) => "",
        }
    }
}

#[derive(Deserialize)]
struct Added {
    client_id: String,
    client_secret: Option<String>,
}

impl Installation {
    /// One in a new directory below `root`.
    pub fn new(binary: &Path, root: &Path, name: &str) -> Result<Self, Failure> {
        let directory = root.join(name);
        fs::create_dir_all(&directory)?;
        Ok(Self { binary: binary.to_owned(), directory, port: free_port()?, environment: Vec::new() })
    }

    /// Sets the environment variable `name` for every process that starts from now on.
    pub fn set(&mut self, name: &'static str, value: String) {
        self.environment.push((name, value));
    }

    /// The issuer in every token.
    pub fn issuer(&self) -> String {
        format!("http://localhost:{}", self.port)
    }

    /// The database.
    pub fn database(&self) -> PathBuf {
        self.directory.join("sigma.sqlite")
    }

    /// The database, opened as admin commands do.
    pub fn open_store(&self) -> Result<Store, Failure> {
        let url = format!("sqlite:{}", self.database().display());
        Ok(Store::open(&StoreOptions::admin(url), Arc::new(SystemClock), Arc::new(SystemRng))?)
    }

    /// The file of the master key.
    pub fn master_key(&self) -> PathBuf {
        self.directory.join("sigma.key")
    }

    fn command(&self, log: AccessLog) -> Command {
        let mut command = Command::new(&self.binary);
        command
            .current_dir(&self.directory)
            .env("SIGMA__ISSUER", self.issuer())
            .env("SIGMA__LISTEN", format!("127.0.0.1:{}", self.port))
            .env("SIGMA__STORE__URL", format!("sqlite:{}", self.database().display()))
            .env("SIGMA__MASTER_KEY__FILE", self.master_key())
            .env("SIGMA__LIMITS__ENABLED", "false")
            .env("SIGMA__LIMITS__DELAYS", "false")
            .env("SIGMA__TOKENS__CODE_SECONDS", "600")
            .env("SIGMA__LOG__FILTER", if log == AccessLog::On { "info" } else { "warn" })
            .env("SIGMA__LOG__ACCESS", if log == AccessLog::On { "true" } else { "false" })
            .envs(self.environment.iter().map(|(name, value)| (*name, value)));
        command
    }

    /// Starts the server. The second value is the time from process start to its first answer.
    pub fn serve(&self, log: AccessLog) -> Result<(Process, Duration), Failure> {
        let mut command = self.command(log);
        if log == AccessLog::On {
            command.stderr(fs::File::create(self.directory.join("access.log"))?);
        }
        start(command.arg("serve"), self.port, "/healthz")
    }

    /// Ends `running` and restarts it on the same database with the log on.
    pub fn serve_again(&self, running: Process) -> Result<(Process, Duration), Failure> {
        running.kill()?;
        self.serve(AccessLog::On)
    }

    /// Registers an app while the server runs.
    fn add_app(&self, name: &str, arguments: &[&str]) -> Result<Added, Failure> {
        self.add_app_with("ES256", name, arguments)
    }

    /// The same, whose ID tokens are signed by another algorithm.
    fn add_app_with(&self, algorithm: &str, name: &str, arguments: &[&str]) -> Result<Added, Failure> {
        let output = self
            .command(AccessLog::Off)
            .args(["--json", "app", "add", "--name", name, "--redirect-uri", REDIRECT_URI])
            .args(["--id-token-alg", algorithm])
            .args(arguments)
            .output()?;
        if !output.status.success() {
            return Err(format!("sigma app add: {}", String::from_utf8_lossy(&output.stderr)).into());
        }
        Ok(serde_json::from_slice(&output.stdout)?)
    }

    /// Runs an admin command beside the server; what it printed.
    pub fn admin(&self, arguments: &[&str]) -> Result<serde_json::Value, Failure> {
        let output = self.command(AccessLog::Off).arg("--json").args(arguments).output()?;
        if !output.status.success() {
            return Err(format!("sigma {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr)).into());
        }
        Ok(serde_json::from_slice(&output.stdout)?)
    }

    /// A public app.
    pub fn add_public(&self) -> Result<App, Failure> {
        let added = self.add_app("Public", &["--auth", "none"])?;
        Ok(App { client_id: added.client_id, proof: Proof::Nothing })
    }

    /// A public app whose ID tokens are signed with RS256.
    pub fn add_rsa(&self) -> Result<App, Failure> {
        let added = self.add_app_with("RS256", "RSA", &["--auth", "none"])?;
        Ok(App { client_id: added.client_id, proof: Proof::Nothing })
    }

    /// A public app on devices without a browser; its client id.
    pub fn add_on_device(&self) -> Result<String, Failure> {
        Ok(self.add_app("Device", &["--auth", "none", "--grant-type", "device_code"])?.client_id)
    }

    /// An app with a secret, which may also use client credentials and exchange tokens.
    pub fn add_with_secret(&self) -> Result<App, Failure> {
        let grants = ["authorization_code", "client_credentials", "token_exchange"];
        let added = self.add_app("Secret", &grants.map(|grant| ["--grant-type", grant]).concat())?;
        let secret = added.client_secret.ok_or("an app without secret")?;
        let basic = format!("Basic {}", STANDARD.encode(format!("{}:{secret}", added.client_id)));
        Ok(App { client_id: added.client_id, proof: Proof::Basic(basic) })
    }

    /// An app that signs its requests.
    pub fn add_signing(&self, key: PrivateKey) -> Result<App, Failure> {
        let added = self.add_app("Signing", &["--pubkey", &key.public_key().to_hex()])?;
        Ok(App { client_id: added.client_id, proof: Proof::Bitcoin(key) })
    }
}
