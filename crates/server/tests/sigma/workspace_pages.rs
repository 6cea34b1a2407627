//! The pages of workspaces: who sees them, what their forms do, and what they refuse. How they look is tested in a real
//! browser (`tests/browser`).

use http::StatusCode;
use sigma_core::ids::{OrgId, UserId};
use sigma_core::workspace::{KeyPermission, Level, RolePermissions, SchemaPermission, Switch};

use crate::support::{Answer, As, Browser, PASSWORD, Tenant, World};

/// A browser that signed in on the page by [`PASSWORD`].
async fn entered<'w>(world: &'w World, address: &str) -> Browser<'w> {
    let browser = world.browser();
    let answer = browser.post_form("/workspace/login", &[("email", address), ("password", PASSWORD)]).await;
    assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/workspace"), "{}", answer.body);
    world.tick();
    browser
}

/// A path of a workspace's pages.
fn at(org: &OrgId, below: &str) -> String {
    format!("/workspace/{org}/{below}")
}

/// What the page says of what was just tried.
fn notice(answer: &Answer) -> &str {
    let start = answer.body.split(r#"role="alert">"#).nth(1).unwrap_or_default();
    start.split("</p>").next().unwrap_or_default()
}

fn manages(switches: &[Switch]) -> RolePermissions {
    RolePermissions { switches: switches.iter().copied().collect(), ..RolePermissions::default() }
}

/// A workspace whose admin is at its pages.
async fn admin_of<'w>(world: &'w World, tenant: &Tenant<'w>) -> (UserId, Browser<'w>) {
    let (ada, _) = tenant.add("ada@example.org", &tenant.admin).await;
    (ada, entered(world, "ada@example.org").await)
}

#[tokio::test]
async fn a_person_signs_in_by_password_and_comes_to_their_only_workspace_or_chooses() {
    let world = World::with_tenants().await;
    let (acme, zeta) = (world.tenant("Acme").await, world.tenant("Zeta").await);
    let (_, browser) = admin_of(&world, &acme).await;
    assert_eq!(browser.get("/workspace").await.location(), format!("/workspace/{}", acme.org));
    assert_eq!(browser.get(&format!("/workspace/{}", acme.org)).await.location(), at(&acme.org, "people"));

    let bob = world.person("bob@example.org").await;
    acme.join(&bob, &acme.member).await;
    zeta.join(&bob, &zeta.admin).await;
    let browser = entered(&world, "bob@example.org").await;
    let page = browser.get("/workspace").await.body;
    for words in ["Acme", "Zeta", "Member", "Admin"] {
        assert!(page.contains(words), "{page}");
    }
    // A member who manages nothing begins at the roles, and can go over to the other workspace.
    assert_eq!(browser.get(&format!("/workspace/{}", acme.org)).await.location(), at(&acme.org, "roles"));
    assert!(browser.get(&at(&acme.org, "roles")).await.body.contains(&format!("href=\"/workspace/{}\"", zeta.org)));

    world.person("none@example.org").await;
    let browser = entered(&world, "none@example.org").await;
    assert!(browser.get("/workspace").await.body.contains("You are in no workspace"));
}

#[tokio::test]
async fn a_wrong_password_opens_nothing_and_does_not_say_whether_there_is_such_a_person() {
    let world = World::with_tenants().await;
    world.person("ada@example.org").await;
    let browser = world.browser();
    let mut pages = Vec::new();
    for address in ["ada@example.org", "eve@example.org"] {
        let answer = browser.post_form("/workspace/login", &[("email", address), ("password", "wrong password")]).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        assert_eq!(answer.header("set-cookie"), "");
        pages.push(answer.body.replace(address, ""));
    }
    assert_eq!(pages[0], pages[1]);
    let nothing = browser.post_form("/workspace/login", &[]).await;
    assert_eq!(nothing.status, StatusCode::UNAUTHORIZED);
    assert_eq!(browser.get("/workspace").await.location(), "/workspace/login");
}

#[tokio::test]
async fn a_foreign_page_signs_nobody_in() {
    let world = lenient_world().await;
    let (acme, bob) = with_quick_logins(&world).await;
    let password = format!("email=ada%40example.org&password={}", PASSWORD.replace(' ', "+"));
    let click = format!("workspace={}&user={bob}", acme.org);
    for (path, form) in [("/workspace/login", password), ("/workspace/login/quick", click)] {
        let request = http::Request::post(path)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("origin", "https://evil.example")
            .header("sec-fetch-site", "cross-site")
            .body(axum::body::Body::from(form));
        let answer = world.send(request.unwrap()).await;
        assert_eq!((answer.status, answer.header("set-cookie")), (StatusCode::FORBIDDEN, ""), "{path}");
    }
}

#[tokio::test]
async fn to_whoever_is_no_active_member_there_is_no_such_page() {
    let world = World::with_tenants().await;
    let (acme, zeta) = (world.tenant("Acme").await, world.tenant("Zeta").await);
    admin_of(&world, &acme).await;
    zeta.add("zoe@example.org", &zeta.admin).await;
    let stranger = entered(&world, "zoe@example.org").await;
    let (eve, _) = acme.add("eve@example.org", &acme.admin).await;
    let removed = entered(&world, "eve@example.org").await;
    let path = format!("/api/v1/users/{eve}");
    world.call(As::Key(&acme.admin_key().await), "DELETE", &path, &serde_json::Value::Null).await;

    let anybody = world.browser();
    let unknown = OrgId::from_text("org_unknown");
    for below in ["", "people", "people/user_1", "roles", "roles/new", "keys", "keys/new", "settings"] {
        for (browser, org) in [(&stranger, &acme.org), (&removed, &acme.org), (&stranger, &unknown)] {
            let answer = browser.get(at(org, below).trim_end_matches('/')).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{below}");
        }
        assert_eq!(anybody.get(at(&acme.org, below).trim_end_matches('/')).await.location(), "/workspace/login");
    }
    for below in ["settings", "settings/rotate", "keys/new", "roles/new", "people/user_1/end"] {
        let answer = stranger.post_form(&at(&acme.org, below), &[("name", "x")]).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{below}");
    }
    acme.remove().await;
    let admin = entered(&world, "ada@example.org").await;
    assert_eq!(admin.get(&at(&acme.org, "people")).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_another_workspace_has_is_not_found() {
    let world = World::with_tenants().await;
    let (acme, zeta) = (world.tenant("Acme").await, world.tenant("Zeta").await);
    let (_, browser) = admin_of(&world, &acme).await;
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
async fn a_page_that_a_role_does_not_allow_says_so_and_its_forms_do_nothing() {
    let world = World::with_tenants().await;
    let acme = world.tenant("Acme").await;
    let (ada, _) = admin_of(&world, &acme).await;
    acme.add("bob@example.org", &acme.member).await;
    let browser = entered(&world, "bob@example.org").await;
    for below in ["people", "keys", "keys/new", "roles/new"] {
        let answer = browser.get(&at(&acme.org, below)).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{below}");
        assert!(answer.body.contains("Your role does not let you see this"));
    }
    let roles = browser.get(&at(&acme.org, "roles")).await.body;
    assert!(!roles.contains("/people\"") && !roles.contains("/keys\"") && !roles.contains("Make a role"));
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
async fn an_admin_changes_deactivates_activates_and_ends_a_membership() {
    let world = World::with_tenants().await;
    let acme = world.tenant("Acme").await;
    let (_, browser) = admin_of(&world, &acme).await;
    let (bob, token) = acme.add("bob@example.org", &acme.member).await;
    let page = at(&acme.org, &format!("people/{bob}"));
    let answer = browser.post_form(&page, &[("role", acme.admin.as_str()), ("quick_login", "true")]).await;
    assert_eq!(answer.location(), format!("{page}?done=saved"));
    let shown = browser.get(answer.location()).await.body;
    assert!(shown.contains("Saved.") && shown.contains(&format!("value=\"{}\" selected", acme.admin)), "{shown}");

    for (deed, status) in [("deactivate", "Inactive"), ("activate", "Active")] {
        let answer = browser.post_form(&format!("{page}/{deed}"), &[]).await;
        assert_eq!(answer.location(), format!("{page}?done={deed}d"));
        assert!(browser.get(&page).await.body.contains(&format!("\">{status}</span>")));
        // Who was deactivated is logged out, and activating logs nobody in.
        let me = world.call(As::Token(&token), "GET", "/api/v1/auth/me", &serde_json::Value::Null).await;
        assert_eq!(me.status, StatusCode::UNAUTHORIZED);
    }
    let answer = browser.post_form(&format!("{page}/end"), &[]).await;
    assert_eq!(answer.location(), at(&acme.org, "people?done=ended"));
    assert_eq!(browser.get(&page).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_last_admin_stays() {
    let world = World::with_tenants().await;
    let acme = world.tenant("Acme").await;
    let (ada, browser) = admin_of(&world, &acme).await;
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
        assert!(notice(&answer).contains("would be left without anybody"), "{}", notice(&answer));
    }
    let delete = browser.post_form(&at(&acme.org, &format!("roles/{}/delete", acme.admin)), &[]).await;
    assert_eq!((delete.status, notice(&delete)), (StatusCode::CONFLICT, "Not done: The role is in use."));
}

#[tokio::test]
async fn nobody_gives_or_touches_more_than_they_hold() {
    let world = World::with_tenants().await;
    let acme = world.tenant("Acme").await;
    let (ada, _) = admin_of(&world, &acme).await;
    let three = [Switch::ManageUsers, Switch::ManageRoles, Switch::ManageApiKeys];
    let lesser = acme.role("Lesser", manages(&three)).await;
    acme.add("bob@example.org", &lesser).await;
    let browser = entered(&world, "bob@example.org").await;
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
        assert!(notice(&answer).contains("Nobody may give"), "{below}: {}", answer.body);
    }
    let page = browser.get(&at(&acme.org, &format!("people/{ada}"))).await.body;
    assert!(page.contains("holds more than you do") && !page.contains("/end\""));
    let page = browser.get(&at(&acme.org, &format!("people/{carl}"))).await.body;
    assert!(!page.contains(&format!("value=\"{}\"", acme.admin)), "{page}");
}

#[tokio::test]
async fn a_role_is_made_with_its_grid_changed_and_deleted() {
    let world = World::with_tenants().await;
    let acme = world.tenant("Acme").await;
    let (_, browser) = admin_of(&world, &acme).await;
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
    // "More lines" saves nothing and keeps what was entered.
    let more = browser.post_form(&at(&acme.org, "roles/new"), &[&grid[..], &[("then", "more")]].concat()).await;
    assert_eq!(more.status, StatusCode::OK);
    assert!(more.body.contains("value=\"margin\"") && more.body.contains("value=\"parts\""));
    assert!(!browser.get(&at(&acme.org, "roles")).await.body.contains("Editor"));

    let made = browser.post_form(&at(&acme.org, "roles/new"), &[&grid[..], &[("then", "save")]].concat()).await;
    assert_eq!(made.location(), at(&acme.org, "roles?done=role-made"));
    let list = browser.get(made.location()).await.body;
    assert!(list.contains("Editor") && list.contains("1 schema, 1 catalog") && list.contains("The role is made."));
    let roles = world.call(As::Key(&acme.admin_key().await), "GET", "/api/v1/roles", &serde_json::Value::Null).await;
    let editor = roles.json().as_array().unwrap().iter().find(|role| role["name"] == "Editor").unwrap().clone();
    assert_eq!(editor["canExport"], true);
    assert_eq!(editor["schemaPermissions"][0]["attributes"]["margin"], "hidden");
    assert_eq!(editor["catalogPermissions"][0]["canView"], true);

    let page = at(&acme.org, &format!("roles/{}", editor["id"].as_str().unwrap()));
    let twice = browser.post_form(&page, &[("name", "admin")]).await;
    assert_eq!(notice(&twice), "Not done: There is a role of that name already.");
    let nameless = browser.post_form(&page, &[("name", " "), ("description", "kept")]).await;
    assert_eq!(nameless.status, StatusCode::BAD_REQUEST);
    assert!(notice(&nameless).contains("name must not be empty") && nameless.body.contains("value=\"kept\""));
    let saved = browser.post_form(&page, &[("name", "Writer")]).await;
    assert_eq!(saved.location(), at(&acme.org, "roles?done=saved"));
    assert_eq!(browser.post_form(&format!("{page}/delete"), &[]).await.location(), at(&acme.org, "roles?done=deleted"));
    assert_eq!(browser.get(&page).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_key_is_shown_once_works_and_ends() {
    let world = World::with_tenants().await;
    let acme = world.tenant("Acme").await;
    let (_, browser) = admin_of(&world, &acme).await;
    let new = at(&acme.org, "keys/new");
    let form = [("name", "Import"), ("permission", "read"), ("permission", "update-data")];
    let made = browser.post_form(&new, &form).await;
    assert_eq!((made.status, made.header("cache-control")), (StatusCode::CREATED, "no-store"));
    let key = made.body.split("sigma_sk_live_").nth(1).unwrap().split('<').next().unwrap();
    let key = format!("sigma_sk_live_{key}");
    let me = || world.call(As::Key(&key), "GET", "/api/v1/auth/me", &serde_json::Value::Null);
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
    assert!(browser.get(&at(&acme.org, "keys")).await.body.contains("There is no key yet."));

    for (form, words) in [
        (vec![("name", ""), ("permission", "read")], "the name must not be empty"),
        (vec![("name", "a")], "choose what the key may do"),
        (vec![("name", "a"), ("permission", "everything")], "choose what the key may do"),
        (vec![("name", "a"), ("permission", "read"), ("expires", "2001-01-01")], "the last day must be a day that"),
    ] {
        let answer = browser.post_form(&new, &form).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        assert!(notice(&answer).contains(words), "{}", notice(&answer));
    }
}

#[tokio::test]
async fn settings_change_and_the_secret_rotates_without_logging_anybody_out() {
    let world = World::with_tenants().await;
    let acme = world.tenant("Acme").await;
    let (_, browser) = admin_of(&world, &acme).await;
    let token = acme.token("ada@example.org").await;
    let page = at(&acme.org, "settings");
    let before = browser.get(&page).await.body;
    assert!(before.contains(acme.org.as_str()) && before.contains("This server does not allow quick logins."));
    let saved = browser.post_form(&page, &[("name", "Acme Labs"), ("quick_logins", "true")]).await;
    assert_eq!(saved.location(), at(&acme.org, "settings?done=saved"));
    let after = browser.get(saved.location()).await.body;
    assert!(after.contains("Acme Labs") && after.contains("They have no effect"));
    let nameless = browser.post_form(&page, &[("name", "")]).await;
    assert_eq!(notice(&nameless), "Not saved yet: the name must not be empty.");

    let kid =
        |page: &str| page.split("(kid)</dt><dd class=\"mono\">").nth(1).unwrap().split('<').next().unwrap().to_owned();
    let rotated = browser.post_form(&at(&acme.org, "settings/rotate"), &[]).await;
    assert_eq!(rotated.location(), at(&acme.org, "settings?done=rotated"));
    assert_ne!(kid(&before), kid(&browser.get(&page).await.body));
    let me = world.call(As::Token(&token), "GET", "/api/v1/auth/me", &serde_json::Value::Null).await;
    assert_eq!(me.status, StatusCode::OK);
}

#[tokio::test]
async fn people_are_found_by_their_whole_address_and_pages_go_both_ways() {
    let world = World::with_tenants().await;
    let acme = world.tenant("Acme").await;
    let (_, browser) = admin_of(&world, &acme).await;
    for number in 0..52 {
        let user = world.person(&format!("p{number}@example.org")).await;
        acme.join(&user, &acme.member).await;
    }
    let people = at(&acme.org, "people");
    let first = browser.get(&people).await.body;
    assert!(first.contains("53 people") && first.contains("1–50 of 53") && first.contains("?offset=50"));
    let second = browser.get(&format!("{people}?offset=50")).await.body;
    assert!(second.contains("51–53 of 53") && second.contains("?offset=0") && !second.contains("?offset=100"));
    let found = browser.get(&format!("{people}?email=P7%40Example.org")).await.body;
    assert!(found.contains("p7@example.org") && !found.contains("p8@example.org"));
    for nobody in ["p7", "zoe%40example.org", "%25%40example.org", "%00", "'%20OR%201=1--"] {
        let page = browser.get(&format!("{people}?email={nobody}")).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.body.contains("Nobody here has the e-mail address"), "{nobody}");
    }
    for offset in ["-1", "x", "18446744073709551615", "9223372036854775807", ""] {
        assert_eq!(browser.get(&format!("{people}?offset={offset}")).await.status, StatusCode::OK, "{offset}");
    }
}

/// A world whose server allows quick logins to its callers, with a workspace that has them on and `bob` marked.
async fn with_quick_logins(world: &World) -> (Tenant<'_>, UserId) {
    let acme = world.tenant("Acme").await;
    let (_, browser) = admin_of(world, &acme).await;
    let (bob, _) = acme.add("bob@example.org", &acme.member).await;
    let person = at(&acme.org, &format!("people/{bob}"));
    browser.post_form(&person, &[("role", acme.member.as_str()), ("quick_login", "true")]).await;
    browser.post_form(&at(&acme.org, "settings"), &[("name", "Acme"), ("quick_logins", "true")]).await;
    (acme, bob)
}

async fn lenient_world() -> World {
    World::with(|settings| {
        settings.passwords.memory_kib = 64;
        settings.workspaces.allow_quick_logins = vec!["0.0.0.0/0".parse().unwrap(), "::/0".parse().unwrap()];
    })
    .await
}

#[tokio::test]
async fn a_quick_login_opens_its_workspace_and_nothing_else_of_the_account() {
    let world = lenient_world().await;
    let (acme, bob) = with_quick_logins(&world).await;
    let zeta = world.tenant("Zeta").await;
    zeta.join(&bob, &zeta.admin).await;
    let browser = world.browser();
    assert!(browser.get("/workspace/login").await.body.contains("Quick logins are on."));
    let form = [("workspace", acme.org.as_str()), ("user", bob.as_str())];
    let answer = browser.post_form("/workspace/login/quick", &form).await;
    assert_eq!(answer.location(), format!("/workspace/{}", acme.org));
    assert!(answer.header("set-cookie").contains("HttpOnly; SameSite=Lax"));

    let page = browser.get(&at(&acme.org, "roles")).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(!page.body.contains("Zeta"));
    assert_eq!(browser.get(&at(&zeta.org, "roles")).await.location(), "/workspace/login");
    assert_eq!(browser.get("/workspace").await.location(), format!("/workspace/{}", acme.org));
    assert!(browser.get("/").await.body.contains("Make a key"), "it is no session of the account");

    let cookie = browser.cookies();
    browser.post_form("/workspace/sign-out", &[]).await;
    assert_eq!(browser.get(&at(&acme.org, "roles")).await.location(), "/workspace/login");
    // The cookie itself is worth nothing after that.
    let request = http::Request::get(at(&acme.org, "roles")).header("cookie", cookie).body(axum::body::Body::empty());
    assert_eq!(world.send(request.unwrap()).await.location(), "/workspace/login");
}

#[tokio::test]
async fn a_quick_login_ends_with_the_membership_after_a_day_and_with_a_forged_cookie() {
    let world = lenient_world().await;
    let (acme, bob) = with_quick_logins(&world).await;
    let form = [("workspace", acme.org.as_str()), ("user", bob.as_str())];
    let (browser, later) = (world.browser(), world.browser());
    let (roles, person) = (at(&acme.org, "roles"), at(&acme.org, &format!("people/{bob}")));
    browser.post_form("/workspace/login/quick", &form).await;
    let admin = entered(&world, "ada@example.org").await;
    admin.post_form(&format!("{person}/deactivate"), &[]).await;
    assert_eq!(browser.get(&roles).await.location(), "/workspace/login");
    assert_eq!(later.post_form("/workspace/login/quick", &form).await.status, StatusCode::UNAUTHORIZED);
    admin.post_form(&format!("{person}/activate"), &[]).await;
    assert_eq!(browser.get(&roles).await.location(), "/workspace/login", "a session of before does not come back");

    later.post_form("/workspace/login/quick", &form).await;
    assert_eq!(later.get(&roles).await.status, StatusCode::OK);
    let forged = later.cookies().replace(".", "x.");
    for cookie in [forged.as_str(), "sigma.workspace=", "sigma.workspace=a.b", "sigma.workspace=a.b.c.d"] {
        let request = http::Request::get(&roles).header("cookie", cookie).body(axum::body::Body::empty()).unwrap();
        assert_eq!(world.send(request).await.location(), "/workspace/login", "{cookie}");
    }
    world.clock.advance(std::time::Duration::from_secs(86_401));
    assert_eq!(later.get(&roles).await.location(), "/workspace/login");
}

#[tokio::test]
async fn quick_logins_are_for_marked_people_who_manage_nothing_where_server_and_workspace_allow_them() {
    let world = lenient_world().await;
    let (acme, bob) = with_quick_logins(&world).await;
    let (carl, _) = acme.add("carl@example.org", &acme.member).await;
    let admin = entered(&world, "ada@example.org").await;
    let (eve, _) = acme.add("eve@example.org", &acme.admin).await;
    let marked = [("role", acme.admin.as_str()), ("quick_login", "true")];
    admin.post_form(&at(&acme.org, &format!("people/{eve}")), &marked).await;
    let list = world.browser().get("/workspace/login").await.body;
    assert!(list.contains(bob.as_str()) && !list.contains(carl.as_str()) && !list.contains(eve.as_str()));
    for user in [&carl, &eve, &UserId::from_text("user_unknown")] {
        let form = [("workspace", acme.org.as_str()), ("user", user.as_str())];
        let answer = world.browser().post_form("/workspace/login/quick", &form).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        assert_eq!(answer.header("set-cookie"), "");
    }
    let strict = World::with_tenants().await;
    let (acme, bob) = with_quick_logins(&strict).await;
    assert!(!strict.browser().get("/workspace/login").await.body.contains("Quick logins are on."));
    let form = [("workspace", acme.org.as_str()), ("user", bob.as_str())];
    assert_eq!(strict.browser().post_form("/workspace/login/quick", &form).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn script_and_sql_in_every_field_stay_text() {
    const HOSTILE: &str = "\"><script>alert(1)</script>'; DROP TABLE roles; --";
    let world = World::with_tenants().await;
    let acme = world.tenant(HOSTILE).await;
    let (_, browser) = admin_of(&world, &acme).await;
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
    pages.push(world.browser().post_form("/workspace/login", &failed).await.body);
    for page in pages {
        assert!(!page.contains("<script>") && page.contains("</html>"), "{page}");
    }
}

#[tokio::test]
async fn somebody_is_invited_by_mail_once_more_and_the_invitation_is_taken_back() {
    let world = World::with_tenants().await;
    let acme = world.tenant("Acme").await;
    let (_, browser) = admin_of(&world, &acme).await;
    let invite = at(&acme.org, "people/invite");
    assert!(browser.get(&invite).await.body.contains(&format!("value=\"{}\" selected", acme.member)));
    let form = [("email", "New@Example.org"), ("name", "Newcomer"), ("role", acme.member.as_str())];
    let invited = browser.post_form(&invite, &form).await;
    assert_eq!(invited.location(), at(&acme.org, "people?done=invited"));
    let mail = world.mail().await;
    assert!(mail.to == "New@Example.org" && mail.subject.contains("Acme"), "{mail:?}");
    let list = browser.get(invited.location()).await.body;
    assert!(list.contains("Newcomer") && list.contains("Invited") && list.contains("The invitation is on its way."));

    let id = list.split(&at(&acme.org, "people/")).find(|part| part.contains("Newcomer")).unwrap();
    let page = at(&acme.org, &format!("people/{}", id.split('"').next().unwrap()));
    let again = browser.post_form(&format!("{page}/invitation"), &[]).await;
    assert_eq!(again.location(), format!("{page}?done=invited"));
    assert_ne!(world.mail().await.link, mail.link);
    let early = browser.post_form(&format!("{page}/activate"), &[]).await;
    assert_eq!(notice(&early), "Not done: The invitation has not been accepted yet.");
    let twice = browser.post_form(&invite, &form).await;
    assert_eq!(twice.status, StatusCode::CONFLICT);
    assert!(notice(&twice).contains("is a member already") && twice.body.contains("value=\"New@Example.org\""));
    assert_eq!(browser.post_form(&format!("{page}/end"), &[]).await.status, StatusCode::SEE_OTHER);
    assert!(world.mails().await.is_empty());

    for (form, words) in [
        (vec![("email", "nobody"), ("name", "a"), ("role", acme.member.as_str())], "email must be an e-mail address"),
        (vec![("email", "a@example.org"), ("name", ""), ("role", acme.member.as_str())], "name must not be empty"),
        (vec![("email", "a@example.org"), ("name", "a")], "choose a role"),
    ] {
        let answer = browser.post_form(&invite, &form).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        assert!(notice(&answer).contains(words), "{}", notice(&answer));
    }
    let unknown = [("email", "a@example.org"), ("name", "a"), ("role", "role_unknown")];
    assert_eq!(browser.post_form(&invite, &unknown).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_workspace_sends_only_so_many_invitations_an_hour() {
    let world = World::with(|settings| {
        settings.passwords.memory_kib = 64;
        settings.limits.enabled = true;
        settings.limits.invitations_per_hour = 1;
    })
    .await;
    let acme = world.tenant("Acme").await;
    let (_, browser) = admin_of(&world, &acme).await;
    let mut statuses = Vec::new();
    for address in ["a@example.org", "b@example.org"] {
        let form = [("email", address), ("name", "a"), ("role", acme.member.as_str())];
        statuses.push(browser.post_form(&at(&acme.org, "people/invite"), &form).await.status.as_u16());
    }
    assert_eq!(statuses, [303, 429]);
}

#[tokio::test]
async fn a_role_with_more_rules_than_a_page_shows_is_left_to_the_api_and_one_with_many_is_not() {
    let world = World::with_tenants().await;
    let acme = world.tenant("Acme").await;
    let (_, browser) = admin_of(&world, &acme).await;
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
    assert!(page.contains("more rules than a page can show") && page.len() < 20_000);
    let names: Vec<_> = with(900).schemas[0].attributes.keys().cloned().collect();
    let lines = names.iter().flat_map(|name| [("attribute", name.as_str()), ("level", "read")]);
    let form: Vec<_> = [("name", "Many"), ("schema", "s"), ("default", "read")].into_iter().chain(lines).collect();
    let saved = browser.post_form(&at(&acme.org, &format!("roles/{many}")), &form).await;
    assert_eq!(saved.location(), at(&acme.org, "roles?done=saved"), "{}", saved.body);
}
