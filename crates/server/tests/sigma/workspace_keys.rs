//! API keys (`docs/spec/workspaces.md#api-keys`).

use futures_util::future::join;
use serde_json::{Value, json};
use sigma_core::org::{KeyPermission, RolePermissions, Switch, Switches};

use crate::support::{Answer, As, TestOrg, World};

const KEYS: &str = "/api/v1/api-keys";
const ALL: [&str; 5] = ["read", "update-data", "delete-data", "update-model", "delete-model"];

async fn create(world: &World, who: As<'_>, name: &str, permissions: &[&str]) -> Answer {
    world.call(who, "POST", KEYS, &json!({"name": name, "permissions": permissions})).await
}

async fn works(world: &World, key: &str) -> bool {
    let answer = world.call(As::Key(key), "GET", "/api/v1/auth/me", &Value::Null).await;
    if answer.status != 200 {
        assert_eq!(answer.code(), "401 UNAUTHORIZED");
    }
    answer.status == 200
}

fn text(answer: &Answer, name: &str) -> String {
    answer.json()[name].as_str().unwrap_or_else(|| panic!("no {name}: {}", answer.body)).to_owned()
}

async fn admin(world: &World) -> (TestOrg<'_>, String) {
    let acme = world.org("Acme").await;
    let (_, token) = acme.add("ada@example.org", &acme.admin).await;
    (acme, token)
}

#[tokio::test]
async fn a_key_is_shown_once_and_listed_without_itself() {
    let world = World::with_orgs().await;
    let (acme, token) = admin(&world).await;
    let body = json!({"name": " CI ", "permissions": ["update-data", "read", "read"], "expiresAt": "2099-01-31T12:00:00+02:00"});
    let made = world.call(As::Token(&token), "POST", KEYS, &body).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let (id, key) = (text(&made, "id"), text(&made, "key"));
    let ada = crate::support::forge::claims(&token)["userId"].clone();
    assert!(key.starts_with("sigma_sk_live_") && key.len() == 52, "{key}");
    let mut item = json!({
        "id": id, "name": "CI", "permissions": ["read", "update-data"], "active": true,
        "madeBy": {"id": ada, "name": "ada"}, "createdAt": world.now().iso8601(), "lastUsedAt": null,
        "expiresAt": "2099-01-31T10:00:00.000Z",
    });
    let listed = world.call(As::Token(&token), "GET", KEYS, &Value::Null).await;
    assert_eq!(listed.json(), json!([item]));
    item["key"] = json!(key);
    assert_eq!(made.json(), item);
    assert!(works(&world, &key).await);
    let me = world.call(As::Key(&key), "GET", "/api/v1/auth/me", &Value::Null).await.json();
    assert_eq!(me["workspace"], json!({"id": acme.org.as_str(), "name": "Acme"}));
    assert_eq!(
        (&me["kind"], &me["key"]["id"], &me["permissions"]),
        (&json!("key"), &json!(id), &json!(["read", "update-data"]))
    );
    assert!(me.get("user").is_none() && me.get("role").is_none() && !me.to_string().contains(&key));
}

#[tokio::test]
async fn deactivating_a_key_is_final_and_includes_keys_it_created() {
    let world = World::with_orgs().await;
    let (acme, token) = admin(&world).await;
    let parent = create(&world, As::Token(&token), "parent", &ALL).await;
    let parent_key = text(&parent, "key");
    let child = create(&world, As::Key(&parent_key), "child", &ALL).await;
    let child_key = text(&child, "key");
    let grandchild = create(&world, As::Key(&child_key), "grandchild", &["read"]).await;
    let grandchild_key = text(&grandchild, "key");
    let sibling_key = acme.admin_key().await;
    for key in [&parent_key, &child_key, &grandchild_key, &sibling_key] {
        assert!(works(&world, key).await);
    }
    let path = format!("{KEYS}/{}/deactivate", text(&child, "id"));
    let off = world.call(As::Token(&token), "POST", &path, &Value::Null).await;
    assert_eq!((off.status.as_u16(), &off.json()["active"]), (200, &json!(false)));
    assert!(works(&world, &parent_key).await && works(&world, &sibling_key).await);
    assert!(!works(&world, &child_key).await && !works(&world, &grandchild_key).await);
    let again = world.call(As::Token(&token), "POST", &path, &Value::Null).await;
    assert_eq!((again.status.as_u16(), &again.json()["active"]), (200, &json!(false)), "once more changes nothing");
    // What is off makes nothing, and is removed.
    assert_eq!(create(&world, As::Key(&child_key), "x", &["read"]).await.status, 401);
    let path = format!("{KEYS}/{}", text(&parent, "id"));
    assert_eq!(
        world.call(As::Key(&parent_key), "DELETE", &path, &Value::Null).await.status,
        204,
        "a key may remove itself"
    );
    assert!(!works(&world, &parent_key).await);
    let gone = world.call(As::Token(&token), "DELETE", &path, &Value::Null).await;
    assert_eq!(gone.code(), "404 NOT_FOUND");
}

#[tokio::test]
async fn nobody_creates_changes_or_lists_keys_beyond_their_rights() {
    let world = World::with_orgs().await;
    let (acme, token) = admin(&world).await;
    let strong = create(&world, As::Token(&token), "strong", &ALL).await;
    let (_, four) = acme.key(&KeyPermission::ALL[..4]).await;
    let manager = RolePermissions { switches: [Switch::ManageApiKeys].into_iter().collect(), ..Default::default() };
    let manager = acme.role("Key manager", manager).await;
    let (_, manages_keys) = acme.add("bob@example.org", &manager).await;
    let (_, plain) = acme.add("eve@example.org", &acme.member).await;

    let no_key = "403 PERMISSION_DENIED";
    assert_eq!(create(&world, As::Key(&four), "x", &["read"]).await.code(), no_key);
    assert_eq!(world.call(As::Key(&four), "GET", KEYS, &Value::Null).await.code(), no_key);
    let no_role = "403 PERMISSION_DENIED";
    assert_eq!(create(&world, As::Token(&plain), "x", &["read"]).await.code(), no_role);
    assert_eq!(world.call(As::Token(&plain), "GET", KEYS, &Value::Null).await.code(), no_role);

    let beyond = "403 PERMISSION_DENIED";
    assert_eq!(create(&world, As::Token(&manages_keys), "x", &ALL).await.code(), beyond);
    assert_eq!(create(&world, As::Token(&manages_keys), "x", &["read"]).await.status, 201);
    assert_eq!(world.call(As::Token(&manages_keys), "GET", KEYS, &Value::Null).await.status, 200);
    for (method, end) in [("POST", "/deactivate"), ("DELETE", "")] {
        let path = format!("{KEYS}/{}{end}", text(&strong, "id"));
        assert_eq!(world.call(As::Token(&manages_keys), method, &path, &Value::Null).await.code(), beyond);
        let refused = world.call(As::Key(&four), method, &path, &Value::Null).await;
        assert_eq!(refused.code(), no_key);
    }
    assert!(works(&world, &text(&strong, "key")).await);
}

#[tokio::test]
async fn an_expired_key_is_rejected() {
    let world = World::with_orgs().await;
    let (_, token) = admin(&world).await;
    let expiry = world.now().plus(std::time::Duration::from_mins(1)).iso8601();
    let body = json!({"name": "short", "permissions": ["read"], "expiresAt": expiry});
    let key = text(&world.call(As::Token(&token), "POST", KEYS, &body).await, "key");
    world.advance(59);
    assert!(works(&world, &key).await);
    world.advance(1);
    assert!(!works(&world, &key).await);
}

#[tokio::test]
async fn malformed_keys_are_rejected() {
    let world = World::with_orgs().await;
    let (acme, _) = admin(&world).await;
    let key = acme.admin_key().await;
    let mut typo = key.clone().into_bytes();
    typo[20] = if typo[20] == b'a' { b'b' } else { b'a' };
    let typo = String::from_utf8(typo).unwrap();
    let stranger = sigma_core::org::ApiKeySecret::generate(&sigma_core::random::SeededRng::new(99));
    for bad in ["", " ", "sigma_sk_live_", &typo, &key[..51], &format!("{key}0"), stranger.expose(), "' OR 1=1 --"] {
        assert!(!works(&world, bad).await, "{bad}");
    }
    assert!(works(&world, &key).await);
}

#[tokio::test]
async fn invalid_keys_are_not_created() {
    let world = World::with_orgs().await;
    let (_, token) = admin(&world).await;
    let past = world.now().iso8601();
    let refused = [
        json!({}),
        json!({"name": "x"}),
        json!({"name": "", "permissions": ["read"]}),
        json!({"name": "x".repeat(101), "permissions": ["read"]}),
        json!({"name": "x\u{7}", "permissions": ["read"]}),
        json!({"name": "x", "permissions": []}),
        json!({"name": "x", "permissions": "read"}),
        json!({"name": "x", "permissions": ["Read"]}),
        json!({"name": "x", "permissions": ["read", "admin"]}),
        json!({"name": "x", "permissions": ["read"], "expiresAt": "tomorrow"}),
        json!({"name": "x", "permissions": ["read"], "expiresAt": 4_000_000_000_i64}),
        json!({"name": "x", "permissions": ["read"], "expiresAt": "2099-01-31T12:00:00"}),
        json!({"name": "x", "permissions": ["read"], "expiresAt": past}),
        json!({"name": "x", "permissions": ["read"], "expiresAt": "9999-12-31T23:59:59-23:59"}),
        json!({"name": "x", "permissions": ["read"], "expiresAt": "10000-01-01T00:00:00Z"}),
    ];
    for body in refused {
        let answer = world.call(As::Token(&token), "POST", KEYS, &body).await;
        assert_eq!(answer.code(), "400 VALIDATION_ERROR", "{body}: {}", answer.body);
    }
    assert_eq!(world.call(As::Token(&token), "GET", KEYS, &Value::Null).await.json(), json!([]));
}

#[tokio::test]
async fn the_last_use_is_written_beside_the_request_and_never_goes_back() {
    let world = World::with_orgs().await;
    let (acme, token) = admin(&world).await;
    let (_, key) = acme.key(&[KeyPermission::Read]).await;
    let last_used = async || {
        let listed = world.call(As::Token(&token), "GET", KEYS, &Value::Null).await;
        listed.json()[0]["lastUsedAt"].clone()
    };
    assert!(works(&world, &key).await);
    let first = world.now();
    assert_eq!(last_used().await, Value::Null);
    world.workspaces.write_key_uses().await.unwrap();
    assert_eq!(last_used().await, json!(first.iso8601()));
    world.advance(3);
    assert!(works(&world, &key).await);
    world.advance(4);
    assert!(works(&world, &key).await);
    let last = world.now();
    world.workspaces.write_key_uses().await.unwrap();
    world.workspaces.write_key_uses().await.unwrap();
    assert_eq!(last_used().await, json!(last.iso8601()));
    world.clock.set(first);
    assert!(works(&world, &key).await);
    world.workspaces.write_key_uses().await.unwrap();
    assert_eq!(last_used().await, json!(last.iso8601()), "another process was later");
}

#[tokio::test]
async fn deactivating_a_key_includes_keys_created_concurrently() {
    let world = World::with_orgs().await;
    let (acme, token) = admin(&world).await;
    for _ in 0..10 {
        let (id, key) = acme.key(&KeyPermission::ALL).await;
        let path = format!("{KEYS}/{id}/deactivate");
        let (made, off) = join(
            create(&world, As::Key(&key), "child", &["read"]),
            world.call(As::Token(&token), "POST", &path, &Value::Null),
        )
        .await;
        assert_eq!(off.status, 200, "{}", off.body);
        if made.status == 201 {
            assert!(!works(&world, &text(&made, "key")).await);
        } else {
            assert_eq!(made.status, 401, "{}", made.body);
        }
    }
}

#[tokio::test]
async fn keys_and_roles_per_workspace_are_limited() {
    let world = World::with_orgs().await;
    let (acme, token) = admin(&world).await;
    let org = acme.org.clone();
    // As many as there may be, but for the two roles that are there.
    let fill = move |tx: &mut dyn sigma_store::Tx| {
        for number in 0..198 {
            tx.execute(
                "INSERT INTO roles (org_id, id, name, name_folded, description, switches, schema_permissions,
                    catalog_permissions, schemas, catalogs, bytes, created_at, updated_at)
                 VALUES ($1, $2, $2, $2, '', 0, '[]', '[]', 0, 0, 0, 0, 0)",
                sigma_store::params![&org, format!("role_{number}")],
            )?;
        }
        for number in 0..500 {
            tx.execute(
                "INSERT INTO api_keys (org_id, id, name, hash, permissions, active, made_by_key, made_by_user, created_at,
                    last_used_at, expires_at)
                 VALUES ($1, $2, 'x', $3, 1, 0, NULL, NULL, 0, NULL, NULL)",
                sigma_store::params![&org, format!("key_{number}"), sigma_core::digest::Digest::of(number.to_string())],
            )?;
        }
        Ok(())
    };
    world.sigma.store.write(fill).await.unwrap();
    let refused = create(&world, As::Token(&token), "one more", &["read"]).await;
    assert_eq!(refused.code(), "409 CONFLICT");
    let refused = world.call(As::Token(&token), "POST", "/api/v1/roles", &json!({"name": "one more"})).await;
    assert_eq!(refused.code(), "409 CONFLICT");
    let listed = world.call(As::Token(&token), "GET", KEYS, &Value::Null).await.json();
    assert_eq!(listed.as_array().unwrap().len(), 500);
}

#[tokio::test]
async fn a_key_may_expire_at_the_last_second_there_is_and_each_other_cause_is_named() {
    let world = World::with_orgs().await;
    let (_, token) = admin(&world).await;
    let make = async |expiry: &str| {
        let body = json!({"name": "x", "permissions": ["read"], "expiresAt": expiry});
        world.call(As::Token(&token), "POST", KEYS, &body).await
    };
    for last in ["9999-12-31T23:59:59Z", "9999-12-31T23:59:59.999Z", "9999-12-31T00:00:00Z"] {
        let added = make(last).await;
        assert_eq!(added.status, 201, "{}", added.body);
        assert!(text(&added, "expiresAt").starts_with("9999-12-31T"), "{}", added.body);
        assert!(works(&world, &text(&added, "key")).await);
    }
    let past = world.now().iso8601();
    for expiry in [
        "tomorrow",
        "2099-01-31",
        "2099-02-30T00:00:00Z",
        "9999-12-31T23:59:59-00:01",
        past.as_str(),
        "0000-01-01T00:00:00+23:59",
    ] {
        assert_eq!(make(expiry).await.code(), "400 VALIDATION_ERROR", "{expiry}");
    }
}

/// The names of the keys that are active, and who made each.
async fn listed(world: &World, who: As<'_>) -> Vec<(String, bool, Value)> {
    let keys = world.call(who, "GET", KEYS, &Value::Null).await.json();
    let mut keys: Vec<_> = keys
        .as_array()
        .unwrap()
        .iter()
        .map(|key| (key["name"].as_str().unwrap().to_owned(), key["active"] == true, key["madeBy"].clone()))
        .collect();
    keys.sort_by(|one, other| one.0.cmp(&other.0));
    keys
}

#[tokio::test]
async fn a_removed_admin_keeps_no_keys_and_keys_record_their_creator() {
    let world = World::with_orgs().await;
    let (acme, token) = admin(&world).await;
    let operators = acme.admin_key().await;
    let (mal, mals) = acme.add("mal@example.org", &acme.admin).await;
    let strong = create(&world, As::Token(&mals), "a strong", &ALL).await;
    let strong_key = text(&strong, "key");
    let child = text(&create(&world, As::Key(&strong_key), "b child", &["read"]).await, "key");
    let path = format!("/api/v1/users/{mal}");
    for bad in ["?keys=", "?keys=all", "?keys=keep&keys=keep"] {
        let refused = world.call(As::Token(&token), "DELETE", &format!("{path}{bad}"), &Value::Null).await;
        assert_eq!(refused.code(), "400 VALIDATION_ERROR", "{bad}");
    }
    assert_eq!(world.call(As::Token(&token), "DELETE", &path, &Value::Null).await.status, 204);
    assert!(!works(&world, &strong_key).await && !works(&world, &child).await);
    let invite = json!({"email": "mal2@example.org", "name": "Mal", "roleId": acme.admin.as_str()});
    assert_eq!(world.call(As::Key(&strong_key), "POST", "/api/v1/users", &invite).await.status, 401);
    assert_eq!(
        listed(&world, As::Key(&operators)).await,
        [
            ("a strong".to_owned(), false, json!({"id": mal.as_str(), "name": "mal"})),
            ("b child".to_owned(), false, json!({"id": text(&strong, "id"), "name": "a strong"})),
            ("server".to_owned(), true, Value::Null),
        ]
    );
    let browser = world.entered("ada@example.org").await;
    let page = browser.get(&crate::support::at(&acme.org, &format!("keys/{}", text(&strong, "id")))).await.body;
    assert!(page.contains("by mal, who is no longer a member"), "{page}");
}

#[tokio::test]
async fn keys_beyond_remaining_rights_are_deactivated_unless_kept() {
    let world = World::with_orgs().await;
    let (acme, token) = admin(&world).await;
    let clerk = RolePermissions { switches: Switches::ALL, ..Default::default() };
    let (edited_role, kept_role) = (acme.role("Edited", clerk.clone()).await, acme.role("Kept", clerk).await);
    for (name, role, deed, left) in [
        ("removed", &acme.admin, "remove", vec![]),
        ("off", &acme.admin, "off", vec![]),
        ("less", &acme.admin, "less", vec!["read"]),
        ("edited", &edited_role, "edit", vec!["read"]),
        ("kept", &kept_role, "keep", vec!["all", "child", "read"]),
    ] {
        let (user, own) = acme.add(&format!("{name}@example.org"), role).await;
        let all = text(&create(&world, As::Token(&own), "all", &ALL).await, "key");
        let child = text(&create(&world, As::Key(&all), "child", &["read"]).await, "key");
        let read = text(&create(&world, As::Token(&own), "read", &["read"]).await, "key");
        let user_path = format!("/api/v1/users/{user}");
        let (method, path, body) = match deed {
            "remove" => ("DELETE", user_path, Value::Null),
            "off" => ("PATCH", user_path, json!({"active": false, "keys": "deactivate"})),
            "less" => ("PATCH", user_path, json!({"roleId": acme.member.as_str()})),
            "edit" => ("PUT", format!("/api/v1/roles/{role}"), json!({"name": "Edited"})),
            _ => ("PUT", format!("/api/v1/roles/{role}?keys=keep"), json!({"name": "Kept"})),
        };
        let done = world.call(As::Token(&token), method, &path, &body).await;
        assert!(done.status.is_success(), "{name}: {}", done.body);
        let mut working = Vec::new();
        for (key, what) in [(&all, "all"), (&child, "child"), (&read, "read")] {
            if works(&world, key).await {
                working.push(what);
            }
        }
        assert_eq!(working, left, "{name}");
    }
    for (name, body) in [("one", json!({"active": false})), ("two", json!({"roleId": acme.member.as_str()}))] {
        let (user, own) = acme.add(&format!("{name}@example.org"), &acme.admin).await;
        let key = text(&create(&world, As::Token(&own), "all", &ALL).await, "key");
        let mut kept = body.clone();
        kept["keys"] = json!("keep");
        let path = format!("/api/v1/users/{user}");
        assert_eq!(world.call(As::Token(&token), "PATCH", &path, &kept).await.status, 200);
        assert!(works(&world, &key).await, "{body}");
        let gone = world.call(As::Token(&token), "DELETE", &format!("{path}?keys=keep"), &Value::Null).await;
        assert_eq!(gone.status, 204);
        assert!(works(&world, &key).await, "{body}");
    }
    let (user, _) = acme.add("odd@example.org", &acme.member).await;
    let path = format!("/api/v1/users/{user}");
    for odd in [json!("all"), json!(""), json!(true)] {
        let refused = world.call(As::Token(&token), "PATCH", &path, &json!({"active": false, "keys": odd})).await;
        assert_eq!(refused.code(), "400 VALIDATION_ERROR", "{}", refused.body);
    }
}

#[tokio::test]
async fn the_pages_let_admins_keep_keys_of_leaving_members() {
    let world = World::with_orgs().await;
    let acme = world.org("Acme").await;
    let (_, browser) = world.admin_of(&acme).await;
    for (name, form, stays) in [("eve", vec![], false), ("bob", vec![("keep_keys", "true")], true)] {
        let (user, own) = acme.add(&format!("{name}@example.org"), &acme.admin).await;
        let person = crate::support::at(&acme.org, &format!("people/{user}"));
        assert!(!browser.get(&person).await.body.contains("keep_keys"), "there is none");
        let key = text(&create(&world, As::Token(&own), "all", &ALL).await, "key");
        let page = browser.get(&person).await.body;
        assert_eq!(page.matches("name=\"keep_keys\"").count(), 3, "to change, deactivate and end: {page}");
        assert_eq!(browser.post_form(&format!("{person}/end"), &form).await.status, 303);
        assert_eq!(works(&world, &key).await, stays, "{name}");
    }
}
