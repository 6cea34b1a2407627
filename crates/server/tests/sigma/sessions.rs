//! Sessions: what they say, who may see them, and how they end (`docs/spec/sessions.md`).

use axum::body::Body;
use http::Request;
use serde_json::{Value, json};
use sigma_core::authentication::Authentication;
use sigma_core::digest::Digest;
use sigma_core::ids::{SessionId, UserId};
use sigma_store::session::{self, NewSession};
use sigma_store::sign_in;

use crate::support::{Browser, Key, SIGN_IN, World, claims, redacted};

const GET: &str = "/api/auth/get-session";
const LIST: &str = "/api/auth/list-sessions";

async fn signed_in<'w>(world: &'w World, key: &Key) -> Browser<'w> {
    let browser = world.browser();
    assert_eq!(browser.sign_up(key).await.status, 200);
    browser
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

async fn is_signed_in(browser: &Browser<'_>) -> bool {
    browser.get(GET).await.json() != Value::Null
}

#[tokio::test]
async fn the_session_has_better_auths_format() {
    let world = World::new().await;
    let browser = world.browser();
    let ada = Key::named("ada");
    world.browser().sign_up(&ada).await;
    let request = crate::support::post(SIGN_IN)
        .header("user-agent", "Mozilla/5.0")
        .header("x-auth-token", ada.token(SIGN_IN, world.now(), ""));
    browser.send(request, json!({"bapId": ada.bap_id()}).to_string()).await;
    let answer = browser.get(GET).await;
    assert_eq!(answer.header("cache-control"), "no-store");
    let body = answer.json();
    let marks = [
        ("/session/id", "[session]"),
        ("/session/token", "[secret]"),
        ("/session/userId", "[user]"),
        ("/user/id", "[user]"),
    ];
    insta::assert_json_snapshot!(redacted(body.clone(), &marks));
    assert_eq!(body["session"]["userId"], body["user"]["id"]);
    let nobody = world.browser().get(GET).await;
    assert_eq!((nobody.status.as_u16(), nobody.body.as_str()), (200, "null"));
}

#[tokio::test]
async fn a_session_secret_is_accepted_as_bearer() {
    let world = World::new().await;
    let browser = signed_in(&world, &Key::named("ada")).await;
    let secret = text(&browser.get(GET).await.json()["session"]["token"]);
    let cookie = browser.cookies();
    let cookie = cookie.split("; ").find(|pair| pair.contains("session_token")).unwrap();
    let whole = cookie.split_once('=').unwrap().1;
    for (header, taken) in [
        (format!("Bearer {secret}"), true),
        (format!("bearer {secret}"), true),
        (format!("Bearer {whole}"), true),
        (format!("Basic {secret}"), false),
        (format!("Bearer {secret}x"), false),
        (format!("Bearer {}", &secret[..31]), false),
        (format!("Bearer {}", secret.to_lowercase()), false),
        (secret.clone(), false),
        ("Bearer".to_owned(), false),
        ("Bearer ".to_owned(), false),
    ] {
        let request = Request::get(GET).header("authorization", &header).body(Body::empty()).unwrap();
        assert_eq!(world.send(request).await.json() != Value::Null, taken, "{header}");
    }
    let by_id = text(&browser.get(LIST).await.json()[0]["token"]);
    assert_eq!(world.get_with_token(GET, &by_id).await.json(), Value::Null, "the name in a list is no secret");
}

#[tokio::test]
async fn a_list_of_sessions_gives_no_secret_away() {
    let world = World::new().await;
    let ada = Key::named("ada");
    let first = signed_in(&world, &ada).await;
    let second = signed_in(&world, &ada).await;
    let secrets = [
        text(&first.get(GET).await.json()["session"]["token"]),
        text(&second.get(GET).await.json()["session"]["token"]),
    ];
    let listed = first.get(LIST).await;
    assert_eq!(listed.json().as_array().unwrap().len(), 2);
    assert!(secrets.iter().all(|secret| !listed.body.contains(secret)));
    assert_eq!(world.browser().get(LIST).await.status, 401);
    assert_eq!(world.browser().get(LIST).await.json()["code"], "UNAUTHORIZED");
}

#[tokio::test]
async fn a_session_that_was_ended_elsewhere_is_over_here() {
    let world = World::new().await;
    let ada = Key::named("ada");
    let (here, there) = (signed_in(&world, &ada).await, signed_in(&world, &ada).await);
    let access = text(&there.tokens("openid").await["access_token"]);
    let offline = text(&there.tokens("openid offline_access").await["access_token"]);
    let id = text(&there.get(GET).await.json()["session"]["id"]);
    let answer = here.post_json("/api/auth/revoke-session", &json!({"token": id})).await;
    assert_eq!((answer.status.as_u16(), answer.body.as_str()), (200, r#"{"status":true}"#));
    assert!(!is_signed_in(&there).await && is_signed_in(&here).await);
    assert_eq!(world.get_with_token("/userinfo", &access).await.status, 401, "its grants end with it");
    assert_eq!(world.get_with_token("/userinfo", &offline).await.status, 200, "but offline ones");
    assert_eq!(here.get(LIST).await.json().as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_session_is_revoked_by_its_secret_too() {
    let world = World::new().await;
    let ada = Key::named("ada");
    let (here, there) = (signed_in(&world, &ada).await, signed_in(&world, &ada).await);
    let secret = text(&there.get(GET).await.json()["session"]["token"]);
    here.post_json("/api/auth/revoke-session", &json!({"token": secret})).await;
    assert!(!is_signed_in(&there).await && is_signed_in(&here).await);
}

#[tokio::test]
async fn another_persons_session_is_not_ended() {
    let world = World::new().await;
    let victim = signed_in(&world, &Key::named("victim")).await;
    let eve = signed_in(&world, &Key::named("eve")).await;
    let session = victim.get(GET).await.json()["session"].clone();
    for name in ["id", "token"] {
        let answer = eve.post_json("/api/auth/revoke-session", &json!({"token": session[name]})).await;
        assert_eq!(answer.body, r#"{"status":true}"#, "nor is it told whether there is one");
    }
    assert_eq!(eve.post_form("/sessions/revoke", &[("id", session["id"].as_str().unwrap())]).await.status, 303);
    eve.post_json("/api/auth/revoke-other-sessions", &json!({})).await;
    eve.post_json("/api/auth/revoke-sessions", &json!({})).await;
    assert!(is_signed_in(&victim).await);
    assert!(!is_signed_in(&eve).await);
}

#[tokio::test]
async fn all_other_sessions_end_and_then_this_one() {
    let world = World::new().await;
    let ada = Key::named("ada");
    let (here, there) = (signed_in(&world, &ada).await, signed_in(&world, &ada).await);
    assert_eq!(here.post_json("/api/auth/revoke-other-sessions", &json!({})).await.status, 200);
    assert!(is_signed_in(&here).await && !is_signed_in(&there).await);
    let held = here.cookies();
    let answer = here.post_json("/api/auth/revoke-sessions", &json!({})).await;
    assert!(answer.header("set-cookie").contains("Max-Age=0"));
    let request = Request::get(GET).header("cookie", held).body(Body::empty()).unwrap();
    assert_eq!(world.send(request).await.json(), Value::Null);
}

#[tokio::test]
async fn of_a_hundred_sessions_all_others_end() {
    let world = World::new().await;
    let ada = Key::named("ada");
    let here = signed_in(&world, &ada).await;
    let user = text(&here.get(GET).await.json()["user"]["id"]);
    let now = world.now();
    let rng = std::sync::Arc::clone(&world.sigma.rng);
    let ids: Vec<SessionId> = (0..99).map(|_| SessionId::new(now, &*rng)).collect();
    let authentication = Authentication::by_key(UserId::from_text(user), &ada.0.public_key(), now);
    let add = move |tx: &mut dyn sigma_store::Tx| {
        for id in &ids {
            let new = NewSession {
                id: id.clone(),
                secret: Digest::of(id.as_str()),
                continues: None,
                address: "203.0.113.7".to_owned(),
                user_agent: String::new(),
                device: sigma_store::session::Device::default(),
                now,
                expires_at: now.plus(std::time::Duration::from_hours(1)),
            };
            sign_in::begin(tx, &authentication, None, &new)?;
        }
        Ok(())
    };
    world.sigma.store.write(add).await.unwrap();
    here.post_json("/api/auth/revoke-other-sessions", &json!({})).await;
    assert_eq!(here.get(LIST).await.json().as_array().unwrap().len(), 1);
    let secret = Digest::of("anything");
    assert!(world.sigma.store.read(move |tx| session::find_by_secret(tx, &secret)).await.unwrap().is_none());
}

#[tokio::test]
async fn ending_a_session_requires_json() {
    let world = World::new().await;
    let browser = signed_in(&world, &Key::named("ada")).await;
    assert_eq!(browser.post_form("/api/auth/revoke-session", &[("token", "x")]).await.status, 415);
    for body in [json!({}), json!([]), json!({"token": 1}), json!(["x"])] {
        assert_eq!(browser.post_json("/api/auth/revoke-session", &body).await.status, 400, "{body}");
    }
    for token in ["", "a\0b", "ses_", &"x".repeat(32), &"x".repeat(5_000)] {
        assert_eq!(
            browser.post_json("/api/auth/revoke-session", &json!({"token": token})).await.status,
            200,
            "{token}"
        );
    }
    assert!(is_signed_in(&browser).await);
}

#[tokio::test]
async fn a_session_as_jwt_is_for_this_server_and_short() {
    let world = World::new().await;
    let browser = signed_in(&world, &Key::named("ada")).await;
    let session = browser.get(GET).await.json();
    let answer = browser.get("/api/auth/token").await;
    assert_eq!(answer.header("cache-control"), "no-store");
    let token = text(&answer.json()["token"]);
    let claims = claims(&token);
    assert_eq!(claims["sub"], session["user"]["id"]);
    assert_eq!(claims["sid"], session["session"]["id"]);
    assert_eq!((&claims["iss"], &claims["aud"]), (&json!("https://id.example.org"), &json!("https://id.example.org")));
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 900);
    let header = token.split('.').next().unwrap();
    let header = crate::support::claims(&format!(".{header}."));
    assert_eq!((&header["typ"], &header["alg"]), (&json!("sigma-session+jwt"), &json!("ES256")));
    assert_eq!(world.browser().get("/api/auth/token").await.status, 401);
    for path in [GET, LIST, "/userinfo"] {
        let answer = world.get_with_token(path, &token).await;
        assert!(answer.status == 401 || answer.body == "null", "{path}: {}", answer.body);
    }
}

#[tokio::test]
async fn user_agents_are_truncated_and_never_shown() {
    let world = World::new().await;
    let ada = Key::named("ada");
    world.browser().sign_up(&ada).await;
    let browser = world.browser();
    let agent = format!("<script>alert(1)</script>\"'&{}", "x".repeat(1_000));
    let request = crate::support::post(SIGN_IN)
        .header("user-agent", &agent)
        .header("x-auth-token", ada.token(SIGN_IN, world.now(), ""));
    browser.send(request, "{}").await;
    assert_eq!(text(&browser.get(GET).await.json()["session"]["userAgent"]).len(), 300);
    let page = browser.get("/").await.body;
    assert!(!page.contains("alert(1)") && page.contains("Unknown device"), "{page}");
}
