//! When a user is prompted: `prompt`, `max_age` and hints (`docs/spec/oidc.md#re-authentication`).

use std::fmt::Write as _;

use serde_json::{Value, json};
use sigma_core::ids::ClientId;
use sigma_core::jose::{Algorithm, TokenKind};

use crate::support::forge::{claims, with};
use crate::support::{APP, Browser, Key, World, ada, leads};

#[tokio::test]
async fn each_prompt_value_has_its_effect() {
    let world = World::new().await;
    let browser = world.browser();
    let mut seen = String::new();
    let prompts =
        ["", "none", "login", "consent", "select_account", "create", "login consent", "select_account consent"];
    for prompt in prompts {
        let line = leads(&browser.authorize(&[("prompt", prompt)]).await);
        writeln!(seen, "signed out, {prompt:?}: {line}").unwrap();
    }
    browser.sign_up(&Key::named("ada")).await;
    world.advance(1);
    for prompt in prompts {
        let line = leads(&browser.authorize(&[("prompt", prompt)]).await);
        writeln!(seen, "signed in, {prompt:?}: {line}").unwrap();
    }
    browser.code(&[]).await;
    for prompt in prompts {
        let line = leads(&browser.authorize(&[("prompt", prompt)]).await);
        writeln!(seen, "consented, {prompt:?}: {line}").unwrap();
    }
    let more = browser.authorize(&[("prompt", "none"), ("scope", "openid profile email")]).await;
    writeln!(seen, "more scope, \"none\": {}", leads(&more)).unwrap();
    insta::assert_snapshot!(seen);
}

#[tokio::test]
async fn prompt_consent_asks_again() {
    let world = World::new().await;
    let browser = ada(&world).await;
    browser.code(&[]).await;
    world.advance(1);
    let asked = browser.authorize(&[("prompt", "consent")]).await;
    assert_eq!(leads(&asked), "/consent");
    let interaction = asked.param("interaction").unwrap();
    let resume = format!("/api/auth/oauth2/authorize?interaction={interaction}");
    assert_eq!(leads(&browser.get(&resume).await), "/consent", "asking again changes nothing");
    let form = [("interaction", interaction.as_str()), ("accept", "true")];
    assert_eq!(leads(&browser.post_form("/api/auth/oauth2/consent", &form).await), "code");
}

#[tokio::test]
async fn an_account_is_chosen_within_the_request() {
    let world = World::new().await;
    let browser = ada(&world).await;
    browser.code(&[]).await;
    world.advance(1);
    let asked = browser.authorize(&[("prompt", "select_account")]).await;
    let interaction = asked.param("interaction").unwrap();
    let choose = async |account: &str| {
        let form = [("interaction", interaction.as_str()), ("account", account)];
        browser.post_form("/api/auth/oauth2/continue", &form).await
    };
    let other = choose("other").await;
    assert!(other.location().starts_with("/login?interaction="), "{}", other.location());
    let current = choose("current").await;
    assert_eq!(leads(&browser.get(current.location()).await), "code");
    // Signing in again is a choice; consent is per account.
    let asked = browser.authorize(&[("prompt", "select_account")]).await;
    browser.sign_up(&Key::named("bob")).await;
    let interaction = asked.param("interaction").unwrap();
    let resumed = browser.get(&format!("/api/auth/oauth2/authorize?interaction={interaction}")).await;
    assert_eq!(leads(&resumed), "/consent");
}

#[tokio::test]
async fn max_age_is_met_by_a_young_or_a_new_authentication_alone() {
    let world = World::new().await;
    let (browser, key) = (world.browser(), Key::named("ada"));
    browser.sign_up(&key).await;
    browser.code(&[]).await;
    let asked = async |max_age: &str, prompt: &str| {
        leads(&browser.authorize(&[("max_age", max_age), ("prompt", prompt)]).await)
    };
    world.advance(100);
    assert_eq!(asked("100", "").await, "code");
    assert_eq!(asked("", "").await, "code");
    assert_eq!(asked("99", "").await, "/login");
    assert_eq!(asked("99", "none").await, "login_required: the user is not signed in");
    assert_eq!(asked("0", "").await, "/login");
    assert_eq!(asked("0", "none").await, "login_required: the user is not signed in");
    let ask = browser.authorize(&[("max_age", "0")]).await;
    let resume = format!("/api/auth/oauth2/authorize?interaction={}", ask.param("interaction").unwrap());
    assert_eq!(leads(&browser.get(&resume).await), "/login");
    world.advance(5);
    browser.sign_in(&key).await;
    world.advance(5);
    let answer = browser.get(&resume).await;
    let tokens = world.exchange(&answer.param("code").unwrap(), &[]).await.json();
    let id = claims(tokens["id_token"].as_str().unwrap());
    assert_eq!(
        id["auth_time"].as_i64().unwrap(),
        world.now().seconds() - 5,
        "the new authentication, in the same session"
    );
    assert_eq!(asked("5", "none").await, "code");
}

#[tokio::test]
async fn the_hint_names_who_must_answer() {
    let world = World::new().await;
    world.add_app(|app| app.client_id = ClientId::from_text("other")).await;
    let (browser, bob) = (ada(&world).await, world.browser());
    bob.sign_up(&Key::named("bob")).await;
    let hint = browser.tokens("openid profile").await["id_token"].as_str().unwrap().to_owned();
    let of_bob = bob.tokens("openid profile").await["id_token"].as_str().unwrap().to_owned();
    let real = claims(&hint);
    let forge = async |change: Value| world.forge(TokenKind::Id, Algorithm::RS256, &with(&real, &change)).await;
    let expired = forge(json!({"exp": 1, "iat": 0})).await;
    let foreign_issuer = forge(json!({"iss": "https://other.example.org"})).await;
    let other_app = forge(json!({"aud": "other"})).await;
    let among_others = forge(json!({"aud": ["other", APP]})).await;
    let ask = async |browser: &Browser<'_>, hint: &str, prompt: &str| {
        leads(&browser.authorize(&[("id_token_hint", hint), ("prompt", prompt)]).await)
    };
    let other_user = "login_required: a different user is signed in";
    let not_valid = "invalid_request: id_token_hint is not valid";
    for prompt in ["", "none"] {
        assert_eq!(ask(&browser, &hint, prompt).await, "code");
        assert_eq!(ask(&browser, &expired, prompt).await, "code");
        assert_eq!(ask(&browser, &among_others, prompt).await, "code");
        assert_eq!(ask(&browser, &of_bob, prompt).await, other_user);
        assert_eq!(ask(&bob, &hint, prompt).await, other_user);
        for bad in [&foreign_issuer, &other_app, "x", &hint[..hint.len() - 8]] {
            assert_eq!(ask(&browser, bad, prompt).await, not_valid);
        }
    }
    let nobody = world.browser();
    assert_eq!(ask(&nobody, &hint, "none").await, "login_required: the user is not signed in");
    let asked = nobody.authorize(&[("id_token_hint", &hint)]).await;
    nobody.sign_in(&Key::named("bob")).await;
    let resumed = format!("/api/auth/oauth2/authorize?interaction={}", asked.param("interaction").unwrap());
    assert_eq!(leads(&nobody.get(&resumed).await), other_user);
}
