//! A lost key: the account gets a new one, and the old one is retired.

use http::{Request, StatusCode};
use serde_json::{Value, json};

use crate::support::{Answer, Browser, Key, World, ada};

const PATH: &str = "/account/key";
const BOUND: &str = "https://id.example.org/account/key";

async fn id_of(browser: &Browser<'_>) -> String {
    browser.get("/api/auth/get-session").await.json()["user"]["id"].as_str().unwrap().to_owned()
}

/// Adds `key` with a signature over `path` and a body about `user_id`.
async fn add_signed(world: &World, browser: &Browser<'_>, key: &Key, path: &str, body: &Value) -> Answer {
    let body = body.to_string();
    let request = Request::post(PATH)
        .header("content-type", "application/json")
        .header("origin", world.sigma.issuer())
        .header("x-sigma-enrollment-proof", key.token(path, world.now(), &body));
    let answer = browser.send(request, body).await;
    world.tick();
    answer
}

/// Adds a key to the account of whoever uses the browser.
pub async fn add(world: &World, browser: &Browser<'_>, key: &Key, retire: bool) -> Answer {
    let body = json!({"userId": id_of(browser).await, "retireOthers": retire});
    add_signed(world, browser, key, BOUND, &body).await
}

fn refusal(answer: &Answer) -> String {
    format!("{} {}", answer.status.as_u16(), answer.json()["code"].as_str().unwrap_or("?"))
}

#[tokio::test]
async fn an_added_key_signs_in_to_the_account() {
    let world = World::new().await;
    let browser = ada(&world).await;
    assert!(browser.get(PATH).await.body.contains(&format!("data-user-id=\"{}\"", id_of(&browser).await)));
    let new = Key::named("ada, new");
    assert_eq!(add(&world, &browser, &new, false).await.status, StatusCode::CREATED);
    for key in [&new, &Key::named("ada")] {
        let other = world.browser();
        assert_eq!(other.sign_in(key).await.status, StatusCode::OK);
        assert_eq!(id_of(&other).await, id_of(&browser).await);
    }
}

#[tokio::test]
async fn a_lost_key_is_retired_and_never_signs_in_signs_up_or_is_added_again() {
    let world = World::new().await;
    let browser = ada(&world).await;
    let (lost, new) = (Key::named("ada"), Key::named("ada, new"));
    let thief = world.browser();
    thief.sign_in(&lost).await;
    assert_eq!(add(&world, &browser, &new, true).await.status, StatusCode::CREATED);
    assert_eq!(thief.get("/api/auth/get-session").await.body, "null", "its sessions ended");
    assert_eq!(thief.sign_in(&lost).await.status, StatusCode::FORBIDDEN, "sign in");
    let up = thief.sign_up(&lost).await;
    assert_eq!(up.status, StatusCode::FORBIDDEN, "sign up");
    assert_eq!(refusal(&add(&world, &browser, &lost, false).await), "409 KEY_TAKEN", "added again");
    let bob = world.browser();
    bob.sign_up(&Key::named("bob")).await;
    assert_eq!(refusal(&add(&world, &bob, &lost, false).await), "409 KEY_TAKEN", "added elsewhere");
    // Identities stay, without the retired key.
    let back = world.browser();
    assert_eq!(back.sign_in(&new).await.status, StatusCode::OK);
    let tokens = back.tokens("openid profile").await;
    let userinfo =
        world.get_with_token("/api/auth/oauth2/userinfo", tokens["access_token"].as_str().unwrap()).await.json();
    assert_eq!(userinfo["pubkey"], new.pubkey());
    assert_eq!(userinfo["bap_id"], lost.bap_id(), "{userinfo}");
}

#[tokio::test]
async fn adding_a_key_takes_a_recent_session_and_the_signature_of_that_key_for_that_account() {
    let world = World::new().await;
    let browser = ada(&world).await;
    let (key, id) = (Key::named("new"), id_of(&browser).await);
    let body = json!({"userId": id});
    let nobody = world.browser();
    assert_eq!(add_signed(&world, &nobody, &key, BOUND, &body).await.status, StatusCode::UNAUTHORIZED);
    let bare = add_signed(&world, &browser, &key, PATH, &body).await;
    assert_eq!(bare.status, StatusCode::BAD_REQUEST, "it names no server");
    let elsewhere = add_signed(&world, &browser, &key, "https://evil.example/account/key", &body).await;
    assert_eq!(elsewhere.status, StatusCode::UNAUTHORIZED);
    let other = add_signed(&world, &browser, &key, BOUND, &json!({"userId": "user_other"})).await;
    assert_eq!(other.status, StatusCode::BAD_REQUEST, "another account");
    let unsigned = browser.post_json(PATH, &body).await;
    assert_eq!(unsigned.status, StatusCode::UNAUTHORIZED, "no signature");
    // A signature for signing in, which somebody else may have seen, is none for this.
    let sign_in = add_signed(&world, &browser, &key, "https://id.example.org/api/auth/sign-in/sigma", &body).await;
    assert_eq!(sign_in.status, StatusCode::UNAUTHORIZED);
    world.advance(901);
    assert_eq!(refusal(&add_signed(&world, &browser, &key, BOUND, &body).await), "403 SIGN_IN_AGAIN");
    assert_eq!(world.browser().sign_in(&key).await.status, StatusCode::FORBIDDEN, "nothing was added");
}

#[tokio::test]
async fn a_signature_adds_a_key_once() {
    let world = World::new().await;
    let browser = ada(&world).await;
    let (key, body) = (Key::named("new"), json!({"userId": id_of(&browser).await}).to_string());
    let token = key.token(BOUND, world.now(), &body);
    let send = async || {
        let request = Request::post(PATH)
            .header("content-type", "application/json")
            .header("origin", world.sigma.issuer())
            .header("x-sigma-enrollment-proof", &token);
        browser.send(request, body.clone()).await.status
    };
    assert_eq!(send().await, StatusCode::CREATED);
    assert_eq!(send().await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn keys_per_account_are_limited() {
    let world = World::new().await;
    let browser = ada(&world).await;
    for number in 1..50 {
        let key = Key::named(&format!("number {number}"));
        assert_eq!(add(&world, &browser, &key, false).await.status, StatusCode::CREATED, "{number}");
    }
    assert_eq!(refusal(&add(&world, &browser, &Key::named("one more"), false).await), "409 TOO_MANY_KEYS");
}
