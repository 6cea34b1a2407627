//! The conditions of modules of the OpenID conformance suite that no other test is named after: the plans of `make conformance`
//! (`docs/conformance.md`), by the names of their modules.

use std::collections::BTreeSet;

use axum::body::Body;
use http::Request;
use serde_json::{Value, json};
use sigma_core::app::AuthMethod;
use sigma_core::jose::{Algorithm, Promptness, PublicJwk, TokenKind, UnverifiedJws};

use crate::support::client::{ISSUER, TOKEN, USERINFO, app_key, basic};
use crate::support::forge::{assertion, claims, header, jws, with};
use crate::support::{Answer, Browser, CHALLENGE, Key, REDIRECT, VERIFIER, World, ada, leads, text};

const SHOP: &str = "suite-basic";
const POSTING: &str = "suite-post";
const SECRET: &str = "a-secret-of-the-suite";
const END_SESSION: &str = "/api/auth/oauth2/end-session";
const BYE: &str = "https://app.example.org/bye";

/// The modules that were walked, and what was wrong.
#[derive(Default)]
struct Walk {
    seen: BTreeSet<&'static str>,
    wrong: Vec<String>,
}

impl Walk {
    /// Notes a module; it fails unless `is_met`.
    fn note(&mut self, module: &'static str, is_met: bool, found: impl std::fmt::Display) {
        self.seen.insert(module);
        if !is_met {
            self.wrong.push(format!("{module}: {found}"));
        }
    }

    fn end(self, modules: usize) {
        assert!(self.wrong.is_empty(), "{}", self.wrong.join("\n"));
        assert_eq!(self.seen.len(), modules, "{:?}", self.seen);
    }
}

/// A world with an app that authenticates by header, one that does by body, and Ada, who has an address.
async fn suite() -> World {
    let world = World::with(|settings| {
        settings.registration.mode = sigma_server::settings::RegistrationMode::Open;
        settings.registration.remember_consent = true;
    })
    .await;
    world.add_confidential_app(SHOP, AuthMethod::ClientSecretBasic, SECRET).await;
    world.add_confidential_app(POSTING, AuthMethod::ClientSecretPost, SECRET).await;
    world
}

/// A request of the app without a challenge, as the suite sends it.
async fn ask(browser: &Browser<'_>, extra: &[(&str, &str)]) -> Answer {
    let plain = [("client_id", SHOP), ("nonce", "n"), ("code_challenge", ""), ("code_challenge_method", "")];
    browser.authorize(&[&plain[..], extra].concat()).await
}

/// The same, agreed to.
async fn answered(browser: &Browser<'_>, extra: &[(&str, &str)]) -> Answer {
    browser.agree(ask(browser, extra).await).await
}

async fn redeem(world: &World, code: &str) -> Answer {
    let form = [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", REDIRECT)];
    world.post_form(TOKEN, &form, &[("authorization", &basic(SHOP, SECRET))]).await
}

/// The tokens of a request that is agreed to.
async fn tokens(world: &World, browser: &Browser<'_>, extra: &[(&str, &str)]) -> Value {
    let answer = answered(browser, extra).await;
    let code = answer.param("code").unwrap_or_else(|| panic!("no code in {}", answer.location()));
    redeem(world, &code).await.json()
}

/// Whether the ID token is signed by a published key.
async fn is_signed(world: &World, token: &str) -> bool {
    let keys = world.browser().get("/.well-known/jwks.json").await.json();
    let kid = header(token)["kid"].clone();
    let key = keys["keys"].as_array().unwrap().iter().find(|key| key["kid"] == kid);
    let jws = UnverifiedJws::parse(token).unwrap();
    key.is_some_and(|key| jws.verify_as(TokenKind::Id, &PublicJwk::parse(&key.to_string()).unwrap()).is_ok())
}

#[tokio::test]
async fn the_modules_of_the_basic_plan_hold() {
    let mut walk = Walk::default();
    let world = suite().await;
    let browser = ada(&world).await;

    let issued = tokens(&world, &browser, &[("scope", "openid")]).await;
    let id = claims(text(&issued, "id_token"));
    let is_met = id["iss"] == ISSUER && id["nonce"] == "n" && id["exp"].as_i64() > id["iat"].as_i64();
    walk.note("oidcc-server", is_met && issued["token_type"] == "Bearer", &id);
    let names_it = id["aud"] == SHOP || id["aud"] == json!([SHOP]);
    walk.note("oidcc-idtoken-rs256", names_it && header(text(&issued, "id_token"))["alg"] == "RS256", &id);
    walk.note("oidcc-idtoken-signature", is_signed(&world, text(&issued, "id_token")).await, &issued);
    let unsigned = json!({"redirect_uris": [REDIRECT], "id_token_signed_response_alg": "none"});
    let refused = world.register_with(&unsigned, None).await;
    walk.note("oidcc-idtoken-unsigned", refused.status == 400, &refused.body);

    let access = text(&issued, "access_token");
    let by_get = world.get_with_token(USERINFO, access).await;
    walk.note("oidcc-userinfo-get", by_get.json()["sub"] == id["sub"], &by_get.body);
    let post = Request::post(USERINFO).header("authorization", format!("Bearer {access}")).body(Body::empty());
    let by_header = world.send(post.unwrap()).await;
    walk.note("oidcc-userinfo-post-header", by_header.json()["sub"] == id["sub"], &by_header.body);
    let by_body = world.post_form(USERINFO, &[("access_token", access)], &[]).await;
    walk.note("oidcc-userinfo-post-body", by_body.json()["sub"] == id["sub"], &by_body.body);

    requests(&mut walk, &world, &browser).await;
    endings(&mut walk, &world, &browser, &issued).await;
    walk.end(38);
}

/// The modules about parameters of authorization requests.
async fn requests(walk: &mut Walk, world: &World, browser: &Browser<'_>) {
    let sub = claims(text(&tokens(world, browser, &[]).await, "id_token"))["sub"].clone();
    let missing = ask(browser, &[("response_type", "")]).await;
    walk.note("oidcc-response-type-missing", missing.param("error").is_some(), missing.location());
    let bare = tokens(world, browser, &[("nonce", "")]).await;
    let without = claims(text(&bare, "id_token"))["nonce"].is_null();
    walk.note("oidcc-ensure-request-without-nonce-succeeds-for-code-flow", without, &bare);
    for (module, scope) in [
        ("oidcc-scope-profile", "openid profile"),
        ("oidcc-scope-email", "openid email"),
        ("oidcc-scope-address", "openid address"),
        ("oidcc-scope-phone", "openid phone"),
        ("oidcc-scope-all", "openid profile email address phone"),
    ] {
        let issued = tokens(world, browser, &[("scope", scope)]).await;
        let info = world.get_with_token(USERINFO, text(&issued, "access_token")).await.json();
        walk.note(module, info["sub"] == sub && text(&issued, "scope").starts_with("openid"), &issued);
    }
    for (module, extra) in [
        ("oidcc-display-page", ("display", "page")),
        ("oidcc-display-popup", ("display", "popup")),
        ("oidcc-max-age-10000", ("max_age", "10000")),
        ("oidcc-ensure-request-with-unknown-parameter-succeeds", ("extra", "foobar")),
        ("oidcc-login-hint", ("login_hint", "ada@example.org")),
        ("oidcc-ui-locales", ("ui_locales", "se")),
        ("oidcc-claims-locales", ("claims_locales", "se")),
        ("oidcc-ensure-request-with-acr-values-succeeds", ("acr_values", "1 2")),
        ("oidcc-alternate-happy-flow", ("prompt", "consent")),
        ("oidcc-claims-essential", ("claims", r#"{"userinfo":{"name":{"essential":true}}}"#)),
    ] {
        let answer = answered(browser, &[extra]).await;
        walk.note(module, answer.param("code").is_some(), answer.location());
    }
    let dated = claims(text(&tokens(world, browser, &[("max_age", "10000")]).await, "id_token"));
    walk.note("oidcc-max-age-10000", dated["auth_time"].is_i64(), &dated);
    let valid = [("code_challenge", CHALLENGE), ("code_challenge_method", "S256")];
    let code = answered(browser, &valid).await.param("code").unwrap();
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", REDIRECT),
        ("code_verifier", VERIFIER),
    ];
    let redeemed = world.post_form(TOKEN, &form, &[("authorization", &basic(SHOP, SECRET))]).await;
    walk.note("oidcc-ensure-request-with-valid-pkce-succeeds", redeemed.status == 200, &redeemed.body);
}

/// The modules about sessions, redirect URIs, codes and request objects.
async fn endings(walk: &mut Walk, world: &World, browser: &Browser<'_>, issued: &Value) {
    let silent = ask(browser, &[("prompt", "none"), ("id_token_hint", text(issued, "id_token"))]).await;
    walk.note("oidcc-id-token-hint", silent.param("code").is_some(), silent.location());
    let stranger = world.browser();
    let silent = ask(&stranger, &[("prompt", "none")]).await;
    let told = silent.param("error").as_deref() == Some("login_required");
    walk.note("oidcc-prompt-none-not-logged-in", told, silent.location());
    walk.note("oidcc-prompt-login", leads(&ask(browser, &[("prompt", "login")]).await) == "/login", "");
    world.advance(2);
    walk.note("oidcc-max-age-1", leads(&ask(browser, &[("max_age", "1")]).await) == "/login", "");

    let posted = [("client_id", SHOP), ("redirect_uri", REDIRECT), ("response_type", "code"), ("scope", "openid")];
    let posted = browser.post_form("/oauth2/authorize", &posted).await;
    let answer = browser.agree(browser.get(posted.location()).await).await;
    walk.note("oidcc-ensure-post-request-succeeds", answer.param("code").is_some(), answer.location());
    let elsewhere = ask(browser, &[("redirect_uri", "https://app.example.org/callback/other")]).await;
    walk.note("oidcc-ensure-registered-redirect-uri", is_shown(&elsewhere), elsewhere.location());
    let nowhere = ask(browser, &[("redirect_uri", "")]).await;
    walk.note("oidcc-ensure-redirect-uri-in-authorization-request", is_shown(&nowhere), nowhere.location());

    for (module, seconds) in [("oidcc-codereuse", 0), ("oidcc-codereuse-30seconds", 30)] {
        let code = answered(browser, &[]).await.param("code").unwrap();
        let first = redeem(world, &code).await.json();
        world.advance(seconds);
        let again = redeem(world, &code).await;
        walk.note(module, again.error().starts_with("400 invalid_grant"), &again.body);
        let ended = world.userinfo_status(text(&first, "access_token")).await;
        walk.note(module, ended == 401, ended);
    }

    let code = answered(browser, &[("client_id", POSTING)]).await.param("code").unwrap();
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", REDIRECT),
        ("client_id", POSTING),
        ("client_secret", SECRET),
    ];
    let redeemed = world.post_form(TOKEN, &form, &[]).await;
    walk.note("oidcc-server-client-secret-post", redeemed.status == 200, &redeemed.body);
    let offline = [("scope", "openid offline_access"), ("prompt", "consent")];
    let offline = tokens(world, browser, &offline).await;
    let form = [("grant_type", "refresh_token"), ("refresh_token", text(&offline, "refresh_token"))];
    let renewed = world.post_form(TOKEN, &form, &[("authorization", &basic(SHOP, SECRET))]).await;
    let same = claims(text(&renewed.json(), "id_token"))["sub"] == claims(text(issued, "id_token"))["sub"];
    walk.note("oidcc-refresh-token", same, &renewed.body);

    let object = jws(&json!({"alg": "none"}), &json!({"client_id": SHOP, "response_type": "code"}), |_| Vec::new());
    for mode in ["query", "form_post"] {
        let refused = ask(browser, &[("request", &object), ("response_mode", mode)]).await;
        let told = refused.param("error").as_deref() == Some("invalid_request_object")
            || refused.body.contains("invalid_request_object");
        walk.note("oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported", told, &refused.body);
    }
    let refused = ask(browser, &[("request_uri", "https://app.example.org/request.jwt")]).await;
    let told = refused.param("error").as_deref() == Some("invalid_request_uri");
    let supported = "oidcc-request-uri-unsigned-supported-correctly-or-rejected-as-unsupported";
    walk.note(supported, told, refused.location());
}

#[tokio::test]
async fn the_modules_of_the_plans_for_logout_and_dynamic_clients_hold() {
    let mut walk = Walk::default();
    let world = suite().await;
    let metadata = world.browser().get("/.well-known/openid-configuration").await.json();
    let end = metadata["end_session_endpoint"] == format!("{ISSUER}{END_SESSION}");
    walk.note("oidcc-rp-initiated-logout-discovery-endpoint-verification", end, &metadata);
    let is_met = metadata["issuer"] == ISSUER
        && metadata["response_types_supported"].as_array().unwrap().contains(&json!("code"))
        && metadata["subject_types_supported"] == json!(["public"])
        && metadata["id_token_signing_alg_values_supported"].as_array().unwrap().contains(&json!("RS256"))
        && metadata["scopes_supported"].as_array().unwrap().contains(&json!("openid"));
    walk.note("oidcc-discovery-endpoint-verification", is_met, &metadata);

    sign_outs(&mut walk, &world).await;
    registrations(&mut walk, &world).await;

    let browser = world.browser();
    browser.sign_in(&Key::named("ada")).await;
    let before: Vec<Value> = keys(&world).await;
    world.rotate(Algorithm::RS256, Promptness::Now).await;
    let issued = tokens(&world, &browser, &[]).await;
    let kid = header(text(&issued, "id_token"))["kid"].clone();
    let is_new = keys(&world).await.contains(&kid) && !before.contains(&kid);
    walk.note("oidcc-server-rotate-keys", is_new && is_signed(&world, text(&issued, "id_token")).await, &kid);

    let key = app_key();
    world.add_asserting_app("suite-key", &key).await;
    let now = world.now().seconds();
    let of = |aud: &str, jti: &str| {
        let claims =
            json!({"iss": "suite-key", "sub": "suite-key", "aud": aud, "jti": jti, "exp": now + 60, "iat": now});
        assertion(&key, &claims)
    };
    for (aud, jti) in [(ISSUER, "1"), (&format!("{ISSUER}{TOKEN}"), "2")] {
        let form = [
            ("grant_type", "client_credentials"),
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ("client_assertion", &of(aud, jti)),
        ];
        let answer = world.post_form(TOKEN, &form, &[]).await;
        walk.note("oidcc-ensure-client-assertion-with-iss-aud-succeeds", answer.status == 200, &answer.body);
    }
    walk.end(21);
}

/// The modules about sign-outs that apps request.
async fn sign_outs(walk: &mut Walk, world: &World) {
    let other = format!("{BYE}/unregistered");
    let added = format!("{BYE}?foo=bar");
    for (module, hint, uri, state, wanted) in [
        ("oidcc-rp-initiated-logout", "valid", BYE, "s", "app"),
        ("oidcc-rp-initiated-logout-no-state", "valid", BYE, "", "app"),
        ("oidcc-rp-initiated-logout-no-post-logout-redirect-uri", "valid", "", "s", "signed out"),
        ("oidcc-rp-initiated-logout-bad-post-logout-redirect-uri", "valid", other.as_str(), "s", "page"),
        ("oidcc-rp-initiated-logout-query-added-to-post-logout-redirect-uri", "valid", added.as_str(), "s", "page"),
        ("oidcc-rp-initiated-logout-modified-id-token-hint", "modified", BYE, "s", "page"),
        ("oidcc-rp-initiated-logout-bad-id-token-hint", "forged", BYE, "s", "page"),
        ("oidcc-rp-initiated-logout-no-id-token-hint", "", BYE, "s", "page"),
        ("oidcc-rp-initiated-logout-no-params", "", "", "", "page"),
        ("oidcc-rp-initiated-logout-only-state", "", "", "s", "page"),
    ] {
        let browser = world.browser();
        if browser.sign_up(&Key::named("ada")).await.status != 200 {
            browser.sign_in(&Key::named("ada")).await;
        }
        let issued = tokens(world, &browser, &[]).await;
        let real = text(&issued, "id_token").to_owned();
        let hint = match hint {
            "modified" => {
                let signature = real.rsplit('.').next().unwrap();
                let changed = jws(&header(&real), &with(&claims(&real), &json!({"extra": true})), |_| Vec::new());
                format!("{changed}{signature}")
            }
            "forged" => jws(&json!({"alg": "none"}), &claims(&real), |_| Vec::new()),
            "valid" => real,
            _ => String::new(),
        };
        let params: Vec<(&str, &str)> =
            [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", uri), ("state", state)]
                .into_iter()
                .filter(|(_, value)| !value.is_empty())
                .collect();
        let answer = browser.get(&format!("{END_SESSION}?{}", crate::support::query(&params))).await;
        let signed_in = browser.get("/api/auth/get-session").await.body != "null";
        let found = match (answer.status.as_u16(), signed_in) {
            (303, false) if answer.location().starts_with(BYE) && !answer.location().starts_with(&other) => "app",
            (200, false) => "signed out",
            (200, true) => "page",
            _ => "something else",
        };
        walk.note(module, found == wanted, format!("{found} {}", answer.location()));
        if wanted == "app" {
            walk.note(module, answer.param("state").unwrap_or_default() == state, answer.location());
        }
    }
}

/// The modules about what self-registered apps say of themselves.
async fn registrations(walk: &mut Walk, world: &World) {
    let browser = world.browser();
    browser.sign_in(&Key::named("ada")).await;
    let links = json!({
        "redirect_uris": [REDIRECT], "client_name": "Suite",
        "policy_uri": "https://app.example.org/privacy", "tos_uri": "https://app.example.org/terms",
    });
    let told = world.registered(&links).await;
    let id = text(&told, "client_id").to_owned();
    let page = browser.get(browser.authorize(&[("client_id", &id)]).await.location()).await.body;
    walk.note("oidcc-registration-policy-uri", page.contains("https://app.example.org/privacy"), &page);
    walk.note("oidcc-registration-tos-uri", page.contains("https://app.example.org/terms"), &page);

    let queried = format!("{REDIRECT}?foo=bar");
    let told = world.registered(&json!({"redirect_uris": [queried]})).await;
    let id = text(&told, "client_id").to_owned();
    let answer = browser.agree(browser.authorize(&[("client_id", &id), ("redirect_uri", &queried)]).await).await;
    let kept = answer.location().starts_with(&format!("{queried}&")) && answer.param("code").is_some();
    walk.note("oidcc-redirect-uri-query-OK", kept, answer.location());
    for (module, uri) in [
        ("oidcc-redirect-uri-query-mismatch", format!("{REDIRECT}?bar=foo")),
        ("oidcc-redirect-uri-query-added", format!("{queried}&more=1")),
    ] {
        let answer = browser.authorize(&[("client_id", &id), ("redirect_uri", &uri)]).await;
        walk.note(module, is_shown(&answer), answer.location());
    }
    let fragment = world.register_with(&json!({"redirect_uris": [format!("{REDIRECT}#foo")]}), None).await;
    walk.note("oidcc-redirect-uri-regfrag", fragment.status == 400, &fragment.body);
    // Pairwise subjects do not exist here: what the two modules are about is refused, or has no effect.
    let sector = json!({"redirect_uris": [REDIRECT], "subject_type": "pairwise", "sector_identifier_uri": "https://x.example/s"});
    let refused = world.register_with(&sector, None).await;
    walk.note("oidcc-registration-sector-bad", refused.status == 400, &refused.body);
}

/// Whether the error is shown on a page of ours, and not sent anywhere.
fn is_shown(answer: &Answer) -> bool {
    answer.location().starts_with("/error?error=")
}

/// The ids of the published keys.
async fn keys(world: &World) -> Vec<Value> {
    let keys = world.browser().get("/.well-known/jwks.json").await.json();
    keys["keys"].as_array().unwrap().iter().map(|key| key["kid"].clone()).collect()
}
