//! Limits and delays (`docs/spec/limits.md`), at their defaults.

use std::net::IpAddr;

use axum::body::Body;
use http::Request;
use sigma_bitcoin::Scheme;
use sigma_core::app::AuthMethod;

use crate::support::{Answer, As, DIRECT, Key, SIGN_IN, SIGN_UP, World, post};

const HERE: &str = "203.0.113.7";
const TOKEN: &str = "/api/auth/oauth2/token";

/// A world that counts addresses and accounts.
async fn limited() -> World {
    World::with(|settings| {
        settings.limits.enabled = true;
        settings.limits.delays = false;
    })
    .await
}

async fn send_from(world: &World, address: &str, path: &str, token: &str, forwarded: Option<&str>) -> Answer {
    let mut request = post(path).header("x-auth-token", token);
    if let Some(forwarded) = forwarded {
        request = request.header("x-forwarded-for", forwarded);
    }
    let answer = world.send_from(address.parse::<IpAddr>().unwrap(), request.body(Body::from("{}")).unwrap()).await;
    world.tick();
    answer
}

/// A sign-in as `key` by a client that does not hold it.
async fn fail(world: &World, key: &Key, address: &str) -> u16 {
    let stolen = Key::named("somebody else").token(SIGN_IN, world.now(), "");
    let forged = format!("{}|{}", key.pubkey(), stolen.split_once('|').unwrap().1);
    send_from(world, address, SIGN_IN, &forged, None).await.status.as_u16()
}

async fn enter(world: &World, key: &Key, address: &str) -> u16 {
    let token = key.token(SIGN_IN, world.now(), "");
    send_from(world, address, SIGN_IN, &token, None).await.status.as_u16()
}

#[tokio::test]
async fn five_failures_per_minute_and_address_never_block_valid_signatures() {
    let world = limited().await;
    let ada = Key::named("ada");
    world.browser().sign_up(&ada).await;
    for _ in 0..5 {
        assert_eq!(fail(&world, &ada, HERE).await, 401);
    }
    let stolen = Key::named("somebody else").token(SIGN_IN, world.now(), "");
    let forged = format!("{}|{}", ada.pubkey(), stolen.split_once('|').unwrap().1);
    let refused = send_from(&world, HERE, SIGN_IN, &forged, None).await;
    assert_eq!(refused.status, 429);
    let body = refused.json();
    assert_eq!(body["error"], "rate_limit_exceeded");
    assert_eq!(body["message"], "Too many requests. Please try again later.");
    assert_eq!(body["error_description"], body["message"]);
    assert_eq!(refused.header("retry-after"), refused.header("x-retry-after"));
    assert_eq!((refused.header("x-ratelimit-limit"), refused.header("x-ratelimit-remaining")), ("5", "0"));
    let reset: i64 = refused.header("x-ratelimit-reset").parse().unwrap();
    assert!((world.now().seconds()..=world.now().seconds() + 61).contains(&reset));
    let wait: u64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=12).contains(&wait), "{wait}");
    assert_eq!(enter(&world, &ada, HERE).await, 200, "the holder of the key does not wait for who claims it");
    world.advance(wait);
    assert_eq!(fail(&world, &ada, HERE).await, 401, "what Retry-After says is true");
}

#[tokio::test]
async fn valid_signatures_are_never_rejected_for_earlier_failures() {
    for delays in [true, false] {
        let world = World::with(|settings| {
            settings.limits.enabled = true;
            settings.limits.delays = delays;
        })
        .await;
        let (ada, bob) = (Key::named("ada"), Key::named("bob"));
        world.browser().sign_up(&ada).await;
        for number in 0..100 {
            fail(&world, &ada, HERE).await;
            fail(&world, &Key::named(&format!("made up {number}")), HERE).await;
            send_from(&world, HERE, DIRECT, "nonsense", None).await;
        }
        assert_eq!(fail(&world, &ada, HERE).await, 429);
        assert_eq!(enter(&world, &ada, HERE).await, 200);
        assert_eq!(send_from(&world, HERE, DIRECT, &ada.token(DIRECT, world.now(), ""), None).await.status, 200);
        let unknown = send_from(&world, HERE, SIGN_IN, &bob.token(SIGN_IN, world.now(), ""), None).await;
        assert_eq!(unknown.json()["code"], "USER_NOT_FOUND", "who holds an unknown key is told so, and may sign up");
        let body = serde_json::json!({"bapId": bob.bap_id(), "intent": "sign-up"}).to_string();
        let request = post(SIGN_UP)
            .header("x-auth-token", bob.token(SIGN_IN, world.now(), ""))
            .header("x-sigma-enrollment-proof", bob.token(SIGN_UP, world.now(), &body));
        let here = HERE.parse::<IpAddr>().unwrap();
        world.tick();
        assert_eq!(world.send_from(here, request.body(Body::from(body)).unwrap()).await.status, 200);
    }
}

#[tokio::test]
async fn the_delay_is_the_same_whichever_key_is_claimed() {
    let ada = Key::named("ada");
    let mut reported = Vec::new();
    for claimed in [&ada, &Key::named("made up")] {
        let world = World::new().await;
        world.browser().sign_up(&ada).await;
        for number in 0..3 {
            fail(&world, &Key::named(&format!("made up {number}")), HERE).await;
        }
        let mut statuses = Vec::new();
        for _ in 0..5 {
            statuses.push(fail(&world, claimed, HERE).await);
            world.advance(20);
        }
        reported.push(statuses);
    }
    assert_eq!(reported[0], reported[1]);
    assert_eq!(reported[0], [429, 429, 401, 429, 401]);
}

#[tokio::test]
async fn successful_sign_ins_are_not_counted() {
    let world = limited().await;
    let ada = Key::named("ada");
    world.browser().sign_up(&ada).await;
    for _ in 0..50 {
        assert_eq!(enter(&world, &ada, HERE).await, 200);
    }
    let remaining = send_from(&world, HERE, SIGN_IN, &ada.token(SIGN_IN, world.now(), ""), None).await;
    assert_eq!(remaining.header("x-ratelimit-remaining"), "5");
    for _ in 0..20 {
        assert_eq!(send_from(&world, HERE, DIRECT, &ada.token(DIRECT, world.now(), ""), None).await.status, 200);
    }
}

#[tokio::test]
async fn a_forwarded_address_is_believed_only_from_a_trusted_proxy() {
    let world = limited().await;
    // Of another path: invalid here.
    let wrong = |world: &World| Key::named("nobody").token(DIRECT, world.now(), "");
    for number in 0..5 {
        let forwarded = format!("192.0.2.{number}");
        assert_eq!(send_from(&world, HERE, SIGN_IN, &wrong(&world), Some(&forwarded)).await.status, 401);
    }
    let spoofed = send_from(&world, HERE, SIGN_IN, &wrong(&world), Some("192.0.2.99")).await;
    assert_eq!(spoofed.status, 429, "the address that the connection came from is counted");
    let spoofed = send_from(&world, "198.51.100.1", SIGN_IN, &wrong(&world), Some(HERE)).await;
    assert_eq!(spoofed.status, 401, "nor can somebody else be made to pay");

    let behind = World::with(|settings| {
        settings.limits.enabled = true;
        settings.limits.delays = false;
        settings.http.trusted_proxies = vec!["10.0.0.0/8".parse().unwrap()];
    })
    .await;
    let ada = Key::named("ada");
    behind.browser().sign_up(&ada).await;
    for number in 0..6 {
        // Entries written by the client are on the left, and prove nothing.
        let forwarded = format!("10.9.9.{number}, 192.0.2.{number}, {HERE}");
        let status = send_from(&behind, "10.0.0.1", SIGN_IN, &wrong(&behind), Some(&forwarded)).await.status;
        assert_eq!(status.as_u16(), if number < 5 { 401 } else { 429 });
    }
    let token = ada.token(SIGN_IN, behind.now(), "");
    let entered = send_from(&behind, "10.0.0.1", SIGN_IN, &token, Some("198.51.100.4")).await;
    assert_eq!(entered.status, 200);
    let secret = entered.json()["token"].as_str().unwrap().to_owned();
    let listed = behind.get_with_token("/api/auth/list-sessions", &secret).await.body;
    assert!(listed.contains("198.51.100.4"), "the session tells where it was begun: {listed}");
}

#[tokio::test]
async fn an_ipv6_customer_is_one_address() {
    let world = limited().await;
    let ada = Key::named("ada");
    for number in 0..5 {
        assert_eq!(fail(&world, &ada, &format!("2001:db8:1:2::{number}")).await, 401);
    }
    assert_eq!(fail(&world, &ada, "2001:db8:1:2:ffff:ffff:ffff:ffff").await, 429);
    assert_eq!(fail(&world, &ada, "2001:db8:1:3::1").await, 401);
    assert_eq!(fail(&world, &ada, "::ffff:203.0.113.7").await, 401);
}

#[tokio::test]
async fn consecutive_failures_increase_the_delay() {
    let world = World::new().await;
    let ada = Key::named("ada");
    world.browser().sign_up(&ada).await;
    let waits = [0, 0, 30, 30, 30, 120, 120, 120, 120, 120, 600, 600];
    for (number, wait) in waits.into_iter().enumerate() {
        assert_eq!(fail(&world, &ada, HERE).await, 401, "failure {}", number + 1);
        assert_eq!(enter(&world, &ada, HERE).await, 200, "the holder of the key never waits");
        if wait > 0 {
            assert_eq!(fail(&world, &ada, HERE).await, 429);
            world.advance(wait - 1);
            assert_eq!(fail(&world, &ada, HERE).await, 429, "{wait} s after failure {}", number + 1);
            world.advance(1);
        }
    }
    assert_eq!(fail(&world, &ada, "198.51.100.4").await, 401, "elsewhere nobody failed");
}

#[tokio::test]
async fn failures_are_forgotten_after_half_an_hour() {
    let world = World::new().await;
    let ada = Key::named("ada");
    for _ in 0..2 {
        assert_eq!(fail(&world, &ada, HERE).await, 401);
    }
    world.advance(1_800);
    for expected in [401, 401, 401, 429] {
        assert_eq!(fail(&world, &ada, HERE).await, expected);
    }
}

#[tokio::test]
async fn made_up_names_share_one_row_an_address() {
    let world = World::new().await;
    for number in 0..50 {
        fail(&world, &Key::named(&format!("made up {number}")), HERE).await;
    }
    let failures = async || world.rows().await.into_iter().find(|(table, _)| *table == "signature_throttle").unwrap().1;
    assert_eq!(failures().await, 1);
    world.advance(3_600);
    let store = world.sigma.store.clone();
    tokio::task::spawn_blocking(move || store.sweep_once().unwrap()).await.unwrap();
    assert_eq!(failures().await, 0);
}

#[tokio::test]
async fn a_thousand_sign_ins_of_unknown_keys_leave_no_row() {
    let world = World::new().await;
    let rows = world.rows().await;
    for number in 0..1_000 {
        let key = Key::named(&format!("unknown {number}"));
        let token = key.token_of(Scheme::Bsm, SIGN_IN, &world.now().iso8601(), "");
        assert_eq!(world.present(SIGN_IN, &token, "{}").await.json()["code"], "USER_NOT_FOUND");
    }
    assert_eq!(world.rows().await, rows);
}

#[tokio::test]
async fn an_app_is_counted_by_its_id_since_its_users_share_its_address() {
    let world = limited().await;
    world.add_confidential_app("busy", AuthMethod::ClientSecretPost, "secret").await;
    world.add_confidential_app("other", AuthMethod::ClientSecretPost, "secret").await;
    let ask = async |id: &str, secret: &str| {
        let form = [("grant_type", "client_credentials"), ("client_id", id), ("client_secret", secret)];
        world.post_form(TOKEN, &form, &[]).await
    };
    for number in 0..600 {
        assert_eq!(ask("busy", "secret").await.status, 200, "request {number}");
    }
    let refused = ask("busy", "secret").await;
    assert_eq!((refused.status.as_u16(), refused.header("x-ratelimit-limit")), (429, "600"));
    assert_eq!(ask("other", "secret").await.status, 200);
    for _ in 0..10 {
        assert_eq!(ask("other", "wrong").await.status, 401);
    }
    let refused = ask("other", "wrong").await;
    assert_eq!((refused.status.as_u16(), refused.header("x-ratelimit-limit")), (429, "10"));
    assert_eq!(ask("other", "secret").await.status, 200, "who fails in an app's name does not stop the app");
    assert_eq!(ask("third", "wrong").await.status, 401, "nor is another app told of it");
}

#[tokio::test]
async fn an_apps_valid_requests_are_never_rejected_for_failures_at_its_address() {
    let world = limited().await;
    world.add_app(|app| app.client_id = sigma_core::ids::ClientId::from_text("spa2")).await;
    let browser = world.browser();
    browser.sign_up(&Key::named("ada")).await;
    let dead = async |client_id: &str| {
        let form = [("grant_type", "refresh_token"), ("refresh_token", "dead"), ("client_id", client_id)];
        world.post_form(TOKEN, &form, &[]).await.status.as_u16()
    };
    let tokens = browser.tokens("openid offline_access").await;
    for number in 0..50 {
        assert_eq!(dead("playground").await, if number < 10 { 400 } else { 429 });
    }
    assert_eq!(dead("spa2").await, 400, "another app's users have dead tokens of their own");
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let form = [("grant_type", "refresh_token"), ("refresh_token", refresh), ("client_id", "playground")];
    assert_eq!(world.post_form(TOKEN, &form, &[]).await.status, 200, "a good token of the same app");
    let code = browser.code(&[]).await;
    assert_eq!(browser.redeem(&code).await.status, 200, "and a good code");
    let form = [("token", refresh), ("client_id", "playground")];
    assert_eq!(world.post_form("/api/auth/oauth2/revoke", &form, &[]).await.status, 200);
}

#[tokio::test]
async fn failed_workspace_calls_block_nobody_at_their_address() {
    let world = limited().await;
    let acme = world.org("Acme").await;
    let (_, token) = acme.add("ada@example.org", &acme.admin).await;
    for _ in 0..700 {
        world.call(As::Token("dead"), "GET", "/api/v1/users", &serde_json::Value::Null).await;
    }
    let dead = world.call(As::Token("dead"), "GET", "/api/v1/users", &serde_json::Value::Null).await;
    assert_eq!(dead.status, 429);
    let live = world.call(As::Token(&token), "GET", "/api/v1/users", &serde_json::Value::Null).await;
    assert_eq!(live.status, 200);
}

#[tokio::test]
async fn the_rest_has_generous_limits_of_its_own() {
    let world = limited().await;
    let get = async |path: &str, address: &str| {
        let request = Request::get(path).body(Body::empty()).unwrap();
        world.send_from(address.parse::<IpAddr>().unwrap(), request).await
    };
    for (path, limit, address) in
        [("/.well-known/openid-configuration", 600, "192.0.2.1"), ("/login", 600, "192.0.2.2"), ("/", 600, "192.0.2.3")]
    {
        for _ in 0..limit {
            assert_eq!(get(path, address).await.status, 200);
        }
        assert_eq!(get(path, address).await.status, 429, "{path}");
    }
    for _ in 0..1_000 {
        assert_eq!(get("/healthz", "192.0.2.1").await.status, 200, "probes are never refused");
    }
}
