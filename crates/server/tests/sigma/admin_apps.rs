//! Apps by the management API: registered, changed, given secrets, and removed.

use http::Request;
use serde_json::{Value, json};
use sigma_core::operator::OperatorRole;
use sigma_store::event::Trail;

use crate::admin_api::{add_app, own_token, token_of};
use crate::console::operator;
use crate::support::client::{TOKEN, basic};
use crate::support::{Answer, As, World, text};

const SCOPES: &str = "openid sigma:admin:write";

async fn call(world: &World, token: &str, method: &str, path: &str, body: &Value) -> Answer {
    world.call(As::Token(token), method, &format!("/api/admin/v1/{path}"), body).await
}

/// Whether the app gets a token with that secret.
async fn signs_in(world: &World, secret: &str) -> bool {
    let form = [("grant_type", "client_credentials"), ("scope", "sigma:admin:read")];
    world.post_form(TOKEN, &form, &[("authorization", &basic("reports", secret))]).await.status == 200
}

#[tokio::test]
async fn an_app_is_registered_changed_given_secrets_and_removed() {
    let world = World::new().await;
    add_app(&world).await;
    let (owner, _) = operator(&world, "owner", OperatorRole::Owner).await;
    let token = token_of(&world, &owner, SCOPES).await;
    let new = json!({
        "client_id": "reports", "client_name": "Reports", "grant_types": ["client_credentials"], "scope": "sigma:admin:read",
    });
    let added = call(&world, &token, "POST", "apps", &new).await;
    assert_eq!(added.status, 201, "{}", added.body);
    let first = text(&added.json(), "client_secret").to_owned();
    assert!(signs_in(&world, &first).await);
    let refused = call(&world, &token, "POST", "apps", &new).await;
    assert_eq!((refused.status.as_u16(), &refused.json()["code"]), (409, &json!("client_id_taken")));

    // What is wrong is named, and changes nothing.
    for (change, status, field) in [
        (json!({"redirect_uris": ["http://reports.example.org/"]}), 400, "redirect_uris"),
        (json!({"grant_types": ["authorization_code"]}), 400, "redirect_uris"),
        (json!({"resources": ["https://nobody.example.org"]}), 400, "resources"),
        (json!({"org": "nobody"}), 400, "org"),
        (json!({"client_id": "other"}), 400, "client_id"),
        (json!({"signer_origins": ["https://a.example/x"]}), 400, "signer_origins"),
    ] {
        let refused = call(&world, &token, "PATCH", "apps/reports", &change).await;
        assert_eq!((refused.status.as_u16(), &refused.json()["field"]), (status, &json!(field)), "{}", refused.body);
    }
    let shown = call(&world, &token, "GET", "apps/reports", &Value::Null).await;
    assert_eq!(shown.json().get("client_secret"), None);
    let etag = shown.header("etag").to_owned();
    let change =
        json!({"client_name": "Numbers", "access_seconds": 600, "signer_origins": ["https://numbers.example.org"]});
    let changed = call(&world, &token, "PATCH", "apps/reports", &change).await.json();
    assert_eq!((&changed["client_name"], &changed["access_seconds"]), (&json!("Numbers"), &json!(600)));
    assert_eq!(changed["signer_origins"], json!(["https://numbers.example.org"]));
    // Somebody who saw it before does not undo that.
    let request = Request::patch("/api/admin/v1/apps/reports").header("authorization", format!("Bearer {token}"));
    let request = request.header("content-type", "application/json").header("if-match", &etag);
    let stale = world.send(request.body(json!({"client_name": "Old"}).to_string().into()).unwrap()).await;
    assert_eq!((stale.status.as_u16(), &stale.json()["code"]), (412, &json!("precondition_failed")), "{}", stale.body);
    for (method, path) in [("POST", "secrets"), ("DELETE", "secrets/former")] {
        let request = Request::builder().method(method).uri(format!("/api/admin/v1/apps/reports/{path}"));
        let request = request.header("authorization", format!("Bearer {token}")).header("if-match", &etag);
        let stale = world.send(request.header("content-type", "application/json").body("{}".into()).unwrap()).await;
        assert_eq!(stale.status, 412, "{method} {path}: {}", stale.body);
    }

    let renewed = call(&world, &token, "POST", "apps/reports/secrets", &json!({})).await;
    assert_eq!(renewed.status, 201, "{}", renewed.body);
    let second = text(&renewed.json(), "client_secret").to_owned();
    assert!(renewed.json()["former_secret_ends_at"].is_string());
    assert!(signs_in(&world, &first).await && signs_in(&world, &second).await);
    world.advance(24 * 3_600);
    assert!(!signs_in(&world, &first).await && signs_in(&world, &second).await);
    let token = token_of(&world, &owner, SCOPES).await;
    let third = call(&world, &token, "POST", "apps/reports/secrets", &json!({"overlap_seconds": 60})).await.json();
    assert!(signs_in(&world, &second).await && signs_in(&world, text(&third, "client_secret")).await);
    let ended = call(&world, &token, "DELETE", "apps/reports/secrets/former", &Value::Null).await;
    assert_eq!(ended.status, 204, "{}", ended.body);
    assert!(!signs_in(&world, &second).await && signs_in(&world, text(&third, "client_secret")).await);
    assert_eq!(call(&world, &token, "DELETE", "apps/reports/secrets/former", &Value::Null).await.status, 404);
    let fourth = call(&world, &token, "POST", "apps/reports/secrets", &json!({"overlap_seconds": 0})).await.json();
    assert!(!signs_in(&world, text(&third, "client_secret")).await);
    assert!(signs_in(&world, text(&fourth, "client_secret")).await);

    assert_eq!(call(&world, &token, "DELETE", "apps/reports", &Value::Null).await.status, 204);
    assert!(!signs_in(&world, text(&fourth, "client_secret")).await);
    assert_eq!(call(&world, &token, "GET", "apps/reports", &Value::Null).await.status, 404);
    let again = call(&world, &token, "POST", "apps", &new).await;
    assert_eq!(again.status, 409, "a client id is never given out again");
    let events = world.trail(Trail::All).await;
    let of_app = events.iter().filter(|event| event.action.starts_with("app.") && event.actor.kind() == "user");
    let told: Vec<_> = of_app.map(|event| (event.action.as_str(), event.details.changed.join(" "))).collect();
    assert_eq!(told.len(), 8, "{told:?}");
    assert!(told.iter().any(|(_, changed)| changed.contains("secret")), "{told:?}");
}

#[tokio::test]
async fn apps_that_may_act_in_the_console_are_changed_by_owners_alone() {
    let world = World::new().await;
    add_app(&world).await;
    let own = text(&own_token(&world, "sigma:admin:write").await, "access_token").to_owned();
    let (admin, _) = operator(&world, "admin", OperatorRole::Admin).await;
    let admin = token_of(&world, &admin, SCOPES).await;
    let redirect = json!({"redirect_uris": ["https://elsewhere.example.org/cb"]});
    let reaching = json!({"scope": "openid sigma:admin:read"});
    let of_app = |name: &str| json!({"client_id": name, "client_name": name, "redirect_uris": ["https://shop.example.org/cb"], "scope": "openid"});
    let mut reaching_from_the_start = of_app("other");
    reaching_from_the_start["scope"] = json!("sigma:admin:write");
    for (name, token) in [("own", &own), ("admin", &admin)] {
        assert_eq!(call(&world, token, "POST", "apps", &of_app(name)).await.status, 201);
        let path = format!("apps/{name}");
        for (method, path, body) in [
            ("PATCH", "apps/service", &redirect),
            ("POST", "apps/service/secrets", &json!({})),
            ("DELETE", "apps/service/secrets/former", &Value::Null),
            ("DELETE", "apps/service", &Value::Null),
            ("PATCH", path.as_str(), &reaching),
            ("POST", "apps", &reaching_from_the_start),
        ] {
            let refused = call(&world, token, method, path, body).await;
            assert_eq!(
                (refused.status.as_u16(), &refused.json()["code"]),
                (403, &json!("forbidden")),
                "{method} {path}"
            );
        }
        assert_eq!(call(&world, token, "PATCH", &path, &redirect).await.status, 200);
    }
}
