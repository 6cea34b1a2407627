//! `POST /sigma/authorize`: a signature for an access token (`docs/spec/keys.md#direct-sign-in`).

use axum::body::Body;
use serde_json::{Value, json};
use sigma_core::app::AuthMethod;

use crate::support::{DIRECT, Key, REDIRECT, World, claims, post, redacted};

async fn world_with(key: &Key) -> World {
    let world = World::new().await;
    world.browser().sign_up(key).await;
    world
}

#[tokio::test]
async fn a_signature_becomes_a_token_for_this_server() {
    let ada = Key::named("ada");
    let world = world_with(&ada).await;
    let answer = world.sign_as(&ada, DIRECT, &ada.bap_id()).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!((answer.header("cache-control"), answer.header("pragma")), ("no-store", "no-cache"));
    assert!(answer.header("set-cookie").starts_with("__Secure-better-auth.session_token="));
    let body = answer.json();
    let access = body["access_token"].as_str().unwrap();
    let marks = [("/access_token", "[token]"), ("/user/id", "[user]")];
    insta::assert_json_snapshot!(redacted(body.clone(), &marks));
    let marks = [("/sub", "[user]"), ("/jti", "[token]"), ("/gid", "[grant]"), ("/sid", "[session]")];
    insta::assert_json_snapshot!(redacted(claims(access), &marks));
    assert_eq!(claims(access)["sub"], body["user"]["id"]);
    let info = world.get_with_token("/userinfo", access).await;
    assert_eq!((info.status.as_u16(), &info.json()["pubkey"]), (200, &json!(ada.pubkey())));
}

#[tokio::test]
async fn the_token_may_be_in_the_body() {
    let ada = Key::named("ada");
    let world = world_with(&ada).await;
    for name in ["authToken", "token"] {
        let body = json!({ name: ada.token(DIRECT, world.now(), "") }).to_string();
        let answer = world.send(post(DIRECT).body(Body::from(body)).unwrap()).await;
        assert_eq!(answer.status, 200, "{name}: {}", answer.body);
        world.tick();
    }
    let none = world.send(post(DIRECT).body(Body::from("{}")).unwrap()).await;
    assert_eq!(none.refusal(), "401 No auth token provided");
    let malformed = world.send(post(DIRECT).body(Body::from(r#"{"authToken":"x"}"#)).unwrap()).await;
    assert_eq!(malformed.refusal(), "400 Invalid auth token format");
    // A header takes precedence over the body, so that a body cannot name another user.
    let eve = json!({"authToken": Key::named("eve").token(DIRECT, world.now(), "")}).to_string();
    let answer = world.present(DIRECT, &ada.token(DIRECT, world.now(), ""), &eve).await;
    assert_eq!(answer.json()["user"]["pubkey"], ada.pubkey());
}

#[tokio::test]
async fn each_refusal_has_the_words_of_sign_in() {
    let ada = Key::named("ada");
    let world = world_with(&ada).await;
    let other_path = ada.token("/api/auth/sign-in/sigma", world.now(), "");
    assert_eq!(world.present(DIRECT, &other_path, "{}").await.refusal(), "401 Invalid auth token signature");
    let unknown = world.sign(&Key::named("nobody"), DIRECT).await;
    assert_eq!(unknown.refusal(), "403 Account not found. Sign up is required before signing in. USER_NOT_FOUND");
}

#[tokio::test]
async fn the_token_ends_with_its_session() {
    let ada = Key::named("ada");
    let world = world_with(&ada).await;
    let browser = world.browser();
    let signed = post(DIRECT).header("x-auth-token", ada.token(DIRECT, world.now(), ""));
    let access = browser.send(signed, "").await.json()["access_token"].as_str().unwrap().to_owned();
    assert_eq!(world.get_with_token("/userinfo", &access).await.status, 200);
    assert_eq!(browser.post_json("/api/auth/sign-out", &json!({})).await.status, 200);
    assert_eq!(world.get_with_token("/userinfo", &access).await.status, 401);
}

#[tokio::test]
async fn the_token_is_no_session_and_belongs_to_no_app() {
    let ada = Key::named("ada");
    let world = world_with(&ada).await;
    world.add_confidential_app("service", AuthMethod::ClientSecretBasic, "secret").await;
    let access = world.sign(&ada, DIRECT).await.json()["access_token"].as_str().unwrap().to_owned();
    assert_eq!(world.get_with_token("/api/auth/get-session", &access).await.json(), Value::Null);
    assert_eq!(world.get_with_token("/api/auth/list-sessions", &access).await.status, 401);
    let basic = ("authorization", "Basic c2VydmljZTpzZWNyZXQ=");
    let seen = world.post_form("/api/auth/oauth2/introspect", &[("token", &access)], &[basic]).await;
    assert_eq!(seen.body, r#"{"active":false}"#);
    assert_eq!(world.post_form("/api/auth/oauth2/revoke", &[("token", &access)], &[basic]).await.status, 200);
    assert_eq!(world.get_with_token("/userinfo", &access).await.status, 200);
}

#[tokio::test]
async fn the_built_in_app_cannot_be_used_by_others() {
    let world = World::new().await;
    let form = [("grant_type", "client_credentials"), ("client_id", "sigma")];
    let answer = world.post_form("/api/auth/oauth2/token", &form, &[]).await;
    assert_eq!(answer.error(), "401 invalid_client: OAuth client not registered: sigma");
    let asked = world.browser().authorize(&[("client_id", "sigma"), ("redirect_uri", REDIRECT)]).await;
    assert!(asked.location().starts_with("/error?error=invalid_client"), "{}", asked.location());
    for id in [sigma_core::ids::AppId::sigma().as_str(), sigma_core::ids::AppId::sigma().digits()] {
        let form = [("grant_type", "client_credentials"), ("client_id", id)];
        assert_eq!(world.post_form("/api/auth/oauth2/token", &form, &[]).await.status, 401, "{id}");
        let asked = world.browser().authorize(&[("client_id", id), ("redirect_uri", REDIRECT)]).await;
        assert!(asked.location().starts_with("/error?error=invalid_client"), "{}", asked.location());
    }
}
