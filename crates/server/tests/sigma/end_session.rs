//! Sign-out requested by an app (`docs/spec/oidc.md#sign-out`).

use axum::body::Body;
use http::Request;
use serde_json::{Value, json};
use sigma_core::ids::ClientId;
use sigma_core::jose::{Algorithm, TokenKind};

use crate::support::forge::{claims, with};
use crate::support::{Answer, Browser, Key, World};

const PATH: &str = "/api/auth/oauth2/end-session";
const BYE: &str = "https://app.example.org/bye";
const NOT_VALID: &str = "sign-out request was invalid";

async fn ada(world: &World) -> (Browser<'_>, String) {
    let browser = world.browser();
    browser.sign_up(&Key::named("ada")).await;
    let tokens = browser.tokens("openid profile").await;
    (browser, tokens["id_token"].as_str().unwrap().to_owned())
}

async fn ask(browser: &Browser<'_>, params: &[(&str, &str)]) -> Answer {
    browser.get(&format!("{PATH}?{}", crate::support::query(params))).await
}

/// The outcome: the address, whether a page asks or confirms, and whether the browser is still signed in.
async fn outcome(browser: &Browser<'_>, answer: &Answer) -> String {
    let what = match answer.status.as_u16() {
        303 => answer.location().to_owned(),
        200 if answer.body.contains("Sign out?") => "asks".to_owned(),
        200 if answer.body.contains("signed out") => "tells".to_owned(),
        status => format!("{status} {}", answer.body),
    };
    let signed_in = browser.get("/api/auth/get-session").await.body != "null";
    format!("{what}, {}", if signed_in { "signed in" } else { "signed out" })
}

#[tokio::test]
async fn a_valid_hint_ends_the_session_and_redirects() {
    let world = World::new().await;
    for (state, wanted) in [
        (None, "https://app.example.org/bye, signed out"),
        (Some("a b&c=d"), "https://app.example.org/bye?state=a+b%26c%3Dd, signed out"),
        (Some(""), "https://app.example.org/bye?state=, signed out"),
    ] {
        let (browser, hint) = ada(&world).await;
        let mut params = vec![("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", BYE)];
        params.extend(state.map(|state| ("state", state)));
        let answer = ask(&browser, &params).await;
        assert!(answer.header("set-cookie").contains("Max-Age=0"));
        assert_eq!(outcome(&browser, &answer).await, wanted);
    }
}

#[tokio::test]
async fn a_valid_hint_without_address_signs_out_and_says_so() {
    let world = World::new().await;
    let (browser, hint) = ada(&world).await;
    let answer = ask(&browser, &[("id_token_hint", &hint), ("client_id", "playground")]).await;
    assert!(answer.header("content-type").starts_with("text/html"));
    assert_eq!(outcome(&browser, &answer).await, "tells, signed out");
    // Again, by the back button.
    let answer = ask(&browser, &[("id_token_hint", &hint), ("post_logout_redirect_uri", BYE)]).await;
    assert_eq!(outcome(&browser, &answer).await, format!("{BYE}, signed out"));
}

#[tokio::test]
async fn expired_hints_and_hints_of_retired_keys_are_valid() {
    let world = World::new().await;
    let (browser, hint) = ada(&world).await;
    world.advance(2 * 86_400);
    world.rotate_now(Algorithm::RS256).await;
    assert_ne!(world.kid(Algorithm::RS256).await, crate::support::forge::header(&hint)["kid"]);
    let answer = ask(&browser, &[("id_token_hint", &hint), ("post_logout_redirect_uri", BYE)]).await;
    assert_eq!(outcome(&browser, &answer).await, format!("{BYE}, signed out"));
}

#[tokio::test]
async fn an_invalid_hint_asks_for_confirmation() {
    let world = World::new().await;
    world.add_app(|app| app.client_id = ClientId::from_text("off")).await;
    world.add_app(|app| app.client_id = ClientId::from_text("other")).await;
    let (browser, hint) = ada(&world).await;
    let real = claims(&hint);
    let forge = async |change: Value| world.forge(TokenKind::Id, Algorithm::RS256, &with(&real, &change)).await;
    let of_off = forge(json!({"aud": "off"})).await;
    world.change_app("off", |app| app.disabled = true).await;
    let stranger = world.browser();
    stranger.sign_up(&Key::named("bob")).await;
    let of_bob = stranger.tokens("openid").await["id_token"].as_str().unwrap().to_owned();
    let foreign = forge(json!({"iss": "https://other.example.org"})).await;
    let nobody = forge(json!({"aud": "nobody"})).await;
    let both = forge(json!({"aud": ["playground", "other"]})).await;
    let none = crate::support::forge::jws(&json!({"alg": "none", "typ": "JWT"}), &real, |_| Vec::new());
    let cut = &hint[..hint.len() - 4];
    let logout = world.forge(TokenKind::Logout, Algorithm::RS256, &real).await;
    for (what, params) in [
        ("no hint", vec![]),
        ("an empty hint", vec![("id_token_hint", "")]),
        ("not a token", vec![("id_token_hint", "x")]),
        ("a cut signature", vec![("id_token_hint", cut)]),
        ("alg none", vec![("id_token_hint", none.as_str())]),
        ("a logout token", vec![("id_token_hint", logout.as_str())]),
        ("another issuer's", vec![("id_token_hint", foreign.as_str())]),
        ("for nobody", vec![("id_token_hint", nobody.as_str())]),
        ("for two apps", vec![("id_token_hint", both.as_str())]),
        ("of an app that is switched off", vec![("id_token_hint", of_off.as_str())]),
        ("another user's", vec![("id_token_hint", of_bob.as_str())]),
        ("another app names itself", vec![("id_token_hint", hint.as_str()), ("client_id", "other")]),
        ("the hint twice", vec![("id_token_hint", hint.as_str()), ("id_token_hint", hint.as_str())]),
        ("the address twice", vec![("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", BYE)]),
        ("no hint, and the app", vec![("client_id", "playground")]),
    ] {
        let mut params = params;
        params.push(("post_logout_redirect_uri", BYE));
        let answer = ask(&browser, &params).await;
        assert_eq!(outcome(&browser, &answer).await, "asks, signed in", "{what}");
        assert!(answer.body.contains(NOT_VALID), "{what}: {}", answer.body);
    }
    for uri in [
        "https://app.example.org/bye/",
        "https://app.example.org/Bye",
        "https://app.example.org/callback",
        "https://evil.example/",
        "javascript:alert(1)",
        "//evil.example",
        "\u{0}",
    ] {
        let answer = ask(&browser, &[("id_token_hint", &hint), ("post_logout_redirect_uri", uri)]).await;
        assert_eq!(outcome(&browser, &answer).await, "asks, signed in", "{uri}");
    }
    // Bob's session is unaffected.
    assert!(stranger.get("/api/auth/get-session").await.body != "null");
}

#[tokio::test]
async fn confirming_signs_out_without_a_redirect() {
    let world = World::new().await;
    let (browser, _) = ada(&world).await;
    let answer = ask(&browser, &[("client_id", "playground"), ("post_logout_redirect_uri", BYE), ("state", "x")]).await;
    assert!(answer.body.contains("Playground"), "{}", answer.body);
    assert!(!answer.body.contains(BYE), "an unproven address does not even stand on the page");
    let confirm = format!("{PATH}/confirm");
    let stay = browser.post_form(&confirm, &[("confirm", "false")]).await;
    assert_eq!(outcome(&browser, &stay).await, "/, signed in");
    let forged = Request::post(&confirm)
        .header("content-type", "application/x-www-form-urlencoded")
        .header("origin", "https://evil.example");
    assert_eq!(browser.send(forged, "confirm=true").await.status, 403);
    assert_eq!(browser.get(&confirm).await.status, 405);
    let done = browser.post_form(&confirm, &[("confirm", "true"), ("client_id", "playground")]).await;
    assert_eq!(outcome(&browser, &done).await, "tells, signed out");
    // Nobody is signed in: nothing to ask.
    let answer = ask(&browser, &[]).await;
    assert_eq!(outcome(&browser, &answer).await, "tells, signed out");
}

#[tokio::test]
async fn an_app_may_post_the_hint_from_its_own_page() {
    let world = World::new().await;
    let post = async |browser: &Browser<'_>, form: &[(&str, &str)], site: &str| {
        let request = Request::post(PATH)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("accept", "text/html")
            .header("origin", "https://app.example.org")
            .header("sec-fetch-site", site);
        browser.send(request, crate::support::query(form)).await
    };
    // Same-site: the browser sends the cookie.
    let (browser, hint) = ada(&world).await;
    let asked = post(&browser, &[("post_logout_redirect_uri", BYE)], "same-site").await;
    assert_eq!(outcome(&browser, &asked).await, "asks, signed in");
    let answer = post(&browser, &[("id_token_hint", &hint), ("post_logout_redirect_uri", BYE)], "same-site").await;
    assert_eq!(outcome(&browser, &answer).await, format!("{BYE}, signed out"));
    // Cross-site: it does not, and the id token names the session.
    let (browser, hint) = ada(&world).await;
    let elsewhere = world.browser();
    let form = [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", BYE)];
    let answer = post(&elsewhere, &form, "cross-site").await;
    assert_eq!(outcome(&browser, &answer).await, format!("{BYE}, signed out"));
    let wrong = world.post_body(PATH, "application/json", "{}").await;
    assert_eq!(wrong.error(), "415 invalid_request: the body must be application/x-www-form-urlencoded");
}

#[tokio::test]
async fn scripts_get_json() {
    let world = World::new().await;
    let (browser, hint) = ada(&world).await;
    let ask = async |params: &[(&str, &str)]| {
        let uri = format!("{PATH}?{}", crate::support::query(params));
        browser.send(Request::get(uri).header("accept", "application/json"), Body::empty()).await
    };
    let real = claims(&hint);
    let of_nobody = world.forge(TokenKind::Id, Algorithm::RS256, &with(&real, &json!({"aud": "nobody"}))).await;
    let cases: [(&[(&str, &str)], &str); 5] = [
        (&[], "400 invalid_request: User confirmation is required to complete logout"),
        (&[("id_token_hint", "x")], "401 invalid_token: The id_token_hint is invalid"),
        (&[("id_token_hint", &of_nobody)], "400 invalid_client: The logout client does not exist"),
        (&[("id_token_hint", &hint), ("client_id", "other")], "401 invalid_token: The id_token_hint is invalid"),
        (&[("state", "a"), ("state", "b")], "400 invalid_request: parameters must not be repeated"),
    ];
    for (params, reported) in cases {
        assert_eq!(ask(params).await.error(), reported);
    }
    assert_eq!(ask(&[("id_token_hint", &hint)]).await.body, r#"{"success":true}"#);
    assert_eq!(browser.get("/api/auth/get-session").await.body, "null");
}

#[tokio::test]
async fn a_request_without_anything_is_valid_and_one_with_an_address_and_no_hint_is_not() {
    let world = World::new().await;
    let (browser, hint) = ada(&world).await;
    for params in [vec![], vec![("client_id", "playground")], vec![("state", "x")]] {
        let answer = ask(&browser, &params).await;
        assert_eq!(outcome(&browser, &answer).await, "asks, signed in");
        assert!(!answer.body.contains(NOT_VALID), "{}", answer.body);
    }
    let answer = ask(&browser, &[("post_logout_redirect_uri", BYE), ("client_id", "playground")]).await;
    assert!(answer.body.contains(NOT_VALID) && answer.body.contains("needs an id_token_hint"), "{}", answer.body);
    let answer = ask(&browser, &[("id_token_hint", &hint), ("post_logout_redirect_uri", "https://x.example/")]).await;
    assert!(answer.body.contains("is not registered for this app"), "{}", answer.body);
    // Signed-out users are told so too, and not redirected.
    let stranger = world.browser();
    let answer = ask(&stranger, &[("id_token_hint", "x"), ("post_logout_redirect_uri", BYE)]).await;
    assert_eq!(outcome(&stranger, &answer).await, "tells, signed out");
    assert!(answer.body.contains(NOT_VALID), "{}", answer.body);
}

#[tokio::test]
async fn only_people_who_have_a_key_are_told_that_it_stays() {
    let world = World::with_orgs().await;
    let (browser, _) = ada(&world).await;
    let words = "Your key stays on this device";
    assert!(ask(&browser, &[]).await.body.contains(words));
    world.person("bob@example.org").await;
    let bob = world.entered("bob@example.org").await;
    let page = ask(&bob, &[]).await.body;
    assert!(page.contains("Sign out?") && !page.contains(words), "{page}");
}
