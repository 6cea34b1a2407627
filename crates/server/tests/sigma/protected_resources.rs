//! Metadata of protected resources (RFC 9728): of our own APIs, of open ones that are registered here, and where refusals
//! point to.

use axum::body::Body;
use http::Request;
use serde_json::json;
use sigma_core::resource::ResourceScope;

use crate::support::client::USERINFO;
use crate::support::{Answer, World, query};

const METADATA: &str = "/.well-known/oauth-protected-resource";
const ISSUER: &str = "https://id.example.org";

async fn get(world: &World, path: &str) -> Answer {
    world.send(Request::get(path).body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn the_own_apis_describe_themselves() {
    let world = World::new().await;
    let own = get(&world, METADATA).await;
    assert_eq!(own.header("access-control-allow-origin"), "*");
    let own = own.json();
    assert_eq!((&own["resource"], &own["authorization_servers"]), (&json!(ISSUER), &json!([ISSUER])));
    let scopes: Vec<&str> =
        own["scopes_supported"].as_array().unwrap().iter().map(|scope| scope.as_str().unwrap()).collect();
    assert!(
        scopes.contains(&"openid") && scopes.contains(&"sigma:profile") && !scopes.contains(&"roles"),
        "{scopes:?}"
    );
    for path in ["/v2", "/api/v1"] {
        let metadata = get(&world, &format!("{METADATA}{path}")).await.json();
        assert_eq!(metadata["resource"], format!("{ISSUER}{path}"));
        assert!(metadata.get("authorization_servers").is_none(), "{path} issues its tokens itself");
    }
    assert_eq!(get(&world, &format!("{METADATA}/elsewhere")).await.status, 404);
}

#[tokio::test]
async fn an_open_api_that_is_registered_here_need_not_write_its_metadata_itself() {
    let world = World::new().await;
    let (open, listed) = ("https://mcp.example.org/mcp", "https://bank.example.org/");
    for (uri, is_open) in [(open, true), (listed, false)] {
        world
            .add_resource_with(uri, |resource| {
                (resource.open, resource.name) = (is_open, "Notes".to_owned());
                resource.scopes = vec![ResourceScope { name: "notes:read".to_owned(), description: "Read".to_owned() }];
            })
            .await;
    }
    let of = async |uri: &str| get(&world, &format!("{METADATA}?{}", query(&[("resource", uri)]))).await;
    assert_eq!(
        of(open).await.json(),
        json!({
            "resource": open, "authorization_servers": [ISSUER], "scopes_supported": ["notes:read", "offline_access"],
            "bearer_methods_supported": ["header"], "resource_name": "Notes",
        })
    );
    for unknown in [listed, "https://mcp.example.org/", "nonsense", "a\0b"] {
        assert_eq!(of(unknown).await.status, 404, "{unknown}");
    }
}

#[tokio::test]
async fn refusals_of_the_own_apis_point_to_their_metadata() {
    let world = World::with_orgs().await;
    let parameter = |path: &str| format!("resource_metadata=\"{ISSUER}{METADATA}{path}\"");
    for (path, resource) in [
        (USERINFO, ""),
        ("/api/profile", ""),
        ("/api/wallet/list", ""),
        ("/api/v1/users", "/api/v1"),
        ("/v2/orgs/0123456789abcdef01234567/merits", "/v2"),
    ] {
        for token in ["", "Bearer nonsense", "Bearer a.b.c"] {
            let request = Request::get(path);
            let request = if token.is_empty() { request } else { request.header("authorization", token) };
            let answer = world.send(request.body(Body::empty()).unwrap()).await;
            assert_eq!(answer.status, 401, "{path} {token}: {}", answer.body);
            let challenge = answer.header("www-authenticate");
            assert!(
                challenge.starts_with("Bearer ") && challenge.ends_with(&parameter(resource)),
                "{path}: {challenge}"
            );
            let expose = answer.header("access-control-expose-headers");
            assert!(expose.is_empty() || expose.contains("WWW-Authenticate"), "{path}");
        }
    }
    // What takes no tokens asks for none.
    let sign_in =
        world.post_form("/api/auth/oauth2/token", &[("grant_type", "authorization_code"), ("client_id", "x")], &[]);
    assert_eq!(sign_in.await.header("www-authenticate"), "");
}
