//! Answers about tokens are given again from memory, and never after what they rest on changed.

use axum::body::Bytes;
use serde_json::{Value, json};
use sigma_core::app::AuthMethod;
use sigma_core::digest::Digest;
use sigma_core::ids::UserId;
use sigma_core::jose::Algorithm;
use sigma_server::extract::{load_live, verify_access};
use sigma_store::email::EmailProof;
use sigma_store::{signing_key, user};

use crate::support::client::{INTROSPECT, USERINFO, basic};
use crate::support::forge::claims;
use crate::support::{Browser, Key, World};

/// What userinfo and introspection say of an access token: twice each, the second time from memory.
async fn told(world: &World, token: &str) -> (Value, bool) {
    let mut told = Vec::new();
    for _ in 0..2 {
        let userinfo = world.get_with_token(USERINFO, token).await;
        let about = if userinfo.status == 200 { userinfo.json() } else { json!(userinfo.status.as_u16()) };
        let asked = [("authorization", &*basic("service", "secret"))];
        let introspected = world.post_form(INTROSPECT, &[("token", token)], &asked).await;
        assert_eq!(introspected.header("content-type"), "application/json");
        told.push((about, introspected.json()["active"].as_bool().unwrap()));
    }
    assert_eq!(told[0], told[1]);
    told.remove(0)
}

struct Scene<'w> {
    browser: Browser<'w>,
    token: String,
    user: UserId,
}

async fn scene<'w>(world: &'w World, scope: &str) -> Scene<'w> {
    world.add_confidential_app("service", AuthMethod::ClientSecretBasic, "secret").await;
    let browser = world.browser();
    browser.sign_up(&Key::named("ada")).await;
    let code = browser.code(&[("client_id", "service"), ("scope", scope)]).await;
    let tokens = world.exchange_with_secret("service", &code).await;
    let token = tokens.json()["access_token"].as_str().unwrap().to_owned();
    let user = UserId::from_text(claims(&token)["sub"].as_str().unwrap());
    Scene { browser, token, user }
}

const REFUSED: u16 = 401;

#[tokio::test]
async fn answers_about_a_token_follow_every_change_behind_it() {
    let world = World::new().await;
    let Scene { token, user, .. } = scene(&world, "openid email").await;
    assert!(told(&world, &token).await.1);

    world.db_set_email(&user, "ada@example.org", EmailProof::Verified).await;
    let with_email = told(&world, &token).await;
    assert_eq!((with_email.0["email"].as_str(), with_email.1), (Some("ada@example.org"), true));

    let scopes = world.app("service").await.scopes;
    world.change_app("service", |app| app.scopes = app.scopes.retain(|scope| scope != "email")).await;
    assert_eq!(told(&world, &token).await.0["email"], Value::Null, "the app may no longer see it");
    world.change_app("service", |app| app.scopes = scopes).await;
    assert_eq!(told(&world, &token).await, with_email);

    world.change_app("service", |app| app.disabled = true).await;
    assert_eq!(world.get_with_token(USERINFO, &token).await.status, REFUSED);
    world.change_app("service", |app| app.disabled = false).await;
    assert_eq!(told(&world, &token).await, with_email);

    let now = world.now();
    world.sigma.store.write(move |tx| user::set_disabled(tx, &user, true, now)).await.unwrap();
    assert_eq!(told(&world, &token).await, (json!(REFUSED), false), "the account");
}

#[tokio::test]
async fn answers_about_a_token_end_with_its_session_its_key_and_its_time() {
    let world = World::new().await;
    let Scene { browser, token, .. } = scene(&world, "openid profile").await;
    assert!(told(&world, &token).await.1);
    browser.post_json("/api/auth/sign-out", &json!({})).await;
    assert_eq!(told(&world, &token).await, (json!(REFUSED), false), "the session");

    let world = World::new().await;
    let Scene { token, .. } = scene(&world, "openid").await;
    assert!(told(&world, &token).await.1);
    let kid = world.kid(Algorithm::ES256).await;
    world.rotate_now(Algorithm::ES256).await;
    assert!(told(&world, &token).await.1, "a retired key");
    let now = world.now();
    world.sigma.store.write(move |tx| signing_key::revoke(tx, &kid, now)).await.unwrap();
    assert_eq!(told(&world, &token).await, (json!(REFUSED), false), "the key");

    let world = World::new().await;
    let Scene { token, .. } = scene(&world, "openid").await;
    assert!(told(&world, &token).await.1);
    let left = claims(&token)["exp"].as_i64().unwrap() - world.now().seconds();
    world.advance(u64::try_from(left).unwrap() - 1);
    assert!(told(&world, &token).await.1);
    world.advance(1);
    assert_eq!(told(&world, &token).await, (json!(REFUSED), false), "the time");
}

#[tokio::test]
async fn an_answer_is_not_kept_for_a_key_that_was_revoked_while_it_was_worked_out() {
    let world = World::new().await;
    let Scene { token, .. } = scene(&world, "openid").await;
    let (sigma, digest) = (&world.sigma, Digest::of(&token));
    let live = load_live(sigma, verify_access(sigma, &token).await.unwrap().unwrap()).await.unwrap().unwrap();
    let answers = &sigma.token_answers.introspection;
    let keep = || {
        let question = answers.begin(digest);
        sigma.keep_answer(answers, question, &live, [], &Bytes::from_static(b"{}"), live.app.id.clone());
        answers.find(&digest, world.now()).is_some()
    };
    assert!(keep());
    let kid = world.kid(Algorithm::ES256).await;
    world.rotate_now(Algorithm::ES256).await;
    let now = world.now();
    sigma.store.write(move |tx| signing_key::revoke(tx, &kid, now)).await.unwrap();
    assert!(!keep(), "the keys were not read again yet");
    world.kid(Algorithm::ES256).await;
    assert!(!keep());
}

#[tokio::test]
async fn what_one_app_is_told_of_a_token_is_not_told_to_another() {
    let world = World::new().await;
    let Scene { token, .. } = scene(&world, "openid").await;
    world.add_confidential_app("other", AuthMethod::ClientSecretBasic, "secret").await;
    for (app, active) in [("service", true), ("other", false), ("service", true), ("service", true), ("other", false)] {
        let asked = [("authorization", &*basic(app, "secret"))];
        let answer = world.post_form(INTROSPECT, &[("token", &token)], &asked).await;
        assert_eq!(answer.json()["active"], active, "{app}");
    }
}

#[tokio::test]
async fn an_answer_from_memory_counts_towards_the_limit_like_any_other() {
    let world = World::with(|settings| settings.limits.enabled = true).await;
    let Scene { token, .. } = scene(&world, "openid").await;
    let left = |answer: crate::support::Answer| answer.header("x-ratelimit-remaining").parse::<u32>().unwrap();
    let first = left(world.get_with_token(USERINFO, &token).await);
    let second = left(world.get_with_token(USERINFO, &token).await);
    assert_eq!(second, first - 1);
}
