//! Who requires a second factor: an app by its registration or its request, a workspace by its settings.

use http::StatusCode;
use serde_json::{Value, json};
use sigma_core::actor::Actor;
use sigma_store::org::{self, Change};

use crate::support::second_factors::{pending, shown_secret};
use crate::support::{APP, As, Authenticator, Browser, Key, PASSWORD, TestOrg, World, ada, claims};

async fn require(world: &World, team: &TestOrg<'_>, required: bool) {
    let (org_id, now) = (team.org.clone(), world.now());
    let change = Change { require_second_factor: Some(required), ..Change::default() };
    world.sigma.store.decide(move |tx| org::change(tx, &org_id, &Actor::Operator, &change, now)).await.unwrap();
}

/// The query of the sign-in page that `path` leads to.
async fn sign_in_query(browser: &Browser<'_>, path: &str) -> String {
    let answer = browser.get(path).await;
    assert!(answer.location().starts_with("/login?interaction="), "{path}: {} {}", answer.status, answer.location());
    answer.location().trim_start_matches("/login").to_owned()
}

#[tokio::test]
async fn an_app_asks_for_two_factors_and_the_session_is_raised() {
    let world = World::new().await;
    let browser = ada(&world).await;
    let mut passkey = Authenticator::named("laptop");
    browser.add_passkey(&mut passkey).await;
    world.tick();
    let browser = world.browser();
    browser.sign_in(&Key::named("ada")).await;
    let before = claims(browser.tokens("openid").await["id_token"].as_str().unwrap());
    assert_eq!(before["acr"], "1");
    world.advance(60);
    let asked = browser.authorize(&[("acr_values", "2")]).await;
    let query = format!("?interaction={}", asked.param("interaction").unwrap());
    let answer = browser.use_passkey(&mut passkey, &query).await;
    let next = answer.json()["continue"].as_str().unwrap().to_owned();
    let code = browser.agree(browser.get(&next).await).await.param("code").unwrap();
    let after = claims(browser.redeem(&code).await.json()["id_token"].as_str().unwrap());
    assert_eq!((&after["acr"], &after["amr"]), (&json!("2"), &json!(["pop", "swk", "hwk", "user"])));
    assert_eq!(after["auth_time"], before["auth_time"], "the first factor was not proven again");
    assert_eq!(after["sid"], before["sid"], "the session goes on");
    assert!(browser.authorize(&[("acr_values", "2")]).await.param("code").is_some(), "it is not asked for again");
    // max_age asks for a new authentication, whose time is told.
    let aged = browser.authorize(&[("max_age", "30")]).await;
    let query = format!("?interaction={}", aged.param("interaction").unwrap());
    let answer = browser.use_passkey(&mut passkey, &query).await;
    let code = browser.get(answer.json()["continue"].as_str().unwrap()).await.param("code").unwrap();
    let fresh = claims(browser.redeem(&code).await.json()["id_token"].as_str().unwrap());
    assert_eq!(fresh["auth_time"], world.now().seconds());
}

#[tokio::test]
async fn an_app_that_requires_a_second_factor_has_one_added_on_the_way() {
    let world = World::new().await;
    world.change_app(APP, |app| app.require_second_factor = true).await;
    let browser = ada(&world).await;
    assert_eq!(
        browser.authorize(&[("prompt", "none")]).await.param("error").unwrap(),
        "login_required",
        "a stranger learns nothing"
    );
    let asked = browser.authorize(&[]).await;
    let query = asked.location().trim_start_matches("/login").to_owned();
    let page = browser.get(asked.location()).await;
    assert!(
        page.body.contains("data-add-passkey") && page.body.contains("/account/authenticator?interaction="),
        "{}",
        page.body
    );
    // Skipping it leads nowhere.
    let name = asked.param("interaction").unwrap();
    let inner = format!("/api/auth/oauth2/authorize?interaction={name}");
    assert!(browser.get(&inner).await.location().starts_with("/login?"));
    let setup = browser.get(&format!("/account/authenticator{query}")).await;
    let (secret, sealed) = (shown_secret(&setup.body), pending(&setup.body));
    let code = secret.code(world.now());
    let form = [("pending", sealed.as_str()), ("code", code.as_str())];
    let added = browser.post_form(&format!("/account/authenticator{query}"), &form).await;
    assert!(added.body.contains(&format!("href=\"{inner}\"")), "the way on: {}", added.body);
    let consent = browser.get(&inner).await;
    let code = browser.agree(consent).await.param("code").unwrap();
    let token = claims(browser.redeem(&code).await.json()["id_token"].as_str().unwrap());
    assert_eq!((&token["acr"], &token["amr"]), (&json!("2"), &json!(["pop", "swk", "otp"])));
}

#[tokio::test]
async fn adding_a_second_factor_on_the_way_takes_a_recent_sign_in() {
    let world = World::new().await;
    world.change_app(APP, |app| app.require_second_factor = true).await;
    let browser = ada(&world).await;
    world.advance(901);
    let asked = browser.authorize(&[]).await;
    let page = browser.get(asked.location()).await;
    assert!(page.body.contains("id=\"wallet\"") && !page.body.contains("data-add-passkey"), "{}", page.body);
    browser.sign_in(&Key::named("ada")).await;
    assert!(browser.get(asked.location()).await.body.contains("data-add-passkey"));
}

#[tokio::test]
async fn a_workspace_that_requires_a_second_factor_admits_nobody_without() {
    let world = World::with_orgs().await;
    let acme = world.org("Acme").await;
    let (user, browser) = world.admin_of(&acme).await;
    let pages = format!("/workspace/{}/people", acme.org);
    assert_eq!(browser.get(&pages).await.status, StatusCode::OK);
    require(&world, &acme, true).await;
    world.tick();
    let query = sign_in_query(&browser, &pages).await;
    let asked = browser.get(&format!("/login{query}")).await;
    assert!(asked.body.contains("data-add-passkey"), "{}", asked.body);
    let login = world.log_in("ada@example.org", Some(&acme.org)).await;
    assert_eq!(login.code(), "403 SECOND_FACTOR_REQUIRED", "{user}");
    assert_eq!(world.log_in("stranger@example.org", Some(&acme.org)).await.code(), "401 UNAUTHORIZED");

    let mut passkey = Authenticator::named("laptop");
    assert_eq!(browser.add_passkey(&mut passkey).await.status, StatusCode::CREATED);
    assert_eq!(browser.get(&pages).await.status, StatusCode::OK, "adding it proved it");
    world.tick();
    let other = world.browser();
    other.log_in("ada@example.org", PASSWORD).await;
    let query = sign_in_query(&other, &pages).await;
    assert!(other.get(&format!("/login{query}")).await.body.contains("data-passkey"));
    let answer = other.use_passkey(&mut passkey, &query).await;
    assert_eq!(answer.json()["continue"], pages);
    assert_eq!(other.get(&pages).await.status, StatusCode::OK);
    require(&world, &acme, false).await;
    world.tick();
    assert_eq!(world.log_in("ada@example.org", Some(&acme.org)).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_workspace_is_told_to_require_a_second_factor_by_page_and_api() {
    let world = World::with_orgs().await;
    let acme = world.org("Acme").await;
    let key = acme.admin_key().await;
    let shown = world.call(As::Key(&key), "GET", "/api/v1/workspace", &Value::Null).await.json();
    assert_eq!(shown["requireSecondFactor"], false);
    let body = json!({"requireSecondFactor": true});
    let changed = world.call(As::Key(&key), "PATCH", "/api/v1/workspace", &body).await.json();
    assert_eq!(changed["requireSecondFactor"], true);
    let only = world.call(As::Key(&key), "PATCH", "/api/v1/workspace", &json!({"name": "Acme"})).await.json();
    assert_eq!(only["requireSecondFactor"], true, "what is omitted stays");
    let changed = world.call(As::Key(&key), "PATCH", "/api/v1/workspace", &json!({"requireSecondFactor": false})).await;
    assert_eq!(changed.status, StatusCode::OK);
    let (_, browser) = world.admin_of(&acme).await;
    let path = format!("/workspace/{}/settings", acme.org);
    let form = [("name", "Acme"), ("require_second_factor", "true")];
    assert_eq!(browser.post_form(&path, &form).await.status, StatusCode::SEE_OTHER);
    let shown = world.call(As::Key(&key), "GET", "/api/v1/workspace", &Value::Null).await.json();
    assert_eq!(shown["requireSecondFactor"], true);
}

#[tokio::test]
async fn a_session_of_the_api_ends_when_more_is_demanded_than_it_proved() {
    let world = World::with_orgs().await;
    let acme = world.org("Acme").await;
    let (_, browser) = world.admin_of(&acme).await;
    let token = world.log_in("ada@example.org", Some(&acme.org)).await.json()["token"].as_str().unwrap().to_owned();
    let status = async |method: &str, path: &str| {
        world.tick();
        world.call(As::Token(&token), method, path, &Value::Null).await.status.as_u16()
    };
    assert_eq!(status("GET", "/api/v1/auth/me").await, 200);
    require(&world, &acme, true).await;
    for path in ["/api/v1/auth/me", "/api/v1/auth/forward"] {
        assert_eq!(status("GET", path).await, 401, "{path}");
    }
    let refreshed = world.call(As::Nobody, "POST", "/api/v1/auth/refresh", &json!({"token": token})).await;
    assert_eq!(refreshed.status, StatusCode::UNAUTHORIZED, "{}", refreshed.body);
    require(&world, &acme, false).await;
    assert_eq!(status("GET", "/api/v1/auth/me").await, 200);
    browser.add_app(&world).await;
    assert_eq!(status("GET", "/api/v1/auth/me").await, 401, "the user has an authenticator app now");
    let again = world.log_in("ada@example.org", Some(&acme.org)).await;
    assert_eq!(again.code(), "403 SECOND_FACTOR_REQUIRED");
}
