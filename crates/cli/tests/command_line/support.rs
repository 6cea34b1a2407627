//! Runs the binary in a directory of its own, with an environment of its own.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// An installation: a directory with a configuration and, once something was written, a database.
pub struct Installation {
    directory: TempDir,
}

/// What a command left.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Installation {
    /// An empty one.
    pub fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    /// One with this configuration.
    pub fn with(toml: &str) -> Self {
        let installation = Self::new();
        std::fs::write(installation.path().join("sigma.toml"), toml).unwrap();
        installation
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// The command `sigma ARGUMENTS` here, to be started with more.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sigma"));
        command.args(arguments).current_dir(self.path()).env_clear();
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

    /// The failure as `--json` tells it.
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
        let mut child = command.spawn().unwrap();
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

    /// Ends it as an operator does; its exit code.
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

/// Sends a request over a connection of its own and gives head and body of the answer.
pub fn ask(address: &str, request: &str) -> (String, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_owned(), body.to_owned())
}

/// Asks for a path.
pub fn get(address: &str, host: &str, path: &str) -> (String, String) {
    ask(address, &format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"))
}

/// A server on a port that the system chose.
pub fn serve(sigma: &Installation) -> (Running, String) {
    let mut server = Running::start(sigma, &["serve", "--json"]);
    let address = server.json()["listen"].as_str().unwrap().to_owned();
    (server, address)
}

/// A port that nobody listens on at this moment, for settings that must name it beforehand.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
