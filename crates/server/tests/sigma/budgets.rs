//! What one tenant or one address may have the server do and hold at once, and that nobody else notices.

use std::future::poll_fn;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use axum::body::{Body, Bytes};
use futures_util::future::join_all;
use futures_util::stream::{self, StreamExt as _};
use http::{Request, Response};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use sigma_core::org::{KeyPermission, RolePermissions};
use sigma_server::settings::Settings;

use crate::support::{As, World};

const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(203, 0, 113, 7));
const ELSEWHERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(198, 51, 100, 4));

async fn world(change: impl FnOnce(&mut Settings)) -> World {
    World::with(|settings| {
        settings.passwords.memory_kib = 64;
        change(settings);
    })
    .await
}

/// Begins something; whether it waits.
async fn waits<F: Future>(mut begun: Pin<&mut F>) -> bool {
    poll_fn(|cx| Poll::Ready(begun.as_mut().poll(cx).is_pending())).await
}

fn get(path: &str, key: &str) -> Request<Body> {
    Request::get(path).header("x-sigma-apikey", key).body(Body::empty()).unwrap()
}

async fn code(response: Response<Body>) -> (u16, Value) {
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice::<Value>(&body).unwrap()["error"].clone())
}

/// A key of a new workspace with roles that make a long list.
async fn org_with_roles(world: &World, name: &str) -> String {
    let team = world.org(name).await;
    for number in 0..20 {
        team.role(&format!("Role {number} {}", "x".repeat(40)), RolePermissions::admin()).await;
    }
    team.admin_key().await
}

#[tokio::test]
async fn an_org_with_unread_responses_is_rejected_without_affecting_others() {
    let world = world(|settings| settings.budgets.org_answer_bytes = 40_000).await;
    let (busy, calm) = (org_with_roles(&world, "Busy").await, org_with_roles(&world, "Calm").await);
    let (mut unread, mut refused) = (Vec::new(), 0);
    for _ in 0..40 {
        let response = world.open_from(HERE, get("/api/v1/roles", &busy)).await;
        if response.status() == 200 {
            unread.push(response);
        } else {
            assert_eq!(response.headers()["retry-after"], "1");
            assert_eq!(code(response).await, (429, json!("RATE_LIMITED")));
            refused += 1;
        }
        let (_, held) = world.held();
        assert!(held <= 40_000, "{held}");
    }
    assert!(!unread.is_empty() && refused > 0, "{} read, {refused} refused", unread.len());
    // Another tenant at the same address, and everybody else.
    assert_eq!(world.call(As::Key(&calm), "GET", "/api/v1/roles", &Value::Null).await.status, 200);
    assert_eq!(world.send(Request::get("/health").body(Body::empty()).unwrap()).await.status, 200);
    // What is read is there again.
    let first = unread.pop().unwrap();
    first.into_body().collect().await.unwrap();
    assert_eq!(world.call(As::Key(&busy), "GET", "/api/v1/roles", &Value::Null).await.status, 200);
    drop(unread);
    assert_eq!(world.held(), (0, 0));
}

#[tokio::test]
async fn requests_of_an_org_wait_for_each_other_and_too_many_are_refused() {
    let world = world(|settings| {
        settings.budgets.org_requests = 2;
        settings.budgets.org_waiting = 10;
    })
    .await;
    let (busy, calm) = (org_with_roles(&world, "Busy").await, org_with_roles(&world, "Calm").await);
    for key in [&busy, &calm] {
        assert_eq!(world.call(As::Key(key), "GET", "/api/v1/workspace", &Value::Null).await.status, 200);
    }
    let many = join_all((0..24).map(|_| world.call(As::Key(&busy), "GET", "/api/v1/roles", &Value::Null)));
    let other = world.call(As::Key(&calm), "GET", "/api/v1/roles", &Value::Null);
    let health = world.send(Request::get("/health").body(Body::empty()).unwrap());
    let (many, other, health) = tokio::join!(many, other, health);
    assert_eq!((other.status.as_u16(), health.status.as_u16()), (200, 200));
    let served = many.iter().filter(|answer| answer.status == 200).count();
    assert!(served >= 12, "{served}");
    for answer in many.iter().filter(|answer| answer.status != 200) {
        assert_eq!((answer.status.as_u16(), answer.json()["error"].as_str()), (429, Some("RATE_LIMITED")));
        assert_eq!(answer.header("retry-after"), "1");
    }
    assert!(served < 24);
}

#[tokio::test]
async fn all_requests_of_a_workspace_are_counted() {
    let world = world(|settings| {
        settings.limits.enabled = true;
        settings.limits.workspace = 3;
    })
    .await;
    let (busy, calm) = (world.org("Busy").await.admin_key().await, world.org("Calm").await.admin_key().await);
    let ask = async |key: &str, path: &str| world.call(As::Key(key), "GET", path, &Value::Null).await;
    for path in ["/api/v1/roles", "/api/v1/workspace", "/api/v1/roles/none"] {
        assert_ne!(ask(&busy, path).await.status, 429, "{path}");
    }
    let refused = ask(&busy, "/api/v1/roles").await;
    assert_eq!(refused.code(), "429 RATE_LIMITED");
    assert_ne!(refused.header("retry-after"), "");
    assert_eq!(ask(&calm, "/api/v1/roles").await.status, 200);
    // What proxies ask for its visitors has a count of its own.
    assert_eq!(ask(&busy, "/api/v1/auth/forward").await.status, 200);
}

#[tokio::test]
async fn only_bad_credentials_are_limited_at_verify_and_forward() {
    let world = world(|settings| {
        settings.limits.enabled = true;
        settings.limits.checks = 2;
    })
    .await;
    let key = world.org("Acme").await.admin_key().await;
    let ask = async |key: &str, method: &str, path: &str| {
        world.call(As::Key(key), method, path, &json!({"token": "x"})).await.status.as_u16()
    };
    let mut reported = Vec::new();
    for (method, path) in [("GET", "/api/v1/auth/forward"), ("POST", "/api/v1/auth/verify")].repeat(2) {
        reported.push(ask("sk_wrong", method, path).await);
    }
    assert_eq!(reported, [401, 401, 429, 429]);
    for (method, path) in [("GET", "/api/v1/auth/forward"), ("POST", "/api/v1/auth/verify")] {
        assert_eq!(ask(&key, method, path).await, 200, "{path}");
    }
}

/// A body of unknown length that tells how much of it was taken.
fn told_body(pieces: usize) -> (Body, Arc<AtomicUsize>) {
    let taken = Arc::new(AtomicUsize::new(0));
    let count = taken.clone();
    let piece = move |_| {
        count.fetch_add(1, Ordering::SeqCst);
        Ok::<_, std::io::Error>(Bytes::from_static(&[b' '; 1_000]))
    };
    (Body::from_stream(stream::iter(0..pieces).map(piece)), taken)
}

fn post(path: &str, key: &str, body: Body) -> Request<Body> {
    let request = Request::post(path).header("content-type", "application/json");
    request.header("x-sigma-apikey", key).body(body).unwrap()
}

#[tokio::test]
async fn a_large_body_is_read_after_its_sender_is_known() {
    let world = world(|_| {}).await;
    let key = world.org("Acme").await.admin_key().await;
    let (body, taken) = told_body(200);
    assert_eq!(world.send(post("/api/v1/roles", "sk_wrong", body)).await.status, 401);
    assert_eq!(taken.load(Ordering::SeqCst), 0, "a stranger's body is not read");
    let (body, taken) = told_body(200);
    assert_eq!(world.send(post("/api/v1/roles", &key, body)).await.status, 400);
    assert_eq!(taken.load(Ordering::SeqCst), 200);
    let (body, _) = told_body(1_100);
    let reported = world.send(post("/api/v1/roles", &key, body)).await.code();
    assert_eq!(reported, "413 VALIDATION_ERROR");
    // Where no role is written, 64 KiB are enough, whoever sends it.
    for path in ["/api/v1/users", "/api/v1/auth/verify", "/api/v1/auth/login", "/api/v1/api-keys"] {
        let (body, taken) = told_body(200);
        let reported = world.send(post(path, &key, body)).await.code();
        assert_eq!(reported, "413 VALIDATION_ERROR", "{path}");
        assert!(taken.load(Ordering::SeqCst) < 70);
    }
    assert_eq!(world.held(), (0, 0));
}

#[tokio::test]
async fn bodies_beyond_what_an_address_or_the_server_may_hold_are_refused() {
    let strict = world(|settings| settings.budgets.body_bytes = 10_000).await;
    let form = |body: Body| {
        let request =
            Request::post("/api/auth/oauth2/token").header("content-type", "application/x-www-form-urlencoded");
        request.body(body).unwrap()
    };
    let refused = strict.open_from(HERE, form(told_body(20).0)).await;
    assert_eq!((refused.status().as_u16(), &refused.headers()["retry-after"]), (503, &"1".parse().unwrap()));
    assert_eq!(strict.held(), (0, 0));

    let shared = world(|settings| settings.budgets.address_body_bytes = 10_000).await;
    let refused = shared.open_from(HERE, form(told_body(20).0)).await;
    assert_eq!((refused.status().as_u16(), &refused.headers()["retry-after"]), (429, &"1".parse().unwrap()));
    // One that was sent in part holds its share, all of it but what every body may have, and no other address notices.
    let (sent, begun) = (Bytes::from(vec![b' '; 9_000]), Arc::new(AtomicUsize::new(0)));
    let count = begun.clone();
    let stuck = stream::once(async move {
        count.fetch_add(1, Ordering::SeqCst);
        Ok::<_, std::io::Error>(sent)
    });
    let stuck = shared.open_from(HERE, form(Body::from_stream(stuck.chain(stream::pending()))));
    let mut stuck = Box::pin(stuck);
    assert!(waits(stuck.as_mut()).await);
    assert_eq!((begun.load(Ordering::SeqCst), shared.held().0), (1, 9_000 - 4_096));
    let sent = || form(Body::from(vec![b' '; 2_000]));
    assert_eq!(shared.open_from(HERE, sent()).await.status(), 429);
    assert_ne!(shared.open_from(ELSEWHERE, sent()).await.status(), 429);
    drop(stuck);
    assert_ne!(shared.open_from(HERE, sent()).await.status(), 429);
    assert_eq!(shared.held().0, 0);
}

#[tokio::test]
async fn concurrent_requests_per_address_are_limited_except_probes() {
    let world = world(|settings| settings.budgets.address_requests = 1).await;
    let pending = Request::post("/api/auth/oauth2/token");
    let pending = pending.body(Body::from_stream(stream::pending::<Result<Bytes, std::io::Error>>())).unwrap();
    let mut pending = Box::pin(world.open_from(HERE, pending));
    assert!(waits(pending.as_mut()).await);
    let ask = async |address, path: &str| {
        world.open_from(address, Request::get(path).body(Body::empty()).unwrap()).await.status().as_u16()
    };
    assert_eq!(ask(HERE, "/login").await, 429);
    assert_eq!(ask(HERE, "/health").await, 200);
    assert_ne!(ask(ELSEWHERE, "/login").await, 429);
    drop(pending);
    assert_ne!(ask(HERE, "/login").await, 429);
}

#[tokio::test]
async fn a_proxy_that_names_no_client_allows_no_quick_login() {
    let world = world(|settings| {
        settings.http.trusted_proxies = vec!["10.0.0.1/32".parse().unwrap()];
        settings.workspaces.allow_quick_logins = vec!["0.0.0.0/0".parse().unwrap(), "::/0".parse().unwrap()];
    })
    .await;
    let acme = world.org("Acme").await;
    let (bob, _) = acme.add("bob@example.org", &acme.member).await;
    let key = acme.key(&KeyPermission::ALL).await.1;
    let on = world.call(As::Key(&key), "PATCH", "/api/v1/workspace", &json!({"quickLogins": true})).await;
    assert_eq!(on.status, 200, "{}", on.body);
    let path = format!("/api/v1/users/{bob}");
    let on = world.call(As::Key(&key), "PATCH", &path, &json!({"quickLogin": true})).await;
    assert_eq!(on.status, 200, "{}", on.body);
    let offered = async |forwarded: &[(&str, &str)]| {
        let mut request = Request::get("/api/v1/auth/quick-logins").header("host", "id.example.org");
        for (name, value) in forwarded {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::empty()).unwrap();
        world.send_from("10.0.0.1".parse().unwrap(), request).await.body.contains(bob.as_str())
    };
    assert!(offered(&[("x-forwarded-for", "203.0.113.9")]).await);
    for unnamed in [
        &[][..],
        &[("x-forwarded-for", "unknown")],
        &[("x-forwarded-for", "_hidden")],
        &[("x-forwarded-for", "203.0.113.9, unknown")],
        &[("x-forwarded-for", "")],
        &[("forwarded", "for=203.0.113.9")],
        &[("x-forwarded-for", "203.0.113.9"), ("x-forwarded-for", "203.0.113.9")],
    ] {
        assert!(!offered(unnamed).await, "{unnamed:?}");
    }
}
