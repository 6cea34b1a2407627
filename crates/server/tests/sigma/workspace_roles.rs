//! Roles: made, replaced, resolved, removed (`docs/spec/workspaces.md#roles`).

use serde_json::{Value, json};
use sigma_core::org::{KeyPermission, RolePermissions, Switch};

use crate::support::{As, World};

const ROLES: &str = "/api/v1/roles";

fn role(id: &str, name: &str, on: &[&str]) -> Value {
    let mut role = json!({
        "id": id, "name": name, "description": "",
        "canManageSchemas": false, "canManageRoles": false, "canManageDimensions": false, "canManageOptionLists": false,
        "canExport": false, "canImport": false, "canManageUsers": false, "canManageApiKeys": false,
        "schemaPermissions": [], "catalogPermissions": [],
    });
    for switch in on {
        role[*switch] = json!(true);
    }
    role
}

#[tokio::test]
async fn a_workspace_begins_with_an_admin_and_a_member() {
    let world = World::with_orgs().await;
    let acme = world.org("Acme").await;
    let (_, token) = acme.add("ada@example.org", &acme.admin).await;
    let listed = world.call(As::Token(&token), "GET", ROLES, &Value::Null).await.json();
    let mut roles = listed.as_array().unwrap().clone();
    for role in &mut roles {
        role["description"] = json!("");
    }
    let mut expected = vec![
        role(
            acme.admin.as_str(),
            "Admin",
            &[
                "canManageSchemas",
                "canManageRoles",
                "canManageDimensions",
                "canManageOptionLists",
                "canExport",
                "canImport",
                "canManageUsers",
                "canManageApiKeys",
            ],
        ),
        role(acme.member.as_str(), "Member", &[]),
    ];
    let by_name = |role: &Value| role["name"].as_str().unwrap().to_owned();
    roles.sort_by_key(by_name);
    expected.sort_by_key(by_name);
    assert_eq!(roles, expected);
}

#[tokio::test]
async fn a_role_is_made_shown_replaced_and_removed() {
    let world = World::with_orgs().await;
    let acme = world.org("Acme").await;
    let (_, token) = acme.add("ada@example.org", &acme.admin).await;
    let ada = As::Token(&token);
    let mut editor = role("editor", "Editor", &["canExport"]);
    editor["schemaPermissions"] =
        json!([{"schemaId": "invoices", "default": "hidden", "attributes": {"total": "read", "note": "write"}}]);
    editor["catalogPermissions"] = json!([{"catalogId": "colours", "canView": true, "canAssign": false}]);
    editor["permissions"] = json!(["invoices:approve", "parts/order"]);
    let made = world.call(ada, "POST", ROLES, &editor).await;
    assert_eq!((made.status.as_u16(), made.json()), (201, editor.clone()));
    let path = format!("{ROLES}/editor");
    assert_eq!(world.call(ada, "GET", &path, &Value::Null).await.json(), editor);
    // What was answered can be sent back changed; what is left out is off.
    let mut changed = editor.clone();
    changed["name"] = json!("Reader");
    changed.as_object_mut().unwrap().remove("schemaPermissions");
    changed["canExport"] = json!(false);
    let replaced = world.call(ada, "PUT", &path, &changed).await;
    changed["schemaPermissions"] = json!([]);
    assert_eq!((replaced.status.as_u16(), replaced.json()), (200, changed.clone()));
    assert_eq!(world.call(ada, "GET", &path, &Value::Null).await.json(), changed);
    assert_eq!(world.call(ada, "DELETE", &path, &Value::Null).await.status, 204);
    for (method, body) in [("GET", Value::Null), ("PUT", changed), ("DELETE", Value::Null)] {
        let gone = world.call(ada, method, &path, &body).await;
        assert_eq!(gone.code(), "404 NOT_FOUND");
    }
    let unnamed = world.call(ada, "POST", ROLES, &json!({"name": "Made"})).await.json();
    assert!(unnamed["id"].as_str().unwrap().starts_with("role_"));
}

#[tokio::test]
async fn attributes_take_their_own_level_then_the_schemas_then_the_roles() {
    let world = World::with_orgs().await;
    let acme = world.org("Acme").await;
    let (_, admin) = acme.add("ada@example.org", &acme.admin).await;
    let (_, member) = acme.add("bob@example.org", &acme.member).await;
    let body = json!({
        "id": "clerk", "name": "Clerk",
        "schemaPermissions": [{"schemaId": "invoices", "default": "hidden", "attributes": {"total": "read", "note": "write"}}],
    });
    assert_eq!(world.call(As::Token(&admin), "POST", ROLES, &body).await.status, 201);
    let resolve = async |role: &str, schema: &str, names: &[&str]| {
        let path = format!("{ROLES}/{role}/resolve");
        let body = json!({"schemaId": schema, "attributes": names});
        world.call(As::Token(&member), "POST", &path, &body).await.json()
    };
    assert_eq!(
        resolve("clerk", "invoices", &["total", "note", "margin", "total"]).await,
        json!({"schemaId": "invoices", "attributes": {"total": "read", "note": "write", "margin": "hidden"}})
    );
    assert_eq!(resolve("clerk", "orders", &["x"]).await["attributes"], json!({"x": "read"}));
    assert_eq!(resolve(acme.admin.as_str(), "orders", &["x"]).await["attributes"], json!({"x": "write"}));
    assert_eq!(resolve("clerk", "orders", &[]).await["attributes"], json!({}));
    let missing = world
        .call(As::Token(&member), "POST", "/api/v1/roles/nothing/resolve", &json!({"schemaId": "a", "attributes": []}))
        .await;
    assert_eq!(missing.code(), "404 NOT_FOUND");
    let (_, blind) = acme.key(&[KeyPermission::UpdateData]).await;
    for (method, path) in
        [("GET", ROLES.to_owned()), ("GET", format!("{ROLES}/clerk")), ("POST", format!("{ROLES}/clerk/resolve"))]
    {
        let body = if method == "GET" { Value::Null } else { json!({"schemaId": "a", "attributes": []}) };
        let refused = world.call(As::Key(&blind), method, &path, &body).await;
        assert_eq!(refused.code(), "403 PERMISSION_DENIED");
    }
}

#[tokio::test]
async fn invalid_roles_are_rejected() {
    let world = World::with_orgs().await;
    let acme = world.org("Acme").await;
    let (_, token) = acme.add("ada@example.org", &acme.admin).await;
    let schema = |id: &str| json!({"schemaId": id, "default": "read", "attributes": {}});
    let many: Vec<Value> = (0..2_000).map(|number| schema(&format!("{number:0>150}"))).collect();
    let refused = [
        json!({}),
        json!({"name": " "}),
        json!({"name": "x".repeat(101)}),
        json!({"name": 5}),
        json!({"name": "x", "id": ""}),
        json!({"name": "x", "id": "a b"}),
        json!({"name": "x", "id": "a/../b"}),
        json!({"name": "x", "id": "x".repeat(65)}),
        json!({"name": "x", "description": "x".repeat(1_001)}),
        json!({"name": "x", "canExport": "yes"}),
        json!({"name": "x", "canExport": 1}),
        json!({"name": "x", "schemaPermissions": {}}),
        json!({"name": "x", "schemaPermissions": [{}]}),
        json!({"name": "x", "schemaPermissions": [["a", "read", {}]]}),
        json!({"name": "x", "catalogPermissions": [["a", true, true]]}),
        json!({"name": "x", "schemaPermissions": [{"schemaId": "a", "default": "Write"}]}),
        json!({"name": "x", "schemaPermissions": [{"schemaId": "a", "attributes": {"b": "none"}}]}),
        json!({"name": "x", "schemaPermissions": [{"schemaId": "a", "attributes": ["b"]}]}),
        json!({"name": "x", "schemaPermissions": [schema("a"), schema("a")]}),
        json!({"name": "x", "catalogPermissions": [{"catalogId": "a"}, {"catalogId": "a"}]}),
        json!({"name": "x", "schemaPermissions": many}),
    ];
    for body in refused {
        let answer = world.call(As::Token(&token), "POST", ROLES, &body).await;
        assert_eq!(answer.code(), "400 VALIDATION_ERROR", "{body}");
    }
    assert_eq!(world.call(As::Token(&token), "POST", ROLES, &json!({"name": "One", "id": "one"})).await.status, 201);
    let conflicts = [json!({"name": "Two", "id": "one"}), json!({"name": "oNE"}), json!({"name": "ADMIN"})];
    for body in conflicts {
        let answer = world.call(As::Token(&token), "POST", ROLES, &body).await;
        assert_eq!(answer.code(), "409 CONFLICT", "{body}");
    }
    let made = world.call(As::Token(&token), "POST", ROLES, &json!({"name": "Cafe\u{301}"})).await;
    assert_eq!((made.status.as_u16(), &made.json()["name"]), (201, &json!("Café")), "as composed");
    for same in ["Café", "CAFE\u{301}", "ｃａｆé", "Ca\u{200d}fé"] {
        let answer = world.call(As::Token(&token), "POST", ROLES, &json!({"name": same})).await;
        assert_eq!(answer.code(), "409 CONFLICT", "{same}");
    }
    let renamed = world.call(As::Token(&token), "PUT", "/api/v1/roles/one", &json!({"name": "admin"})).await;
    assert_eq!(renamed.code(), "409 CONFLICT");
}

#[tokio::test]
async fn a_role_in_use_cannot_be_deleted() {
    let world = World::with_orgs().await;
    let acme = world.org("Acme").await;
    let (_, token) = acme.add("ada@example.org", &acme.admin).await;
    acme.add("bob@example.org", &acme.member).await;
    let path = format!("{ROLES}/{}", acme.member);
    let refused = world.call(As::Token(&token), "DELETE", &path, &Value::Null).await;
    assert_eq!(refused.code(), "409 CONFLICT");
}

#[tokio::test]
async fn nobody_creates_or_edits_a_role_beyond_their_rights() {
    let world = World::with_orgs().await;
    let acme = world.org("Acme").await;
    acme.add("ada@example.org", &acme.admin).await;
    let switches = [Switch::ManageRoles, Switch::Export].into_iter().collect();
    let manager = acme.role("Role manager", RolePermissions { switches, ..Default::default() }).await;
    let (_, token) = acme.add("bob@example.org", &manager).await;
    let (_, plain) = acme.add("eve@example.org", &acme.member).await;
    let (_, four) = acme.key(&KeyPermission::ALL[1..]).await;
    let bob = As::Token(&token);
    assert_eq!(world.call(bob, "POST", ROLES, &json!({"name": "x", "canExport": true})).await.status, 201);
    let beyond = "403 PERMISSION_DENIED";
    let stronger = [
        json!({"name": "y", "canImport": true}),
        json!({"name": "y", "canManageUsers": true}),
        json!({"name": "y", "schemaPermissions": [{"schemaId": "a", "default": "write"}]}),
        json!({"name": "y", "schemaPermissions": [{"schemaId": "a", "attributes": {"b": "write"}}]}),
    ];
    for body in stronger {
        assert_eq!(world.call(bob, "POST", ROLES, &body).await.code(), beyond, "{body}");
        assert_eq!(world.call(bob, "PUT", &format!("{ROLES}/{manager}"), &body).await.code(), beyond, "{body}");
    }
    let admin = format!("{ROLES}/{}", acme.admin);
    assert_eq!(world.call(bob, "PUT", &admin, &json!({"name": "Admin"})).await.code(), beyond);
    assert_eq!(world.call(bob, "DELETE", &admin, &Value::Null).await.code(), beyond);
    for who in [As::Token(&plain), As::Key(&four)] {
        for (method, path) in
            [("POST", ROLES.to_owned()), ("PUT", format!("{ROLES}/{manager}")), ("DELETE", admin.clone())]
        {
            let body = if method == "DELETE" { Value::Null } else { json!({"name": "z"}) };
            let refused = world.call(who, method, &path, &body).await;
            assert_eq!(refused.code(), "403 PERMISSION_DENIED", "{method} {path}");
        }
    }
}

#[tokio::test]
async fn the_last_admins_role_is_not_weakened() {
    let world = World::with_orgs().await;
    let acme = world.org("Acme").await;
    let (_, token) = acme.add("ada@example.org", &acme.admin).await;
    let path = format!("{ROLES}/{}", acme.admin);
    let mut weaker = world.call(As::Token(&token), "GET", &path, &Value::Null).await.json();
    weaker["canManageUsers"] = json!(false);
    let last = "409 CONFLICT";
    assert_eq!(world.call(As::Token(&token), "PUT", &path, &weaker).await.code(), last);
    let key = acme.admin_key().await;
    assert_eq!(world.call(As::Key(&key), "PUT", &path, &weaker).await.code(), last);
    let other = acme.role("Owner", RolePermissions::admin()).await;
    acme.add("bob@example.org", &other).await;
    assert_eq!(world.call(As::Token(&token), "PUT", &path, &weaker).await.status, 200);
    // It holds at once, for the token that is out.
    let refused = world.call(As::Token(&token), "GET", "/api/v1/users", &Value::Null).await;
    assert_eq!(refused.code(), "403 PERMISSION_DENIED");
}

#[tokio::test]
async fn the_roles_of_a_workspace_make_one_answer_of_about_a_mebibyte_at_most() {
    let world = World::with_orgs().await;
    let acme = world.org("Acme").await;
    let (_, token) = acme.add("ada@example.org", &acme.admin).await;
    let (_, member) = acme.add("bob@example.org", &acme.member).await;
    // As wide as a role may be, in letters that take one byte and in letters that take four.
    let wide = |number: usize, letter: &str| {
        let attributes: serde_json::Map<_, _> =
            (0..900).map(|at| (format!("{at:04}{}", letter.repeat(120 / letter.len())), json!("write"))).collect();
        json!({"name": format!("Wide {number}"), "schemaPermissions": [{"schemaId": "s", "attributes": attributes}]})
    };
    let mut made = 0;
    let refused = loop {
        let body = wide(made, if made % 2 == 0 { "x" } else { "\u{1F600}" });
        let answer = world.call(As::Token(&token), "POST", ROLES, &body).await;
        if answer.status != 201 {
            break answer;
        }
        made += 1;
    };
    assert_eq!(refused.code(), "409 CONFLICT");
    assert!((7..=9).contains(&made), "{made}");
    let listed = world.call(As::Token(&member), "GET", ROLES, &Value::Null).await;
    assert_eq!((listed.status.as_u16(), listed.json().as_array().unwrap().len()), (200, made + 2));
    assert!(listed.body.len() < 1_100_000, "{}", listed.body.len());
    // One that is there does not grow beyond it either, and may shrink.
    let small = json!({"name": "Small"});
    let small = world.call(As::Token(&token), "POST", ROLES, &small).await.json();
    let path = format!("{ROLES}/{}", small["id"].as_str().unwrap());
    let grown = world.call(As::Token(&token), "PUT", &path, &wide(100, "x")).await;
    assert_eq!(grown.code(), "409 CONFLICT");
    let shrunk = listed.json()[2]["id"].clone();
    let path = format!("{ROLES}/{}", shrunk.as_str().unwrap());
    assert_eq!(world.call(As::Token(&token), "PUT", &path, &json!({"name": "Shrunk"})).await.status, 200);
    assert_eq!(world.call(As::Token(&token), "POST", ROLES, &wide(101, "x")).await.status, 201);
}
