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
