//! What the log says of a refusal: enough to find the cause, and nothing secret.

use std::io;
use std::sync::{Arc, Mutex};

use sigma_store::event::Trail;
use tracing_subscriber::fmt::MakeWriter;

use crate::support::{Answer, Key, World, logs};

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

impl Lines {
    /// Captures logs of this thread from now on, as `sigma serve` logs by default.
    fn keep() -> (Self, tracing::subscriber::DefaultGuard) {
        let lines = Self::default();
        let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(lines.clone()).finish();
        (lines, logs::keep(subscriber))
    }

    /// The lines that name the request of `answer`.
    fn of(&self, answer: &Answer) -> String {
        self.naming(answer.header("x-request-id"))
    }

    /// The lines that name a request.
    fn naming(&self, id: &str) -> String {
        let logged = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        logged.lines().filter(|line| line.contains(id)).collect::<Vec<_>>().join("\n")
    }
}

#[tokio::test]
async fn a_refusal_to_a_person_is_logged_with_the_app_the_address_and_the_id_that_they_are_shown() {
    let (lines, _guard) = Lines::keep();
    let world = World::new().await;
    let browser = world.browser();
    let long = format!("https://app.example.org/{}", "x".repeat(2_000));
    let cases = [
        (("redirect_uri", "https://app.example.org/callback/"), "invalid redirect uri", "app.example.org/callback/\""),
        (("redirect_uri", "x:\r\nforged request_id=\"y\"\u{1b}[2J"), "invalid redirect uri", "x:"),
        (("redirect_uri", long.as_str()), "invalid redirect uri", "xxx…"),
        (("redirect_uri", ""), "redirect_uri is required", "playground"),
        (("client_id", "nobody"), "client_id is required", "nobody"),
        (("client_id", ""), "client_id is required", "https://app.example.org/callback"),
    ];
    for (parameter, cause, shown) in cases {
        let refused = browser.authorize(&[parameter, ("state", "SecretState"), ("nonce", "SecretNonce")]).await;
        let line = lines.of(&refused);
        assert_eq!(line.lines().count(), 1, "{line}");
        assert!(line.contains("refused") && line.contains(cause) && line.contains(shown), "{line}");
        assert!(!line.contains("Secret") && line.len() < 1_000, "{line}");
        assert!(line.trim_end().chars().all(|letter| !letter.is_control()), "{line:?}");
        let page = browser.get(refused.location()).await;
        assert!(page.body.contains(refused.header("x-request-id")), "{}", page.body);
        assert!(!page.body.contains(page.header("x-request-id")), "one id alone");
    }
    let forged = browser.get("/error?error=invalid_redirect&request_id=call+0900+12345").await;
    assert!(forged.body.contains(forged.header("x-request-id")) && !forged.body.contains("0900"));
}

#[tokio::test]
async fn the_line_of_a_request_names_the_events_that_it_wrote() {
    let (lines, _guard) = Lines::keep();
    let world = World::with(|settings| settings.log.access = true).await;
    let browser = world.browser();
    browser.sign_up(&Key::named("ada")).await;
    let read = browser.get("/api/auth/get-session").await;
    assert!(!lines.of(&read).contains("events="), "it wrote none");
    let events: Vec<_> = world.trail(Trail::All).await.into_iter().filter(|event| event.request_id.is_some()).collect();
    assert!(!events.is_empty());
    for event in events {
        let line = lines.naming(&event.request_id.unwrap());
        assert!(line.contains("events=") && line.contains(event.id.as_str()), "{}: {line}", event.id.as_str());
    }
}

#[tokio::test]
async fn a_refusal_to_an_app_is_logged_with_its_cause() {
    let (lines, _guard) = Lines::keep();
    let world = World::new().await;
    let browser = world.browser();
    for (parameter, cause) in [
        (("response_type", "token"), "Response type 'token' is not supported"),
        (("code_challenge_method", "plain"), "only S256"),
        (("state", &*"x".repeat(9_000)), "longer than 4 KiB"),
    ] {
        let line = lines.of(&browser.authorize(&[parameter]).await);
        assert!(line.contains(cause) && line.contains("app=\"playground\""), "{line}");
        assert!(!line.contains("xxx"), "{line}");
    }
    // Routine: users are signed out every day.
    assert_eq!(lines.of(&browser.authorize(&[("prompt", "none")]).await), "");
}

#[tokio::test]
async fn a_refusal_in_json_is_logged_with_its_cause_and_without_what_was_sent() {
    let (lines, _guard) = Lines::keep();
    let world = World::new().await;
    let browser = world.browser();
    browser.sign_up(&Key::named("ada")).await;
    let token = [
        ("grant_type", "authorization_code"),
        ("code", "SecretCode"),
        ("client_id", "playground"),
        ("redirect_uri", "https://app.example.org/callback"),
        ("code_verifier", "SecretVerifier"),
    ];
    let refresh = [("grant_type", "refresh_token"), ("refresh_token", "SecretToken"), ("client_id", "playground")];
    let unknown = [("grant_type", "refresh_token"), ("client_secret", "SecretSecret"), ("client_id", "nobody")];
    for (form, error, app) in [
        (token.as_slice(), "invalid_grant", "app=\"playground\""),
        (refresh.as_slice(), "invalid_grant", "app=\"playground\""),
        (unknown.as_slice(), "invalid_client", "app=\"nobody\""),
    ] {
        let line = lines.of(&world.post_form("/api/auth/oauth2/token", form, &[]).await);
        assert!(line.contains("refused") && line.contains(error) && line.contains(app), "{line}");
        assert!(!line.contains("Secret"), "{line}");
    }
    let answer = browser.post_form("/api/auth/oauth2/consent", &[("interaction", "SecretName")]).await;
    assert!(!lines.of(&answer).contains("Secret"));
    let line = lines.of(&world.get_with_token("/userinfo", "SecretAccess").await);
    assert!(line.contains("invalid_token") && !line.contains("Secret"), "{line}");
}
