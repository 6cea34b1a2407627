//! An unwritable log loses only its lines: no thread, no response, no process.

use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::whole::{Installation, Person, Server};
use serde_json::Value;
use sigma_store::testing::{Engine, eventually};
use tempfile::TempDir;

/// Where the log goes.
#[derive(Clone, Copy, Debug)]
enum Log {
    /// To a file on the database's disk.
    SameDisk,
    /// To a pipe whose reader has gone away.
    Gone,
    /// To a pipe that nobody reads, until it is full.
    Stuck,
}

/// A server whose database is on a small disk of its own.
struct Small {
    server: Server,
    place: TempDir,
}

impl Small {
    /// `None` if this machine does not permit mounting a file system.
    fn start(installation: &Installation, log: Log, access: bool) -> Option<Self> {
        let place = tempfile::tempdir().unwrap();
        let database = installation.url();
        let home = Path::new(database.strip_prefix("sqlite:").unwrap()).parent().unwrap();
        let stderr = if matches!(log, Log::SameDisk) { "2>>sigma.log" } else { "" };
        let script = format!(
            "mount -t tmpfs -o size=12m none '{place}' && cp -a '{home}'/. '{keys}'/. '{place}' && cd '{place}' && \
             exec '{sigma}' serve --json {stderr}",
            place = place.path().display(),
            home = home.display(),
            keys = installation.directory().display(),
            sigma = env!("CARGO_BIN_EXE_sigma"),
        );
        let mut command = Command::new("unshare");
        command.args(["--map-root-user", "--mount", "sh", "-c", &script]).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("SIGMA__STORE__URL", "sqlite:sigma.sqlite").env("SIGMA__LOG__ACCESS", access.to_string());
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        let mut server = Server::started(&mut command);
        if !server.says_where() {
            return None;
        }
        let reader = server.child.stderr.take().unwrap();
        match log {
            Log::SameDisk | Log::Gone => drop(reader),
            // Kept open for as long as the test lasts.
            Log::Stuck => std::mem::forget(reader),
        }
        Some(Self { server, place })
    }

    /// The directory as the server sees it.
    fn inside(&self, name: &str) -> PathBuf {
        let root = format!("/proc/{}/root", self.server.child.id());
        Path::new(&root).join(self.place.path().strip_prefix("/").unwrap()).join(name)
    }

    fn fill(&self) {
        let mut ballast = fs::File::create(self.inside("ballast")).unwrap();
        while std::io::Write::write(&mut ballast, &[7; 4_096]).is_ok_and(|written| written > 0) {}
    }

    fn make_room(&self) {
        fs::remove_file(self.inside("ballast")).unwrap();
    }
}

/// Signs users up one at a time until that many answered 503; returns the acknowledged ones.
fn sign_up_until(small: &Small, name: &str, refusals: usize) -> Vec<Person> {
    let (mut acknowledged, mut refused) = (Vec::new(), 0);
    for number in 0..20_000 {
        let person = Person::named(&format!("{name} {number}"));
        let answer = person.try_sign_up(&small.server).unwrap_or_else(|| panic!("{name} {number}: no answer"));
        match answer.status {
            200 => acknowledged.push(person),
            503 => refused += 1,
            status => panic!("{status}: {}", answer.body),
        }
        if refused == refusals {
            return acknowledged;
        }
    }
    panic!("the disk never filled");
}

#[test]
fn a_full_disk_under_the_log_kills_no_thread_and_recovers() {
    let cases =
        [(Log::SameDisk, true), (Log::SameDisk, false), (Log::Gone, true), (Log::Gone, false), (Log::Stuck, true)];
    for (log, access) in cases {
        let name = format!("{log:?} {access}");
        let installation = Installation::on(Engine::Sqlite);
        let Some(small) = Small::start(&installation, log, access) else {
            return;
        };
        small.fill();
        let mut acknowledged = sign_up_until(&small, &name, 20);
        for _ in 0..20 {
            assert_eq!(small.server.get("/api/auth/jwks", &[]).status, 200, "{name}: reads go on");
        }
        for person in &acknowledged {
            assert_ne!(person.session(&small.server), Value::Null, "{name}: what was acknowledged is there");
        }
        eventually(|| small.server.get("/readyz", &[]).status == 503);
        assert_eq!(small.server.get("/livez", &[]).status, 200, "{name}: a restart would not help");
        small.make_room();
        eventually(|| small.server.get("/readyz", &[]).status == 200);
        let late = Person::named(&format!("{name} late"));
        eventually(|| late.try_sign_up(&small.server).unwrap().status == 200);
        acknowledged.push(late);
        for person in &acknowledged {
            assert_ne!(person.session(&small.server), Value::Null, "{name}: it heals without a restart");
        }
        assert_eq!(small.server.stop(), Some(0), "{name}");
    }
}

#[test]
fn an_unread_log_delays_neither_responses_nor_shutdown() {
    let installation = Installation::on(Engine::Sqlite);
    let mut command = installation.command(&["serve", "--json"]);
    let mut server = Server::started(command.stderr(Stdio::piped())).listening();
    let reader = server.child.stderr.take().unwrap();
    // A pipe holds 64 KiB, some 400 lines.
    for _ in 0..800 {
        assert_eq!(server.get("/api/auth/ok", &[]).status, 200);
    }
    let ada = Person::named("ada");
    ada.sign_up(&server);
    let (code, took) = crate::whole::timed(|| server.stop());
    assert_eq!(code, Some(0));
    assert!(took < Duration::from_secs(20), "{took:?}");
    drop(reader);
}

#[test]
fn a_closed_stdout_does_not_stop_the_server() {
    let installation = Installation::on(Engine::Sqlite);
    let full = || Stdio::from(fs::File::options().write(true).open("/dev/full").unwrap());
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut command = installation.command(&["serve"]);
    command.env("SIGMA__LISTEN", port.to_string()).stdout(full()).stderr(full());
    let child = command.spawn().unwrap();
    let server = Server { child, address: port.to_string(), log: "/dev/full".into() };
    eventually(|| std::net::TcpStream::connect(&server.address).is_ok());
    Person::named("ada").sign_up(&server);
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn a_command_with_a_closed_stdout_exits_without_a_panic() {
    let installation = Installation::on(Engine::Sqlite);
    let full = || Stdio::from(fs::File::options().write(true).open("/dev/full").unwrap());
    let code = |arguments: &[&str], stdout: Stdio, stderr: Stdio| {
        let status = installation.command(arguments).stdout(stdout).stderr(stderr).status().unwrap();
        status.code()
    };
    let gone = || {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        Stdio::from(writer)
    };
    for arguments in [&["app", "list"][..], &["app", "list", "--json"], &["config", "show"], &["keys", "list"]] {
        assert_eq!(code(arguments, gone(), gone()), Some(0), "{arguments:?}: a reader that went away is no failure");
        assert_eq!(code(arguments, full(), full()), Some(1), "{arguments:?}: a full disk is");
    }
    for (arguments, expected) in
        [(&["app", "show", "nobody"][..], 3), (&["app", "shwo"], 2), (&["app", "shwo", "--json"], 2)]
    {
        assert_eq!(code(arguments, gone(), gone()), Some(expected), "{arguments:?}");
        assert_eq!(code(arguments, full(), full()), Some(expected), "{arguments:?}");
    }
    for arguments in [&["--help"][..], &["app", "--help"], &["--version"]] {
        assert_eq!(code(arguments, gone(), gone()), Some(0), "{arguments:?}");
        assert_eq!(code(arguments, full(), full()), Some(0), "{arguments:?}");
    }
}
