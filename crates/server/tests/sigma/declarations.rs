//! The installation as a document by the management API, and changes towards one.

use http::Request;
use serde_json::{Value, json};
use sigma_core::ids::OrgId;
use sigma_core::operator::OperatorRole;
use sigma_store::event::Trail;

use crate::admin_api::{add_app, own_token, token_of};
use crate::console::operator;
use crate::support::{Answer, As, World, text};

const PATH: &str = "/api/admin/v1/declarations";
const DRY: &str = "/api/admin/v1/declarations?dry_run=true";
const SCOPES: &str = "openid sigma:admin:write";
const SECRET: &str = "0123456789abcdef0123456789abcdef";
/// A picture of one pixel.
const PIXEL: &str = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

fn bakery() -> Value {
    json!({
        "branding": {"name": "Harbour", "logo": PIXEL},
        "orgs": [{
            "org": "bakery", "name": "Bakery", "verified": true, "quotas": {"members": 5},
            "branding": {"accent": "#8a4b08", "logo": PIXEL},
            "roles": [{"name": "Clerk", "permissions": ["canManageUsers"]}],
        }],
        "resources": [{
            "uri": "https://api.example.org", "org": "bakery", "servers": ["api"],
            "scopes": [{"name": "notes:read", "description": "Read your notes"}],
        }],
        "apps": [
            {"client_id": "shop", "client_name": "Shop", "org": "bakery", "redirect_uris": ["https://shop.example.org/cb"]},
            {"client_id": "api", "client_name": "API", "grant_types": ["client_credentials"], "client_secret": {"value": SECRET}},
        ],
    })
}

/// What is made wrong.
type Change = fn(&mut Value);

async fn send(world: &World, token: &str, path: &str, body: &Value) -> Answer {
    world.call(As::Token(token), "POST", path, body).await
}

async fn send_if(world: &World, token: &str, tag: &str, body: &Value) -> Answer {
    let request = Request::post(PATH).header("authorization", format!("Bearer {token}")).header("if-match", tag);
    let request = request.header("content-type", "application/json");
    world.send(request.body(body.to_string().into()).unwrap()).await
}

async fn service(world: &World) -> String {
    add_app(world).await;
    text(&own_token(world, "sigma:admin:write").await, "access_token").to_owned()
}

#[tokio::test]
async fn a_document_is_rehearsed_brought_about_once_and_then_shown() {
    let world = World::new().await;
    let token = service(&world).await;
    let planned = send(&world, &token, DRY, &bakery()).await;
    assert_eq!(planned.status, 200, "{}", planned.body);
    let report = planned.json();
    assert_eq!((&report["applied"], report["changes"].as_array().unwrap().len()), (&json!(false), 6), "{report}");
    assert_eq!(report["changes"][0]["kind"], "server");
    assert_eq!(report.get("client_secrets"), None, "nobody has them yet");
    assert!(!planned.body.contains(SECRET));
    let shown = world.call(As::Token(&token), "GET", "/api/admin/v1/orgs/bakery", &Value::Null).await;
    assert_eq!(shown.status, 404, "a dry run changes nothing");

    // Only what was planned is done.
    let tag = planned.header("etag").to_owned();
    let other = send_if(&world, &token, "\"00000000000000000000000000000000\"", &bakery()).await;
    assert_eq!((other.status.as_u16(), &other.json()["code"]), (412, &json!("precondition_failed")));
    let applied = send_if(&world, &token, &tag, &bakery()).await;
    assert_eq!(applied.status, 200, "{}", applied.body);
    let report = applied.json();
    assert_eq!(report["applied"], true);
    let secrets = report["client_secrets"].as_object().unwrap();
    assert_eq!(secrets.keys().collect::<Vec<_>>(), ["shop"], "the other one is known");
    let stale = send_if(&world, &token, &tag, &bakery()).await;
    assert_eq!(stale.status, 412, "there is nothing of it to do any more: {}", stale.body);

    let again = send(&world, &token, PATH, &bakery()).await.json();
    assert_eq!((&again["changes"], &again["unchanged"]), (&json!([]), &json!(6)), "{again}");
    let page = world.call(As::Nobody, "GET", "/", &Value::Null).await;
    assert!(page.body.contains("Harbour"), "the look is shown at once");
    let look = world.call(As::Token(&token), "GET", "/api/admin/v1/orgs/bakery/branding", &Value::Null).await.json();
    let logo = look["logo"].as_str().unwrap();
    let path = &logo[logo.find("/logos/").unwrap_or(0)..];
    assert_eq!(world.call(As::Nobody, "GET", path, &Value::Null).await.status, 200, "{logo}");

    // What is here declares itself.
    let shown = world.call(As::Token(&token), "GET", PATH, &Value::Null).await;
    let mut document = shown.json();
    assert!(!shown.body.contains(SECRET) && !shown.body.contains(text(&report["client_secrets"], "shop")));
    assert_eq!(document["branding"], json!({"name": "Harbour"}));
    // The app of every test has settings that nobody could give it.
    document["apps"].as_array_mut().unwrap().retain(|app| app["client_id"] != "playground");
    let nothing = send(&world, &token, PATH, &document).await;
    assert_eq!(nothing.json()["changes"], json!([]), "{}", nothing.body);

    // By the app that did it, and no more than once each.
    let events = world.trail(Trail::All).await;
    let made: Vec<_> =
        events.iter().filter(|event| event.actor.kind() == "app").map(|event| event.action.as_str()).collect();
    for action in ["workspace.create", "role.create", "app.create"] {
        assert!(made.contains(&action), "{action}: {made:?}");
    }
    assert_eq!(made.iter().filter(|action| **action == "workspace.create").count(), 1, "{made:?}");
}

#[tokio::test]
async fn a_document_of_which_a_part_is_wrong_changes_nothing() {
    let world = World::new().await;
    let token = service(&world).await;
    let wrong = |change: Change| {
        let mut document = bakery();
        change(&mut document);
        document
    };
    let table: [(Change, &str, &str); 10] = [
        (
            |all| all["apps"][0]["redirect_uris"] = json!(["http://shop.example.org/cb"]),
            "/apps/0",
            "app shop: redirect_uris: ",
        ),
        (
            |all| all["apps"][1]["client_secret"] = json!({"value": "short"}),
            "/apps/1",
            "app api: client_secret: 32 to 200",
        ),
        (
            |all| all["apps"][1]["client_secret"] = json!({"file": "/etc/passwd"}),
            "/apps/1",
            "app api: client_secret: the value",
        ),
        (
            |all| all["apps"][1]["client_secret"] = json!({"env": "PATH"}),
            "/apps/1",
            "app api: client_secret: the value",
        ),
        (|all| all["apps"][1]["client_id"] = json!("shop"), "/apps/1", "app shop: is declared more than once"),
        (
            |all| all["orgs"][0]["roles"][0]["permissions"] = json!(["canFly"]),
            "/orgs/0/roles/0",
            "org bakery, role Clerk: permissions: ",
        ),
        (
            |all| all["orgs"][0]["branding"]["logo"] = json!("/etc/passwd"),
            "/orgs/0",
            "org bakery: branding: logo: must be a data: URL",
        ),
        (
            |all| all["branding"]["logo"] = json!("data:image/png;base64,AAAA"),
            "/branding",
            "branding: branding: logo: must be",
        ),
        (|all| all["orgs"][0]["quotas"] = json!({"apps": 1}), "/orgs/0", "org bakery: quotas: "),
        (
            |all| all["resources"][0]["servers"] = json!(["nobody"]),
            "/resources/0",
            "resource https://api.example.org: servers: ",
        ),
    ];
    for (change, pointer, words) in table {
        for path in [DRY, PATH] {
            let refused = send(&world, &token, path, &wrong(change)).await;
            assert_eq!((refused.status.as_u16(), &refused.json()["code"]), (400, &json!("invalid_declarations")));
            let errors = refused.json()["errors"].clone();
            assert_eq!((errors.as_array().unwrap().len(), &errors[0]["pointer"]), (1, &json!(pointer)), "{errors}");
            assert!(errors[0]["detail"].as_str().unwrap().starts_with(words), "{words}: {errors}");
        }
    }
    for (body, status) in [
        (json!({"aps": []}), 400),
        (json!({"apps": [{"client_id": "a", "client_nam": "A"}]}), 400),
        (json!({"apps": {}}), 400),
        (json!([]), 400),
        (json!({"apps": [{"client_id": "a"}], "branding": []}), 400),
    ] {
        assert_eq!(send(&world, &token, PATH, &body).await.status.as_u16(), status, "{body}");
    }
    let keyed =
        Request::post(PATH).header("authorization", format!("Bearer {token}")).header("idempotency-key", "\"a\"");
    let keyed = world.send(keyed.header("content-type", "application/json").body("{}".into()).unwrap()).await;
    assert_eq!(keyed.status, 400, "{}", keyed.body);
    assert_eq!(send(&world, &token, "/api/admin/v1/declarations?dry_run=perhaps", &bakery()).await.status, 400);
    assert_eq!(world.call(As::Token(&token), "GET", "/api/admin/v1/orgs/bakery", &Value::Null).await.status, 404);
    let events = world.trail(Trail::All).await;
    assert!(events.iter().all(|event| event.action.as_str() != "app.create" || event.actor.kind() != "app"));
    assert_eq!(
        send(&world, &token, PATH, &json!({})).await.json(),
        json!({"applied": true, "changes": [], "unchanged": 0})
    );
}

#[tokio::test]
async fn a_document_has_so_many_entries_and_logos_and_short_answers() {
    let world = World::new().await;
    let token = service(&world).await;
    let many: Vec<_> = (0..10_001).map(|n| json!({"uri": format!("https://{n}.example.org")})).collect();
    assert_eq!(send(&world, &token, DRY, &json!({"resources": many})).await.status, 400);
    let org = |n: usize| {
        let logo = format!("data:image/png;base64,{n:08}");
        json!({"org": format!("org-{n}"), "name": "O", "branding": {"logo": logo}})
    };
    let refused = send(&world, &token, DRY, &json!({"orgs": (0..51).map(org).collect::<Vec<_>>()})).await;
    assert!(refused.status == 400 && refused.body.contains("50 different logos"), "{}", refused.body);
    let same = |n: usize| json!({"org": format!("org-{n}"), "name": "O", "branding": {"logo": PIXEL}});
    let planned = send(&world, &token, DRY, &json!({"orgs": (0..60).map(same).collect::<Vec<_>>()})).await;
    assert_eq!((planned.status.as_u16(), planned.json()["changes"].as_array().unwrap().len()), (200, 60));
    let long = send(&world, &token, DRY, &json!({"apps": [{"client_id": "x".repeat(100_000)}]})).await;
    assert!(long.status == 400 && long.body.len() < 5_000, "{}", long.body.len());
}

#[tokio::test]
async fn each_entry_needs_the_role_that_its_page_needs() {
    let world = World::new().await;
    let token = service(&world).await;
    let mut tokens = vec![("service", token)];
    for (name, role) in [
        ("owner", OperatorRole::Owner),
        ("admin", OperatorRole::Admin),
        ("auditor", OperatorRole::Auditor),
        ("support", OperatorRole::Support),
    ] {
        let (person, _) = operator(&world, name, role).await;
        tokens.push((name, token_of(&world, &person, SCOPES).await));
    }
    let own_org = OrgId::operator().to_string();
    let provider = json!({"providers": [{
        "id": "acme", "issuer": "https://login.acme.example", "client_id": "sigma", "client_secret": {"value": SECRET},
    }]});
    let entries = [
        ("look", json!({"branding": {"name": "Harbour"}}), &["service", "owner", "admin"][..]),
        ("org", json!({"orgs": [{"org": "docks", "name": "Docks"}]}), &["service", "owner", "admin"]),
        ("own org", json!({"orgs": [{"org": own_org, "quick_logins": false, "name": "Port"}]}), &["owner"]),
        ("own roles", json!({"orgs": [{"org": own_org, "roles": [{"name": "Clerk"}]}]}), &["owner"]),
        (
            "app",
            json!({"apps": [{"client_id": "till", "client_name": "Till", "redirect_uris": ["https://t.example.org/"]}]}),
            &["service", "owner", "admin"],
        ),
        ("console app", json!({"apps": [{"client_id": "service", "client_name": "Mine"}]}), &["owner"]),
        ("scopes", json!({"apps": [{"client_id": "till", "scope": "openid sigma:admin:read"}]}), &["owner"]),
        ("resource", json!({"resources": [{"uri": "https://api.example.org"}]}), &["service", "owner", "admin"]),
        ("provider", provider, &["owner"]),
    ];
    for (what, document, allowed) in &entries {
        for (name, token) in &tokens {
            let answer = send(&world, token, DRY, document).await;
            let expected = if allowed.contains(name) { 200 } else { 403 };
            // An app that is not there yet needs more members than these.
            let is_missing = *what == "scopes" && expected == 200 && answer.status == 400;
            assert!(answer.status == expected || is_missing, "{what} by {name}: {} {}", answer.status, answer.body);
        }
    }
    for (name, token) in &tokens {
        let shown = world.call(As::Token(token), "GET", PATH, &Value::Null).await;
        assert_eq!(shown.status, if *name == "support" { 403 } else { 200 }, "{name}: {}", shown.body);
    }
    // What somebody may not bring about keeps the rest of the document from being brought about.
    let (_, admin) = &tokens[2];
    let mixed = json!({"branding": {"name": "Harbour"}, "providers": entries[8].1["providers"]});
    assert_eq!(send(&world, admin, PATH, &mixed).await.status, 403);
    assert!(!world.call(As::Nobody, "GET", "/", &Value::Null).await.body.contains("Harbour"));
    let (_, owner) = &tokens[1];
    let applied = send(&world, owner, PATH, &mixed).await;
    assert_eq!(applied.status, 200, "{}", applied.body);
    assert_eq!(send(&world, owner, PATH, &mixed).await.json()["unchanged"], 2, "the sealed secret is known again");
    // Nobody else finds out whether a secret is the right one.
    let guessed = json!({"providers": entries[8].1["providers"]});
    assert_eq!(send(&world, admin, DRY, &guessed).await.status, 403);
    for (token, status) in [(admin, 403), (owner, 204), (owner, 404)] {
        let removed = world.call(As::Token(token), "DELETE", "/api/admin/v1/providers/acme", &Value::Null).await;
        assert_eq!(removed.status, status, "{}", removed.body);
    }
    let limited = token_of(&world, &crate::console::person(&world, "zoe").await.0, SCOPES).await;
    assert_eq!(send(&world, &limited, DRY, &json!({})).await.status, 403, "a stranger learns nothing");
}

#[tokio::test]
async fn two_who_planned_the_same_do_it_once() {
    let world = World::new().await;
    let token = service(&world).await;
    let tag = send(&world, &token, DRY, &bakery()).await.header("etag").to_owned();
    let document = bakery();
    let both =
        futures_util::future::join(send_if(&world, &token, &tag, &document), send_if(&world, &token, &tag, &document));
    let (one, other) = both.await;
    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412], "{} {}", one.body, other.body);
}

#[tokio::test]
async fn a_declared_provider_is_used_changed_and_gone_without_a_restart() {
    let world = World::new().await;
    let other = world.beside().await;
    add_app(&world).await;
    let (owner, _) = operator(&world, "owner", OperatorRole::Owner).await;
    let token = token_of(&world, &owner, SCOPES).await;
    let declared = |label: &str| {
        json!({"providers": [{
            "id": "acme", "label": label, "issuer": "https://login.acme.example", "client_id": "sigma",
            "client_secret": {"value": SECRET},
        }]})
    };
    let page = async |world: &World| world.call(As::Nobody, "GET", "/login", &Value::Null).await.body;
    assert!(!page(&world).await.contains("Acme"));
    for label in ["Acme", "Acme Staff"] {
        let applied = send(&world, &token, PATH, &declared(label)).await;
        assert_eq!(applied.status, 200, "{}", applied.body);
        assert!(page(&world).await.contains(label), "at once where it was declared");
        other.sigma.use_declared_providers().await.unwrap();
        assert!(page(&other).await.contains(label), "{label}");
    }
    let listed = world.call(As::Token(&token), "GET", "/api/admin/v1/providers", &Value::Null).await;
    assert_eq!(listed.json()["items"][0]["label"], "Acme Staff", "{}", listed.body);
    assert!(!listed.body.contains(SECRET));
    let removed = world.call(As::Token(&token), "DELETE", "/api/admin/v1/providers/acme", &Value::Null).await;
    assert_eq!(removed.status, 204);
    assert!(!page(&world).await.contains("Acme"));
    other.sigma.use_declared_providers().await.unwrap();
    assert!(!page(&other).await.contains("Acme"));
}

#[tokio::test]
async fn a_declared_secret_goes_to_no_other_server_and_no_provider_is_private_unless_allowed() {
    let world = World::new().await;
    add_app(&world).await;
    let (owner, _) = operator(&world, "owner", OperatorRole::Owner).await;
    let token = token_of(&world, &owner, SCOPES).await;
    let declared = |issuer: &str, secret: Option<&str>| {
        let mut entry = json!({"id": "acme", "issuer": issuer, "client_id": "sigma"});
        if let Some(secret) = secret {
            entry["client_secret"] = json!({"value": secret});
        }
        json!({ "providers": [entry] })
    };
    let here = "https://login.acme.example";
    assert_eq!(send(&world, &token, PATH, &declared(here, Some(SECRET))).await.status, 200);
    for path in [PATH, DRY] {
        let refused = send(&world, &token, path, &declared("https://login.evil.example", None)).await;
        assert!(refused.status == 400 && refused.body.contains("client_secret"), "{}", refused.body);
    }
    assert_eq!(send(&world, &token, PATH, &declared(here, None)).await.json()["unchanged"], 1);
    let moved = send(&world, &token, PATH, &declared("https://login.acme.test", Some(SECRET))).await;
    assert_eq!(moved.status, 200, "whoever knows it may send it elsewhere: {}", moved.body);
    for issuer in ["https://192.168.0.1", "https://169.254.169.254", "http://127.0.0.1:9"] {
        let refused = send(&world, &token, PATH, &declared(issuer, Some(SECRET))).await;
        assert!(refused.status == 400 && refused.body.contains("outbound.allow"), "{}", refused.body);
    }
}
