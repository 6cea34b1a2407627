//! The parameters of the authorization request (`docs/spec/oidc.md#authorization-request`).

use std::fmt::Write as _;

use serde_json::{Value, json};
use sigma_core::app::GrantType;

use crate::support::client::ISSUER;
use crate::support::forge::claims;
use crate::support::{APP, Browser, Key, World, ada, leads};

#[tokio::test]
async fn every_answer_to_the_app_has_its_state_exactly_and_the_issuer() {
    let world = World::new().await;
    let browser = ada(&world).await;
    browser.code(&[]).await;
    let long = "s".repeat(20_000);
    for state in ["x", "a b+c%20d&e=f#g", "ünï\u{1F600}", "\"<script>'", " ", "\r\nSet-Cookie: a=b", &long] {
        for extra in [("scope", "openid profile"), ("response_type", "token"), ("prompt", "none login")] {
            let answer = browser.authorize(&[("state", state), extra]).await;
            assert_eq!(answer.status, 303);
            assert_eq!(answer.param("state").as_deref(), Some(state));
            assert_eq!(answer.param("iss").as_deref(), Some(ISSUER));
            let form = browser.authorize(&[("state", state), extra, ("response_mode", "form_post")]).await;
            assert_eq!(form.status, 200);
            assert!(form.body.contains(&format!(r#"name="iss" value="{ISSUER}""#)), "{}", form.body);
            assert!(!form.body.contains("<script>'"), "the state is escaped");
        }
    }
    let empty = browser.get(&format!("{}&state=", Browser::request(&[("state", "")]))).await;
    assert_eq!((leads(&empty).as_str(), empty.param("state").as_deref()), ("code", Some("")));
    let absent = browser.authorize(&[("state", "")]).await;
    assert_eq!((leads(&absent).as_str(), absent.param("state")), ("code", None));
}

#[tokio::test]
async fn invalid_requests_are_reported_to_the_app() {
    let world = World::new().await;
    world.change_app(APP, |app| app.grant_types.clear()).await;
    let browser = ada(&world).await;
    assert_eq!(leads(&browser.authorize(&[]).await), "unauthorized_client: the client may not use authorization_code");
    world.change_app(APP, |app| app.grant_types = GrantType::ALL.to_vec()).await;
    browser.code(&[]).await;
    let long = "n".repeat(1_025);
    let mut seen = String::new();
    for (name, value) in [
        ("response_type", ""),
        ("response_type", "token"),
        ("response_type", "code id_token"),
        ("response_type", "<b>\"\\\u{e9}"),
        ("response_mode", "fragment"),
        ("prompt", "none login"),
        ("prompt", "none nonsense"),
        ("prompt", "nonsense"),
        ("max_age", "-1"),
        ("max_age", "soon"),
        ("max_age", "99999999999"),
        ("request", "eyJ"),
        ("request_uri", "https://app.example.org/request"),
        ("request_uri", "urn:ietf:params:oauth:request_uri:x"),
        ("claims", "[]"),
        ("claims", "{"),
        ("provider", "facebook"),
        ("provider", "github"),
        ("id_token_hint", "x"),
        ("nonce", &long),
        ("nonce", &long[1..]),
        ("resource", "https://nobody.example.org/"),
        ("display", "popup"),
        ("ui_locales", "de en"),
        ("claims_locales", "de"),
        ("acr_values", "2 1"),
        ("login_hint", "ada@example.org"),
        ("unknown", "anything"),
        ("scope", "openid unknown admin"),
        ("scope", "unknown"),
        ("state", "a\u{0}b"),
        ("unknown", "a\u{0}b"),
    ] {
        let shown: String = value.chars().take(40).collect();
        writeln!(seen, "{name}={shown:?}: {}", leads(&browser.authorize(&[(name, value)]).await)).unwrap();
    }
    for (name, value) in
        [("scope", "openid"), ("nonce", "x"), ("state", "y"), ("unknown", "z"), ("response_type", "code")]
    {
        let query = format!("{}&{name}={value}&{name}={value}", Browser::request(&[(name, "")]));
        writeln!(seen, "{name} twice: {}", leads(&browser.get(&query).await)).unwrap();
    }
    insta::assert_snapshot!(seen);
}

#[tokio::test]
async fn unknown_scopes_are_ignored_and_granted_ones_returned() {
    let world = World::new().await;
    let browser = ada(&world).await;
    for (asked, granted) in [
        ("openid unknown profile", "openid profile"),
        ("profile  openid openid", "profile openid"),
        ("OPENID email", "email"),
        ("sigma:backup openid", "openid"),
    ] {
        let code = browser.code(&[("scope", asked)]).await;
        assert_eq!(world.exchange(&code, &[]).await.json()["scope"], granted, "{asked}");
    }
    // Nothing remains: as if nothing had been requested, which is what the user is shown.
    let other = world.browser();
    other.sign_up(&Key::named("bob")).await;
    for asked in ["", "unknown"] {
        let answer = other.authorize(&[("scope", asked), ("prompt", "consent")]).await;
        let page = other.get(answer.location()).await;
        assert!(page.body.contains(r#"data-scope="openid""#) && page.body.contains(r#"data-scope="profile""#));
        let code = other.code(&[("scope", asked), ("prompt", "consent")]).await;
        assert_eq!(world.exchange(&code, &[]).await.json()["scope"], "openid profile");
    }
    world.change_app(APP, |app| app.grant_types.retain(|grant| *grant != GrantType::RefreshToken)).await;
    let code = browser.code(&[("scope", "openid offline_access")]).await;
    let tokens = world.exchange(&code, &[]).await.json();
    assert_eq!((&tokens["scope"], tokens.get("refresh_token")), (&json!("openid"), None));
}

#[tokio::test]
async fn essential_claims_that_cannot_be_met_are_errors() {
    let world = World::new().await;
    let browser = ada(&world).await;
    let tokens = browser.tokens("openid profile").await;
    let sub = claims(tokens["id_token"].as_str().unwrap())["sub"].clone();
    let ask = async |claims: Value| leads(&browser.authorize(&[("claims", &claims.to_string())]).await);
    assert_eq!(ask(json!({"id_token": {"auth_time": {"essential": true}, "nothing": null}})).await, "code");
    assert_eq!(ask(json!({"id_token": {"sub": {"value": sub}}})).await, "code");
    assert_eq!(ask(json!({"id_token": {"sub": {"values": ["user_other", sub]}}})).await, "code");
    let other = "login_required: a different user is signed in";
    assert_eq!(ask(json!({"id_token": {"sub": {"value": "user_other"}}})).await, other);
    assert_eq!(ask(json!({"id_token": {"acr": {"value": "2"}}})).await, "code", "voluntary");
    assert_eq!(ask(json!({"id_token": {"acr": {"essential": true}}})).await, "code");
    assert_eq!(ask(json!({"id_token": {"acr": {"essential": true, "values": ["2", "1"]}}})).await, "code");
    for acr in [json!({"essential": true, "value": "2"}), json!({"essential": true, "values": ["2", "phr"]})] {
        let reported = ask(json!({"id_token": {"acr": acr}})).await;
        assert_eq!(
            reported,
            "unmet_authentication_requirements: the requested authentication context class cannot be met"
        );
    }
}

#[tokio::test]
async fn requests_are_accepted_by_get_and_form_at_each_path() {
    let world = World::new().await;
    let browser = ada(&world).await;
    browser.code(&[]).await;
    let request = Browser::request(&[]);
    let query = request.split_once('?').unwrap().1;
    for path in ["/oauth2/authorize", "/api/auth/oauth2/authorize", "/authorize"] {
        assert_eq!(leads(&browser.get(&format!("{path}?{query}")).await), "code", "{path}");
        let post = http::Request::post(path)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("origin", "https://evil.example")
            .header("sec-fetch-site", "cross-site");
        let stored = browser.send(post, query.to_owned()).await;
        assert_eq!(stored.status, 303);
        assert!(stored.location().starts_with("/oauth2/authorize?interaction="), "{}", stored.location());
        assert!(stored.header("set-cookie").is_empty(), "a foreign page's request binds no browser");
        assert_eq!(leads(&browser.get(stored.location()).await), "code", "{path}");
        assert_eq!(leads(&browser.get(stored.location()).await), "code", "opened again it is another request");
    }
}
