//! Introspection and revocation: RFC 7662, RFC 7009.

use serde_json::{Value, json};
use sigma_core::app::AuthMethod;

use crate::support::client::{INTROSPECT, REVOKE, TOKEN, basic};
use crate::support::forge::{claims, with};
use crate::support::{Key, World, redacted};

const DEAD: &str = r#"{"active":false}"#;

/// A world with the apps `service` and `other`, and tokens of Ada for the first.
async fn world_with_tokens(scope: &str) -> (World, Value) {
    let world = World::new().await;
    world.add_confidential_app("service", AuthMethod::ClientSecretBasic, "secret").await;
    world.add_confidential_app("other", AuthMethod::ClientSecretBasic, "secret").await;
    let browser = world.browser();
    browser.sign_up(&Key::named("ada")).await;
    let code = browser.code(&[("client_id", "service"), ("scope", scope)]).await;
    let tokens = world.exchange_with_secret("service", &code).await;
    assert_eq!(tokens.status, 200, "{}", tokens.body);
    let tokens = tokens.json();
    (world, tokens)
}

async fn introspect(world: &World, app: &str, token: &str) -> String {
    let answer = world.post_form(INTROSPECT, &[("token", token)], &[("authorization", &basic(app, "secret"))]).await;
    assert_eq!((answer.status.as_u16(), answer.header("cache-control")), (200, "no-store"));
    answer.body
}

async fn revoke(world: &World, app: &str, token: &str, hint: &str) {
    let form = [("token", token), ("token_type_hint", hint)];
    let answer = world.post_form(REVOKE, &form, &[("authorization", &basic(app, "secret"))]).await;
    assert_eq!((answer.status.as_u16(), answer.body.as_str()), (200, ""), "an unknown token is no error");
}

fn token<'a>(tokens: &'a Value, name: &str) -> &'a str {
    tokens[name].as_str().unwrap()
}

#[tokio::test]
async fn an_app_is_told_what_its_own_tokens_say() {
    let (world, tokens) = world_with_tokens("openid profile offline_access").await;
    let access = introspect(&world, "service", token(&tokens, "access_token")).await;
    let refresh = introspect(&world, "service", token(&tokens, "refresh_token")).await;
    let marks = [("/sub", "[user]"), ("/jti", "[token]"), ("/sid", "[session]")];
    let reported = [access, refresh].map(|body| redacted(serde_json::from_str(&body).unwrap(), &marks));
    insta::assert_json_snapshot!(reported);
}

#[tokio::test]
async fn revoked_unknown_and_foreign_tokens_are_just_inactive() {
    let (world, tokens) = world_with_tokens("openid profile offline_access").await;
    let (access, refresh) = (token(&tokens, "access_token"), token(&tokens, "refresh_token"));
    for text in [access, refresh] {
        assert_eq!(introspect(&world, "other", text).await, DEAD);
        assert_ne!(introspect(&world, "service", text).await, DEAD);
    }
    let real = claims(access);
    let expired = world.forge_access(&with(&real, &json!({"exp": world.now().seconds()}))).await;
    let future = world.forge_access(&with(&real, &json!({"iat": world.now().seconds() + 61}))).await;
    let foreign = world.forge_access(&with(&real, &json!({"iss": "https://other.example.org"}))).await;
    let of_other_grant = world.forge_access(&with(&real, &json!({"client_id": "other"}))).await;
    let no_grant = world.forge_access(&with(&real, &json!({"gid": "gr_nothing"}))).await;
    for text in [&expired, &future, &foreign, &of_other_grant, &no_grant, token(&tokens, "id_token"), "x"] {
        for app in ["service", "other"] {
            assert_eq!(introspect(&world, app, text).await, DEAD, "{app} {text}");
        }
    }
    let form = [("grant_type", "refresh_token"), ("refresh_token", refresh)];
    let next = world.post_form(TOKEN, &form, &[("authorization", &basic("service", "secret"))]).await.json();
    assert_eq!(introspect(&world, "service", refresh).await, DEAD, "a used refresh token");
    world.change_app("service", |app| app.disabled = true).await;
    world.change_app("service", |app| app.disabled = false).await;
    assert_ne!(introspect(&world, "service", token(&next, "access_token")).await, DEAD);
    world.advance(2_592_000);
    assert_eq!(introspect(&world, "service", access).await, DEAD, "an expired token");
}

#[tokio::test]
async fn either_token_ends_the_whole_grant_whatever_the_hint() {
    for (name, hint) in [
        ("access_token", "access_token"),
        ("access_token", "refresh_token"),
        ("refresh_token", "refresh_token"),
        ("refresh_token", "access_token"),
        ("refresh_token", "nonsense"),
    ] {
        let (world, tokens) = world_with_tokens("openid offline_access").await;
        revoke(&world, "service", token(&tokens, name), hint).await;
        for dead in ["access_token", "refresh_token"] {
            assert_eq!(introspect(&world, "service", token(&tokens, dead)).await, DEAD, "{name} {hint}: {dead}");
        }
        assert_eq!(world.userinfo_status(token(&tokens, "access_token")).await, 401);
        revoke(&world, "service", token(&tokens, name), hint).await;
    }
}

#[tokio::test]
async fn a_used_refresh_token_still_ends_its_grant() {
    let (world, tokens) = world_with_tokens("openid offline_access").await;
    let form = [("grant_type", "refresh_token"), ("refresh_token", token(&tokens, "refresh_token"))];
    let next = world.post_form(TOKEN, &form, &[("authorization", &basic("service", "secret"))]).await.json();
    revoke(&world, "service", token(&tokens, "refresh_token"), "").await;
    assert_eq!(introspect(&world, "service", token(&next, "access_token")).await, DEAD);
}

#[tokio::test]
async fn an_expired_access_token_still_ends_its_grant() {
    let (world, tokens) = world_with_tokens("openid offline_access").await;
    let mut claims = claims(token(&tokens, "access_token"));
    claims["exp"] = json!(world.now().seconds() - 1);
    let expired = world.forge_access(&claims).await;
    revoke(&world, "service", &expired, "").await;
    assert_eq!(introspect(&world, "service", token(&tokens, "refresh_token")).await, DEAD);
}

#[tokio::test]
async fn foreign_and_invalid_tokens_revoke_nothing() {
    let (world, tokens) = world_with_tokens("openid offline_access").await;
    for name in ["access_token", "refresh_token"] {
        revoke(&world, "other", token(&tokens, name), name).await;
    }
    for text in ["x", "a.b.c", token(&tokens, "id_token"), &"x".repeat(50_000)] {
        revoke(&world, "service", text, "").await;
    }
    assert_eq!(world.userinfo_status(token(&tokens, "access_token")).await, 200);
    assert_ne!(introspect(&world, "service", token(&tokens, "refresh_token")).await, DEAD);
}

#[tokio::test]
async fn a_token_for_an_api_is_introspected_though_it_is_not_for_us() {
    let (world, _) = world_with_tokens("openid").await;
    world.add_resource("https://api.example.org/").await;
    world.allow("service", "https://api.example.org/").await;
    let form = [("grant_type", "client_credentials"), ("resource", "https://api.example.org/")];
    let tokens = world.post_form(TOKEN, &form, &[("authorization", &basic("service", "secret"))]).await.json();
    let text = token(&tokens, "access_token");
    let reported: Value = serde_json::from_str(&introspect(&world, "service", text).await).unwrap();
    assert_eq!((&reported["active"], &reported["aud"]), (&json!(true), &json!("https://api.example.org/")));
    revoke(&world, "service", text, "").await;
    assert_eq!(introspect(&world, "service", text).await, DEAD);
    // Another token of the same app is distinct.
    let again = world.post_form(TOKEN, &form, &[("authorization", &basic("service", "secret"))]).await.json();
    assert_ne!(introspect(&world, "service", token(&again, "access_token")).await, DEAD);
}

#[tokio::test]
async fn an_api_that_asks_for_a_signed_answer_gets_a_jwt_about_the_token() {
    let world = World::new().await;
    world.add_confidential_app("shop", AuthMethod::ClientSecretBasic, "secret").await;
    let header = basic("shop", "secret");
    let service = [("grant_type", "client_credentials")];
    let tokens = world.post_form("/api/auth/oauth2/token", &service, &[("authorization", &header)]).await.json();
    let token = tokens["access_token"].as_str().unwrap();
    let ask = async |token: &str, accept: &str| {
        world.post_form(INTROSPECT, &[("token", token)], &[("authorization", &header), ("accept", accept)]).await
    };
    let media = "application/token-introspection+jwt";
    for (token, active) in [(token, true), ("unknown", false)] {
        let answer = ask(token, &format!("{media}, application/json;q=0.5")).await;
        assert_eq!(answer.header("content-type"), media);
        let jwt = answer.body.as_str();
        assert_eq!(crate::support::forge::header(jwt)["typ"], "token-introspection+jwt");
        let claims = crate::support::forge::claims(jwt);
        assert_eq!((claims["iss"].as_str(), claims["aud"].as_str()), (Some("https://id.example.org"), Some("shop")));
        assert_eq!(claims["token_introspection"]["active"], active);
        assert_eq!((&claims["sub"], &claims["exp"]), (&serde_json::Value::Null, &serde_json::Value::Null));
    }
    assert_eq!(ask(token, "application/json").await.json()["active"], true);
}
