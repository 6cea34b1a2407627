//! Every way in which an upstream provider, or somebody between, may lie.

use http::StatusCode;
use serde_json::{Value, json};
use sigma_core::ids::UserId;
use sigma_core::jose::{Algorithm, SigningKey};
use sigma_server::settings::{ProviderKind, ProviderSignUp};
use sigma_store::user;

use crate::provider_sign_in::{is_signed_in, session, world_with};
use crate::support::upstream::{Mood, Upstream};
use crate::support::{Answer, Browser, World};

async fn assert_refused(browser: &Browser<'_>, answer: &Answer, code: &str, what: &str) {
    assert_eq!((answer.status, answer.param("error").as_deref()), (StatusCode::SEE_OTHER, Some(code)), "{what}");
    assert!(answer.location().starts_with("/login?"), "{what}: {}", answer.location());
    assert!(!is_signed_in(browser).await, "{what}");
    // The page says so in words, and the user can go on there.
    let page = browser.get(answer.location()).await;
    assert_eq!(page.status, StatusCode::OK, "{what}");
    assert!(!page.notice().is_empty() && page.body.contains("Continue with"), "{what}: {}", page.body);
}

#[tokio::test]
async fn an_id_token_that_is_wrong_in_one_claim_signs_nobody_in() {
    let upstream = Upstream::serve().await;
    let world = world_with(&upstream, |_| {}).await;
    let now = world.now().seconds();
    for (name, value) in [
        ("iss", json!("https://evil.example")),
        ("iss", json!(format!("{}/", upstream.origin))),
        ("aud", json!("another-client")),
        ("aud", json!(["sigma", "another-client"])),
        ("azp", json!("another-client")),
        ("nonce", json!("another-nonce")),
        ("nonce", Value::Null),
        ("exp", json!(now - 61)),
        ("exp", Value::Null),
        ("iat", json!(now - 601)),
        ("iat", json!(now + 61)),
        ("nbf", json!(now + 61)),
        ("at_hash", json!("77QmUPtjPfzWtF2AnpK9RQ")),
        ("sub", Value::Null),
        ("sub", json!("")),
        ("sub", json!("a\u{0}b")),
        ("sub", json!("s".repeat(256))),
    ] {
        let browser = world.browser();
        let asked = browser.leave("op").await;
        let mut claims = upstream.claims(&asked, world.now(), "ada");
        claims[name] = value.clone();
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        }
        let back = browser.get(&upstream.consent(&asked, &claims)).await;
        assert_refused(&browser, &back, "unable_to_get_user_info", &format!("{name} {value}")).await;
    }
}

#[tokio::test]
async fn an_id_token_without_a_signature_of_the_provider_signs_nobody_in() {
    let upstream = Upstream::serve().await;
    let world = world_with(&upstream, |_| {}).await;
    let foreign = SigningKey::generate(Algorithm::ES256).unwrap();
    let asked = world.browser().leave("op").await;
    let claims = upstream.claims(&asked, world.now(), "ada");
    let signed = sigma_core::jose::sign(&upstream.key, sigma_core::jose::TokenKind::Id, &claims).unwrap();
    let parts: Vec<&str> = signed.split('.').collect();
    let header = |json: &str| {
        use base64::Engine as _;
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(json)
    };
    let forged = sigma_core::jose::sign(&foreign, sigma_core::jose::TokenKind::Id, &claims).unwrap();
    for (what, token) in [
        ("alg none", format!("{}.{}.", header(r#"{"alg":"none"}"#), parts[1])),
        ("alg none, signed", format!("{}.{}.{}", header(r#"{"alg":"none"}"#), parts[1], parts[2])),
        ("a MAC", format!("{}.{}.{}", header(r#"{"alg":"HS256"}"#), parts[1], parts[2])),
        ("another key", forged),
        ("another payload", format!("{}.{}.{}", parts[0], header("{}"), parts[2])),
        ("no token", String::new()),
        ("nonsense", "a.b".to_owned()),
    ] {
        let browser = world.browser();
        let asked = browser.leave("op").await;
        let code = upstream.code_for(&asked, &token);
        let back = browser.get(&asked.callback(&[("code", &code), ("state", asked.get("state"))])).await;
        assert_refused(&browser, &back, "unable_to_get_user_info", what).await;
    }
}

#[tokio::test]
async fn a_key_that_the_provider_just_published_is_found() {
    let upstream = Upstream::serve().await;
    let world = world_with(&upstream, |_| {}).await;
    let browser = world.browser();
    upstream.round(&browser, "op", world.now(), "ada").await;
    let new = SigningKey::generate(Algorithm::EdDSA).unwrap();
    upstream.publish(&[&new]);
    world.advance(61);
    let other = world.browser();
    let asked = other.leave("op").await;
    let code = upstream.code_with(&asked, &new, &upstream.claims(&asked, world.now(), "ada"));
    other.get(&asked.callback(&[("code", &code), ("state", asked.get("state"))])).await;
    assert!(is_signed_in(&other).await);
}

#[tokio::test]
async fn a_state_is_accepted_once_in_its_own_browser_and_from_its_own_provider() {
    let upstream = Upstream::serve().await;
    let world = world_with(&upstream, |_| {}).await;
    let browser = world.browser();
    let asked = browser.leave("op").await;
    let claims = upstream.claims(&asked, world.now(), "ada");
    let codes: Vec<String> = (0..6).map(|_| upstream.code_with(&asked, &upstream.key, &claims)).collect();
    let state = asked.get("state");
    let callback = |code: &str| asked.callback(&[("code", code), ("state", state)]);

    // Whoever made somebody else follow the link would sign them in as themselves.
    let eve = world.browser();
    assert_refused(&eve, &eve.get(&callback(&codes[0])).await, "state_not_found", "a browser without a cookie").await;
    eve.leave("op").await;
    assert_refused(&eve, &eve.get(&callback(&codes[0])).await, "state_not_found", "another browser").await;
    // An answer of one provider for a sign-in that began with another.
    let mixed = callback(&codes[0]).replace("/callback/op", "/callback/google");
    assert_refused(&browser, &browser.get(&mixed).await, "state_not_found", "mix-up").await;
    for wrong in ["", "x", &format!("{state}x"), &state[1..], &state.replacen(&state[..4], "AAAA", 1)] {
        let back = browser.get(&asked.callback(&[("code", &codes[0]), ("state", wrong)])).await;
        assert_refused(&browser, &back, "state_not_found", wrong).await;
    }
    let interaction = browser.authorize(&[]).await.param("interaction").unwrap();
    let back = browser.get(&asked.callback(&[("code", &codes[0]), ("state", &interaction)])).await;
    assert_refused(&browser, &back, "state_not_found", "an interaction").await;
    let unknown = browser.get(&callback(&codes[0]).replace("/callback/op", "/callback/nobody")).await;
    assert_refused(&browser, &unknown, "oauth_provider_not_found", "an unknown provider").await;
    assert_eq!(upstream.requests(), ["/.well-known/openid-configuration", "/jwks"], "nothing was redeemed");

    assert_eq!(browser.get(&callback(&codes[1])).await.param("error"), None);
    assert!(is_signed_in(&browser).await);
    let replayed = browser.get(&callback(&codes[2])).await;
    assert_eq!(replayed.param("error").as_deref(), Some("state_not_found"));

    // It lapses.
    let late = world.browser();
    let asked = late.leave("op").await;
    world.advance(1_801);
    let back = late.get(&upstream.consent(&asked, &upstream.claims(&asked, world.now(), "ada"))).await;
    assert_refused(&late, &back, "state_not_found", "late").await;
}

#[tokio::test]
async fn a_failed_attempt_uses_up_its_state() {
    let upstream = Upstream::serve().await;
    let world = world_with(&upstream, |_| {}).await;
    let browser = world.browser();
    let asked = browser.leave("op").await;
    let state = asked.get("state");
    let first = browser.get(&asked.callback(&[("code", "guessed"), ("state", state)])).await;
    assert_refused(&browser, &first, "invalid_code", "a guessed code").await;
    let second = browser.get(&upstream.consent(&asked, &upstream.claims(&asked, world.now(), "ada"))).await;
    assert_refused(&browser, &second, "state_not_found", "a second attempt").await;
}

#[tokio::test]
async fn an_answer_that_names_another_issuer_is_refused() {
    let upstream = Upstream::serve().await;
    upstream.say("authorization_response_iss_parameter_supported", json!(true));
    let world = world_with(&upstream, |_| {}).await;
    for (issuer, accepted) in [("https://evil.example", false), ("", false), (upstream.origin.as_str(), true)] {
        let browser = world.browser();
        let asked = browser.leave("op").await;
        let code = upstream.code_with(&asked, &upstream.key, &upstream.claims(&asked, world.now(), "ada"));
        let back =
            browser.get(&asked.callback(&[("code", &code), ("state", asked.get("state")), ("iss", issuer)])).await;
        if accepted {
            assert!(is_signed_in(&browser).await);
        } else {
            assert_refused(&browser, &back, "issuer_mismatch", issuer).await;
        }
    }
}

#[tokio::test]
async fn a_provider_that_is_away_slow_or_endless_becomes_a_page_in_plain_words() {
    let upstream = Upstream::serve().await;
    let world = world_with(&upstream, |_| {}).await;
    for (mood, code) in [
        (Mood::Endless, "provider_unavailable"),
        (Mood::Silent, "provider_unavailable"),
        (Mood::Says(500, "oops".to_owned()), "provider_unavailable"),
        (Mood::Says(302, String::new()), "invalid_code"),
        (Mood::Says(400, r#"{"error":"invalid_grant"}"#.to_owned()), "invalid_code"),
        (Mood::Says(200, "<html>".to_owned()), "unable_to_get_user_info"),
        (Mood::Says(200, r#"{"access_token":"x"}"#.to_owned()), "unable_to_get_user_info"),
    ] {
        upstream.be(mood.clone());
        let browser = world.browser();
        let asked = browser.leave("op").await;
        let back = browser.get(&upstream.consent(&asked, &upstream.claims(&asked, world.now(), "ada"))).await;
        assert_refused(&browser, &back, code, &format!("{mood:?}")).await;
    }
}

#[tokio::test]
async fn a_callback_without_code_or_with_an_error_is_refused() {
    let upstream = Upstream::serve().await;
    let world = world_with(&upstream, |_| {}).await;
    for (name, value, code) in [
        ("x", "y", "no_code"),
        ("code", "", "no_code"),
        ("error", "access_denied", "access_denied"),
        ("error", "<script>", "access_denied"),
        ("error", "temporarily_unavailable", "provider_unavailable"),
    ] {
        let browser = world.browser();
        let asked = browser.leave("op").await;
        let back = browser.get(&asked.callback(&[(name, value), ("state", asked.get("state"))])).await;
        assert_refused(&browser, &back, code, value).await;
    }
}

#[tokio::test]
async fn metadata_of_another_issuer_or_with_unsafe_endpoints_are_not_used() {
    for (name, value) in [
        ("issuer", json!("https://evil.example")),
        ("token_endpoint", json!("http://evil.example/token")),
        ("authorization_endpoint", json!("javascript:alert(1)")),
        ("jwks_uri", json!("file:///etc/passwd")),
    ] {
        let upstream = Upstream::serve().await;
        upstream.say(name, value.clone());
        let world = world_with(&upstream, |_| {}).await;
        let browser = world.browser();
        let answer = browser.post_form("/login/provider", &[("provider", "op")]).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{name}");
        assert!(answer.notice().contains("does not answer"), "{name}: {}", answer.body);
    }
}

#[tokio::test]
async fn endpoints_on_another_host_must_be_public() {
    let (upstream, inner) = (Upstream::serve().await, Upstream::serve().await);
    // Whoever runs the provider may name any host: ours must not call into our own network for them.
    let hidden = inner.origin.replace("127.0.0.1", "localhost");
    upstream.say("token_endpoint", json!(format!("{hidden}/token")));
    let world = world_with(&upstream, |_| {}).await;
    let browser = world.browser();
    let asked = browser.leave("op").await;
    let back = browser.get(&upstream.consent(&asked, &upstream.claims(&asked, world.now(), "ada"))).await;
    assert_refused(&browser, &back, "provider_unavailable", "a private host").await;
    assert_eq!(inner.requests(), Vec::<String>::new());
}

#[tokio::test]
async fn userinfo_about_another_account_is_refused() {
    let upstream = Upstream::serve().await;
    let world = world_with(&upstream, |provider| provider.userinfo = true).await;
    for (userinfo, name) in [
        (json!({"sub": "ada", "name": "From userinfo"}), Some("Ada Lovelace")),
        (json!({"sub": "eve", "name": "Eve"}), None),
        (json!({"name": "Eve"}), None),
        (json!([]), None),
    ] {
        upstream.set_userinfo(userinfo.clone());
        let browser = world.browser();
        let back = upstream.round(&browser, "op", world.now(), "ada").await;
        match name {
            Some(name) => assert_eq!(session(&browser).await["user"]["name"], name),
            None => assert_refused(&browser, &back, "unable_to_get_user_info", &userinfo.to_string()).await,
        }
    }
}

#[tokio::test]
async fn an_address_that_is_somebody_elses_here_leads_to_no_account_of_theirs() {
    let upstream = Upstream::serve().await;
    let world = World::with(|settings| {
        settings.passwords.memory_kib = 64;
        settings.sign_up.provider = ProviderSignUp::On;
        let mut provider = upstream.settings("op", ProviderKind::OpenId);
        provider.trusted_email_domains = vec!["example.org".to_owned()];
        settings.providers = vec![provider];
    })
    .await;
    let ada = world.person("ada@example.org").await;
    let eve = world.browser();
    upstream.round(&eve, "op", world.now(), "ada").await;
    let user = session(&eve).await["user"].clone();
    assert_ne!(user["id"], json!(ada.as_str()));
    assert_ne!(user["emailVerified"], json!(true), "{user}");
    let kept = world.sigma.store.read(move |tx| user::find_by_proven_email(tx, "ada@example.org")).await.unwrap();
    assert_eq!(kept.unwrap().id, ada);
}

#[tokio::test]
async fn a_disabled_account_is_not_signed_in_to() {
    let upstream = Upstream::serve().await;
    let world = world_with(&upstream, |_| {}).await;
    let browser = world.browser();
    upstream.round(&browser, "op", world.now(), "ada").await;
    let (id, now) = (UserId::from_text(session(&browser).await["user"]["id"].as_str().unwrap()), world.now());
    world.sigma.store.write(move |tx| user::set_disabled(tx, &id, true, now)).await.unwrap();
    let again = world.browser();
    let back = upstream.round(&again, "op", world.now(), "ada").await;
    assert_refused(&again, &back, "user_disabled", "a disabled account").await;
}

#[tokio::test]
async fn an_id_that_now_belongs_to_another_issuer_opens_no_account() {
    let (upstream, other) = (Upstream::serve().await, Upstream::serve().await);
    let world = world_with(&upstream, |_| {}).await;
    upstream.round(&world.browser(), "op", world.now(), "ada").await;
    let moved =
        world.beside_with(|settings| settings.providers = vec![other.settings("op", ProviderKind::OpenId)]).await;
    let browser = moved.browser();
    let back = other.round(&browser, "op", moved.now(), "ada").await;
    assert_refused(&browser, &back, "issuer_mismatch", "another issuer").await;
}

#[tokio::test]
async fn github_answers_without_a_number_or_a_list_of_addresses_sign_nobody_in() {
    for (id, emails) in [
        (json!("583231"), json!([])),
        (json!(null), json!([])),
        (json!(-1), json!([])),
        (json!(1.5), json!([])),
        (json!(7), json!({"message": "Bad credentials"})),
    ] {
        // Each has an upstream of its own, which knows one account.
        let upstream = Upstream::serve().await;
        let world = world_with(&upstream, |_| {}).await;
        let browser = world.browser();
        let asked = browser.leave("github").await;
        let back = browser.get(&upstream.consent_github(&asked, &id, &emails)).await;
        assert_refused(&browser, &back, "unable_to_get_user_info", &id.to_string()).await;
    }
}

#[tokio::test]
async fn an_unverified_or_secondary_address_at_github_is_no_address() {
    let emails = json!([
        {"email": "ada@example.org", "primary": true, "verified": false},
        {"email": "other@example.org", "primary": false, "verified": true},
    ]);
    let upstream = Upstream::serve().await;
    let world = world_with(&upstream, |provider| provider.allowed_domains = vec!["example.org".to_owned()]).await;
    let browser = world.browser();
    let asked = browser.leave("github").await;
    let back = browser.get(&upstream.consent_github(&asked, &json!(1), &emails)).await;
    assert_refused(&browser, &back, "email_not_found", "github").await;
}

#[tokio::test]
async fn accounts_made_by_providers_are_limited_per_network() {
    let upstream = Upstream::serve().await;
    let world = World::with(|settings| {
        settings.limits.enabled = true;
        settings.sign_up.provider = ProviderSignUp::On;
        settings.providers = vec![upstream.settings("op", ProviderKind::OpenId)];
    })
    .await;
    let mut refused = None;
    for number in 0..40 {
        let browser = world.browser();
        let back = upstream.round(&browser, "op", world.now(), &format!("user-{number}")).await;
        if let Some(error) = back.param("error") {
            refused = Some((number, error));
            break;
        }
        world.advance(13);
    }
    let (number, error) = refused.expect("accounts without end");
    assert!(number >= 3 && error == "too_many_requests", "{number} {error}");
    // Who has an account does not wait for others who created too many.
    world.advance(60);
    let known = world.browser();
    upstream.round(&known, "op", world.now(), "user-0").await;
    assert!(is_signed_in(&known).await);
}
