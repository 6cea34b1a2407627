//! Mails as delivered: by SMTP to a real server, encrypted or not at all, and into a folder without one.

use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use secrecy::SecretString;
use serde_json::Value;
use sigma_server::mail::mailer;
use sigma_server::settings::Settings;
use sigma_store::outbox::{self, Fate, Shown};
use tempfile::TempDir;

use crate::support::{World, redacted};

/// aiosmtpd with a certificate of its own.
struct MailServer {
    process: Child,
    reported: BufReader<ChildStdout>,
    port: u16,
    folder: TempDir,
}

impl MailServer {
    fn start(mode: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let pair = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let (certificate, key) = (folder.path().join("tls.crt"), folder.path().join("tls.key"));
        std::fs::write(&certificate, pair.cert.pem()).unwrap();
        std::fs::write(&key, pair.signing_key.serialize_pem()).unwrap();
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/support/smtp.py");
        // Debian's Python, whose package has aiosmtpd.
        let mut process = Command::new("/usr/bin/python3")
            .args([Path::new(script), Path::new(mode), &certificate, &key])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut reported = BufReader::new(process.stdout.take().unwrap());
        let mut line = String::new();
        reported.read_line(&mut line).unwrap();
        let port = line.trim().parse().expect("aiosmtpd starts: scripts/install-test-deps.sh installs it");
        Self { process, reported, port, folder }
    }

    fn settings(&self, scheme: &str, trusted: bool) -> impl FnOnce(&mut Settings) + use<> {
        let url = format!("{scheme}://sigma:mail%20p%40ss@localhost:{}", self.port);
        let certificate = trusted.then(|| self.folder.path().join("tls.crt"));
        move |settings| {
            settings.mail.smtp = Some(SecretString::from(url));
            settings.mail.certificate_authority = certificate;
            settings.mail.from = Some("Example sign-in <sign-in@example.org>".to_owned());
        }
    }

    /// The next mail that it received.
    fn next(&mut self) -> Value {
        let mut line = String::new();
        self.reported.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }

    /// Ends it; returns what it received since last asked.
    fn end(mut self) -> String {
        drop(self.process.stdin.take());
        let mut rest = String::new();
        std::io::Read::read_to_string(&mut self.reported, &mut rest).unwrap();
        self.process.wait().unwrap();
        rest
    }
}

async fn promise(world: &World, to: &str) {
    let mail = world.sigma.composer().invitation(to, "Zürich & Co", Some("Grace"), None).unwrap().mail;
    world.sigma.store.write(move |tx| outbox::add(tx, &mail)).await.unwrap();
}

/// How many mails are queued, and after how many attempts.
async fn waiting(world: &World) -> Vec<i64> {
    let attempts = world.sigma.store.read(|tx| tx.query_all("SELECT attempts FROM mails ORDER BY attempts", &[]));
    attempts.await.unwrap().iter().map(|row| row.int(0).unwrap()).collect()
}

#[tokio::test]
async fn a_mail_reaches_a_real_server_over_tls_and_over_starttls() {
    for (mode, scheme) in [("smtps", "smtps"), ("starttls", "smtp")] {
        let mut server = MailServer::start(mode);
        let world = World::with(server.settings(scheme, true)).await;
        promise(&world, "Ada.Lovelace@example.org").await;
        assert_eq!(mailer::deliver_due(&world.sigma).await.unwrap(), 1);
        assert_eq!(waiting(&world).await, [0; 0], "{mode}");
        let mut mail = server.next();
        assert_eq!(mail["encrypted"], true);
        assert_eq!(mail["to"], serde_json::json!(["Ada.Lovelace@example.org"]));
        for (kind, part) in mail["parts"].as_object().unwrap() {
            let part = part.as_str().unwrap();
            assert!(part.contains("https://id.example.org/invitation?token="), "{kind}: {part}");
            assert!(part.contains("Zürich &"), "{kind}: {part}");
        }
        mail["parts"] = mail["parts"].as_object().unwrap().keys().cloned().collect();
        let marks = [("/headers/Message-ID", "[id]"), ("/headers/Content-Type", "[boundary]")];
        insta::assert_json_snapshot!("a_mail_at_its_server", redacted(mail, &marks));
        assert_eq!(mailer::deliver_due(&world.sigma).await.unwrap(), 0, "once");
        assert_eq!(server.end(), "");
    }
}

#[tokio::test]
async fn addresses_of_every_script_are_reached() {
    let mut server = MailServer::start("smtps");
    let world = World::with(server.settings("smtps", true)).await;
    for (to, taken) in [
        ("Ada@B\u{fc}cher.example", "Ada@xn--bcher-kva.example"),
        ("संपर्क@डाटामेल.भारत", "संपर्क@xn--c2bd4bq1db8d.xn--h2brj9c"),
        ("தமிழ்@உதாரணம்.இந்தியா", "தமிழ்@xn--zkc6cc5bi7f6e.xn--xkc2dl3a5ee0h"),
        ("ผู้ใช้@ตัวอย่าง.ไทย", "ผู้ใช้@xn--72c1a1bt4awk9o.xn--o3cw4h"),
    ] {
        promise(&world, to).await;
        assert_eq!(mailer::deliver_due(&world.sigma).await.unwrap(), 1, "{to}");
        assert_eq!(waiting(&world).await, [0; 0], "{to}");
        assert_eq!(server.next()["to"], serde_json::json!([taken]), "{to}");
    }
}

#[tokio::test]
async fn no_mail_goes_to_a_server_without_tls_or_with_a_certificate_that_nobody_trusts() {
    for (mode, scheme, trusted) in
        [("plain", "smtp", true), ("plain", "smtps", true), ("starttls", "smtp", false), ("smtps", "smtps", false)]
    {
        let server = MailServer::start(mode);
        let world = World::with(server.settings(scheme, trusted)).await;
        promise(&world, "ada@example.org").await;
        assert_eq!(mailer::deliver_due(&world.sigma).await.unwrap(), 1);
        assert_eq!(waiting(&world).await, [1], "{mode} {scheme}: it is tried again");
        assert_eq!(server.end(), "", "{mode} {scheme}");
    }
}

#[tokio::test]
async fn permanently_rejected_mails_are_given_up_and_others_retried_until_they_expire() {
    let server = MailServer::start("smtps");
    let world = World::with(server.settings("smtps", true)).await;
    promise(&world, "nobody@example.org").await;
    mailer::deliver_due(&world.sigma).await.unwrap();
    // It stays to be seen, with the reason, and is not tried again.
    let now = world.now();
    let seen = world.sigma.store.read(move |tx| outbox::list(tx, Shown::Failing, None, now, 10)).await.unwrap();
    assert_eq!((seen.len(), seen[0].fate, seen[0].next_attempt_at), (1, Fate::GivenUp, None));
    assert!(seen[0].error.as_ref().unwrap().contains("550"), "{:?}", seen[0].error);
    promise(&world, "later@example.org").await;
    let mut attempts = 0;
    for minute in 0..60 {
        attempts += mailer::deliver_due(&world.sigma).await.unwrap();
        assert_eq!(waiting(&world).await, [1, i64::try_from(attempts).unwrap()], "minute {minute}");
        world.advance(60);
    }
    assert!((8..=14).contains(&attempts), "{attempts}");
    // The invitation in it still works, but after a day nobody waits for the mail any more.
    world.advance(23 * 3_600);
    assert_eq!(mailer::deliver_due(&world.sigma).await.unwrap(), 0);
    let store = world.sigma.store.clone();
    tokio::task::spawn_blocking(move || store.sweep_once().unwrap()).await.unwrap();
    assert_eq!(waiting(&world).await, [0; 0]);
    assert_eq!(server.end(), "");
}

#[tokio::test]
async fn a_wrong_password_for_the_mail_server_loses_no_mail() {
    let mut server = MailServer::start("smtps");
    let wrong = SecretString::from(format!("smtps://sigma:wrong@localhost:{}", server.port));
    let settings = server.settings("smtps", true);
    let world = World::with(|all| {
        settings(all);
        all.mail.smtp = Some(wrong);
    })
    .await;
    promise(&world, "ada@example.org").await;
    mailer::deliver_due(&world.sigma).await.unwrap();
    assert_eq!(waiting(&world).await, [1]);
    let settings = server.settings("smtps", true);
    let mended = world.beside_with(settings).await;
    world.advance(15);
    assert_eq!(mailer::deliver_due(&mended.sigma).await.unwrap(), 1);
    assert_eq!(server.next()["to"], serde_json::json!(["ada@example.org"]));
}

#[tokio::test]
async fn without_a_mail_server_mails_go_to_a_private_folder() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mails");
    let wanted = path.clone();
    let world = World::with(move |settings| settings.mail.folder = wanted).await;
    promise(&world, "ada@example.org").await;
    world.tick();
    promise(&world, "bob@example.org").await;
    assert_eq!(mailer::deliver_due(&world.sigma).await.unwrap(), 2);
    assert_eq!(waiting(&world).await, [0; 0]);
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o700);
    let mut files: Vec<_> = std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert_eq!(files.len(), 2);
    for (file, to) in files.iter().zip(["ada@example.org", "bob@example.org"]) {
        assert_eq!(mode(file), 0o600);
        assert_eq!(file.extension().unwrap(), "eml");
        let text = std::fs::read_to_string(file).unwrap();
        assert!(text.contains(&format!("To: {to}\r\n")), "{text}");
        assert!(text.contains("Date: Sun, 01 Mar 2026 12:00:00 +0000\r\n"), "{text}");
        assert!(text.contains("From: Sigma <sigma@id.example.org>\r\n"), "{text}");
    }
}

#[tokio::test]
async fn queued_mails_cannot_be_read_from_the_database() {
    let world = World::new().await;
    promise(&world, "ada@example.org").await;
    let sealed = world.sigma.store.read(|tx| tx.query_all("SELECT sealed FROM mails", &[])).await.unwrap();
    let bytes = sealed[0].bytes(0).unwrap();
    for secret in ["ada@", "token=", "invit"] {
        assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()), "{secret}");
    }
    assert_eq!(world.mail().await.to, "ada@example.org");
}

#[tokio::test]
async fn two_processes_do_not_send_a_mail_twice_and_one_that_died_with_it_loses_none() {
    let world = World::new().await;
    promise(&world, "ada@example.org").await;
    let now = world.now();
    let take = |now| world.sigma.store.write(move |tx| outbox::take(tx, now, 5));
    assert_eq!(take(now).await.unwrap().len(), 1);
    assert_eq!(take(now).await.unwrap().len(), 0);
    let later = now.plus(Duration::from_mins(3));
    assert_eq!(take(later).await.unwrap().len(), 1);
}
