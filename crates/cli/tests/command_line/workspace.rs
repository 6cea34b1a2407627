//! `sigma workspace` and `sigma api-key`, as an operator types them.

use serde_json::{Value, json};

use crate::support::Installation;

const BAKERY: &str = "bakery";

fn bakery(sigma: &Installation) -> Value {
    sigma.json(&["workspace", "add", "--slug", BAKERY, "--name", "Bakery"])
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
    assert!(text(&made["id"].take()).starts_with("org_"));
    for time in ["createdAt", "updatedAt"] {
        assert!(text(&made[time].take()).ends_with('Z'));
    }
    for role in [0, 1] {
        assert!(text(&made["roles"][role]["id"].take()).starts_with("role_"));
    }
    assert_eq!(
        made,
        json!({
            "id": null, "slug": BAKERY, "name": "Bakery", "quickLogins": false, "requireSecondFactor": false, "verified": false, "createdAt": null, "updatedAt": null,
            "people": 0, "apiKeys": 0, "roles": [{"id": null, "name": "Admin"}, {"id": null, "name": "Member"}],
            "branding": {},
            "quotas": {
                "api_keys": null, "members": null, "merits_per_day": null, "upload_mebibytes_per_day": null, "webhooks": null
            },
        })
    );
    let unnamed = sigma.json(&["workspace", "add", "--name", "Florist"]);
    assert!(text(&unnamed["id"]).starts_with("org_") && unnamed["slug"].is_null());
    let again = sigma.run(&["workspace", "add", "--slug", BAKERY, "--name", "Another", "--json"]);
    assert_eq!((again.code, &again.failure()["error"]), (4, &json!("refused")));
    let bad = ["../x", "a b", "", "ab", "Fine", "org_x", "org_0123456789abcdef01234567", "0123456789abcdef01234567"];
    for (name, slug) in [(" ", "fine"), ("a\u{7}", "fine")].into_iter().chain(bad.map(|slug| ("Fine", slug))) {
        assert_eq!(sigma.run(&["workspace", "add", "--name", name, "--slug", slug]).code, 2, "{name:?} {slug:?}");
    }
    for reserved in ["sigma", "sigma-x", "operator", "login"] {
        assert_eq!(sigma.run(&["workspace", "add", "--name", "Fine", "--slug", reserved]).code, 4, "{reserved}");
    }
}

#[test]
fn workspaces_are_listed_in_pages_changed_and_removed() {
    let sigma = Installation::new();
    let id = text(&bakery(&sigma)["id"]).to_owned();
    sigma.json(&["workspace", "add", "--slug", "florist", "--name", "Florist"]);
    let page = sigma.json(&["workspace", "list", "--limit", "1"]);
    assert_eq!((&page["items"][0]["slug"], &page["next"]), (&json!(BAKERY), &json!(id)));
    assert_eq!(sigma.json(&["workspace", "list", "--after", &id])["items"][0]["name"], "Florist");

    let changed = sigma.json(&["workspace", "set", BAKERY, "--name", "The '; DROP TABLE orgs; --", "--quick-logins"]);
    assert_eq!((&changed["name"], &changed["quickLogins"]), (&json!("The '; DROP TABLE orgs; --"), &json!(true)));
    let changed = sigma.json(&["workspace", "set", BAKERY, "--quick-logins", "false"]);
    assert_eq!((&changed["name"], &changed["quickLogins"]), (&json!("The '; DROP TABLE orgs; --"), &json!(false)));
    assert_eq!(sigma.run(&["workspace", "set", BAKERY]).code, 2, "nothing to change");
    let branded = sigma.json(&["workspace", "set", BAKERY, "--accent", "#3d46c2"]);
    assert_eq!(branded["branding"], json!({"accent": "#3d46c2"}));

    let hesitant = sigma.run(&["workspace", "remove", "florist"]);
    assert_eq!(hesitant.code, 4);
    assert!(hesitant.stderr.contains("--yes"), "{hesitant:?}");
    assert_eq!(sigma.json(&["workspace", "remove", "florist", "--yes"]), json!({"removed": "florist"}));
    for arguments in [
        ["workspace", "show", "florist"].as_slice(),
        &["workspace", "set", "florist", "--name", "x"],
        &["workspace", "secret", "florist"],
        &["workspace", "secret", "florist", "--rotate"],
        &["workspace", "remove", "florist", "--yes"],
        &["api-key", "list", "--workspace", "florist"],
        &["api-key", "add", "--workspace", "florist", "--name", "x", "--admin"],
    ] {
        let ran = sigma.run(&[arguments, &["--json"]].concat());
        assert_eq!((ran.code, &ran.failure()["error"]), (3, &json!("not_found")), "{arguments:?}: {ran:?}");
    }
    assert_eq!(sigma.run(&["app", "add", "--name", "Shop", "--redirect-uri", "https://shop.example.org/c"]).code, 0);
    assert_eq!(sigma.run(&["workspace", "remove", "operator", "--yes"]).code, 4, "the operator's own");
}

#[test]
fn a_workspace_is_named_by_slug_or_id_and_its_slug_may_change() {
    let sigma = Installation::new();
    let id = text(&bakery(&sigma)["id"]).to_owned();
    let digits = id.strip_prefix("org_").unwrap();
    for name in [BAKERY, &id, digits] {
        assert_eq!(sigma.json(&["workspace", "show", name])["id"], json!(id), "{name}");
        sigma.json(&["api-key", "add", "--workspace", name, "--name", "x", "--permission", "read"]);
        let app = ["app", "add", "--name", "App", "--grant-type", "client_credentials", "--workspace", name];
        assert_eq!(sigma.json(&app)["org"], json!(id));
        let created = sigma.json(&["audit", "--org", name, "--action", "workspace.create"]);
        assert_eq!(created["items"].as_array().unwrap().len(), 1);
    }
    assert_eq!(sigma.json(&["workspace", "set", &id, "--slug", "patisserie"])["slug"], "patisserie");
    assert_eq!(sigma.json(&["workspace", "show", "patisserie"])["id"], json!(id));
    assert_eq!(sigma.run(&["workspace", "show", BAKERY]).code, 3);
    let taken = sigma.run(&["workspace", "add", "--name", "Another", "--slug", BAKERY, "--json"]);
    assert_eq!((taken.code, &taken.failure()["error"]), (4, &json!("refused")), "its links would lead there");
    assert_eq!(sigma.json(&["workspace", "set", digits, "--slug", ""])["slug"], Value::Null);
    assert_eq!(sigma.run(&["workspace", "show", "patisserie"]).code, 3);
}

#[test]
fn the_secrets_of_a_workspace_are_a_key_set_and_rotate() {
    let sigma = Installation::new();
    bakery(&sigma);
    let before = sigma.json(&["workspace", "secret", BAKERY]);
    assert!(text(&before["workspaceId"]).starts_with("org_"));
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
fn a_workspace_without_credentials_has_no_key_to_rotate() {
    let sigma = Installation::new();
    bakery(&sigma);
    let keys = sigma.json(&["workspace", "credential-keys", BAKERY]);
    assert!(text(&keys["workspaceId"]).starts_with("org_"));
    assert_eq!(keys["keys"], json!([]));
    let refused = sigma.run(&["workspace", "credential-keys", BAKERY, "--rotate"]);
    assert_ne!(refused.code, 0, "{refused:?}");
    assert!(refused.stderr.contains("no key to replace"), "{refused:?}");
    let unknown = sigma.run(&["workspace", "credential-keys", "nowhere"]);
    assert!(unknown.stderr.contains("there is no workspace nowhere"), "{unknown:?}");
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
    sigma.json(&["workspace", "add", "--slug", "florist", "--name", "Florist"]);
    let id = text(&add_key(&sigma, &["--permission", "read"])["id"]).to_owned();
    let run = |command: &str, workspace: &str| {
        sigma.run(&["api-key", command, "--workspace", workspace, &id, "--json", "--yes"])
    };
    for command in ["deactivate", "remove"] {
        let foreign = run(command, "florist");
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
