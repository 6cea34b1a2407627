//! Prometheus metrics and their names. A binary of its own, since a process has one recorder.
#![allow(clippy::unwrap_used, missing_docs)]

use std::net::IpAddr;
use std::sync::Arc;

use axum::body::Body;
use http::Request;
use sigma_core::time::ManualClock;
use sigma_edge::settings::Settings;
use sigma_edge::{Endpoint, Peer, Surface, serve_metrics};
use sigma_telemetry::Registry;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use self::support::{API, edge, router};

#[path = "http/support.rs"]
mod support;

#[tokio::test]
async fn requests_are_counted_by_route_and_not_by_path() {
    let handle = Registry::install().unwrap();
    let surface = || {
        Surface::new().with(Endpoint::get(API, "/account/{id}", async || "an account")).with(Endpoint::get(
            API,
            "/slow",
            std::future::pending::<&'static str>,
        ))
    };
    let edge = edge(&Settings::default(), surface(), Arc::new(ManualClock::default()));
    let router = router(surface());
    let peer = Peer { address: "192.0.2.1".parse::<IpAddr>().unwrap(), tls: false };
    for path in ["/account/1", "/account/2", "/made/up", "/made/up/too"] {
        let request = Request::get(path).body(Body::empty()).unwrap();
        edge.answer(router.clone(), peer, request).await;
    }
    let request = Request::builder().method("MADEUP").uri("/account/1").body(Body::empty()).unwrap();
    edge.answer(router.clone(), peer, request).await;
    // A caller that does not wait for its response.
    let request = Request::get("/slow").body(Body::empty()).unwrap();
    tokio::select! {
        biased;
        _ = edge.answer(router, peer, request) => unreachable!(),
        () = tokio::task::yield_now() => {}
    }

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(serve_metrics(listener, handle, std::future::pending()));
    let page = |path: &'static str| async move {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    };
    let shown = page("/metrics").await;
    let mut counted: Vec<_> = shown
        .lines()
        .filter(|line| line.starts_with("sigma_http_requests") || line.starts_with("sigma_http_request_seconds_count"))
        .map(str::to_owned)
        .collect();
    counted.sort();
    insta::assert_snapshot!(counted.join("\n"), @r#"
    sigma_http_request_seconds_count{route="/account/{id}",method="GET",status="2xx"} 2
    sigma_http_request_seconds_count{route="/account/{id}",method="other",status="4xx"} 1
    sigma_http_request_seconds_count{route="/slow",method="GET",status="4xx"} 1
    sigma_http_request_seconds_count{route="elsewhere",method="GET",status="4xx"} 2
    sigma_http_requests_in_flight 0
    sigma_http_requests_total{route="/account/{id}",method="GET",status="2xx"} 2
    sigma_http_requests_total{route="/account/{id}",method="other",status="4xx"} 1
    sigma_http_requests_total{route="/slow",method="GET",status="4xx"} 1
    sigma_http_requests_total{route="elsewhere",method="GET",status="4xx"} 2
    "#);
    assert!(page("/").await.starts_with("HTTP/1.1 404 "));
}
