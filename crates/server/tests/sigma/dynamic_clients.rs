//! What an app registered about itself has its effect. The tests named after modules of the OpenID conformance suite walk their
//! conditions, for the code flow with dynamic clients.

use std::time::Duration;

use serde_json::{Value, json};
use sigma_core::jose::{Algorithm, PublicJwk, SigningKey, TokenKind, UnverifiedJws};
use sigma_server::settings::RegistrationMode;
use sigma_store::registration;

use crate::registration::open;
use crate::support::client::{ISSUER, TOKEN, USERINFO, app_key, basic, changed, key_set};
use crate::support::forge::{assertion, claims};
use crate::support::{Answer, Browser, CHALLENGE, REDIRECT, VERIFIER, World, ada, text};

const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Tokens of a registered app with a secret.
async fn tokens(world: &World, browser: &Browser<'_>, told: &Value, extra: &[(&str, &str)]) -> Value {
    let (id, secret) = (text(told, "client_id"), text(told, "client_secret"));
    let request = changed(&[("client_id", id), ("code_challenge", CHALLENGE)], extra);
    let code = browser.code(&request).await;
    let answer = redeem(world, id, secret, &code).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()
}

async fn redeem(world: &World, id: &str, secret: &str, code: &str) -> Answer {
    let form =
        [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", REDIRECT), ("code_verifier", VERIFIER)];
    world.post_form(TOKEN, &form, &[("authorization", &basic(id, secret))]).await
}

#[tokio::test]
async fn oidcc_userinfo_rs256() {
    let world = open().await;
    let browser = ada(&world).await;
    for (name, algorithm) in [("RS256", Algorithm::RS256), ("ES256", Algorithm::ES256), ("EdDSA", Algorithm::EdDSA)] {
        let metadata = json!({"redirect_uris": [REDIRECT], "userinfo_signed_response_alg": name});
        let told = world.registered(&metadata).await;
        let issued = tokens(&world, &browser, &told, &[]).await;
        let answer = world.get_with_token(USERINFO, text(&issued, "access_token")).await;
        assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, "application/jwt"), "{name}");
        let keys = world.browser().get("/.well-known/jwks.json").await.json();
        let jws = UnverifiedJws::parse(&answer.body).unwrap();
        let kid = jws.header().kid.clone().unwrap();
        let key = keys["keys"].as_array().unwrap().iter().find(|key| key["kid"] == *kid).unwrap();
        assert!(jws.verify_as(TokenKind::Userinfo, &PublicJwk::parse(&key.to_string()).unwrap()).is_ok());
        assert_eq!(key["alg"], algorithm.as_str());
        let told_claims = claims(&answer.body);
        assert_eq!((&told_claims["iss"], &told_claims["aud"]), (&json!(ISSUER), &told["client_id"]));
        assert_eq!(told_claims["sub"], claims(text(&issued, "id_token"))["sub"]);
        // It is no ID token: nobody is named by it.
        let hinted = browser.authorize(&[("id_token_hint", &answer.body)]).await;
        assert_ne!(hinted.param("code").is_some(), hinted.param("error").is_some(), "{}", hinted.location());
    }
}

#[tokio::test]
async fn oidcc_registration_logo_uri_policy_uri_and_tos_uri() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::with(|settings| {
        settings.registration.mode = RegistrationMode::Open;
        settings.objects.folder = folder.path().to_owned();
    })
    .await;
    let logo_uri = "https://app.example.org/logo.png";
    let told = world
        .registered(&json!({
            "client_name": "Shop", "redirect_uris": [REDIRECT], "logo_uri": logo_uri,
            "policy_uri": "https://app.example.org/privacy", "tos_uri": "https://app.example.org/terms",
        }))
        .await;
    let id = text(&told, "client_id");
    let app = world.app(id).await;
    // The job that fetches the logo is queued with the registration; this is what it does with the picture.
    let object = format!("{}.png", "a".repeat(64));
    world.sigma.brands.objects.put(&object, bytes::Bytes::from_static(b"png")).await.unwrap();
    let (app_id, name, now) = (app.id.clone(), object.clone(), world.now());
    let set = world.sigma.store.write(move |tx| registration::set_logo(tx, &app_id, logo_uri, &name, now));
    set.await.unwrap();
    let browser = ada(&world).await;
    let stranger = world.browser();
    let sign_in = stranger.get(stranger.authorize(&[("client_id", id)]).await.location()).await.body;
    let consent = browser.get(browser.authorize(&[("client_id", id)]).await.location()).await.body;
    for page in [&sign_in, &consent] {
        assert!(page.contains(&format!("/logos/{object}")), "{page}");
        assert!(page.contains("notice-warning"), "it is unverified: {page}");
    }
    assert!(consent.contains("https://app.example.org/privacy") && consent.contains("https://app.example.org/terms"));
}

#[tokio::test]
async fn default_max_age_and_default_acr_values_hold_for_requests_without_their_own() {
    let world = open().await;
    let browser = ada(&world).await;
    let told = world.registered(&json!({"redirect_uris": [REDIRECT], "default_max_age": 600})).await;
    let id = text(&told, "client_id");
    assert!(browser.authorize(&[("client_id", id)]).await.location().starts_with("/consent"));
    world.advance(601);
    assert!(browser.authorize(&[("client_id", id)]).await.location().starts_with("/login"));
    let older = browser.authorize(&[("client_id", id), ("max_age", "3600")]).await;
    assert!(older.location().starts_with("/consent"), "{}", older.location());
    let silent = browser.authorize(&[("client_id", id), ("prompt", "none")]).await;
    assert_eq!(silent.param("error").as_deref(), Some("login_required"));
}

#[tokio::test]
async fn require_auth_time_is_met_by_every_id_token() {
    let world = open().await;
    let browser = ada(&world).await;
    let told = world.registered(&json!({"redirect_uris": [REDIRECT], "require_auth_time": true})).await;
    assert_eq!(told["require_auth_time"], true);
    let issued = tokens(&world, &browser, &told, &[]).await;
    assert!(claims(text(&issued, "id_token"))["auth_time"].is_i64());
}

#[tokio::test]
async fn oidcc_idtoken_es256_and_rs256() {
    let world = open().await;
    let browser = ada(&world).await;
    for algorithm in ["RS256", "ES256", "EdDSA"] {
        let metadata = json!({"redirect_uris": [REDIRECT], "id_token_signed_response_alg": algorithm});
        let told = world.registered(&metadata).await;
        let issued = tokens(&world, &browser, &told, &[]).await;
        assert_eq!(crate::support::forge::header(text(&issued, "id_token"))["alg"], algorithm);
    }
}

#[tokio::test]
async fn oidcc_client_auth_private_key_jwt_with_every_algorithm() {
    let world = open().await;
    world.invite("many", 10, 3_600).await;
    let beside = world.beside().await;
    let assert_with = async |world: &World, key: &SigningKey, id: &str, jti: &str| {
        let now = world.now().seconds();
        let claims = json!({"iss": id, "sub": id, "aud": ISSUER, "jti": jti, "exp": now + 300, "iat": now});
        let text = assertion(key, &claims);
        let form = [
            ("grant_type", "client_credentials"),
            ("client_assertion_type", ASSERTION),
            ("client_assertion", text.as_str()),
        ];
        world.post_form(TOKEN, &form, &[]).await.status.as_u16()
    };
    for algorithm in Algorithm::ALL {
        let key = SigningKey::generate(algorithm).unwrap();
        let metadata = json!({
            "token_endpoint_auth_method": "private_key_jwt", "grant_types": ["client_credentials"],
            "jwks": serde_json::from_str::<Value>(&key_set(&[&key])).unwrap(),
        });
        let answer = world.register_with(&metadata, Some("many")).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        let told = answer.json();
        assert!(told.get("client_secret").is_none());
        let id = text(&told, "client_id");
        assert_eq!(assert_with(&world, &key, id, "1").await, 200, "{algorithm}");
        // The same assertion is refused by another process too.
        assert_eq!(assert_with(&beside, &key, id, "1").await, 401, "{algorithm}");
        assert_eq!(assert_with(&beside, &key, id, "2").await, 200, "{algorithm}");
        assert_eq!(assert_with(&world, &app_key(), id, "3").await, 401, "{algorithm}");
    }
    // A registered algorithm is the only one, even where another key of the set has signed.
    let (ec, ed) = (app_key(), SigningKey::generate(Algorithm::EdDSA).unwrap());
    let metadata = json!({
        "token_endpoint_auth_method": "private_key_jwt", "token_endpoint_auth_signing_alg": "ES256",
        "grant_types": ["client_credentials"],
        "jwks": serde_json::from_str::<Value>(&key_set(&[&ec, &ed])).unwrap(),
    });
    let told = world.register_with(&metadata, Some("many")).await.json();
    let id = text(&told, "client_id");
    assert_eq!(assert_with(&world, &ed, id, "1").await, 401);
    assert_eq!(assert_with(&world, &ec, id, "2").await, 200);
}

#[tokio::test]
async fn a_self_registered_app_always_asks_unless_consent_may_be_remembered() {
    let remembering = async |remember: bool| {
        let world = World::with(|settings| {
            settings.registration.mode = RegistrationMode::Open;
            settings.registration.remember_consent = remember;
        })
        .await;
        let browser = ada(&world).await;
        let told = world.registered(&json!({"redirect_uris": [REDIRECT]})).await;
        let id = text(&told, "client_id");
        assert!(browser.authorize(&[("client_id", id)]).await.location().starts_with("/consent"));
        browser.code(&[("client_id", id)]).await;
        let again = browser.authorize(&[("client_id", id), ("prompt", "none")]).await;
        (again.param("code").is_some(), again.param("error"))
    };
    assert_eq!(remembering(false).await, (false, Some("login_required".to_owned())), "as for a stranger");
    assert_eq!(remembering(true).await, (true, None), "oidcc-prompt-none-logged-in");
}

#[tokio::test]
async fn an_app_that_is_used_is_kept() {
    let world = open().await;
    let browser = ada(&world).await;
    let told = world.registered(&json!({"redirect_uris": [REDIRECT]})).await;
    world.advance(23 * 3_600);
    let browser_again = world.browser();
    browser_again.sign_in(&crate::support::Key::named("ada")).await;
    drop(browser);
    tokens(&world, &browser_again, &told, &[]).await;
    let day = Duration::from_hours(24);
    for (days, gone) in [(2, false), (89, false), (91, true)] {
        let then = world.now().plus(day * days);
        let removed = world.sigma.store.write(move |tx| registration::remove_unused(tx, then)).await.unwrap();
        assert_eq!(removed, gone, "after {days} days");
    }
}

#[tokio::test]
async fn the_refresh_policy_of_an_app_decides_rotation_life_and_idle_time() {
    let world = World::new().await;
    let browser = ada(&world).await;
    world
        .change_app(crate::support::APP, |app| {
            app.metadata.refresh.rotate = Some(false);
            app.metadata.refresh.idle_seconds = Some(100);
            app.metadata.refresh.life_seconds = Some(250);
        })
        .await;
    let issued = browser.tokens("openid offline_access").await;
    let token = text(&issued, "refresh_token").to_owned();
    for _ in 0..2 {
        world.advance(90);
        let again = world.refresh(&token, &[]).await;
        assert_eq!(again.json()["refresh_token"], token, "{}", again.body);
    }
    // 180 seconds have passed: the life of the grant ends before the idle time does.
    world.advance(69);
    assert_eq!(world.refresh(&token, &[]).await.status, 200);
    world.advance(2);
    assert_eq!(world.refresh(&token, &[]).await.error(), "400 invalid_grant: invalid refresh token");
    let issued = browser.tokens("openid offline_access").await;
    world.advance(101);
    assert_eq!(world.refresh(text(&issued, "refresh_token"), &[]).await.status, 400, "it was idle for too long");
}

#[tokio::test]
async fn ten_thousand_registered_apps_stay_within_their_memory() {
    let world = open().await;
    let metadata = json!({
        "client_name": "MCP client", "redirect_uris": ["http://127.0.0.1:33418/callback", "http://localhost:33418/callback"],
        "grant_types": ["authorization_code", "refresh_token"], "token_endpoint_auth_method": "none",
        "client_uri": "https://app.example.org", "logo_uri": "https://app.example.org/logo.png",
    });
    let told = world.registered(&metadata).await;
    let weight = world.app(text(&told, "client_id")).await.weight();
    assert!(weight * 10_000 <= 16 * 1024 * 1024, "{weight}");
}

#[tokio::test]
async fn errors_before_sign_in_are_shown_and_never_sent_to_an_app_that_nobody_vouches_for() {
    let world = open().await;
    let told = world.registered(&json!({"redirect_uris": [REDIRECT]})).await;
    let id = text(&told, "client_id");
    let (stranger, signed_in) = (world.browser(), ada(&world).await);
    let long = "x".repeat(5_000);
    let cases = [
        ("unsupported_response_type", ("response_type", "token")),
        ("login_required", ("prompt", "none")),
        ("invalid_request", ("state", long.as_str())),
        ("invalid_request_object", ("request", "eyJ")),
        ("invalid_request_uri", ("request_uri", "https://app.example.org/r")),
    ];
    for (error, extra) in cases {
        let answer = stranger.authorize(&[("client_id", id), extra]).await;
        assert!(answer.location().starts_with("/error?"), "{error}: {}", answer.location());
        assert_eq!(answer.param("error").as_deref(), Some(error));
        assert_eq!(stranger.get(answer.location()).await.status, 400);
    }
    let form = [("client_id", id), ("redirect_uri", REDIRECT), ("response_type", "token")];
    assert!(stranger.post_form("/oauth2/authorize", &form).await.location().starts_with("/error?"));
    // Whoever is signed in has seen this server; an app of the operator is trusted from the start.
    for (error, extra) in cases.into_iter().filter(|(error, _)| *error != "login_required") {
        let answer = signed_in.authorize(&[("client_id", id), extra]).await;
        assert!(answer.location().starts_with(REDIRECT), "{error}: {}", answer.location());
        let answer = stranger.authorize(&[extra]).await;
        assert!(answer.location().starts_with(REDIRECT), "{error}: {}", answer.location());
    }
    // Once the operator approves it, or lets consent be remembered, it is as trusted.
    world.change_app(id, |app| app.dynamic = false).await;
    let answer = stranger.authorize(&[("client_id", id), ("prompt", "none")]).await;
    assert!(answer.location().starts_with(REDIRECT), "{}", answer.location());
    world
        .change_app(id, |app| {
            app.dynamic = true;
            app.metadata.remember_consent = true;
        })
        .await;
    let answer = stranger.authorize(&[("client_id", id), ("prompt", "none")]).await;
    assert_eq!(answer.param("error").as_deref(), Some("login_required"), "{}", answer.location());
    assert!(answer.location().starts_with(REDIRECT));
}
