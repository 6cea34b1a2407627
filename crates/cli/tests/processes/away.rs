//! A database server that is down when Sigma starts, or unreachable.

use std::net::TcpListener;

use sigma_store::testing::{Engine, engines, eventually};

use crate::whole::{Installation, Proxy};

#[test]
fn the_start_waits_for_the_database_and_logs_it() {
    if !engines().contains(&Engine::Postgres) {
        return;
    }
    let installation = Installation::on(Engine::Postgres);
    let proxy = Proxy::to(&installation.url());
    proxy.cut();
    installation.reach_by(&proxy.url);
    let server = installation.start();
    eventually(|| server.log().contains("waiting for the database server"));
    proxy.mend();
    let server = server.listening();
    assert_eq!(server.get("/healthz", &[]).status, 200);
    assert!(server.log().contains("the database server responds"), "{}", server.log());
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn an_unreachable_database_ends_the_start_and_admin_commands_do_not_wait() {
    let installation = Installation::on(Engine::Sqlite);
    // A port that refuses connections: it was free a moment ago.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    installation.reach_by(&format!("postgres://sigma@127.0.0.1:{port}/sigma"));
    let output = installation.command(&["user", "list"]).output().unwrap();
    assert_eq!(output.status.code(), Some(6));
    let output = installation.command(&["serve"]).env("SIGMA__STORE__WAIT", "1").output().unwrap();
    assert_eq!(output.status.code(), Some(6));
    let reported = String::from_utf8_lossy(&output.stderr);
    assert!(
        reported.contains("waiting for the database server") && reported.contains("cannot be reached"),
        "{reported}"
    );
}
