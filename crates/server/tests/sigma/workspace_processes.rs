//! Two processes on one database: what one ends is refused at the other within a second.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{As, World};

const FORWARD: &str = "/api/v1/auth/forward";

/// Retries until the response is as wanted. News travel in real time.
async fn eventually(wanted: u16, ask: impl AsyncFn() -> u16) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
    while ask().await != wanted {
        assert!(tokio::time::Instant::now() < deadline, "it never became {wanted}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_key_a_session_and_a_membership_end_everywhere() {
    let one = World::with_orgs().await;
    let other = one.beside().await;
    let acme = one.org("Acme").await;
    let (_, admin) = acme.add("ada@example.org", &acme.admin).await;
    let (bob, token) = acme.add("bob@example.org", &acme.member).await;
    let session = acme.token("bob@example.org").await;
    let (id, key) = acme.key(&[sigma_core::org::KeyPermission::Read]).await;
    let status = async |who: As<'_>| other.call(who, "GET", FORWARD, &Value::Null).await.status.as_u16();
    for who in [As::Key(&key), As::Token(&token), As::Token(&session)] {
        assert_eq!(status(who).await, 200);
        assert_eq!(status(who).await, 200);
    }
    let path = format!("/api/v1/api-keys/{id}/deactivate");
    assert_eq!(one.call(As::Token(&admin), "POST", &path, &Value::Null).await.status, 200);
    assert_eq!(one.call(As::Key(&key), "GET", FORWARD, &Value::Null).await.status, 401, "here at once");
    eventually(401, async || status(As::Key(&key)).await).await;
    assert_eq!(one.call(As::Token(&session), "POST", "/api/v1/auth/logout", &Value::Null).await.status, 204);
    eventually(401, async || status(As::Token(&session)).await).await;
    assert_eq!(status(As::Token(&token)).await, 200);
    let path = format!("/api/v1/users/{bob}");
    assert_eq!(one.call(As::Token(&admin), "PATCH", &path, &json!({"active": false})).await.status, 200);
    eventually(401, async || status(As::Token(&token)).await).await;
}

#[tokio::test]
async fn a_secret_that_one_process_made_signs_and_verifies_at_the_other() {
    let one = World::with_orgs().await;
    let other = one.beside().await;
    let acme = one.org("Acme").await;
    let (_, admin) = acme.add("ada@example.org", &acme.admin).await;
    assert_eq!(other.call(As::Token(&admin), "GET", FORWARD, &Value::Null).await.status, 200);
    let rotated = one.call(As::Token(&admin), "POST", "/api/v1/workspace/secret/rotate", &Value::Null).await;
    assert_eq!(rotated.status, 200, "{}", rotated.body);
    let refreshed = one.call(As::Nobody, "POST", "/api/v1/auth/refresh", &json!({"token": admin})).await;
    let token = refreshed.json()["token"].as_str().unwrap().to_owned();
    eventually(200, async || other.call(As::Token(&token), "GET", FORWARD, &Value::Null).await.status.as_u16()).await;
    assert_eq!(other.call(As::Token(&admin), "GET", FORWARD, &Value::Null).await.status, 200);
}
