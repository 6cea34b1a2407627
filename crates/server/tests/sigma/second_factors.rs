//! One-time codes and recovery codes: added on the account page, asked for after the first factor
//! (`docs/guides/second-factors.md`).

use http::{Request, StatusCode};
use serde_json::{Value, json};
use sigma_core::event::Event;
use sigma_core::ids::UserId;
use sigma_store::email::EmailProof;
use sigma_store::event::Trail;

use crate::support::second_factors::{App, pending, recovery_codes, shown_secret};
use crate::support::{Answer, Authenticator, Browser, Key, PASSWORD, World, claims, leads};

const ADA: &str = "ada@example.org";

async fn who(browser: &Browser<'_>) -> Value {
    let session = browser.get("/api/auth/get-session").await;
    if session.body == "null" { Value::Null } else { session.json()["user"]["id"].clone() }
}

/// A browser of Ada, who has a key, a password and an authenticator app.
async fn ada_with_app(world: &World) -> (Browser<'_>, App) {
    let browser = world.browser();
    browser.sign_up(&Key::named("ada")).await;
    let id = UserId::from_text(who(&browser).await.as_str().unwrap());
    world.db_set_email(&id, ADA, EmailProof::Verified).await;
    let set = browser.post_form("/account/password", &[("password", PASSWORD), ("again", PASSWORD)]).await;
    assert_eq!(set.status, StatusCode::SEE_OTHER, "{}", set.body);
    world.mails().await;
    world.tick();
    let app = browser.add_app(world).await;
    world.mails().await;
    (browser, app)
}

/// A browser in which Ada entered her password, and nothing else.
async fn half_in(world: &World) -> Browser<'_> {
    let browser = world.browser();
    let answer = browser.log_in(ADA, PASSWORD).await;
    assert_eq!((answer.status, leads(&answer).as_str()), (StatusCode::SEE_OTHER, "/login"), "{}", answer.body);
    browser
}

#[tokio::test]
async fn a_sign_in_asks_for_the_code_and_tokens_say_so() {
    let world = World::with_orgs().await;
    let (first, app) = ada_with_app(&world).await;
    assert_ne!(who(&first).await, Value::Null, "the session in which it was added goes on");
    let browser = half_in(&world).await;
    let page = browser.get("/login").await;
    assert!(
        page.body.contains("action=\"/login/second-factor\"") && page.body.contains("name=\"code\""),
        "{}",
        page.body
    );
    let entered = browser.enter_code("", "totp", &app.code(&world)).await;
    assert_eq!((entered.status, entered.location()), (StatusCode::SEE_OTHER, "/"));
    assert_eq!(who(&browser).await, who(&first).await);
    let token = claims(browser.tokens("openid").await["id_token"].as_str().unwrap());
    assert_eq!((&token["acr"], &token["amr"]), (&json!("2"), &json!(["pwd", "otp"])));
}

#[tokio::test]
async fn the_second_factor_cannot_be_skipped() {
    let world = World::with_orgs().await;
    let acme = world.org("Acme").await;
    let (first, _) = ada_with_app(&world).await;
    let id = UserId::from_text(who(&first).await.as_str().unwrap());
    acme.join(&id, &acme.member).await;
    // It agreed before, so that nothing but the second factor is missing.
    first.code(&[]).await;
    let browser = half_in(&world).await;
    // By going straight to authorize, also silently, and in another tab of its own.
    for extra in [&[][..], &[("prompt", "consent")], &[("acr_values", "1")]] {
        let answer = browser.authorize(extra).await;
        assert!(answer.location().starts_with("/login?interaction="), "{}", answer.location());
        let again = browser.get(answer.location()).await;
        assert!(again.body.contains("/login/second-factor?interaction="), "{}", again.body);
        let name = answer.param("interaction").unwrap();
        let inner = browser.get(&format!("/api/auth/oauth2/authorize?interaction={name}")).await;
        assert!(inner.location().starts_with("/login?interaction="), "{}", inner.location());
        let form = [("interaction", name.as_str()), ("accept", "true")];
        let consent = browser.post_form("/api/auth/oauth2/consent", &form).await;
        assert!(!consent.location().contains("code="), "{}", consent.location());
    }
    assert_eq!(browser.authorize(&[("prompt", "none")]).await.param("error").unwrap(), "login_required");
    // By the pages.
    for path in
        ["/account", "/account/password", "/account/activity", "/account/authenticator", "/account/key", "/workspace"]
    {
        let answer = browser.get(path).await;
        assert!(answer.location().starts_with("/login?interaction="), "{path}: {} {}", answer.status, answer.body);
    }
    let workspace = browser.get(&format!("/workspace/{}", acme.org)).await;
    assert!(workspace.location().starts_with("/login?interaction="), "{}", workspace.location());
    for path in
        ["/account/credentials/retire", "/account/recovery-codes", "/account/authenticator", "/account/emails/add"]
    {
        let answer = browser.post_form(path, &[("kind", "totp"), ("email", "new@example.org")]).await;
        assert!(answer.location().starts_with("/login?interaction="), "{path}: {} {}", answer.status, answer.body);
    }
    // By the APIs, with the cookie and with the session's secret.
    assert_eq!(who(&browser).await, Value::Null);
    for path in ["/api/auth/list-sessions", "/api/auth/token", "/api/auth/organization/list"] {
        assert_eq!(browser.get(path).await.status, StatusCode::UNAUTHORIZED, "{path}");
    }
    let key = world.browser();
    let answer = key.sign_in(&Key::named("ada")).await;
    let secret = answer.json()["token"].as_str().unwrap().to_owned();
    let sessions = Request::get("/api/auth/list-sessions").header("authorization", format!("Bearer {secret}"));
    assert_eq!(world.send(sessions.body("".into()).unwrap()).await.status, StatusCode::UNAUTHORIZED);
    for path in ["/account/passkeys/options", "/account/passkeys", "/account/key"] {
        assert_eq!(key.post_json(path, &json!({})).await.status, StatusCode::UNAUTHORIZED, "{path}");
    }
    // By the API of a workspace.
    let login = world.log_in(ADA, Some(&acme.org)).await;
    assert_eq!(login.code(), "403 SECOND_FACTOR_REQUIRED");
    assert!(
        login.json()["message"].as_str().unwrap().contains(&format!("https://id.example.org/workspace/{}", acme.org))
    );
}

#[tokio::test]
async fn a_key_sign_in_of_an_account_with_codes_is_half_of_one() {
    let world = World::with_orgs().await;
    let (_, app) = ada_with_app(&world).await;
    let browser = world.browser();
    assert_eq!(browser.sign_in(&Key::named("ada")).await.status, StatusCode::OK);
    assert_eq!(who(&browser).await, Value::Null);
    assert_eq!(browser.enter_code("", "totp", &app.code(&world)).await.location(), "/");
    assert_ne!(who(&browser).await, Value::Null);
}

#[tokio::test]
async fn a_code_works_once_and_so_do_earlier_ones() {
    let world = World::with_orgs().await;
    let (_, app) = ada_with_app(&world).await;
    let (one, two) = (half_in(&world).await, half_in(&world).await);
    let earlier = app.code(&world);
    world.advance(30);
    let code = app.code(&world);
    assert_eq!(one.enter_code("", "totp", &code).await.status, StatusCode::SEE_OTHER);
    assert_eq!(two.enter_code("", "totp", &code).await.status, StatusCode::UNAUTHORIZED, "used");
    assert_eq!(two.enter_code("", "totp", &earlier).await.status, StatusCode::UNAUTHORIZED, "earlier");
    assert_eq!(who(&two).await, Value::Null);
    world.advance(30);
    assert_eq!(two.enter_code("", "totp", &app.code(&world)).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn codes_cannot_be_guessed() {
    let world = World::with_orgs().await;
    let (_, app) = ada_with_app(&world).await;
    let browser = half_in(&world).await;
    for _ in 0..5 {
        assert_eq!(browser.enter_code("", "totp", "000000").await.status, StatusCode::UNAUTHORIZED);
    }
    let delayed = browser.enter_code("", "totp", &app.code(&world)).await;
    assert_eq!(
        (delayed.status, delayed.header("retry-after")),
        (StatusCode::TOO_MANY_REQUESTS, "2"),
        "even the right one"
    );
    // Neither another browser nor the right password helps: both kinds of code wait.
    let other = half_in(&world).await;
    let recovery = &app.recovery_codes[0];
    assert_eq!(other.enter_code("", "recovery", recovery).await.status, StatusCode::TOO_MANY_REQUESTS);
    world.advance(1);
    assert_eq!(other.enter_code("", "totp", "000000").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(other.enter_code("", "totp", "000000").await.header("retry-after"), "3");
    world.advance(2);
    assert_eq!(other.enter_code("", "totp", &app.code(&world)).await.status, StatusCode::SEE_OTHER);
    let failed = |event: &&Event| event.details.reason.as_deref() == Some("wrong_code");
    let count: u64 = world.trail(Trail::All).await.iter().filter(failed).map(|event| event.count).sum();
    assert_eq!(count, 6);
}

#[tokio::test]
async fn recovery_codes_work_once_each_and_are_counted() {
    let world = World::with_orgs().await;
    let (first, app) = ada_with_app(&world).await;
    assert_eq!(app.recovery_codes.len(), 10);
    let browser = half_in(&world).await;
    let typed = app.recovery_codes[3].to_uppercase().replace('-', " ");
    assert_eq!(browser.enter_code("", "recovery", &typed).await.location(), "/");
    let token = claims(browser.tokens("openid").await["id_token"].as_str().unwrap());
    assert_eq!((&token["acr"], &token["amr"]), (&json!("2"), &json!(["pwd", "otp"])));
    assert!(first.get("/account").await.body.contains("9 left"));
    let again = half_in(&world).await;
    assert_eq!(again.enter_code("", "recovery", &app.recovery_codes[3]).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(again.enter_code("", "totp", &app.recovery_codes[4]).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn of_a_recovery_code_used_twice_at_once_one_wins() {
    let world = World::with_orgs().await;
    let (_, app) = ada_with_app(&world).await;
    let browsers = [half_in(&world).await, half_in(&world).await, half_in(&world).await];
    let code = &app.recovery_codes[0];
    let [one, two, three] = &browsers;
    let (one, two, three) = tokio::join!(
        one.enter_code("", "recovery", code),
        two.enter_code("", "recovery", code),
        three.enter_code("", "recovery", code),
    );
    let won = [one, two, three].iter().filter(|answer: &&Answer| answer.status == StatusCode::SEE_OTHER).count();
    assert_eq!(won, 1);
}

#[tokio::test]
async fn new_recovery_codes_replace_the_earlier_ones() {
    let world = World::with_orgs().await;
    let (browser, app) = ada_with_app(&world).await;
    let renewed = browser.post_form("/account/recovery-codes", &[]).await;
    let codes = recovery_codes(&renewed.body);
    assert_eq!(codes.len(), 10);
    assert!(codes.iter().all(|code| !app.recovery_codes.contains(code)));
    assert!(world.mail().await.text.contains("new recovery codes"));
    let other = half_in(&world).await;
    assert_eq!(other.enter_code("", "recovery", &app.recovery_codes[0]).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(other.enter_code("", "recovery", &codes[0]).await.status, StatusCode::SEE_OTHER);
    let bob = world.browser();
    bob.sign_up(&Key::named("bob")).await;
    let none = bob.post_form("/account/recovery-codes", &[]).await;
    assert_eq!(none.status, StatusCode::CONFLICT, "they replace a second factor, and there is none");
}

#[tokio::test]
async fn an_authenticator_app_is_added_by_its_first_code() {
    let world = World::with_orgs().await;
    let browser = world.browser();
    browser.sign_up(&Key::named("ada")).await;
    let page = browser.get("/account/authenticator").await;
    assert!(page.body.contains("<svg") && page.body.contains("otpauth:"), "{}", page.body);
    let (secret, sealed) = (shown_secret(&page.body), pending(&page.body));
    let add = async |browser: &Browser<'_>, pending: &str, code: &str| {
        browser.post_form("/account/authenticator", &[("pending", pending), ("code", code)]).await
    };
    let wrong = add(&browser, &sealed, "000000").await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    assert_eq!(shown_secret(&wrong.body).as_bytes(), secret.as_bytes(), "the app need not scan it again");
    let bob = world.browser();
    bob.sign_up(&Key::named("bob")).await;
    let code = secret.code(world.now());
    assert_eq!(add(&bob, &sealed, &code).await.status, StatusCode::BAD_REQUEST, "another account's");
    for broken in ["", "AAAA", "%%%", &sealed[1..]] {
        assert_eq!(add(&browser, broken, &code).await.status, StatusCode::BAD_REQUEST);
    }
    let added = add(&browser, &sealed, &code).await;
    assert_eq!((added.status, recovery_codes(&added.body).len()), (StatusCode::OK, 10), "{}", added.body);
    assert!(!added.body.contains(&*secret.base32()));
    let again = browser.get("/account/authenticator").await;
    assert_eq!(again.location(), "/account?done=has-authenticator");
    assert_eq!(add(&browser, &sealed, &code).await.location(), "/account?done=has-authenticator");
}

#[tokio::test]
async fn removing_the_last_second_factor_removes_recovery_codes_and_the_question() {
    let world = World::with_orgs().await;
    let (browser, _) = ada_with_app(&world).await;
    let mut passkey = Authenticator::named("laptop");
    assert_eq!(browser.add_passkey(&mut passkey).await.status, StatusCode::CREATED);
    world.mails().await;
    world.tick();
    let page = browser.get("/account").await.body;
    let id = page.split("name=\"kind\" value=\"totp\"><input type=\"hidden\" name=\"id\" value=\"").nth(1).unwrap();
    let id = id.split('"').next().unwrap();
    let retire = async |kind: &str, id: &str| {
        let answer = browser.post_form("/account/credentials/retire", &[("kind", kind), ("id", id)]).await;
        world.tick();
        answer
    };
    assert_eq!(retire("totp", id).await.location(), "/account?done=retired");
    assert!(world.mail().await.text.contains("authenticator app was removed"));
    assert!(browser.get("/account").await.body.contains("10 left"), "the passkey is one still");
    assert_eq!(retire("passkey", &passkey.id).await.location(), "/account?done=retired");
    assert!(!browser.get("/account").await.body.contains(" left"));
    let other = world.browser();
    assert_eq!(other.log_in(ADA, PASSWORD).await.location(), "/workspace");
    assert_ne!(who(&other).await, Value::Null);
}

#[tokio::test]
async fn changing_credentials_takes_the_strongest_factors_of_the_account() {
    let world = World::with_orgs().await;
    let browser = world.browser();
    browser.sign_up(&Key::named("ada")).await;
    let id = UserId::from_text(who(&browser).await.as_str().unwrap());
    world.db_set_email(&id, ADA, EmailProof::Verified).await;
    browser.post_form("/account/password", &[("password", PASSWORD), ("again", PASSWORD)]).await;
    world.tick();
    let mut passkey = Authenticator::named("laptop");
    assert_eq!(browser.add_passkey(&mut passkey).await.status, StatusCode::CREATED);
    world.mails().await;
    world.tick();
    // A passkey is not asked for at every sign-in, but for every change.
    let weak = world.browser();
    assert_eq!(weak.log_in(ADA, PASSWORD).await.location(), "/workspace");
    let forms = [
        ("/account/credentials/retire", vec![("kind", "passkey"), ("id", passkey.id.as_str())]),
        ("/account/emails/add", vec![("email", "evil@example.org")]),
        ("/account/emails/primary", vec![("email", ADA)]),
        ("/account/emails/remove", vec![("email", ADA)]),
        ("/account/emails/confirm", vec![("code", "1234 5678")]),
        (
            "/account/password",
            vec![("current", PASSWORD), ("password", "another password"), ("again", "another password")],
        ),
        ("/account/passkeys/rename", vec![("id", passkey.id.as_str()), ("name", "mine")]),
        ("/account/recovery-codes", vec![]),
        ("/account/authenticator", vec![("pending", ""), ("code", "123456")]),
    ];
    for (path, form) in &forms {
        assert_eq!(weak.post_form(path, form).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    for path in ["/account/passkeys/options", "/account/key"] {
        assert_eq!(weak.post_json(path, &json!({})).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    assert!(world.mails().await.is_empty());
    // The page leads to the step-up, and back.
    let page = weak.get("/account").await.body;
    let link = page.split("href=\"/login?interaction=").nth(1).unwrap().split('"').next().unwrap();
    let query = format!("?interaction={link}");
    let asked = weak.get(&format!("/login{query}")).await;
    assert!(asked.body.contains("data-passkey") && !asked.body.contains("name=\"password\""), "{}", asked.body);
    assert_eq!(weak.use_passkey(&mut passkey, &query).await.json()["continue"], "/account");
    let added = weak.post_form("/account/emails/add", &[("email", "more@example.org")]).await;
    assert_eq!(added.status, StatusCode::SEE_OTHER, "{}", added.body);
    world.advance(901);
    let late = weak.post_form("/account/emails/add", &[("email", "late@example.org")]).await;
    assert_eq!(late.status, StatusCode::FORBIDDEN, "fifteen minutes later");
}

#[tokio::test]
async fn a_code_of_another_account_does_not_confirm_this_one() {
    let world = World::with_orgs().await;
    let (_, ada) = ada_with_app(&world).await;
    let bob = world.browser();
    bob.sign_up(&Key::named("bob")).await;
    let his = bob.add_app(&world).await;
    let browser = half_in(&world).await;
    assert_eq!(browser.enter_code("", "totp", &his.code(&world)).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(browser.enter_code("", "recovery", &his.recovery_codes[0]).await.status, StatusCode::UNAUTHORIZED);
    let nobody = world.browser();
    let answer = nobody.enter_code("", "totp", &ada.code(&world)).await;
    assert_eq!(answer.location(), "/login", "a code alone is no sign-in");
}
