//! OpenID Connect: rulings 11, 12, 14 to 17 and 19.

use std::fmt::Write as _;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sigma_core::app::{ApplicationType, AuthMethod};
use sigma_core::digest::Digest;
use sigma_core::ids::ClientId;
use sigma_core::jose::{Algorithm, TokenKind};
use sigma_core::redirect::RegisteredRedirectUris;

use crate::support::client::{ISSUER, TOKEN, app_key, basic};
use crate::support::forge::{claims, header, with};
use crate::support::{APP, Answer, Browser, CHALLENGE, Key, REDIRECT, VERIFIER, World};

async fn ada(world: &World) -> Browser<'_> {
    let browser = world.browser();
    assert_eq!(browser.sign_up(&Key::named("ada")).await.status, 200);
    browser
}

/// Where an answer leads: to the app with a code or an error, or to a page of ours.
fn leads(answer: &Answer) -> String {
    if answer.param("code").is_some() {
        return "code".to_owned();
    }
    if answer.location().starts_with('/') && answer.param("error").is_none() {
        return answer.location().split('?').next().unwrap().to_owned();
    }
    answer.sent_error()
}

/// Checks a signature with the published keys and none of our own code.
fn verify_independently(jwks: &Value, token: &str) -> bool {
    let head = header(token);
    let bytes = |value: &Value| URL_SAFE_NO_PAD.decode(value.as_str().unwrap()).unwrap();
    let key = jwks["keys"].as_array().unwrap().iter().find(|key| key["kid"] == head["kid"]).unwrap();
    assert_eq!(key["alg"], head["alg"]);
    let (message, signature) = token.rsplit_once('.').unwrap();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    match head["alg"].as_str().unwrap() {
        "RS256" => RsaPublicKeyComponents { n: bytes(&key["n"]), e: bytes(&key["e"]) }
            .verify(&RSA_PKCS1_2048_8192_SHA256, message.as_bytes(), &signature)
            .is_ok(),
        "ES256" => {
            let point = [&[4][..], &bytes(&key["x"]), &bytes(&key["y"])].concat();
            UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message.as_bytes(), &signature).is_ok()
        }
        "EdDSA" => UnparsedPublicKey::new(&ED25519, bytes(&key["x"])).verify(message.as_bytes(), &signature).is_ok(),
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn id_tokens_are_signed_as_the_app_registered_and_access_tokens_with_es256() {
    let world = World::new().await;
    let browser = ada(&world).await;
    for algorithm in Algorithm::ALL {
        world.change_app(APP, |app| app.id_token_alg = algorithm).await;
        let tokens = browser.tokens("openid profile").await;
        let (id, access) = (tokens["id_token"].as_str().unwrap(), tokens["access_token"].as_str().unwrap());
        let jwks = world.browser().get("/.well-known/jwks.json").await.json();
        for (token, alg, typ) in [(id, algorithm.as_str(), "JWT"), (access, "ES256", "at+jwt")] {
            let head = header(token);
            assert_eq!((head["alg"].as_str(), head["typ"].as_str()), (Some(alg), Some(typ)));
            assert!(verify_independently(&jwks, token), "{alg}");
            let tampered = token.replacen(".eyJ", ".eyK", 1);
            assert!(!verify_independently(&jwks, &tampered), "{alg}");
        }
        let half = |digest: &[u8]| URL_SAFE_NO_PAD.encode(&digest[..digest.len() / 2]);
        let wanted = match algorithm {
            Algorithm::EdDSA => half(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA512, access.as_bytes()).as_ref()),
            Algorithm::RS256 | Algorithm::ES256 => half(Digest::of(access).as_bytes()),
        };
        assert_eq!(claims(id)["at_hash"], wanted, "{algorithm}");
    }
}

#[tokio::test]
async fn an_id_token_says_when_and_how_the_person_signed_in() {
    let world = World::new().await;
    let browser = ada(&world).await;
    let signed_in_at = world.now().seconds();
    browser.code(&[]).await;
    world.advance(1_000);
    let code = browser.code(&[("nonce", "n-0S6_WzA2Mj"), ("max_age", "2000")]).await;
    let tokens = world.exchange(&code, &[]).await.json();
    let id = claims(tokens["id_token"].as_str().unwrap());
    assert!((id["auth_time"].as_i64().unwrap() - signed_in_at).abs() <= 1);
    assert_eq!(id["iat"], world.now().seconds());
    insta::assert_json_snapshot!(id, {
        ".sub" => "[user]", ".sid" => "[session]", ".at_hash" => "[hash]",
    });
}

#[tokio::test]
async fn pkce_is_required_of_whoever_cannot_keep_a_secret_and_enforced_when_sent() {
    let world = World::new().await;
    let app = |id: &'static str, method, kind, require| {
        world.add_app(move |app| {
            app.client_id = ClientId::from_text(id);
            app.auth_method = method;
            app.application_type = kind;
            app.require_pkce = require;
            app.secret = Some(Digest::of("secret"));
            app.pubkey = Some(Key::named("app").0.public_key());
            app.jwks = Some(crate::support::client::key_set(&[&app_key()]));
        })
    };
    let (web, native) = (ApplicationType::Web, ApplicationType::Native);
    app("public", AuthMethod::None, web, false).await;
    app("native", AuthMethod::ClientSecretBasic, native, false).await;
    app("bitcoin", AuthMethod::SigmaBitcoinAuth, web, false).await;
    app("basic", AuthMethod::ClientSecretBasic, web, false).await;
    app("post", AuthMethod::ClientSecretPost, web, false).await;
    app("jwt", AuthMethod::PrivateKeyJwt, web, false).await;
    app("strict", AuthMethod::ClientSecretBasic, web, true).await;
    let browser = ada(&world).await;
    let mut seen = String::new();
    for id in ["public", "native", "bitcoin", "basic", "post", "jwt", "strict"] {
        let answer =
            browser.authorize(&[("client_id", id), ("code_challenge", ""), ("code_challenge_method", "")]).await;
        writeln!(seen, "{id}: {}", leads(&answer)).unwrap();
    }
    let short = &CHALLENGE[1..];
    for (what, change) in [
        ("plain", [("code_challenge", VERIFIER), ("code_challenge_method", "plain")]),
        ("s256", [("code_challenge", CHALLENGE), ("code_challenge_method", "s256")]),
        ("no method", [("code_challenge", CHALLENGE), ("code_challenge_method", "")]),
        ("no challenge", [("code_challenge", ""), ("code_challenge_method", "S256")]),
        ("42 characters", [("code_challenge", short), ("code_challenge_method", "S256")]),
        ("padded", [("code_challenge", &format!("{short}=")), ("code_challenge_method", "S256")]),
    ] {
        let answer = browser.authorize(&change).await;
        writeln!(seen, "{what}: {}", leads(&answer)).unwrap();
    }
    let redeem = async |challenge: bool, verifier: &str| {
        let pair = [("client_id", "basic"), ("code_challenge", ""), ("code_challenge_method", "")];
        let code = browser.code(if challenge { &pair[..1] } else { &pair }).await;
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", REDIRECT),
            ("code_verifier", verifier),
        ];
        let authorization = basic("basic", "secret");
        let form = if verifier.is_empty() { &form[..3] } else { &form };
        let answer = world.post_form(TOKEN, form, &[("authorization", &authorization)]).await;
        if answer.status == 200 { "200".to_owned() } else { answer.error() }
    };
    for (challenge, verifier) in
        [(true, VERIFIER), (true, ""), (true, CHALLENGE), (false, ""), (false, VERIFIER), (false, "short")]
    {
        let told = redeem(challenge, verifier).await;
        writeln!(seen, "challenge {challenge}, verifier {verifier:?}: {told}").unwrap();
    }
    insta::assert_snapshot!(seen);
}

#[tokio::test]
async fn every_answer_to_the_app_has_its_state_exactly_and_the_issuer() {
    let world = World::new().await;
    let browser = ada(&world).await;
    browser.code(&[]).await;
    let long = "s".repeat(20_000);
    for state in ["x", "a b+c%20d&e=f#g", "ünï\u{1F600}", "\"<script>'", " ", "\r\nSet-Cookie: a=b", &long] {
        for extra in [("scope", "openid profile"), ("response_type", "token"), ("prompt", "none login")] {
            let answer = browser.authorize(&[("state", state), extra]).await;
            assert_eq!(answer.status, 303);
            assert_eq!(answer.param("state").as_deref(), Some(state));
            assert_eq!(answer.param("iss").as_deref(), Some(ISSUER));
            let form = browser.authorize(&[("state", state), extra, ("response_mode", "form_post")]).await;
            assert_eq!(form.status, 200);
            assert!(form.body.contains(&format!(r#"name="iss" value="{ISSUER}""#)), "{}", form.body);
            assert!(!form.body.contains("<script>'"), "the state is escaped");
        }
    }
    let empty = browser.get(&format!("{}&state=", Browser::request(&[("state", "")]))).await;
    assert_eq!((leads(&empty).as_str(), empty.param("state").as_deref()), ("code", Some("")));
    let absent = browser.authorize(&[("state", "")]).await;
    assert_eq!((leads(&absent).as_str(), absent.param("state")), ("code", None));
}

#[tokio::test]
async fn what_the_app_asks_wrongly_goes_back_to_it() {
    let world = World::new().await;
    world.change_app(APP, |app| app.grant_types.clear()).await;
    let browser = ada(&world).await;
    assert_eq!(leads(&browser.authorize(&[]).await), "unauthorized_client: the client may not use authorization_code");
    world.change_app(APP, |app| app.grant_types = sigma_core::app::GrantType::ALL.to_vec()).await;
    browser.code(&[]).await;
    let long = "n".repeat(1_025);
    let mut seen = String::new();
    for (name, value) in [
        ("response_type", ""),
        ("response_type", "token"),
        ("response_type", "code id_token"),
        ("response_type", "<b>\"\\\u{e9}"),
        ("response_mode", "fragment"),
        ("prompt", "none login"),
        ("prompt", "none nonsense"),
        ("prompt", "nonsense"),
        ("max_age", "-1"),
        ("max_age", "soon"),
        ("max_age", "99999999999"),
        ("request", "eyJ"),
        ("request_uri", "https://app.example.org/request"),
        ("request_uri", "urn:ietf:params:oauth:request_uri:x"),
        ("claims", "[]"),
        ("claims", "{"),
        ("provider", "facebook"),
        ("provider", "github"),
        ("id_token_hint", "x"),
        ("nonce", &long),
        ("nonce", &long[1..]),
        ("resource", "https://nobody.example.org/"),
        ("display", "popup"),
        ("ui_locales", "de en"),
        ("claims_locales", "de"),
        ("acr_values", "2 1"),
        ("login_hint", "ada@example.org"),
        ("unknown", "anything"),
        ("scope", "openid unknown admin"),
        ("scope", "unknown"),
        ("state", "a\u{0}b"),
        ("unknown", "a\u{0}b"),
    ] {
        let shown: String = value.chars().take(40).collect();
        writeln!(seen, "{name}={shown:?}: {}", leads(&browser.authorize(&[(name, value)]).await)).unwrap();
    }
    for (name, value) in
        [("scope", "openid"), ("nonce", "x"), ("state", "y"), ("unknown", "z"), ("response_type", "code")]
    {
        let query = format!("{}&{name}={value}&{name}={value}", Browser::request(&[(name, "")]));
        writeln!(seen, "{name} twice: {}", leads(&browser.get(&query).await)).unwrap();
    }
    insta::assert_snapshot!(seen);
}

#[tokio::test]
async fn unknown_scopes_are_ignored_and_what_was_granted_is_told() {
    let world = World::new().await;
    let browser = ada(&world).await;
    for (asked, granted) in [
        ("openid unknown profile", "openid profile"),
        ("profile  openid openid", "profile openid"),
        ("OPENID email", "email"),
        ("sigma:backup openid", "openid"),
    ] {
        let code = browser.code(&[("scope", asked)]).await;
        assert_eq!(world.exchange(&code, &[]).await.json()["scope"], granted, "{asked}");
    }
    // Nothing is left: as if nothing had been asked for, and that is what the person is shown.
    let other = world.browser();
    other.sign_up(&Key::named("bob")).await;
    for asked in ["", "unknown"] {
        let answer = other.authorize(&[("scope", asked), ("prompt", "consent")]).await;
        let page = other.get(answer.location()).await;
        assert!(page.body.contains(r#"data-scope="openid""#) && page.body.contains(r#"data-scope="profile""#));
        let code = other.code(&[("scope", asked), ("prompt", "consent")]).await;
        assert_eq!(world.exchange(&code, &[]).await.json()["scope"], "openid profile");
    }
    world
        .change_app(APP, |app| app.grant_types.retain(|grant| *grant != sigma_core::app::GrantType::RefreshToken))
        .await;
    let code = browser.code(&[("scope", "openid offline_access")]).await;
    let tokens = world.exchange(&code, &[]).await.json();
    assert_eq!((&tokens["scope"], tokens.get("refresh_token")), (&json!("openid"), None));
}

#[tokio::test]
async fn the_query_of_the_registered_address_is_kept() {
    let world = World::new().await;
    let uris = ["https://app.example.org/cb?tenant=a%20b&x=", "https://app.example.org/cb?"];
    world.change_app(APP, |app| app.redirect_uris = RegisteredRedirectUris::from_stored(uris.map(str::to_owned))).await;
    let browser = ada(&world).await;
    for uri in uris {
        let separator = if uri.ends_with('?') { "" } else { "&" };
        let refused = browser.authorize(&[("redirect_uri", uri), ("response_type", "x")]).await;
        assert!(refused.location().starts_with(&format!("{uri}{separator}error=")), "{}", refused.location());
        let code = browser.code(&[("redirect_uri", uri)]).await;
        let answer = browser.authorize(&[("redirect_uri", uri)]).await;
        assert!(answer.location().starts_with(&format!("{uri}{separator}code=")), "{}", answer.location());
        assert_eq!(world.exchange(&code, &[("redirect_uri", uri)]).await.status, 200);
    }
}

#[tokio::test]
async fn on_loopback_the_port_alone_may_differ_and_only_for_native_apps() {
    let world = World::new().await;
    let uris = ["http://127.0.0.1/cb", "http://[::1]:8000/cb", "http://localhost:3000/cb"];
    let uris = RegisteredRedirectUris::from_stored(uris.map(str::to_owned));
    world
        .change_app(APP, |app| {
            app.application_type = ApplicationType::Native;
            app.redirect_uris = uris.clone();
            app.post_logout_redirect_uris = uris;
        })
        .await;
    let browser = ada(&world).await;
    for uri in ["http://127.0.0.1:51004/cb", "http://[::1]:1/cb", "http://localhost/cb", "http://127.0.0.1/cb"] {
        let code = browser.code(&[("redirect_uri", uri)]).await;
        // The token request names the very address of the authorization request.
        let other = world.exchange(&code, &[("redirect_uri", "http://127.0.0.1:9/cb")]).await;
        assert_eq!(other.error(), "400 invalid_grant: redirect_uri mismatch");
        let code = browser.code(&[("redirect_uri", uri)]).await;
        assert_eq!(world.exchange(&code, &[("redirect_uri", uri)]).await.status, 200, "{uri}");
    }
    for uri in [
        "https://127.0.0.1/cb",
        "http://127.0.0.1:51004/cb/",
        "http://127.0.0.1:51004/CB",
        "http://127.0.0.2:51004/cb",
        "http://127.0.0.1:0x50/cb",
        "http://127.0.0.1:99999/cb",
        "http://127.0.0.1:80@evil.example/cb",
        "http://127.0.0.1.evil.example/cb",
        "http://localhost.evil.example/cb",
        "http://user@localhost/cb",
        "http://[::1]:8000/cb?x=1",
        "http://[::2]:8000/cb",
        "http://0.0.0.0/cb",
    ] {
        let answer = browser.authorize(&[("redirect_uri", uri)]).await;
        assert_eq!(leads(&answer), "invalid_redirect: invalid redirect uri", "{uri}");
        assert!(answer.location().starts_with("/error?"), "{uri}");
    }
    let native = "http://127.0.0.1:51004/cb";
    let tokens = world.exchange(&browser.code(&[("redirect_uri", native)]).await, &[("redirect_uri", native)]).await;
    let hint = tokens.json()["id_token"].as_str().unwrap().to_owned();
    let sign_out = async |uri: &str| {
        let query = crate::support::query(&[("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", uri)]);
        browser.get(&format!("/api/auth/oauth2/end-session?{query}")).await.location().to_owned()
    };
    world.change_app(APP, |app| app.application_type = ApplicationType::Web).await;
    for other in
        [native, "http://127.0.0.1:1/cb", "http://[::1]/cb", "http://localhost/cb", "http://localhost:30000/cb"]
    {
        let answer = browser.authorize(&[("redirect_uri", other)]).await;
        assert_eq!(leads(&answer), "invalid_redirect: invalid redirect uri", "{other}");
        assert_eq!(sign_out(other).await, "", "asked, and sent nowhere: {other}");
    }
    assert!(leads(&browser.authorize(&[("redirect_uri", "http://localhost:3000/cb")]).await).starts_with("/consent"));
    world.change_app(APP, |app| app.application_type = ApplicationType::Native).await;
    assert_eq!(sign_out(native).await, native);
}

#[tokio::test]
async fn each_prompt_asks_what_it_says() {
    let world = World::new().await;
    let browser = world.browser();
    let mut seen = String::new();
    let prompts =
        ["", "none", "login", "consent", "select_account", "create", "login consent", "select_account consent"];
    for prompt in prompts {
        let line = leads(&browser.authorize(&[("prompt", prompt)]).await);
        writeln!(seen, "signed out, {prompt:?}: {line}").unwrap();
    }
    browser.sign_up(&Key::named("ada")).await;
    world.advance(1);
    for prompt in prompts {
        let line = leads(&browser.authorize(&[("prompt", prompt)]).await);
        writeln!(seen, "signed in, {prompt:?}: {line}").unwrap();
    }
    browser.code(&[]).await;
    for prompt in prompts {
        let line = leads(&browser.authorize(&[("prompt", prompt)]).await);
        writeln!(seen, "consented, {prompt:?}: {line}").unwrap();
    }
    let more = browser.authorize(&[("prompt", "none"), ("scope", "openid profile email")]).await;
    writeln!(seen, "more scope, \"none\": {}", leads(&more)).unwrap();
    insta::assert_snapshot!(seen);
}

#[tokio::test]
async fn consent_is_asked_again_though_it_was_given() {
    let world = World::new().await;
    let browser = ada(&world).await;
    browser.code(&[]).await;
    world.advance(1);
    let asked = browser.authorize(&[("prompt", "consent")]).await;
    assert_eq!(leads(&asked), "/consent");
    let interaction = asked.param("interaction").unwrap();
    let resume = format!("/api/auth/oauth2/authorize?interaction={interaction}");
    assert_eq!(leads(&browser.get(&resume).await), "/consent", "asking again changes nothing");
    let form = [("interaction", interaction.as_str()), ("accept", "true")];
    assert_eq!(leads(&browser.post_form("/api/auth/oauth2/consent", &form).await), "code");
}

#[tokio::test]
async fn an_account_is_chosen_within_the_request() {
    let world = World::new().await;
    let browser = ada(&world).await;
    browser.code(&[]).await;
    world.advance(1);
    let asked = browser.authorize(&[("prompt", "select_account")]).await;
    let interaction = asked.param("interaction").unwrap();
    let choose = async |account: &str| {
        let form = [("interaction", interaction.as_str()), ("account", account)];
        browser.post_form("/api/auth/oauth2/continue", &form).await
    };
    let other = choose("other").await;
    assert!(other.location().starts_with("/login?interaction="), "{}", other.location());
    let current = choose("current").await;
    assert_eq!(leads(&browser.get(current.location()).await), "code");
    // Whoever signs in anew has chosen; their consent is their own.
    let asked = browser.authorize(&[("prompt", "select_account")]).await;
    browser.sign_up(&Key::named("bob")).await;
    let interaction = asked.param("interaction").unwrap();
    let resumed = browser.get(&format!("/api/auth/oauth2/authorize?interaction={interaction}")).await;
    assert_eq!(leads(&resumed), "/consent");
}

#[tokio::test]
async fn max_age_is_met_by_a_young_or_a_new_authentication_alone() {
    let world = World::new().await;
    let (browser, key) = (world.browser(), Key::named("ada"));
    browser.sign_up(&key).await;
    browser.code(&[]).await;
    let asked = async |max_age: &str, prompt: &str| {
        leads(&browser.authorize(&[("max_age", max_age), ("prompt", prompt)]).await)
    };
    world.advance(100);
    assert_eq!(asked("100", "").await, "code");
    assert_eq!(asked("", "").await, "code");
    assert_eq!(asked("99", "").await, "/login");
    assert_eq!(asked("99", "none").await, "login_required: the user is not signed in");
    assert_eq!(asked("0", "").await, "/login");
    assert_eq!(asked("0", "none").await, "login_required: the user is not signed in");
    let ask = browser.authorize(&[("max_age", "0")]).await;
    let resume = format!("/api/auth/oauth2/authorize?interaction={}", ask.param("interaction").unwrap());
    assert_eq!(leads(&browser.get(&resume).await), "/login");
    world.advance(5);
    browser.sign_in(&key).await;
    world.advance(5);
    let answer = browser.get(&resume).await;
    let tokens = world.exchange(&answer.param("code").unwrap(), &[]).await.json();
    let id = claims(tokens["id_token"].as_str().unwrap());
    assert_eq!(
        id["auth_time"].as_i64().unwrap(),
        world.now().seconds() - 5,
        "the new authentication, in the same session"
    );
    assert_eq!(asked("5", "none").await, "code");
}

#[tokio::test]
async fn the_hint_names_who_must_answer() {
    let world = World::new().await;
    world.add_app(|app| app.client_id = ClientId::from_text("other")).await;
    let (browser, bob) = (ada(&world).await, world.browser());
    bob.sign_up(&Key::named("bob")).await;
    let hint = browser.tokens("openid profile").await["id_token"].as_str().unwrap().to_owned();
    let of_bob = bob.tokens("openid profile").await["id_token"].as_str().unwrap().to_owned();
    let real = claims(&hint);
    let forge = async |change: Value| world.forge(TokenKind::Id, Algorithm::RS256, &with(&real, &change)).await;
    let expired = forge(json!({"exp": 1, "iat": 0})).await;
    let foreign_issuer = forge(json!({"iss": "https://other.example.org"})).await;
    let other_app = forge(json!({"aud": "other"})).await;
    let among_others = forge(json!({"aud": ["other", APP]})).await;
    let ask = async |browser: &Browser<'_>, hint: &str, prompt: &str| {
        leads(&browser.authorize(&[("id_token_hint", hint), ("prompt", prompt)]).await)
    };
    let other_user = "login_required: another user is signed in than the one asked for";
    let not_valid = "invalid_request: id_token_hint is not valid";
    for prompt in ["", "none"] {
        assert_eq!(ask(&browser, &hint, prompt).await, "code");
        assert_eq!(ask(&browser, &expired, prompt).await, "code");
        assert_eq!(ask(&browser, &among_others, prompt).await, "code");
        assert_eq!(ask(&browser, &of_bob, prompt).await, other_user);
        assert_eq!(ask(&bob, &hint, prompt).await, other_user);
        for bad in [&foreign_issuer, &other_app, "x", &hint[..hint.len() - 8]] {
            assert_eq!(ask(&browser, bad, prompt).await, not_valid);
        }
    }
    let nobody = world.browser();
    assert_eq!(ask(&nobody, &hint, "none").await, "login_required: the user is not signed in");
    let asked = nobody.authorize(&[("id_token_hint", &hint)]).await;
    nobody.sign_in(&Key::named("bob")).await;
    let resumed = format!("/api/auth/oauth2/authorize?interaction={}", asked.param("interaction").unwrap());
    assert_eq!(leads(&nobody.get(&resumed).await), other_user);
}

#[tokio::test]
async fn essential_claims_that_cannot_be_met_are_errors() {
    let world = World::new().await;
    let browser = ada(&world).await;
    let tokens = browser.tokens("openid profile").await;
    let sub = claims(tokens["id_token"].as_str().unwrap())["sub"].clone();
    let ask = async |claims: Value| leads(&browser.authorize(&[("claims", &claims.to_string())]).await);
    assert_eq!(ask(json!({"id_token": {"auth_time": {"essential": true}, "nothing": null}})).await, "code");
    assert_eq!(ask(json!({"id_token": {"sub": {"value": sub}}})).await, "code");
    assert_eq!(ask(json!({"id_token": {"sub": {"values": ["user_other", sub]}}})).await, "code");
    let other = "login_required: another user is signed in than the one asked for";
    assert_eq!(ask(json!({"id_token": {"sub": {"value": "user_other"}}})).await, other);
    assert_eq!(ask(json!({"id_token": {"acr": {"value": "2"}}})).await, "code", "voluntary");
    assert_eq!(ask(json!({"id_token": {"acr": {"essential": true}}})).await, "code");
    assert_eq!(ask(json!({"id_token": {"acr": {"essential": true, "values": ["2", "1"]}}})).await, "code");
    for acr in [json!({"essential": true, "value": "2"}), json!({"essential": true, "values": ["2", "phr"]})] {
        let told = ask(json!({"id_token": {"acr": acr}})).await;
        assert_eq!(told, "unmet_authentication_requirements: the authentication class asked for cannot be reached");
    }
}

#[tokio::test]
async fn a_request_is_taken_by_get_and_by_form_at_each_path() {
    let world = World::new().await;
    let browser = ada(&world).await;
    browser.code(&[]).await;
    let request = Browser::request(&[]);
    let query = request.split_once('?').unwrap().1;
    for path in ["/oauth2/authorize", "/api/auth/oauth2/authorize", "/authorize"] {
        assert_eq!(leads(&browser.get(&format!("{path}?{query}")).await), "code", "{path}");
        let post = http::Request::post(path)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("origin", "https://evil.example")
            .header("sec-fetch-site", "cross-site");
        let stored = browser.send(post, query.to_owned()).await;
        assert_eq!(stored.status, 303);
        assert!(stored.location().starts_with("/oauth2/authorize?interaction="), "{}", stored.location());
        assert!(stored.header("set-cookie").is_empty(), "a foreign page's request binds no browser");
        assert_eq!(leads(&browser.get(stored.location()).await), "code", "{path}");
        assert_eq!(leads(&browser.get(stored.location()).await), "code", "opened again it is another request");
    }
}
