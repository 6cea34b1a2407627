//! Tokens that are limited to areas of the management API.

use serde_json::{Value, json};
use sigma_core::admin_scope::AdminArea;
use sigma_core::app::AuthMethod;
use sigma_core::operator::OperatorRole;
use sigma_core::scope::{ADMIN, ADMIN_READ, ADMIN_WRITE, Scopes};

use crate::admin_api::{add_app, body_of, own_token, path_of, token_of};
use crate::console::{operator, person};
use crate::support::{As, World, openapi, text};

#[tokio::test]
async fn a_token_of_an_area_reaches_that_area_alone() {
    let world = World::new().await;
    world.add_confidential_app("service", AuthMethod::ClientSecret, "secret").await;
    world.change_app("service", |app| app.scopes = Scopes::parse(&ADMIN.join(" "))).await;
    let (_, ada) = person(&world, "ada").await;
    let mut tokens = Vec::new();
    for area in AdminArea::ALL {
        let token = async |scope| text(&own_token(&world, scope).await, "access_token").to_owned();
        tokens.push((area, token(area.read()).await, token(area.write().unwrap_or(area.read())).await));
    }
    for (method, pattern) in openapi::endpoints("/api/admin/v1/") {
        let scopes = openapi::scopes(&method, &pattern);
        let (whole, scope) = match &scopes[..] {
            [whole, scope] => (whole, scope),
            // No area reaches who may do what.
            [whole] if ["admins", "declarations"].iter().any(|all| pattern.contains(all)) => (whole, whole),
            _ => panic!("{method} {pattern}: {scopes:?}"),
        };
        let writes = whole == ADMIN_WRITE;
        assert!(writes || whole == ADMIN_READ, "{method} {pattern}: {whole}");
        for (area, reads, changes) in &tokens {
            let is_it = if writes { area.write() } else { Some(area.read()) } == Some(scope.as_str());
            let path = path_of(&pattern, ada.as_str());
            // Changing includes reading, and reading changes nothing.
            for (token, reaches) in [(changes, is_it), (reads, is_it && !writes)] {
                if token == reads && !is_it {
                    continue;
                }
                let answer = world.call(As::Token(token), method.as_str(), &path, &body_of(&method, &pattern)).await;
                let is_refused = answer.status == 403 && answer.json()["code"] == "insufficient_scope";
                assert_eq!(is_refused, !reaches, "{method} {pattern}, {area:?}: {}", answer.body);
                if is_refused {
                    let challenge = format!(r#"Bearer error="insufficient_scope", scope="{scope}""#);
                    assert_eq!(answer.header("www-authenticate"), challenge);
                }
            }
        }
    }
}

#[tokio::test]
async fn nobody_reaches_further_by_an_app_than_by_their_token() {
    const APPS: &str = "sigma:admin:apps:write";
    let world = World::new().await;
    add_app(&world).await;
    world.change_app("service", |app| app.scopes.insert(APPS)).await;
    let (owner, _) = operator(&world, "owner", OperatorRole::Owner).await;
    let token = token_of(&world, &owner, &format!("openid {APPS}")).await;
    let call = async |method: &str, path: &str, body: &Value| {
        world.call(As::Token(&token), method, &format!("/api/admin/v1/{path}"), body).await
    };
    let app = |scope: &str| json!({"client_id": "reports", "client_name": "Reports", "grant_types": ["client_credentials"], "scope": scope});
    for (method, path, body) in [
        ("POST", "apps", app("openid sigma:admin:people:read")),
        ("POST", "apps", app("sigma:admin:write")),
        // Their own app reaches further than this token.
        ("PATCH", "apps/service", json!({"redirect_uris": ["https://mallory.example.org/"]})),
        ("POST", "apps/service/secrets", json!({"overlap_seconds": 0})),
        ("DELETE", "apps/service", Value::Null),
    ] {
        let refused = call(method, path, &body).await;
        assert_eq!((refused.status.as_u16(), &refused.json()["code"]), (403, &json!("beyond_own_token")), "{path}");
    }
    let added = call("POST", "apps", &app(APPS)).await;
    assert_eq!(added.status, 201, "{}", added.body);
    for (scope, status) in [("openid sigma:admin:read", 403), ("openid", 200)] {
        let changed = call("PATCH", "apps/reports", &json!({"scope": scope})).await;
        assert_eq!(changed.status, status, "{}", changed.body);
    }
    assert_eq!(call("POST", "apps/reports/secrets", &json!({})).await.status, 201);
}
