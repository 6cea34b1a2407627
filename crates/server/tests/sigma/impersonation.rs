//! Impersonation: who may act as whom, with how much, how it is marked and how it ends.

use http::Method;
use serde_json::json;
use sigma_core::app::AuthMethod;
use sigma_core::ids::{OrgId, UserId};
use sigma_core::jose::{Algorithm, TokenKind};
use sigma_core::org::{RolePermissions, Switch};
use sigma_core::resource::ResourceScope;
use sigma_server::routes::declarations;
use sigma_store::event::Trail;
use sigma_store::impersonation;

use crate::support::client::{INTROSPECT, TOKEN, USERINFO, basic, changed};
use crate::support::forge::{claims, with};
use crate::support::{Answer, Browser, Key, World, text};

const NOTES: &str = "https://notes.example.org/";
const BANK: &str = "https://bank.example.org/";
const GRANT: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS: &str = "urn:ietf:params:oauth:token-type:access_token";
const USER: &str = "urn:sigma:params:oauth:token-type:user-id";
const DENIED: &str = "400 invalid_request: the actor may not act as this user";
const TOO_MUCH: &str = "400 invalid_scope: the subject token does not have this scope";

async fn world() -> World {
    let world = World::with_orgs().await;
    world.add_confidential_app("service", AuthMethod::ClientSecret, "secret").await;
    world
}

/// A new person, who let `service` have their name: browser, id and token.
async fn person<'w>(world: &'w World, name: &str) -> (Browser<'w>, UserId, String) {
    let browser = world.browser();
    browser.sign_up(&Key::named(name)).await;
    let id = text(&browser.get("/api/auth/get-session").await.json()["user"], "id").to_owned();
    let token = token_of(world, &browser, "openid profile", &[]).await;
    (browser, UserId::from_text(id), token)
}

/// The access token of `service` about whoever uses `browser`.
async fn token_of(world: &World, browser: &Browser<'_>, scope: &str, resources: &[&str]) -> String {
    let query = Browser::request(&[("client_id", "service"), ("scope", scope), ("prompt", "consent")]);
    let query = resources.iter().fold(query, |query, uri| query + "&resource=" + uri);
    let code = browser.agree(browser.get(&query).await).await.param("code").unwrap();
    let answer = world.exchange_with_secret("service", &code).await;
    text(&answer.json(), "access_token").to_owned()
}

async fn allow(world: &World, org: &OrgId, user: &UserId) {
    let (org, user, now) = (org.clone(), user.clone(), world.now());
    world.sigma.store.write(move |tx| impersonation::allow(tx, &org, &user, now)).await.unwrap();
}

async fn deny(world: &World, org: &OrgId, user: &UserId) -> bool {
    let (org, user, now) = (org.clone(), user.clone(), world.now());
    world.sigma.store.write(move |tx| impersonation::deny(tx, &org, &user, now)).await.unwrap()
}

async fn exchange(world: &World, form: &[(&str, &str)]) -> Answer {
    let form = [&[("grant_type", GRANT)][..], form].concat();
    world.post_form(TOKEN, &form, &[("authorization", &basic("service", "secret"))]).await
}

/// Acts as `person` with the token `actor`.
async fn act(world: &World, person: &UserId, actor: &str, change: &[(&str, &str)]) -> Answer {
    let form = [
        ("subject_token", person.as_str()),
        ("subject_token_type", USER),
        ("actor_token", actor),
        ("actor_token_type", ACCESS),
        ("scope", "openid profile"),
    ];
    exchange(world, &changed(&form, change)).await
}

async fn acting(world: &World, person: &UserId, actor: &str, change: &[(&str, &str)]) -> String {
    let answer = act(world, person, actor, change).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    text(&answer.json(), "access_token").to_owned()
}

#[tokio::test]
async fn an_impersonation_is_marked_in_tokens_introspection_pages_and_the_audit_trail() {
    let world = world().await;
    let (ada, ada_id, before) = person(&world, "ada").await;
    let (_owl, owl_id, actor) = person(&world, "owl").await;
    allow(&world, &OrgId::operator(), &owl_id).await;
    assert!(!ada.get("/account").await.body.contains("Somebody acts as you"));
    let answer = act(&world, &ada_id, &actor, &[]).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let answer = answer.json();
    assert!(answer.get("refresh_token").is_none() && answer.get("id_token").is_none(), "{answer}");
    let token = text(&answer, "access_token");
    let issued = claims(token);
    assert_eq!((&issued["sub"], &issued["act"]), (&json!(ada_id), &json!({"sub": owl_id})));
    assert_eq!((&issued["impersonation"], issued.get("sid")), (&json!(true), None));
    // They authenticated, not she.
    assert_eq!(issued["auth_time"], claims(&actor)["auth_time"]);
    assert_eq!(world.get_with_token(USERINFO, token).await.json()["sub"], json!(ada_id));
    let authorization = basic("service", "secret");
    let headers = [("authorization", authorization.as_str())];
    let seen = world.post_form(INTROSPECT, &[("token", token)], &headers).await.json();
    assert_eq!((&seen["impersonation"], &seen["act"]), (&json!(true), &json!({"sub": owl_id})));
    // What comes of it is marked too, and whoever acts stays in the chain.
    let copy = exchange(&world, &[("subject_token", token), ("subject_token_type", ACCESS)]).await.json();
    let copy = text(&copy, "access_token").to_owned();
    assert_eq!(claims(&copy)["impersonation"], true);
    assert_eq!(claims(&copy)["act"], json!({"sub": owl_id}));
    // Her own tokens are not.
    assert_eq!(claims(&before).get("impersonation"), None);
    assert!(ada.get("/account").await.body.contains("Somebody acts as you"));
    let page = ada.get("/account/agents").await.body;
    assert!(page.contains("acts as you") && page.contains("In Playground, with"), "{page}");
    world.tick();
    let events = world.trail(Trail::All).await;
    let begun = events.iter().find(|event| event.action == "impersonation.begin").unwrap();
    assert_eq!((begun.actor.user(), begun.user_id.as_ref()), (Some(&owl_id), Some(&ada_id)));
    assert!(events.iter().any(|event| event.action == "impersonation.allow"));
    assert!(ada.get("/account/activity").await.body.contains("Somebody began to act as you in"));
}

#[tokio::test]
async fn nobody_impersonates_without_permission_or_whoever_holds_as_many_rights() {
    let world = world().await;
    let (_ada, ada_id, _) = person(&world, "ada").await;
    let (_owl, owl_id, actor) = person(&world, "owl").await;
    let (_eve, eve_id, _) = person(&world, "eve").await;
    assert_eq!(act(&world, &ada_id, &actor, &[]).await.error(), DENIED, "nobody allowed it");
    allow(&world, &OrgId::operator(), &owl_id).await;
    let token = acting(&world, &eve_id, &actor, &[]).await;
    assert_eq!(act(&world, &owl_id, &actor, &[]).await.error(), DENIED, "oneself");
    assert_eq!(world.userinfo_status(&token).await, 200);
    // One who may act as anybody is out of reach, also of an impersonation that goes on.
    allow(&world, &OrgId::operator(), &eve_id).await;
    assert_eq!(act(&world, &eve_id, &actor, &[]).await.error(), DENIED);
    assert_eq!(world.userinfo_status(&token).await, 401);
    let unknown = UserId::from_text("user_000000000000000000000000");
    assert_eq!(act(&world, &unknown, &actor, &[]).await.error(), DENIED);
    for (change, error) in [
        (&[("subject_token", "ada")][..], "400 invalid_request: the subject token is not valid"),
        (&[("actor_token", ""), ("actor_token_type", "")], "400 invalid_request: the subject token is not valid"),
        (&[("actor_token", "x")], "400 invalid_request: the actor token is not valid"),
        (&[("actor_token", token.as_str())], "400 invalid_request: the actor token is not valid"),
    ] {
        assert_eq!(act(&world, &ada_id, &actor, change).await.error(), error, "{change:?}");
    }
    // With a token that another app got about the actor, or that acts for them already.
    let token = acting(&world, &ada_id, &actor, &[]).await;
    let copy = exchange(&world, &[("subject_token", &token), ("subject_token_type", ACCESS)]).await.json();
    let copy = text(&copy, "access_token").to_owned();
    let refused = act(&world, &ada_id, &copy, &[]).await;
    assert_eq!(refused.error(), "400 invalid_request: the actor token is not valid");
    // Without a session here, as by the assertion of another server.
    let asserted = with(&claims(&actor), &json!({"sid": null}));
    let asserted = world.forge(TokenKind::Access, Algorithm::ES256, &asserted).await;
    let refused = act(&world, &ada_id, &asserted, &[]).await;
    assert_eq!(refused.error(), "400 invalid_request: the actor token is not valid");
    // Whoever acts authenticated a moment ago.
    world.advance(901);
    let late = act(&world, &ada_id, &actor, &[]).await;
    assert_eq!(late.error(), "400 invalid_request: the actor has to sign in again");
}

#[tokio::test]
async fn an_org_admin_impersonates_only_members_with_no_more_rights_at_the_apps_and_apis_of_the_org() {
    let world = world().await;
    let (team, other) = (world.org("Acme").await, world.org("Beta").await);
    let set_org = async |org: &OrgId| {
        let org = org.clone();
        world.change_app("service", |app| app.org_id = org).await;
    };
    set_org(&team.org).await;
    let scope = |name: &str| ResourceScope { name: name.to_owned(), description: "Do it".to_owned() };
    for (uri, org, name) in [(NOTES, &team.org, "notes:read"), (BANK, &other.org, "bank:read")] {
        let (org, scopes) = (org.clone(), vec![scope(name)]);
        world.add_resource_with(uri, |resource| (resource.org_id, resource.scopes) = (org, scopes)).await;
        world.allow("service", uri).await;
    }
    let (ada, ada_id, _) = person(&world, "ada").await;
    token_of(&world, &ada, "openid profile notes:read bank:read", &[NOTES, BANK]).await;
    let (_owl, owl_id, actor) = person(&world, "owl").await;
    let (_boss, boss_id, _) = person(&world, "boss").await;
    let (_sam, sam_id, of_sam) = person(&world, "sam").await;
    let switches = [Switch::ManageUsers].into_iter().collect();
    let helpdesk = team.role("Helpdesk", RolePermissions { switches, ..Default::default() }).await;
    team.join(&owl_id, &helpdesk).await;
    assert_eq!(act(&world, &ada_id, &actor, &[]).await.error(), DENIED, "an admin whom nobody allowed it");
    allow(&world, &team.org, &owl_id).await;
    allow(&world, &team.org, &sam_id).await;
    assert_eq!(act(&world, &ada_id, &actor, &[]).await.error(), DENIED, "of somebody outside");
    team.join(&ada_id, &team.member).await;
    team.join(&sam_id, &team.member).await;
    team.join(&boss_id, &team.admin).await;
    let token = acting(&world, &ada_id, &actor, &[]).await;
    let notes = acting(&world, &ada_id, &actor, &[("scope", "openid notes:read"), ("resource", NOTES)]).await;
    assert_eq!(claims(&notes)["scope"], "openid notes:read");
    let forward = "/api/auth/oauth2/forward?resource=https%3A%2F%2Fnotes.example.org%2F";
    let seen = world.get_with_token(forward, &notes).await;
    assert_eq!(
        (seen.header("x-sigma-user-id"), seen.header("x-sigma-impersonator")),
        (ada_id.as_str(), owl_id.as_str())
    );
    let bank = [("scope", "openid bank:read"), ("resource", BANK)];
    assert_eq!(act(&world, &ada_id, &actor, &bank).await.error(), DENIED, "at the API of another org");
    assert_eq!(act(&world, &boss_id, &actor, &[]).await.error(), DENIED, "of one with more rights");
    assert_eq!(act(&world, &ada_id, &of_sam, &[]).await.error(), DENIED, "by one who manages no users");
    set_org(&other.org).await;
    assert_eq!(act(&world, &ada_id, &actor, &[]).await.error(), DENIED, "at an app of another org");
    assert_eq!(world.userinfo_status(&token).await, 401, "the app passed to another org");
    set_org(&OrgId::operator()).await;
    assert_eq!(act(&world, &ada_id, &actor, &[]).await.error(), DENIED, "at an app of the operator");
    set_org(&team.org).await;
    assert_eq!(world.userinfo_status(&token).await, 200);
    // One of the operator's is out of reach of an org's admins, whatever they are in the org.
    allow(&world, &OrgId::operator(), &ada_id).await;
    assert_eq!(act(&world, &ada_id, &actor, &[]).await.error(), DENIED, "of an operator");
    assert_eq!(world.userinfo_status(&token).await, 401);
}

#[tokio::test]
async fn an_impersonator_has_no_more_than_the_user_let_the_app_have_and_no_offline_access() {
    let world = world().await;
    let scopes = "openid profile email sigma:profile sigma:wallet sigma:backup merits offline_access";
    world.change_app("service", |app| app.scopes = sigma_core::scope::Scopes::parse(scopes)).await;
    let fresh = world.browser();
    fresh.sign_up(&Key::named("new")).await;
    let new_id = text(&fresh.get("/api/auth/get-session").await.json()["user"], "id").to_owned();
    let (ada, ada_id, _) = person(&world, "ada").await;
    let (_owl, owl_id, actor) = person(&world, "owl").await;
    allow(&world, &OrgId::operator(), &owl_id).await;
    // It gives no consent: neither to an app that has none, nor to more than was agreed.
    assert_eq!(act(&world, &UserId::from_text(new_id), &actor, &[]).await.error(), TOO_MUCH);
    assert_eq!(act(&world, &ada_id, &actor, &[("scope", "openid email")]).await.error(), TOO_MUCH);
    // She let the app have everything: an impersonator gets what names her all the same.
    token_of(&world, &ada, scopes, &[]).await;
    for scope in ["offline_access", "sigma:backup", "sigma:profile", "sigma:wallet", "merits", "roles"] {
        let wanted = format!("openid {scope}");
        assert_eq!(act(&world, &ada_id, &actor, &[("scope", &wanted)]).await.error(), TOO_MUCH, "{scope}");
    }
    let token = acting(&world, &ada_id, &actor, &[("scope", "openid profile email")]).await;
    assert_eq!(claims(&token)["scope"], "openid profile email");
    let answer = act(&world, &ada_id, &actor, &[("scope", "")]).await;
    assert_eq!(claims(text(&answer.json(), "access_token"))["scope"], "openid");
    // Removing the app's access ends it.
    let app_id = world.app("service").await.id;
    assert_eq!(ada.post_form("/account/apps/remove", &[("app", app_id.as_str())]).await.status, 303);
    assert_eq!(world.userinfo_status(&token).await, 401);
}

#[tokio::test]
async fn an_impersonator_cannot_change_credentials_backups_or_the_account() {
    let world = World::with(|settings| settings.limits.enabled = false).await;
    world.add_confidential_app("service", AuthMethod::ClientSecret, "secret").await;
    let (_ada, ada_id, _) = person(&world, "ada").await;
    let (_owl, owl_id, actor) = person(&world, "owl").await;
    allow(&world, &OrgId::operator(), &owl_id).await;
    let token = acting(&world, &ada_id, &actor, &[]).await;
    let rows = world.rows().await;
    let mut tried = 0;
    for endpoint in declarations().endpoints() {
        let path = endpoint.paths().next().unwrap().replace(['{', '}', '*'], "x");
        let is_of_the_account = [
            "/account",
            "/api/backup",
            "/api/user",
            "/api/auth/passkey",
            "/api/auth/link",
            "/api/oauth-clients",
            "/developers",
        ]
        .iter()
        .any(|prefix| path.starts_with(prefix));
        if !is_of_the_account {
            continue;
        }
        for method in endpoint.methods().iter().filter(|method| **method != Method::HEAD) {
            let kind = if path.starts_with("/api") { "application/json" } else { "application/x-www-form-urlencoded" };
            let request = http::Request::builder()
                .method(method)
                .uri(&path)
                .header("authorization", format!("Bearer {token}"))
                .header("origin", world.sigma.issuer())
                .header("content-type", kind);
            let body = if path.starts_with("/api") && *method != Method::GET { "{}" } else { "" };
            let answer = world.send(request.body(body.into()).unwrap()).await;
            // Pages send to the sign-in page.
            let is_refused = answer.status.is_client_error() || answer.location().contains("/login");
            assert!(is_refused, "{method} {path}: {} {}", answer.status, answer.body);
            tried += 1;
        }
    }
    assert!(tried > 30, "{tried}");
    assert_eq!(world.rows().await, rows);
    assert_eq!(world.userinfo_status(&token).await, 200);
}

#[tokio::test]
async fn an_impersonation_ends_after_an_hour_by_the_user_and_with_the_permission() {
    let world = world().await;
    let (ada, ada_id, before) = person(&world, "ada").await;
    let (owl, owl_id, actor) = person(&world, "owl").await;
    allow(&world, &OrgId::operator(), &owl_id).await;
    let token = acting(&world, &ada_id, &actor, &[]).await;
    let issued = claims(&token);
    assert_eq!(issued["exp"].as_i64().unwrap() - issued["iat"].as_i64().unwrap(), 3_600);
    // Only the user ends it.
    let id = issued["gid"].as_str().unwrap();
    assert_eq!(owl.post_form("/account/agents/end", &[("id", id)]).await.status, 409);
    assert_eq!(world.userinfo_status(&token).await, 200);
    assert_eq!(ada.post_form("/account/agents/end", &[("id", id)]).await.status, 303);
    assert_eq!(ada.post_form("/account/agents/end", &[("id", id)]).await.status, 409);
    assert_eq!(world.userinfo_status(&token).await, 401);
    assert_eq!(world.userinfo_status(&before).await, 200, "her own sign-in goes on");
    // The operator takes the permission back.
    let token = acting(&world, &ada_id, &actor, &[]).await;
    assert!(deny(&world, &OrgId::operator(), &owl_id).await);
    assert_eq!(world.userinfo_status(&token).await, 401);
    allow(&world, &OrgId::operator(), &owl_id).await;
    assert_eq!(world.userinfo_status(&token).await, 401, "what was ended stays so");
    world.tick();
    let actions: Vec<String> = world.trail(Trail::All).await.iter().map(|event| event.action.clone()).collect();
    for (action, times) in [("impersonation.end", 2), ("impersonation.deny", 1)] {
        assert_eq!(actions.iter().filter(|name| *name == action).count(), times, "{action}");
    }
    // An hour, whatever comes of it.
    let token = acting(&world, &ada_id, &actor, &[]).await;
    world.advance(600);
    let copy = exchange(&world, &[("subject_token", &token), ("subject_token_type", ACCESS)]).await.json();
    let copy = text(&copy, "access_token").to_owned();
    assert_eq!(claims(&copy)["exp"], claims(&token)["exp"]);
    world.advance(3_000);
    assert_eq!(world.userinfo_status(&token).await, 401);
    assert_eq!(world.userinfo_status(&copy).await, 401);
    assert!(!ada.get("/account/agents").await.body.contains("acts as you"));
    // Not without end at once.
    let owl = world.browser();
    owl.sign_in(&Key::named("owl")).await;
    let again = token_of(&world, &owl, "openid profile", &[]).await;
    let mut last = 200;
    for _ in 0..11 {
        last = act(&world, &ada_id, &again, &[]).await.status.as_u16();
    }
    assert_eq!(last, 400);
}

#[tokio::test]
async fn a_scope_that_two_apis_call_the_same_is_only_had_where_the_user_agreed_to_it() {
    let world = world().await;
    let scope = |name: &str| ResourceScope { name: name.to_owned(), description: "Do it".to_owned() };
    for (uri, names) in [(NOTES, &["list", "read"][..]), (BANK, &["read"])] {
        let scopes = names.iter().map(|name| scope(name)).collect();
        world.add_resource_with(uri, |resource| resource.scopes = scopes).await;
        world.allow("service", uri).await;
    }
    let (ada, ada_id, _) = person(&world, "ada").await;
    token_of(&world, &ada, "openid list", &[NOTES]).await;
    token_of(&world, &ada, "openid read", &[BANK]).await;
    let (_owl, owl_id, actor) = person(&world, "owl").await;
    allow(&world, &OrgId::operator(), &owl_id).await;
    for (scope, uri, error) in
        [("openid list", NOTES, None), ("openid read", BANK, None), ("openid read", NOTES, Some(TOO_MUCH))]
    {
        let answer = act(&world, &ada_id, &actor, &[("scope", scope), ("resource", uri)]).await;
        match error {
            None => assert_eq!(answer.status, 200, "{scope} {uri} {}", answer.body),
            Some(error) => assert_eq!(answer.error(), error, "{scope} {uri}"),
        }
    }
}
