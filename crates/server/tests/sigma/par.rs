//! Pushed authorization requests (RFC 9126, `docs/spec/sender-constrained.md#pushed-authorization-requests`).

use serde_json::{Value, json};
use sigma_core::app::AuthMethod;
use sigma_core::redirect::RegisteredRedirectUris;

use crate::support::client::{PAR, app_key, basic};
use crate::support::forge::assertion;
use crate::support::{APP, Answer, CHALLENGE, Key, REDIRECT, World};

const ISSUER: &str = "https://id.example.org";
const URN: &str = "urn:ietf:params:oauth:request_uri:";

/// Where a browser goes with a pushed request of `client_id`.
fn gate(client_id: &str, uri: &str) -> String {
    format!("/oauth2/authorize?client_id={client_id}&request_uri={uri}")
}

/// The `error` of `/error`, or of the redirect to the app.
fn shown(answer: &Answer) -> (bool, String) {
    (answer.location().starts_with("/error?"), answer.param("error").unwrap_or_default())
}

#[tokio::test]
async fn a_pushed_request_is_answered_with_one_code() {
    let world = World::new().await;
    let pushed = world.push(&[("scope", "openid email"), ("state", "pushed")]).await;
    assert_eq!(pushed.status, 201, "{}", pushed.body);
    let answer = pushed.json();
    assert_eq!(answer["expires_in"], 60);
    assert_eq!(answer.as_object().unwrap().len(), 2);
    let uri = answer["request_uri"].as_str().unwrap();
    assert!(uri.strip_prefix(URN).is_some_and(|secret| secret.len() == 32), "{uri}");
    assert_eq!(pushed.header("cache-control"), "no-store");

    let browser = world.browser();
    browser.sign_up(&Key::named("ada")).await;
    // Parameters beside the request_uri are ignored (§4), and a page may be loaded twice before it is answered.
    let path = format!("{}&scope=openid%20profile&state=query&redirect_uri=https%3A%2F%2Fevil.example", gate(APP, uri));
    for _ in 0..2 {
        let asked = browser.get(&path).await;
        assert!(asked.location().starts_with("/consent?"), "{}", asked.location());
    }
    let asked = browser.get(&path).await;
    let interaction = asked.param("interaction").unwrap();
    let page = browser.get(asked.location()).await;
    assert!(page.body.contains("Playground"), "{}", page.body);
    let form = [("interaction", interaction.as_str()), ("accept", "true")];
    let answer = browser.post_form("/api/auth/oauth2/consent", &form).await;
    assert_eq!(answer.param("state").as_deref(), Some("pushed"));
    let code = answer.param("code").unwrap();
    let tokens = world.exchange(&code, &[]).await.json();
    assert_eq!(tokens["scope"], "openid email");

    // fapi2-security-profile-final-par-attempt-reuse-request_uri
    let again = browser.get(&gate(APP, uri)).await;
    assert_eq!(shown(&again), (true, "invalid_request_uri".to_owned()));
    assert!(again.param("code").is_none());
}

#[tokio::test]
async fn a_pushed_request_open_in_two_browsers_gives_one_code() {
    let world = World::new().await;
    let uri = world.pushed_uri(&[]).await;
    let (ada, eve) = (world.browser(), world.browser());
    let mut codes = 0;
    let mut consents = Vec::new();
    for (browser, name) in [(&ada, "ada"), (&eve, "eve")] {
        browser.sign_up(&Key::named(name)).await;
        consents.push(browser.get(&gate(APP, &uri)).await.param("interaction").unwrap());
    }
    for (browser, interaction) in [&ada, &eve].into_iter().zip(&consents) {
        let form = [("interaction", interaction.as_str()), ("accept", "true")];
        let answer = browser.post_form("/api/auth/oauth2/consent", &form).await;
        codes += usize::from(answer.param("code").is_some());
    }
    assert_eq!(codes, 1);
}

#[tokio::test]
async fn a_request_uri_of_another_app_or_an_expired_one_is_refused() {
    let world = World::new().await;
    world.add_confidential_app("other", AuthMethod::ClientSecretBasic, "secret").await;
    let browser = world.browser();
    let uri = world.pushed_uri(&[]).await;
    assert_eq!(shown(&browser.get(&gate("other", &uri)).await), (true, "invalid_request_uri".to_owned()));
    assert_eq!(shown(&browser.get(&gate(APP, &format!("{URN}x"))).await), (true, "invalid_request_uri".to_owned()));
    // The app learns of it where the parameters beside it say where it is.
    let beside =
        format!("{}&redirect_uri={}", gate(APP, &format!("{URN}x")), "https%3A%2F%2Fapp.example.org%2Fcallback");
    assert_eq!(shown(&browser.get(&beside).await), (false, "invalid_request_uri".to_owned()));
    let both = format!("{}&request=x", gate(APP, &uri));
    assert!(shown(&browser.get(&both).await).0);
    world.advance(59);
    assert!(browser.get(&gate(APP, &uri)).await.location().starts_with("/login?"));
    world.advance(1);
    // fapi2-security-profile-final-par-attempt-to-use-expired-request_uri
    assert_eq!(shown(&browser.get(&gate(APP, &uri)).await), (true, "invalid_request_uri".to_owned()));
}

#[tokio::test]
async fn a_request_pushed_to_one_process_is_answered_by_another() {
    let world = World::new().await;
    let beside = world.beside().await;
    let uri = world.pushed_uri(&[("state", "elsewhere")]).await;
    let there = beside.browser();
    there.sign_up(&Key::named("ada")).await;
    let asked = there.get(&gate(APP, &uri)).await;
    let interaction = asked.param("interaction").unwrap();
    let form = [("interaction", interaction.as_str()), ("accept", "true")];
    let answer = there.post_form("/api/auth/oauth2/consent", &form).await;
    assert_eq!(answer.param("state").as_deref(), Some("elsewhere"), "{}", answer.location());
    assert!(answer.param("code").is_some());
    assert_eq!(shown(&world.browser().get(&gate(APP, &uri)).await), (true, "invalid_request_uri".to_owned()));
}

#[tokio::test]
async fn each_refused_parameter_of_a_pushed_request_has_its_error() {
    let world = World::new().await;
    let long = "x".repeat(5_000);
    let mut seen = Vec::new();
    for (what, changes) in [
        ("request_uri", vec![("request_uri", "urn:ietf:params:oauth:request_uri:x")]),
        ("request_uri of https", vec![("request_uri", "https://app.example.org/request")]),
        ("no redirect_uri", vec![("redirect_uri", "")]),
        ("unregistered redirect_uri", vec![("redirect_uri", "https://evil.example")]),
        ("no response_type", vec![("response_type", "")]),
        ("response_type token", vec![("response_type", "token")]),
        ("response_type code id_token", vec![("response_type", "code id_token")]),
        ("no challenge", vec![("code_challenge", ""), ("code_challenge_method", "")]),
        ("plain challenge", vec![("code_challenge_method", "plain")]),
        ("resource", vec![("resource", "https://api.example")]),
        ("malformed object", vec![("request", "eyJ")]),
        ("dpop_jkt", vec![("dpop_jkt", "short")]),
        ("too long", vec![("state", long.as_str())]),
        ("no client", vec![("client_id", "")]),
        ("unknown client", vec![("client_id", "nobody")]),
    ] {
        let answer = world.push(&changes).await;
        seen.push(format!("{what}: {} {}", answer.status.as_u16(), answer.json()["error"].as_str().unwrap()));
    }
    insta::assert_snapshot!(seen.join("\n"));
    let get = world.browser().get("/api/auth/oauth2/par").await;
    assert_eq!(get.status, 405);
}

#[tokio::test]
async fn an_app_authenticates_to_push() {
    let world = World::new().await;
    world.add_confidential_app("shop", AuthMethod::ClientSecretBasic, "secret").await;
    let form = [
        ("response_type", "code"),
        ("redirect_uri", REDIRECT),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    let header = basic("shop", "secret");
    let pushed = world.post_form(PAR, &form, &[("authorization", &header)]).await;
    assert_eq!(pushed.status, 201, "{}", pushed.body);
    let wrong = world.post_form(PAR, &form, &[("authorization", &basic("shop", "wrong"))]).await;
    assert_eq!((wrong.status.as_u16(), wrong.json()["error"].clone()), (401, json!("invalid_client")));
    // The credentials are no parameters of the request.
    let uri = pushed.json()["request_uri"].as_str().unwrap().to_owned();
    assert!(world.browser().get(&gate("shop", &uri)).await.location().starts_with("/login?"));
}

#[tokio::test]
async fn a_client_assertion_for_the_par_endpoint_is_good_there_alone_and_once() {
    let world = World::new().await;
    let key = app_key();
    world.add_asserting_app("bank", &key).await;
    let now = world.now().seconds();
    let claims = |aud: Value, jti: &str| json!({"iss": "bank", "sub": "bank", "aud": aud, "jti": jti, "exp": now + 60, "iat": now});
    let push = async |text: &str, path: &str| {
        let form = [
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ("client_assertion", text),
            ("response_type", "code"),
            ("redirect_uri", REDIRECT),
            ("grant_type", "client_credentials"),
        ];
        world.post_form(path, &form, &[]).await.status.as_u16()
    };
    let par = format!("{ISSUER}{PAR}");
    let text = assertion(&key, &claims(json!(par), "1"));
    assert_eq!(push(&text, PAR).await, 201);
    assert_eq!(push(&text, PAR).await, 401, "used twice");
    assert_eq!(push(&assertion(&key, &claims(json!(par), "2")), crate::support::client::TOKEN).await, 401);
    assert_eq!(push(&assertion(&key, &claims(json!(ISSUER), "3")), PAR).await, 201);
}

#[tokio::test]
async fn an_app_or_a_server_that_requires_pushed_requests_takes_no_others() {
    let world = World::new().await;
    world.change_app(APP, |app| app.security.require_pushed_requests = true).await;
    let browser = world.browser();
    // fapi2-security-profile-final-ensure-unsigned-authorization-request-without-using-par-fails
    let plain = browser.authorize(&[]).await;
    assert_eq!(shown(&plain), (false, "invalid_request".to_owned()));
    assert_eq!(plain.param("state").as_deref(), Some("xyz"));
    let posted = browser.post_form("/oauth2/authorize", &[("client_id", APP), ("redirect_uri", REDIRECT)]).await;
    assert_eq!(shown(&posted), (false, "invalid_request".to_owned()));
    let uri = world.pushed_uri(&[]).await;
    assert!(browser.get(&gate(APP, &uri)).await.location().starts_with("/login?"));
    let by_form = browser.post_form("/oauth2/authorize", &[("client_id", APP), ("request_uri", &uri)]).await;
    assert!(browser.get(by_form.location()).await.location().starts_with("/login?"), "{}", by_form.location());

    let strict = World::with(|settings| settings.authorization.require_pushed_requests = true).await;
    assert_eq!(shown(&strict.browser().authorize(&[]).await), (false, "invalid_request".to_owned()));
    let metadata = strict.browser().get("/.well-known/openid-configuration").await.json();
    assert_eq!(metadata["require_pushed_authorization_requests"], true);
    assert_eq!(metadata["pushed_authorization_request_endpoint"], format!("{ISSUER}{PAR}"));
}

#[tokio::test]
async fn a_native_or_dynamic_app_may_push_too_and_its_request_follows_its_current_registration() {
    let world = World::new().await;
    let uri = world.pushed_uri(&[]).await;
    let moved = "https://app.example.org/elsewhere".to_owned();
    world.change_app(APP, |app| app.redirect_uris = RegisteredRedirectUris::from_stored([moved])).await;
    assert_eq!(shown(&world.browser().get(&gate(APP, &uri)).await), (true, "invalid_redirect".to_owned()));
}

#[tokio::test]
async fn pushed_requests_are_swept_once_nobody_can_answer_them() {
    let world = World::new().await;
    world.pushed_uri(&[]).await;
    let rows = || async {
        let rows = world.sigma.store.read(|tx| tx.query_opt("SELECT COUNT(*) FROM pushed_requests", &[])).await;
        rows.unwrap().unwrap().int(0).unwrap()
    };
    world.advance(120);
    world.sweep().await;
    assert_eq!(rows().await, 1, "a person may still be signing in");
    world.advance(3_700);
    world.sweep().await;
    assert_eq!(rows().await, 0);
}
