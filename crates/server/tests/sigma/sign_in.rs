//! `POST /api/auth/sign-in/sigma` (`docs/spec/keys.md#sign-in`).

use axum::body::Body;
use serde_json::{Value, json};
use sigma_bitcoin::Scheme;
use sigma_core::ids::UserId;
use sigma_core::time::Timestamp;
use sigma_store::user;

use crate::support::{Browser, DIRECT, Key, SIGN_IN, SIGN_UP, World, post};

const INVALID: &str = "401 Invalid auth token signature";
const OURS: &str = "https://id.example.org/api/auth/sign-in/sigma";

async fn world_with(key: &Key) -> World {
    let world = World::new().await;
    world.browser().sign_up(key).await;
    world
}

#[tokio::test]
async fn signing_in_answers_the_session_and_its_person() {
    let ada = Key::named("ada");
    let world = world_with(&ada).await;
    let answer = world.sign(&ada, SIGN_IN).await;
    assert_eq!(answer.status, 200);
    let body = answer.json();
    let token = body["token"].as_str().unwrap();
    assert!(token.len() == 32 && token.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{token}");
    assert_eq!(body["user"]["pubkey"], ada.pubkey());
    assert_eq!(body["user"]["name"], ada.0.public_key().address());
    assert!(body["user"]["id"].as_str().unwrap().starts_with("user_"));
    assert_eq!(body.as_object().unwrap().len(), 2);
    assert_eq!(body["user"].as_object().unwrap().len(), 3);
    assert!(answer.header("set-cookie").starts_with(&format!("__Secure-better-auth.session_token={token}.")));
    assert_eq!(answer.header("cache-control"), "no-store");
}

#[tokio::test]
async fn both_signing_habits_and_both_schemes_are_accepted() {
    let ada = Key::named("ada");
    let world = world_with(&ada).await;
    let named = json!({ "bapId": ada.bap_id() }).to_string();
    for scheme in [Scheme::Brc77, Scheme::Bsm] {
        for (body, signed) in
            [("{}", ""), ("", ""), (named.as_str(), ""), (named.as_str(), named.as_str()), ("{}", "{}")]
        {
            let token = ada.token_of(scheme, SIGN_IN, &world.now().iso8601(), signed);
            let answer = world.present(SIGN_IN, &token, body).await;
            assert_eq!(answer.status, 200, "{scheme:?} {body} signed as {signed}: {}", answer.body);
            world.tick();
        }
    }
}

#[tokio::test]
async fn an_unknown_key_with_an_identity_gets_the_restore_code() {
    let (ada, eve) = (Key::named("ada"), Key::named("eve"));
    let world = world_with(&ada).await;
    let of = |key: &Key| json!({"bapId": key.bap_id()}).to_string();
    let sign_in = async |body: &str| {
        let answer = world.present(SIGN_IN, &eve.token(SIGN_IN, world.now(), body), body).await;
        world.tick();
        (answer.status.as_u16(), answer.json()["error"].clone(), answer.json()["code"].clone())
    };
    // Its own identity, and one that belongs to somebody else.
    for body in [of(&eve), of(&ada)] {
        assert_eq!(sign_in(&body).await, (403, "user_not_found".into(), "RESTORE_PROFILE_NOT_FOUND".into()), "{body}");
    }
    for body in ["", "{}", r#"{"bapId":null}"#, r#"{"name":"Eve"}"#] {
        assert_eq!(sign_in(body).await, (403, "user_not_found".into(), "USER_NOT_FOUND".into()), "{body}");
    }
}

#[tokio::test]
async fn each_refusal_has_its_exact_words() {
    let ada = Key::named("ada");
    let world = world_with(&ada).await;
    let send = async |request: http::request::Builder| world.send(request.body(Body::from("{}")).unwrap()).await;
    assert_eq!(send(post(SIGN_IN)).await.refusal(), "401 No auth token provided");
    for malformed in ["", "nonsense", "a|b|c|d|e", "a|b|c|d"] {
        assert_eq!(
            world.present(SIGN_IN, malformed, "{}").await.refusal(),
            "400 Invalid auth token format",
            "{malformed}"
        );
    }
    let token = ada.token(SIGN_IN, world.now(), "");
    let twice = post(SIGN_IN).header("x-auth-token", &token).header("x-auth-token", &token);
    assert_eq!(send(twice).await.refusal(), "400 Invalid auth token format");
    let other = Key::named("eve").token(SIGN_IN, world.now(), "");
    let forged = format!("{}|{}", ada.pubkey(), other.split_once('|').unwrap().1);
    assert_eq!(world.present(SIGN_IN, &forged, "{}").await.refusal(), INVALID);
    let unknown = world.present(SIGN_IN, &other, "{}").await;
    assert_eq!(unknown.refusal(), "403 Account not found. Sign up is required before signing in. USER_NOT_FOUND");
    for body in ["[", "[]", "\"x\"", r#"{"bapId":1}"#, r#"{"bapId":"0"}"#, r#"{"bapId":"a\u0000b"}"#] {
        let answer = world.present(SIGN_IN, &token, body).await;
        assert_eq!(answer.status, 400, "{body}: {}", answer.body);
    }
    assert_eq!(world.present(SIGN_IN, &token, "{}").await.status, 200, "no refusal has spent the token");
}

#[tokio::test]
async fn a_body_must_be_exactly_as_it_was_signed() {
    let ada = Key::named("ada");
    let world = World::with(|settings| settings.limits.delays = false).await;
    world.browser().sign_up(&ada).await;
    let signed = json!({ "bapId": ada.bap_id() }).to_string();
    let token = ada.token(SIGN_IN, world.now(), &signed);
    for body in ["", "{}", &format!("{signed} "), &signed.replace(':', ": "), &signed.replace(&ada.bap_id(), "1")] {
        assert_eq!(world.present(SIGN_IN, &token, body).await.refusal(), INVALID, "{body}");
    }
    assert_eq!(world.present(SIGN_IN, &token, &signed).await.status, 200);
}

#[tokio::test]
async fn a_signed_message_is_valid_for_five_minutes_either_way() {
    let ada = Key::named("ada");
    let world = World::with(|settings| settings.limits.delays = false).await;
    world.browser().sign_up(&ada).await;
    let now = world.now();
    for (off, expected) in [(-300_000, 200), (300_000, 200), (-300_001, 401), (300_001, 401)] {
        let stamp = Timestamp::from_micros((now.millis() + off) * 1_000);
        let answer = world.present(SIGN_IN, &ada.token(SIGN_IN, stamp, ""), "{}").await;
        assert_eq!(answer.status.as_u16(), expected, "{off} ms: {}", answer.body);
    }
}

#[tokio::test]
async fn a_token_of_another_path_method_or_host_is_refused() {
    let ada = Key::named("ada");
    let world = World::with(|settings| settings.limits.delays = false).await;
    world.browser().sign_up(&ada).await;
    for path in [
        SIGN_UP,
        DIRECT,
        "/api/auth/sign-in/sigma/",
        "/API/auth/sign-in/sigma",
        "/api/auth/sign-in/sigma?x=y",
        "https://id.example.org",
        "https://evil.example/api/auth/sign-in/sigma",
        "http://id.example.org/api/auth/sign-in/sigma",
        "https://ID.example.org/api/auth/sign-in/sigma",
        "https://id.example.org:443/api/auth/sign-in/sigma",
        "https://id.example.org/api/auth/sign-up/sigma",
    ] {
        let answer = world.present(SIGN_IN, &ada.token(path, world.now(), ""), "{}").await;
        assert_eq!(answer.refusal(), INVALID, "{path}");
    }
}

#[tokio::test]
async fn every_vector_gets_its_verdict_at_the_endpoint() {
    let file: Value = serde_json::from_str(include_str!("../../../bitcoin/vectors/bitcoin-auth.json")).unwrap();
    let world = World::with(|settings| settings.limits.delays = false).await;
    let mut seen = 0;
    for vector in file["vectors"].as_array().unwrap() {
        let text = |name: &str| vector[name].as_str().unwrap_or_default();
        world.clock.set(at(text("now")));
        let path = text("requestPath");
        let (id, token, body) = (text("id"), text("token"), text("body"));
        let expected = match (path, text("strictReason")) {
            // Both styles are accepted, so a body next to a token that covers none is no error here.
            (SIGN_IN, "ok") => 403,
            (SIGN_IN, "sig") if id == "i06-body-added" => 403,
            (_, "fields" | "pubkey" | "G" | "scheme" | "timestamp" | "b64") => 400,
            _ => 401,
        };
        let answer = if path == SIGN_UP {
            let ada = Key::named("ada");
            let body = json!({"bapId": ada.bap_id(), "intent": "sign-up"}).to_string();
            let request = post(SIGN_UP)
                .header("x-auth-token", ada.token(SIGN_IN, world.now(), ""))
                .header("x-sigma-enrollment-proof", token);
            world.send(request.body(Body::from(body)).unwrap()).await
        } else {
            world.present(SIGN_IN, token, body).await
        };
        assert_eq!(answer.status.as_u16(), expected, "{id}: {}", answer.body);
        if expected == 403 {
            let code = if body.contains("bapId") { "RESTORE_PROFILE_NOT_FOUND" } else { "USER_NOT_FOUND" };
            assert_eq!(answer.json()["code"], code, "{id}");
        }
        seen += 1;
    }
    assert_eq!(seen, 57);
    assert!(world.rows().await.iter().all(|(table, rows)| *rows == 0 || *table == "changes"));
}

/// The moment that `YYYY-MM-DDTHH:MM:SS.sssZ` names, on the one day of the vectors.
fn at(text: &str) -> Timestamp {
    let clock = text.strip_prefix("2026-03-01T").unwrap().trim_end_matches('Z');
    let mut fields = clock.split([':', '.']).map(|field| field.parse::<i64>().unwrap());
    let mut next = || fields.next().unwrap();
    let (hours, minutes, seconds, millis) = (next(), next(), next(), next());
    let noon = Timestamp::from_seconds(1_772_366_400).millis();
    Timestamp::from_micros((noon + ((hours - 12) * 3_600 + minutes * 60 + seconds) * 1_000 + millis) * 1_000)
}

#[tokio::test]
async fn a_signed_message_is_accepted_once_across_endpoints() {
    let ada = Key::named("ada");
    let world = World::with(|settings| settings.limits.delays = false).await;
    world.browser().sign_up(&ada).await;
    let token = ada.token(SIGN_IN, world.now(), "");
    assert_eq!(world.present(SIGN_IN, &token, "{}").await.status, 200);
    assert_eq!(world.present(SIGN_IN, &token, "{}").await.refusal(), INVALID);
    // The message counts, not the signature: BRC-77 is randomised, and ECDSA signatures are malleable.
    let again = ada.token_of(Scheme::Bsm, SIGN_IN, &world.now().iso8601(), "");
    assert_eq!(world.present(SIGN_IN, &again, "{}").await.refusal(), INVALID);
    let body = json!({"bapId": ada.bap_id(), "intent": "sign-up"}).to_string();
    let sign_up = async |token: &str, proof: &str| {
        let request = post(SIGN_UP).header("x-auth-token", token).header("x-sigma-enrollment-proof", proof);
        world.send(request.body(Body::from(body.clone())).unwrap()).await
    };
    let proof = ada.token(SIGN_UP, world.now(), &body);
    assert_eq!(sign_up(&token, &proof).await.refusal(), INVALID);
    world.tick();
    let (token, proof) = (ada.token(SIGN_IN, world.now(), ""), ada.token(SIGN_UP, world.now(), &body));
    assert_eq!(sign_up(&token, &proof).await.status, 200);
    assert_eq!(sign_up(&ada.token(SIGN_IN, world.now(), "x"), &proof).await.status, 401);
    assert_eq!(world.present(SIGN_IN, &token, "{}").await.refusal(), INVALID);
    let direct = ada.token(DIRECT, world.now(), "");
    assert_eq!(world.present(DIRECT, &direct, "{}").await.status, 200);
    assert_eq!(world.present(DIRECT, &direct, "{}").await.refusal(), INVALID);
    let bound = ada.token(SIGN_IN, world.now(), "{}");
    assert_eq!(world.present(SIGN_IN, &bound, "{}").await.status, 200);
    assert_eq!(world.present(SIGN_IN, &bound, "{}").await.refusal(), INVALID);
}

#[tokio::test]
async fn a_token_is_remembered_for_as_long_as_it_could_be_used() {
    let ada = Key::named("ada");
    let world = World::with(|settings| settings.limits.delays = false).await;
    world.browser().sign_up(&ada).await;
    let ahead = Timestamp::from_micros(world.now().micros() + 300_000_000);
    let token = ada.token(SIGN_IN, ahead, "");
    assert_eq!(world.present(SIGN_IN, &token, "{}").await.status, 200);
    // Some node's clock may be a minute behind the database's, and another a minute ahead.
    for seconds in [299, 300, 1, 120] {
        world.advance(seconds);
        let store = world.sigma.store.clone();
        tokio::task::spawn_blocking(move || store.sweep_once().unwrap()).await.unwrap();
        assert_eq!(world.present(SIGN_IN, &token, "{}").await.refusal(), INVALID);
    }
    world.advance(1);
    let store = world.sigma.store.clone();
    tokio::task::spawn_blocking(move || store.sweep_once().unwrap()).await.unwrap();
    assert_eq!(world.rows().await.into_iter().find(|(table, _)| *table == "replay_guard"), Some(("replay_guard", 0)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_of_32_concurrent_uses_of_a_signed_message_succeeds() {
    let ada = Key::named("ada");
    let world = World::with(|settings| settings.limits.delays = false).await;
    world.browser().sign_up(&ada).await;
    for path in [SIGN_IN, DIRECT] {
        let token = ada.token(path, world.now(), "");
        let attempts = (0..32).map(|_| world.present(path, &token, "{}"));
        let answers = futures_util::future::join_all(attempts).await;
        let count = |status: u16| answers.iter().filter(|answer| answer.status.as_u16() == status).count();
        assert_eq!(count(200), 1);
        assert_eq!(count(401) + count(503), 31, "{:?}", answers.iter().map(|answer| answer.status).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn origin_bound_accounts_must_stay_origin_bound() {
    let ada = Key::named("ada");
    let world = World::new().await;
    world.browser().sign_up(&ada).await;
    assert_eq!(world.sign(&ada, SIGN_IN).await.status, 200, "the published clients sign the bare path");
    assert_eq!(world.present(SIGN_IN, &ada.token(OURS, world.now(), ""), "{}").await.status, 200);
    world.tick();
    let bare = world.sign(&ada, SIGN_IN).await;
    assert_eq!(bare.refusal(), "403 Sign the path prefixed with this server's origin. ORIGIN_BOUND_REQUIRED");
    assert_eq!(world.sign(&ada, DIRECT).await.json()["code"], "ORIGIN_BOUND_REQUIRED");
    assert_eq!(world.browser().sign_up(&ada).await.json()["code"], "ORIGIN_BOUND_REQUIRED");
    assert_eq!(world.present(SIGN_IN, &ada.token(OURS, world.now(), ""), "{}").await.status, 200);
    let direct = ada.token("https://id.example.org/sigma/authorize", world.now(), "");
    assert_eq!(world.present(DIRECT, &direct, "{}").await.status, 200);
    // Others continue as before.
    world.browser().sign_up(&Key::named("bob")).await;
    assert_eq!(world.sign(&Key::named("bob"), SIGN_IN).await.status, 200);
}

#[tokio::test]
async fn a_server_may_require_its_origin_of_everybody() {
    let world = World::with(|settings| settings.sign_in.require_origin_bound = true).await;
    let ada = Key::named("ada");
    assert_eq!(world.browser().sign_up(&ada).await.json()["code"], "ORIGIN_BOUND_REQUIRED");
    let body = json!({"bapId": ada.bap_id(), "intent": "sign-up"}).to_string();
    let up = "https://id.example.org/api/auth/sign-up/sigma";
    let sign_up = async |token: String, proof: String| {
        let request = post(SIGN_UP).header("x-auth-token", token).header("x-sigma-enrollment-proof", proof);
        world.send(request.body(Body::from(body.clone())).unwrap()).await
    };
    let half = sign_up(ada.token(OURS, world.now(), ""), ada.token(SIGN_UP, world.now(), &body)).await;
    assert_eq!(half.json()["code"], "ORIGIN_BOUND_REQUIRED", "one of both is not enough");
    let whole = sign_up(ada.token(OURS, world.now(), ""), ada.token(up, world.now(), &body)).await;
    assert_eq!(whole.status, 200, "{}", whole.body);
    assert_eq!(world.sign(&ada, SIGN_IN).await.json()["code"], "ORIGIN_BOUND_REQUIRED");
}

#[tokio::test]
async fn signing_in_again_continues_the_session_with_a_new_secret() {
    let ada = Key::named("ada");
    let world = world_with(&ada).await;
    let browser = world.browser();
    let first = browser.sign_in(&ada).await.json()["token"].as_str().unwrap().to_owned();
    let planted = browser.cookies();
    let session = browser.get("/api/auth/get-session").await.json();
    world.advance(60);
    browser.sign_in(&ada).await;
    let continued = browser.get("/api/auth/get-session").await.json();
    assert_eq!(continued["session"]["id"], session["session"]["id"]);
    assert_ne!(continued["session"]["token"], first.as_str());
    assert_eq!(get_session(&world, &planted).await, Value::Null, "a cookie planted before is worth nothing after");
    let bearer = world.get_with_token("/api/auth/get-session", &first).await;
    assert_eq!(bearer.json(), Value::Null);
}

async fn get_session(world: &World, cookies: &str) -> Value {
    let request = http::Request::get("/api/auth/get-session").header("cookie", cookies);
    world.send(request.body(Body::empty()).unwrap()).await.json()
}

#[tokio::test]
async fn another_person_in_the_same_browser_gets_a_session_of_their_own() {
    let (ada, bob) = (Key::named("ada"), Key::named("bob"));
    let world = world_with(&ada).await;
    world.browser().sign_up(&bob).await;
    let browser = world.browser();
    browser.sign_in(&ada).await;
    let of_ada = browser.get("/api/auth/get-session").await.json();
    // Ada is asked for consent, and Bob signs in before she answers.
    let asked = browser.authorize(&[]).await.param("interaction").unwrap();
    browser.sign_in(&bob).await;
    let of_bob = browser.get("/api/auth/get-session").await.json();
    assert_eq!(of_bob["user"]["pubkey"], bob.pubkey());
    assert_ne!(of_bob["session"]["id"], of_ada["session"]["id"]);
    let code = agree(&browser, &asked).await;
    let tokens = browser.redeem(&code).await.json();
    let info = world.get_with_token("/userinfo", tokens["access_token"].as_str().unwrap()).await.json();
    assert_eq!(info["pubkey"], bob.pubkey());
}

async fn agree(browser: &Browser<'_>, interaction: &str) -> String {
    let form = [("interaction", interaction), ("accept", "true")];
    browser.post_form("/api/auth/oauth2/consent", &form).await.param("code").unwrap()
}

#[tokio::test]
async fn what_one_person_agreed_to_does_not_count_for_the_next_in_that_browser() {
    let (ada, bob) = (Key::named("ada"), Key::named("bob"));
    let world = world_with(&ada).await;
    world.browser().sign_up(&bob).await;
    let browser = world.browser();
    browser.sign_in(&ada).await;
    browser.code(&[]).await;
    assert!(browser.authorize(&[]).await.location().starts_with("https://app.example.org/callback?code="));
    browser.sign_in(&bob).await;
    assert!(browser.authorize(&[]).await.location().starts_with("/consent?interaction="));
}

#[tokio::test]
async fn a_disabled_account_gets_its_own_error_and_no_session() {
    let ada = Key::named("ada");
    let world = world_with(&ada).await;
    let browser = world.browser();
    let user = browser.sign_in(&ada).await.json()["user"]["id"].as_str().unwrap().to_owned();
    let tokens = browser.tokens("openid profile offline_access").await;
    let switch = async |off: bool| {
        let (id, now) = (UserId::from_text(user.clone()), world.now());
        assert!(world.sigma.store.write(move |tx| user::set_disabled(tx, &id, off, now)).await.unwrap());
    };
    switch(true).await;
    let rows = world.rows().await;
    for path in [SIGN_IN, DIRECT] {
        assert_eq!(world.sign(&ada, path).await.refusal(), "403 This account is disabled. USER_DISABLED");
    }
    assert_eq!(world.browser().sign_up(&ada).await.refusal(), "403 This account is disabled. USER_DISABLED");
    assert_eq!(world.rows().await, rows);
    assert_eq!(browser.get("/api/auth/get-session").await.json(), Value::Null);
    let access = tokens["access_token"].as_str().unwrap();
    assert_eq!(world.get_with_token("/userinfo", access).await.status, 401);
    switch(false).await;
    assert_eq!(world.get_with_token("/userinfo", access).await.status, 200);
}
