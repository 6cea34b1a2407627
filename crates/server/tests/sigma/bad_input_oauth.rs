//! What no honest app sends: each gets its documented error, changes nothing, and never a 5xx or a way out to an address
//! that nobody registered.

use std::fmt::Write as _;

use axum::body::Body;
use http::{Method, Request};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::json;
use sigma_core::app::AuthMethod;

use crate::support::client::{INTROSPECT, REVOKE, TOKEN, USERINFO, basic};
use crate::support::{APP, Browser, CHALLENGE, Key, REDIRECT, VERIFIER, World};

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";
const AUTHORIZE: &str = "/oauth2/authorize";
const END_SESSION: &str = "/api/auth/oauth2/end-session";
const CONSENT: &str = "/api/auth/oauth2/consent";
const CONTINUE: &str = "/api/auth/oauth2/continue";

/// Every path of the surface, with what it takes.
const ENDPOINTS: [(&str, &[Method]); 27] = [
    ("/.well-known/openid-configuration", &[Method::GET]),
    ("/api/auth/.well-known/openid-configuration", &[Method::GET]),
    ("/.well-known/oauth-authorization-server", &[Method::GET]),
    ("/api/auth/.well-known/oauth-authorization-server", &[Method::GET]),
    ("/.well-known/oauth-authorization-server/api/auth", &[Method::GET]),
    ("/.well-known/jwks.json", &[Method::GET]),
    ("/api/auth/jwks", &[Method::GET]),
    (AUTHORIZE, &[Method::GET, Method::POST]),
    ("/api/auth/oauth2/authorize", &[Method::GET, Method::POST]),
    ("/authorize", &[Method::GET, Method::POST]),
    (CONSENT, &[Method::POST]),
    (CONTINUE, &[Method::POST]),
    (TOKEN, &[Method::POST]),
    ("/oauth2/token", &[Method::POST]),
    ("/token", &[Method::POST]),
    ("/api/oauth/token", &[Method::POST]),
    (USERINFO, &[Method::GET, Method::POST]),
    ("/oauth2/userinfo", &[Method::GET, Method::POST]),
    ("/userinfo", &[Method::GET, Method::POST]),
    ("/api/oauth/userinfo", &[Method::GET, Method::POST]),
    (REVOKE, &[Method::POST]),
    (INTROSPECT, &[Method::POST]),
    (END_SESSION, &[Method::GET, Method::POST]),
    ("/api/auth/oauth2/end-session/confirm", &[Method::POST]),
    ("/api/auth/token", &[Method::GET]),
    ("/api/auth/get-session", &[Method::GET]),
    ("/api/auth/sign-out", &[Method::POST]),
];

async fn bare(world: &World, method: &Method, path: &str) -> crate::support::Answer {
    world.send(Request::builder().method(method).uri(path).body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn each_endpoint_names_the_methods_that_it_takes() {
    let world = World::new().await;
    let all = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"];
    for (path, taken) in ENDPOINTS {
        for method in all.map(|name| Method::from_bytes(name.as_bytes()).unwrap()) {
            let answer = bare(&world, &method, path).await;
            if taken.contains(&method) {
                assert!(![404, 405].contains(&answer.status.as_u16()), "{method} {path}: {}", answer.status);
                continue;
            }
            assert_eq!(answer.error(), "405 method_not_allowed: Method not allowed", "{method} {path}");
            let mut allowed: Vec<_> = answer.header("allow").split(',').map(str::trim).collect();
            allowed.retain(|method| *method != "HEAD");
            allowed.sort_unstable();
            let mut wanted: Vec<_> = taken.iter().map(Method::as_str).collect();
            wanted.sort_unstable();
            assert_eq!(allowed, wanted, "{method} {path}");
        }
        let slash = bare(&world, &taken[0], &format!("{path}/")).await;
        assert_eq!(slash.status, 404, "{path}/ is no other name of it, and no redirect");
    }
}

#[tokio::test]
async fn a_repeated_parameter_is_refused_everywhere() {
    let world = World::new().await;
    world.add_confidential_app("service", AuthMethod::ClientSecretBasic, "secret").await;
    let service = basic("service", "secret");
    let browser = world.browser();
    browser.sign_up(&Key::named("ada")).await;
    let code = browser.code(&[]).await;
    let reported = "400 invalid_request: parameters must not be repeated";
    let form = format!(
        "grant_type=authorization_code&code={code}&redirect_uri=https%3A%2F%2Fapp.example.org%2Fcallback&client_id={APP}\
         &code_verifier={VERIFIER}"
    );
    for name in ["grant_type", "code", "redirect_uri", "client_id", "code_verifier", "state", "%67rant_type", "x"] {
        let value = form.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}="))).unwrap_or("1");
        let more = if ["state", "x"].contains(&name) { format!("&{name}={value}") } else { String::new() };
        let answer = world.post_body(TOKEN, FORM, format!("{form}{more}&{name}={value}")).await;
        assert_eq!(answer.error(), reported, "{name}");
    }
    let json =
        format!(r#"{{"grant_type":"authorization_code","code":"{code}","client_id":"{APP}","client_id":"{APP}"}}"#);
    assert_eq!(world.post_body(TOKEN, JSON, json).await.error(), reported);
    for path in [REVOKE, INTROSPECT] {
        let answer = world.post_form(path, &[("token", "a"), ("token", "b")], &[("authorization", &service)]).await;
        assert_eq!(answer.error(), reported);
    }
    // Nothing of this touched the code.
    assert_eq!(world.post_body(TOKEN, FORM, form).await.status, 200);
    for name in ["client_id", "redirect_uri"] {
        let value = if name == "client_id" { APP } else { REDIRECT };
        let answer = browser.get(&format!("{}&{name}={value}", Browser::request(&[]))).await;
        assert!(answer.location().starts_with("/error?error=invalid_request"), "{}", answer.location());
    }
    let interaction = browser.authorize(&[("prompt", "consent")]).await.param("interaction").unwrap();
    for path in [CONSENT, CONTINUE] {
        let twice = [
            ("interaction", interaction.as_str()),
            ("accept", "false"),
            ("accept", "true"),
            ("account", "current"),
            ("account", "other"),
        ];
        let page = browser.post_form(path, &twice).await;
        assert!(page.status == 400 && page.body.contains("invalid_request"), "{path}: {}", page.body);
    }
}

#[tokio::test]
async fn a_body_of_another_type_is_refused() {
    let world = World::new().await;
    let browser = world.browser();
    browser.sign_up(&Key::named("ada")).await;
    let body = format!("grant_type=client_credentials&client_id={APP}");
    for kind in [
        "text/plain",
        "multipart/form-data; boundary=x",
        "application/jsonp",
        "application/x-www-form-urlencoded, application/json",
        "application/xml",
        "x",
        "",
    ] {
        for path in [TOKEN, "/token", REVOKE, INTROSPECT, AUTHORIZE, END_SESSION, CONSENT, CONTINUE] {
            let request = Request::post(path).header("content-type", kind).header("origin", "https://id.example.org");
            let answer = browser.send(request, body.clone()).await;
            assert_eq!(answer.status, 415, "{path} {kind:?}: {}", answer.body);
            assert!(answer.error().starts_with("415 invalid_request: the body must be "), "{}", answer.body);
        }
    }
    for kind in ["application/x-www-form-urlencoded; charset=UTF-8", "APPLICATION/X-WWW-FORM-URLENCODED"] {
        let answer = world.post_body(TOKEN, kind, body.clone()).await;
        assert_eq!(answer.error(), "400 unauthorized_client: the client may not use this grant_type");
    }
}

#[tokio::test]
async fn a_body_over_64_kib_is_refused_and_one_below_is_read() {
    let world = World::new().await;
    let filler =
        |length: usize| format!("client_id={APP}&x={}", "x".repeat(length - "client_id=&x=".len() - APP.len()));
    for path in [TOKEN, REVOKE, INTROSPECT, USERINFO, AUTHORIZE, END_SESSION] {
        let answer = world.post_body(path, FORM, filler(65_537)).await;
        assert_eq!(answer.error(), "413 invalid_request: The body is larger than 65536 bytes", "{path}");
        let answer = world.post_body(path, FORM, filler(65_536)).await;
        assert!(answer.status != 413 && answer.status.as_u16() < 500, "{path}: {}", answer.status);
    }
}

#[tokio::test]
async fn ten_thousand_names_cost_no_more_than_their_bytes() {
    let world = World::new().await;
    let body: String = (0..10_000).fold(String::new(), |body, number| body + &format!("{number:x}&"));
    for _ in 0..20 {
        let answer = world.post_body(TOKEN, FORM, body.clone()).await;
        assert_eq!(answer.error(), "400 invalid_request: Missing client_id in request body");
    }
}

#[tokio::test]
async fn a_text_with_nul_and_a_body_that_is_no_text_are_refused() {
    let world = World::new().await;
    world.add_confidential_app("service", AuthMethod::ClientSecretPost, "secret").await;
    let browser = world.browser();
    browser.sign_up(&Key::named("ada")).await;
    let mut seen = String::new();
    let names =
        ["grant_type", "code", "redirect_uri", "client_id", "code_verifier", "refresh_token", "scope", "resource", "x"];
    for path in [TOKEN, REVOKE, INTROSPECT] {
        for name in names {
            for body in [format!("{name}=a%00b"), format!("{name}%00=a"), format!("{name}=a\0b")] {
                let answer = world.post_body(path, FORM, body).await;
                assert_eq!(answer.error(), "400 invalid_request: parameters must not hold NUL", "{path} {name}");
            }
        }
        let nul = world.post_body(path, JSON, r#"{"client_id":"a\u0000b"}"#).await;
        assert_eq!(nul.error(), "400 invalid_request: parameters must not hold NUL");
        for (what, kind, body) in [
            ("bytes in a form", FORM, b"client_id=\xff\xfe".to_vec()),
            ("bytes in JSON", JSON, b"{\"client_id\":\"\xff\"}".to_vec()),
            ("half a character", FORM, b"client_id=\xc3".to_vec()),
            ("no JSON", JSON, b"{".to_vec()),
            ("two values", JSON, b"{}{}".to_vec()),
            ("a list", JSON, b"[]".to_vec()),
            ("a text", JSON, b"\"client_id\"".to_vec()),
            ("null", JSON, b"null".to_vec()),
            ("an object inside", JSON, br#"{"client_id":{"a":1}}"#.to_vec()),
            ("a list inside", JSON, br#"{"client_id":["a"]}"#.to_vec()),
            ("a list of numbers", JSON, br#"{"resource":[1]}"#.to_vec()),
            ("a half surrogate", JSON, br#"{"client_id":"\ud800"}"#.to_vec()),
            ("ten thousand brackets", JSON, "[".repeat(10_000).into_bytes()),
            ("nothing", FORM, Vec::new()),
            ("nothing in JSON", JSON, Vec::new()),
            ("an empty object", JSON, b"{}".to_vec()),
            ("null inside", JSON, br#"{"client_id":null}"#.to_vec()),
            ("bytes that a form encodes", FORM, b"client_id=%ff%fe".to_vec()),
        ] {
            let reported = world.post_body(path, kind, body).await.error();
            if path == TOKEN {
                writeln!(seen, "{what}: {reported}").unwrap();
            }
            assert!(reported.starts_with('4'), "{path} {what}: {reported}");
        }
    }
    insta::assert_snapshot!(seen);
    for name in
        ["client_id", "redirect_uri", "state", "nonce", "scope", "login_hint", "bap_id", "resource", "interaction"]
    {
        let answer = browser.get(&Browser::request(&[(name, "a\u{0}b")])).await;
        assert_eq!(answer.status, 303, "{name}: {}", answer.body);
    }
    for path in ["/api/auth/oauth2/authorize", "/login", "/consent", "/signup", "/select-account"] {
        let answer = browser.get(&format!("{path}?interaction=a%00b")).await;
        assert!(answer.status.as_u16() < 500, "{path}: {}", answer.body);
    }
    for name in ["id_token_hint", "client_id", "post_logout_redirect_uri", "state"] {
        let answer = browser.get(&format!("{END_SESSION}?{name}=a%00b")).await;
        assert_eq!(answer.status, 200, "{name}: {}", answer.body);
    }
    for (path, body) in [
        (CONSENT, json!({"accept": true, "oauth_query": "interaction=a%00b"})),
        (CONTINUE, json!({"postLogin": true, "oauth_query": "interaction=a%00b"})),
    ] {
        let answer = browser.post_json(path, &body).await;
        assert_eq!(answer.error(), "400 invalid_request: the interaction has ended");
    }
    let interaction = browser.authorize(&[("prompt", "consent")]).await.param("interaction").unwrap();
    let nul = [("interaction", interaction.as_str()), ("accept", "true"), ("bap_id", "a\u{0}b"), ("scope", "a\u{0}b")];
    assert_eq!(browser.post_form(CONSENT, &nul).await.status, 400);
}

#[tokio::test]
async fn json_says_the_same_as_a_form() {
    let world = World::new().await;
    let browser = world.browser();
    browser.sign_up(&Key::named("ada")).await;
    let code = browser.code(&[]).await;
    let body = json!({"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT, "client_id": APP,
        "code_verifier": VERIFIER, "state": null, "a number": 1, "a truth": true});
    let answer = world.post_body(TOKEN, JSON, body.to_string()).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
}

#[tokio::test]
async fn an_unknown_or_disabled_app_gets_nothing() {
    let world = World::new().await;
    let browser = world.browser();
    browser.sign_up(&Key::named("ada")).await;
    let tokens = browser.tokens("openid offline_access").await;
    let text = |name: &str| tokens[name].as_str().unwrap();
    let code = browser.code(&[]).await;
    world.change_app(APP, |app| app.disabled = true).await;
    let off = "401 invalid_client: OAuth client is disabled";
    assert_eq!(world.exchange(&code, &[]).await.error(), off);
    assert_eq!(world.refresh(text("refresh_token"), &[]).await.error(), off);
    assert_eq!(world.post_form(REVOKE, &[("token", "x"), ("client_id", APP)], &[]).await.error(), off);
    assert_eq!(world.userinfo_status(text("access_token")).await, 401);
    let shown = browser.authorize(&[]).await;
    assert_eq!(
        (shown.location().split('?').next(), shown.sent_error().as_str()),
        (Some("/error"), "client_disabled: client is disabled")
    );
    let page = browser.get(shown.location()).await;
    assert!(page.status == 400 && page.body.contains("disabled"));
    world.change_app(APP, |app| app.disabled = false).await;
    assert_eq!(world.exchange(&code, &[]).await.status, 200, "nothing was spent");
    for id in ["nobody", "PLAYGROUND", "playground ", "<b>", &"x".repeat(10_000), "sigma"] {
        let answer = world.exchange("x", &[("client_id", id)]).await;
        let shown: String = id.chars().filter(|letter| *letter != '"').take(80).collect();
        assert_eq!(answer.error(), format!("401 invalid_client: OAuth client not registered: {shown}"));
        let answer = browser.authorize(&[("client_id", id)]).await;
        assert!(answer.location().starts_with("/error?error=invalid_client"), "{}", answer.location());
    }
    for kind in ["password", "implicit", "urn:ietf:params:oauth:grant-type:device", "<b>\"", &"x".repeat(10_000)] {
        let answer = world.exchange("x", &[("grant_type", kind)]).await;
        assert!(answer.error().starts_with("400 unsupported_grant_type: Unsupported grant_type: "), "{}", answer.body);
        assert!(answer.body.len() < 1_000);
    }
    assert_eq!(world.exchange("x", &[("grant_type", "")]).await.error(), "400 invalid_request: grant_type is required");
}

#[tokio::test]
async fn very_long_values_cause_no_server_error() {
    let world = World::new().await;
    world.add_confidential_app("service", AuthMethod::ClientSecretBasic, "secret").await;
    let service = basic("service", "secret");
    let browser = world.browser();
    browser.sign_up(&Key::named("ada")).await;
    browser.code(&[]).await;
    let long = "x".repeat(60_000);
    let names = [
        "client_id",
        "redirect_uri",
        "state",
        "scope",
        "nonce",
        "login_hint",
        "claims",
        "resource",
        "bap_id",
        "id_token_hint",
        "acr_values",
        "prompt",
        "max_age",
        "code_challenge",
        "unknown",
    ];
    for name in names {
        let answer = browser.authorize(&[(name, &long)]).await;
        assert!([303, 400].contains(&answer.status.as_u16()), "{name}: {}", answer.body);
        let request = Browser::request(&[(name, &long)]);
        // What would have to be stored for a stranger is refused here, what cannot be answered well by a redirect.
        let answer = world.post_body(AUTHORIZE, FORM, request.split_once('?').unwrap().1.to_owned()).await;
        assert!([303, 400].contains(&answer.status.as_u16()), "{name}: {}", answer.body);
    }
    for name in ["code", "redirect_uri", "client_id", "code_verifier", "scope", "resource"] {
        let status = world.exchange("x", &[(name, &long)]).await.status.as_u16();
        assert!((400..500).contains(&status), "{name}: {status}");
    }
    for path in [REVOKE, INTROSPECT] {
        let answer = world.post_form(path, &[("token", &long)], &[("authorization", &service)]).await;
        assert_eq!(answer.status, 200);
    }
    // What is taken is given back whole, in a token that can be made.
    for letter in ["n", "\u{1}", "\"", "\u{1F600}"] {
        let nonce = letter.repeat(1_024 / letter.len());
        let code = browser.code(&[("nonce", &nonce)]).await;
        let tokens = world.exchange(&code, &[]).await.json();
        assert_eq!(crate::support::forge::claims(tokens["id_token"].as_str().unwrap())["nonce"], nonce);
    }
}

/// Values that mean something somewhere, and others.
fn value() -> impl Strategy<Value = String> {
    let known = [
        "",
        APP,
        "service",
        "nobody",
        REDIRECT,
        "https://evil.example/",
        "//evil.example",
        "javascript:alert(1)",
        "code",
        "none",
        "login",
        "consent",
        "none login",
        "form_post",
        "query",
        "S256",
        "plain",
        CHALLENGE,
        VERIFIER,
        "openid",
        "openid profile offline_access",
        "0",
        "-1",
        "{}",
        r#"{"userinfo":{"email":null}}"#,
        "authorization_code",
        "refresh_token",
        "client_credentials",
        "a\u{0}b",
        "true",
        "\r\nx: y",
        "https://app.example.org/callback?x=1",
    ];
    prop_oneof![
        6 => proptest::sample::select(known.to_vec()).prop_map(str::to_owned),
        1 => "[ -~]{0,20}",
        1 => ".{0,8}",
    ]
}

fn params() -> impl Strategy<Value = Vec<(String, String)>> {
    let names = [
        "client_id",
        "redirect_uri",
        "response_type",
        "response_mode",
        "scope",
        "state",
        "nonce",
        "prompt",
        "max_age",
        "code_challenge",
        "code_challenge_method",
        "claims",
        "resource",
        "id_token_hint",
        "login_hint",
        "request",
        "request_uri",
        "interaction",
        "bap_id",
        "grant_type",
        "code",
        "code_verifier",
        "refresh_token",
        "token",
        "client_secret",
        "client_assertion",
        "client_assertion_type",
        "access_token",
        "post_logout_redirect_uri",
        "provider",
        "accept",
        "confirm",
        "oauth_query",
        "account",
    ];
    let name = prop_oneof![9 => proptest::sample::select(names.to_vec()).prop_map(str::to_owned), 1 => "[a-z_]{0,6}"];
    proptest::collection::vec((name, value()), 0..8)
}

#[test]
fn random_parameters_cause_neither_server_errors_nor_open_redirects() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let world = runtime.block_on(async {
        let world = World::new().await;
        world.add_confidential_app("service", AuthMethod::ClientSecretPost, "secret").await;
        world
    });
    let browser = world.browser();
    runtime.block_on(async {
        browser.sign_up(&Key::named("ada")).await;
        browser.code(&[]).await;
    });
    let usual = [
        ("client_id", APP),
        ("redirect_uri", REDIRECT),
        ("response_type", "code"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    let mut runner = TestRunner::new(Config { cases: 192, failure_persistence: None, ..Config::default() });
    let strategy = (params(), proptest::bool::ANY, proptest::sample::select(ENDPOINTS.as_slice()));
    let outcome = runner.run(&strategy, |(mut params, valid, (path, methods))| {
        if valid {
            let missing: Vec<_> =
                usual.iter().filter(|(name, _)| params.iter().all(|(known, _)| known != name)).collect();
            params.extend(missing.into_iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        }
        let pairs: Vec<_> = params.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let query = crate::support::query(&pairs);
        for method in methods {
            let answer = runtime.block_on(async {
                if *method == Method::GET {
                    browser.get(&format!("{path}?{query}")).await
                } else {
                    browser.post_form(path, &pairs).await
                }
            });
            prop_assert!(answer.status.as_u16() < 500, "{} {}: {} {}", method, path, answer.status, answer.body);
            let to = answer.location();
            let ours = to.is_empty() || (to.starts_with('/') && !to.starts_with("//"));
            let registered = [REDIRECT, "https://app.example.org/bye"];
            let theirs = registered.iter().any(|uri| to == *uri || to.starts_with(&format!("{uri}?")));
            prop_assert!(ours || theirs, "{} {} went to {}", method, path, to);
            prop_assert!(!answer.headers.contains_key("x"), "no value becomes a header");
        }
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}
