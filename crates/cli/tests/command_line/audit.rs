//! `sigma audit`, as an operator types it.

use serde_json::Value;

use crate::support::{Installation, Ran, Running};

fn actions(page: &Value) -> Vec<&str> {
    page["items"].as_array().unwrap().iter().map(|item| item["action"].as_str().unwrap()).collect()
}

/// An installation in which the operator did some things.
fn busy() -> Installation {
    let sigma = Installation::with("");
    for arguments in [
        ["app", "add", "--client-id", "shop", "--name", "Shop", "--grant-type", "client_credentials"].as_slice(),
        &["app", "set", "shop", "--name", "The shop", "--disable"],
        &["app", "rotate-secret", "shop", "--yes"],
        &["resource", "add", "https://api.example.org", "--name", "API"],
        &["resource", "set", "https://api.example.org", "--name", "The API"],
        &["resource", "remove", "https://api.example.org", "--yes"],
        &["user", "add", "--email", "ada@example.org", "--name", "Ada", "--link"],
        &["user", "disable", "ada@example.org", "--yes"],
        &["user", "enable", "ada@example.org"],
        &["user", "reset", "ada@example.org"],
        &["app", "remove", "shop", "--yes"],
    ] {
        sigma.json(arguments);
    }
    sigma
}

#[test]
fn operator_commands_are_recorded_once_and_without_names() {
    let sigma = busy();
    let page = sigma.json(&["audit"]);
    let mut actions = actions(&page);
    actions.reverse();
    assert_eq!(
        actions,
        [
            "app.create",
            "app.change",
            "app.change",
            "resource.create",
            "resource.change",
            "resource.remove",
            "user.create",
            "credential.reset_link",
            "user.disable",
            "user.enable",
            "credential.reset_link",
            "app.remove"
        ]
    );
    for item in page["items"].as_array().unwrap() {
        assert_eq!(item["actor"]["kind"], "operator", "{item}");
        for nothing in ["address", "user_agent", "request_id"] {
            assert_eq!(item[nothing], Value::Null, "{item}");
        }
    }
    let text = page.to_string();
    assert!(!text.contains("ada@") && !text.contains("The shop") && !text.contains("Ada"), "{text}");
    let changes = sigma.json(&["audit", "--action", "app.change"]);
    assert_eq!(changes["items"][1]["details"]["changed"], serde_json::json!(["name", "disabled"]));
    assert_eq!(changes["items"][0]["details"]["changed"], serde_json::json!(["secret"]));
    let target = &changes["items"][0]["target"];
    assert_eq!(target["kind"], "app");
    assert!(target["id"].as_str().unwrap().starts_with("app_"), "{target}");
}

#[test]
fn commands_about_workspaces_and_keys_are_recorded() {
    let sigma = Installation::with("");
    drop(sigma.json(&["workspace", "add", "--slug", "bakery", "--name", "Bakery"]));
    for arguments in [
        ["workspace", "set", "bakery", "--slug", "patisserie"].as_slice(),
        &["workspace", "secret", "patisserie", "--rotate"],
        &["user", "add", "--email", "ada@example.org", "--link", "--workspace", "patisserie"],
        &["api-key", "add", "--workspace", "patisserie", "--name", "CI", "--admin"],
        &["workspace", "remove", "patisserie", "--yes"],
        &["keys", "rotate", "--now", "--alg", "ES256"],
        &["keys", "rotate", "--now", "--alg", "ES256"],
    ] {
        sigma.json(arguments);
    }
    let keys = sigma.json(&["keys", "list"]);
    let retired = keys["items"].as_array().unwrap().iter().find(|key| key["state"] == "retired").unwrap();
    sigma.json(&["keys", "revoke", retired["kid"].as_str().unwrap(), "--yes"]);
    let page = sigma.json(&["audit"]);
    let mut actions = actions(&page);
    actions.reverse();
    let expected = [
        "workspace.create",
        "workspace.change",
        "workspace.rotate_secret",
        "user.create",
        "credential.reset_link",
        "member.add",
        "api_key.create",
        "workspace.remove",
        "signing_key.create",
        "signing_key.create",
        "signing_key.retire",
        "signing_key.remove",
    ];
    assert_eq!(actions, expected);
    let changed = sigma.json(&["audit", "--action", "workspace.change"]);
    assert_eq!(changed["items"][0]["details"]["changed"], serde_json::json!(["slug"]));
    assert!(page["items"].as_array().unwrap().iter().all(|item| item["actor"]["kind"] == "operator"), "{page}");
}

#[test]
fn the_trail_is_filtered_by_action_actor_org_user_and_time() {
    let sigma = busy();
    let found = |arguments: &[&str]| {
        let page = sigma.json(&[&["audit"], arguments].concat());
        actions(&page).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(found(&["--action", "resource"]), ["resource.remove", "resource.change", "resource.create"]);
    assert_eq!(found(&["--action", "app.remove", "--action", "user.create"]), ["app.remove", "user.create"]);
    assert_eq!(found(&["--actor", "operator"]).len(), 12);
    assert_eq!(found(&["--actor", "system"]).len(), 0);
    assert_eq!(found(&["--org", "operator", "--action", "app"]).len(), 4);
    assert_eq!(found(&["--org", "org_ffffffffffffffffffffffff"]).len(), 0);
    let id = sigma.json(&["user", "show", "ada@example.org"])["id"].as_str().unwrap().to_owned();
    assert_eq!(found(&["--user", &id]).len(), 5);
    assert_eq!(found(&["--since", "1h"]).len(), 12);
    assert_eq!(found(&["--until", "1h"]).len(), 0);
    assert_eq!(found(&["--since", "2000-01-01", "--until", "2000-01-02T00:00:00Z"]).len(), 0);
    let text = sigma.run(&["audit", "--limit", "2"]);
    assert!(text.stdout.starts_with("TIME"), "{text:?}");
    assert!(text.stdout.contains("There are more: sigma audit --after"), "{text:?}");
    let none = sigma.run(&["audit", "--org", "org_ffffffffffffffffffffffff"]);
    assert_eq!((none.code, none.stdout.trim()), (0, "No matching events."));
}

#[test]
fn each_page_continues_after_the_previous_one() {
    let sigma = busy();
    let (mut seen, mut after) = (Vec::new(), None::<String>);
    loop {
        let page = match &after {
            Some(place) => sigma.json(&["audit", "--limit", "5", "--after", place]),
            None => sigma.json(&["audit", "--limit", "5"]),
        };
        seen.extend(page["items"].as_array().unwrap().iter().map(|item| item["id"].clone()));
        match page["next"].as_str() {
            Some(next) => after = Some(next.to_owned()),
            None => break,
        }
    }
    let all = sigma.json(&["audit"]);
    assert_eq!(seen, all["items"].as_array().unwrap().iter().map(|item| item["id"].clone()).collect::<Vec<_>>());
}

#[test]
fn invalid_filters_are_refused() {
    let sigma = busy();
    for arguments in [
        ["--action", "dance"],
        ["--action", "app."],
        ["--since", "yesterday"],
        ["--until", "7w"],
        ["--after", "x"],
        ["--after", "1-evt_x"],
        ["--limit", "0"],
    ] {
        let ran: Ran = sigma.run(&[["audit"].as_slice(), &arguments, &["--json"]].concat());
        assert_eq!((ran.code, ran.failure()["error"].as_str()), (2, Some("usage")), "{arguments:?}");
    }
    assert_eq!(sigma.run(&["audit", "--follow", "--until", "1h"]).code, 2);
}

#[test]
fn follow_prints_existing_events_and_then_new_ones() {
    let sigma = busy();
    let mut follower = Running::start(&sigma, &["audit", "--follow", "--json", "--limit", "1"]);
    assert_eq!(follower.json()["action"], "app.remove");
    sigma.json(&["user", "disable", "ada@example.org", "--yes"]);
    assert_eq!(follower.json()["action"], "user.disable");
    sigma.json(&["user", "enable", "ada@example.org"]);
    assert_eq!(follower.json()["action"], "user.enable");
    let mut filtered = Running::start(&sigma, &["audit", "--follow", "--action", "app"]);
    for action in ["app.create", "app.change", "app.change", "app.remove"] {
        assert!(filtered.line().contains(action));
    }
}
