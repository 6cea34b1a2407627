//! What the one middleware costs: `cargo bench -p sigma-edge --bench edge`.
//!
//! `bare` is the router alone, with a handler that sends the same headers; `behind_the_edge` adds everything else that
//! the middleware does: id, client address, rate limit, origin, body, metrics.
#![allow(clippy::unwrap_used, missing_docs)]

use std::hint::black_box;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::response::IntoResponse as _;
use axum::routing::get;
use divan::Bencher;
use http::header::{HeaderName, HeaderValue};
use http::{HeaderMap, Request};
use sigma_core::random::SeededRng;
use sigma_core::time::{Clock, Timestamp};
use sigma_edge::policy::{Caching, CorsPolicy, Limit};
use sigma_edge::settings::Settings;
use sigma_edge::{
    Declarations, Edge, Endpoint, ErrorFormat, FailedRequest, Peer, Policy, Routes, Rule, Surface, complete, json,
};
use tokio::runtime::Builder;
use tower_service::Service as _;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;

fn main() {
    divan::main();
}

/// The clock of the server: one call of the system.
#[derive(Debug)]
struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        #[expect(clippy::disallowed_methods, reason = "the bench pays for the time as the server does")]
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap())
    }
}

const BODY: &str = r#"{"issuer":"https://id.example.org"}"#;

/// All that the middleware would add.
fn same_headers() -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(20);
    for (name, value) in [
        ("cache-control", "public, max-age=15"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "strict-origin"),
        ("permissions-policy", "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()"),
        ("cross-origin-opener-policy", "same-origin"),
        ("x-frame-options", "DENY"),
        ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
        ("strict-transport-security", "max-age=31536000"),
        ("x-ratelimit-limit", "4000000000"),
        ("x-ratelimit-remaining", "3999999999"),
        ("x-ratelimit-reset", "1800000000"),
        ("x-request-id", "req_ynvbmbs7dbzzmkuhfyomh5zx"),
        ("access-control-allow-origin", "*"),
        (
            "access-control-expose-headers",
            "Retry-After, X-Retry-After, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, \
             WWW-Authenticate, set-auth-token",
        ),
    ] {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    headers
}

const FORMAT: ErrorFormat = ErrorFormat {
    render: |error, _| json(&error.error()),
    schema: || ("Error".to_owned(), RefOr::T(Schema::default())),
    media_type: "application/json",
    expected: &[],
};
const DISCOVERY: Policy = Policy {
    limit: Limit::Each(Rule::Discovery),
    cors: CorsPolicy::Anyone,
    caching: Caching::Allowed("public, max-age=15"),
    ..Policy::new(&FORMAT)
};

const PATH: &str = "/.well-known/openid-configuration";

fn request() -> Request<Body> {
    Request::get(PATH).header("host", "id.example.org").header("accept", "*/*").body(Body::empty()).unwrap()
}

#[divan::bench]
fn bare(bencher: Bencher<'_, '_>) {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let router = Router::new().route(PATH, get(|| async { (same_headers(), BODY) }));
    bencher
        .with_inputs(request)
        .bench_values(|request| runtime.block_on(async { black_box(router.clone().call(request).await.unwrap()) }));
}

#[divan::bench]
fn behind_the_edge(bencher: Bencher<'_, '_>) {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let mut settings = Settings { issuer: "https://id.example.org".to_owned(), ..Settings::default() };
    settings.limits.other = 4_000_000_000;
    settings.access_log = false;
    let surface = || Surface::new().with(Endpoint::get(DISCOVERY, PATH, async || BODY));
    let lookup = Routes::new(DISCOVERY, &Declarations::from_iter([surface()])).unwrap();
    let page = |_: &FailedRequest<'_>| ().into_response();
    let edge = Edge::new(&settings, lookup, page, Arc::new(SystemClock), &SeededRng::new(1)).unwrap();
    let router = complete(surface().mount(Router::new()));
    let peer = Peer { address: "192.0.2.1".parse().unwrap(), tls: false };
    bencher.with_inputs(request).bench_values(|request| {
        runtime.block_on(async { black_box(edge.answer(router.clone(), peer, request).await) })
    });
}
