//! The token endpoint.

use serde_json::Value;
use sigma_core::app::AuthMethod;

use crate::support::{Key, REDIRECT, VERIFIER, World, redacted};

const TOKEN: &str = "/api/auth/oauth2/token";

fn claims(token: &str) -> Value {
    use base64::Engine as _;
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

#[tokio::test]
async fn a_code_becomes_tokens_and_userinfo() {
    let world = World::new().await;
    let browser = world.browser();
    browser.sign_up(&Key::named("ada")).await;
    let code = browser.code(&[("nonce", "n-1")]).await;
    let answer = browser.redeem(&code).await;
    assert_eq!(answer.header("cache-control"), "no-store");
    let tokens = answer.json();
    assert_eq!(tokens["expires_in"], 2_592_000);
    assert!(tokens.get("refresh_token").is_none());
    let access = tokens["access_token"].as_str().unwrap();
    let marks = [("/sub", "[user]"), ("/jti", "[token]"), ("/gid", "[grant]"), ("/sid", "[session]")];
    insta::assert_json_snapshot!(redacted(claims(access), &marks));
    let marks = [("/sub", "[user]"), ("/sid", "[session]"), ("/at_hash", "[hash]")];
    insta::assert_json_snapshot!(redacted(claims(tokens["id_token"].as_str().unwrap()), &marks));
    let info = world.get_with_token("/api/auth/oauth2/userinfo", access).await;
    assert_eq!(info.status, 200, "{}", info.body);
    insta::assert_json_snapshot!(redacted(info.json(), &[("/sub", "[user]")]));
}

#[tokio::test]
async fn a_code_redeemed_twice_revokes_the_tokens_of_the_first() {
    let world = World::new().await;
    let browser = world.browser();
    browser.sign_up(&Key::named("ada")).await;
    let code = browser.code(&[]).await;
    let tokens = browser.redeem(&code).await.json();
    let access = tokens["access_token"].as_str().unwrap();
    assert_eq!(world.get_with_token("/userinfo", access).await.status, 200);
    assert_eq!(browser.redeem(&code).await.error(), "400 invalid_grant: invalid code");
    assert_eq!(world.get_with_token("/userinfo", access).await.status, 401);
}

#[tokio::test]
async fn a_refresh_token_rotates_and_its_reuse_ends_the_family() {
    let world = World::new().await;
    let browser = world.browser();
    browser.sign_up(&Key::named("ada")).await;
    let tokens = browser.tokens("openid profile offline_access").await;
    let first = tokens["refresh_token"].as_str().unwrap().to_owned();
    let refresh = async |token: &str| {
        let form = [("grant_type", "refresh_token"), ("refresh_token", token), ("client_id", "playground")];
        world.post_form(TOKEN, &form, &[]).await
    };
    let refreshed = refresh(&first).await.json();
    let id_token = claims(refreshed["id_token"].as_str().unwrap());
    assert!(id_token.get("nonce").is_none(), "an id token of a refresh has no nonce (Core §12.2)");
    let second = refreshed["refresh_token"].as_str().unwrap().to_owned();
    assert_ne!(first, second);
    world.advance(9);
    let retried = refresh(&first).await.json();
    assert_eq!(retried["refresh_token"], second.as_str());
    world.advance(2);
    assert_eq!(refresh(&first).await.error(), "400 invalid_grant: invalid refresh token");
    assert_eq!(refresh(&second).await.error(), "400 invalid_grant: invalid refresh token");
    let access = retried["access_token"].as_str().unwrap();
    assert_eq!(world.get_with_token("/userinfo", access).await.status, 401);
}

#[tokio::test]
async fn each_app_authenticates_only_by_its_method() {
    let world = World::new().await;
    let browser = world.browser();
    browser.sign_up(&Key::named("ada")).await;
    world.add_confidential_app("by-basic", AuthMethod::ClientSecretBasic, "secret").await;
    world.add_confidential_app("by-post", AuthMethod::ClientSecretPost, "secret").await;
    let redeem = async |id: &str, extra: &[(&str, &str)], headers: &[(&str, &str)]| {
        let code = browser.code(&[("client_id", id)]).await;
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", REDIRECT),
            ("code_verifier", VERIFIER),
        ];
        form.extend(extra);
        world.post_form(TOKEN, &form, headers).await
    };
    let basic = ("authorization", "Basic YnktYmFzaWM6c2VjcmV0");
    assert_eq!(redeem("by-basic", &[], &[basic]).await.status, 200);
    let in_body = [("client_id", "by-post"), ("client_secret", "secret")];
    assert_eq!(redeem("by-post", &in_body, &[]).await.status, 200);

    let wrong = ("authorization", "Basic YnktYmFzaWM6d3Jvbmc=");
    let refused = redeem("by-basic", &[], &[wrong]).await;
    assert_eq!(refused.error(), "401 invalid_client: client authentication failed");
    assert!(refused.header("www-authenticate").starts_with("Basic "));
    let other = redeem("by-basic", &[("client_id", "by-basic"), ("client_secret", "secret")], &[]).await;
    assert_eq!(
        other.error(),
        "401 invalid_client: client_secret_post was sent, but client_secret_basic is registered for this client; send that, or run: \
         sigma app set by-basic --auth client_secret"
    );
    let both = redeem("by-basic", &[("client_secret", "secret")], &[basic]).await;
    assert_eq!(both.error(), "400 invalid_request: use one client authentication method");
    let disagree = redeem("by-basic", &[("client_id", "by-post")], &[basic]).await;
    assert_eq!(disagree.error(), "401 invalid_client: the client_id values differ");
}

#[tokio::test]
async fn an_app_with_a_bitcoin_key_signs_its_request() {
    let world = World::new().await;
    let browser = world.browser();
    browser.sign_up(&Key::named("ada")).await;
    let app_key = Key::named("app");
    world
        .add_app(|app| {
            app.client_id = sigma_core::ids::ClientId::from_text("by-key");
            app.auth_method = AuthMethod::SigmaBitcoinAuth;
            app.pubkey = Some(app_key.0.public_key());
        })
        .await;
    let code = browser.code(&[("client_id", "by-key")]).await;
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", REDIRECT),
        ("client_id", "by-key"),
        ("code_verifier", VERIFIER),
    ];
    let body = sigma_core::params::Params::from_pairs(
        form.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
    )
    .to_query();
    assert!(world.post_form(TOKEN, &form, &[]).await.error().contains("Missing X-Auth-Token"));
    let foreign = Key::named("other").token(TOKEN, world.now(), &body);
    let refused = world.post_form(TOKEN, &form, &[("x-auth-token", &foreign)]).await;
    assert!(refused.error().contains("does not match registered member key"), "{}", refused.body);
    let unbound = app_key.token(TOKEN, world.now(), "grant_type=other");
    let refused = world.post_form(TOKEN, &form, &[("x-auth-token", &unbound)]).await;
    assert!(refused.error().contains("signature expired or request body was modified"), "{}", refused.body);
    let token = app_key.token(TOKEN, world.now(), &body);
    let answer = world.post_form(TOKEN, &form, &[("x-auth-token", &token)]).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let replayed = world.post_form(TOKEN, &form, &[("x-auth-token", &token)]).await;
    assert_eq!(replayed.status, 401);
}

#[tokio::test]
async fn a_client_credentials_token_represents_no_user() {
    let world = World::new().await;
    world.add_confidential_app("service", AuthMethod::ClientSecretBasic, "secret").await;
    let basic = ("authorization", "Basic c2VydmljZTpzZWNyZXQ=");
    let answer = world.post_form(TOKEN, &[("grant_type", "client_credentials")], &[basic]).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let token = answer.json()["access_token"].as_str().unwrap().to_owned();
    assert_eq!(world.get_with_token("/userinfo", &token).await.status, 403);
    let introspected = world.post_form("/api/auth/oauth2/introspect", &[("token", &token)], &[basic]).await;
    assert_eq!(introspected.json()["active"], true);
    assert_eq!(world.post_form("/api/auth/oauth2/revoke", &[("token", &token)], &[basic]).await.status, 200);
    let introspected = world.post_form("/api/auth/oauth2/introspect", &[("token", &token)], &[basic]).await;
    assert_eq!(introspected.body, r#"{"active":false}"#);
}

#[tokio::test]
async fn refusals_of_a_public_app_are_counted_by_address_and_successes_are_not() {
    let world = World::with(|settings| {
        settings.limits.enabled = true;
        settings.limits.authorize = 0;
        settings.limits.other = 0;
    })
    .await;
    let browser = world.browser();
    browser.sign_up(&Key::named("ada")).await;
    for _ in 0..12 {
        assert!(browser.tokens("openid").await["access_token"].is_string());
    }
    for _ in 0..10 {
        assert_eq!(browser.redeem("nonsense").await.error(), "400 invalid_grant: invalid code");
    }
    let refused = browser.redeem("nonsense").await;
    assert_eq!(refused.status, 429);
    assert_eq!(refused.header("x-ratelimit-limit"), "10");
    world.advance(60);
    assert_eq!(browser.redeem("nonsense").await.status, 400);
}
