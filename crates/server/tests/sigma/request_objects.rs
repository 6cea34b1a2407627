//! Request objects at the authorization endpoint (RFC 9101, `docs/spec/sender-constrained.md#request-objects`).

use serde_json::{Value, json};
use sigma_core::ids::ClientId;
use sigma_core::jose::SigningKey;

use crate::support::client::{ISSUER, app_key, key_set};
use crate::support::forge::{jws, with};
use crate::support::{APP, Answer, CHALLENGE, REDIRECT, World, ada, query};

fn object(key: &SigningKey, claims: &Value) -> String {
    jws(&json!({"alg": "ES256"}), claims, |message| key.sign(message).unwrap())
}

fn good() -> Value {
    json!({
        "iss": APP, "aud": ISSUER, "client_id": APP, "response_type": "code", "redirect_uri": REDIRECT,
        "scope": "openid profile", "state": "inside", "code_challenge": CHALLENGE, "code_challenge_method": "S256",
        "max_age": 3600,
    })
}

/// Whether a page of ours shows an error, and which.
fn leads(answer: &Answer) -> String {
    let error = answer.param("error");
    let at = if answer.location().starts_with("/error") { "page" } else { "app" };
    match error {
        Some(error) => format!("{at}: {error}"),
        None => answer.location().split('?').next().unwrap_or_default().to_owned(),
    }
}

async fn world_with_key(key: &SigningKey) -> World {
    let world = World::new().await;
    let keys = key_set(&[key]);
    world.change_app(APP, |app| app.jwks = Some(keys)).await;
    world
}

#[tokio::test]
async fn parameters_beside_a_request_object_are_ignored() {
    let key = app_key();
    let world = world_with_key(&key).await;
    let browser = ada(&world).await;
    let request = object(&key, &good());
    for beside in [
        vec![],
        vec![("state", "outside"), ("scope", "openid email"), ("response_mode", "form_post"), ("prompt", "none")],
        // oidcc-ensure-request-object-with-redirect-uri
        vec![("redirect_uri", "https://evil.example/callback")],
        vec![("response_type", "token"), ("code_challenge", ""), ("max_age", "soon")],
    ] {
        let form = [vec![("client_id", APP), ("request", request.as_str())], beside.clone()].concat();
        let answer = browser.agree(browser.get(&format!("/oauth2/authorize?{}", query(&form))).await).await;
        assert!(answer.location().starts_with(REDIRECT), "{beside:?}: {}", answer.location());
        assert_eq!(answer.param("state").as_deref(), Some("inside"), "{beside:?}");
        let code = answer.param("code").unwrap();
        assert_eq!(world.exchange(&code, &[]).await.json()["scope"], "openid profile", "{beside:?}");
    }
    // By form, too.
    let posted = browser.post_form("/oauth2/authorize", &[("client_id", APP), ("request", &request)]).await;
    let answer = browser.agree(browser.get(posted.location()).await).await;
    assert_eq!(answer.param("state").as_deref(), Some("inside"));
}

#[tokio::test]
async fn each_refused_request_object_is_answered_where_the_query_says_or_on_a_page() {
    let (key, stranger) = (app_key(), app_key());
    let world = world_with_key(&key).await;
    world.add_app(|app| app.client_id = ClientId::from_text("keyless")).await;
    let browser = ada(&world).await;
    let now = world.now().seconds();
    let mut seen = Vec::new();
    for (what, client, request) in [
        ("unsigned", APP, jws(&json!({"alg": "none"}), &good(), |_| Vec::new())),
        ("signed by a stranger", APP, object(&stranger, &good())),
        ("of another app", APP, object(&key, &with(&good(), &json!({"client_id": "keyless"})))),
        ("no client_id", APP, object(&key, &with(&good(), &json!({"client_id": null})))),
        ("iss is another app", APP, object(&key, &with(&good(), &json!({"iss": "keyless"})))),
        ("another audience", APP, object(&key, &with(&good(), &json!({"aud": "https://other.example"})))),
        ("expired", APP, object(&key, &with(&good(), &json!({"exp": now})))),
        ("not valid yet", APP, object(&key, &with(&good(), &json!({"nbf": now + 120})))),
        ("sub is the app", APP, object(&key, &with(&good(), &json!({"sub": APP})))),
        ("request inside", APP, object(&key, &with(&good(), &json!({"request": "x"})))),
        ("request_uri inside", APP, object(&key, &with(&good(), &json!({"request_uri": "urn:x"})))),
        ("malformed", APP, "eyJ".to_owned()),
        (
            "of an app without keys",
            "keyless",
            object(&key, &with(&good(), &json!({"client_id": "keyless", "iss": "keyless"}))),
        ),
        (
            "unregistered redirect_uri inside",
            APP,
            object(&key, &with(&good(), &json!({"redirect_uri": "https://evil.example"}))),
        ),
        ("refused parameter inside", APP, object(&key, &with(&good(), &json!({"response_type": "token"})))),
    ] {
        let bare = query(&[("client_id", client), ("request", &request)]);
        let beside = query(&[("client_id", client), ("request", &request), ("redirect_uri", REDIRECT)]);
        let (bare, beside) = (format!("/oauth2/authorize?{bare}"), format!("/oauth2/authorize?{beside}"));
        seen.push(format!("{what}: {}, {}", leads(&browser.get(&bare).await), leads(&browser.get(&beside).await)));
    }
    let both =
        query(&[("client_id", APP), ("request", &object(&key, &good())), ("request_uri", "https://app.example.org/r")]);
    seen.push(format!("request and request_uri: {}", leads(&browser.get(&format!("/oauth2/authorize?{both}")).await)));
    let twice = query(&[("client_id", APP), ("client_id", APP), ("request", &object(&key, &good()))]);
    seen.push(format!("client_id twice: {}", leads(&browser.get(&format!("/oauth2/authorize?{twice}")).await)));
    insta::assert_snapshot!(seen.join("\n"));
}
