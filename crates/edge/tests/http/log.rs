//! What the log contains about requests, and what it must never contain.

use std::io;
use std::sync::{Arc, Mutex};

use axum::body::Body;
use http::{Request, Response, StatusCode};
use sigma_core::time::ManualClock;
use sigma_edge::settings::Settings;
use sigma_edge::{ApiError, Endpoint, Peer, Surface};

use crate::support::{API, edge, router};

/// What was logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Answers `request` with or without access log; returns the log lines.
fn logged(access: bool, request: Request<Body>) -> (Response<Body>, String) {
    let log = Log::default();
    let writer = log.clone();
    let subscriber =
        tracing_subscriber::fmt().with_ansi(false).without_time().with_writer(move || writer.clone()).finish();
    let settings = Settings { access_log: access, ..Settings::default() };
    let surface = || {
        Surface::new()
            .with(Endpoint::get(API, "/callback", async || "seen"))
            .with(Endpoint::get(API, "/api/cause", async || ApiError::internal("the disk is full")))
            .with(Endpoint::get(API, "/api/everyday", async || StatusCode::PAYMENT_REQUIRED))
            .with(Endpoint::get(API, "/api/refused", async || StatusCode::FORBIDDEN))
    };
    let edge = edge(&settings, surface(), Arc::new(ManualClock::default()));
    let router = router(surface());
    let peer = Peer { address: "192.0.2.1".parse().unwrap(), tls: false };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let response =
        tracing::subscriber::with_default(subscriber, || runtime.block_on(edge.answer(router, peer, request)));
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    (response, text)
}

fn get_request(uri: &str) -> Request<Body> {
    Request::get(uri)
        .header("cookie", "better-auth.session_token=secret-cookie")
        .header("authorization", "Bearer secret-token")
        .header("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
        .body(Body::empty())
        .unwrap()
}

#[test]
fn access_log_lines_contain_neither_query_nor_secrets() {
    let (_, line) = logged(true, get_request("/callback?code=secret-code"));
    assert!(!line.contains("secret"), "{line}");
    let micros = line.split("micros=").nth(1).unwrap().split(' ').next().unwrap();
    insta::assert_snapshot!(line.replace(&format!("micros={micros}"), "micros=…"), @r#" INFO sigma::access: method="GET" path="/callback" route="/callback" status=200 micros=… client=192.0.2.1 request_id="req_ynvbmbs7dbzzmkuhfyomh5zx" trace_id="4bf92f3577b34da6a3ce929d0e0e4736""#);
}

#[test]
fn the_access_log_can_be_disabled() {
    assert_eq!(logged(false, get_request("/callback")).1, "");
}

#[test]
fn the_cause_of_an_error_is_logged_with_the_id_that_was_sent() {
    let (response, line) = logged(false, get_request("/api/cause"));
    let id = response.headers()["x-request-id"].to_str().unwrap();
    assert!(line.contains("the disk is full") && line.contains(id), "{line}");
}

#[test]
fn statuses_of_everyday_are_not_explained() {
    assert_eq!(logged(false, get_request("/api/everyday")).1, "");
    assert!(logged(false, get_request("/api/refused")).1.contains("refused"));
}
