//! The pages of workspaces: who sees them, what their forms do, and what they refuse. How they look is tested in a real
//! browser (`tests/browser`).

use http::StatusCode;
use serde_json::Value;
use sigma_core::ids::OrgId;
use sigma_core::org::{KeyPermission, Level, RolePermissions, SchemaPermission, Switch};

use crate::support::{As, World, at, leads};

fn manages(switches: &[Switch]) -> RolePermissions {
    RolePermissions { switches: switches.iter().copied().collect(), ..RolePermissions::default() }
}

#[tokio::test]
async fn non_members_get_404() {
    let world = World::with_orgs().await;
    let (acme, zeta) = (world.org("Acme").await, world.org("Zeta").await);
    world.admin_of(&acme).await;
    zeta.add("zoe@example.org", &zeta.admin).await;
    let stranger = world.entered("zoe@example.org").await;
    let (eve, _) = acme.add("eve@example.org", &acme.admin).await;
    let removed = world.entered("eve@example.org").await;
    let path = format!("/api/v1/users/{eve}");
    world.call(As::Key(&acme.admin_key().await), "DELETE", &path, &Value::Null).await;

    let anybody = world.browser();
    let unknown = OrgId::from_text("org_ffffffffffffffffffffffff");
    for below in ["", "people", "people/user_1", "roles", "roles/new", "keys", "keys/new", "settings"] {
        for (browser, org) in [(&stranger, &acme.org), (&removed, &acme.org), (&stranger, &unknown)] {
            let answer = browser.get(at(org, below).trim_end_matches('/')).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{below}");
        }
        assert_eq!(leads(&anybody.get(at(&acme.org, below).trim_end_matches('/')).await), "/login");
    }
    for below in ["settings", "settings/rotate", "keys/new", "roles/new", "people/user_1/end"] {
        let answer = stranger.post_form(&at(&acme.org, below), &[("name", "x")]).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{below}");
    }
    // The page leads to their own workspaces, and to signing in as somebody else.
    let page = stranger.get(&at(&acme.org, "people")).await;
    assert!(page.body.contains("href=\"/workspace\""), "{}", page.body);
    let switch = page.body.split("href=\"").find(|rest| rest.starts_with("/login?interaction=")).unwrap();
    let switch = switch.split('"').next().unwrap().replace("&#38;", "&").replace("&amp;", "&");
    assert_eq!(stranger.get(&switch).await.status, StatusCode::OK);
    let form = switch.replace("/login?", "/login/password?");
    let entered =
        stranger.post_form(&form, &[("email", "ada@example.org"), ("password", crate::support::PASSWORD)]).await;
    assert_eq!(entered.location(), at(&acme.org, "people"));
    world.tick();
    acme.remove().await;
    let admin = world.entered("ada@example.org").await;
    assert_eq!(admin.get(&at(&acme.org, "people")).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn data_of_another_workspace_is_not_found() {
    let world = World::with_orgs().await;
    let (acme, zeta) = (world.org("Acme").await, world.org("Zeta").await);
    let (_, browser) = world.admin_of(&acme).await;
    let (zoe, _) = zeta.add("zoe@example.org", &zeta.member).await;
    let (key, _) = zeta.key(&[KeyPermission::Read]).await;
    for below in [format!("people/{zoe}"), format!("roles/{}", zeta.member), format!("keys/{key}")] {
        assert_eq!(browser.get(&at(&acme.org, &below)).await.status, StatusCode::NOT_FOUND, "{below}");
    }
    let role = zeta.member.to_string();
    for (below, form) in [
        (format!("people/{zoe}"), vec![("role", acme.member.as_str())]),
        (format!("people/{zoe}/deactivate"), vec![]),
        (format!("people/{zoe}/end"), vec![]),
        (format!("roles/{role}"), vec![("name", "x")]),
        (format!("roles/{role}/delete"), vec![]),
        (format!("keys/{key}/deactivate"), vec![]),
        (format!("keys/{key}/delete"), vec![]),
    ] {
        assert_eq!(browser.post_form(&at(&acme.org, &below), &form).await.status, StatusCode::NOT_FOUND, "{below}");
    }
}

#[tokio::test]
async fn pages_and_forms_beyond_a_role_are_denied() {
    let world = World::with_orgs().await;
    let acme = world.org("Acme").await;
    let (ada, _) = world.admin_of(&acme).await;
    acme.add("bob@example.org", &acme.member).await;
    let browser = world.entered("bob@example.org").await;
    for below in ["people", "keys", "keys/new", "roles/new"] {
        let answer = browser.get(&at(&acme.org, below)).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{below}");
        assert!(answer.body.contains("Your role does not give you access to this page"));
    }
    let roles = browser.get(&at(&acme.org, "roles")).await.body;
    assert!(!roles.contains("/people\"") && !roles.contains("/keys\"") && !roles.contains("Create role"));
    let role = browser.get(&at(&acme.org, &format!("roles/{}", acme.admin))).await.body;
    assert!(role.contains("<fieldset class=\"stack\" disabled>"));
    for (below, form) in [
        (format!("people/{ada}/end"), vec![]),
        (format!("roles/{}", acme.member), vec![("name", "x")]),
        ("keys/new".to_owned(), vec![("name", "x"), ("permission", "read")]),
        ("settings".to_owned(), vec![("name", "x")]),
        ("settings/rotate".to_owned(), vec![]),
    ] {
        assert_eq!(browser.post_form(&at(&acme.org, &below), &form).await.status, StatusCode::FORBIDDEN, "{below}");
    }
}

#[tokio::test]
async fn the_last_admin_stays() {
    let world = World::with_orgs().await;
    let acme = world.org("Acme").await;
    let (ada, browser) = world.admin_of(&acme).await;
    let page = at(&acme.org, &format!("people/{ada}"));
    let weaker = [("name", "Admin"), ("description", "")];
    for (path, form) in [
        (page.clone(), vec![("role", acme.member.as_str())]),
        (format!("{page}/deactivate"), vec![]),
        (format!("{page}/end"), vec![]),
        (at(&acme.org, &format!("roles/{}", acme.admin)), weaker.to_vec()),
    ] {
        let answer = browser.post_form(&path, &form).await;
        assert_eq!(answer.status, StatusCode::CONFLICT, "{path}");
        assert!(answer.notice().contains("must keep a member"), "{}", answer.notice());
    }
    let delete = browser.post_form(&at(&acme.org, &format!("roles/{}/delete", acme.admin)), &[]).await;
    assert_eq!((delete.status, delete.notice()), (StatusCode::CONFLICT, "Not done: The role is in use."));
}

#[tokio::test]
async fn nobody_grants_or_edits_more_rights_than_they_hold() {
    let world = World::with_orgs().await;
    let acme = world.org("Acme").await;
    let (ada, _) = world.admin_of(&acme).await;
    let three = [Switch::ManageUsers, Switch::ManageRoles, Switch::ManageApiKeys];
    let lesser = acme.role("Lesser", manages(&three)).await;
    acme.add("bob@example.org", &lesser).await;
    let browser = world.entered("bob@example.org").await;
    let (key, _) = acme.key(&KeyPermission::ALL).await;
    let (carl, _) = acme.add("carl@example.org", &acme.member).await;
    let everything: Vec<_> = KeyPermission::ALL.map(|permission| ("permission", permission.as_str())).into();
    for (below, form) in [
        (format!("people/{ada}/deactivate"), vec![]),
        (format!("people/{ada}/end"), vec![]),
        (format!("people/{carl}"), vec![("role", acme.admin.as_str())]),
        ("roles/new".to_owned(), vec![("name", "More"), ("switch", "canExport")]),
        (format!("roles/{}", acme.admin), vec![("name", "Less")]),
        ("keys/new".to_owned(), [vec![("name", "More")], everything].concat()),
        (format!("keys/{key}/deactivate"), vec![]),
        (format!("keys/{key}/delete"), vec![]),
    ] {
        let answer = browser.post_form(&at(&acme.org, &below), &form).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{below}: {}", answer.body);
        assert!(answer.notice().contains("You cannot grant"), "{below}: {}", answer.body);
    }
    let page = browser.get(&at(&acme.org, &format!("people/{ada}"))).await.body;
    assert!(page.contains("has more rights than you") && !page.contains("/end\""));
    let page = browser.get(&at(&acme.org, &format!("people/{carl}"))).await.body;
    assert!(!page.contains(&format!("value=\"{}\"", acme.admin)), "{page}");
}

#[tokio::test]
async fn a_role_is_made_with_its_grid_changed_and_deleted() {
    let world = World::with_orgs().await;
    let acme = world.org("Acme").await;
    let (_, browser) = world.admin_of(&acme).await;
    let grid = [
        ("name", "Editor"),
        ("switch", "canExport"),
        ("schema", "invoices"),
        ("default", "write"),
        ("attribute", "margin"),
        ("level", "hidden"),
        ("attribute", ""),
        ("level", "read"),
        ("schema", ""),
        ("default", "read"),
        ("catalog", "parts"),
        ("can_view", "true"),
        ("catalog", ""),
    ];
    // "Add lines" saves nothing and keeps what was entered.
    let more = browser.post_form(&at(&acme.org, "roles/new"), &[&grid[..], &[("then", "more")]].concat()).await;
    assert_eq!(more.status, StatusCode::OK);
    assert!(more.body.contains("value=\"margin\"") && more.body.contains("value=\"parts\""));
    assert!(!browser.get(&at(&acme.org, "roles")).await.body.contains("Editor"));

    let made = browser.post_form(&at(&acme.org, "roles/new"), &[&grid[..], &[("then", "save")]].concat()).await;
    assert_eq!(made.location(), at(&acme.org, "roles?done=role-made"));
    let list = browser.get(made.location()).await.body;
    assert!(list.contains("Editor") && list.contains("1 schema, 1 catalog") && list.contains("The role was created."));
    let roles = world.call(As::Key(&acme.admin_key().await), "GET", "/api/v1/roles", &Value::Null).await;
    let editor = roles.json().as_array().unwrap().iter().find(|role| role["name"] == "Editor").unwrap().clone();
    assert_eq!(editor["canExport"], true);
    assert_eq!(editor["schemaPermissions"][0]["attributes"]["margin"], "hidden");
    assert_eq!(editor["catalogPermissions"][0]["canView"], true);

    let page = at(&acme.org, &format!("roles/{}", editor["id"].as_str().unwrap()));
    let twice = browser.post_form(&page, &[("name", "admin")]).await;
    assert_eq!(twice.notice(), "Not done: A role with this name already exists.");
    let nameless = browser.post_form(&page, &[("name", " "), ("description", "kept")]).await;
    assert_eq!(nameless.status, StatusCode::BAD_REQUEST);
    assert!(nameless.notice().contains("name must not be empty") && nameless.body.contains("value=\"kept\""));
    let saved = browser.post_form(&page, &[("name", "Writer")]).await;
    assert_eq!(saved.location(), at(&acme.org, "roles?done=saved"));
    assert_eq!(browser.post_form(&format!("{page}/delete"), &[]).await.location(), at(&acme.org, "roles?done=deleted"));
    assert_eq!(browser.get(&page).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_key_is_shown_once_works_and_ends() {
    let world = World::with_orgs().await;
    let acme = world.org("Acme").await;
    let (_, browser) = world.admin_of(&acme).await;
    let new = at(&acme.org, "keys/new");
    let form = [("name", "Import"), ("permission", "read"), ("permission", "update-data")];
    let made = browser.post_form(&new, &form).await;
    assert_eq!((made.status, made.header("cache-control")), (StatusCode::CREATED, "no-store"));
    let key = made.body.split("sigma_sk_live_").nth(1).unwrap().split('<').next().unwrap();
    let key = format!("sigma_sk_live_{key}");
    let me = || world.call(As::Key(&key), "GET", "/api/v1/auth/me", &Value::Null);
    assert_eq!(me().await.status, StatusCode::OK);

    let list = browser.get(&at(&acme.org, "keys")).await.body;
    assert!(list.contains("read, update-data") && !list.contains("sigma_sk_live_"));
    let id = list.split(&at(&acme.org, "keys/key_")).nth(1).unwrap().split('"').next().unwrap();
    let page = at(&acme.org, &format!("keys/key_{id}"));
    assert!(!browser.get(&page).await.body.contains("sigma_sk_live_"));
    let ended = browser.post_form(&format!("{page}/deactivate"), &[]).await;
    assert_eq!(ended.location(), format!("{page}?done=deactivated"));
    assert!(browser.get(ended.location()).await.body.contains("Deactivated."));
    assert_eq!(me().await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(browser.post_form(&format!("{page}/delete"), &[]).await.location(), at(&acme.org, "keys?done=deleted"));
    assert!(browser.get(&at(&acme.org, "keys")).await.body.contains("There are no keys yet."));

    for (form, words) in [
        (vec![("name", ""), ("permission", "read")], "the name must not be empty"),
        (vec![("name", "a")], "choose at least one permission"),
        (vec![("name", "a"), ("permission", "everything")], "choose at least one permission"),
        (
            vec![("name", "a"), ("permission", "read"), ("expires", "2001-01-01")],
            "the expiry date must not be in the past",
        ),
    ] {
        let answer = browser.post_form(&new, &form).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        assert!(answer.notice().contains(words), "{}", answer.notice());
    }
}

#[tokio::test]
async fn settings_change_and_the_secret_rotates_without_logging_anybody_out() {
    let world = World::with_orgs().await;
    let acme = world.org("Acme").await;
    let (_, browser) = world.admin_of(&acme).await;
    let token = acme.token("ada@example.org").await;
    let page = at(&acme.org, "settings");
    let before = browser.get(&page).await.body;
    assert!(before.contains(acme.org.as_str()) && before.contains("This server does not allow quick logins."));
    let saved = browser.post_form(&page, &[("name", "Acme Labs"), ("quick_logins", "true")]).await;
    assert_eq!(saved.location(), at(&acme.org, "settings?done=saved"));
    let after = browser.get(saved.location()).await.body;
    assert!(after.contains("Acme Labs") && after.contains("They have no effect"));
    let nameless = browser.post_form(&page, &[("name", "")]).await;
    assert_eq!(nameless.notice(), "Not saved: the name must not be empty.");

    let kid =
        |page: &str| page.split("(kid)</dt><dd class=\"mono\">").nth(1).unwrap().split('<').next().unwrap().to_owned();
    let rotated = browser.post_form(&at(&acme.org, "settings/rotate"), &[]).await;
    assert_eq!(rotated.location(), at(&acme.org, "settings?done=rotated"));
    assert_ne!(kid(&before), kid(&browser.get(&page).await.body));
    let me = world.call(As::Token(&token), "GET", "/api/v1/auth/me", &Value::Null).await;
    assert_eq!(me.status, StatusCode::OK);
}

#[tokio::test]
async fn script_and_sql_in_every_field_stay_text() {
    const HOSTILE: &str = "\"><script>alert(1)</script>'; DROP TABLE roles; --";
    let world = World::with_orgs().await;
    let acme = world.org(HOSTILE).await;
    let (_, browser) = world.admin_of(&acme).await;
    let role = [
        ("name", HOSTILE),
        ("description", HOSTILE),
        ("schema", HOSTILE),
        ("default", "read"),
        ("attribute", HOSTILE),
        ("level", "hidden"),
        ("catalog", HOSTILE),
    ];
    assert_eq!(browser.post_form(&at(&acme.org, "roles/new"), &role).await.status, StatusCode::SEE_OTHER);
    let key = [("name", HOSTILE), ("permission", "read")];
    let made = browser.post_form(&at(&acme.org, "keys/new"), &key).await;
    assert_eq!(made.status, StatusCode::CREATED);
    let roles = browser.get(&at(&acme.org, "roles")).await.body;
    let role = roles.rsplit(&at(&acme.org, "roles/role_")).next().unwrap().split('"').next().unwrap();
    let mut pages = vec![made.body, browser.get(&at(&acme.org, &format!("roles/role_{role}"))).await.body];
    for below in ["people", "roles", "keys", "settings", "people?email=%22%3E%3Cscript%3E"] {
        pages.push(browser.get(&at(&acme.org, below)).await.body);
    }
    let failed = [("email", HOSTILE), ("password", HOSTILE)];
    pages.push(world.browser().post_form("/login/password", &failed).await.body);
    for page in pages {
        assert!(!page.contains("<script>") && page.contains("</html>"), "{page}");
    }
}

#[tokio::test]
async fn a_role_with_more_rules_than_a_page_shows_is_left_to_the_api_and_one_with_many_is_not() {
    let world = World::with_orgs().await;
    let acme = world.org("Acme").await;
    let (_, browser) = world.admin_of(&acme).await;
    let with = |attributes: usize| RolePermissions {
        schemas: vec![SchemaPermission {
            schema_id: "s".to_owned(),
            default: Level::Read,
            attributes: (0..attributes).map(|number| (format!("{number:0>100}"), Level::Hidden)).collect(),
        }],
        ..RolePermissions::default()
    };
    let (many, more) = (acme.role("Many", with(900)).await, acme.role("More", with(1_100)).await);
    let page = browser.get(&at(&acme.org, &format!("roles/{more}"))).await.body;
    assert!(page.contains("more rules than this page can show") && page.len() < 20_000);
    let names: Vec<_> = with(900).schemas[0].attributes.keys().cloned().collect();
    let lines = names.iter().flat_map(|name| [("attribute", name.as_str()), ("level", "read")]);
    let form: Vec<_> = [("name", "Many"), ("schema", "s"), ("default", "read")].into_iter().chain(lines).collect();
    let saved = browser.post_form(&at(&acme.org, &format!("roles/{many}")), &form).await;
    assert_eq!(saved.location(), at(&acme.org, "roles?done=saved"), "{}", saved.body);
}

#[tokio::test]
async fn lists_of_keys_and_roles_have_pages() {
    let world = World::with_orgs().await;
    let acme = world.org("Acme").await;
    let (_, browser) = world.admin_of(&acme).await;
    for number in 0..61 {
        let form = [("name", format!("Key {number:02}")), ("permission", "read".to_owned())];
        let form = form.each_ref().map(|(name, value)| (*name, value.as_str()));
        assert_eq!(browser.post_form(&at(&acme.org, "keys/new"), &form).await.status, StatusCode::CREATED);
        world.tick();
    }
    for number in 0..32 {
        acme.role(&format!("Role {number:02}"), RolePermissions::default()).await;
        world.tick();
    }
    for (list, total, first, last) in [("keys", 61, "Key 60", "Key 00"), ("roles", 34, "Admin", "Role 31")] {
        let page = at(&acme.org, list);
        let (mut offset, mut seen) = (0, Vec::new());
        loop {
            let html = browser.get(&format!("{page}?offset={offset}")).await.body;
            let names: Vec<_> = html
                .split("class=\"row-link\"")
                .skip(1)
                .map(|row| row.split(['>', '<']).nth(1).unwrap().to_owned())
                .collect();
            assert!(names.len() <= 25, "{list}: {}", names.len());
            assert!(html.contains(&format!("{}–{} of {total}", offset + 1, offset + names.len())), "{html}");
            seen.extend(names);
            offset += 25;
            if !html.contains(&format!("{page}?offset={offset}")) {
                break;
            }
        }
        assert_eq!((seen.len(), seen[0].as_str(), seen[total - 1].as_str()), (total, first, last));
        for odd in ["-1", "x", "18446744073709551615", "9223372036854775807", "", "1000"] {
            assert_eq!(browser.get(&format!("{page}?offset={odd}")).await.status, StatusCode::OK, "{odd}");
        }
    }
}
