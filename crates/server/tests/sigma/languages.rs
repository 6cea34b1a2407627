//! Pages and mails are in the language that the app or the browser asks for, among those offered.

use axum::body::Body;
use http::Request;
use sigma_server::settings::Language;

use crate::support::{Answer, Browser, Key, World};

async fn world() -> World {
    World::with(|settings| settings.languages.offered = Language::ALL.to_vec()).await
}

/// A page, for a browser that wants it in German.
async fn in_german(browser: &Browser<'_>, path: &str) -> Answer {
    let request = Request::get(path).header("accept", "text/html").header("accept-language", "de-AT,de;q=0.9,en;q=0.5");
    browser.send(request, Body::empty()).await
}

#[tokio::test]
async fn the_sign_in_page_and_the_consent_page_speak_the_language_of_the_browser() {
    let world = world().await;
    let browser = world.browser();
    let path = browser.authorize(&[]).await.location().to_owned();
    let german = in_german(&browser, &path).await.body;
    assert!(german.contains("<html lang=\"de\"") && german.contains("Bei Playground anmelden"), "{german}");
    let english = browser.get(&path).await.body;
    assert!(english.contains("<html lang=\"en\"") && english.contains("Sign in to Playground"), "{english}");
    browser.sign_up(&Key::named("ada")).await;
    let path = browser.authorize(&[]).await.location().to_owned();
    let german = in_german(&browser, &path).await.body;
    assert!(german.contains("<html lang=\"de\"") && german.contains("Ihr Profil sehen"), "{german}");
}

#[tokio::test]
async fn an_app_may_ask_for_a_language() {
    let world = world().await;
    let browser = world.browser();
    let path = browser.authorize(&[("ui_locales", "fr de-CH")]).await.location().to_owned();
    let page = browser.get(&path).await.body;
    assert!(page.contains("<html lang=\"de\"") && page.contains("E-Mail-Adresse"), "{page}");
}

#[tokio::test]
async fn what_is_not_offered_is_not_spoken() {
    let world = World::new().await;
    let page = in_german(&world.browser(), "/login").await.body;
    assert!(page.contains("<html lang=\"en\"") && page.contains("Sign in"), "{page}");
    let world = World::with(|settings| {
        settings.languages.offered = vec![Language::German];
        settings.languages.default = Language::German;
    })
    .await;
    assert!(world.browser().get("/login").await.body.contains("<html lang=\"de\""));
}

#[tokio::test]
async fn a_refused_password_is_told_in_the_language_of_the_page() {
    let world = world().await;
    let request = Request::post("/login/password")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("accept-language", "de")
        .header("origin", world.sigma.issuer());
    let answer = world.browser().send(request, "email=ada%40example.org&password=wrong-password").await;
    assert_eq!((answer.status.as_u16(), answer.notice()), (401, "E-Mail-Adresse oder Passwort ist falsch."));
}

#[tokio::test]
async fn pages_around_signing_in_speak_the_language_of_the_browser() {
    let world = world().await;
    let browser = world.browser();
    let out = "/api/auth/oauth2/end-session?post_logout_redirect_uri=https://app.example.org/";
    for (path, words) in [
        ("/", "Schlüssel, den nur Sie haben"),
        ("/password/forgot", "Passwort vergessen?"),
        ("/password/forgot?sent=1", "Sehen Sie in Ihr Postfach"),
        ("/password/reset?token=x", "Dieser Link gilt nicht mehr"),
        (out, "erfordert einen id_token_hint"),
    ] {
        let page = in_german(&browser, path).await.body;
        assert!(page.contains("<html lang=\"de\"") && page.contains(words), "{path}: {page}");
        assert!(browser.get(path).await.body.contains("<html lang=\"en\""), "{path}");
    }
    browser.sign_up(&Key::named("ada")).await;
    for (path, words) in [
        ("/", "Wo Sie angemeldet sind"),
        ("/account/activity", "Sie haben dieses Konto erstellt"),
        ("/account/password", "Sie melden sich mit Ihrem Schlüssel an"),
        (out, "Angemeldet bleiben"),
    ] {
        let page = in_german(&browser, path).await.body;
        assert!(page.contains("<html lang=\"de\"") && page.contains(words), "{path}: {page}");
    }
}

#[tokio::test]
async fn a_missing_redirect_address_is_not_called_an_unregistered_one_in_either_language() {
    let world = world().await;
    let browser = world.browser();
    for (value, code, english, german) in [
        ("", "missing_redirect", "Redirect address missing", "Rücksprungadresse fehlt"),
        (
            "https://evil.example/",
            "invalid_redirect",
            "Redirect address not registered",
            "Rücksprungadresse nicht registriert",
        ),
    ] {
        let path = browser.authorize(&[("redirect_uri", value)]).await.location().to_owned();
        assert!(path.starts_with(&format!("/error?error={code}&")), "{path}");
        for (page, words, request, back) in [
            (browser.get(&path).await.body, english, "<dt>Request</dt>", "Go to the front page"),
            (in_german(&browser, &path).await.body, german, "<dt>Anfrage</dt>", "Zur Startseite"),
        ] {
            assert!(page.contains(words) && page.contains(request) && page.contains(back), "{page}");
        }
    }
}

#[tokio::test]
async fn what_cannot_go_on_is_told_in_the_language_of_the_browser() {
    let world = world().await;
    let browser = world.browser();
    for (path, words) in [
        ("/nothing", "Seite nicht gefunden"),
        ("/signup", "Ihr Schlüssel ist Ihr Konto."),
        ("/login?interaction=nothing", "Diese Anmeldung ist beendet"),
        ("/invitation?token=x", "Diese Einladung gilt nicht mehr"),
        ("/api/auth/reference", "API-Referenz"),
        ("/v2/errors", "Fehlercodes der Merits-API"),
    ] {
        let page = in_german(&browser, path).await.body;
        assert!(page.contains("<html lang=\"de\"") && page.contains(words), "{path}: {page}");
    }
}

#[tokio::test]
async fn a_workspace_speaks_the_language_of_its_member() {
    let world = World::with(|settings| {
        settings.passwords.memory_kib = 64;
        settings.languages.offered = Language::ALL.to_vec();
    })
    .await;
    let acme = world.org("Acme").await;
    let (ada, browser) = world.admin_of(&acme).await;
    for (page, words) in [
        ("people", "1 Person"),
        ("people/invite", "Einladung senden"),
        ("roles", "Liste der Rollen"),
        ("roles/new", "Auswahllisten verwalten"),
        ("keys", "Es gibt noch keine Schlüssel."),
        ("keys/new", "Datenmodell löschen"),
        ("settings", "Zweiten Faktor verlangen"),
    ] {
        let html = in_german(&browser, &format!("/workspace/{}/{page}", acme.org)).await.body;
        assert!(html.contains("<html lang=\"de\"") && html.contains(words), "{page}: {html}");
    }
    // What they chose comes before what the browser asks for.
    browser.post_form("/account/language", &[("language", "de")]).await;
    let last = format!("/workspace/{}/people/{ada}/end", acme.org);
    let refused = browser.post_form(&last, &[]).await;
    assert!(
        refused.notice().starts_with("Nicht ausgeführt: Der Workspace muss ein Mitglied behalten"),
        "{}",
        refused.body
    );
}
