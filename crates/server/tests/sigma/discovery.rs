//! Discovery and the published keys (`docs/spec/oidc.md#discovery`).

use axum::body::Body;
use http::{Method, Request};
use serde_json::Value;

use crate::support::World;

const PLACES: [&str; 5] = [
    "/.well-known/openid-configuration",
    "/api/auth/.well-known/openid-configuration",
    "/.well-known/oauth-authorization-server",
    "/api/auth/.well-known/oauth-authorization-server",
    "/.well-known/oauth-authorization-server/api/auth",
];

async fn send(world: &World, method: Method, path: &str) -> crate::support::Answer {
    world.send(Request::builder().method(method).uri(path).body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn the_document_says_the_same_at_every_place() {
    let world = World::new().await;
    let document = send(&world, Method::GET, PLACES[0]).await;
    insta::assert_json_snapshot!(document.json());
    for place in PLACES {
        let answer = send(&world, Method::GET, place).await;
        assert_eq!((answer.status.as_u16(), &answer.body), (200, &document.body), "{place}");
        assert_eq!(answer.header("content-type"), "application/json");
        assert_eq!(answer.header("access-control-allow-origin"), "*");
        assert!(answer.header("cache-control").starts_with("public, max-age="), "{place}");
    }
}

#[tokio::test]
async fn every_advertised_endpoint_exists() {
    let world = World::new().await;
    let document = send(&world, Method::GET, PLACES[0]).await.json();
    let mut named = 0;
    for (member, value) in document.as_object().unwrap() {
        let is_address = member.ends_with("_endpoint") || member.ends_with("_uri") || member == "service_documentation";
        if !is_address {
            continue;
        }
        named += 1;
        let path = value.as_str().unwrap().strip_prefix("https://id.example.org").unwrap();
        for method in [Method::GET, Method::POST] {
            let answer = send(&world, method.clone(), path).await;
            assert_ne!(answer.status, 404, "{member}");
            assert!(answer.status.as_u16() < 500, "{member}: {}", answer.body);
        }
        let method = if member == "token_endpoint"
            || path.contains("revoke")
            || path.contains("introspect")
            || path.contains("device")
            || path.ends_with("/par")
        {
            Method::POST
        } else {
            Method::GET
        };
        assert_ne!(send(&world, method, path).await.status, 405, "{member}");
    }
    assert_eq!(named, 10);
}

#[tokio::test]
async fn every_advertised_claim_and_scope_is_supported() {
    let world = World::new().await;
    let document = send(&world, Method::GET, PLACES[0]).await.json();
    let list = |name: &str| -> Vec<String> {
        document[name].as_array().unwrap().iter().map(|value| value.as_str().unwrap().to_owned()).collect()
    };
    for name in document.as_object().unwrap().keys().filter(|name| name.ends_with("_supported")) {
        if document[name].is_array() {
            let mut values = list(name);
            let count = values.len();
            values.sort();
            values.dedup();
            assert_eq!((values.len(), count > 0), (count, true), "{name}");
        }
    }
    for scope in ["openid", "profile", "email", "offline_access"] {
        assert!(list("scopes_supported").contains(&scope.to_owned()));
    }
}

#[tokio::test]
async fn the_keys_are_published_at_both_places() {
    let world = World::new().await;
    let first = send(&world, Method::GET, "/.well-known/jwks.json").await;
    let second = send(&world, Method::GET, "/api/auth/jwks").await;
    assert_eq!(first.body, second.body);
    let keys = first.json();
    let keys = keys["keys"].as_array().unwrap();
    for kind in ["RSA", "EC"] {
        assert!(keys.iter().any(|key| key["kty"] == kind), "{kind}");
    }
    for key in keys {
        let text = |name: &str| key[name].as_str().unwrap_or_default();
        assert_eq!(text("use"), "sig");
        assert!(!text("kid").is_empty() && ["RS256", "ES256", "EdDSA"].contains(&text("alg")));
        for private in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
            assert_eq!(key.get(private), None::<&Value>);
        }
        if text("kty") == "RSA" {
            // 256 bytes in base64url.
            assert!(text("n").len() >= 342 && text("e") == "AQAB");
        }
    }
}

#[tokio::test]
async fn whoever_finds_a_vulnerability_learns_where_to_report_it() {
    let world = World::with(|settings| {
        settings.security_txt.contact = vec!["mailto:security@example.org".to_owned()];
    })
    .await;
    let found = world.browser().get("/.well-known/security.txt").await;
    assert_eq!((found.status.as_u16(), found.header("content-type")), (200, "text/plain; charset=utf-8"));
    assert!(found.body.starts_with("Contact: mailto:security@example.org\nExpires: "), "{}", found.body);
    assert!(found.body.ends_with("\nCanonical: https://id.example.org/.well-known/security.txt\n"), "{}", found.body);
    assert_eq!(World::new().await.browser().get("/.well-known/security.txt").await.status, 404);
}
