//! `verify` and `forward`: what services and proxies ask (`docs/spec/workspaces.md#verify-and-forward`).

use http::Request;
use serde_json::{Value, json};
use sigma_core::jose::{PublicJwk, TokenKind, UnverifiedJws};
use sigma_core::org::{KeyPermission, RolePermissions, Switch};

use crate::support::forge::header;
use crate::support::{Answer, As, World};

const VERIFY: &str = "/api/v1/auth/verify";
const FORWARD: &str = "/api/v1/auth/forward";
const NAMES: [&str; 4] = ["x-sigma-user-id", "x-sigma-workspace-id", "x-sigma-role-id", "x-sigma-permissions"];
const SIGNED: &str = "x-sigma-token";
/// A backend that the operator named.
const BACKEND: &str = "https://api.example.org";

/// The four headers; each must be there, once, and so must the fifth.
fn reported(answer: &Answer) -> [String; 4] {
    assert_eq!(answer.headers.get_all(SIGNED).iter().count(), 1);
    NAMES.map(|name| {
        assert_eq!(answer.headers.get_all(name).iter().count(), 1, "{name}");
        answer.header(name).to_owned()
    })
}

#[tokio::test]
async fn verify_identifies_the_user_of_a_token() {
    let world = World::with_orgs().await;
    let acme = world.org("Acme").await;
    let (ada, admin) = acme.add("ada@example.org", &acme.admin).await;
    let (bob, member) = acme.add("bob@example.org", &acme.member).await;
    let (_, key) = acme.key(&[KeyPermission::DeleteModel]).await;
    let verify = async |body: Value| world.call(As::Key(&key), "POST", VERIFY, &body).await.json();
    let all = ["read", "update-data", "delete-data", "update-model", "delete-model"];
    assert_eq!(
        verify(json!({"token": admin})).await,
        json!({
            "valid": true, "kind": "user", "userId": ada.as_str(), "workspaceId": acme.org.as_str(),
            "roleId": acme.admin.as_str(), "permissions": all,
        })
    );
    let members = json!({
        "valid": true, "kind": "user", "userId": bob.as_str(), "workspaceId": acme.org.as_str(),
        "roleId": acme.member.as_str(), "permissions": ["read"],
    });
    for permission in [Value::Null, json!("read")] {
        assert_eq!(verify(json!({"token": member, "permission": permission})).await, members);
    }
    let mut denied = members.clone();
    denied["valid"] = json!(false);
    denied["code"] = json!("PERMISSION_DENIED");
    for permission in ["update-data", "delete-model", "canExport", "canManageUsers"] {
        assert_eq!(verify(json!({"token": member, "permission": permission})).await, denied);
        assert_eq!(verify(json!({"token": admin, "permission": permission})).await["valid"], true);
    }
    let invalid = json!({
        "valid": false, "code": "UNAUTHORIZED", "kind": "user", "workspaceId": acme.org.as_str(), "permissions": [],
    });
    for token in ["", "x", "a.b.c", &key] {
        assert_eq!(verify(json!({"token": token})).await, invalid, "{token}");
    }
    assert_eq!(world.call(As::Token(&member), "POST", "/api/v1/auth/logout", &Value::Null).await.status, 204);
    assert_eq!(verify(json!({"token": member})).await, invalid);
}

#[tokio::test]
async fn verify_returns_the_permissions_of_a_key() {
    let world = World::with_orgs().await;
    let acme = world.org("Acme").await;
    let (_, key) = acme.key(&[KeyPermission::DeleteModel]).await;
    let (id, other) = acme.key(&[KeyPermission::Read, KeyPermission::DeleteData]).await;
    let strong = acme.admin_key().await;
    let verify = async |body: Value| world.call(As::Key(&key), "POST", VERIFY, &body).await.json();
    let valid = json!({
        "valid": true, "kind": "key", "workspaceId": acme.org.as_str(), "permissions": ["read", "delete-data"],
    });
    assert_eq!(verify(json!({"apiKey": other})).await, valid);
    assert_eq!(verify(json!({"apiKey": other, "permission": "delete-data"})).await, valid);
    assert_eq!(verify(json!({"apiKey": other, "permission": "update-data"})).await["code"], "PERMISSION_DENIED");
    // A switch of roles is for the key with all five permissions alone.
    assert_eq!(verify(json!({"apiKey": other, "permission": "canExport"})).await["code"], "PERMISSION_DENIED");
    assert_eq!(verify(json!({"apiKey": strong, "permission": "canExport"})).await["valid"], true);
    let path = format!("/api/v1/api-keys/{id}/deactivate");
    assert_eq!(world.call(As::Key(&strong), "POST", &path, &Value::Null).await.status, 200);
    let invalid = json!({"valid": false, "code": "UNAUTHORIZED", "kind": "key", "workspaceId": acme.org.as_str(), "permissions": []});
    assert_eq!(verify(json!({"apiKey": other})).await, invalid);
    assert_eq!(verify(json!({"apiKey": "sigma_sk_live_x"})).await, invalid);
}

#[tokio::test]
async fn credentials_of_another_workspace_are_invalid() {
    let world = World::with_orgs().await;
    let (acme, beta) = (world.org("Acme").await, world.org("Beta").await);
    let (_, token) = acme.add("ada@example.org", &acme.admin).await;
    let (acmes, betas) = (acme.admin_key().await, beta.admin_key().await);
    assert_eq!(world.call(As::Key(&acmes), "POST", VERIFY, &json!({"token": token})).await.json()["valid"], true);
    for (body, kind) in [(json!({"token": token}), "user"), (json!({"apiKey": acmes}), "key")] {
        for permission in [Value::Null, json!("delete-model")] {
            let mut body = body.clone();
            body["permission"] = permission;
            let answer = world.call(As::Key(&betas), "POST", VERIFY, &body).await.json();
            let nobodys = json!({
                "valid": false, "code": "UNAUTHORIZED", "kind": kind, "workspaceId": beta.org.as_str(), "permissions": [],
            });
            assert_eq!(answer, nobodys);
        }
    }
}

#[tokio::test]
async fn only_api_keys_may_verify_one_credential_at_a_time() {
    let world = World::with_orgs().await;
    let acme = world.org("Acme").await;
    let (_, token) = acme.add("ada@example.org", &acme.admin).await;
    let (_, key) = acme.key(&[KeyPermission::DeleteModel]).await;
    let refused = world.call(As::Token(&token), "POST", VERIFY, &json!({"token": token})).await;
    assert_eq!(refused.code(), "403 PERMISSION_DENIED");
    let refused = world.call(As::Nobody, "POST", VERIFY, &json!({"token": token})).await;
    assert_eq!(refused.code(), "401 UNAUTHORIZED");
    let malformed = [
        json!({}),
        json!({"token": token, "apiKey": key}),
        json!({"token": 5}),
        json!({"token": token, "permission": "write"}),
        json!({"token": token, "permission": ""}),
        json!({"token": token, "permission": ["read"]}),
    ];
    for body in malformed {
        let refused = world.call(As::Key(&key), "POST", VERIFY, &body).await;
        assert_eq!(refused.code(), "400 VALIDATION_ERROR", "{body}");
    }
}

#[tokio::test]
async fn forward_always_sets_its_headers_and_ignores_incoming_ones() {
    let world = World::with_orgs().await;
    let acme = world.org("Acme").await;
    let (ada, token) = acme.add("ada@example.org", &acme.admin).await;
    let (_, key) = acme.key(&[KeyPermission::Read, KeyPermission::UpdateData]).await;
    let all = "read,update-data,delete-data,update-model,delete-model";
    let answer = world.call(As::Token(&token), "GET", FORWARD, &Value::Null).await;
    assert_eq!((answer.status.as_u16(), answer.body.as_str()), (200, ""));
    assert_eq!(reported(&answer), [ada.as_str(), acme.org.as_str(), acme.admin.as_str(), all]);
    let answer = world.call(As::Key(&key), "GET", FORWARD, &Value::Null).await;
    assert_eq!(reported(&answer), ["", acme.org.as_str(), "", "read,update-data"]);
    for (who, status) in [(As::Nobody, 401), (As::Token("x"), 401), (As::Key("x"), 401)] {
        let answer = world.call(who, "GET", FORWARD, &Value::Null).await;
        assert_eq!((answer.status.as_u16(), reported(&answer)), (status, [const { String::new() }; 4]));
        assert_eq!(
            answer.header("www-authenticate"),
            r#"Bearer resource_metadata="https://id.example.org/.well-known/oauth-protected-resource/api/v1""#
        );
    }
    let mut request = Request::get(FORWARD).header("x-sigma-apikey", &key);
    for name in NAMES.into_iter().chain([SIGNED]) {
        request = request.header(name, "forged");
    }
    let answer = world.send(request.body(axum::body::Body::empty()).unwrap()).await;
    assert_eq!(reported(&answer), ["", acme.org.as_str(), "", "read,update-data"]);
    assert_eq!(answer.header(SIGNED), "", "no audience was named");
    let both = Request::get(FORWARD).header("x-sigma-apikey", &key).header("authorization", format!("Bearer {token}"));
    let answer = world.send(both.body(axum::body::Body::empty()).unwrap()).await;
    assert_eq!((answer.status.as_u16(), reported(&answer)), (400, [const { String::new() }; 4]));
}

#[tokio::test]
async fn a_proxy_asks_for_a_permission() {
    let world = World::with_orgs().await;
    let acme = world.org("Acme").await;
    let switches = [Switch::Export].into_iter().collect();
    let exporter = acme.role("Exporter", RolePermissions { switches, ..Default::default() }).await;
    let (_, token) = acme.add("ada@example.org", &exporter).await;
    let (_, key) = acme.key(&[KeyPermission::Read]).await;
    let forward = async |who: As<'_>, query: &str| {
        let answer = world.call(who, "GET", &format!("{FORWARD}{query}"), &Value::Null).await;
        let allowed = answer.status == 200;
        assert_eq!(reported(&answer)[1].is_empty(), !allowed);
        answer.status.as_u16()
    };
    for query in ["", "?other=1", "?permission=read"] {
        assert_eq!(forward(As::Token(&token), query).await, 200, "{query}");
        assert_eq!(forward(As::Key(&key), query).await, 200, "{query}");
    }
    assert_eq!(forward(As::Token(&token), "?permission=canExport").await, 200);
    assert_eq!(forward(As::Key(&key), "?permission=canExport").await, 403);
    for query in ["?permission=update-data", "?permission=canImport"] {
        assert_eq!(forward(As::Token(&token), query).await, 403, "{query}");
        assert_eq!(forward(As::Key(&key), query).await, 403, "{query}");
    }
    for query in ["?permission=", "?permission=all", "?permission=read&permission=canExport", "?permission=%00"] {
        assert_eq!(forward(As::Token(&token), query).await, 400, "{query}");
    }
}

#[tokio::test]
async fn cached_callers_are_dropped_when_their_rows_change() {
    let world = World::with_orgs().await;
    let acme = world.org("Acme").await;
    let (_, admin) = acme.add("ada@example.org", &acme.admin).await;
    let clerk = acme.role("Clerk", RolePermissions::default()).await;
    let (bob, token) = acme.add("bob@example.org", &clerk).await;
    let forward = async || reported(&world.call(As::Token(&token), "GET", FORWARD, &Value::Null).await);
    for _ in 0..3 {
        assert_eq!(forward().await, [bob.as_str(), acme.org.as_str(), clerk.as_str(), "read"]);
    }
    let hidden = json!({"name": "Clerk", "schemaPermissions": [{"schemaId": "a", "default": "hidden"}]});
    let path = format!("/api/v1/roles/{clerk}");
    assert_eq!(world.call(As::Token(&admin), "PUT", &path, &hidden).await.status, 200);
    assert_eq!(forward().await[3], "", "another text of the role");
    let path = format!("/api/v1/users/{bob}");
    let other = json!({"roleId": acme.admin.as_str()});
    assert_eq!(world.call(As::Token(&admin), "PATCH", &path, &other).await.status, 200);
    assert_eq!(forward().await[2], acme.admin.as_str(), "another role");
    assert_eq!(world.call(As::Token(&admin), "DELETE", &path, &Value::Null).await.status, 204);
    assert_eq!(forward().await, [const { String::new() }; 4], "no longer a member");
}

async fn world_with_backends() -> World {
    World::with(|settings| {
        settings.passwords.memory_kib = 64;
        settings.workspaces.forward_audiences = vec![BACKEND.to_owned(), "reports".to_owned()];
    })
    .await
}

/// What the fifth header says to `audience`, once its kind, its signature by a key of the JWKS and its audience are checked.
async fn signed(world: &World, answer: &Answer, audience: &str) -> Value {
    let token = answer.header(SIGNED);
    assert_eq!(
        (header(token)["typ"].as_str(), header(token)["alg"].as_str()),
        (Some("sigma-forward+jwt"), Some("ES256"))
    );
    let jws = UnverifiedJws::parse(token).unwrap();
    let key_set = world.browser().get("/.well-known/jwks.json").await.json();
    let kid = header(token)["kid"].clone();
    let key = key_set["keys"].as_array().unwrap().iter().find(|key| key["kid"] == kid).unwrap().clone();
    let key: PublicJwk = serde_json::from_value(key).unwrap();
    let claims: Value = serde_json::from_slice(jws.verify_as(TokenKind::Forward, &key).unwrap()).unwrap();
    assert_eq!((claims["aud"].as_str(), claims["iss"].as_str()), (Some(audience), Some("https://id.example.org")));
    claims
}

#[tokio::test]
async fn forward_signs_the_same_facts_for_a_configured_audience() {
    let world = world_with_backends().await;
    let acme = world.org("Acme").await;
    let (bob, token) = acme.add("bob@example.org", &acme.member).await;
    let (id, key) = acme.key(&[KeyPermission::Read, KeyPermission::UpdateData]).await;
    let forward =
        async |who: As<'_>, query: &str| world.call(who, "GET", &format!("{FORWARD}?{query}"), &Value::Null).await;
    let now = world.now().seconds();
    let answer = forward(As::Token(&token), "audience=https%3A%2F%2Fapi.example.org&permission=read").await;
    assert_eq!(reported(&answer), [bob.as_str(), acme.org.as_str(), acme.member.as_str(), "read"]);
    assert_eq!(
        signed(&world, &answer, BACKEND).await,
        json!({
            "iss": "https://id.example.org", "aud": BACKEND, "sub": bob.as_str(), "iat": now, "exp": now + 60,
            "workspaceId": acme.org.as_str(), "userId": bob.as_str(), "roleId": acme.member.as_str(),
            "permissions": ["read"],
        })
    );
    let answer = forward(As::Key(&key), "audience=reports").await;
    assert_eq!(
        signed(&world, &answer, "reports").await,
        json!({
            "iss": "https://id.example.org", "aud": "reports", "sub": id.as_str(), "iat": now, "exp": now + 60,
            "workspaceId": acme.org.as_str(), "permissions": ["read", "update-data"],
        })
    );
    for (who, query, status) in [
        (As::Token(token.as_str()), "permission=update-data&audience=reports", 403),
        (As::Nobody, "audience=reports", 401),
        (As::Token("x"), "audience=reports", 401),
        (As::Key("x"), "audience=reports", 401),
        (As::Token(&token), "audience=", 400),
        (As::Token(&token), "audience=https%3A%2F%2Fid.example.org", 400),
        (As::Token(&token), "audience=REPORTS", 400),
        (As::Token(&token), "audience=reports&audience=reports", 400),
    ] {
        let answer = forward(who, query).await;
        assert_eq!((answer.status.as_u16(), answer.header(SIGNED)), (status, ""), "{query}");
        assert_eq!(reported(&answer), [const { String::new() }; 4]);
    }
}

#[tokio::test]
async fn a_signed_header_is_reused_for_half_a_minute_and_never_outlives_its_facts() {
    let world = world_with_backends().await;
    let acme = world.org("Acme").await;
    let (_, admin) = acme.add("ada@example.org", &acme.admin).await;
    let (bob, token) = acme.add("bob@example.org", &acme.member).await;
    let forward = async |audience: &str| {
        world.call(As::Token(&token), "GET", &format!("{FORWARD}?audience={audience}"), &Value::Null).await
    };
    let first = forward("reports").await.header(SIGNED).to_owned();
    assert_ne!(forward("https://api.example.org").await.header(SIGNED), first);
    world.advance(29);
    assert_eq!(forward("reports").await.header(SIGNED), first, "ECDSA would sign it otherwise each time");
    world.advance(1);
    let second = forward("reports").await;
    assert_ne!(second.header(SIGNED), first);
    assert_eq!(signed(&world, &second, "reports").await["exp"], world.now().seconds() + 60);
    let path = format!("/api/v1/users/{bob}");
    let more = json!({"roleId": acme.admin.as_str()});
    assert_eq!(world.call(As::Token(&admin), "PATCH", &path, &more).await.status, 200);
    let third = forward("reports").await;
    assert_eq!(signed(&world, &third, "reports").await["roleId"], acme.admin.as_str(), "another role at once");
    // A credential that ends sooner ends the token with it.
    let expiry = world.now().plus(std::time::Duration::from_secs(20)).iso8601();
    let body = json!({"name": "short", "permissions": ["read"], "expiresAt": expiry});
    let key = world.call(As::Token(&admin), "POST", "/api/v1/api-keys", &body).await.json();
    let key = key["key"].as_str().unwrap();
    let short = world.call(As::Key(key), "GET", &format!("{FORWARD}?audience=reports"), &Value::Null).await;
    assert_eq!(signed(&world, &short, "reports").await["exp"], world.now().seconds() + 20);
}

#[tokio::test]
async fn signed_headers_are_not_accepted_by_our_own_endpoints() {
    let world = world_with_backends().await;
    let acme = world.org("Acme").await;
    let (_, token) = acme.add("ada@example.org", &acme.admin).await;
    let key = acme.admin_key().await;
    let answer = world.call(As::Token(&token), "GET", &format!("{FORWARD}?audience={BACKEND}"), &Value::Null).await;
    let forwarded = answer.header(SIGNED);
    assert!(!forwarded.is_empty());
    for (method, path) in crate::support::openapi::endpoints("/api/v1/") {
        if path.contains("/auth/log") || path.contains("/auth/refresh") || path.contains("/auth/quick") {
            continue;
        }
        let path = path.replace("{id}", "x");
        let refused = world.call(As::Token(forwarded), method.as_str(), &path, &json!({})).await;
        assert_eq!(refused.code(), "401 UNAUTHORIZED", "{method} {path}");
        let refused = world.call(As::Key(forwarded), method.as_str(), &path, &json!({})).await;
        assert_eq!(refused.code(), "401 UNAUTHORIZED", "{method} {path}");
    }
    let refreshed = world.call(As::Nobody, "POST", "/api/v1/auth/refresh", &json!({"token": forwarded})).await;
    assert_eq!(refreshed.status, 401);
    let verified = world.call(As::Key(&key), "POST", VERIFY, &json!({"token": forwarded})).await.json();
    assert_eq!(verified["valid"], false);
    for path in ["/api/auth/oauth2/userinfo", "/api/auth/token"] {
        assert_eq!(world.get_with_token(path, forwarded).await.status, 401, "{path}");
    }
    assert_eq!(world.get_with_token("/api/auth/get-session", forwarded).await.body, "null");
}
