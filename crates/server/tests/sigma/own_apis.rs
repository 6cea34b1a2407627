//! Who may call the server's own APIs (`docs/spec/own-apis.md`), tried at an endpoint that only reads.

use axum::body::Body;
use http::Request;
use serde_json::json;
use sigma_core::app::AuthMethod;
use sigma_core::scope::Scopes;

use crate::support::client::{TOKEN, basic};
use crate::support::forge::{claims, with};
use crate::support::{Answer, Key, World, ada, text};

const STATUS: &str = "/api/subscription/status";
const ALIAS: &str = "/api/auth/subscription/status";

async fn signed(world: &World, path: &str, token: &str) -> Answer {
    let request = Request::get(path).header("x-auth-token", token);
    world.send(request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn a_session_a_key_and_an_apps_token_may_read() {
    let world = World::new().await;
    let browser = ada(&world).await;
    let free = json!({"tier": "free", "isActive": true, "features": []});
    for path in [STATUS, ALIAS] {
        assert_eq!(browser.get(path).await.json(), free, "{path}");
        let tokens = browser.tokens("openid profile").await;
        assert_eq!(world.get_with_token(path, text(&tokens, "access_token")).await.json(), free, "{path}");
        let key = Key::named("ada").token(path, world.now(), "");
        assert_eq!(signed(&world, path, &key).await.json(), free, "{path}");
        // Nothing changes, so a program may ask twice within a millisecond.
        assert_eq!(signed(&world, path, &key).await.json(), free, "{path}");
    }
    let secret = browser.get("/api/auth/get-session").await.json()["session"]["token"].as_str().unwrap().to_owned();
    assert_eq!(world.get_with_token(STATUS, &secret).await.json(), free);
}

#[tokio::test]
async fn nobody_else_may() {
    let world = World::with(|settings| settings.limits.delays = false).await;
    let browser = ada(&world).await;
    let (ada, eve) = (Key::named("ada"), Key::named("eve"));
    assert_eq!(world.browser().get(STATUS).await.refusal(), "401 Unauthorized UNAUTHORIZED");
    let now = world.now();
    let late = sigma_core::time::Timestamp::from_micros(now.micros() - 301_000_000);
    let early = sigma_core::time::Timestamp::from_micros(now.micros() + 301_000_000);
    let forged = eve.token(STATUS, now, "").replacen(&eve.pubkey(), &ada.pubkey(), 1);
    for (token, refusal) in [
        (eve.token(STATUS, now, ""), "403 No account has this key. USER_NOT_FOUND"),
        (forged, "401 Invalid auth token signature"),
        (ada.token(ALIAS, now, ""), "401 Invalid auth token signature"),
        (ada.token(&format!("{STATUS}?a=b"), now, ""), "401 Invalid auth token signature"),
        (ada.token("https://evil.example/api/subscription/status", now, ""), "401 Invalid auth token signature"),
        (ada.token(STATUS, late, ""), "401 Invalid auth token signature"),
        (ada.token(STATUS, early, ""), "401 Invalid auth token signature"),
        ("nonsense".to_owned(), "400 Invalid auth token format"),
    ] {
        assert_eq!(signed(&world, STATUS, &token).await.refusal(), refusal, "{token}");
    }
    let tokens = browser.tokens("openid email").await;
    let refused = world.get_with_token(STATUS, text(&tokens, "access_token")).await;
    assert_eq!(refused.error(), "403 insufficient_scope: The token needs the scope sigma:wallet");
    let challenge = r#"Bearer error="insufficient_scope", scope="sigma:wallet", resource_metadata="https://id.example.org/.well-known/oauth-protected-resource""#;
    assert_eq!(refused.header("www-authenticate"), challenge);
    for token in [text(&tokens, "id_token"), "a.b.c", "not a token", &"x".repeat(32)] {
        assert_eq!(world.get_with_token(STATUS, token).await.status, 401, "{token}");
    }
    let session = browser.get("/api/auth/token").await.json();
    assert_eq!(world.get_with_token(STATUS, text(&session, "token")).await.status, 401);
}

#[tokio::test]
async fn a_token_for_another_audience_or_without_a_user_is_refused() {
    let world = World::new().await;
    world.add_confidential_app("service", AuthMethod::ClientSecretBasic, "secret").await;
    world.change_app("service", |app| app.scopes = Scopes::parse("openid profile sigma:wallet")).await;
    let form = [("grant_type", "client_credentials"), ("scope", "sigma:wallet")];
    let own = world.post_form(TOKEN, &form, &[("authorization", &basic("service", "secret"))]).await.json();
    assert_eq!(world.get_with_token(STATUS, text(&own, "access_token")).await.status, 403);
    let browser = ada(&world).await;
    let tokens = browser.tokens("openid profile").await;
    let real = claims(text(&tokens, "access_token"));
    for change in [json!({"aud": "https://api.example.org"}), json!({"cnf": {"jkt": "x"}}), json!({"exp": 1})] {
        let forged = world.forge_access(&with(&real, &change)).await;
        assert_eq!(
            world.get_with_token(STATUS, &forged).await.error(),
            "401 invalid_token: Invalid access token",
            "{change}"
        );
    }
}

#[tokio::test]
async fn the_scope_of_the_area_suffices_and_ends_with_the_apps_right_to_it() {
    let world = World::new().await;
    world.change_app("playground", |app| app.scopes = Scopes::parse("openid sigma:wallet sigma:profile")).await;
    let browser = ada(&world).await;
    let tokens = browser.tokens("openid sigma:wallet").await;
    let status = async || world.get_with_token(STATUS, text(&tokens, "access_token")).await.status.as_u16();
    assert_eq!(status().await, 200);
    let other = browser.tokens("openid sigma:profile").await;
    assert_eq!(world.get_with_token(STATUS, text(&other, "access_token")).await.status, 403);
    world.change_app("playground", |app| app.scopes = Scopes::parse("openid sigma:profile")).await;
    assert_eq!(status().await, 403);
}

#[tokio::test]
async fn two_credentials_at_once_are_refused_and_one_sent_on_purpose_counts_before_the_cookie() {
    let world = World::new().await;
    let browser = ada(&world).await;
    let key = Key::named("ada").token(STATUS, world.now(), "");
    let both = Request::get(STATUS).header("x-auth-token", &key).header("authorization", "Bearer x");
    assert_eq!(world.send(both.body(Body::empty()).unwrap()).await.status, 400);
    let eve = Key::named("eve").token(STATUS, world.now(), "");
    let signed = browser.send(Request::get(STATUS).header("x-auth-token", eve), Body::empty()).await;
    assert_eq!(signed.json()["code"], "USER_NOT_FOUND", "{}", signed.body);
    let bearer = browser.send(Request::get(STATUS).header("authorization", "Bearer a.b.c"), Body::empty()).await;
    assert_eq!(bearer.status, 401);
}

#[tokio::test]
async fn a_retired_key_and_a_disabled_account_get_nothing() {
    let world = World::new().await;
    let browser = ada(&world).await;
    let key = Key::named("ada");
    let user = browser.get("/api/auth/get-session").await.json()["user"]["id"].as_str().unwrap().to_owned();
    let id = sigma_core::ids::UserId::from_text(user);
    let tokens = browser.tokens("openid profile").await;
    let now = world.now();
    let disabled = id.clone();
    world.sigma.store.write(move |tx| sigma_store::user::set_disabled(tx, &disabled, true, now)).await.unwrap();
    let token = key.token(STATUS, world.now(), "");
    assert_eq!(signed(&world, STATUS, &token).await.json()["code"], "USER_DISABLED");
    assert_eq!(browser.get(STATUS).await.status, 401);
    assert_eq!(world.get_with_token(STATUS, text(&tokens, "access_token")).await.status, 401);
    let enabled = id.clone();
    world.sigma.store.write(move |tx| sigma_store::user::set_disabled(tx, &enabled, false, now)).await.unwrap();
    assert_eq!(browser.get(STATUS).await.status, 200);
    let retired = sigma_core::authentication::Credential::key(&key.0.public_key());
    let provider = sigma_core::authentication::Credential::password(&id);
    let sql = "INSERT INTO credentials (kind, id, user_id, created_at) VALUES ('password', $1, $2, 1)";
    let owner = id.clone();
    world
        .sigma
        .store
        .write(move |tx| tx.execute(sql, &[provider.id.as_str().into(), owner.as_str().into()]))
        .await
        .unwrap();
    let retire = "UPDATE credentials SET retired_at = 1 WHERE kind = 'key' AND id = $1";
    world.sigma.store.write(move |tx| tx.execute(retire, &[retired.id.as_str().into()])).await.unwrap();
    assert_eq!(signed(&world, STATUS, &token).await.json()["code"], "USER_NOT_FOUND");
}

#[tokio::test]
async fn requests_are_limited_per_user_and_apart_per_app() {
    let world = World::with(|settings| {
        settings.limits.enabled = true;
        settings.limits.own_apis = 3;
    })
    .await;
    let browser = ada(&world).await;
    let tokens = browser.tokens("openid profile").await;
    for _ in 0..3 {
        assert_eq!(browser.get(STATUS).await.status, 200);
    }
    assert_eq!(browser.get(STATUS).await.error().split(':').next(), Some("429 rate_limit_exceeded"));
    assert_eq!(world.get_with_token(STATUS, text(&tokens, "access_token")).await.status, 200);
    world.advance(60);
    assert_eq!(browser.get(STATUS).await.status, 200);
}

#[tokio::test]
async fn pages_of_any_origin_may_read_without_cookies() {
    let world = World::new().await;
    let answer =
        world.send(Request::get(STATUS).header("origin", "https://bitchat.example").body(Body::empty()).unwrap()).await;
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    assert_eq!(answer.header("access-control-allow-credentials"), "");
    let preflight = Request::options(STATUS)
        .header("origin", "https://bitchat.example")
        .header("access-control-request-method", "GET")
        .header("access-control-request-headers", "authorization");
    let answer = world.send(preflight.body(Body::empty()).unwrap()).await;
    assert_eq!((answer.status.as_u16(), answer.header("access-control-allow-origin")), (204, "*"));
}
