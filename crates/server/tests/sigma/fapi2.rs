//! The FAPI 2.0 Security Profile as the policy of an app (`docs/spec/sender-constrained.md#fapi-20-security-profile`). Where a test walks the
//! conditions of a module of the official conformance suite, it names the module (without `fapi2-security-profile-final-`).

use serde_json::{Value, json};
use sigma_core::app::App;
use sigma_core::ids::ClientId;
use sigma_core::jose::{Algorithm, SigningKey};
use sigma_core::security::{AppSecurity, SecurityProfile};

use crate::support::client::{ISSUER, PAR, TOKEN, app_key, changed, key_set};
use crate::support::dpop::Prover;
use crate::support::forge::{assertion, claims, jws, with};
use crate::support::{Answer, Browser, CHALLENGE, REDIRECT, VERIFIER, World, ada};

const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const BANK: &str = "bank";

/// A bank's app: its keys, and the server that it calls.
struct Bank<'w> {
    world: &'w World,
    key: SigningKey,
    rsa: SigningKey,
    prover: Prover,
    number: std::cell::Cell<u32>,
}

impl<'w> Bank<'w> {
    async fn register(world: &'w World) -> Self {
        let (key, rsa) = (app_key(), SigningKey::generate(Algorithm::RS256).unwrap());
        let keys = key_set(&[&key, &rsa]);
        world
            .add_app(|app: &mut App| {
                app.client_id = ClientId::from_text(BANK);
                app.auth_method = sigma_core::app::AuthMethod::PrivateKeyJwt;
                app.jwks = Some(keys);
                app.id_token_alg = Algorithm::ES256;
                app.security = AppSecurity { profile: Some(SecurityProfile::Fapi2), ..AppSecurity::default() };
            })
            .await;
        Self { world, key, rsa, prover: Prover::new(), number: std::cell::Cell::default() }
    }

    /// The claims of a fresh assertion.
    fn assertion_claims(&self) -> Value {
        self.number.set(self.number.get() + 1);
        let now = self.world.now().seconds();
        json!({"iss": BANK, "sub": BANK, "aud": ISSUER, "jti": format!("a{}", self.number.get()), "exp": now + 60, "iat": now})
    }

    async fn post(&self, path: &str, form: &[(&str, &str)], assertion: &str, proof: Option<&str>) -> Answer {
        let form = changed(form, &[("client_assertion_type", TYPE), ("client_assertion", assertion)]);
        let headers: Vec<(&str, &str)> = proof.map(|proof| ("dpop", proof)).into_iter().collect();
        self.world.post_form(path, &form, &headers).await
    }

    /// Pushes a request with other parameters than the default.
    async fn push(&self, changes: &[(&str, &str)]) -> Answer {
        let form = [
            ("response_type", "code"),
            ("redirect_uri", REDIRECT),
            ("scope", "openid offline_access"),
            ("state", "xyz"),
            ("nonce", "n"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        self.post(PAR, &changed(&form, changes), &assertion(&self.key, &self.assertion_claims()), None).await
    }

    /// A code of a person who agrees to a pushed request.
    async fn code(&self, browser: &Browser<'_>) -> String {
        let pushed = self.push(&[]).await;
        assert_eq!(pushed.status, 201, "{}", pushed.body);
        let uri = pushed.json()["request_uri"].as_str().unwrap().to_owned();
        let answer = browser.get(&format!("/oauth2/authorize?client_id={BANK}&request_uri={uri}")).await;
        let answer = browser.agree(answer).await;
        // happy-flow: the issuer is named in the answer.
        assert_eq!(answer.param("iss").as_deref(), Some(ISSUER));
        answer.param("code").unwrap_or_else(|| panic!("{}", answer.location()))
    }

    async fn redeem(&self, code: &str, changes: &[(&str, &str)], proof: Option<&str>) -> Answer {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", REDIRECT),
            ("code_verifier", VERIFIER),
        ];
        self.post(TOKEN, &changed(&form, changes), &assertion(&self.key, &self.assertion_claims()), proof).await
    }
}

fn outcome(answer: &Answer) -> String {
    let error =
        serde_json::from_str::<Value>(&answer.body).ok().and_then(|body| body["error"].as_str().map(str::to_owned));
    format!("{} {}", answer.status.as_u16(), error.unwrap_or_default()).trim_end().to_owned()
}

/// `happy-flow`, `refresh-token`, `ensure-authorization-request-without-nonce-success`.
#[tokio::test]
async fn a_bank_signs_a_person_in_and_keeps_its_refresh_token() {
    let world = World::running().await;
    let bank = Bank::register(&world).await;
    let browser = ada(&world).await;
    let code = bank.code(&browser).await;
    let tokens = bank.redeem(&code, &[], Some(&bank.prover.for_token(&world))).await;
    assert_eq!(tokens.status, 200, "{}", tokens.body);
    let tokens = tokens.json();
    assert_eq!(tokens["token_type"], "DPoP");
    let token = tokens["access_token"].as_str().unwrap();
    assert_eq!(claims(token)["cnf"]["jkt"], bank.prover.jkt());
    assert_eq!(world.bound_userinfo(&bank.prover, token).await.status, 200);
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let form = [("grant_type", "refresh_token"), ("refresh_token", refresh)];
    for _ in 0..3 {
        world.advance(20);
        let text = assertion(&bank.key, &bank.assertion_claims());
        let again = bank.post(TOKEN, &form, &text, Some(&bank.prover.for_token(&world))).await;
        assert_eq!(again.json()["refresh_token"].as_str(), Some(refresh), "not rotated: {}", again.body);
    }
    let text = assertion(&bank.key, &bank.assertion_claims());
    assert_eq!(outcome(&bank.post(TOKEN, &form, &text, None).await), "400 invalid_dpop_proof");
}

#[tokio::test]
async fn a_banks_authentication_is_by_its_key_for_the_issuer_alone() {
    let world = World::running().await;
    let bank = Bank::register(&world).await;
    let form = [
        ("response_type", "code"),
        ("redirect_uri", REDIRECT),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    let mut seen = Vec::new();
    for (what, aud) in [
        ("the issuer", json!(ISSUER)),
        ("par-endpoint-as-audience-fails", json!(format!("{ISSUER}{PAR}"))),
        ("par-endpoint-as-array-audience-fails", json!([format!("{ISSUER}{PAR}")])),
        ("par-token-endpoint-as-audience-fails", json!(format!("{ISSUER}{TOKEN}"))),
        ("the issuer in a list", json!([ISSUER])),
        ("another issuer", json!("https://other.example")),
    ] {
        let text = assertion(&bank.key, &with(&bank.assertion_claims(), &json!({ "aud": aud })));
        seen.push(format!("{what}: {}", outcome(&bank.post(PAR, &form, &text, None).await)));
    }
    let text = assertion(&bank.rsa, &bank.assertion_claims());
    seen.push(format!(
        "ensure-signed-client-assertion-with-RS256-fails: {}",
        outcome(&bank.post(PAR, &form, &text, None).await)
    ));
    let none = jws(&json!({"alg": "none"}), &bank.assertion_claims(), |_| Vec::new());
    seen.push(format!("alg none: {}", outcome(&bank.post(PAR, &form, &none, None).await)));
    let bare = world.post_form(PAR, &changed(&form, &[("client_id", BANK)]), &[]).await;
    seen.push(format!("ensure-client-assertion-required: {}", outcome(&bare)));
    insta::assert_snapshot!(seen.join("\n"));
}

#[tokio::test]
async fn a_banks_requests_are_pushed_and_checked() {
    let world = World::running().await;
    let bank = Bank::register(&world).await;
    let browser = ada(&world).await;
    let mut seen = Vec::new();
    for (what, changes) in [
        ("happy flow", vec![]),
        ("ensure-request-object-without-redirect-uri-fails", vec![("redirect_uri", "")]),
        ("ensure-registered-redirect-uri", vec![("redirect_uri", "https://app.example.org/callback/other")]),
        ("ensure-response-type-code-idtoken-fails", vec![("response_type", "code id_token")]),
        ("ensure-response-type-token-fails", vec![("response_type", "token")]),
        ("par-ensure-pkce-required", vec![("code_challenge", ""), ("code_challenge_method", "")]),
        ("par-plain-pkce-rejected", vec![("code_challenge", VERIFIER), ("code_challenge_method", "plain")]),
        ("par-authorization-request-containing-request_uri-form-param", vec![("request_uri", "urn:x")]),
        ("ensure-authorization-request-without-state-success", vec![("state", "")]),
        ("ensure-authorization-request-without-nonce-success", vec![("nonce", "")]),
        ("ensure-other-scope-order-succeeds", vec![("scope", "offline_access openid")]),
    ] {
        seen.push(format!("{what}: {}", outcome(&bank.push(&changes).await)));
    }
    let long = "x".repeat(384);
    seen.push(format!(
        "ensure-authorization-request-with-long-state: {}",
        outcome(&bank.push(&[("state", &long)]).await)
    ));
    seen.push(format!(
        "ensure-authorization-request-with-long-nonce: {}",
        outcome(&bank.push(&[("nonce", &long)]).await)
    ));
    let plain = browser.authorize(&[("client_id", BANK)]).await;
    let refused = plain.param("error").unwrap();
    seen.push(format!("ensure-unsigned-authorization-request-without-using-par-fails: {refused}"));
    insta::assert_snapshot!(seen.join("\n"));
}

#[tokio::test]
async fn a_banks_codes_take_the_verifier_the_proof_and_a_minute() {
    let world = World::with(|settings| settings.tokens.code_seconds = 600).await;
    world.advance(60);
    let bank = Bank::register(&world).await;
    let browser = ada(&world).await;
    let proof = || bank.prover.for_token(&world);
    let mut seen = Vec::new();
    for (what, changes) in [
        ("par-ensure-pkce-code-verifier-required", vec![("code_verifier", "")]),
        ("par-incorrect-pkce-code-verifier-rejected", vec![("code_verifier", CHALLENGE)]),
        ("ensure-redirect-uri-in-authorization-request", vec![("redirect_uri", "https://app.example.org/other")]),
    ] {
        let code = bank.code(&browser).await;
        seen.push(format!("{what}: {}", outcome(&bank.redeem(&code, &changes, Some(&proof())).await)));
    }
    let code = bank.code(&browser).await;
    seen.push(format!("ensure-holder-of-key-required: {}", outcome(&bank.redeem(&code, &[], None).await)));
    world.advance(61);
    seen.push(format!("attempt-to-use-expired-code: {}", outcome(&bank.redeem(&code, &[], Some(&proof())).await)));
    let code = bank.code(&browser).await;
    let first = bank.redeem(&code, &[], Some(&proof())).await;
    let token = first.json()["access_token"].as_str().unwrap().to_owned();
    world.advance(1);
    seen.push(format!(
        "attempt-reuse-authorization-code-after-one-second: {}",
        outcome(&bank.redeem(&code, &[], Some(&proof())).await)
    ));
    seen.push(format!("its token: {}", outcome(&world.bound_userinfo(&bank.prover, &token).await)));
    insta::assert_snapshot!(seen.join("\n"));
}

/// The modules of request objects, which an app with the profile may push.
#[tokio::test]
async fn a_banks_request_objects_are_checked_like_its_requests() {
    let world = World::running().await;
    let bank = Bank::register(&world).await;
    let now = world.now().seconds();
    let good = json!({
        "iss": BANK, "aud": ISSUER, "exp": now + 300, "nbf": now, "client_id": BANK, "response_type": "code",
        "redirect_uri": REDIRECT, "scope": "openid", "state": "inside", "nonce": "n", "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    });
    let by = |key: &SigningKey, claims: &Value| {
        let header = json!({"alg": key.algorithm().as_str(), "typ": "oauth-authz-req+jwt"});
        jws(&header, claims, |message| key.sign(message).unwrap())
    };
    let push = async |object: &str| {
        let form = [("client_id", BANK), ("request", object), ("state", "outside"), ("scope", "openid email")];
        let text = assertion(&bank.key, &bank.assertion_claims());
        outcome(&bank.post(PAR, &form, &text, None).await)
    };
    let mut seen = Vec::new();
    for (what, changes) in [
        ("happy flow", json!({})),
        ("ensure-expired-request-object-fails", json!({"exp": now - 300})),
        ("ensure-request-object-without-exp-fails", json!({"exp": null})),
        ("ensure-request-object-without-nbf-fails", json!({"nbf": null})),
        ("ensure-request-object-with-exp-over-60-fails", json!({"exp": now + 4_200})),
        ("ensure-request-object-with-nbf-over-60-fails", json!({"nbf": now - 4_200})),
        ("ensure-request-object-with-nbf-8-seconds-in-the-future-is-accepted", json!({"nbf": now + 8})),
        ("ensure-request-object-with-bad-aud-fails", json!({"aud": "https://other.example"})),
        ("ensure-server-accepts-request-object-with-multiple-aud", json!({"aud": ["https://other.example", ISSUER]})),
        ("ensure-request-object-without-redirect-uri-fails", json!({"redirect_uri": null})),
        ("par-authorization-request-containing-request_uri", json!({"request_uri": "urn:x"})),
        ("another client_id", json!({"client_id": "playground"})),
        ("another iss", json!({"iss": "playground"})),
    ] {
        seen.push(format!("{what}: {}", push(&by(&bank.key, &with(&good, &changes))).await));
    }
    let other = app_key();
    let none = jws(&json!({"alg": "none"}), &good, |_| Vec::new());
    seen.push(format!("ensure-signed-request-object-with-RS256-fails: {}", push(&by(&bank.rsa, &good)).await));
    seen.push(format!("ensure-request-object-signature-algorithm-is-not-none: {}", push(&none).await));
    seen.push(format!("ensure-request-object-with-invalid-signature-fails: {}", push(&by(&other, &good)).await));
    insta::assert_snapshot!(seen.join("\n"));

    // ensure-different-state-inside-and-outside-request-object: what is inside counts.
    let object = by(&bank.key, &good);
    let form = [("client_id", BANK), ("request", object.as_str()), ("state", "outside")];
    let text = assertion(&bank.key, &bank.assertion_claims());
    let pushed = bank.post(PAR, &form, &text, None).await.json();
    let browser = ada(&world).await;
    let uri = pushed["request_uri"].as_str().unwrap();
    let answer = browser.get(&format!("/oauth2/authorize?client_id={BANK}&request_uri={uri}")).await;
    assert_eq!(browser.agree(answer).await.param("state").as_deref(), Some("inside"));
}

/// Modules about single claims of assertions and proofs, and about what a person and a browser do.
#[tokio::test]
async fn a_banks_assertions_and_proofs_are_checked_claim_by_claim() {
    let world = World::running().await;
    let bank = Bank::register(&world).await;
    let browser = ada(&world).await;
    let mut wrong = Vec::new();
    let mut check = |module: &str, found: &str, expected: &str| {
        if found != expected {
            wrong.push(format!("{module}: {found}, not {expected}"));
        }
    };
    let request = [
        ("response_type", "code"),
        ("redirect_uri", REDIRECT),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    let now = world.now().seconds();
    for (module, changes, expected) in [
        (
            "ensure-client-assertion-with-exp-is-5-minutes-in-past-fails",
            json!({"exp": now - 300}),
            "401 invalid_client",
        ),
        ("ensure-client-assertion-with-wrong-aud-fails", json!({"aud": "https://other.example"}), "401 invalid_client"),
        ("ensure-client-assertion-with-no-sub-fails", json!({"sub": null}), "401 invalid_client"),
        (
            "par-ensure-jwt-client-assertions-nbf-8-seconds-in-the-future-is-accepted",
            json!({"iat": now + 8, "nbf": now + 8}),
            "201",
        ),
        (
            "par-ensure-jwt-client-assertions-nbf-over-60-seconds-in-the-future-fails",
            // The suite's are 62 seconds ahead when they are signed, and arrive later.
            json!({"iat": now + 31, "nbf": now + 31, "exp": now + 91}),
            "401 invalid_client",
        ),
        ("par-test-array-as-audience-fails", json!({"aud": [ISSUER]}), "401 invalid_client"),
        ("par-test-par-endpoint-url-as-audience-fails", json!({"aud": format!("{ISSUER}{PAR}")}), "401 invalid_client"),
        (
            "par-test-token-endpoint-url-as-audience-fails",
            json!({"aud": format!("{ISSUER}{TOKEN}")}),
            "401 invalid_client",
        ),
    ] {
        let text = assertion(&bank.key, &with(&bank.assertion_claims(), &changes));
        check(module, &outcome(&bank.post(PAR, &request, &text, None).await), expected);
    }
    let nonce = "n".repeat(64);
    let pushed = bank.push(&[("nonce", &nonce)]).await;
    check("ensure-authorization-request-with-64-char-nonce-success", &outcome(&pushed), "201");
    let twice = [("response_type", "code"), ("scope", "openid"), ("scope", "openid")];
    let text = assertion(&bank.key, &bank.assertion_claims());
    let form: Vec<(&str, &str)> = twice.into_iter().chain([("client_assertion_type", TYPE)]).collect();
    let form = [&form[..], &[("client_assertion", text.as_str())]].concat();
    check("par-without-duplicate-parameters", &outcome(&world.post_form(PAR, &form, &[]).await), "400 invalid_request");
    let got = world.browser().get(PAR).await;
    check("par-attempt-invalid-http-method", &got.status.as_u16().to_string(), "405");

    // A request_uri of another app, and one that is opened again before it was answered.
    world.add_app(|app: &mut App| app.client_id = ClientId::from_text("another")).await;
    let uri = pushed.json()["request_uri"].as_str().unwrap().to_owned();
    let stolen = browser.get(&format!("/oauth2/authorize?client_id=another&request_uri={uri}")).await;
    let error = stolen.param("error").unwrap_or_default();
    check("par-attempt-to-use-request_uri-for-different-client", &error, "invalid_request_uri");
    let path = format!("/oauth2/authorize?client_id={BANK}&request_uri={uri}");
    browser.get(&path).await;
    let again = browser.agree(browser.get(&path).await).await;
    let code = again.param("code").unwrap_or_default();
    let reused = "par-ensure-reused-request-uri-prior-to-auth-completion-succeeds";
    check(reused, if code.is_empty() { "no code" } else { "a code" }, "a code");
    let tokens = bank.redeem(&code, &[], Some(&bank.prover.for_token(&world))).await;
    check("ensure-authorization-request-with-64-char-nonce-success", &outcome(&tokens), "200");
    check(
        "the nonce in the ID token",
        claims(tokens.json()["id_token"].as_str().unwrap())["nonce"].as_str().unwrap(),
        &nonce,
    );

    let pushed = bank.push(&[("state", "only-inside")]).await.json();
    let uri = pushed["request_uri"].as_str().unwrap();
    let path = format!("/oauth2/authorize?client_id={BANK}&request_uri={uri}&state=outside&nonce=outside");
    let asked = browser.get(&path).await;
    let interaction = asked.param("interaction");
    let answer = match &interaction {
        Some(interaction) => {
            let form = [("interaction", interaction.as_str()), ("accept", "false")];
            browser.post_form("/api/auth/oauth2/consent", &form).await
        }
        None => asked,
    };
    let state = answer.param("state").unwrap_or_default();
    check("ensure-different-nonce-inside-and-outside-request-object", &state, "only-inside");
    if interaction.is_some() {
        let error = answer.param("error").unwrap_or_default();
        check("user-rejects-authentication", &error, "access_denied");
    }

    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Modules about the times of proofs, and about what a code is bound to.
#[tokio::test]
async fn a_banks_proofs_have_their_times_and_its_codes_their_key() {
    let world = World::running().await;
    let bank = Bank::register(&world).await;
    let browser = ada(&world).await;
    world.add_app(|app: &mut App| app.client_id = ClientId::from_text("another")).await;
    let now = world.now().seconds();
    let mut wrong = Vec::new();
    let mut check = |module: &str, found: &str, expected: &str| {
        if found != expected {
            wrong.push(format!("{module}: {found}, not {expected}"));
        }
    };
    let at = |changes: Value| bank.prover.sign(&with(&bank.prover.claims(&world, "POST", TOKEN), &changes));
    for (module, changes, expected) in [
        ("ensure-dpopproof-with-iat-10seconds-before-succeeds", json!({"iat": now - 10}), "200"),
        ("ensure-dpopproof-with-iat-10seconds-after-succeeds", json!({"iat": now + 10}), "200"),
        ("check-dpop-proof-nbf-exp", json!({"nbf": now - 5, "exp": now + 60}), "200"),
        ("check-dpop-proof-nbf-exp, expired", json!({"exp": now - 60}), "400 invalid_dpop_proof"),
    ] {
        let code = bank.code(&browser).await;
        check(module, &outcome(&bank.redeem(&code, &[], Some(&at(changes))).await), expected);
    }
    // Codes that are bound to a key: by a proof with the pushed request, and by its thumbprint.
    let form = [
        ("response_type", "code"),
        ("redirect_uri", REDIRECT),
        ("scope", "openid"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    let proof = bank.prover.sign(&bank.prover.claims(&world, "POST", PAR));
    let text = assertion(&bank.key, &bank.assertion_claims());
    let by_proof = bank.post(PAR, &form, &text, Some(&proof)).await;
    let text = assertion(&bank.key, &bank.assertion_claims());
    let jkt = bank.prover.jkt();
    let by_jkt = bank.post(PAR, &changed(&form, &[("dpop_jkt", &jkt)]), &text, None).await;
    for (module, pushed) in [
        ("ensure-dpopproof-at-par-endpoint-binding-success", by_proof),
        ("ensure-dpop-auth-code-binding-success", by_jkt),
    ] {
        let uri = pushed.json()["request_uri"].as_str().unwrap().to_owned();
        for (prover, expected) in [(&bank.prover, "200"), (&Prover::new(), "400 invalid_grant")] {
            let answer = browser.get(&format!("/oauth2/authorize?client_id={BANK}&request_uri={uri}")).await;
            let Some(code) = browser.agree(answer).await.param("code") else { continue };
            check(module, &outcome(&bank.redeem(&code, &[], Some(&prover.for_token(&world))).await), expected);
        }
    }
    // At the token endpoint: no assertion, and a code of another app.
    let code = bank.code(&browser).await;
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", REDIRECT),
        ("code_verifier", VERIFIER),
        ("client_id", BANK),
    ];
    let bare = world.post_form(TOKEN, &form, &[("dpop", &bank.prover.for_token(&world))]).await;
    check("ensure-client-assertion-in-token-endpoint", &outcome(&bare), "401 invalid_client");
    let other = world.post_form(TOKEN, &changed(&form, &[("client_id", "another")]), &[]).await;
    check("ensure-authorization-code-is-bound-to-client", &outcome(&other), "400 invalid_grant");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
