//! Logging in to a workspace, going on, and out again (`docs/spec/workspaces.md#login`).

use serde_json::{Value, json};

use crate::support::forge::{claims, header};
use crate::support::{As, PASSWORD, World};

const LOGIN: &str = "/api/v1/auth/login";
const REFRESH: &str = "/api/v1/auth/refresh";
const ME: &str = "/api/v1/auth/me";

/// Status of an endpoint that every caller may use.
async fn me(world: &World, token: &str) -> u16 {
    world.call(As::Token(token), "GET", ME, &Value::Null).await.status.as_u16()
}

#[tokio::test]
async fn a_person_logs_in_and_gets_a_token_for_a_day() {
    let world = World::with_orgs().await;
    let acme = world.org("Acme").await;
    let (user, _) = acme.add("ada@example.org", &acme.admin).await;
    let now = world.now().seconds();
    let answer = world.log_in(" Ada@Example.ORG ", Some(&acme.org)).await;
    let mut body = answer.json();
    let token = body["token"].take();
    assert_eq!(
        body,
        json!({
            "token": null,
            "expiresAt": sigma_core::time::Timestamp::from_seconds(now + 86_400).iso8601(),
            "user": {
                "id": user.as_str(), "email": "ada@example.org", "name": "ada",
                "roleId": acme.admin.as_str(), "workspaceId": acme.org.as_str(),
            },
        })
    );
    let token = token.as_str().unwrap();
    let mut said = claims(token);
    assert_eq!(said["jti"].take().as_str().unwrap().len(), 22);
    assert_eq!(
        said,
        json!({
            "userId": user.as_str(), "workspaceId": acme.org.as_str(), "roleId": acme.admin.as_str(),
            "iat": now, "exp": now + 86_400, "jti": null,
        })
    );
    assert_eq!(header(token)["alg"], "HS256");
    assert_eq!(header(token)["typ"], "JWT");
    assert_eq!(me(&world, token).await, 200);
    world.advance(86_399);
    assert_eq!(me(&world, token).await, 200);
    world.advance(1);
    let over = world.call(As::Token(token), "GET", ME, &Value::Null).await;
    assert_eq!(over.code(), "401 UNAUTHORIZED");
}

#[tokio::test]
async fn without_a_workspace_the_first_joined_counts_and_the_others_are_listed() {
    let world = World::with_orgs().await;
    let (acme, beta, gone) = (world.org("Acme").await, world.org("Beta").await, world.org("Gone").await);
    let ada = world.person("ada@example.org").await;
    gone.join(&ada, &gone.member).await;
    beta.join(&ada, &beta.member).await;
    acme.join(&ada, &acme.admin).await;
    gone.remove().await;
    let answer = world.log_in("ada@example.org", None).await.json();
    assert_eq!(answer["user"]["workspaceId"], beta.org.as_str());
    assert_eq!(answer["user"]["roleId"], beta.member.as_str());
    let other = json!([{"workspaceId": acme.org.as_str(), "name": "Acme", "roleId": acme.admin.as_str()}]);
    assert_eq!(answer["workspaces"], other);
    let answer = world.log_in("ada@example.org", Some(&acme.org)).await.json();
    assert_eq!(answer["user"]["workspaceId"], acme.org.as_str());
    assert_eq!(answer["user"]["id"], ada.as_str());
    assert_eq!(answer.get("workspaces"), None);
}

#[tokio::test]
async fn every_failed_login_gets_the_same_response() {
    let world = World::with(|settings| {
        settings.passwords.memory_kib = 64;
        settings.limits.delays = false;
    })
    .await;
    let (acme, beta) = (world.org("Acme").await, world.org("Beta").await);
    acme.add("ada@example.org", &acme.admin).await;
    let (bob, _) = acme.add("bob@example.org", &acme.member).await;
    world.person("eve@example.org").await;
    let admin = acme.token("ada@example.org").await;
    let path = format!("/api/v1/users/{bob}");
    assert_eq!(world.call(As::Token(&admin), "PATCH", &path, &json!({"active": false})).await.status, 200);
    let wrong = [
        json!({"email": "ada@example.org", "password": "wrong"}),
        json!({"email": "nobody@example.org", "password": PASSWORD}),
        json!({"email": "no address", "password": PASSWORD}),
        json!({"email": "x".repeat(30_000), "password": "x".repeat(30_000)}),
        json!({"email": "ada@example.org", "password": PASSWORD, "workspaceId": "org_nowhere"}),
        json!({"email": "ada@example.org", "password": PASSWORD, "workspaceId": beta.org.as_str()}),
        json!({"email": "ada@example.org", "password": PASSWORD, "workspaceId": ""}),
        json!({"email": "eve@example.org", "password": PASSWORD}),
        json!({"email": "bob@example.org", "password": PASSWORD}),
        json!({"email": "bob@example.org", "password": PASSWORD, "workspaceId": acme.org.as_str()}),
    ];
    for body in wrong {
        let answer = world.call(As::Nobody, "POST", LOGIN, &body).await;
        assert_eq!(answer.code(), "401 UNAUTHORIZED", "{body}");
    }
}

#[tokio::test]
async fn a_refresh_uses_the_current_role() {
    let world = World::with_orgs().await;
    let acme = world.org("Acme").await;
    let (_, admin) = acme.add("ada@example.org", &acme.admin).await;
    let (bob, old) = acme.add("bob@example.org", &acme.member).await;
    world.advance(3_600);
    let path = format!("/api/v1/users/{bob}");
    let promoted = world.call(As::Token(&admin), "PATCH", &path, &json!({"roleId": acme.admin.as_str()})).await;
    assert_eq!(promoted.status, 200, "{}", promoted.body);
    let answer = world.call(As::Nobody, "POST", REFRESH, &json!({"token": old})).await;
    let new = answer.json()["token"].as_str().unwrap().to_owned();
    assert_eq!(claims(&old)["roleId"], acme.member.as_str());
    assert_eq!(claims(&new)["roleId"], acme.admin.as_str());
    assert_eq!(claims(&new)["jti"], claims(&old)["jti"]);
    assert_eq!(claims(&new)["iat"], world.now().seconds());
    let expiry = sigma_core::time::Timestamp::from_seconds(world.now().seconds() + 86_400).iso8601();
    assert_eq!(answer.json(), json!({"token": new, "expiresAt": expiry}));
    // The old one stays, and what it may do is what the person may do.
    for token in [&old, &new] {
        let me = world.call(As::Token(token), "GET", ME, &Value::Null).await.json();
        assert_eq!((&me["kind"], &me["role"]["id"]), (&json!("user"), &json!(acme.admin.as_str())));
    }
}

#[tokio::test]
async fn a_logout_ends_every_token_of_the_session_and_no_other() {
    let world = World::with_orgs().await;
    let acme = world.org("Acme").await;
    let (_, first) = acme.add("ada@example.org", &acme.admin).await;
    let other = acme.token("ada@example.org").await;
    let next = world.call(As::Nobody, "POST", REFRESH, &json!({"token": first})).await.json()["token"].clone();
    let next = next.as_str().unwrap();
    assert_eq!(world.call(As::Token(&first), "POST", "/api/v1/auth/logout", &Value::Null).await.status, 204);
    for token in [first.as_str(), next] {
        assert_eq!(me(&world, token).await, 401);
        let refused = world.call(As::Nobody, "POST", REFRESH, &json!({"token": token})).await;
        assert_eq!(refused.code(), "401 UNAUTHORIZED");
    }
    assert_eq!(me(&world, &other).await, 200);
}

#[tokio::test]
async fn a_session_ends_after_30_days_despite_refreshes() {
    let world = World::with_orgs().await;
    let acme = world.org("Acme").await;
    let (_, mut token) = acme.add("ada@example.org", &acme.admin).await;
    let began = claims(&token)["iat"].as_i64().unwrap();
    for _ in 0..59 {
        world.advance(43_200);
        let answer = world.call(As::Nobody, "POST", REFRESH, &json!({"token": token})).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()["token"].as_str().unwrap().clone_into(&mut token);
    }
    assert_eq!(claims(&token)["exp"].as_i64().unwrap(), began + 30 * 86_400);
    world.advance(43_200);
    assert_eq!(me(&world, &token).await, 401);
    assert_eq!(world.call(As::Nobody, "POST", REFRESH, &json!({"token": token})).await.status, 401);
}

#[tokio::test]
async fn a_token_dies_with_the_membership_the_account_or_the_workspace() {
    let world = World::with_orgs().await;
    let acme = world.org("Acme").await;
    let (_, admin) = acme.add("ada@example.org", &acme.admin).await;
    let (bob, removed) = acme.add("bob@example.org", &acme.member).await;
    let (eve, inactive) = acme.add("eve@example.org", &acme.member).await;
    let (dan, disabled) = acme.add("dan@example.org", &acme.member).await;
    for token in [&removed, &inactive, &disabled] {
        assert_eq!(me(&world, token).await, 200);
    }
    let change = async |method: &str, path: String, body: Value| {
        world.call(As::Token(&admin), method, &path, &body).await.status.as_u16()
    };
    assert_eq!(change("DELETE", format!("/api/v1/users/{bob}"), Value::Null).await, 204);
    assert_eq!(me(&world, &removed).await, 401);
    assert_eq!(change("PATCH", format!("/api/v1/users/{eve}"), json!({"active": false})).await, 200);
    assert_eq!(me(&world, &inactive).await, 401);
    assert_eq!(change("PATCH", format!("/api/v1/users/{eve}"), json!({"active": true})).await, 200);
    assert_eq!(me(&world, &inactive).await, 401, "an old session does not come back");
    let now = world.now();
    let off = move |tx: &mut dyn sigma_store::Tx| sigma_store::user::set_disabled(tx, &dan, true, now);
    assert!(world.sigma.store.write(off).await.unwrap());
    assert_eq!(me(&world, &disabled).await, 401);
    acme.join(&bob, &acme.member).await;
    assert_eq!(me(&world, &removed).await, 401, "nor does one of an earlier membership");
    assert_eq!(me(&world, &admin).await, 200);
    let key = acme.admin_key().await;
    assert_eq!(world.call(As::Key(&key), "GET", ME, &Value::Null).await.status, 200);
    acme.remove().await;
    assert_eq!(me(&world, &admin).await, 401);
    assert_eq!(world.call(As::Key(&key), "GET", ME, &Value::Null).await.code(), "401 UNAUTHORIZED");
    assert_eq!(world.log_in("ada@example.org", Some(&acme.org)).await.status, 401);
}

#[tokio::test]
async fn a_rotated_secret_logs_nobody_out() {
    let world = World::with_orgs().await;
    let acme = world.org("Acme").await;
    let (_, old) = acme.add("ada@example.org", &acme.admin).await;
    let rotated = world.call(As::Token(&old), "POST", "/api/v1/workspace/secret/rotate", &Value::Null).await;
    assert_eq!(rotated.status, 200, "{}", rotated.body);
    let kid = rotated.json()["kid"].clone();
    assert_ne!(header(&old)["kid"], kid);
    assert_eq!(me(&world, &old).await, 200);
    let new = world.call(As::Nobody, "POST", REFRESH, &json!({"token": old})).await.json()["token"].clone();
    assert_eq!(header(new.as_str().unwrap())["kid"], kid);
    world.advance(86_399);
    assert_eq!(me(&world, &old).await, 200, "until it expires");
    world.advance(1);
    assert_eq!(me(&world, &old).await, 401);
}
