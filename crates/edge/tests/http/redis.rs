//! A throw-away Redis server.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};

const PASSWORD: &str = "hunter2";

/// A Redis server, killed when the test ends.
pub struct Redis {
    child: Child,
    port: u16,
    directory: std::path::PathBuf,
}

impl Redis {
    /// Starts one on a free port; another process may take it in between.
    pub fn start(directory: &Path) -> Self {
        Self::start_with(directory, &[])
    }

    /// The same with further arguments.
    pub fn start_with(directory: &Path, more: &[&str]) -> Self {
        for _ in 0..5 {
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let mut redis = Self { child: spawn(directory, port, more), port, directory: directory.to_owned() };
            if redis.answers() {
                return redis;
            }
        }
        panic!("no Redis answers: scripts/install-test-deps.sh installs redis-server");
    }

    /// Starts it again, empty, where it was.
    pub fn restart(&mut self) {
        let _ = self.child.kill();
        self.child.wait().unwrap();
        self.child = spawn(&self.directory, self.port, &[]);
        assert!(self.answers());
    }

    /// Waits for it; false if it ended.
    fn answers(&mut self) -> bool {
        while self.child.try_wait().unwrap().is_none() {
            // It may know no password.
            if ["PONG", "NOAUTH"].iter().any(|answer| self.ask(&["ping"]).contains(answer)) {
                return true;
            }
        }
        false
    }

    pub fn address(&self) -> String {
        format!("redis://:{PASSWORD}@127.0.0.1:{}/1", self.port)
    }

    /// What a command prints.
    pub fn ask(&self, words: &[&str]) -> String {
        let mut command = Command::new("redis-cli");
        command.args(["-p", &self.port.to_string(), "-a", PASSWORD, "-n", "1", "--no-auth-warning"]).args(words);
        String::from_utf8(command.output().unwrap().stdout).unwrap()
    }

    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").args(["-s", name, &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spawn(directory: &Path, port: u16, more: &[&str]) -> Child {
    let mut command = Command::new("redis-server");
    command.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--requirepass", PASSWORD]);
    command.args(more).current_dir(directory).stdout(Stdio::null()).spawn().unwrap()
}
