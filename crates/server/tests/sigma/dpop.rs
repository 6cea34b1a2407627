//! Proofs of possession (RFC 9449, `docs/spec/sender-constrained.md#dpop`). Each condition of the official module
//! `fapi2-security-profile-final-dpop-negative-tests` is a line of one of the tables.

use axum::body::Body;
use http::Request;
use serde_json::{Value, json};
use sigma_core::app::AuthMethod;
use sigma_core::jose::{Algorithm, SigningKey};

use crate::support::client::{INTROSPECT, ISSUER, PAR, TOKEN, USERINFO, basic};
use crate::support::dpop::{Prover, ath};
use crate::support::forge::{claims, jws, with};
use crate::support::{APP, Answer, World, ada};

/// Status and error.
fn outcome(answer: &Answer) -> String {
    let error =
        serde_json::from_str::<Value>(&answer.body).ok().and_then(|body| body["error"].as_str().map(str::to_owned));
    format!("{} {}", answer.status.as_u16(), error.unwrap_or_default()).trim_end().to_owned()
}

#[tokio::test]
async fn a_token_is_bound_to_the_key_of_the_proof_and_good_with_that_alone() {
    let world = World::running().await;
    let browser = ada(&world).await;
    let (prover, thief) = (Prover::new(), Prover::new());
    let code = browser.code(&[("scope", "openid offline_access")]).await;
    let answer = world.redeem_with(&code, &prover.for_token(&world)).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let tokens = answer.json();
    assert_eq!(tokens["token_type"], "DPoP");
    let token = tokens["access_token"].as_str().unwrap();
    assert_eq!(claims(token)["cnf"], json!({"jkt": prover.jkt()}));

    assert_eq!(world.bound_userinfo(&prover, token).await.status, 200);
    assert_eq!(outcome(&world.bound_userinfo(&thief, token).await), "401 invalid_dpop_proof");
    // Neither scheme is taken for the other.
    assert_eq!(outcome(&world.get_with_token(USERINFO, token).await), "401 invalid_token");
    let without = world.get_bound(USERINFO, token, &[]).await;
    assert_eq!(outcome(&without), "401 invalid_dpop_proof");
    assert!(without.header("www-authenticate").starts_with(r#"DPoP error="invalid_dpop_proof""#));
    assert!(without.header("www-authenticate").contains(r#"algs="ES256 EdDSA Ed25519 PS256""#));
    let bearer = browser.tokens("openid").await;
    let bearer = bearer["access_token"].as_str().unwrap();
    assert_eq!(outcome(&world.bound_userinfo(&prover, bearer).await), "401 invalid_token");
    assert_eq!(world.userinfo_status(bearer).await, 200);
    // In a form a token is sent as Bearer.
    assert_eq!(outcome(&world.post_form(USERINFO, &[("access_token", token)], &[]).await), "401 invalid_token");
    // fapi2-security-profile-final-access-token-type-header-case-sensitivity
    let proof = prover.with_token(&world, "GET", USERINFO, token);
    let request = Request::get(USERINFO).header("authorization", format!("dpop {token}")).header("dpop", proof);
    assert_eq!(world.send(request.body(Body::empty()).unwrap()).await.status, 200);
}

#[tokio::test]
async fn each_refused_proof_at_a_resource_has_its_error() {
    let world = World::running().await;
    let browser = ada(&world).await;
    let (prover, other) = (Prover::new(), Prover::new());
    let answer = world.redeem_with(&browser.code(&[]).await, &prover.for_token(&world)).await.json();
    let token = answer["access_token"].as_str().unwrap();
    let now = world.now().seconds();
    let mut seen = Vec::new();
    let plain = || with(&prover.claims(&world, "GET", USERINFO), &json!({"ath": ath(token)}));
    for (what, changes) in [
        ("nothing changed", json!({})),
        ("no jti", json!({"jti": null})),
        ("no htm", json!({"htm": null})),
        ("no htu", json!({"htu": null})),
        ("no iat", json!({"iat": null})),
        ("no ath", json!({"ath": null})),
        ("another method", json!({"htm": "PUT"})),
        ("another url", json!({"htu": format!("{ISSUER}/other")})),
        ("another host", json!({"htu": format!("https://other.example{USERINFO}")})),
        ("url with query and fragment", json!({"htu": format!("{ISSUER}{USERINFO}?a=b#c")})),
        ("url in capitals", json!({"htu": format!("HTTPS://ID.EXAMPLE.ORG{USERINFO}")})),
        ("url with the port", json!({"htu": format!("{ISSUER}:443{USERINFO}")})),
        ("an hour in the future", json!({"iat": now + 3_600})),
        ("an hour in the past", json!({"iat": now - 3_600})),
        ("10 seconds in the past", json!({"iat": now - 10})),
        ("8 seconds in the future", json!({"iat": now + 8})),
        ("another token", json!({"ath": ath("other")})),
        ("nbf and exp", json!({"nbf": now, "exp": now + 300})),
        ("expired", json!({"exp": now - 60})),
        ("not valid yet", json!({"nbf": now + 60})),
        ("unknown nonce", json!({"nonce": "unknown"})),
        ("unknown claims", json!({"extra": [1]})),
    ] {
        let proof = prover.sign(&with(&plain(), &changes));
        seen.push(format!("{what}: {}", outcome(&world.get_bound(USERINFO, token, &[&proof]).await)));
    }
    let private = with(&serde_json::to_value(prover.key.public()).unwrap(), &json!({"d": "AA"}));
    for (what, header) in [
        ("no typ", json!({"typ": null})),
        ("another typ", json!({"typ": "JWT"})),
        ("no alg", json!({"alg": null})),
        ("alg none", json!({"alg": "none"})),
        ("alg HS256", json!({"alg": "HS256"})),
        ("no jwk", json!({"jwk": null})),
        ("private jwk", json!({ "jwk": private })),
        ("jwk of another", json!({"jwk": other.key.public()})),
        ("crit", json!({"crit": ["exp"]})),
        ("unknown members", json!({"kid": "x", "extra": 1})),
    ] {
        let proof = prover.sign_with(&header, &plain());
        seen.push(format!("{what}: {}", outcome(&world.get_bound(USERINFO, token, &[&proof]).await)));
    }
    let rsa = SigningKey::generate(Algorithm::RS256).unwrap();
    let header = json!({"typ": "dpop+jwt", "alg": "RS256", "jwk": rsa.public()});
    let unsigned =
        jws(&json!({"typ": "dpop+jwt", "alg": "none", "jwk": prover.key.public()}), &plain(), |_| Vec::new());
    let good = prover.sign(&plain());
    let damaged = format!("{}A", &good[..good.len() - 1]);
    for (what, proof) in [
        ("signed with RS256", jws(&header, &plain(), |message| rsa.sign(message).unwrap())),
        ("unsigned", unsigned),
        ("damaged", if damaged == good { format!("{}B", &good[..good.len() - 1]) } else { damaged }),
        ("by another key", other.sign(&plain())),
        ("no JWT", "x".to_owned()),
        ("empty", String::new()),
        ("huge", "x.".repeat(3_000)),
    ] {
        seen.push(format!("{what}: {}", outcome(&world.get_bound(USERINFO, token, &[&proof]).await)));
    }
    let (one, two) = (prover.sign(&plain()), prover.sign(&plain()));
    seen.push(format!("two proofs: {}", outcome(&world.get_bound(USERINFO, token, &[&one, &two]).await)));
    for what in ["once", "twice"] {
        seen.push(format!("{what}: {}", outcome(&world.get_bound(USERINFO, token, &[&one]).await)));
    }
    insta::assert_snapshot!(seen.join("\n"));
}

#[tokio::test]
async fn each_refused_proof_at_the_token_endpoint_has_its_error_and_spends_no_code() {
    let world = World::running().await;
    let browser = ada(&world).await;
    let prover = Prover::new();
    let code = browser.code(&[]).await;
    let now = world.now().seconds();
    let mut seen = Vec::new();
    let plain = || prover.claims(&world, "POST", TOKEN);
    for (what, changes) in [
        ("userinfo's url", json!({"htu": format!("{ISSUER}{USERINFO}")})),
        ("another method", json!({"htm": "GET"})),
        ("too old", json!({"iat": now - 60})),
        ("from the future", json!({"iat": now + 31})),
        ("unknown nonce", json!({"nonce": "unknown"})),
        ("no jti", json!({"jti": null})),
    ] {
        let answer = world.redeem_with(&code, &prover.sign(&with(&plain(), &changes))).await;
        assert_eq!(answer.headers.contains_key("dpop-nonce"), what == "unknown nonce", "{what}");
        seen.push(format!("{what}: {}", outcome(&answer)));
    }
    let proof = prover.for_token(&world);
    seen.push(format!("good, wrong code: {}", outcome(&world.redeem_with("nonsense", &proof).await)));
    seen.push(format!("used before: {}", outcome(&world.redeem_with(&code, &proof).await)));
    // An alias of the endpoint is a URL of its own.
    let alias = prover.sign(&prover.claims(&world, "POST", "/oauth2/token"));
    seen.push(format!("alias: {}", outcome(&world.redeem_with(&code, &alias).await)));
    seen.push(format!("good: {}", outcome(&world.redeem_with(&code, &prover.for_token(&world)).await)));
    insta::assert_snapshot!(seen.join("\n"));
}

#[tokio::test]
async fn a_nonce_is_asked_for_where_a_proof_cannot_be_judged_and_then_works() {
    // The server has just started: a proof may have been used at its predecessor, if it alone remembers them.
    let world = World::with(|settings| settings.authorization.require_dpop_nonce = true).await;
    let browser = ada(&world).await;
    let prover = Prover::new();
    let code = browser.code(&[]).await;
    let refused = world.redeem_with(&code, &prover.for_token(&world)).await;
    assert_eq!(outcome(&refused), "400 use_dpop_nonce");
    let nonce = refused.header("dpop-nonce").to_owned();
    let proof = |nonce: &str, iat: i64| {
        let changes = json!({"nonce": nonce, "iat": iat});
        prover.sign(&with(&prover.claims(&world, "POST", TOKEN), &changes))
    };
    // With a nonce the time is the server's: the client's clock does not matter.
    let tokens = world.redeem_with(&code, &proof(&nonce, 1_000_000)).await;
    assert_eq!(tokens.status, 200, "{}", tokens.body);
    assert!(!tokens.headers.contains_key("dpop-nonce"));
    let token = tokens.json()["access_token"].as_str().unwrap().to_owned();
    let refused = world.bound_userinfo(&prover, &token).await;
    assert_eq!(outcome(&refused), "401 use_dpop_nonce");
    assert!(refused.header("www-authenticate").starts_with(r#"DPoP error="use_dpop_nonce""#));
    let at_userinfo = |nonce: &str| {
        let changes = json!({"nonce": nonce, "ath": ath(&token)});
        prover.sign(&with(&prover.claims(&world, "GET", USERINFO), &changes))
    };
    let nonce = refused.header("dpop-nonce").to_owned();
    assert_eq!(world.get_bound(USERINFO, &token, &[&at_userinfo(&nonce)]).await.status, 200);
    // An ageing nonce is replaced before it expires.
    world.advance(130);
    let renewed = world.get_bound(USERINFO, &token, &[&at_userinfo(&nonce)]).await;
    assert_eq!(renewed.status, 200);
    let next = renewed.header("dpop-nonce").to_owned();
    assert_ne!(next, nonce);
    world.advance(170);
    assert_eq!(outcome(&world.get_bound(USERINFO, &token, &[&at_userinfo(&nonce)]).await), "401 use_dpop_nonce");
    let proof = at_userinfo(&next);
    assert_eq!(world.get_bound(USERINFO, &token, &[&proof]).await.status, 200);
    assert_eq!(outcome(&world.get_bound(USERINFO, &token, &[&proof]).await), "401 invalid_dpop_proof", "used twice");
}

#[tokio::test]
async fn a_nonce_of_one_process_works_at_another_and_a_proof_used_at_one_is_refused_by_the_other() {
    let world = World::running().await;
    let beside = world.beside().await;
    let browser = ada(&world).await;
    let prover = Prover::new();
    let bad = prover.sign(&with(&prover.claims(&world, "POST", TOKEN), &json!({"nonce": "x"})));
    let nonce = world.redeem_with("code", &bad).await.header("dpop-nonce").to_owned();
    let code = browser.code(&[]).await;
    let proof = prover.sign(&with(&prover.claims(&world, "POST", TOKEN), &json!({ "nonce": nonce })));
    assert_eq!(beside.redeem_with(&code, &proof).await.status, 200);
    if world.sigma.store.is_file() {
        // A database file has one server: what is beside it is no server, and remembers for itself.
        return;
    }
    assert_eq!(outcome(&world.redeem_with("code", &proof).await), "400 invalid_dpop_proof");
    let proof = prover.for_token(&world);
    assert_eq!(outcome(&world.redeem_with("code", &proof).await), "400 invalid_grant");
    assert_eq!(outcome(&beside.redeem_with("code", &proof).await), "400 invalid_dpop_proof");
}

#[tokio::test]
async fn a_proof_from_before_the_start_of_a_lone_server_needs_a_nonce() {
    let world = World::new().await;
    let prover = Prover::new();
    let early = prover.sign(&with(&prover.claims(&world, "POST", TOKEN), &json!({"iat": world.now().seconds() - 5})));
    let refused = world.redeem_with("code", &early).await;
    let expected = if world.sigma.store.is_file() { "400 use_dpop_nonce" } else { "400 invalid_grant" };
    assert_eq!(outcome(&refused), expected);
    world.advance(31);
    assert_eq!(outcome(&world.redeem_with("code", &prover.for_token(&world)).await), "400 invalid_grant");
}

#[tokio::test]
async fn a_refresh_token_of_a_public_app_stays_bound_and_is_not_rotated() {
    let world = World::running().await;
    let browser = ada(&world).await;
    let (prover, thief) = (Prover::new(), Prover::new());
    let code = browser.code(&[("scope", "openid offline_access")]).await;
    let tokens = world.redeem_with(&code, &prover.for_token(&world)).await.json();
    let refresh = tokens["refresh_token"].as_str().unwrap();
    assert_eq!(outcome(&world.refresh(refresh, &[]).await), "400 invalid_grant");
    assert_eq!(outcome(&world.refresh_with(refresh, &thief.for_token(&world)).await), "400 invalid_grant");
    for _ in 0..3 {
        world.advance(100);
        let again = world.refresh_with(refresh, &prover.for_token(&world)).await;
        assert_eq!(again.status, 200, "{}", again.body);
        let again = again.json();
        assert_eq!((again["refresh_token"].as_str(), again["token_type"].as_str()), (Some(refresh), Some("DPoP")));
        let token = again["access_token"].as_str().unwrap();
        assert_eq!(claims(token)["cnf"]["jkt"], prover.jkt());
        assert_eq!(world.bound_userinfo(&prover, token).await.status, 200);
    }
    // It lives for as long as it is used, and no longer.
    world.advance(80 * 86_400);
    assert_eq!(world.refresh_with(refresh, &prover.for_token(&world)).await.status, 200);
    world.sweep().await;
    world.advance(89 * 86_400);
    world.sweep().await;
    assert_eq!(world.refresh_with(refresh, &prover.for_token(&world)).await.status, 200);
    world.advance(91 * 86_400);
    assert_eq!(outcome(&world.refresh_with(refresh, &prover.for_token(&world)).await), "400 invalid_grant");
}

#[tokio::test]
async fn a_refresh_token_of_a_confidential_app_is_bound_to_its_authentication_instead() {
    let world = World::running().await;
    world.add_confidential_app("shop", AuthMethod::ClientSecretBasic, "secret").await;
    let browser = ada(&world).await;
    let (prover, next) = (Prover::new(), Prover::new());
    let code = browser.code(&[("client_id", "shop"), ("scope", "openid offline_access")]).await;
    let header = basic("shop", "secret");
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", crate::support::REDIRECT),
        ("code_verifier", crate::support::VERIFIER),
    ];
    let proof = prover.for_token(&world);
    let tokens = world.post_form(TOKEN, &form, &[("authorization", &header), ("dpop", &proof)]).await.json();
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let form = [("grant_type", "refresh_token"), ("refresh_token", refresh)];
    let proof = next.for_token(&world);
    let again = world.post_form(TOKEN, &form, &[("authorization", &header), ("dpop", &proof)]).await.json();
    assert_eq!(claims(again["access_token"].as_str().unwrap())["cnf"]["jkt"], next.jkt());
    assert_ne!(again["refresh_token"].as_str(), Some(refresh), "rotated");
    // Introspection reports the key, so that an API can verify proofs.
    let token = again["access_token"].as_str().unwrap();
    let seen = world.post_form(INTROSPECT, &[("token", token)], &[("authorization", &header)]).await.json();
    assert_eq!((seen["token_type"].as_str(), &seen["cnf"]), (Some("DPoP"), &json!({"jkt": next.jkt()})));
    // Revoking a token takes no proof: whoever lost the key must still be able to.
    let revoked = world.post_form("/api/auth/oauth2/revoke", &[("token", token)], &[("authorization", &header)]).await;
    assert_eq!(revoked.status, 200);
    assert_eq!(outcome(&world.bound_userinfo(&next, token).await), "401 invalid_token");
}

#[tokio::test]
async fn a_code_is_bound_by_dpop_jkt_or_by_the_proof_of_the_pushed_request() {
    let world = World::running().await;
    let browser = ada(&world).await;
    let (prover, thief) = (Prover::new(), Prover::new());
    // fapi2-security-profile-final-ensure-token-endpoint-fails-with-mismatched-dpop-jkt
    let jkt = prover.jkt();
    for proof in [None, Some(&thief)] {
        let code = browser.code(&[("dpop_jkt", &jkt)]).await;
        let answer = match proof {
            Some(thief) => world.redeem_with(&code, &thief.for_token(&world)).await,
            None => world.exchange(&code, &[]).await,
        };
        assert_eq!(outcome(&answer), "400 invalid_grant");
        let late = world.redeem_with(&code, &prover.for_token(&world)).await;
        assert_eq!(outcome(&late), "400 invalid_grant", "the attempt spent it");
    }
    let code = browser.code(&[("dpop_jkt", &jkt)]).await;
    assert_eq!(world.redeem_with(&code, &prover.for_token(&world)).await.status, 200);

    // fapi2-security-profile-final-ensure-token-endpoint-fails-with-mismatched-dpop-proof-jkt
    let form = |extra: &[(&'static str, String)]| {
        let mut form: Vec<(String, String)> = sigma_core::params::Params::parse(
            crate::support::Browser::request(&[]).strip_prefix("/oauth2/authorize?").unwrap(),
        )
        .pairs()
        .to_vec();
        form.extend(extra.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        form
    };
    let push = async |extra: &[(&'static str, String)], proof: &str| {
        let form = form(extra);
        let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        world.post_with_proof(PAR, &form, proof).await
    };
    let at_par = |prover: &Prover| prover.sign(&prover.claims(&world, "POST", PAR));
    let code_of = async |pushed: &Answer| {
        let uri = pushed.json()["request_uri"].as_str().unwrap().to_owned();
        let answer = browser.get(&format!("/oauth2/authorize?client_id={APP}&request_uri={uri}")).await;
        browser.agree(answer).await.param("code").unwrap()
    };
    let pushed = push(&[], &at_par(&prover)).await;
    assert_eq!(pushed.status, 201, "{}", pushed.body);
    assert_eq!(
        outcome(&world.redeem_with(&code_of(&pushed).await, &thief.for_token(&world)).await),
        "400 invalid_grant"
    );
    let pushed = push(&[("dpop_jkt", jkt.clone())], &at_par(&prover)).await;
    assert_eq!(world.redeem_with(&code_of(&pushed).await, &prover.for_token(&world)).await.status, 200);
    // fapi2-security-profile-final-ensure-mismatched-dpop-jkt-fails
    let mismatched = push(&[("dpop_jkt", thief.jkt())], &at_par(&prover)).await;
    assert_eq!(outcome(&mismatched), "400 invalid_dpop_proof");
    assert_eq!(outcome(&push(&[], &prover.for_token(&world)).await), "400 invalid_dpop_proof");
}

#[tokio::test]
async fn an_app_whose_tokens_must_be_bound_gets_none_without_a_proof() {
    let world = World::running().await;
    world.change_app(APP, |app| app.security.bound_tokens = true).await;
    let browser = ada(&world).await;
    let prover = Prover::new();
    let code = browser.code(&[("scope", "openid offline_access")]).await;
    // fapi2-security-profile-final-ensure-holder-of-key-required
    assert_eq!(outcome(&world.exchange(&code, &[]).await), "400 invalid_dpop_proof");
    let tokens = world.redeem_with(&code, &prover.for_token(&world)).await.json();
    let refresh = tokens["refresh_token"].as_str().unwrap();
    assert_eq!(outcome(&world.refresh(refresh, &[]).await), "400 invalid_dpop_proof");
}

#[tokio::test]
async fn a_token_of_the_app_itself_may_be_bound_too() {
    let world = World::running().await;
    world.add_confidential_app("service", AuthMethod::ClientSecretPost, "secret").await;
    let prover = Prover::new();
    let form = [("grant_type", "client_credentials"), ("client_id", "service"), ("client_secret", "secret")];
    let tokens = world.post_with_proof(TOKEN, &form, &prover.for_token(&world)).await.json();
    assert_eq!(tokens["token_type"], "DPoP");
    assert_eq!(claims(tokens["access_token"].as_str().unwrap())["cnf"]["jkt"], prover.jkt());
}

#[tokio::test]
async fn a_bound_token_reaches_the_own_apis_with_its_proof_alone() {
    const PROFILE: &str = "/api/profile";
    let world = World::running().await;
    world.change_app(APP, |app| app.scopes = sigma_core::scope::Scopes::parse("openid profile sigma:profile")).await;
    let browser = ada(&world).await;
    let (prover, thief) = (Prover::new(), Prover::new());
    let code = browser.code(&[("scope", "openid profile sigma:profile")]).await;
    let tokens = world.redeem_with(&code, &prover.for_token(&world)).await.json();
    let token = tokens["access_token"].as_str().unwrap();
    let plain = browser.tokens("openid profile sigma:profile").await;
    let expected = world.get_with_token(PROFILE, plain["access_token"].as_str().unwrap()).await.status;
    let proof = |prover: &Prover, method: &str| prover.with_token(&world, method, PROFILE, token);
    assert_eq!(world.get_bound(PROFILE, token, &[&proof(&prover, "GET")]).await.status, expected);
    for proofs in [vec![], vec![proof(&thief, "GET")], vec![proof(&prover, "DELETE")]] {
        let proofs: Vec<&str> = proofs.iter().map(String::as_str).collect();
        let answer = world.get_bound(PROFILE, token, &proofs).await;
        assert_eq!(outcome(&answer), "401 invalid_dpop_proof");
        assert!(answer.header("www-authenticate").starts_with("DPoP "));
    }
    assert_eq!(outcome(&world.get_with_token(PROFILE, token).await), "401 invalid_token");
}

#[tokio::test]
async fn a_proxy_learns_who_calls_an_api_with_a_token_for_it_and_the_proof_of_that_call() {
    const API: &str = "https://api.example.org";
    const FORWARD: &str = "/api/auth/oauth2/forward?resource=https%3A%2F%2Fapi.example.org";
    let world = World::running().await;
    world.add_resource(API).await;
    world.add_resource_with("https://other.example.org", |api| api.open = true).await;
    let browser = ada(&world).await;
    let (prover, thief) = (Prover::new(), Prover::new());
    let parameters = [("resource", API), ("scope", "openid profile")];
    let tokens = world.redeem_with(&browser.code(&parameters).await, &prover.for_token(&world)).await.json();
    let token = tokens["access_token"].as_str().unwrap();
    let plain = world.exchange(&browser.code(&parameters).await, &[]).await.json();
    let plain = plain["access_token"].as_str().unwrap();
    let proof = |prover: &Prover, changes: &Value| {
        let call = json!({"htm": "PUT", "htu": format!("{API}/notes/1"), "ath": ath(token)});
        prover.sign(&with(&with(&prover.claims(&world, "PUT", ""), &call), changes))
    };
    let ask = async |path: &str, authorization: &str, proof: Option<&str>, uri: Option<&str>| {
        let mut request = Request::get(path).header("authorization", authorization);
        if let Some(uri) = uri {
            let forwarded = [("method", "PUT"), ("proto", "https"), ("host", "api.example.org"), ("uri", uri)];
            for (name, value) in forwarded {
                request = request.header(format!("x-forwarded-{name}"), value);
            }
        }
        if let Some(proof) = proof {
            request = request.header("dpop", proof);
        }
        world.send(request.body(Body::empty()).unwrap()).await
    };
    let (bound, bearer) = (format!("DPoP {token}"), format!("Bearer {plain}"));
    let call = Some("/notes/1?draft=1");
    for (authorization, proof) in [(&bound, Some(proof(&prover, &json!({})))), (&bearer, None)] {
        let answer = ask(FORWARD, authorization, proof.as_deref(), call).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert!(answer.header("x-sigma-user-id").starts_with("user_"));
        assert_eq!(answer.header("x-sigma-client-id"), APP);
    }
    let good = || proof(&prover, &json!({}));
    let other_api = "/api/auth/oauth2/forward?resource=https%3A%2F%2Fother.example.org";
    let more = format!("{FORWARD}&scope=notes%3Awrite");
    for (what, path, authorization, proof, uri, expected) in [
        ("another call", FORWARD, &bound, Some(good()), Some("/notes/2"), "401 invalid_dpop_proof"),
        ("no call", FORWARD, &bound, Some(good()), None, "401 invalid_dpop_proof"),
        (
            "another method",
            FORWARD,
            &bound,
            Some(proof(&prover, &json!({"htm": "GET"}))),
            call,
            "401 invalid_dpop_proof",
        ),
        ("another key", FORWARD, &bound, Some(proof(&thief, &json!({}))), call, "401 invalid_dpop_proof"),
        ("no proof", FORWARD, &bound, None, call, "401 invalid_dpop_proof"),
        ("another API", other_api, &bound, Some(good()), call, "401 invalid_token"),
        ("another API, Bearer", other_api, &bearer, None, call, "401 invalid_token"),
        ("more scopes", &more, &bearer, None, call, "403 insufficient_scope"),
        ("no resource", "/api/auth/oauth2/forward", &bearer, None, call, "400 invalid_request"),
    ] {
        let answer = ask(path, authorization, proof.as_deref(), uri).await;
        assert_eq!((outcome(&answer).as_str(), answer.header("x-sigma-user-id")), (expected, ""), "{what}");
    }
    let challenge = |answer: &Answer| answer.header("www-authenticate").to_owned();
    let described = r#"resource_metadata="https://id.example.org/.well-known/oauth-protected-resource?resource=https%3A%2F%2Fother.example.org""#;
    assert!(challenge(&ask(other_api, "", None, None).await).ends_with(described), "an open API has metadata");
    assert!(!challenge(&ask(FORWARD, "", None, None).await).contains("resource_metadata"), "and another has not");
    let as_bearer = ask(FORWARD, &format!("Bearer {token}"), Some(&good()), call).await;
    assert_eq!(outcome(&as_bearer), "401 invalid_token");
}
