//! The one middleware on requests and responses, without a network.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::response::IntoResponse;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use sigma_core::random::SeededRng;
use sigma_core::time::{ManualClock, Timestamp};
use sigma_edge::policy::{BodyLimit, Caching, Cookies, CorsPolicy, Limit};
use sigma_edge::settings::Settings;
use sigma_edge::{
    ApiError, Declarations, Edge, Endpoint, Exceeded, FailedRequest, Peer, Policy, RequestContext, Routes, Rule,
    Surface,
};

use crate::support::{self, API, PAGE, edge};

/// A server without a network, whose clock stands still until it is moved.
struct Server {
    edge: Edge,
    clock: Arc<ManualClock>,
}

async fn token(context: RequestContext, headers: HeaderMap) -> Result<String, Exceeded> {
    match headers.get("x-app") {
        Some(app) => context.charge(Rule::App, app.to_str().unwrap())?,
        None => context.charge(Rule::Token, context.client())?,
    }
    Ok(format!("cookie: {:?}", headers.get("cookie")))
}

/// Where failures are counted.
const COUNTED: &str = "/api/auth/quick";

const TOKEN: Policy = Policy { limit: Limit::Elsewhere, cors: CorsPolicy::Anyone, cookies: Cookies::Ignored, ..API };
const FAILURES: Policy = Policy { limit: Limit::EachAndFailures(Rule::Other, Rule::SignIn), ..API };
const FROM_ANYWHERE: Policy = Policy { cookies: Cookies::FromAnywhere, ..API };
const CACHED: Policy = Policy { caching: Caching::Allowed("public, max-age=15"), ..API };
const FORM: Policy = Policy { cookies: Cookies::OwnForm, ..PAGE };
const LARGE: Policy = Policy { body: BodyLimit::Large, ..API };
const DEVICE: Policy = Policy { cookies: Cookies::Only(&["device"]), ..API };

async fn sign_in(headers: HeaderMap) -> StatusCode {
    if headers.contains_key("x-auth-token") { StatusCode::OK } else { StatusCode::UNAUTHORIZED }
}

async fn unfinished() -> StatusCode {
    panic!("a handler that nobody tested")
}

async fn seen(context: RequestContext) -> String {
    format!("{} {} {}", context.client(), context.is_secure(), context.started())
}

fn surface() -> Surface<()> {
    let cookies = async |headers: HeaderMap| format!("{:?}", headers.get("cookie"));
    Surface::new()
        .with(Endpoint::get(PAGE, "/", async || "welcome"))
        .with(Endpoint::get(PAGE, "/account/{id}", async |Path(id): Path<String>| id))
        .with(Endpoint::get(API, "/api/thing/{id}", async |Path(id): Path<String>| id))
        .with(Endpoint::post(API, "/api/thing/{id}", async |body: String| body))
        .with(Endpoint::post(TOKEN, "/api/auth/oauth2/token", token))
        .with(Endpoint::post(FROM_ANYWHERE, "/api/auth/oauth2/authorize", async || "seen"))
        .with(Endpoint::post(FAILURES, COUNTED, sign_in))
        .with(Endpoint::get(API, "/api/panic", unfinished))
        .with(Endpoint::get(API, "/api/cause", async || ApiError::internal("the disk is full")))
        .with(Endpoint::get(API, "/api/bare", async || (StatusCode::INTERNAL_SERVER_ERROR, "secret of the driver")))
        .with(Endpoint::get(CACHED, "/api/cached/{id}", async |Path(id): Path<u16>| StatusCode::from_u16(id).unwrap()))
        .with(Endpoint::get(PAGE, "/form", async || "a form"))
        .with(Endpoint::post(FORM, "/form", async || "sent"))
        .with(Endpoint::post(LARGE, "/api/large", async |body: String| body.len().to_string()))
        .with(Endpoint::post(DEVICE, "/api/device", cookies))
        .with(Endpoint::get(PAGE, "/context", seen))
        .below("/api", API)
}

fn router() -> Router {
    support::router(surface())
}

impl Server {
    fn new(change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = Settings { issuer: "https://id.example.org".to_owned(), ..Settings::default() };
        settings.trusted_origins = vec!["https://app.example.com".to_owned()];
        change(&mut settings);
        let clock = Arc::new(ManualClock::at(Timestamp::from_seconds(1_800_000_000)));
        let edge = edge(&settings, surface(), clock.clone());
        Self { edge, clock }
    }

    async fn send(&self, peer: &str, method: &str, uri: &str, headers: &[(&str, &str)]) -> Response<Body> {
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let peer = Peer { address: peer.parse::<IpAddr>().unwrap(), tls: false };
        self.edge.answer(router(), peer, request.body(Body::empty()).unwrap()).await
    }

    async fn get(&self, uri: &str) -> Response<Body> {
        self.send("192.0.2.1", "GET", uri, &[]).await
    }
}

/// Status, headers and body as text, without the headers common to all responses.
async fn shown(response: Response<Body>) -> String {
    const ALWAYS: [&str; 10] = [
        "x-content-type-options",
        "referrer-policy",
        "permissions-policy",
        "cross-origin-opener-policy",
        "x-frame-options",
        "content-security-policy",
        "strict-transport-security",
        "cache-control",
        "pragma",
        "content-length",
    ];
    let (parts, body) = response.into_parts();
    let mut lines = vec![parts.status.as_u16().to_string()];
    for (name, value) in parts.headers.iter().filter(|(name, _)| !ALWAYS.contains(&name.as_str())) {
        lines.push(format!("{name}: {}", value.to_str().unwrap()));
    }
    lines.push(String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap());
    lines.join("\n")
}

fn header<'r>(response: &'r Response<Body>, name: &str) -> &'r str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

#[tokio::test]
async fn every_header_is_set_on_a_simple_response() {
    let server = Server::new(|_| {});
    let response = server.get("/").await;
    let headers: Vec<_> =
        response.headers().iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
    insta::assert_snapshot!(headers.join("\n"), @r"
    content-type: text/plain; charset=utf-8
    content-length: 7
    x-content-type-options: nosniff
    referrer-policy: strict-origin
    permissions-policy: camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()
    cross-origin-opener-policy: same-origin
    x-frame-options: DENY
    content-security-policy: default-src 'none'; frame-ancestors 'none'
    strict-transport-security: max-age=31536000
    cache-control: no-store
    pragma: no-cache
    x-ratelimit-limit: 600
    x-ratelimit-remaining: 599
    x-ratelimit-reset: 1800000001
    x-request-id: req_ynvbmbs7dbzzmkuhfyomh5zx
    ");
}

#[tokio::test]
async fn a_request_id_is_never_taken_from_outside() {
    let server = Server::new(|_| {});
    let response = server.send("192.0.2.1", "GET", "/", &[("x-request-id", "req_mine")]).await;
    let id = header(&response, "x-request-id");
    assert!(id.starts_with("req_") && id.len() == 28, "{id}");
}

#[tokio::test]
async fn not_found_is_json_for_api_paths_and_a_page_for_browsers() {
    let server = Server::new(|_| {});
    insta::assert_snapshot!(shown(server.get("/api/nothing").await).await, @r#"
    404
    content-type: application/json
    x-ratelimit-limit: 600
    x-ratelimit-remaining: 599
    x-ratelimit-reset: 1800000001
    x-request-id: req_ynvbmbs7dbzzmkuhfyomh5zx
    {"error":"not_found","error_description":"No such endpoint","message":"No such endpoint","request_id":"req_ynvbmbs7dbzzmkuhfyomh5zx"}
    "#);
    insta::assert_snapshot!(shown(server.send("192.0.2.1", "PUT", "/api/auth/oauth2/token", &[]).await).await, @r#"
    405
    allow: POST
    content-type: application/json
    x-request-id: req_6iysd2bblnq4er5edxwb6pf5
    access-control-allow-origin: *
    access-control-expose-headers: Retry-After, X-Retry-After, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, WWW-Authenticate, DPoP-Nonce, X-Request-Id, set-auth-token
    {"error":"method_not_allowed","error_description":"Method not allowed","message":"Method not allowed","request_id":"req_6iysd2bblnq4er5edxwb6pf5"}
    "#);
    let browser = [("accept", "text/html")];
    for path in ["/nothing", "/account/1/2"] {
        let page = server.send("192.0.2.1", "GET", path, &browser).await;
        assert_eq!(page.status(), 404);
        assert!(shown(page).await.ends_with("404 Not Found not_found"), "{path}");
    }
    let api = server.send("192.0.2.1", "GET", "/api/nothing", &browser).await;
    assert_eq!(header(&api, "content-type"), "application/json", "programs get JSON, whatever they accept");
    assert_eq!(header(&server.get("/nothing").await, "content-type"), "application/json", "no browser");
}

#[tokio::test]
async fn a_panic_is_answered_with_the_logged_request_id() {
    let server = Server::new(|_| {});
    insta::assert_snapshot!(shown(server.get("/api/panic").await).await, @r#"
    500
    content-type: application/json
    x-ratelimit-limit: 600
    x-ratelimit-remaining: 599
    x-ratelimit-reset: 1800000001
    x-request-id: req_ynvbmbs7dbzzmkuhfyomh5zx
    {"error":"server_error","error_description":"Internal error","message":"Internal error","request_id":"req_ynvbmbs7dbzzmkuhfyomh5zx"}
    "#);
    assert_eq!(server.get("/").await.status(), 200);
}

#[tokio::test]
async fn internal_causes_are_never_sent() {
    let server = Server::new(|_| {});
    insta::assert_snapshot!(shown(server.get("/api/cause").await).await, @r#"
    500
    content-type: application/json
    x-ratelimit-limit: 600
    x-ratelimit-remaining: 599
    x-ratelimit-reset: 1800000001
    x-request-id: req_ynvbmbs7dbzzmkuhfyomh5zx
    {"error":"server_error","error_description":"Internal error","message":"Internal error","request_id":"req_ynvbmbs7dbzzmkuhfyomh5zx"}
    "#);
    insta::assert_snapshot!(shown(server.get("/api/bare").await).await, @r#"
    500
    content-type: application/json
    x-ratelimit-limit: 600
    x-ratelimit-remaining: 598
    x-ratelimit-reset: 1800000001
    x-request-id: req_6iysd2bblnq4er5edxwb6pf5
    {"error":"server_error","error_description":"Internal error","message":"Internal error","request_id":"req_6iysd2bblnq4er5edxwb6pf5"}
    "#);
}

#[tokio::test]
async fn broken_percent_encoding_is_the_callers_error() {
    let server = Server::new(|_| {});
    for path in ["/api/thing/%FF", "/api/thing/%ff%fe"] {
        let response = server.get(path).await;
        assert_eq!(response.status(), 400, "{path}");
        assert_eq!(header(&response, "content-type"), "application/json");
    }
    for path in ["/api/thing/%zz", "/api/thing/%", "/api/thing/%00", "/account/%2e%2e%2f"] {
        assert!(server.get(path).await.status().as_u16() < 500, "{path}");
    }
}

#[tokio::test]
async fn a_preflight_for_a_public_endpoint_is_answered_to_anyone() {
    let server = Server::new(|_| {});
    let asked = [
        ("origin", "https://spa.example"),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "authorization,traceparent,sentry-trace,baggage"),
    ];
    let response = server.send("192.0.2.1", "OPTIONS", "/api/auth/oauth2/token", &asked).await;
    insta::assert_snapshot!(shown(response).await, @r"
    204
    vary: Access-Control-Request-Headers
    access-control-allow-methods: GET, POST, PUT, PATCH, DELETE, OPTIONS
    access-control-allow-headers: authorization,traceparent,sentry-trace,baggage
    access-control-max-age: 7200
    x-request-id: req_ynvbmbs7dbzzmkuhfyomh5zx
    access-control-allow-origin: *
    access-control-expose-headers: Retry-After, X-Retry-After, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, WWW-Authenticate, DPoP-Nonce, X-Request-Id, set-auth-token
    ");
}

#[tokio::test]
async fn a_preflight_for_a_cookie_endpoint_is_answered_to_trusted_origins_alone() {
    let server = Server::new(|_| {});
    let asked = [("origin", "https://app.example.com"), ("access-control-request-method", "POST")];
    insta::assert_snapshot!(shown(server.send("192.0.2.1", "OPTIONS", "/api/thing/1", &asked).await).await, @r"
    204
    access-control-allow-methods: GET, POST, PUT, PATCH, DELETE, OPTIONS
    access-control-allow-headers: Authorization, Content-Type, DPoP, X-Auth-Token, X-Sigma-Enrollment-Proof, X-Sigma-ApiKey, X-Requested-With, traceparent, tracestate, baggage, sentry-trace
    access-control-max-age: 7200
    x-request-id: req_ynvbmbs7dbzzmkuhfyomh5zx
    access-control-allow-origin: https://app.example.com
    access-control-allow-credentials: true
    access-control-expose-headers: Retry-After, X-Retry-After, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, WWW-Authenticate, DPoP-Nonce, X-Request-Id, set-auth-token
    vary: Origin
    ");
    let asked = [("origin", "https://evil.example"), ("access-control-request-method", "POST")];
    insta::assert_snapshot!(shown(server.send("192.0.2.1", "OPTIONS", "/api/thing/1", &asked).await).await, @r"
    204
    x-request-id: req_6iysd2bblnq4er5edxwb6pf5
    vary: Origin
    ");
}

#[tokio::test]
async fn a_same_site_page_cannot_use_the_cookie() {
    let server = Server::new(|_| {});
    let sent = [
        ("cookie", "better-auth.session_token=x"),
        ("origin", "https://other.example.org"),
        ("sec-fetch-site", "same-site"),
    ];
    insta::assert_snapshot!(shown(server.send("192.0.2.1", "POST", "/api/thing/1", &sent).await).await, @r#"
    403
    content-type: application/json
    x-request-id: req_ynvbmbs7dbzzmkuhfyomh5zx
    vary: Origin
    {"error":"invalid_origin","error_description":"Invalid origin","message":"Invalid origin","code":"INVALID_ORIGIN","request_id":"req_ynvbmbs7dbzzmkuhfyomh5zx"}
    "#);
    let own = [("cookie", "x=y"), ("origin", "https://id.example.org"), ("sec-fetch-site", "same-origin")];
    assert_eq!(server.send("192.0.2.1", "POST", "/api/thing/1", &own).await.status(), 200);
    let program = [("cookie", "x=y")];
    assert_eq!(server.send("192.0.2.1", "POST", "/api/thing/1", &program).await.status(), 200);
}

#[tokio::test]
async fn an_authorization_request_is_accepted_from_any_origin() {
    let server = Server::new(|_| {});
    let sent = [("cookie", "x=y"), ("origin", "https://app.example"), ("sec-fetch-site", "cross-site")];
    assert_eq!(server.send("192.0.2.1", "POST", "/api/auth/oauth2/authorize", &sent).await.status(), 200);
}

#[tokio::test]
async fn the_token_endpoint_never_sees_a_cookie() {
    let server = Server::new(|_| {});
    let sent = [("cookie", "x=y"), ("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")];
    let response = server.send("192.0.2.1", "POST", "/api/auth/oauth2/token", &sent).await;
    assert!(shown(response).await.ends_with("cookie: None"));
}

#[tokio::test]
async fn counted_failures_do_not_block_successes() {
    let server = Server::new(|_| {});
    let good = [("x-auth-token", "good")];
    for _ in 0..20 {
        let response = server.send("192.0.2.1", "POST", COUNTED, &good).await;
        assert_eq!((response.status().as_u16(), header(&response, "x-ratelimit-remaining")), (200, "5"));
    }
    for left in ["4", "3", "2", "1", "0"] {
        let response = server.send("192.0.2.1", "POST", COUNTED, &[]).await;
        assert_eq!((response.status().as_u16(), header(&response, "x-ratelimit-remaining")), (401, left));
    }
    let refused = server.send("192.0.2.1", "POST", COUNTED, &[]).await;
    let reported = ["retry-after", "x-retry-after", "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"];
    assert_eq!(reported.map(|name| header(&refused, name)), ["12", "12", "5", "0", "1800000060"]);
    assert_eq!(refused.status(), 429);
    assert_eq!(server.send("192.0.2.1", "POST", COUNTED, &good).await.status(), 200, "it may be somebody else's");
    assert_eq!(server.send("192.0.2.2", "POST", COUNTED, &[]).await.status(), 401);
    server.clock.advance(Duration::from_secs(12));
    assert_eq!(server.send("192.0.2.1", "POST", COUNTED, &[]).await.status(), 401);
}

#[tokio::test]
async fn an_app_that_authenticated_is_counted_by_its_id_and_not_by_its_users_address() {
    let server = Server::new(|settings| settings.limits.app = 30);
    let path = "/api/auth/oauth2/token";
    for _ in 0..10 {
        assert_eq!(server.send("192.0.2.1", "POST", path, &[]).await.status(), 200);
    }
    assert_eq!(server.send("192.0.2.1", "POST", path, &[]).await.status(), 429);
    let response = server.send("192.0.2.1", "POST", path, &[("x-app", "one")]).await;
    assert_eq!((response.status().as_u16(), header(&response, "x-ratelimit-limit")), (200, "30"));
    for _ in 1..30 {
        assert_eq!(server.send("192.0.2.9", "POST", path, &[("x-app", "one")]).await.status(), 200);
    }
    assert_eq!(server.send("192.0.2.1", "POST", path, &[("x-app", "one")]).await.status(), 429);
    assert_eq!(server.send("192.0.2.1", "POST", path, &[("x-app", "two")]).await.status(), 200);
}

#[tokio::test]
async fn a_spoofed_forwarded_address_neither_escapes_a_limit_nor_blames_another() {
    let server = Server::new(|settings| settings.http.trusted_proxies = vec!["10.0.0.0/8".parse().unwrap()]);
    let path = COUNTED;
    for host in 1..=5 {
        let claimed = format!("198.51.100.{host}");
        server.send("203.0.113.9", "POST", path, &[("x-forwarded-for", &claimed)]).await;
    }
    assert_eq!(server.send("203.0.113.9", "POST", path, &[("x-forwarded-for", "198.51.100.9")]).await.status(), 429);
    let proxied = [("x-auth-token", "good"), ("x-forwarded-for", "198.51.100.1")];
    assert_eq!(server.send("10.0.0.1", "POST", path, &proxied).await.status(), 200);
    let context = server.send("10.0.0.1", "GET", "/context", &[("x-forwarded-for", "6.6.6.6, 198.51.100.1")]).await;
    assert!(shown(context).await.ends_with("198.51.100.1 false 2027-01-15T08:00:00.000Z"));
}

#[tokio::test]
async fn the_addresses_of_one_ipv6_network_share_their_limit() {
    let server = Server::new(|_| {});
    let path = COUNTED;
    for host in 1..=5 {
        server.send(&format!("2001:db8::{host}"), "POST", path, &[]).await;
    }
    assert_eq!(server.send("2001:db8::ffff:1", "POST", path, &[]).await.status(), 429);
    assert_eq!(server.send("2001:db8:0:1::1", "POST", path, &[]).await.status(), 401);
}

#[tokio::test]
async fn only_successes_of_a_cached_endpoint_may_be_kept() {
    let server = Server::new(|_| {});
    assert_eq!(header(&server.get("/api/cached/200").await, "cache-control"), "public, max-age=15");
    for path in ["/api/cached/404", "/api/cached/500", "/api/cached/x", "/api/thing/1"] {
        assert_eq!(header(&server.get(path).await, "cache-control"), "no-store", "{path}");
    }
}

#[tokio::test]
async fn a_form_is_accepted_only_from_our_own_pages() {
    let server = Server::new(|_| {});
    let own = [("origin", "https://id.example.org"), ("sec-fetch-site", "same-origin")];
    assert_eq!(server.send("192.0.2.1", "POST", "/form", &own).await.status(), 200);
    for headers in [&[][..], &[("origin", "https://evil.example")], &[("origin", "null")]] {
        assert_eq!(server.send("192.0.2.1", "POST", "/form", headers).await.status(), 403, "{headers:?}");
    }
    assert_eq!(server.get("/form").await.status(), 200, "another method has another policy");
}

#[tokio::test]
async fn only_the_cookies_that_an_endpoint_names_reach_it() {
    let server = Server::new(|_| {});
    let sent = [("cookie", "a=b; device=c; d=e"), ("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")];
    let response = server.send("192.0.2.1", "POST", "/api/device", &sent).await;
    assert!(shown(response).await.ends_with(r#"Some("device=c")"#));
}

#[tokio::test]
async fn a_large_body_is_accepted_only_where_the_policy_says_so() {
    let server = Server::new(|_| {});
    let peer = Peer { address: "192.0.2.1".parse().unwrap(), tls: false };
    for (path, bytes, status) in [
        ("/api/large", 65_536, 200),
        ("/api/large", 1_048_577, 413),
        ("/api/thing/1", 65_537, 413),
        ("/api/nothing", 65_537, 413),
    ] {
        let request = Request::post(path).body(Body::from(vec![b'x'; bytes])).unwrap();
        assert_eq!(server.edge.answer(router(), peer, request).await.status(), status, "{path} {bytes}");
    }
}

#[tokio::test]
async fn a_body_over_the_limit_is_413_and_never_reaches_the_handler() {
    let server = Server::new(|_| {});
    let request = Request::post("/api/thing/1").body(Body::from(vec![b'x'; 65_537])).unwrap();
    let peer = Peer { address: "192.0.2.1".parse().unwrap(), tls: false };
    insta::assert_snapshot!(shown(server.edge.answer(router(), peer, request).await).await, @r#"
    413
    content-type: application/json
    x-ratelimit-limit: 600
    x-ratelimit-remaining: 599
    x-ratelimit-reset: 1800000001
    x-request-id: req_ynvbmbs7dbzzmkuhfyomh5zx
    {"error":"invalid_request","error_description":"The body is larger than 65536 bytes","message":"The body is larger than 65536 bytes","request_id":"req_ynvbmbs7dbzzmkuhfyomh5zx"}
    "#);
    let request = Request::post("/api/thing/1").body(Body::from(vec![b'x'; 65_536])).unwrap();
    assert_eq!(server.edge.answer(router(), peer, request).await.status(), 200);
}

#[tokio::test]
async fn an_issuer_that_is_no_url_is_refused_at_the_start() {
    let clock = Arc::new(ManualClock::default());
    for issuer in ["id.example.org", "ftp://id.example.org", ""] {
        let settings = Settings { issuer: issuer.to_owned(), ..Settings::default() };
        let routes = Routes::new(PAGE, &Declarations::default()).unwrap();
        let page = |_: &FailedRequest<'_>| ().into_response();
        assert!(Edge::new(&settings, routes, page, clock.clone(), &SeededRng::new(1)).is_err(), "{issuer}");
    }
}
