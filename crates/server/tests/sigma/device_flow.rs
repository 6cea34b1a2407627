//! Devices without a browser (RFC 8628, `docs/spec/devices.md`).

use axum::body::Body;
use futures_util::future::join;
use http::Request;
use serde_json::{Value, json};
use sigma_core::app::{ApplicationType, AuthMethod, GrantType};
use sigma_core::ids::ClientId;
use sigma_core::redirect::RegisteredRedirectUris;

use crate::support::client::{ISSUER, TOKEN, app_key, basic, changed};
use crate::support::forge::assertion;
use crate::support::{APP, Answer, Browser, Key, World, ada, claims, query, text};

const CODE: &str = "/api/auth/device/code";
const POLL: &str = "/api/auth/device/token";
const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// A device that shows its codes.
struct Device<'w> {
    world: &'w World,
    code: String,
    user_code: String,
}

impl<'w> Device<'w> {
    async fn of(world: &'w World, scope: &str) -> Self {
        let answer = world.post_form(CODE, &[("client_id", APP), ("scope", scope)], &[]).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        let codes = answer.json();
        Self { world, code: text(&codes, "device_code").into(), user_code: text(&codes, "user_code").into() }
    }

    async fn poll_with(&self, path: &str, changes: &[(&str, &str)]) -> Answer {
        let form = [("grant_type", GRANT), ("device_code", self.code.as_str()), ("client_id", APP)];
        self.world.post_form(path, &changed(&form, changes), &[]).await
    }

    async fn poll(&self) -> Answer {
        self.poll_with(TOKEN, &[]).await
    }

    /// The code of a refused poll, five seconds after the last one.
    async fn waits(&self) -> String {
        self.world.advance(5);
        self.poll().await.json()["error"].as_str().unwrap_or("tokens").to_owned()
    }

    fn page(&self) -> String {
        format!("/device?{}", query(&[("user_code", &self.user_code)]))
    }

    /// Decides on the page, as the person that it is shown to.
    async fn decide(&self, browser: &Browser<'_>, accept: &str) -> Answer {
        let page = browser.get(&self.page()).await;
        assert_eq!(page.status, 200, "{} {}", page.location(), page.body);
        let shown_to = field(&page, "shown_to");
        let form = [("user_code", self.user_code.as_str()), ("shown_to", &shown_to), ("accept", accept)];
        let answer = browser.post_form("/device", &form).await;
        assert_eq!((answer.status.as_u16(), answer.location()), (303, self.page().as_str()), "{}", answer.body);
        browser.get(answer.location()).await
    }
}

/// The value of a hidden field.
fn field(page: &Answer, name: &str) -> String {
    let start = page.body.split(&format!("name=\"{name}\" value=\"")).nth(1).unwrap_or_default();
    start.split('"').next().unwrap().to_owned()
}

/// Makes `playground` the app of a TV: public, without redirects.
async fn on_tv(world: &World) {
    world
        .change_app(APP, |app| {
            app.application_type = ApplicationType::Native;
            app.redirect_uris = RegisteredRedirectUris::default();
            app.grant_types = vec![GrantType::DeviceCode, GrantType::RefreshToken];
        })
        .await;
}

#[tokio::test]
async fn a_device_gets_tokens_once_a_person_let_it_in() {
    let world = World::new().await;
    on_tv(&world).await;
    let browser = ada(&world).await;
    let form = [("client_id", APP), ("scope", "openid profile offline_access unknown")];
    let headers = [("user-agent", "curl/8.5.0"), ("origin", "https://tv.example")];
    let answer = world.post_form(CODE, &form, &headers).await;
    assert_eq!((answer.status.as_u16(), answer.header("access-control-allow-origin")), (200, "*"));
    assert_eq!(answer.header("cache-control"), "no-store");
    let codes = answer.json();
    let (code, user_code) = (text(&codes, "device_code").to_owned(), text(&codes, "user_code").to_owned());
    assert!(code.len() == 40 && code.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{code}");
    assert!(user_code.len() == 9 && user_code.as_bytes()[4] == b'-', "{user_code}");
    let page = "https://id.example.org/device";
    assert_eq!(
        codes,
        json!({
            "device_code": code, "user_code": user_code, "verification_uri": page,
            "verification_uri_complete": format!("{page}?user_code={user_code}"), "expires_in": 900, "interval": 5,
        })
    );
    let device = Device { world: &world, code, user_code };
    assert_eq!(device.poll().await.error(), "400 authorization_pending: Authorization pending");
    let shown = browser.get(&device.page()).await.body;
    for word in [&device.user_code, "Playground", "curl, 203.0.113.7", "Recognise you", "Access while you are away"] {
        assert!(shown.contains(word), "{word}: {shown}");
    }
    assert!(!shown.contains("another network"), "{shown}");
    assert_eq!(device.waits().await, "authorization_pending", "showing the page lets nobody in");
    let decided = device.decide(&browser, "true").await;
    assert!(decided.body.contains("Device connected"), "{}", decided.body);
    let tokens = device.poll().await;
    assert_eq!(tokens.status, 200, "{}", tokens.body);
    let tokens = tokens.json();
    assert_eq!((text(&tokens, "token_type"), text(&tokens, "scope")), ("Bearer", "openid profile offline_access"));
    let id = claims(text(&tokens, "id_token"));
    assert_eq!((text(&id, "aud"), id.get("nonce")), (APP, None));
    let access = claims(text(&tokens, "access_token"));
    assert_eq!((&access["sub"], &access["sid"]), (&id["sub"], &id["sid"]));
    assert_eq!(world.userinfo_status(text(&tokens, "access_token")).await, 200);
    assert_eq!(world.refresh(text(&tokens, "refresh_token"), &[]).await.status, 200);
    for path in [TOKEN, POLL] {
        assert_eq!(device.poll_with(path, &[]).await.error(), "400 invalid_grant: Invalid device code", "used once");
    }
    // The person sees the app among those with access, and can take it back.
    assert!(browser.get("/account/apps").await.body.contains("Playground"));
}

#[tokio::test]
async fn better_auths_clients_send_json_and_get_every_refusal_as_400() {
    let world = World::new().await;
    let browser = ada(&world).await;
    let post = async |path: &str, body: Value| {
        let request = Request::post(path).header("content-type", "application/json");
        world.send(request.body(Body::from(body.to_string())).unwrap()).await
    };
    let codes = post(CODE, json!({"client_id": APP, "scope": "openid"})).await.json();
    let poll = json!({"grant_type": GRANT, "device_code": codes["device_code"], "client_id": APP});
    let with = |change: Value| crate::support::forge::with(&poll, &change);
    assert_eq!(post(POLL, poll.clone()).await.error(), "400 authorization_pending: Authorization pending");
    for (change, error) in [
        (json!({"client_id": "nobody"}), "invalid_client"),
        (json!({"client_id": null}), "invalid_request"),
        (json!({"device_code": "x"}), "invalid_grant"),
        (json!({"device_code": null}), "invalid_request"),
        (json!({"grant_type": "authorization_code"}), "unsupported_grant_type"),
        (json!({"grant_type": null}), "invalid_request"),
        (json!({"device_code": ["x"]}), "invalid_request"),
    ] {
        let refused = post(POLL, with(change.clone())).await;
        assert_eq!((refused.status.as_u16(), text(&refused.json(), "error")), (400, error), "{change}");
        assert_eq!(refused.header("www-authenticate"), "");
    }
    let user_code = text(&codes, "user_code");
    let status = format!("/api/auth/device?user_code={}", user_code.to_lowercase().replace('-', "+"));
    let anonymous = world.send(Request::get(&status).body(Body::empty()).unwrap()).await;
    assert_eq!(anonymous.json(), json!({"user_code": user_code, "status": "pending"}));
    let theirs = browser.get(&status).await.json();
    assert_eq!(theirs, json!({"user_code": user_code, "status": "pending", "client_id": APP, "scope": "openid"}));
    let approve = "/api/auth/device/approve";
    let stranger = world.browser();
    assert_eq!(stranger.post_json(approve, &json!({"userCode": user_code})).await.status, 401);
    let approved = browser.post_json(approve, &json!({"userCode": user_code})).await;
    assert_eq!((approved.status.as_u16(), approved.json()), (200, json!({"success": true})));
    for path in [approve, "/api/auth/device/deny"] {
        let again = browser.post_json(path, &json!({"userCode": user_code})).await;
        assert_eq!(again.error(), "400 invalid_request: Device code already processed");
    }
    for body in [json!({}), json!({"userCode": 7}), json!([]), json!({"userCode": "WDJB"})] {
        assert_eq!(browser.post_json(approve, &body).await.status, 400, "{body}");
    }
    assert_eq!(browser.get(&status).await.json()["status"], "approved");
    let tokens = post(POLL, poll).await;
    assert_eq!((tokens.status.as_u16(), text(&tokens.json(), "scope")), (200, "openid"));
}

#[tokio::test]
async fn a_device_that_is_denied_or_waits_too_long_is_told() {
    let world = World::new().await;
    let browser = ada(&world).await;
    let denied = Device::of(&world, "openid").await;
    assert!(denied.decide(&browser, "false").await.body.contains("Device not connected"));
    assert_eq!(denied.poll().await.error(), "400 access_denied: Access denied");
    let (late, approved) = (Device::of(&world, "openid").await, Device::of(&world, "openid").await);
    approved.decide(&browser, "true").await;
    world.advance(900);
    for device in [&late, &approved] {
        assert_eq!(device.poll().await.error(), "400 expired_token: Device code has expired");
    }
    world.advance(900);
    let store = world.sigma.store.clone();
    tokio::task::spawn_blocking(move || store.sweep_once().unwrap()).await.unwrap();
    assert_eq!(late.poll().await.error(), "400 invalid_grant: Invalid device code");
}

#[tokio::test]
async fn a_device_that_polls_too_fast_is_slowed_down() {
    let world = World::new().await;
    let (device, other) = (Device::of(&world, "openid").await, Device::of(&world, "openid").await);
    assert_eq!(device.poll().await.json()["error"], "authorization_pending", "the clock begins with the first poll");
    world.advance(2);
    assert_eq!(device.poll().await.error(), "400 slow_down: Polling too frequently");
    assert_eq!(other.poll().await.json()["error"], "authorization_pending");
    assert_eq!(device.waits().await, "slow_down", "now it is ten seconds");
    world.advance(15);
    assert_eq!(device.poll().await.json()["error"], "authorization_pending");
    let browser = ada(&world).await;
    device.decide(&browser, "true").await;
    assert_eq!(device.poll().await.status, 200, "what is there is handed out however fast it is asked for");
}

#[tokio::test]
async fn a_poll_of_a_waiting_device_writes_nothing() {
    let world = World::new().await;
    let device = Device::of(&world, "openid").await;
    let before = world.rows().await;
    for _ in 0..3 {
        assert_eq!(device.waits().await, "authorization_pending");
    }
    assert_eq!(world.rows().await, before);
}

#[tokio::test]
async fn an_app_asks_for_no_more_than_it_may() {
    let world = World::new().await;
    world.add_resource("https://api.example.org").await;
    world.add_resource_with("https://other.example.org", |_| {}).await;
    let ask = async |form: &[(&str, &str)]| world.post_form(CODE, &changed(&[("client_id", APP)], form), &[]).await;
    for (form, refused) in [
        (vec![("client_id", "nobody")], "401 invalid_client"),
        (vec![("client_id", "")], "400 invalid_request"),
        (vec![("resource", "https://other.example.org")], "400 invalid_target"),
        (vec![("resource", "urn:unknown")], "400 invalid_target"),
        (vec![("scope", "a"), ("scope", "b")], "400 invalid_request"),
        (vec![("scope", "a\0b")], "400 invalid_request"),
    ] {
        let mut pairs = changed(&[("client_id", APP)], &form);
        if form.len() == 2 {
            pairs = vec![("client_id", APP), form[0], form[1]];
        }
        let answer = world.post_form(CODE, &pairs, &[]).await;
        let error = format!("{} {}", answer.status.as_u16(), text(&answer.json(), "error"));
        assert_eq!(error, refused, "{form:?}");
    }
    let codes = ask(&[("resource", "https://api.example.org"), ("scope", "openid")]).await.json();
    let browser = ada(&world).await;
    let device =
        Device { world: &world, code: text(&codes, "device_code").into(), user_code: text(&codes, "user_code").into() };
    assert!(browser.get(&device.page()).await.body.contains("Act for you at API"));
    device.decide(&browser, "true").await;
    let wrong = device.poll_with(TOKEN, &[("resource", "https://other.example.org")]).await;
    assert_eq!(text(&wrong.json(), "error"), "invalid_target");
    assert_eq!(device.poll().await.json()["error"], "invalid_grant", "any failure uses an approved code up");
    world.change_app(APP, |app| app.grant_types.retain(|grant| *grant != GrantType::DeviceCode)).await;
    for path in [CODE, TOKEN] {
        let answer = device.poll_with(path, &[]).await;
        assert_eq!(text(&answer.json(), "error"), "unauthorized_client", "{path}");
    }
}

#[tokio::test]
async fn a_confidential_app_authenticates_at_both_endpoints() {
    let world = World::new().await;
    let app = world.add_confidential_app("terminal", AuthMethod::ClientSecretBasic, "secret-of-the-terminal").await;
    let header = basic(app.client_id.as_str(), "secret-of-the-terminal");
    let refused = world.post_form(CODE, &[("client_id", "terminal")], &[]).await;
    assert_eq!((refused.status.as_u16(), text(&refused.json(), "error")), (401, "invalid_client"));
    let codes = world.post_form(CODE, &[("scope", "openid")], &[("authorization", &header)]).await.json();
    let form = [("grant_type", GRANT), ("device_code", text(&codes, "device_code"))];
    let anonymous = changed(&form, &[("client_id", "terminal")]);
    assert_eq!(world.post_form(TOKEN, &anonymous, &[]).await.status, 401);
    let other = changed(&form, &[("client_id", APP)]);
    let stolen = world.post_form(TOKEN, &other, &[]).await;
    assert_eq!(stolen.error(), "400 invalid_grant: Invalid device code", "another app's code");
    let own = world.post_form(TOKEN, &form, &[("authorization", &header)]).await;
    assert_eq!(text(&own.json(), "error"), "authorization_pending");
    // An assertion counts once, at a poll too.
    let key = app_key();
    world.add_asserting_app("signer", &key).await;
    let signed = |jti: &str| {
        let now = world.now().seconds();
        let claims = json!({"iss": "signer", "sub": "signer", "aud": ISSUER, "jti": jti, "iat": now, "exp": now + 60});
        assertion(&key, &claims)
    };
    let with = |jti: &str| {
        let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer".to_owned();
        [("client_assertion_type", kind), ("client_assertion", signed(jti))]
    };
    let send = async |path: &str, jti: &str, form: &[(&str, &str)]| {
        let signed = with(jti);
        let mut all: Vec<_> = signed.iter().map(|(name, value)| (*name, value.as_str())).collect();
        all.extend(form);
        world.post_form(path, &all, &[]).await
    };
    let codes = send(CODE, "1", &[]).await.json();
    let poll = [("grant_type", GRANT), ("device_code", text(&codes, "device_code"))];
    assert_eq!(text(&send(CODE, "1", &[]).await.json(), "error"), "invalid_client");
    assert_eq!(text(&send(TOKEN, "2", &poll).await.json(), "error"), "authorization_pending");
    assert_eq!(text(&send(TOKEN, "2", &poll).await.json(), "error"), "invalid_client");
}

#[tokio::test]
async fn unknown_and_expired_user_codes_get_the_same_answer() {
    let world = World::new().await;
    let browser = ada(&world).await;
    let (expired, gone) = (Device::of(&world, "openid").await, Device::of(&world, "openid").await);
    world.change_app(APP, |app| app.disabled = true).await;
    let of_disabled = browser.get(&gone.page()).await;
    world.change_app(APP, |app| app.disabled = false).await;
    world.advance(900);
    browser.sign_in(&Key::named("ada")).await;
    let others = Device::of(&world, "openid").await;
    let bob = world.browser();
    bob.sign_up(&Key::named("bob")).await;
    others.decide(&bob, "true").await;
    let plain = |answer: &Answer, code: &str| answer.body.replace(code, "CODE");
    let unknown = browser.get("/device?user_code=AAAA-AAAA").await;
    let page = plain(&unknown, "AAAA-AAAA");
    assert!(unknown.status == 400 && page.contains("This code is not valid"), "{page}");
    assert_eq!(plain(&of_disabled, &gone.user_code), page);
    for device in [&expired, &others] {
        let answer = browser.get(&device.page()).await;
        assert_eq!((answer.status.as_u16(), plain(&answer, &device.user_code)), (400, page.clone()));
    }
    for code in ["AAAA-AAAA", &expired.user_code, "x", ""] {
        let status =
            world.send(Request::get(format!("/api/auth/device?user_code={code}")).body(Body::empty()).unwrap());
        assert_eq!(status.await.error(), "400 invalid_request: Invalid or expired user code");
        let approved = browser.post_json("/api/auth/device/approve", &json!({ "userCode": code })).await;
        assert_eq!(approved.error(), "400 invalid_request: Invalid or expired user code");
    }
    assert_eq!(others.poll().await.status, 200, "nobody took the code from Bob");
}

#[tokio::test]
async fn nobody_looks_up_a_code_on_the_page_without_having_signed_in() {
    let world = World::new().await;
    let device = Device::of(&world, "openid").await;
    let stranger = world.browser();
    for path in [device.page(), "/device?user_code=AAAA-AAAA".to_owned(), device.page().replace("user_code", "code")] {
        let answer = stranger.get(&path).await;
        assert!(answer.location().starts_with("/login?interaction="), "{}", answer.location());
        let login = stranger.get(answer.location()).await;
        assert!(login.status == 200 && login.body.contains("Sign in to connect a device"), "{}", login.body);
    }
    let page = stranger.get("/device").await;
    assert!(page.status == 200 && page.body.contains("Connect a device"), "{}", page.body);
    let unreadable = stranger.get("/device?user_code=%22%3E%3Cscript%3E").await;
    assert!(unreadable.status == 400 && !unreadable.body.contains("<script>"), "{}", unreadable.body);
    let posted = stranger.post_form("/device", &[("user_code", &device.user_code), ("accept", "true")]).await;
    assert!(posted.location().starts_with("/login?interaction="), "{}", posted.location());
    assert_eq!(device.waits().await, "authorization_pending");
}

#[tokio::test]
async fn guesses_of_user_codes_are_limited_by_address() {
    let world = World::with(|settings| settings.limits.enabled = true).await;
    let device = Device::of(&world, "openid").await;
    let ask = async |code: &str| {
        let request = Request::get(format!("/api/auth/device?user_code={code}")).header("accept", "application/json");
        world.send(request.body(Body::empty()).unwrap()).await.status.as_u16()
    };
    for _ in 0..10 {
        assert_eq!(ask("AAAA-AAAA").await, 400);
    }
    assert_eq!(ask("AAAA-AAAA").await, 429);
    assert_eq!(ask(&device.user_code).await, 429, "past the limit not even a right one is looked up");
    world.advance(60);
    assert_eq!(ask(&device.user_code).await, 200);
    // Codes that cannot exist are no guesses.
    for _ in 0..20 {
        assert_eq!(ask("x").await, 400);
    }
    assert_eq!(ask(&device.user_code).await, 200);
}

#[tokio::test]
async fn guesses_of_user_codes_are_limited_by_account() {
    let world = World::new().await;
    let other = world.beside().await;
    let browser = ada(&world).await;
    let device = Device::of(&world, "openid").await;
    let approve = async |code: &str| {
        browser.post_json("/api/auth/device/approve", &json!({ "userCode": code })).await.status.as_u16()
    };
    for guess in 0..20 {
        let status = if guess % 2 == 0 {
            browser.get("/device?user_code=AAAA-AAAA").await.status.as_u16()
        } else {
            approve("AAAA-AAAA").await
        };
        assert_eq!(status, 400, "{guess}");
    }
    for status in [approve(&device.user_code).await, browser.get(&device.page()).await.status.as_u16()] {
        assert_eq!(status, 429, "past the limit not even a right one is looked up");
    }
    // The count is the account's, at every process and from every address.
    let session = text(&browser.get("/api/auth/get-session").await.json()["session"], "token").to_owned();
    let request = Request::get(format!("/api/auth/device?user_code={}", device.user_code));
    let request = request.header("authorization", format!("Bearer {session}")).body(Body::empty()).unwrap();
    assert_eq!(other.send_from([198, 51, 100, 9].into(), request).await.status, 429);
    let bob = world.browser();
    bob.sign_up(&Key::named("bob")).await;
    assert_eq!(bob.get(&device.page()).await.status, 200, "others are not affected");
    world.advance(900);
    browser.sign_in(&Key::named("ada")).await;
    let device = Device::of(&world, "openid").await;
    assert_eq!(approve(&device.user_code).await, 200);
}

#[tokio::test]
async fn only_a_recent_sign_in_lets_a_device_in() {
    let world = World::new().await;
    let browser = ada(&world).await;
    world.advance(901);
    let device = Device::of(&world, "openid").await;
    let asked = browser.get(&device.page()).await;
    assert!(asked.location().starts_with("/login?interaction="), "{}", asked.location());
    let form = [("user_code", device.user_code.as_str()), ("accept", "true")];
    assert!(browser.post_form("/device", &form).await.location().starts_with("/login?interaction="));
    let approved = browser.post_json("/api/auth/device/approve", &json!({"userCode": device.user_code})).await;
    assert_eq!(approved.error(), "403 access_denied: Sign in again to let a device in");
    assert_eq!(device.waits().await, "authorization_pending");
    browser.sign_in(&Key::named("ada")).await;
    let entered = browser.get(asked.location()).await;
    assert_eq!((entered.status.as_u16(), entered.location()), (303, device.page().as_str()));
    assert!(device.decide(&browser, "true").await.body.contains("Device connected"));
    assert_eq!(device.waits().await, "tokens");
}

#[tokio::test]
async fn an_app_that_requires_a_second_factor_requires_it_for_devices() {
    let world = World::new().await;
    let browser = ada(&world).await;
    world.change_app(APP, |app| app.require_second_factor = true).await;
    let device = Device::of(&world, "openid").await;
    let asked = browser.get(&device.page()).await;
    assert!(asked.location().starts_with("/login?interaction="), "{}", asked.location());
    let login = browser.get(asked.location()).await;
    assert!(login.status == 200 && login.body.contains("/account/authenticator"), "{}", login.body);
    let approved = browser.post_json("/api/auth/device/approve", &json!({"userCode": device.user_code})).await;
    assert_eq!(approved.status, 403);
    assert_eq!(device.waits().await, "authorization_pending");
}

#[tokio::test]
async fn only_the_person_who_saw_the_page_decides_and_only_as_one_of_their_identities() {
    let world = World::new().await;
    let browser = ada(&world).await;
    let device = Device::of(&world, "openid").await;
    let shown_to = field(&browser.get(&device.page()).await, "shown_to");
    let send = async |changes: &[(&str, &str)]| {
        let form = [("user_code", device.user_code.as_str()), ("shown_to", &shown_to), ("accept", "true")];
        browser.post_form("/device", &changed(&form, changes)).await
    };
    for changes in [
        [("shown_to", "user_0123456789abcdef01234567")],
        [("shown_to", "")],
        [("accept", "yes")],
        [("accept", "")],
        [("bap_id", "2mS7r1dhavg17CtduUWA5rY3dCLc")],
        [("bap_id", "x")],
    ] {
        let answer = send(&changes).await;
        assert_eq!((answer.status.as_u16(), answer.location()), (303, device.page().as_str()), "{changes:?}");
        assert_eq!(device.waits().await, "authorization_pending", "{changes:?}");
    }
    let foreign = Request::post("/device")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("origin", "https://evil.example");
    let form = query(&[("user_code", &device.user_code), ("shown_to", &shown_to), ("accept", "true")]);
    assert_eq!(browser.send(foreign, form).await.status, 403);
    assert_eq!(send(&[("bap_id", &Key::named("ada").bap_id())]).await.status, 303);
    assert_eq!(device.waits().await, "tokens");
}

#[tokio::test]
async fn the_access_of_a_device_ends_with_its_session_unless_it_is_offline() {
    let world = World::new().await;
    let browser = ada(&world).await;
    let [lost, kept, late] = ["openid", "openid offline_access", "openid offline_access"];
    let (lost, kept, late) =
        (Device::of(&world, lost).await, Device::of(&world, kept).await, Device::of(&world, late).await);
    for device in [&lost, &kept, &late] {
        device.decide(&browser, "true").await;
    }
    let (lost, kept) = (lost.poll().await.json(), kept.poll().await.json());
    assert_eq!(browser.post_json("/api/auth/sign-out", &json!({})).await.status, 200);
    assert_eq!(world.userinfo_status(text(&lost, "access_token")).await, 401);
    assert_eq!(world.userinfo_status(text(&kept, "access_token")).await, 200);
    assert_eq!(world.refresh(text(&kept, "refresh_token"), &[]).await.status, 200);
    assert_eq!(late.poll().await.error(), "400 invalid_grant: session no longer exists");
}

#[tokio::test]
async fn a_request_from_another_network_is_pointed_out() {
    let world = World::new().await;
    let browser = ada(&world).await;
    let request = Request::post(CODE).header("content-type", "application/x-www-form-urlencoded");
    let request = request.body(Body::from(query(&[("client_id", APP)]))).unwrap();
    let codes = world.send_from([198, 51, 100, 9].into(), request).await.json();
    let page = browser.get(&format!("/device?user_code={}", text(&codes, "user_code"))).await.body;
    assert!(page.contains("198.51.100.9") && page.contains("another network"), "{page}");
}

#[tokio::test]
async fn a_qr_code_leads_to_the_page_and_says_nothing_of_the_code() {
    let world = World::new().await;
    let draw = async |code: &str| {
        world.send(Request::get(format!("/device/qr?user_code={code}")).body(Body::empty()).unwrap()).await
    };
    let qr = draw("wdjbmjh7").await;
    assert_eq!((qr.status.as_u16(), qr.header("content-type")), (200, "image/svg+xml"));
    assert!(qr.body.starts_with("<svg") && qr.header("content-security-policy").contains("sandbox"), "{}", qr.body);
    for code in ["", "x", "%00", "%3Cscript%3E"] {
        assert_eq!(draw(code).await.status, 400, "{code}");
    }
}

#[tokio::test]
async fn a_device_is_let_in_at_one_process_and_redeems_its_code_once_at_any() {
    let one = World::new().await;
    let other = one.beside().await;
    let browser = ada(&one).await;
    for _ in 0..3 {
        let device = Device::of(&other, "openid").await;
        assert_eq!(device.poll().await.json()["error"], "authorization_pending");
        device.decide(&browser, "true").await;
        let here = Device { world: &one, code: device.code.clone(), user_code: device.user_code.clone() };
        let (first, second) = join(device.poll(), here.poll()).await;
        let mut statuses = [first.status.as_u16(), second.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 400], "{} {}", first.body, second.body);
    }
}

#[tokio::test]
async fn so_many_devices_of_an_app_wait_at_once() {
    let world = World::new().await;
    let app = world.add_app(|app| app.client_id = ClientId::from_text("busy")).await;
    let now = world.now();
    let fill = world.sigma.store.write(move |tx| {
        tx.execute(
            "INSERT INTO device_codes (hash, user_code, app_id, scope, resources, address, user_agent, created_at,
                expires_at, delete_after)
             WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 10000)
             SELECT CAST(CAST(n AS TEXT) AS BYTEA), CAST(CAST(n AS TEXT) AS BYTEA), CAST($1 AS TEXT), '', '[]', '', '',
                CAST($2 AS BIGINT), CAST($3 AS BIGINT), CAST($3 AS BIGINT) FROM number",
            sigma_store::params![&app.id, now, now.plus(std::time::Duration::from_mins(15))],
        )
    });
    assert_eq!(fill.await.unwrap(), 10_000);
    assert_eq!(world.post_form(CODE, &[("client_id", "busy")], &[]).await.status, 429);
    assert_eq!(world.post_form(CODE, &[("client_id", APP)], &[]).await.status, 200, "other apps do not notice");
    world.advance(900);
    assert_eq!(world.post_form(CODE, &[("client_id", "busy")], &[]).await.status, 200);
}

#[tokio::test]
async fn a_device_that_was_let_in_gets_no_tokens_once_its_apps_access_was_taken_back_or_the_account_is_to_be_deleted() {
    let world = World::new().await;
    on_tv(&world).await;
    let browser = ada(&world).await;
    let id = world.app(APP).await.id;
    for (path, name, value) in [("/account/apps/remove", "app", id.as_str()), ("/account/delete", "confirm", "delete")]
    {
        let device = Device::of(&world, "openid offline_access").await;
        assert!(device.decide(&browser, "true").await.body.contains("Device connected"));
        let other = Device::of(&world, "openid").await;
        assert_eq!(browser.post_form(path, &[(name, value)]).await.status, 303, "{path}");
        assert_eq!(device.poll().await.error(), "400 access_denied: Access denied", "{path}");
        assert_eq!(other.waits().await, "authorization_pending", "nobody let that one in");
    }
}
