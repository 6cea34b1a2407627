//! Accounts that people make by e-mail (`sign_up.email`).

use std::net::IpAddr;

use axum::body::Body;
use http::{Request, StatusCode};
use sigma_server::settings::Settings;
use sigma_store::email;
use sigma_store::user;

use crate::support::{APP, Answer, Browser, PASSWORD, World, claims, query};

const FORM: &str = "/signup/email";
const CHECK: &str = "/signup/email/check";
const CONFIRM: &str = "/signup/email/confirm";
const STATE: &str = "/signup/email/state";
const SESSION: &str = "/api/auth/get-session";

fn switched_on(settings: &mut Settings) {
    settings.passwords.memory_kib = 64;
    settings.sign_up.email = true;
}

async fn world() -> World {
    World::with(switched_on).await
}

async fn begin(browser: &Browser<'_>, mail: &str, extra: &[(&str, &str)]) -> Answer {
    begin_at(browser, FORM, mail, extra).await
}

async fn begin_at(browser: &Browser<'_>, path: &str, mail: &str, extra: &[(&str, &str)]) -> Answer {
    let mut form = vec![("name", "Ada Lovelace"), ("email", mail), ("password", PASSWORD), ("again", PASSWORD)];
    form.retain(|(name, _)| !extra.iter().any(|(other, _)| other == name));
    form.extend(extra);
    browser.post_form(path, &form).await
}

/// The link and the code of the one mail that waits.
async fn mailed(world: &World) -> (String, String) {
    let mail = world.mail().await;
    let is_code = |line: &&str| line.len() == 9 && line.chars().all(|letter| letter.is_ascii_digit() || letter == ' ');
    let code = mail.text.lines().find(is_code).unwrap_or_else(|| panic!("no code in {}", mail.text)).to_owned();
    (mail.link.unwrap(), code)
}

/// A browser that began a sign-up, and its link and code.
async fn began<'w>(world: &'w World, mail: &str) -> (Browser<'w>, String, String) {
    let browser = world.browser();
    assert_eq!(begin(&browser, mail, &[]).await.location(), CHECK);
    let (link, code) = mailed(world).await;
    (browser, link, code)
}

async fn enter(browser: &Browser<'_>, code: &str) -> Answer {
    browser.post_form(CHECK, &[("code", code)]).await
}

async fn confirm(browser: &Browser<'_>, link: &str) -> Answer {
    assert!(link.starts_with("/signup/email/confirm?token="), "{link}");
    browser.post_form(CONFIRM, &[("token", link.split_once('=').unwrap().1)]).await
}

async fn signed_in_as(browser: &Browser<'_>) -> Option<String> {
    let session = browser.get(SESSION).await;
    (session.body != "null").then(|| session.json()["user"]["email"].as_str().unwrap().to_owned())
}

async fn has_account(world: &World, mail: &'static str) -> bool {
    world.sigma.store.read(move |tx| user::find_by_email(tx, mail)).await.unwrap().is_some()
}

/// What the waiting page's script learns.
async fn is_done(browser: &Browser<'_>) -> bool {
    let answer = browser.send(Request::get(STATE).header("accept", "*/*"), Body::empty()).await;
    answer.json()["done"].as_bool().unwrap()
}

/// A code that is not `code`.
fn wrong(code: &str) -> String {
    if code == "0000 0000" { "1111 1111".to_owned() } else { "0000 0000".to_owned() }
}

#[tokio::test]
async fn a_user_of_an_app_signs_up_by_code_and_returns_to_the_app() {
    let world = world().await;
    let browser = world.browser();
    let asked = [("scope", "openid email"), ("prompt", "create")];
    let interaction = browser.authorize(&asked).await.param("interaction").unwrap();
    let page = browser.get(&format!("/signup?interaction={interaction}")).await;
    assert!(page.body.contains(&format!("/signup/email?interaction={interaction}")), "{}", page.body);
    let page = browser.get(&format!("{FORM}?interaction={interaction}")).await;
    assert!(page.body.contains("Playground"), "{}", page.body);
    let begun = begin_at(&browser, &format!("{FORM}?interaction={interaction}"), "Ada@Example.org", &[]).await;
    assert_eq!((begun.status, begun.location()), (StatusCode::SEE_OTHER, CHECK));
    let check = browser.get(CHECK).await;
    assert!(check.status.is_success() && check.body.contains("Ada@Example.org"), "{}", check.body);
    assert!(!has_account(&world, "ada@example.org").await, "the address is not proven yet");
    let (_, code) = mailed(&world).await;
    let entered = enter(&browser, &code).await;
    assert_eq!(entered.location(), format!("/api/auth/oauth2/authorize?interaction={interaction}"));
    let consent = browser.get(entered.location()).await;
    let back = browser.agree(consent).await;
    let tokens = world.exchange(&back.param("code").unwrap(), &[]).await.json();
    let reported = claims(tokens["id_token"].as_str().unwrap());
    assert_eq!((reported["acr"].as_str(), reported["amr"][0].as_str()), (Some("1"), Some("pwd")));
    assert_eq!(reported["auth_time"], world.now().seconds());
    let person = world.get_with_token("/api/auth/oauth2/userinfo", tokens["access_token"].as_str().unwrap()).await;
    assert_eq!(person.json()["email"], "Ada@Example.org");
    assert_eq!(person.json()["email_verified"], true);
    let again = world.browser();
    let form = [("email", "ada@example.org"), ("password", PASSWORD)];
    assert_eq!(again.post_form("/login/password", &form).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_link_opened_elsewhere_signs_in_only_the_browser_that_started() {
    let world = world().await;
    let (browser, link, code) = began(&world, "ada@example.org").await;
    let other = world.browser();
    assert!(!is_done(&browser).await);
    assert_eq!(browser.get(STATE).await.location(), CHECK, "people see the page");
    let page = other.get(&link).await;
    assert!(page.body.contains("Confirm only if that is you"), "{}", page.body);
    assert!(!has_account(&world, "ada@example.org").await, "looking changes nothing");
    let confirmed = confirm(&other, &link).await;
    assert_eq!((confirmed.status, confirmed.header("set-cookie")), (StatusCode::OK, ""));
    assert_eq!(signed_in_as(&other).await, None);
    assert_eq!(other.get(CHECK).await.status, StatusCode::NOT_FOUND);
    assert!(is_done(&browser).await);
    let on = browser.get(CHECK).await;
    assert_eq!((on.status, on.location()), (StatusCode::SEE_OTHER, "/"));
    assert_eq!(signed_in_as(&browser).await.as_deref(), Some("ada@example.org"));
    // Neither page nor code nor link does anything a second time.
    assert_eq!(browser.get(CHECK).await.status, StatusCode::NOT_FOUND);
    assert_eq!(enter(&world.browser(), &code).await.status, StatusCode::NOT_FOUND);
    assert_eq!(other.get(&link).await.status, StatusCode::NOT_FOUND);
    assert_eq!(confirm(&other, &link).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_link_opened_in_the_same_browser_confirms_and_continues() {
    let world = world().await;
    let browser = world.browser();
    let interaction = browser.authorize(&[]).await.param("interaction").unwrap();
    begin_at(&browser, &format!("{FORM}?interaction={interaction}"), "ada@example.org", &[]).await;
    let (link, _) = mailed(&world).await;
    assert!(browser.get(&link).await.body.contains("Confirm and continue"));
    let confirmed = confirm(&browser, &link).await;
    assert_eq!(confirmed.location(), format!("/api/auth/oauth2/authorize?interaction={interaction}"));
    assert_eq!(signed_in_as(&browser).await.as_deref(), Some("ada@example.org"));
    assert!(browser.get(confirmed.location()).await.location().starts_with("/consent"));
}

#[tokio::test]
async fn the_code_works_after_the_link_was_opened_elsewhere() {
    let world = world().await;
    let (browser, link, code) = began(&world, "ada@example.org").await;
    confirm(&world.browser(), &link).await;
    assert_eq!(enter(&browser, &code).await.location(), "/");
    assert_eq!(signed_in_as(&browser).await.as_deref(), Some("ada@example.org"));
}

#[tokio::test]
async fn an_existing_address_gets_the_same_response_and_a_notice_by_mail() {
    let world = world().await;
    world.person("ada@example.org").await;
    let off = world.person("off@example.org").await;
    let now = world.now();
    world.sigma.store.write(move |tx| user::set_disabled(tx, &off, true, now)).await.unwrap();
    let mut reported = Vec::new();
    for mail in ["new@example.org", "ada@example.org", "off@example.org"] {
        let (browser, rows) = (world.browser(), world.rows().await);
        let answer = begin(&browser, mail, &[]).await;
        let mails = world.mails().await;
        assert_eq!(mails.len(), usize::from(mail != "off@example.org"), "{mail}");
        let added: Vec<_> =
            world.rows().await.into_iter().zip(rows).map(|(now, then)| (now.0, now.1 - then.1)).collect();
        let page = browser.get(CHECK).await;
        let guessed = enter(&browser, "0000 0000").await;
        let headers: Vec<_> = answer.headers.keys().map(ToString::to_string).collect();
        let body = |answer: &Answer| answer.body.replace(mail, "…");
        reported.push((
            answer.status,
            answer.location().to_owned(),
            headers,
            added,
            body(&page),
            guessed.status,
            body(&guessed),
        ));
        if mail == "ada@example.org" {
            assert!(mails[0].subject.contains("already have an account"), "{}", mails[0].subject);
            assert_eq!(mails[0].link, None);
            assert!(mails[0].text.contains("/password/forgot"), "{}", mails[0].text);
        }
    }
    assert_eq!(reported[0], reported[1]);
    assert_eq!(reported[0], reported[2]);
    assert_eq!(reported[0].5, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn link_and_code_work_for_an_hour() {
    let world = world().await;
    let (browser, link, code) = began(&world, "ada@example.org").await;
    world.advance(3_599);
    assert_eq!(browser.get(&link).await.status, StatusCode::OK);
    world.advance(1);
    for answer in [
        browser.get(&link).await,
        confirm(&browser, &link).await,
        browser.get(CHECK).await,
        enter(&browser, &code).await,
    ] {
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
        assert!(answer.body.contains("<h1>") && answer.body.contains("/signup/email"), "{}", answer.body);
    }
    assert!(!has_account(&world, "ada@example.org").await);
}

#[tokio::test]
async fn a_code_allows_five_attempts_and_the_link_works_beyond_that() {
    let world = world().await;
    let (browser, link, code) = began(&world, "ada@example.org").await;
    for _ in 0..5 {
        assert_eq!(enter(&browser, &wrong(&code)).await.status, StatusCode::UNAUTHORIZED);
    }
    let right = enter(&browser, &code).await;
    assert!(right.status.is_success() && right.body.contains("too many wrong codes"), "{}", right.body);
    assert_eq!(signed_in_as(&browser).await, None);
    assert_eq!(confirm(&browser, &link).await.location(), "/");
    assert_eq!(signed_in_as(&browser).await.as_deref(), Some("ada@example.org"));
}

#[tokio::test]
async fn a_code_is_useless_in_another_browser() {
    let world = world().await;
    let (_, _, code) = began(&world, "ada@example.org").await;
    assert_eq!(enter(&world.browser(), &code).await.status, StatusCode::NOT_FOUND);
    let (eve, _, _) = began(&world, "eve@example.org").await;
    assert_eq!(enter(&eve, &code).await.status, StatusCode::UNAUTHORIZED);
    assert!(!has_account(&world, "ada@example.org").await);
}

#[tokio::test]
async fn sign_up_mails_are_limited_with_and_without_an_account() {
    let world = world().await;
    world.person("ada@example.org").await;
    for mail in ["ada@example.org", "new@example.org"] {
        for _ in 0..5 {
            assert_eq!(begin(&world.browser(), mail, &[]).await.location(), CHECK);
        }
        assert_eq!(world.mails().await.len(), 3, "{mail}");
    }
    world.advance(3_601);
    begin(&world.browser(), "new@example.org", &[]).await;
    assert_eq!(world.mails().await.len(), 1);
}

#[tokio::test]
async fn sign_ups_per_client_address_are_limited() {
    let world = World::with(|settings| {
        switched_on(settings);
        settings.limits.enabled = true;
        settings.limits.sign_ups_per_hour = 3;
    })
    .await;
    for number in 0..4 {
        let answer = begin(&world.browser(), &format!("{number}@example.org"), &[]).await;
        assert_eq!(answer.status.as_u16(), if number < 3 { 303 } else { 429 });
    }
    assert_eq!(world.mails().await.len(), 3);
}

#[tokio::test]
async fn a_disabled_sign_up_answers_404() {
    let world = World::new().await;
    let browser = world.browser();
    assert_eq!(browser.get(FORM).await.status, StatusCode::NOT_FOUND);
    assert_eq!(begin(&browser, "ada@example.org", &[]).await.status, StatusCode::NOT_FOUND);
    assert!(!browser.get("/signup").await.body.contains(FORM));
    assert_eq!(world.mails().await.len(), 0);
}

#[tokio::test]
async fn invalid_sign_ups_are_refused_and_leave_nothing() {
    let world = world().await;
    let browser = world.browser();
    let rows = world.rows().await;
    for extra in [
        [("name", "")],
        [("name", " \u{0} ")],
        [("email", "ada")],
        [("email", "")],
        [("password", "short")],
        [("password", "password")],
        [("again", "something else")],
    ] {
        let answer = begin(&browser, "ada@example.org", &extra).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{extra:?}");
        assert!(answer.body.contains(r#"role="alert""#), "{extra:?}: {}", answer.body);
        assert!(!answer.body.contains(PASSWORD), "{extra:?}");
    }
    let answer = begin_at(&browser, "/signup/email?interaction=nonsense", "ada@example.org", &[]).await;
    assert!(answer.status == StatusCode::BAD_REQUEST && answer.body.contains("<h1>"), "{}", answer.body);
    for code in ["", "x", "12345678901234567890", "\u{0}"] {
        assert_eq!(enter(&browser, code).await.status, StatusCode::NOT_FOUND, "{code:?}");
    }
    for token in ["", "x", "\u{0}"] {
        let answer = browser.post_form(CONFIRM, &[("token", token)]).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{token:?}");
    }
    let foreign = Request::post(FORM)
        .header("content-type", "application/x-www-form-urlencoded")
        .header("origin", "https://evil.example");
    let form = query(&[("name", "Ada"), ("email", "ada@example.org"), ("password", PASSWORD), ("again", PASSWORD)]);
    assert_eq!(browser.send(foreign, form).await.status, StatusCode::FORBIDDEN);
    assert_eq!(world.rows().await, rows);
    assert_eq!(world.mails().await.len(), 0);
}

#[tokio::test]
async fn a_reset_by_the_address_owner_locks_out_a_foreign_sign_up() {
    let world = world().await;
    let (stranger, link, _) = began(&world, "ada@example.org").await;
    let owner = world.browser();
    confirm(&owner, &link).await;
    owner.post_form("/password/forgot", &[("email", "ada@example.org")]).await;
    let reset = world.mail().await.link.unwrap();
    let new = "a wholly new password";
    let form = [("token", reset.split_once('=').unwrap().1), ("password", new), ("again", new)];
    assert_eq!(owner.post_form("/password/reset", &form).await.status, StatusCode::SEE_OTHER);
    assert_eq!(stranger.get(CHECK).await.status, StatusCode::NOT_FOUND);
    assert_eq!(signed_in_as(&stranger).await, None);
}

#[tokio::test]
async fn the_first_confirmed_of_two_sign_ups_wins() {
    let world = world().await;
    let (first, _, code) = began(&world, "ada@example.org").await;
    let (second, link, late) = began(&world, "ADA@example.org").await;
    assert_eq!(enter(&first, &code).await.location(), "/");
    let taken = confirm(&second, &link).await;
    assert_eq!(taken.status, StatusCode::CONFLICT);
    assert!(taken.body.contains("You already have an account"), "{}", taken.body);
    assert!(taken.body.contains("/password/forgot"), "{}", taken.body);
    assert_eq!(enter(&second, &late).await.status, StatusCode::NOT_FOUND);
    assert_eq!(signed_in_as(&second).await, None);
    let found = world.sigma.store.read(|tx| email::find(tx, "ada@example.org")).await.unwrap().unwrap();
    assert_eq!(found.address, "ada@example.org");
}

#[tokio::test]
async fn an_expired_interaction_does_not_prevent_sign_up() {
    let world = World::with(|settings| {
        switched_on(settings);
        settings.tokens.interaction_seconds = 60;
    })
    .await;
    let browser = world.browser();
    let interaction = browser.authorize(&[]).await.param("interaction").unwrap();
    begin_at(&browser, &format!("{FORM}?interaction={interaction}"), "ada@example.org", &[]).await;
    let (_, code) = mailed(&world).await;
    world.advance(120);
    let page = enter(&browser, &code).await;
    assert!(page.status == StatusCode::BAD_REQUEST && page.body.contains("<h1>"), "{}", page.body);
    assert_eq!(signed_in_as(&browser).await.as_deref(), Some("ada@example.org"));
    assert!(browser.authorize(&[("client_id", APP)]).await.location().starts_with("/consent"));
}

#[tokio::test]
async fn a_second_sign_up_in_a_browser_replaces_the_first() {
    let world = world().await;
    let (browser, first, _) = began(&world, "ada@example.org").await;
    let other = "another good password";
    begin(&browser, "ada@example.org", &[("password", other), ("again", other)]).await;
    let (second, _) = mailed(&world).await;
    for answer in [browser.get(&first).await, confirm(&browser, &first).await] {
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
    }
    assert!(!has_account(&world, "ada@example.org").await);
    assert_eq!(confirm(&browser, &second).await.location(), "/");
    assert_eq!(signed_in_as(&browser).await.as_deref(), Some("ada@example.org"));
    for (password, status) in [(PASSWORD, StatusCode::UNAUTHORIZED), (other, StatusCode::SEE_OTHER)] {
        let form = [("email", "ada@example.org"), ("password", password)];
        assert_eq!(world.browser().post_form("/login/password", &form).await.status, status, "{password}");
    }
}

#[tokio::test]
async fn a_stranger_does_not_keep_an_address_from_signing_up() {
    let world = world().await;
    let form = query(&[("name", "Ada"), ("email", "ada@example.org"), ("password", PASSWORD), ("again", PASSWORD)]);
    for _ in 0..15 {
        let request = Request::post(FORM)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("origin", world.sigma.issuer())
            .body(Body::from(form.clone()));
        let stranger: IpAddr = "198.51.100.9".parse().unwrap();
        assert_eq!(world.send_from(stranger, request.unwrap()).await.location(), CHECK);
    }
    assert_eq!(world.mails().await.len(), 3);
    let (browser, _, code) = began(&world, "ada@example.org").await;
    assert_eq!(enter(&browser, &code).await.location(), "/");
}

#[tokio::test]
async fn auth_time_is_when_the_address_was_confirmed() {
    let world = world().await;
    let browser = world.browser();
    let interaction = browser.authorize(&[]).await.param("interaction").unwrap();
    begin_at(&browser, &format!("{FORM}?interaction={interaction}"), "ada@example.org", &[]).await;
    let (link, _) = mailed(&world).await;
    confirm(&world.browser(), &link).await;
    let confirmed_at = world.now().seconds();
    world.advance(300);
    let on = browser.get(CHECK).await;
    let consent = browser.get(on.location()).await;
    let back = browser.agree(consent).await;
    let tokens = world.exchange(&back.param("code").unwrap(), &[]).await.json();
    assert_eq!(claims(tokens["id_token"].as_str().unwrap())["auth_time"], confirmed_at);
}
