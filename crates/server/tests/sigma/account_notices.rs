//! What is mailed about an account: sign-ins from elsewhere, recovery codes that were used, a single key; and in which language.

use axum::body::Body;
use http::{Request, StatusCode};
use sigma_core::ids::UserId;
use sigma_server::settings::Language;
use sigma_store::email::EmailProof;

use crate::support::second_factors::App;
use crate::support::{Answer, Browser, Key, PASSWORD, SIGN_IN, World};

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";
const DAY: u64 = 24 * 60 * 60;

/// Ada, signed up with a key and with a proven address.
async fn ada(world: &World) -> (Browser<'_>, UserId) {
    let browser = world.browser();
    browser.sign_up(&Key::named("ada")).await;
    let id = browser.get("/api/auth/get-session").await.json()["user"]["id"].as_str().unwrap().to_owned();
    let id = UserId::from_text(id);
    world.db_set_email(&id, "ada@example.org", EmailProof::Verified).await;
    world.tick();
    (browser, id)
}

/// Signs in with a key as a browser that says to be `agent`.
async fn sign_in_as(world: &World, browser: &Browser<'_>, agent: &str) -> Answer {
    let token = Key::named("ada").token(SIGN_IN, world.now(), "");
    let request = Request::post(SIGN_IN).header("content-type", "application/json").header("user-agent", agent);
    let answer = browser.send(request.header("x-auth-token", token), Body::from("{}")).await;
    world.tick();
    answer
}

/// The mails that sign-ins so far cause.
async fn notices(world: &World) -> Vec<String> {
    world.run_job("sign_in_notice").await;
    world.mails().await.into_iter().map(|mail| mail.text).collect()
}

#[tokio::test]
async fn a_sign_in_from_an_unknown_device_is_mailed_once() {
    let world = World::new().await;
    ada(&world).await;
    assert_eq!(notices(&world).await, Vec::<String>::new(), "the first sign-in ever");
    world.browser().sign_in(&Key::named("ada")).await;
    assert_eq!(notices(&world).await, Vec::<String>::new(), "the same kind of client in the same network");
    let laptop = world.browser();
    assert_eq!(sign_in_as(&world, &laptop, FIREFOX).await.status, StatusCode::OK);
    let mails = notices(&world).await;
    assert_eq!(mails.len(), 1, "{mails:?}");
    assert!(mails[0].contains("Firefox on Linux") && mails[0].contains("from a device"), "{}", mails[0]);
    assert_eq!(sign_in_as(&world, &laptop, FIREFOX).await.status, StatusCode::OK);
    // Its mark is enough, whatever it says to be and whenever it comes back.
    laptop.post_json("/api/auth/sign-out", &serde_json::json!({})).await;
    world.advance(90 * DAY);
    sign_in_as(&world, &laptop, "curl/8.0").await;
    assert_eq!(notices(&world).await, Vec::<String>::new());
    world.advance(200 * DAY);
    sign_in_as(&world, &laptop, "curl/8.0").await;
    assert_eq!(notices(&world).await.len(), 1, "nobody came from there for half a year");
}

#[tokio::test]
async fn a_device_is_known_once_the_second_factor_was_proven_and_not_before() {
    let world = World::new().await;
    let (browser, _) = ada(&world).await;
    let App { recovery_codes, .. } = browser.add_app(&world).await;
    notices(&world).await;
    let other = world.browser();
    sign_in_as(&world, &other, FIREFOX).await;
    assert_eq!(notices(&world).await, Vec::<String>::new());
    let entered = other.enter_code("", "recovery", &recovery_codes[0]).await;
    assert_eq!(entered.status, StatusCode::SEE_OTHER, "{}", entered.body);
    let again = sign_in_as(&world, &world.browser(), FIREFOX).await;
    assert_eq!(again.status, StatusCode::OK);
    let mails = notices(&world).await;
    assert!(mails.iter().any(|mail| mail.contains("recovery code")), "{mails:?}");
}

#[tokio::test]
async fn whoever_depends_on_a_single_key_is_told_and_reminded_every_month() {
    let world = World::new().await;
    let (browser, _) = ada(&world).await;
    let warning = "id=\"warning-title\"";
    assert!(browser.get("/account").await.body.contains(warning));
    world.run_job("key_reminders").await;
    assert!(world.mails().await.is_empty(), "not at once");
    for _ in 0..2 {
        world.advance(31 * DAY);
        world.run_job("key_reminders").await;
        let mails = world.mails().await;
        assert_eq!(mails.len(), 1, "{mails:?}");
        assert!(mails[0].text.contains("single key"), "{}", mails[0].text);
        world.run_job("key_reminders").await;
        assert!(world.mails().await.is_empty(), "once a month");
    }
    let browser = world.browser();
    browser.sign_in(&Key::named("ada")).await;
    let set = browser.post_form("/account/password", &[("password", PASSWORD), ("again", PASSWORD)]).await;
    assert_eq!(set.status, StatusCode::SEE_OTHER, "{}", set.body);
    world.mails().await;
    world.advance(31 * DAY);
    world.run_job("key_reminders").await;
    assert!(world.mails().await.is_empty(), "there is a second way in");
    browser.sign_in(&Key::named("ada")).await;
    assert!(!browser.get("/account").await.body.contains(warning));
    assert!(world.browser().get("/signup").await.body.contains("the only way to sign in"));
}

#[tokio::test]
async fn an_account_has_a_language_of_its_own() {
    let world = World::with(|settings| settings.languages.offered = Language::ALL.to_vec()).await;
    let (browser, id) = ada(&world).await;
    let apps = async || browser.get("/account/apps").await.body;
    assert!(apps().await.contains("<html lang=\"en\""));
    for unknown in ["fr", "de-DE", "a\0"] {
        let refused = browser.post_form("/account/language", &[("language", unknown)]).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{unknown}");
    }
    let saved = browser.post_form("/account/language", &[("language", "de")]).await;
    assert_eq!((saved.status, saved.location()), (StatusCode::SEE_OTHER, "/account?done=language"));
    world.tick();
    for page in [
        "/",
        "/account",
        "/account/activity",
        "/account/apps",
        "/account/password",
        "/account/profile",
        "/account/identities",
        "/account/merits",
        "/account/delete",
        "/restore",
        "/org",
    ] {
        assert!(browser.get(page).await.body.contains("<html lang=\"de\""), "{page}");
    }
    let consent = browser.authorize(&[("ui_locales", "en")]).await.location().to_owned();
    assert!(browser.get(&consent).await.body.contains("<html lang=\"en\""), "an app asked for it");
    let consent = browser.authorize(&[]).await.location().to_owned();
    assert!(browser.get(&consent).await.body.contains("<html lang=\"de\""));
    sign_in_as(&world, &world.browser(), FIREFOX).await;
    let mails = notices(&world).await;
    assert!(mails[0].contains("unbekannten"), "{}", mails[0]);
    browser.post_form("/account/language", &[("language", "")]).await;
    world.tick();
    let user = world.sigma.find_account(&id).await.unwrap().unwrap();
    assert_eq!(user.user.language, None);
    assert_eq!(world.browser().post_form("/account/language", &[]).await.status, StatusCode::SEE_OTHER, "signed out");
}
