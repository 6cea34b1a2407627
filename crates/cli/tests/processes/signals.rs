//! What SIGTERM, SIGINT and SIGHUP do to a real server.

use std::fs;
use std::net::TcpStream;
use std::time::Duration;

use crate::whole::{Installation, Person, Server, timed};
use serde_json::Value;
use sigma_store::testing::{Engine, eventually};

/// A server that keeps answering for that many seconds after SIGTERM.
fn draining(installation: &Installation, seconds: u32) -> Server {
    installation.serve_with(&[("SIGMA__HTTP__DRAIN_SECONDS", &seconds.to_string())])
}

fn ready(server: &Server) -> u16 {
    server.get("/readyz", &[]).status
}

#[test]
fn after_sigterm_the_server_keeps_responding_but_is_not_ready() {
    let installation = Installation::on(Engine::Sqlite);
    let server = draining(&installation, 2);
    let ada = Person::named("ada");
    ada.sign_up(&server);
    assert_eq!(ready(&server), 200);
    server.signal("TERM");
    eventually(|| server.get("/readyz", &[]).status == 503);
    for alias in ["/healthz", "/health"] {
        assert_eq!(server.get(alias, &[]).status, 503, "{alias}");
    }
    assert_eq!(server.get("/livez", &[]).status, 200, "it lives");
    assert_ne!(ada.session(&server), Value::Null, "new connections are answered as before");
    Person::named("late").sign_up(&server);
    let (code, took) = timed(|| server.stop_signalled());
    assert_eq!(code, Some(0));
    assert!(took < Duration::from_secs(20), "{took:?}");
}

#[test]
fn a_second_signal_ends_the_server_at_once_and_loses_nothing_that_was_acknowledged() {
    for (first, second) in [("TERM", "TERM"), ("TERM", "INT"), ("INT", "TERM")] {
        let installation = Installation::on(Engine::Sqlite);
        let server = draining(&installation, 600);
        let ada = Person::named("ada");
        ada.sign_up(&server);
        // A client whose body never arrives, for which a single SIGINT would wait 30 s.
        let mut slow = TcpStream::connect(&server.address).unwrap();
        let head = "POST /api/auth/sign-out HTTP/1.1\r\nHost: localhost:8080\r\nContent-Length: 2\r\n\r\n";
        std::io::Write::write_all(&mut slow, head.as_bytes()).unwrap();
        assert_eq!(ready(&server), 200);
        server.signal(first);
        if first == "TERM" {
            eventually(|| ready(&server) == 503);
        } else {
            eventually(|| TcpStream::connect(&server.address).is_err());
        }
        let (code, took) = timed(|| {
            server.signal(second);
            server.stop_signalled()
        });
        assert_eq!(code, Some(0), "{first} {second}");
        assert!(took < Duration::from_secs(8), "{first} {second}: {took:?}");
        drop(slow);
        let server = installation.serve();
        assert_ne!(ada.session(&server), Value::Null);
        assert_eq!(server.stop(), Some(0));
    }
}

#[test]
fn sighup_reloads_the_log_filter_and_drops_no_connection() {
    let installation = Installation::on(Engine::Sqlite);
    let configuration = installation.directory().join("sigma.toml");
    let settings = fs::read_to_string(&configuration).unwrap();
    let server = installation.serve();
    let mut kept = TcpStream::connect(&server.address).unwrap();
    let mut ask = || {
        use std::io::{Read as _, Write as _};
        kept.write_all(b"GET /livez HTTP/1.1\r\nHost: localhost:8080\r\n\r\n").unwrap();
        let mut answer = [0; 1_024];
        let length = kept.read(&mut answer).unwrap();
        assert!(answer[..length].starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer[..length]));
    };
    let lines = |path: &str| server.log().lines().filter(|line| line.contains(path)).count();
    ask();
    eventually(|| lines("/livez") == 1);

    fs::write(&configuration, format!("{settings}[log]\nfilter = 'error'\n")).unwrap();
    server.signal("HUP");
    // The line that says so is not an error: the filter works if it is missing.
    eventually(|| {
        let before = lines("/api/auth/ok");
        server.get("/api/auth/ok", &[]);
        std::thread::sleep(Duration::from_millis(50));
        lines("/api/auth/ok") == before
    });
    ask();

    fs::write(&configuration, format!("{settings}[log]\nfilter = 'sigma=loud'\n")).unwrap();
    server.signal("HUP");
    eventually(|| server.log().contains("cannot be reloaded"));
    fs::write(&configuration, format!("{settings}[lgo]\nfilter = 'info'\n")).unwrap();
    server.signal("HUP");
    eventually(|| server.log().contains("unknown key"));
    ask();

    fs::write(&configuration, settings).unwrap();
    server.signal("HUP");
    eventually(|| server.log().contains("the log filter was reloaded"));
    ask();
    eventually(|| lines("/livez") >= 2);
    assert_eq!(server.stop(), Some(0));
}
