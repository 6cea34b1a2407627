//! Two processes on one database: each has its own caches, and neither trusts them for longer than a second.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{join, join_all};
use serde_json::{Value, json};
use sigma_core::app::AuthMethod;
use sigma_core::jose::Algorithm;
use sigma_core::time::{ManualClock, Timestamp};

use crate::support::client::{INTROSPECT, ISSUER, REVOKE, TOKEN, app_key, basic};
use crate::support::forge::{assertion, claims, header, jws};
use crate::support::{APP, Key, SIGN_IN, World};

const GET_SESSION: &str = "/api/auth/get-session";

fn text(answer: &Value, name: &str) -> String {
    answer[name].as_str().unwrap_or_else(|| panic!("no {name} in {answer}")).to_owned()
}

/// Retries until the response is as wanted. News travel in real time: a process polls every half second.
async fn eventually(wanted: u16, ask: impl AsyncFn() -> u16) {
    let deadline = tokio::time::Instant::now() + Duration::from_mins(1);
    while ask().await != wanted {
        assert!(tokio::time::Instant::now() < deadline, "it never became {wanted}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn what_one_process_ends_is_dead_at_the_other() {
    let one = World::new().await;
    let other = one.beside().await;
    let browser = one.browser();
    browser.sign_up(&Key::named("ada")).await;
    let (revoked, signed_out) = (browser.tokens("openid offline_access").await, browser.tokens("openid").await);
    for token in [&revoked, &signed_out] {
        assert_eq!(other.userinfo_status(&text(token, "access_token")).await, 200);
    }
    let form = [("token", text(&revoked, "refresh_token")), ("client_id", APP.to_owned())];
    let form: Vec<_> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(one.post_form(REVOKE, &form, &[]).await.status, 200);
    assert_eq!(one.userinfo_status(&text(&revoked, "access_token")).await, 401, "here at once");
    eventually(401, async || other.userinfo_status(&text(&revoked, "access_token")).await).await;
    assert_eq!(browser.post_json("/api/auth/sign-out", &json!({})).await.status, 200);
    eventually(401, async || other.userinfo_status(&text(&signed_out, "access_token")).await).await;
}

#[tokio::test]
async fn a_session_that_one_process_continues_or_ends_is_current_at_the_other() {
    let one = World::new().await;
    let other = one.beside().await;
    let (browser, ada) = (one.browser(), Key::named("ada"));
    let secret = async || text(&browser.get(GET_SESSION).await.json()["session"], "token");
    let is_known = async |secret: &str| other.get_with_token(GET_SESSION, secret).await.json() != Value::Null;
    browser.sign_up(&ada).await;
    let first = secret().await;
    for _ in 0..3 {
        assert!(is_known(&first).await);
    }
    browser.sign_in(&ada).await;
    let second = secret().await;
    assert_ne!(first, second);
    for _ in 0..3 {
        assert!(is_known(&second).await, "at once, whatever is cached of the session with its first secret");
    }
    assert_eq!(one.get_with_token(GET_SESSION, &first).await.json(), Value::Null, "here at once");
    eventually(0, async || u16::from(is_known(&first).await)).await;
    assert_eq!(browser.post_json("/api/auth/sign-out", &json!({})).await.status, 200);
    assert_eq!(one.get_with_token(GET_SESSION, &second).await.json(), Value::Null, "here at once");
    eventually(0, async || u16::from(is_known(&second).await)).await;
}

#[tokio::test]
async fn a_key_that_one_process_made_signs_and_verifies_at_the_other() {
    let one = World::new().await;
    let other = one.beside().await;
    let browser = one.browser();
    browser.sign_up(&Key::named("ada")).await;
    one.rotate_now(Algorithm::ES256).await;
    let tokens = browser.tokens("openid").await;
    let access = text(&tokens, "access_token");
    assert_eq!(header(&access)["kid"], one.kid(Algorithm::ES256).await);
    assert_eq!(other.userinfo_status(&access).await, 200, "at once: the key that it does not know is looked up");
    eventually(200, async || u16::from(one.kid(Algorithm::ES256).await == other.kid(Algorithm::ES256).await) * 200)
        .await;
    assert_eq!(one.kid(Algorithm::ES256).await, other.kid(Algorithm::ES256).await);
    let jwks = async |world: &World| world.browser().get("/.well-known/jwks.json").await.body;
    assert_eq!(jwks(&one).await, jwks(&other).await);
}

#[tokio::test]
async fn what_a_new_key_signed_is_known_at_once_wherever_a_token_is_taken() {
    let one = World::new().await;
    one.add_confidential_app("service", AuthMethod::ClientSecret, "secret").await;
    let other = one.beside().await;
    let browser = one.browser();
    browser.sign_up(&Key::named("ada")).await;
    let service = basic("service", "secret");
    let exchange = async || {
        let code = browser.code(&[("client_id", "service"), ("scope", "openid")]).await;
        let secret = [("client_id", "service"), ("client_secret", "secret")];
        one.exchange(&code, &secret).await.json()
    };
    exchange().await;
    let introspect = async |token: &str| {
        let answer = other.post_form(INTROSPECT, &[("token", token)], &[("authorization", &service)]).await;
        answer.json()["active"].clone()
    };
    for _ in 0..5 {
        one.rotate_now(Algorithm::ES256).await;
        let access = text(&exchange().await, "access_token");
        assert_eq!(introspect(&access).await, json!(true));
        one.rotate_now(Algorithm::ES256).await;
        let access = text(&exchange().await, "access_token");
        assert_eq!(other.userinfo_status(&access).await, 200);
        one.rotate_now(Algorithm::ES256).await;
        let access = text(&exchange().await, "access_token");
        let revoked = other.post_form(REVOKE, &[("token", &access)], &[("authorization", &service)]).await;
        assert_eq!(
            (revoked.status.as_u16(), introspect(&access).await),
            (200, json!(false)),
            "what was acknowledged is done"
        );
        // A process that just created its own key meets that of the other.
        other.rotate_now(Algorithm::ES256).await;
        assert_eq!(other.userinfo_status(&text(&exchange().await, "access_token")).await, 200);
    }
    // Hints: an ID token of the new key at the authorization and end-session endpoints.
    one.rotate_now(Algorithm::RS256).await;
    let hint = text(&exchange().await, "id_token");
    let asks = [("client_id", "service"), ("scope", "openid"), ("prompt", "none"), ("id_token_hint", hint.as_str())];
    let stranger = other.browser();
    assert_eq!(stranger.authorize(&asks).await.param("error").as_deref(), Some("login_required"));
    one.rotate_now(Algorithm::RS256).await;
    let hint = text(&exchange().await, "id_token");
    let address = "https%3A%2F%2Fapp.example.org%2Fbye";
    let query = format!("/api/auth/oauth2/end-session?id_token_hint={hint}&post_logout_redirect_uri={address}");
    assert_eq!(other.browser().get(&query).await.location(), "https://app.example.org/bye");
}

#[tokio::test]
async fn names_of_keys_that_nobody_has_cost_few_readings_and_hide_no_real_one() {
    let one = World::new().await;
    let other = one.beside().await;
    let browser = one.browser();
    browser.sign_up(&Key::named("ada")).await;
    let real = text(&browser.tokens("openid").await, "access_token");
    let forged = |number: usize| {
        jws(&json!({"alg": "ES256", "typ": "at+jwt", "kid": format!("k{number}")}), &claims(&real), |_| vec![0; 64])
    };
    let started = tokio::time::Instant::now();
    let statuses = join_all((0..100).map(|number| {
        let token = forged(number);
        let other = &other;
        async move { other.userinfo_status(&token).await }
    }))
    .await;
    assert_eq!(statuses, vec![401; 100]);
    assert!(
        started.elapsed() < Duration::from_secs(5),
        "whoever waits, waits for one reading: {:?}",
        started.elapsed()
    );
    one.rotate_now(Algorithm::ES256).await;
    let access = text(&browser.tokens("openid").await, "access_token");
    let noise: Vec<String> = (100..150).map(forged).collect();
    let (status, _) =
        join(other.userinfo_status(&access), join_all(noise.iter().map(|token| other.userinfo_status(token)))).await;
    assert_eq!(status, 200);
}

#[tokio::test]
async fn what_may_be_used_once_is_used_once_whichever_process_is_asked() {
    let one = World::new().await;
    let other = one.beside().await;
    let browser = one.browser();
    browser.sign_up(&Key::named("ada")).await;
    let code = browser.code(&[("scope", "openid offline_access")]).await;
    let at = |number: usize| if number.is_multiple_of(2) { &one } else { &other };
    let answers = join_all((0..16).map(|number| at(number).exchange(&code, &[]))).await;
    let granted: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
    assert_eq!(granted.len(), 1);
    assert!(
        answers
            .iter()
            .filter(|answer| answer.status != 200)
            .all(|answer| answer.error() == "400 invalid_grant: invalid code")
    );

    let tokens = browser.tokens("openid offline_access").await;
    let first = text(&tokens, "refresh_token");
    let answers = join_all((0..16).map(|number| at(number).refresh(&first, &[]))).await;
    let mut successors: Vec<_> = answers.iter().map(|answer| text(&answer.json(), "refresh_token")).collect();
    successors.dedup();
    assert_eq!(successors.len(), 1);

    let key = app_key();
    one.add_asserting_app("by-key", &key).await;
    let now = one.now().seconds();
    let claims =
        json!({"iss": "by-key", "sub": "by-key", "aud": "https://id.example.org", "jti": "1", "exp": now + 60});
    let assertion = assertion(&key, &claims);
    let form = [
        ("grant_type", "client_credentials"),
        ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
        ("client_assertion", assertion.as_str()),
    ];
    let (here, there) = join(one.post_form(TOKEN, &form, &[]), other.post_form(TOKEN, &form, &[])).await;
    let mut statuses = [here.status.as_u16(), there.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 401]);
}

#[tokio::test]
async fn an_app_disabled_on_one_process_is_disabled_on_the_other() {
    let one = World::new().await;
    let other = one.beside().await;
    let browser = one.browser();
    browser.sign_up(&Key::named("ada")).await;
    let access = text(&browser.tokens("openid").await, "access_token");
    assert_eq!(other.userinfo_status(&access).await, 200);
    one.change_app(APP, |app| app.disabled = true).await;
    eventually(401, async || other.userinfo_status(&access).await).await;
    let refused = other.exchange("x", &[]).await;
    assert_eq!(refused.error(), "401 invalid_client: OAuth client is disabled");
}

/// A value used at a node whose clock is `fast` seconds ahead of the database's is refused at one whose clock is `slow`
/// seconds behind it, however far time advances and whichever of them sweeps.
async fn used_once(fast: u64, slow: u64) {
    let ada = Key::named("ada");
    let world = World::with(|settings| settings.limits.delays = false).await;
    let clock = |seconds: i64| Arc::new(ManualClock::at(Timestamp::from_seconds(world.now().seconds() + seconds)));
    let (before, behind) = (i64::try_from(fast).unwrap(), -i64::try_from(slow).unwrap());
    let (fast, slow) = (world.beside_at(clock(before)).await, world.beside_at(clock(behind)).await);
    world.browser().sign_up(&ada).await;
    let app = app_key();
    world.add_asserting_app("service", &app).await;

    let token = ada.token(SIGN_IN, world.now(), "");
    assert_eq!(fast.present(SIGN_IN, &token, "{}").await.status, 200);
    let now = world.now().seconds();
    let claims =
        json!({"iss": "service", "sub": "service", "aud": ISSUER, "jti": "1", "exp": now + 300, "iat": now - 60});
    let assertion = assertion(&app, &claims);
    let asserted = async |node: &World| {
        let form = [
            ("grant_type", "client_credentials"),
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ("client_assertion", assertion.as_str()),
        ];
        node.post_form(TOKEN, &form, &[]).await.status.as_u16()
    };
    assert_eq!(asserted(&fast).await, 200);

    let mut past = 0;
    for seconds in [0, 58, 200, 240, 299, 300, 301, 302, 357, 359, 390, 392, 420, 422, 600, 1_000] {
        for node in [&world, &fast, &slow] {
            node.advance(seconds - past);
        }
        past = seconds;
        for sweeping in [&fast, &slow, &world] {
            sweeping.sweep().await;
            for node in [&slow, &world, &fast] {
                assert_eq!(node.present(SIGN_IN, &token, "{}").await.status, 401, "a message after {seconds} s");
                assert_eq!(asserted(node).await, 401, "an assertion after {seconds} s");
            }
        }
    }
}

#[tokio::test]
async fn nodes_with_differing_clocks_accept_nothing_twice() {
    used_once(55, 0).await;
    used_once(0, 58).await;
    used_once(58, 58).await;
}

#[tokio::test]
async fn a_node_with_a_wrong_clock_accepts_nothing_twice() {
    used_once(0, 3_000).await;
    used_once(200, 600).await;
}
