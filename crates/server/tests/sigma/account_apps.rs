//! `/account/apps`: the apps with access to an account, and taking it back.

use http::StatusCode;
use serde_json::Value;
use sigma_core::ids::UserId;
use sigma_core::scope::Scopes;
use sigma_store::event::Trail;

use crate::support::{APP, Browser, Key, World};

const APPS: &str = "/account/apps";
const REMOVE: &str = "/account/apps/remove";

async fn signed_up<'w>(world: &'w World, name: &str) -> Browser<'w> {
    let browser = world.browser();
    browser.sign_up(&Key::named(name)).await;
    browser
}

async fn id_of(browser: &Browser<'_>) -> UserId {
    UserId::from_text(browser.get("/api/auth/get-session").await.json()["user"]["id"].as_str().unwrap())
}

/// The id that the only form of the page posts.
fn posted(page: &str) -> String {
    page.split(r#"name="app" value=""#).nth(1).unwrap().split('"').next().unwrap().to_owned()
}

fn access(tokens: &Value) -> &str {
    tokens["access_token"].as_str().unwrap()
}

fn refresh(tokens: &Value) -> &str {
    tokens["refresh_token"].as_str().unwrap()
}

#[tokio::test]
async fn apps_are_listed_with_what_they_see() {
    let world = World::new().await;
    let browser = signed_up(&world, "ada").await;
    assert!(browser.get(APPS).await.body.contains("No app has access"));
    browser.tokens("openid profile email").await;
    let page = browser.get(APPS).await;
    assert_eq!(page.status, StatusCode::OK);
    for words in ["Access since", "last used", "Remove access"] {
        assert!(page.body.contains(words), "{words}: {}", page.body);
    }
    assert!(!page.body.contains(">Open<"), "nothing says where a sign-in to it begins");
    let login = "https://app.example.org/login?from=sigma";
    world.change_app(APP, |app| app.metadata.initiate_login_uri = Some(login.to_owned())).await;
    let page = browser.get(APPS).await.body;
    let begins = format!("href=\"{login}&#38;iss=https%3A%2F%2Fid.example.org\"");
    assert!(page.contains(">Open<") && page.contains(&begins), "{page}");
    world.change_app(APP, |app| app.disabled = true).await;
    assert!(!browser.get(APPS).await.body.contains(">Open<"));
    assert!(browser.get("/account").await.body.contains("href=\"/account/apps\""));
    let stranger = signed_up(&world, "eve").await;
    assert!(stranger.get(APPS).await.body.contains("No app has access"));
    assert_eq!(world.browser().get(APPS).await.status, StatusCode::SEE_OTHER, "signed out");
}

#[tokio::test]
async fn an_app_whose_access_is_removed_has_no_living_token_and_asks_again() {
    let world = World::new().await;
    world.change_app(APP, |app| app.scopes = Scopes::parse("openid profile email offline_access")).await;
    let browser = signed_up(&world, "ada").await;
    let offline = browser.tokens("openid offline_access").await;
    let online = browser.tokens("openid").await;
    let unredeemed = browser.code(&[]).await;
    let other_node = world.beside().await;
    assert_eq!(other_node.userinfo_status(access(&online)).await, 200);
    let app = posted(&browser.get(APPS).await.body);
    assert_eq!(browser.post_form(REMOVE, &[("app", &app)]).await.location(), "/account/apps?done=removed");
    world.tick();
    for tokens in [&offline, &online] {
        assert_eq!(world.userinfo_status(access(tokens)).await, 401);
    }
    let refused = world.refresh(refresh(&offline), &[]).await;
    assert_eq!(
        (refused.status, &refused.json()["error"]),
        (StatusCode::BAD_REQUEST, &serde_json::json!("invalid_grant"))
    );
    let refused = browser.redeem(&unredeemed).await;
    assert_eq!(
        (refused.status, &refused.json()["error"]),
        (StatusCode::BAD_REQUEST, &serde_json::json!("invalid_grant"))
    );
    assert!(browser.get(APPS).await.body.contains("No app has access"));
    assert!(browser.authorize(&[]).await.location().starts_with("/consent"), "consent was forgotten");
    let events = world.trail(Trail::User(id_of(&browser).await)).await;
    let removed: Vec<_> = events.iter().filter(|event| event.action == "consent.remove").collect();
    assert_eq!((removed.len(), removed[0].actor.kind()), (1, "user"));
}

#[tokio::test]
async fn access_is_removed_only_from_ones_own_account() {
    let world = World::new().await;
    let (ada, eve) = (signed_up(&world, "ada").await, signed_up(&world, "eve").await);
    let tokens = ada.tokens("openid").await;
    let app = posted(&ada.get(APPS).await.body);
    for named in [app.as_str(), "", "app_0", "a\0b", "org_000000000000000000000001"] {
        assert_eq!(eve.post_form(REMOVE, &[("app", named)]).await.status, StatusCode::CONFLICT, "{named:?}");
    }
    assert_eq!(world.browser().post_form(REMOVE, &[("app", &app)]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(world.userinfo_status(access(&tokens)).await, 200);
}

#[tokio::test]
async fn the_copy_of_ones_data_is_complete_without_secrets_and_ones_own() {
    let world = World::new().await;
    let (ada, eve) = (signed_up(&world, "ada").await, signed_up(&world, "eve").await);
    ada.tokens("openid").await;
    let copy = ada.post_form("/account/data", &[]).await;
    assert_eq!((copy.status, copy.header("content-type")), (StatusCode::OK, "application/json"));
    assert!(copy.header("content-disposition").starts_with("attachment"));
    let data = copy.json();
    assert_eq!(data["account"]["id"], id_of(&ada).await.as_str());
    assert_eq!(data["credentials"][0]["id"], Key::named("ada").pubkey());
    assert_eq!(data["identities"][0]["bapId"], Key::named("ada").bap_id());
    for section in ["sessions", "consents", "events"] {
        assert!(!data[section].as_array().unwrap().is_empty(), "{section}");
    }
    for section in
        ["emails", "memberships", "backups", "provider_accounts", "grants", "workspace_sessions", "deletion", "cut_off"]
    {
        assert!(data[section].is_array(), "{section}");
    }
    assert!(!copy.body.contains("hash") && !copy.body.contains(id_of(&eve).await.as_str()), "{}", copy.body);
    world.advance(16 * 60);
    assert_eq!(ada.post_form("/account/data", &[]).await.status, StatusCode::FORBIDDEN, "an old session");
    assert_eq!(world.browser().post_form("/account/data", &[]).await.status, StatusCode::SEE_OTHER);
}
