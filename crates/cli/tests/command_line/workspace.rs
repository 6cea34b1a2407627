//! `sigma workspace` and `sigma api-key`, as an operator types them.

use serde_json::{Value, json};

use crate::support::Installation;

const BAKERY: &str = "org_bakery";

fn bakery(sigma: &Installation) -> Value {
    sigma.json(&["workspace", "add", "--id", BAKERY, "--name", "Bakery"])
}

fn add_key(sigma: &Installation, arguments: &[&str]) -> Value {
    sigma.json(&[["api-key", "add", "--workspace", BAKERY, "--name", "Importer"].as_slice(), arguments].concat())
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value}"))
}

#[test]
fn a_workspace_with_two_roles_is_created_before_the_first_start() {
    let sigma = Installation::new();
    let mut made = bakery(&sigma);
    for time in ["createdAt", "updatedAt"] {
        assert!(text(&made[time].take()).ends_with('Z'));
    }
    for role in [0, 1] {
        assert!(text(&made["roles"][role]["id"].take()).starts_with("role_"));
    }
    assert_eq!(
        made,
        json!({
            "id": BAKERY, "name": "Bakery", "quickLogins": false, "createdAt": null, "updatedAt": null, "people": 0,
            "apiKeys": 0, "roles": [{"id": null, "name": "Admin"}, {"id": null, "name": "Member"}]
        })
    );
    let unnamed = sigma.json(&["workspace", "add", "--name", "Florist"]);
    assert!(text(&unnamed["id"]).starts_with("org_"));
    let again = sigma.run(&["workspace", "add", "--id", BAKERY, "--name", "Another", "--json"]);
    assert_eq!((again.code, &again.failure()["error"]), (4, &json!("refused")));
    for (name, id) in [(" ", "org_x"), ("a\u{7}", "org_x"), ("Fine", "../x"), ("Fine", "a b"), ("Fine", "")] {
        assert_eq!(sigma.run(&["workspace", "add", "--name", name, "--id", id]).code, 2, "{name:?} {id:?}");
    }
}

#[test]
fn workspaces_are_listed_in_pages_changed_and_removed() {
    let sigma = Installation::new();
    bakery(&sigma);
    sigma.json(&["workspace", "add", "--id", "org_florist", "--name", "Florist"]);
    let page = sigma.json(&["workspace", "list", "--limit", "1"]);
    assert_eq!((&page["items"][0]["id"], &page["next"]), (&json!(BAKERY), &json!(BAKERY)));
    assert_eq!(sigma.json(&["workspace", "list", "--after", BAKERY])["items"][0]["name"], "Florist");

    let changed = sigma.json(&["workspace", "set", BAKERY, "--name", "The '; DROP TABLE orgs; --", "--quick-logins"]);
    assert_eq!((&changed["name"], &changed["quickLogins"]), (&json!("The '; DROP TABLE orgs; --"), &json!(true)));
    let changed = sigma.json(&["workspace", "set", BAKERY, "--quick-logins", "false"]);
    assert_eq!((&changed["name"], &changed["quickLogins"]), (&json!("The '; DROP TABLE orgs; --"), &json!(false)));
    assert_eq!(sigma.run(&["workspace", "set", BAKERY]).code, 2, "nothing to change");

    let hesitant = sigma.run(&["workspace", "remove", "org_florist"]);
    assert_eq!(hesitant.code, 4);
    assert!(hesitant.stderr.contains("--yes"), "{hesitant:?}");
    assert_eq!(sigma.json(&["workspace", "remove", "org_florist", "--yes"]), json!({"removed": "org_florist"}));
    for arguments in [
        ["workspace", "show", "org_florist"].as_slice(),
        &["workspace", "set", "org_florist", "--name", "x"],
        &["workspace", "secret", "org_florist"],
        &["workspace", "secret", "org_florist", "--rotate"],
        &["workspace", "remove", "org_florist", "--yes"],
        &["api-key", "list", "--workspace", "org_florist"],
        &["api-key", "add", "--workspace", "org_florist", "--name", "x", "--admin"],
    ] {
        let ran = sigma.run(&[arguments, &["--json"]].concat());
        assert_eq!((ran.code, &ran.failure()["error"]), (3, &json!("not_found")), "{arguments:?}: {ran:?}");
    }
    assert_eq!(sigma.run(&["app", "add", "--name", "Shop", "--redirect-uri", "https://shop.example.org/c"]).code, 0);
    assert_eq!(sigma.run(&["workspace", "remove", "org_operator", "--yes"]).code, 4, "the operator's own");
}

#[test]
fn the_secrets_of_a_workspace_are_a_key_set_and_rotate() {
    let sigma = Installation::new();
    bakery(&sigma);
    let before = sigma.json(&["workspace", "secret", BAKERY]);
    assert_eq!(before["workspaceId"], BAKERY);
    let [key] = before["keys"].as_array().unwrap().as_slice() else { panic!("{before}") };
    assert_eq!((&key["kty"], &key["alg"], text(&key["k"]).len()), (&json!("oct"), &json!("HS256"), 43));
    let after = sigma.json(&["workspace", "secret", BAKERY, "--rotate"]);
    assert_eq!(after["keys"].as_array().unwrap().len(), 2);
    assert_eq!(after["keys"][1], before["keys"][0], "the old one still verifies");
    assert_ne!(after["keys"][0]["k"], before["keys"][0]["k"]);
    assert_eq!(sigma.json(&["workspace", "secret", BAKERY]), after);
    for arguments in [["workspace", "show", BAKERY].as_slice(), &["workspace", "list"]] {
        assert!(!sigma.run(arguments).stdout.contains(text(&key["k"])));
    }
    std::fs::write(sigma.path().join("sigma.key"), "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n").unwrap();
    let foreign = sigma.run(&["workspace", "secret", BAKERY]);
    assert_eq!(foreign.code, 5, "{foreign:?}");
    assert!(foreign.stderr.contains("another master key"), "{foreign:?}");
}

#[test]
fn a_key_is_shown_once() {
    let sigma = Installation::new();
    bakery(&sigma);
    let made = add_key(&sigma, &["--permission", "update-data", "--permission", "read"]);
    let key = text(&made["key"]);
    assert!(key.starts_with("sigma_sk_live_") && key.len() == 52, "{key}");
    assert_eq!(made["permissions"], json!(["read", "update-data"]));
    assert_eq!((&made["active"], &made["lastUsedAt"], &made["expiresAt"]), (&json!(true), &json!(null), &json!(null)));
    let listed = sigma.json(&["api-key", "list", "--workspace", BAKERY]);
    let mut shown = made.clone();
    shown.as_object_mut().unwrap().remove("key");
    assert_eq!(listed, json!({"items": [shown], "next": null}));
    let named = ["--workspace", BAKERY, text(&made["id"])];
    for arguments in [["api-key", "list", "--workspace", BAKERY].as_slice(), &["workspace", "show", BAKERY]] {
        assert!(!sigma.run(arguments).stdout.contains(key));
    }
    assert!(!sigma.run(&[["api-key", "deactivate", "--yes"].as_slice(), &named].concat()).stdout.contains(key));
    if let Some(file) = sigma.file() {
        let database = std::fs::read(file).unwrap();
        assert!(!database.windows(key.len()).any(|window| window == key.as_bytes()), "only its digest is stored");
    }
}

#[test]
fn a_key_needs_permissions_and_may_be_an_admin_key_or_expire() {
    let sigma = Installation::new();
    bakery(&sigma);
    let all = add_key(&sigma, &["--admin", "--days", "90"]);
    assert_eq!(all["permissions"], json!(["read", "update-data", "delete-data", "update-model", "delete-model"]));
    assert!(text(&all["expiresAt"]) > text(&all["createdAt"]), "{all}");
    for arguments in [
        [].as_slice(),
        &["--permission", "everything"],
        &["--admin", "--permission", "read"],
        &["--admin", "--days", "0"],
    ] {
        let command = [["api-key", "add", "--workspace", BAKERY, "--name", "x"].as_slice(), arguments].concat();
        assert_eq!(sigma.run(&command).code, 2, "{arguments:?}");
    }
    assert_eq!(sigma.run(&["api-key", "add", "--workspace", BAKERY, "--name", "", "--admin"]).code, 2);
}

#[test]
fn a_key_is_deactivated_permanently_and_removed() {
    let sigma = Installation::new();
    bakery(&sigma);
    sigma.json(&["workspace", "add", "--id", "org_florist", "--name", "Florist"]);
    let id = text(&add_key(&sigma, &["--permission", "read"])["id"]).to_owned();
    let run = |command: &str, workspace: &str| {
        sigma.run(&["api-key", command, "--workspace", workspace, &id, "--json", "--yes"])
    };
    for command in ["deactivate", "remove"] {
        let foreign = run(command, "org_florist");
        assert_eq!((foreign.code, &foreign.failure()["error"]), (3, &json!("not_found")), "{command}");
    }
    for command in ["deactivate", "remove"] {
        let unsure = sigma.run(&["api-key", command, "--workspace", BAKERY, &id]);
        assert!(unsure.code == 4 && unsure.stderr.contains("confirm with --yes"), "{unsure:?}");
        assert_eq!(sigma.json(&["api-key", "list", "--workspace", BAKERY])["items"][0]["active"], true);
    }
    assert_eq!(run("deactivate", BAKERY).code, 0);
    assert_eq!(run("deactivate", BAKERY).code, 0, "once more does no harm");
    assert_eq!(sigma.json(&["api-key", "list", "--workspace", BAKERY])["items"][0]["active"], false);
    assert_eq!(sigma.json(&["workspace", "show", BAKERY])["apiKeys"], 0);
    assert!(sigma.run(&["api-key", "list", "--workspace", BAKERY]).stdout.contains("deactivated"));
    assert_eq!(run("remove", BAKERY).code, 0);
    assert_eq!(run("remove", BAKERY).code, 3);
    assert_eq!(sigma.json(&["api-key", "list", "--workspace", BAKERY])["items"], json!([]));
}
