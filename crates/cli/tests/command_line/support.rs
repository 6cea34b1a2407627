//! Runs the binary in a directory and environment of its own.

use std::fs::File;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::sync::Arc;

use serde_json::Value;
use sigma_core::random::SeededRng;
use sigma_core::time::ManualClock;
use sigma_store::testing::{Engine, TestDatabase};
use sigma_store::{Store, StoreOptions};
use tempfile::TempDir;

/// An installation: a directory with a configuration and, once something is written, a database.
pub struct Installation {
    directory: TempDir,
    /// A database elsewhere, when the tests run on PostgreSQL.
    database: Option<TestDatabase>,
}

/// The engine under test: PostgreSQL with `SIGMA_TEST_STORE=postgres`, else SQLite.
fn engine() -> Engine {
    match std::env::var("SIGMA_TEST_STORE").as_deref() {
        Ok("postgres") => Engine::Postgres,
        _ => Engine::Sqlite,
    }
}

/// The result of a command.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Installation {
    /// An installation whose database is as a server's first start leaves it, on the engine under test.
    pub fn new() -> Self {
        Self::without_database().made()
    }

    /// An empty installation, whose database will be on the engine under test.
    pub fn without_database() -> Self {
        let database = Some(engine()).filter(|engine| *engine == Engine::Postgres).map(TestDatabase::empty);
        Self { directory: tempfile::tempdir().unwrap(), database }
    }

    fn made(self) -> Self {
        let options = StoreOptions { exclusive: false, ..StoreOptions::serve(self.url()) };
        let (clock, rng) = (Arc::new(ManualClock::default()), Arc::new(SeededRng::new(1)));
        Store::open(&options, clock, rng).unwrap().close();
        self
    }

    /// An installation with this configuration, on the engine under test.
    pub fn with(toml: &str) -> Self {
        Self::new().configured(toml)
    }

    /// An installation with this configuration, on the database that it names: by default an SQLite file. It does not
    /// exist yet.
    pub fn alone(toml: &str) -> Self {
        Self { directory: tempfile::tempdir().unwrap(), database: None }.configured(toml)
    }

    fn configured(self, toml: &str) -> Self {
        std::fs::write(self.path().join("sigma.toml"), toml).unwrap();
        self
    }

    /// Its database.
    pub fn url(&self) -> String {
        match &self.database {
            Some(database) => database.options.url.clone(),
            None => format!("sqlite:{}", self.path().join("sigma.sqlite").display()),
        }
    }

    /// Its store, as a command opens it.
    pub fn store(&self) -> Store {
        let (clock, rng) = (Arc::new(ManualClock::default()), Arc::new(SeededRng::new(3)));
        Store::open(&StoreOptions::admin(self.url()), clock, rng).unwrap()
    }

    /// Its database file, if it has one.
    pub fn file(&self) -> Option<PathBuf> {
        self.database.is_none().then(|| self.path().join("sigma.sqlite"))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// The command `sigma ARGUMENTS` here, to be extended.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sigma"));
        command.args(arguments).current_dir(self.path()).env_clear();
        command.env("SIGMA__HTTP__DRAIN_SECONDS", "0");
        if let Some(database) = &self.database {
            command.env("SIGMA__STORE__URL", &database.options.url);
        }
        command
    }

    /// Runs `sigma ARGUMENTS`.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(&self.command(arguments).output().unwrap())
    }

    /// Runs `sigma ARGUMENTS --json`, which must succeed.
    pub fn json(&self, arguments: &[&str]) -> Value {
        let ran = self.run(&[arguments, &["--json"]].concat());
        assert_eq!(ran.code, 0, "{ran:?}");
        assert_eq!(ran.stderr, "");
        serde_json::from_str(&ran.stdout).unwrap()
    }
}

impl Ran {
    pub fn of(output: &Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout.clone()).unwrap(),
            stderr: String::from_utf8(output.stderr.clone()).unwrap(),
        }
    }

    /// The failure as `--json` reports it.
    pub fn failure(&self) -> Value {
        assert_eq!(self.stdout, "");
        serde_json::from_str(&self.stderr).unwrap()
    }
}

/// A running `sigma`, killed when the test ends.
pub struct Running {
    child: Child,
    stdout: BufReader<ChildStdout>,
}

impl Running {
    /// Starts `sigma ARGUMENTS` with the installation's file, and without a log.
    pub fn start(sigma: &Installation, arguments: &[&str]) -> Self {
        let mut command = sigma.command(arguments);
        command.env("SIGMA__LOG__FILTER", "off").stdout(Stdio::piped()).stderr(Stdio::inherit());
        Self::of(command)
    }

    /// Starts the command, whose output is piped.
    pub fn of(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        Self { child, stdout }
    }

    /// Starts `sigma ARGUMENTS` logging to the file `log`.
    pub fn logged(sigma: &Installation, arguments: &[&str], log: &Path) -> Self {
        let mut command = sigma.command(arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(File::create(log).unwrap()).spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        Self { child, stdout }
    }

    /// The next line that it prints.
    pub fn line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        line
    }

    /// The next line, which is JSON.
    pub fn json(&mut self) -> Value {
        serde_json::from_str(&self.line()).unwrap()
    }

    /// Ends it as an operator does; returns its exit code.
    pub fn stop(mut self) -> Option<i32> {
        let kill = std::process::Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        assert!(kill.success());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends a request over a connection of its own; returns head and body of the response.
pub fn ask(address: &str, request: &str) -> (String, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_owned(), body.to_owned())
}

/// Requests a path.
pub fn get(address: &str, host: &str, path: &str) -> (String, String) {
    ask(address, &format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"))
}

/// A server on a port that the system chose.
pub fn serve(sigma: &Installation) -> (Running, String) {
    let mut server = Running::start(sigma, &["serve", "--json"]);
    let address = server.json()["listen"].as_str().unwrap().to_owned();
    (server, address)
}

/// A port that nobody listens on, for settings that must name it in advance. It is not chosen by the kernel, whose
/// range from 32768 on is also used for outgoing connections, one of which could take it before the server.
pub fn free_port() -> u16 {
    let random = || RandomState::new().build_hasher().finish() % 20_000;
    let mut ports = std::iter::repeat_with(|| 12_000 + u16::try_from(random()).unwrap());
    ports.find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()).unwrap()
}
