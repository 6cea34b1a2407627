//! Tenant isolation: what is another workspace's does not exist.

use serde_json::{Value, json};
use sigma_core::org::RolePermissions;

use crate::support::openapi::endpoints;
use crate::support::{As, World};

/// What is found out by calling an endpoint with the ids of another workspace.
enum Case {
    /// An id in the path, and this body: 404, naming that kind of thing.
    Path(&'static str, Value),
    /// Another call with an id in its body: 404, naming that kind of thing.
    Body(Value),
    /// It names nothing, and answers of the caller's own workspace alone.
    Own,
    /// It has a test of its own below, or in another file.
    Elsewhere,
}

#[tokio::test]
async fn every_endpoint_answers_404_to_the_ids_of_another_org() {
    let world = World::with_orgs().await;
    let (acme, beta) = (world.org("Acme").await, world.org("Beta").await);
    let (ada, _) = acme.add("ada@example.org", &acme.admin).await;
    let acmes_key = acme.key(&sigma_core::org::KeyPermission::ALL).await.0;
    let acmes_role = acme.role("Acme's own", RolePermissions::default()).await;
    let (bob, token) = beta.add("bob@example.org", &beta.admin).await;
    let key = beta.admin_key().await;
    let betas_own = format!("/api/v1/users/{bob}");

    let mut walked = 0;
    for (method, pattern) in endpoints("/api/v1/") {
        let (method, role) = (method.as_str(), json!({"name": "Taken over"}));
        let case = match (method, pattern.as_str()) {
            (_, "/api/v1/api-keys/{id}" | "/api/v1/api-keys/{id}/deactivate") => Case::Path("API key", Value::Null),
            ("PUT", "/api/v1/roles/{id}") => Case::Path("Role", role),
            (_, "/api/v1/roles/{id}") => Case::Path("Role", Value::Null),
            (_, "/api/v1/roles/{id}/resolve") => Case::Path("Role", json!({"schemaId": "a", "attributes": ["b"]})),
            ("PATCH", "/api/v1/users/{id}") => Case::Path("User", json!({"quickLogin": true})),
            (_, "/api/v1/users/{id}" | "/api/v1/users/{id}/invitation") => Case::Path("User", Value::Null),
            ("POST", "/api/v1/users") => {
                Case::Body(json!({"email": "x@example.org", "name": "x", "roleId": acmes_role.as_str()}))
            }
            (
                "GET",
                "/api/v1/users" | "/api/v1/roles" | "/api/v1/api-keys" | "/api/v1/workspace" | "/api/v1/auth/me",
            ) => Case::Own,
            ("POST", "/api/v1/roles" | "/api/v1/api-keys" | "/api/v1/workspace/secret/rotate")
            | ("PATCH", "/api/v1/workspace") => Case::Elsewhere,
            (_, path) if path.starts_with("/api/v1/auth/") => Case::Elsewhere,
            (_, path) => panic!("{method} {path} is not walked"),
        };
        walked += 1;
        for who in [As::Token(&token), As::Key(&key)] {
            match &case {
                Case::Path(kind, body) => {
                    let id = match *kind {
                        "API key" => acmes_key.as_str(),
                        "Role" => acmes_role.as_str(),
                        _ => ada.as_str(),
                    };
                    let answer = world.call(who, method, &pattern.replace("{id}", id), body).await;
                    assert_eq!(answer.code(), "404 NOT_FOUND", "{method} {pattern} {who:?}");
                }
                Case::Body(body) => {
                    let answer = world.call(who, method, &pattern, body).await;
                    assert_eq!(answer.code(), "404 NOT_FOUND", "{method} {pattern} {who:?}");
                }
                Case::Own => {
                    // However the caller names another workspace, their own is meant.
                    let named = format!("{pattern}?workspaceId={}", acme.org);
                    let answer = world.call(who, method, &named, &Value::Null).await;
                    assert_eq!(answer.status, 200, "{method} {pattern}: {}", answer.body);
                    for foreign in [acme.org.as_str(), ada.as_str(), acmes_key.as_str(), acmes_role.as_str(), "Acme"] {
                        assert!(!answer.body.contains(foreign), "{method} {pattern} {who:?}: {}", answer.body);
                    }
                }
                Case::Elsewhere => {}
            }
        }
    }
    assert_eq!(walked, 27, "every endpoint was walked");
    for who in [As::Token(&token), As::Key(&key)] {
        let answer = world.call(who, "PATCH", &betas_own, &json!({"roleId": acmes_role.as_str()})).await;
        assert_eq!(answer.code(), "404 NOT_FOUND");
    }
}

#[tokio::test]
async fn resources_are_created_in_the_callers_own_workspace() {
    let world = World::with_orgs().await;
    let (acme, beta) = (world.org("Acme").await, world.org("Beta").await);
    let (_, adas) = acme.add("ada@example.org", &acme.admin).await;
    let (_, bobs) = beta.add("bob@example.org", &beta.admin).await;
    let named = |mut body: Value| {
        for name in ["workspaceId", "orgId", "org_id"] {
            body[name] = json!(acme.org.as_str());
        }
        body
    };
    let calls = [
        ("POST", "/api/v1/roles", named(json!({"id": acme.member.as_str(), "name": "Bob's"})), 201),
        ("POST", "/api/v1/api-keys", named(json!({"name": "Bob's", "permissions": ["read"]})), 201),
        (
            "POST",
            "/api/v1/users",
            named(json!({"email": "x@example.org", "name": "x", "roleId": beta.member.as_str()})),
            201,
        ),
        ("PATCH", "/api/v1/workspace", named(json!({"id": acme.org.as_str(), "name": "Bob's"})), 200),
        ("POST", "/api/v1/workspace/secret/rotate", named(json!({})), 200),
    ];
    let lists = ["/api/v1/roles", "/api/v1/api-keys", "/api/v1/users", "/api/v1/workspace"];
    let mut before = Vec::new();
    for path in lists {
        before.push(world.call(As::Token(&adas), "GET", path, &Value::Null).await.body);
    }
    for (method, path, body, status) in calls {
        let answer = world.call(As::Token(&bobs), method, path, &body).await;
        assert_eq!(answer.status, status, "{method} {path}: {}", answer.body);
    }
    for (path, before) in lists.into_iter().zip(before) {
        assert_eq!(world.call(As::Token(&adas), "GET", path, &Value::Null).await.body, before, "{path}");
    }
}

#[tokio::test]
async fn a_user_in_two_workspaces_is_two_callers() {
    let world = World::with_orgs().await;
    let (acme, beta) = (world.org("Acme").await, world.org("Beta").await);
    let ada = world.person("ada@example.org").await;
    acme.join(&ada, &acme.admin).await;
    beta.join(&ada, &beta.member).await;
    let (admin, member) = (acme.token("ada@example.org").await, beta.token("ada@example.org").await);
    let status =
        async |token: &str, path: &str| world.call(As::Token(token), "GET", path, &Value::Null).await.status.as_u16();
    assert_eq!((status(&admin, "/api/v1/users").await, status(&member, "/api/v1/users").await), (200, 403));
    // A logout here leaves them logged in there.
    assert_eq!(world.call(As::Token(&admin), "POST", "/api/v1/auth/logout", &Value::Null).await.status, 204);
    assert_eq!((status(&admin, "/api/v1/auth/me").await, status(&member, "/api/v1/auth/me").await), (401, 200));
}
