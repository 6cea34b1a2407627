//! Signing keys: created, published, rotated, retired and deleted (`docs/spec/tokens.md#signing-keys`), on a clock that
//! the tests move.

use std::sync::Arc;

use serde_json::{Value, json};
use sigma_core::jose::{Algorithm, Promptness, TokenKind, sign};
use sigma_server::branding::ShownLook;
use sigma_server::keys::Keys;
use sigma_server::settings::Tokens;
use sigma_server::state::AppState;
use sigma_store::testing::{Engine, TestStore};
use sigma_store::{MasterKey, signing_key};

use crate::support::client::USERINFO;
use crate::support::forge::{claims, header, jws, with};
use crate::support::{Browser, Key, World};

const DAY: u64 = 86_400;
const MASTER_KEY: &str = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";

async fn published(world: &World) -> Vec<String> {
    let jwks = world.browser().get("/.well-known/jwks.json").await.json();
    jwks["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

async fn rotate_if_due(world: &World) {
    let sigma = &world.sigma;
    sigma.keys.rotate_if_due(&sigma.store, &sigma.master_key, world.now(), &*sigma.rng).await.unwrap();
}

async fn tokens(browser: &Browser<'_>) -> (String, String) {
    let tokens = browser.tokens("openid profile").await;
    let text = |name: &str| tokens[name].as_str().unwrap().to_owned();
    (text("access_token"), text("id_token"))
}

fn kid(token: &str) -> String {
    header(token)["kid"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_key_is_published_a_day_before_it_signs_and_verifies_until_its_last_token_expired() {
    let world = World::new().await;
    let (browser, key) = (world.browser(), Key::named("ada"));
    browser.sign_up(&key).await;
    let first = kid(&tokens(&browser).await.0);
    let at_first = published(&world).await;
    assert_eq!(at_first.len(), 3);
    world.advance(89 * DAY - 1);
    rotate_if_due(&world).await;
    assert_eq!(published(&world).await, at_first, "nothing is due yet");
    world.advance(1);
    rotate_if_due(&world).await;
    rotate_if_due(&world).await;
    let both = published(&world).await;
    assert_eq!(both.len(), 6, "the next keys are published, once");
    browser.sign_in(&key).await;
    assert_eq!(kid(&tokens(&browser).await.0), first, "and do not sign yet");
    world.advance(DAY - 60);
    browser.sign_in(&key).await;
    let last_of_first = tokens(&browser).await;
    assert_eq!(kid(&last_of_first.0), first);
    world.advance(60);
    // The next one signs from its time on, whether or not the background task has run.
    let next = tokens(&browser).await;
    assert_ne!(kid(&next.0), first);
    assert!(both.contains(&kid(&next.0)));
    rotate_if_due(&world).await;
    assert_eq!(published(&world).await, both, "the retired ones are published still");
    for age in [1, 28] {
        world.advance(age * DAY);
        rotate_if_due(&world).await;
        assert_eq!(world.userinfo_status(&last_of_first.0).await, 200, "{age} days");
    }
    let elsewhere = world.browser();
    let hint = format!("/api/auth/oauth2/end-session?id_token_hint={}", last_of_first.1);
    assert!(elsewhere.get(&hint).await.header("set-cookie").contains("Max-Age=0"), "a hint of a retired key is good");
    world.advance(3 * DAY);
    rotate_if_due(&world).await;
    let left = published(&world).await;
    assert_eq!(left.len(), 3);
    assert!(!left.contains(&first), "deleted when nothing that it signed can be alive");
}

#[tokio::test]
async fn a_forced_rotation_signs_immediately_and_keeps_old_tokens_valid() {
    let world = World::new().await;
    let browser = world.browser();
    browser.sign_up(&Key::named("ada")).await;
    let before = tokens(&browser).await;
    let new = world.rotate(Algorithm::ES256, Promptness::Now).await;
    let after = tokens(&browser).await;
    assert_eq!(kid(&after.0), new[0]);
    assert_eq!(kid(&after.1), kid(&before.1), "the other algorithms keep their key");
    assert!(published(&world).await.contains(&kid(&before.0)));
    for token in [&before.0, &after.0] {
        assert_eq!(world.userinfo_status(token).await, 200);
    }
    // Published first, if there is time.
    let next = world.rotate(Algorithm::ES256, Promptness::AfterPublication).await;
    assert!(published(&world).await.contains(&next[0]));
    assert_eq!(kid(&tokens(&browser).await.0), new[0]);
    world.advance(DAY);
    assert_eq!(kid(&tokens(&browser).await.0), next[0]);
}

#[tokio::test]
async fn a_retired_key_signs_nothing_new() {
    let world = World::new().await;
    let browser = world.browser();
    browser.sign_up(&Key::named("ada")).await;
    let (access, _) = tokens(&browser).await;
    let stolen = world.sigma.keys.ring(&world.sigma.master_key).await;
    world.rotate_now(Algorithm::ES256).await;
    let all = claims(&access);
    world.advance(3_600);
    for (age, wanted) in [(3_601, 200), (3_600, 200), (3_540, 200), (3_539, 401), (0, 401)] {
        let now = world.now();
        let forged =
            with(&all, &json!({"iat": now.seconds() - age, "exp": now.seconds() + 60, "jti": format!("tok_{age}")}));
        let key = stolen.signer(Algorithm::ES256, now);
        assert_eq!(kid(&access), key.kid());
        let token = sign(key, TokenKind::Access, &forged).unwrap();
        assert_eq!(world.userinfo_status(&token).await, wanted, "signed {age} s ago");
    }
}

#[tokio::test]
async fn several_first_starts_at_once_make_one_set_of_keys() {
    let engine = match std::env::var("SIGMA_TEST_STORE").as_deref() {
        Ok("postgres") => Engine::Postgres,
        _ => Engine::Sqlite,
    };
    let store = TestStore::new(engine);
    let start = || async {
        let key = MasterKey::from_base64(MASTER_KEY).unwrap();
        let tokens = Tokens::default();
        Keys::load(&store, &key, &tokens, &*store.clock, &*store.rng).await.unwrap().ring(&key).await
    };
    let rings = futures_util::future::join_all((0..8).map(|_| start())).await;
    for ring in &rings {
        assert_eq!(ring.jwks_json(), rings[0].jwks_json());
    }
    let jwks: Value = serde_json::from_str(rings[0].jwks_json()).unwrap();
    assert_eq!(jwks["keys"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn a_deleted_key_verifies_nothing_not_even_what_it_verified_before() {
    let world = World::new().await;
    let browser = world.browser();
    browser.sign_up(&Key::named("ada")).await;
    let seen = tokens(&browser).await;
    let unseen = tokens(&browser).await;
    assert_eq!(world.userinfo_status(&seen.0).await, 200);
    world.rotate_now(Algorithm::ES256).await;
    world.rotate_now(Algorithm::RS256).await;
    for token in [&seen.0, &unseen.1] {
        let removed = kid(token);
        world.sigma.store.write(move |tx| signing_key::remove(tx, &removed)).await.unwrap();
    }
    for token in [&seen.0, &unseen.0] {
        assert_eq!(world.get_with_token(USERINFO, token).await.error(), "401 invalid_token: Invalid access token");
    }
    let refused = browser.authorize(&[("id_token_hint", &unseen.1)]).await;
    assert_eq!(refused.sent_error(), "invalid_request: id_token_hint is not valid");
}

#[tokio::test]
async fn a_token_whose_header_names_a_strange_key_is_refused() {
    let world = World::new().await;
    let browser = world.browser();
    browser.sign_up(&Key::named("ada")).await;
    let (access, _) = tokens(&browser).await;
    let all = claims(&access);
    let stranger = crate::support::client::app_key();
    let sign = |message: &[u8]| stranger.sign(message).unwrap();
    let mac_key = published_key(&world, &kid(&access)).await.to_string();
    let mac = |message: &[u8]| {
        let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, mac_key.as_bytes());
        aws_lc_rs::hmac::sign(&key, message).as_ref().to_vec()
    };
    let head = |alg: &str| json!({"alg": alg, "typ": "at+jwt", "kid": kid(&access)});
    let forged = [
        jws(&head("none"), &all, |_| Vec::new()),
        jws(&head("None"), &all, |_| Vec::new()),
        jws(&head("HS256"), &all, mac),
        jws(&head("ES256"), &all, sign),
        jws(&head("ES256"), &all, |_| vec![0; 64]),
        jws(&head("ES256"), &all, |_| Vec::new()),
        jws(&with(&head("ES256"), &json!({"jwk": stranger.public()})), &all, sign),
        jws(&with(&head("ES256"), &json!({"jku": "https://evil.example/jwks"})), &all, sign),
        jws(&with(&head("ES256"), &json!({"kid": stranger.kid()})), &all, sign),
        jws(&with(&head("ES256"), &json!({"kid": null})), &all, sign),
        jws(&with(&head("ES256"), &json!({"kid": "../../dev/null"})), &all, sign),
    ];
    for token in &forged {
        assert_eq!(world.userinfo_status(token).await, 401, "{}", header(token));
    }
    for change in [
        json!({"exp": world.now().seconds()}),
        json!({"iat": world.now().seconds() + 61}),
        json!({"aud": "https://other.example.org"}),
        json!({"aud": []}),
        json!({"aud": "https://id.example.org/"}),
        json!({"iss": "https://other.example.org"}),
        json!({"iss": "https://id.example.org/"}),
        json!({"gid": "gr_unknown"}),
        json!({"gid": "a\u{0}b"}),
        json!({"client_id": "other"}),
        json!({"exp": "tomorrow"}),
        json!({"exp": null}),
        json!({"jti": null}),
    ] {
        let token = world.forge_access(&with(&all, &change)).await;
        assert_eq!(world.userinfo_status(&token).await, 401, "{change}");
    }
    assert_eq!(world.userinfo_status(&access).await, 200);
}

async fn published_key(world: &World, kid: &str) -> Value {
    let jwks = world.browser().get("/.well-known/jwks.json").await.json();
    jwks["keys"].as_array().unwrap().iter().find(|key| key["kid"] == kid).unwrap().clone()
}

#[tokio::test]
async fn two_processes_agree_on_the_keys() {
    let world = World::new().await;
    let start = async || {
        let sigma = &world.sigma;
        let key = MasterKey::from_base64(MASTER_KEY).unwrap();
        let (limiter, clock) = (Arc::clone(&sigma.limiter), world.clock.clone());
        let shown = ShownLook::of(&sigma.settings.branding);
        let rng = Arc::clone(&sigma.rng);
        AppState::load(sigma.settings.clone(), sigma.store.clone(), key, limiter, shown, clock, rng).await.unwrap()
    };
    let other = start().await;
    let jwks = async |sigma: &AppState| sigma.keys.ring(&sigma.master_key).await.jwks_json().to_owned();
    let signer = async |sigma: &AppState, algorithm: Algorithm| {
        sigma.keys.ring(&sigma.master_key).await.signer(algorithm, sigma.clock.now()).kid().to_owned()
    };
    assert_eq!(jwks(&world.sigma).await, jwks(&other).await);
    // Both find the same keys due at the same moment: one set is created.
    world.advance(89 * DAY);
    let due = |sigma: AppState| async move {
        sigma.keys.rotate_if_due(&sigma.store, &sigma.master_key, sigma.clock.now(), &*sigma.rng).await.unwrap();
    };
    futures_util::future::join_all((0..8).map(|at| due(if at % 2 == 0 { world.sigma.clone() } else { other.clone() })))
        .await;
    assert_eq!(published(&world).await.len(), 6);
    assert_eq!(jwks(&world.sigma).await, jwks(&other).await);
    for _ in 0..3 {
        for algorithm in Algorithm::ALL {
            assert_eq!(signer(&world.sigma, algorithm).await, signer(&other, algorithm).await);
        }
        world.advance(DAY);
    }
    world.rotate_now(Algorithm::ES256).await;
    assert_eq!(signer(&world.sigma, Algorithm::ES256).await, signer(&other, Algorithm::ES256).await);
    assert_eq!(jwks(&world.sigma).await, jwks(&other).await);
}
