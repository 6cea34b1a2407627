//! `POST /api/auth/sign-up/sigma` (`docs/spec/keys.md#sign-up`).

use axum::body::Body;
use serde_json::json;

use crate::support::{Answer, Key, SIGN_IN, SIGN_UP, World, post};

const INVALID: &str = "401 Invalid auth token signature";

fn body_for(key: &Key) -> String {
    json!({"bapId": key.bap_id(), "intent": "sign-up"}).to_string()
}

async fn present(world: &World, token: &str, proof: &str, body: &str) -> Answer {
    let request = post(SIGN_UP).header("x-auth-token", token).header("x-sigma-enrollment-proof", proof);
    world.send(request.body(Body::from(body.to_owned())).unwrap()).await
}

#[tokio::test]
async fn signing_up_makes_an_account_and_signs_in() {
    let world = World::new().await;
    let ada = Key::named("ada");
    let browser = world.browser();
    let answer = browser.sign_up(&ada).await;
    assert_eq!(answer.status, 200);
    let body = answer.json();
    assert_eq!(body["user"]["pubkey"], ada.pubkey());
    assert!(body["user"]["id"].as_str().unwrap().starts_with("user_"));
    assert_eq!(body.as_object().unwrap().keys().collect::<Vec<_>>(), ["user"]);
    assert!(answer.header("set-cookie").starts_with("__Secure-better-auth.session_token="));
    let session = browser.get("/api/auth/get-session").await.json();
    assert_eq!(session["session"]["activeOrganizationId"], ada.bap_id().as_str());
}

#[tokio::test]
async fn signing_up_again_with_the_same_key_is_the_same_account() {
    let world = World::new().await;
    let ada = Key::named("ada");
    let first = world.browser().sign_up(&ada).await.json();
    world.advance(3_600);
    let second = world.browser().sign_up(&ada).await;
    assert_eq!((second.status.as_u16(), second.json()), (200, first));
    let rows = world.rows().await;
    assert!(rows.contains(&("users", 1)) && rows.contains(&("credentials", 1)) && rows.contains(&("identities", 1)));
}

#[tokio::test]
async fn an_incomplete_sign_up_is_rejected_and_stores_nothing() {
    let world = World::with(|settings| settings.limits.delays = false).await;
    let (ada, eve) = (Key::named("ada"), Key::named("eve"));
    let (body, now) = (body_for(&ada), world.now());
    let token = ada.token(SIGN_IN, now, "");
    let proof = ada.token(SIGN_UP, now, &body);
    let rows = world.rows().await;
    let without = world.present(SIGN_UP, &token, &body).await;
    assert_eq!(without.refusal(), "401 No auth token provided");
    let proof_alone = post(SIGN_UP).header("x-sigma-enrollment-proof", &proof).body(Body::from(body.clone())).unwrap();
    assert_eq!(world.send(proof_alone).await.refusal(), "401 No auth token provided");
    for (token, proof, what) in [
        (eve.token(SIGN_IN, now, ""), proof.clone(), "two keys"),
        (token.clone(), eve.token(SIGN_UP, now, &body), "two keys, the other way round"),
        (token.clone(), ada.token(SIGN_UP, now, ""), "a proof without the body"),
        (token.clone(), ada.token(SIGN_IN, now, &body), "a proof of another path"),
        (ada.token(SIGN_UP, now, ""), proof.clone(), "a token of another path"),
        (ada.token(SIGN_IN, now, &body), proof.clone(), "a token with a body"),
        (token.clone(), ada.token(SIGN_UP, now, &body_for(&eve)), "a proof of another body"),
        (token.clone(), token.clone(), "the token as its own proof"),
    ] {
        assert_eq!(present(&world, &token, &proof, &body).await.refusal(), INVALID, "{what}");
    }
    let malformed = present(&world, &token, "nonsense", &body).await;
    assert_eq!(malformed.refusal(), "400 Invalid auth token format");
    for body in [
        "",
        "{}",
        "[]",
        &json!([ada.bap_id(), "sign-up"]).to_string(),
        r#"{"intent":"sign-up"}"#,
        &json!({"bapId": ada.bap_id()}).to_string(),
        &json!({"bapId": ada.bap_id(), "intent": "sign-in"}).to_string(),
        &json!({"bapId": ada.bap_id(), "intent": "sign-up", "admin": true}).to_string(),
        r#"{"bapId":"","intent":"sign-up"}"#,
        r#"{"bapId":"\u0000","intent":"sign-up"}"#,
        &json!({"bapId": format!("{}1", ada.bap_id()), "intent": "sign-up"}).to_string(),
    ] {
        let proof = ada.token(SIGN_UP, now, body);
        assert_eq!(present(&world, &token, &proof, body).await.status, 400, "{body}");
    }
    assert_eq!(world.rows().await, rows);
    assert_eq!(present(&world, &token, &proof, &body).await.status, 200, "nothing of it was spent");
}

#[tokio::test]
async fn with_sign_up_disabled_only_existing_accounts_sign_in() {
    let world = World::with(|settings| settings.sign_in.sign_up = false).await;
    let rows = world.rows().await;
    let refused = world.browser().sign_up(&Key::named("ada")).await;
    assert_eq!(refused.refusal(), "403 Sign-up is disabled. Ask the operator for an account. SIGN_UP_DISABLED");
    assert_eq!(world.rows().await, rows);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_key_that_signs_up_many_times_at_once_gets_one_account() {
    let world = World::new().await;
    let ada = Key::named("ada");
    let body = body_for(&ada);
    let attempts = (0..16_i64).map(|number| {
        let now = sigma_core::time::Timestamp::from_micros(world.now().micros() + number * 1_000);
        let (token, proof) = (ada.token(SIGN_IN, now, ""), ada.token(SIGN_UP, now, &body));
        let (world, body) = (&world, &body);
        async move { present(world, &token, &proof, body).await }
    });
    let answers = futures_util::future::join_all(attempts).await;
    let mut accounts: Vec<_> = answers
        .iter()
        .filter(|answer| answer.status == 200)
        .map(|answer| answer.json()["user"]["id"].clone())
        .collect();
    assert!(answers.iter().all(|answer| answer.status == 200 || answer.status == 503), "{answers:?}");
    accounts.dedup();
    assert_eq!(accounts.len(), 1);
    let rows = world.rows().await;
    assert!(rows.contains(&("users", 1)) && rows.contains(&("identities", 1)), "{rows:?}");
}

#[tokio::test]
async fn implicit_sign_up_is_opt_in() {
    let ada = Key::named("ada");
    for path in [SIGN_IN, crate::support::DIRECT] {
        let world = World::new().await;
        assert_eq!(world.sign(&ada, path).await.json()["code"], "USER_NOT_FOUND");
        let world = World::with(|settings| settings.sign_in.implicit_sign_up = true).await;
        let made = world.sign(&ada, path).await;
        assert_eq!(made.json()["user"]["pubkey"], ada.pubkey(), "{}", made.body);
        let again = world.sign(&ada, path).await;
        assert_eq!(again.json()["user"], made.json()["user"]);
    }
}

#[tokio::test]
async fn sign_ups_per_address_are_limited_and_existing_accounts_still_sign_in() {
    let world = World::with(|settings| {
        settings.sign_in.implicit_sign_up = true;
        settings.limits.enabled = true;
        settings.limits.sign_ups_per_hour = 3;
    })
    .await;
    for number in 0..3 {
        assert_eq!(world.sign(&Key::named(&format!("{number}")), SIGN_IN).await.status, 200);
    }
    let rows = world.rows().await;
    let refused = world.sign(&Key::named("3"), SIGN_IN).await;
    assert_eq!(refused.json()["error"], "rate_limit_exceeded");
    assert_eq!(refused.header("x-ratelimit-limit"), "3");
    assert_eq!(world.browser().sign_up(&Key::named("3")).await.status, 429);
    assert_eq!(world.sign(&Key::named("3"), crate::support::DIRECT).await.status, 429);
    assert_eq!(world.rows().await, rows);
    assert_eq!(world.sign(&Key::named("0"), SIGN_IN).await.status, 200);
    assert_eq!(world.browser().sign_up(&Key::named("1")).await.status, 200);
    world.advance(3_600);
    assert_eq!(world.sign(&Key::named("3"), SIGN_IN).await.status, 200);
}
