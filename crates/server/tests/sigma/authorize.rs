//! The authorization request, from the app to the code.

use serde_json::json;
use sigma_core::ids::ClientId;

use crate::support::forge::{claims, jws};
use crate::support::{APP, Answer, Browser, Key, World};

#[tokio::test]
async fn a_person_signs_up_consents_and_the_app_gets_a_code() {
    let world = World::new().await;
    let browser = world.browser();
    let asked = browser.authorize(&[]).await;
    assert_eq!(asked.status, 303);
    let interaction = asked.param("interaction").unwrap();
    assert_eq!(asked.location(), format!("/login?interaction={interaction}"));
    assert_eq!(browser.get(asked.location()).await.status, 200);

    assert_eq!(browser.sign_up(&Key::named("ada")).await.status, 200);
    let resumed = browser.get(&format!("/api/auth/oauth2/authorize?interaction={interaction}")).await;
    assert_eq!(resumed.location(), format!("/consent?interaction={interaction}"));
    let page = browser.get(resumed.location()).await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("Playground"), "{}", page.body);

    let form = [("interaction", interaction.as_str()), ("accept", "true")];
    let answer = browser.post_form("/api/auth/oauth2/consent", &form).await;
    assert!(answer.location().starts_with("https://app.example.org/callback?code="), "{}", answer.body);
    assert_eq!(answer.param("state").as_deref(), Some("xyz"));
    assert_eq!(answer.param("iss").as_deref(), Some("https://id.example.org"));

    // The consent is remembered: the next request passes straight through, and stores no interaction.
    let again = browser.authorize(&[]).await;
    assert!(again.param("code").is_some(), "{}", again.location());
}

#[tokio::test]
async fn head_requests_have_no_effect() {
    let world = World::new().await;
    let browser = world.browser();
    browser.sign_up(&Key::named("ada")).await;
    let tokens = browser.tokens("openid").await;
    let request = Browser::request(&[]).replace("/oauth2/authorize?", "");
    let hint = tokens["id_token"].as_str().unwrap();
    for path in [
        format!("/oauth2/authorize?{request}"),
        format!("/api/auth/oauth2/authorize?{request}"),
        format!("/authorize?{request}"),
        format!("/api/auth/oauth2/end-session?id_token_hint={hint}"),
    ] {
        let answer = browser.send(http::Request::head(&path), "").await;
        assert_eq!((answer.status.as_u16(), answer.header("allow")), (405, "GET, POST"), "{path}");
        assert!(!answer.headers.contains_key("location") && !answer.headers.contains_key("set-cookie"), "{path}");
    }
    assert_ne!(browser.get("/api/auth/get-session").await.body, "null");
}

#[tokio::test]
async fn interactions_in_two_tabs_stay_separate() {
    let world = World::new().await;
    let browser = world.browser();
    let first = browser.authorize(&[("state", "one")]).await.param("interaction").unwrap();
    let second = browser.authorize(&[("state", "two")]).await.param("interaction").unwrap();
    browser.sign_up(&Key::named("ada")).await;
    for (interaction, state) in [(&second, "two"), (&first, "one")] {
        let mut answer = browser.get(&format!("/api/auth/oauth2/authorize?interaction={interaction}")).await;
        if answer.location().starts_with("/consent") {
            let form = [("interaction", interaction.as_str()), ("accept", "true")];
            answer = browser.post_form("/api/auth/oauth2/consent", &form).await;
        }
        assert_eq!(answer.param("state").as_deref(), Some(state));
    }
}

#[tokio::test]
async fn browsers_never_reach_an_unregistered_redirect_uri() {
    let world = World::new().await;
    let browser = world.browser();
    let mut seen = Vec::new();
    for (name, value) in [
        ("client_id", "nobody"),
        ("redirect_uri", "https://app.example.org/callback/"),
        ("redirect_uri", "https://app.example.org/Callback"),
        ("redirect_uri", "https://app.example.org/callback?x=1"),
        ("redirect_uri", "https://app.example.org@evil.example/callback"),
        ("redirect_uri", "https://app.example.org/%63allback"),
        ("redirect_uri", "https://evil.example/callback"),
    ] {
        let answer = browser.authorize(&[(name, value)]).await;
        assert!(answer.location().starts_with("/error?"), "{}", answer.location());
        seen.push(format!("{} {}", value, answer.sent_error()));
    }
    insta::assert_snapshot!(seen.join("\n"));
    let page = browser.get("/error?error=invalid_redirect&error_description=%3Cscript%3Ealert(1)%3C/script%3E").await;
    assert_eq!(page.status, 400);
    assert!(!page.body.contains("<script>alert"));
}

#[tokio::test]
async fn prompt_none_is_answered_without_a_page() {
    let world = World::new().await;
    let browser = world.browser();
    let refused = browser.authorize(&[("prompt", "none")]).await;
    assert!(refused.location().starts_with("https://app.example.org/callback?error=login_required"));
    browser.sign_up(&Key::named("ada")).await;
    let refused = browser.authorize(&[("prompt", "none")]).await;
    assert_eq!(refused.param("error").as_deref(), Some("login_required"), "they never agreed to this app");
    browser.code(&[("scope", "openid")]).await;
    let refused = browser.authorize(&[("prompt", "none")]).await;
    assert_eq!(refused.param("error").as_deref(), Some("consent_required"), "to less than this");
    browser.code(&[]).await;
    assert!(browser.authorize(&[("prompt", "none")]).await.param("code").is_some());
}

/// All that an app can see of an answer.
fn seen(answer: &Answer) -> (u16, String, String) {
    (answer.status.as_u16(), answer.location().to_owned(), answer.header("set-cookie").to_owned())
}

#[tokio::test]
async fn silent_requests_without_consent_reveal_nothing_about_visitors() {
    let world = World::new().await;
    world.add_app(|app| app.client_id = ClientId::from_text("stranger")).await;
    let (nobody, ada, bob) = (world.browser(), world.browser(), world.browser());
    ada.sign_up(&Key::named("ada")).await;
    bob.sign_up(&Key::named("bob")).await;
    world.advance(600);
    // They use another app, which does not affect this one.
    let tokens = ada.tokens("openid profile").await;
    let sub = claims(tokens["id_token"].as_str().unwrap())["sub"].as_str().unwrap().to_owned();
    let bap_id = Key::named("ada").bap_id();
    let hint = world.forge_hint(&tokens, "stranger").await;
    let of_ada = format!(r#"{{"id_token":{{"sub":{{"value":"{sub}"}}}}}}"#);
    for probe in [
        vec![],
        vec![("claims", of_ada.as_str())],
        vec![("claims", r#"{"id_token":{"sub":{"value":"user_nobody"}}}"#)],
        vec![("claims", r#"{"id_token":{"acr":{"essential":true,"value":"1"}}}"#)],
        vec![("claims", r#"{"id_token":{"acr":{"essential":true,"value":"2"}}}"#)],
        vec![("bap_id", bap_id.as_str())],
        vec![("bapId", bap_id.as_str())],
        vec![("login_hint", bap_id.as_str())],
        vec![("max_age", "0")],
        vec![("max_age", "1000000")],
        vec![("id_token_hint", hint.as_str())],
        vec![("id_token_hint", "x")],
        vec![("scope", "openid email offline_access")],
        vec![("response_mode", "form_post")],
    ] {
        let asks = [&[("client_id", "stranger"), ("prompt", "none")], probe.as_slice()].concat();
        let out = nobody.authorize(&asks).await;
        for browser in [&ada, &bob] {
            let signed_in = browser.authorize(&asks).await;
            assert_eq!((seen(&out), &out.body), (seen(&signed_in), &signed_in.body), "{probe:?}");
        }
    }
}

#[tokio::test]
async fn errors_reveal_nothing_to_apps_without_consent() {
    let world = World::new().await;
    let (ada, nobody) = (world.browser(), world.browser());
    ada.sign_up(&Key::named("ada")).await;
    world.advance(600);
    let other = [("claims", r#"{"id_token":{"sub":{"value":"user_nobody"}}}"#)];
    let strong = [("claims", r#"{"id_token":{"acr":{"essential":true,"value":"2"}}}"#)];
    for probe in [other, strong] {
        for browser in [&ada, &nobody] {
            let page = browser.authorize(&probe).await.location().split('?').next().unwrap().to_owned();
            assert_eq!(page, "/login", "{probe:?}");
        }
    }
    // A user who signs in for it is refused then.
    let asked = ada.authorize(&other).await;
    ada.sign_in(&Key::named("ada")).await;
    let resumed = format!("/api/auth/oauth2/authorize?interaction={}", asked.param("interaction").unwrap());
    assert_eq!(ada.get(&resumed).await.param("error").as_deref(), Some("login_required"));
}

#[tokio::test]
async fn a_refused_request_object_is_answered_as_it_asks() {
    let world = World::new().await;
    let browser = world.browser();
    let inside = json!({"response_mode": "form_post", "state": "inside", "client_id": APP});
    let object = jws(&json!({"alg": "none"}), &inside, |_| Vec::new());
    let answer = browser.authorize(&[("request", &object), ("state", "")]).await;
    assert_eq!(answer.status, 200);
    for part in ["invalid_request_object", r#"value="inside""#, r#"action="https://app.example.org/callback""#] {
        assert!(answer.body.contains(part), "{part} in {}", answer.body);
    }
    let answer = browser.authorize(&[("request", &object), ("state", "outside"), ("response_mode", "query")]).await;
    assert_eq!(answer.param("error").as_deref(), Some("invalid_request_object"));
    assert_eq!(answer.param("state").as_deref(), Some("outside"), "the query comes first");
    let answer = browser.authorize(&[("request", "eyJ"), ("state", "")]).await;
    assert_eq!((answer.param("error").as_deref(), answer.param("state")), (Some("invalid_request_object"), None));
}

#[tokio::test]
async fn prompt_login_is_met_by_a_new_signature_in_the_same_session() {
    let world = World::new().await;
    let (browser, key) = (world.browser(), Key::named("ada"));
    browser.sign_up(&key).await;
    browser.code(&[]).await;
    world.advance(60);
    let asked = browser.authorize(&[("prompt", "login")]).await;
    assert!(asked.location().starts_with("/login?interaction="), "{}", asked.location());
    let interaction = asked.param("interaction").unwrap();
    let resume = format!("/api/auth/oauth2/authorize?interaction={interaction}");
    assert!(browser.get(&resume).await.location().starts_with("/login"));
    assert_eq!(browser.sign_in(&key).await.status, 200);
    assert!(browser.get(&resume).await.param("code").is_some());
}

#[tokio::test]
async fn a_form_request_continues_by_get() {
    let world = World::new().await;
    let browser = world.browser();
    browser.sign_up(&Key::named("ada")).await;
    browser.code(&[]).await;
    let query = Browser::request(&[]);
    let (path, query) = query.split_once('?').unwrap();
    // Like a form of another site: no cookie, a foreign origin.
    let request = http::Request::post(path)
        .header("content-type", "application/x-www-form-urlencoded")
        .header("origin", "https://app.example.org")
        .header("sec-fetch-site", "cross-site")
        .body(axum::body::Body::from(query.to_owned()))
        .unwrap();
    let stored = world.send(request).await;
    assert_eq!(stored.status, 303);
    assert!(browser.get(stored.location()).await.param("code").is_some());
}

#[tokio::test]
async fn form_post_answers_in_a_form_that_no_script_of_the_page_needs() {
    let world = World::new().await;
    let browser = world.browser();
    browser.sign_up(&Key::named("ada")).await;
    browser.code(&[]).await;
    let answer = browser.authorize(&[("response_mode", "form_post")]).await;
    assert_eq!(answer.status, 200);
    assert!(answer.body.contains(r#"action="https://app.example.org/callback""#), "{}", answer.body);
    assert!(answer.body.contains(r#"name="code""#));
    assert!(!answer.header("content-security-policy").contains("form-action"));
}

#[tokio::test]
async fn scripts_get_the_url_as_json_instead_of_a_redirect() {
    let world = World::new().await;
    let browser = world.browser();
    let request = http::Request::get(Browser::request(&[])).header("accept", "application/json");
    let answer = browser.send(request, axum::body::Body::empty()).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json()["redirect"], true);
    assert!(answer.json()["url"].as_str().unwrap().starts_with("/login?interaction="));
}

#[tokio::test]
async fn denying_consent_informs_the_app_and_ends_the_interaction() {
    let world = World::new().await;
    let browser = world.browser();
    browser.sign_up(&Key::named("ada")).await;
    let interaction = browser.authorize(&[]).await.param("interaction").unwrap();
    let form = [("interaction", interaction.as_str()), ("accept", "false")];
    let answer = browser.post_form("/api/auth/oauth2/consent", &form).await;
    assert_eq!(answer.sent_error(), "access_denied: User denied access");
    assert_eq!(browser.post_form("/api/auth/oauth2/consent", &form).await.status, 400);
}
