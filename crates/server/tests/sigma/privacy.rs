//! What must not be told: secrets in logs and answers, and markup in pages.

use std::io;
use std::sync::{Arc, Mutex};

use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Request;
use serde_json::json;
use sigma_core::app::AuthMethod;
use sigma_core::ids::ClientId;
use tracing_subscriber::fmt::MakeWriter;

use crate::support::{Answer, Key, REDIRECT, SIGN_IN, VERIFIER, World, logs};

const NEW: &str = "a wholly new password";
const EVIL: &str = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>";

/// Log lines, kept.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'w> MakeWriter<'w> for Lines {
    type Writer = Self;

    fn make_writer(&'w self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn secrets_are_never_logged_or_sent_to_others() {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_max_level(tracing::Level::TRACE)
        .with_writer(lines.clone())
        .finish();
    let _logging = logs::keep(subscriber);
    let world = World::with(|settings| settings.log.access = true).await;
    let ada = Key::named("ada");
    world.add_confidential_app("shop", AuthMethod::ClientSecretPost, "AppSecret0123456789").await;
    let browser = world.browser();
    browser.sign_up(&ada).await;
    let token = ada.token(SIGN_IN, world.now(), "");
    let session = world.present(SIGN_IN, &token, "{}").await.json()["token"].as_str().unwrap().to_owned();
    world.tick();
    let asked = [
        ("client_id", "shop"),
        ("scope", "openid offline_access"),
        ("state", "SecretState12345"),
        ("nonce", "SecretNonce12345"),
    ];
    let code = browser.code(&asked).await;
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", REDIRECT),
        ("client_id", "shop"),
        ("client_secret", "AppSecret0123456789"),
        ("code_verifier", VERIFIER),
    ];
    let tokens = world.post_form("/api/auth/oauth2/token", &form, &[]).await.json();
    let text = |name: &str| tokens[name].as_str().unwrap().to_owned();
    let mut secrets =
        vec![token.clone(), session.clone(), code.clone(), VERIFIER.to_owned(), "AppSecret0123456789".to_owned()];
    secrets.extend(["SecretState12345".to_owned(), "SecretNonce12345".to_owned()]);
    secrets.extend(browser.cookies().split("; ").map(|pair| pair.split_once('=').unwrap().1.to_owned()));
    secrets.extend([text("access_token"), text("id_token"), text("refresh_token")]);
    // Everything that fails with a secret in hand.
    let mut answers: Vec<Answer> = vec![world.present(SIGN_IN, &token, "{}").await];
    answers.push(world.present("/api/auth/sign-up/sigma", &token, "{}").await);
    answers.push(world.present("/sigma/authorize", &token, "{}").await);
    answers.push(world.post_form("/api/auth/oauth2/token", &form, &[]).await);
    let wrong = [("client_id", "shop"), ("client_secret", "AppSecret0123456789x"), ("token", &text("refresh_token"))];
    for path in ["/api/auth/oauth2/introspect", "/api/auth/oauth2/revoke", "/api/auth/oauth2/token"] {
        answers.push(world.post_form(path, &wrong, &[]).await);
    }
    let with_session = format!("/userinfo?access_token={}&x={session}", text("access_token"));
    answers.push(world.send(Request::get(&with_session).body(Body::empty()).unwrap()).await);
    answers.push(world.get_with_token("/api/auth/list-sessions", &text("access_token")).await);
    answers.push(browser.get("/api/auth/list-sessions").await);
    answers.push(browser.get("/").await);
    answers.push(world.browser().get(&format!("/login?interaction={session}")).await);
    answers.push(world.browser().get(&format!("/nothing/{}", "x".repeat(10))).await);
    for answer in &answers {
        for secret in &secrets {
            assert!(!answer.body.contains(secret.as_str()), "{secret} in {}", answer.body);
        }
    }
    let logged = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    assert!(logged.contains("path=\"/userinfo\""), "the requests are logged: {logged}");
    for secret in &secrets {
        assert!(!logged.contains(secret.as_str()), "{secret} is logged");
    }
}

/// Nothing of what was sent has become markup.
fn assert_escaped(page: &str, what: &str) {
    assert!(!page.contains("<script>alert") && !page.contains("<img src=x"), "{what}: {page}");
    assert!(!page.contains("\"'>"), "{what}: {page}");
}

#[tokio::test]
async fn what_apps_and_strangers_send_never_becomes_markup() {
    let world = World::new().await;
    let ada = Key::named("ada");
    world
        .add_app(|app| {
            app.client_id = ClientId::from_text("evil");
            EVIL.clone_into(&mut app.name);
            app.dynamic = true;
        })
        .await;
    let browser = world.browser();
    let sent = [
        ("client_id", "evil"),
        ("login_hint", EVIL),
        ("state", EVIL),
        ("nonce", EVIL),
        ("bap_id", EVIL),
        ("display", EVIL),
    ];
    for prompt in ["login", "create", "consent", "select_account"] {
        let mut sent = sent.to_vec();
        sent.push(("prompt", prompt));
        let asked = browser.authorize(&sent).await;
        let page = browser.get(asked.location()).await;
        assert_eq!(page.status, 200, "{prompt}: {}", asked.location());
        assert_escaped(&page.body, prompt);
        if prompt == "login" {
            browser.sign_up(&ada).await;
        }
    }
    let asked = browser.authorize(&sent).await;
    let consent = browser.get(asked.location()).await.body;
    assert!(consent.contains("&#60;script&#62;alert(1)"), "the name is shown as it is: {consent}");
    let mut by_form = sent.to_vec();
    by_form.push(("response_mode", "form_post"));
    let asked = browser.authorize(&by_form).await;
    let form = [("interaction", asked.param("interaction").unwrap()), ("accept", "true".to_owned())];
    let form: Vec<_> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let page = browser.post_form("/api/auth/oauth2/consent", &form).await;
    assert!(page.body.contains("name=\"state\""), "{}", page.body);
    assert_escaped(&page.body, "form_post");
}

#[tokio::test]
async fn the_error_page_shows_only_our_own_texts() {
    let world = World::new().await;
    let browser = world.browser();
    let encoded = percent_encoding::utf8_percent_encode(EVIL, percent_encoding::NON_ALPHANUMERIC).to_string();
    for path in ["/error", "/api/auth/error"] {
        let page =
            browser.get(&format!("{path}?error={encoded}&error_description=Call+0900-EVIL&state={encoded}")).await;
        assert_eq!(page.status, 400);
        assert_escaped(&page.body, path);
        assert!(!page.body.contains("0900-EVIL"), "a description that anybody can write is not shown");
        let long = browser.get(&format!("{path}?error={}", "x".repeat(9_000))).await;
        assert!(long.body.matches('x').count() < 200);
        for odd in ["?error=%00%ff%0d%0aset-cookie:x", "?error", "", "?error=&error=a", "?%"] {
            let page = browser.get(&format!("{path}{odd}")).await;
            assert_eq!(page.status, 400, "{odd}");
            assert!(!page.body.contains('\0') && page.header("set-cookie").is_empty());
        }
    }
    let unknown = browser.authorize(&[("client_id", EVIL)]).await;
    let page = browser.get(unknown.location()).await;
    assert_escaped(&page.body, "an unknown app");
}

#[tokio::test]
async fn nul_anywhere_is_rejected_or_not_found() {
    let world = World::new().await;
    let ada = Key::named("ada");
    let browser = world.browser();
    browser.sign_up(&ada).await;
    let nul = "a%00b";
    for path in [
        format!("/oauth2/authorize?client_id={nul}&redirect_uri={nul}&response_type=code"),
        format!("/oauth2/authorize?client_id=playground&redirect_uri={nul}&response_type=code"),
        format!("/oauth2/authorize?interaction={nul}"),
        format!("/login?interaction={nul}"),
        format!("/signup?interaction={nul}"),
        format!("/consent?interaction={nul}"),
        format!("/select-account?interaction={nul}"),
        format!("/error?error={nul}"),
        format!("/api/auth/organization/get-full-organization?organizationId={nul}"),
        format!("/api/auth/oauth2/end-session?client_id={nul}&post_logout_redirect_uri={nul}&state={nul}"),
        format!("/api/auth/oauth2/end-session?id_token_hint={nul}"),
        format!("/assets/{nul}"),
        format!("/{nul}"),
    ] {
        let answer = browser.get(&path).await;
        assert!(!answer.status.is_server_error(), "{path}: {}", answer.body);
        assert!(!answer.body.contains('\0'), "{path}");
    }
    for name in [
        "scope",
        "state",
        "nonce",
        "login_hint",
        "bap_id",
        "claims",
        "resource",
        "acr_values",
        "id_token_hint",
        "prompt",
    ] {
        let answer = browser.authorize(&[(name, "a\0b")]).await;
        assert!(!answer.status.is_server_error(), "{name}: {}", answer.body);
    }
    for path in [
        "/sessions/revoke",
        "/api/auth/oauth2/consent",
        "/api/auth/oauth2/end-session/confirm",
        "/api/auth/oauth2/end-session",
    ] {
        let form =
            [("id", "a\0b"), ("interaction", "a\0b"), ("client_id", "a\0b"), ("confirm", "true"), ("accept", "true")];
        let other = world.browser();
        other.sign_up(&ada).await;
        let answer = other.post_form(path, &form).await;
        assert!(!answer.status.is_server_error(), "{path}: {}", answer.body);
    }
    for path in ["/api/auth/oauth2/token", "/api/auth/oauth2/revoke", "/api/auth/oauth2/introspect"] {
        for name in ["client_id", "client_secret", "token", "code", "grant_type", "refresh_token", "scope", "a\0b"] {
            let answer = world.post_form(path, &[(name, "a\0b"), ("client_id", "playground")], &[]).await;
            assert!(answer.status.is_client_error(), "{path} {name}: {}", answer.body);
        }
        let basic = STANDARD.encode("a%00b:c%00d");
        let answer = world.post_form(path, &[("token", "x")], &[("authorization", &format!("Basic {basic}"))]).await;
        assert_eq!(answer.status, 401, "{path}: {}", answer.body);
    }
    let body = json!({"token": "a\0b"});
    assert_eq!(browser.post_json("/api/auth/revoke-session", &body).await.status, 200);
    assert_eq!(
        browser.post_json("/api/auth/organization/set-active", &json!({"organizationId": "a\0b"})).await.status,
        400
    );
    for path in ["/api/auth/oauth2/consent", "/api/auth/oauth2/continue"] {
        let body = json!({"accept": true, "scope": "a\0b", "oauth_query": "interaction=a%00b", "bap_id": "a\0b"});
        let answer = browser.post_json(path, &body).await;
        assert!(answer.status.is_client_error(), "{path}: {}", answer.body);
    }
}

#[tokio::test]
async fn every_page_runs_no_script_of_its_own_and_loads_nothing_from_elsewhere() {
    let world = World::new().await;
    let browser = world.browser();
    browser.sign_up(&Key::named("ada")).await;
    let asked = browser.authorize(&[]).await;
    let interaction = asked.param("interaction").unwrap();
    for path in
        ["/", "/login?switch=1", "/signup", "/error", "/nothing", "/api/auth/reference", "/api/auth/oauth2/end-session"]
            .into_iter()
            .map(str::to_owned)
            .chain(
                ["/login", "/signup", "/consent", "/select-account"]
                    .map(|page| format!("{page}?interaction={interaction}&switch=1")),
            )
    {
        let page = browser.get(&path).await;
        assert!(page.header("content-type").starts_with("text/html"), "{path}");
        for tag in page.body.split('<').skip(1) {
            let tag = tag.split('>').next().unwrap();
            assert!(!tag.starts_with("style"), "{path}: {tag}");
            assert!(!tag.starts_with("script") || tag.contains(" src=\"/assets/"), "{path}: {tag}");
            // Texts for scripts are the value of an attribute, in which any word may occur.
            let names: String = tag.split('"').step_by(2).collect();
            assert!(!names.contains(" style=") && !names.contains(" on"), "{path}: {tag}");
            assert!(!tag.contains("javascript:"), "{path}: {tag}");
            let loads = ["script", "link", "img", "iframe", "source"].iter().any(|name| tag.starts_with(name));
            assert!(!loads || !tag.contains("//"), "{path}: {tag}");
        }
    }
}

#[tokio::test]
async fn browsers_get_pages_where_programs_get_json() {
    let world = World::with(|settings| {
        settings.limits.enabled = true;
        settings.limits.other = 1;
    })
    .await;
    let browser = world.browser();
    browser.get("/login").await;
    let page = browser.get("/login").await;
    assert_eq!(page.status, 429);
    assert!(page.header("content-type").starts_with("text/html"), "{}", page.body);
    assert!(page.header("content-security-policy").contains("style-src 'self'"));
    assert_ne!(page.header("retry-after"), "");
    for said in ["Too many requests", "rate_limit_exceeded", page.header("x-request-id")] {
        assert!(page.body.contains(said), "{said} in {}", page.body);
    }
    let program = world.send(Request::get("/login").body(Body::empty()).unwrap()).await;
    assert_eq!(program.json()["error"], "rate_limit_exceeded");
    let api = browser.get("/api/auth/get-session").await;
    assert_eq!(api.json()["error"], "rate_limit_exceeded");
}

#[tokio::test]
async fn passwords_and_mailed_links_are_never_logged() {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_max_level(tracing::Level::TRACE)
        .with_writer(lines.clone())
        .finish();
    let _logging = logs::keep(subscriber);
    let folder = tempfile::tempdir().unwrap();
    let mails = folder.path().join("mails");
    let world = World::with(|settings| {
        settings.passwords.memory_kib = 64;
        settings.log.access = true;
        settings.mail.folder = mails;
    })
    .await;
    let acme = world.org("Acme").await;
    acme.add("ada@example.org", &acme.member).await;
    world.browser().post_form("/password/forgot", &[("email", "ada@example.org")]).await;
    let link = world.mail().await.link.unwrap();
    let token = link.split_once('=').unwrap().1;
    let browser = world.browser();
    browser.get(&link).await;
    let form = [("token", token), ("password", NEW), ("again", NEW)];
    assert_eq!(browser.post_form("/password/reset", &form).await.status, 303);
    assert_eq!(sigma_server::mail::mailer::deliver_due(&world.sigma).await.unwrap(), 1);
    for (email, password) in
        [("ada@example.org", NEW), ("ada@example.org", "mistyped secret"), ("ada", "mistyped secret")]
    {
        browser.post_form("/login/password", &[("email", email), ("password", password)]).await;
        let body = serde_json::json!({"email": email, "password": password});
        world.call(crate::support::As::Nobody, "POST", "/api/v1/auth/login", &body).await;
    }
    let hashes = world.sigma.store.read(|tx| tx.query_all("SELECT hash FROM passwords", &[])).await.unwrap();
    let hash = hashes[0].text(0).unwrap();
    let logged = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    assert!(logged.contains("a mail was written to the folder") && logged.contains("/password/reset"), "{logged}");
    for secret in [crate::support::PASSWORD, NEW, "mistyped secret", token, &hash] {
        assert!(!logged.contains(secret), "{secret}");
    }
}
