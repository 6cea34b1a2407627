//! The one middleware under `/api/v1`, without a network: every error is `{"error","message"}`, whatever produced it.

use std::net::IpAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::response::IntoResponse as _;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use sigma_core::random::SeededRng;
use sigma_core::time::{ManualClock, Timestamp};

use super::POLICY;
use sigma_platform::http::policy::{BodyLimit, Limit};
use sigma_platform::http::settings::Settings;
use sigma_platform::http::{
    ApiError, Declarations, Edge, Endpoint, FailedRequest, Peer, Policy, Routes, Surface, complete,
};

async fn unfinished() -> StatusCode {
    panic!("a secret of the handler")
}

fn surface() -> Surface<()> {
    let large = Policy { body: BodyLimit::Large, ..POLICY };
    let check = Policy { limit: Limit::Elsewhere, ..POLICY };
    let length = async |body: String| body.len().to_string();
    let cookie = async |headers: HeaderMap| format!("{:?}", headers.get("cookie"));
    Surface::new()
        .with(Endpoint::post(POLICY, "/api/v1/echo", length))
        .with(Endpoint::get(POLICY, "/api/v1/cookie", cookie))
        .with(Endpoint::get(POLICY, "/api/v1/panic", unfinished))
        .with(Endpoint::get(POLICY, "/api/v1/bare", async || {
            (StatusCode::INTERNAL_SERVER_ERROR, "secret of the driver")
        }))
        .with(Endpoint::get(POLICY, "/api/v1/cause", async || ApiError::internal("the disk is full")))
        .with(Endpoint::get(POLICY, "/api/v1/away", async || ApiError::unavailable("the disk is full")))
        .with(Endpoint::get(POLICY, "/api/v1/roles/{id}", async |Path(id): Path<String>| id))
        .with(Endpoint::post(large, "/api/v1/roles/{id}", length))
        .with(Endpoint::post(POLICY, "/api/v1/auth/login", async || StatusCode::UNAUTHORIZED))
        .with(Endpoint::get(check, "/api/v1/auth/forward", async || StatusCode::UNAUTHORIZED))
        .below("/api/v1", POLICY)
}

struct Server(Edge);

impl Server {
    fn new() -> Self {
        let settings = Settings { issuer: "https://id.example.org".to_owned(), ..Settings::default() };
        let clock = Arc::new(ManualClock::at(Timestamp::from_seconds(1_800_000_000)));
        let routes = Routes::new(POLICY, &Declarations::from_iter([surface()])).unwrap();
        let page = |_: &FailedRequest<'_>| "a page".into_response();
        Self(Edge::new(&settings, routes, page, clock, &SeededRng::new(1)).unwrap())
    }

    async fn send(&self, method: &str, uri: &str, headers: &[(&str, &str)], body: impl Into<Body>) -> Response<Body> {
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let peer = Peer { address: "192.0.2.1".parse::<IpAddr>().unwrap(), tls: false };
        self.0.answer(complete(surface().mount(Router::new())), peer, request.body(body.into()).unwrap()).await
    }

    async fn reported(&self, method: &str, uri: &str, body: impl Into<Body>) -> String {
        let response = self.send(method, uri, &[], body).await;
        let status = response.status().as_u16();
        format!("{status} {}", text(response).await)
    }
}

async fn text(response: Response<Body>) -> String {
    String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

#[tokio::test]
async fn every_error_has_exactly_two_strings() {
    let server = Server::new();
    for nowhere in ["/api/v1", "/api/v1/", "/api/v1/nothing", "/api/v1/roles/a/b", "/api/v1/roles/"] {
        assert_eq!(
            server.reported("GET", nowhere, "").await,
            r#"404 {"error":"NOT_FOUND","message":"No such endpoint"}"#,
            "{nowhere}"
        );
    }
    insta::assert_snapshot!(server.reported("PUT", "/api/v1/roles/a", "").await, @r#"405 {"error":"VALIDATION_ERROR","message":"Method not allowed"}"#);
    insta::assert_snapshot!(server.reported("POST", "/api/v1/auth/login", "").await, @r#"401 {"error":"UNAUTHORIZED","message":"Unauthorized"}"#);
    insta::assert_snapshot!(server.reported("GET", "/api/v1/roles/%ff", "").await, @r#"400 {"error":"VALIDATION_ERROR","message":"Invalid URL: Invalid UTF-8 in `id`"}"#);
    insta::assert_snapshot!(server.reported("GET", "/api/v1/away", "").await, @r#"503 {"error":"UNAVAILABLE","message":"Try again in a moment"}"#);
}

#[tokio::test]
async fn an_internal_error_quotes_the_request_and_tells_nothing_of_the_cause() {
    let server = Server::new();
    for path in ["/api/v1/panic", "/api/v1/bare", "/api/v1/cause"] {
        let response = server.send("GET", path, &[("accept", "text/html")], "").await;
        assert_eq!(response.status(), 500);
        let id = response.headers()["x-request-id"].to_str().unwrap().to_owned();
        let reported: serde_json::Value = serde_json::from_str(&text(response).await).unwrap();
        let message = format!("Something went wrong here. When you ask about it, quote the request {id}");
        assert_eq!(reported, serde_json::json!({"error": "INTERNAL_ERROR", "message": message}), "{path}");
    }
}

#[tokio::test]
async fn a_body_may_have_64_kib_and_a_mebibyte_where_a_role_is_written() {
    let server = Server::new();
    assert_eq!(server.reported("POST", "/api/v1/echo", vec![b'x'; 65_536]).await, "200 65536");
    insta::assert_snapshot!(server.reported("POST", "/api/v1/echo", vec![b'x'; 65_537]).await, @r#"413 {"error":"VALIDATION_ERROR","message":"The body is larger than 65536 bytes"}"#);
    assert_eq!(server.reported("POST", "/api/v1/roles/x", vec![b'x'; 1_048_576]).await, "200 1048576");
    insta::assert_snapshot!(server.reported("POST", "/api/v1/roles/x", vec![b'x'; 1_048_577]).await, @r#"413 {"error":"VALIDATION_ERROR","message":"The body is larger than 1048576 bytes"}"#);
    assert!(server.reported("POST", "/api/v1/nothing", vec![b'x'; 65_537]).await.starts_with("413 "));
}

#[tokio::test]
async fn checks_without_a_credential_are_never_delayed() {
    let server = Server::new();
    for _ in 0..1_000 {
        let refused = server.send("GET", "/api/v1/auth/forward", &[], "").await;
        assert_eq!(refused.status().as_u16(), 401);
        assert!(refused.headers()["www-authenticate"].as_bytes().starts_with(b"Bearer resource_metadata="));
    }
}

#[tokio::test]
async fn cookies_are_ignored_and_any_page_may_read_the_response() {
    let server = Server::new();
    let foreign = [("cookie", "a=b"), ("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")];
    let response = server.send("GET", "/api/v1/cookie", &foreign, "").await;
    assert_eq!(response.headers()["access-control-allow-origin"], "*");
    assert!(!response.headers().contains_key("access-control-allow-credentials"));
    assert_eq!(text(response).await, "None");
    let asked = [("origin", "https://app.example"), ("access-control-request-method", "PATCH")];
    let response = server.send("OPTIONS", "/api/v1/roles/a", &asked, "").await;
    assert_eq!(
        (response.status().as_u16(), &response.headers()["access-control-allow-origin"]),
        (204, &"*".parse().unwrap())
    );
}
