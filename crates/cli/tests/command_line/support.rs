//! Runs the binary in a directory of its own, with an environment of its own.

use std::path::Path;
use std::process::{Command, Output};

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
