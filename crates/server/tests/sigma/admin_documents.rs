//! Apps that documents elsewhere describe, and blocks of them, by the management API.

use serde_json::json;
use sigma_core::operator::OperatorRole;

use crate::admin_api::{add_app, call, own_token, token_of};
use crate::console::operator;
use crate::support::client_host::{CALLBACK, ClientHost, HOST};
use crate::support::{Browser, Key, World, text};

/// A part of a path.
fn segment(text: &str) -> String {
    text.replace(':', "%3A").replace('/', "%2F")
}

#[tokio::test]
async fn documents_are_listed_and_blocked_by_host_and_address() {
    let host = ClientHost::serve().await;
    let world = World::reading(&host).await;
    add_app(&world).await;
    let token = text(&own_token(&world, "sigma:admin:write").await, "access_token").to_owned();
    let browser = world.browser();
    browser.sign_up(&Key::named("ada")).await;
    let client_id = host.client_id();
    browser.get(&Browser::request(&[("client_id", &client_id), ("redirect_uri", CALLBACK)])).await;

    let listed = call(&world, &token, "GET", "client-documents").await.json();
    let document = &listed["items"][0];
    assert_eq!(
        (&document["client_id"], &document["name"], &document["used"], &document["blocked"], &listed["next"]),
        (&json!(client_id), &json!("Tool Runner"), &json!(false), &json!(false), &json!(null)),
        "{listed}"
    );
    let elsewhere = call(&world, &token, "GET", "client-documents?host=elsewhere.example.org").await.json();
    assert_eq!(elsewhere["items"], json!([]));
    assert_eq!(call(&world, &token, "GET", "client-documents?after=nothing").await.status, 400);

    let (whole, one) = (format!("document-blocks/{HOST}"), format!("document-blocks/{}", segment(&client_id)));
    for (path, apps) in [(&whole, 1), (&whole, 0), (&one, 0)] {
        let blocked = call(&world, &token, "PUT", path).await;
        assert_eq!((blocked.status.as_u16(), &blocked.json()["apps"]), (200, &json!(apps)), "{path}: {}", blocked.body);
        assert!(blocked.json()["since"].is_string(), "{}", blocked.body);
    }
    let listed = call(&world, &token, "GET", &format!("client-documents?host={HOST}")).await.json();
    assert_eq!(listed["items"][0]["blocked"], true);
    // In the order of names, by page.
    let first = call(&world, &token, "GET", "document-blocks?limit=1").await.json();
    let after = format!("document-blocks?limit=1&after={}", segment(text(&first, "next")));
    let second = call(&world, &token, "GET", &after).await.json();
    assert_eq!((&first["items"][0]["subject"], &second["next"]), (&json!(HOST), &json!(null)), "{first} {second}");
    assert_eq!(second["items"][0]["subject"], json!(client_id));

    // What another block covers stays blocked.
    for (path, apps) in [(&whole, 0), (&one, 1)] {
        let taken_back = call(&world, &token, "DELETE", path).await;
        assert_eq!(
            (taken_back.status.as_u16(), &taken_back.json()["apps"]),
            (200, &json!(apps)),
            "{}",
            taken_back.body
        );
        assert_eq!(call(&world, &token, "DELETE", path).await.status, 404, "{path}");
    }
    let malformed = call(&world, &token, "PUT", "document-blocks/no%20host").await;
    assert_eq!((malformed.status.as_u16(), &malformed.json()["code"]), (400, &json!("invalid_request")));
    assert_eq!(call(&world, &token, "DELETE", "document-blocks/no%20host").await.status, 404);

    // Each block is one event, whether or not it is about an app that is known.
    for action in ["client_document.block", "client_document.unblock"] {
        let events = call(&world, &token, "GET", &format!("events?action={action}")).await.json();
        let mut told: Vec<_> =
            events["items"].as_array().unwrap().iter().map(|event| text(&event["target"], "id").to_owned()).collect();
        told.sort_unstable();
        assert_eq!(told, [HOST, client_id.as_str()], "{events}");
    }
}

#[tokio::test]
async fn of_the_people_of_the_console_owners_and_admins_block() {
    let world = World::new().await;
    add_app(&world).await;
    for (role, reads, writes) in [
        (OperatorRole::Owner, 200, 200),
        (OperatorRole::Admin, 200, 200),
        (OperatorRole::Support, 403, 403),
        (OperatorRole::Auditor, 200, 403),
    ] {
        let (browser, _) = operator(&world, role.as_str(), role).await;
        let token = token_of(&world, &browser, "openid sigma:admin:read sigma:admin:write").await;
        for (method, path, status) in [
            ("GET", "client-documents", reads),
            ("GET", "document-blocks", reads),
            ("PUT", "document-blocks/tools.example.net", writes),
            ("DELETE", "document-blocks/tools.example.net", writes),
        ] {
            assert_eq!(call(&world, &token, method, path).await.status, status, "{method} {path}: {}", role.as_str());
        }
    }
}
