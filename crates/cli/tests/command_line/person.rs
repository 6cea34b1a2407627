//! `sigma user add` and `reset`: people who sign in by e-mail address and password.

use std::io::Write as _;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::support::{Installation, Ran, ask, get, serve};

const CHEAP: &str = "issuer = 'http://localhost:9'\nlisten = '127.0.0.1:0'\n[passwords]\nmemory_kib = 7168\niterations = 1\nthreads = 1\n";
const PASSWORD: &str = "correct horse battery";

/// Runs a command that reads `input`.
fn run_with(sigma: &Installation, arguments: &[&str], input: &str) -> Ran {
    let mut command = sigma.command(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    Ran::of(&child.wait_with_output().unwrap())
}

/// Adds somebody, whose password is the input.
pub fn add(sigma: &Installation, email: &str, more: &[&str], input: &str) -> Ran {
    run_with(sigma, &[&["user", "add", "--email", email, "--password-stdin", "--json"], more].concat(), input)
}

/// Logs in at the server; status line and body.
fn log_in(address: &str, email: &str, password: &str) -> (String, Value) {
    let body = json!({"email": email, "password": password}).to_string();
    let (head, body) = ask(
        address,
        &format!(
            "POST /api/v1/auth/login HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        ),
    );
    (head.lines().next().unwrap().to_owned(), serde_json::from_str(&body).unwrap())
}

#[test]
fn a_person_who_is_added_with_a_workspace_logs_in_there() {
    let sigma = Installation::with(&format!("{CHEAP}[limits]\nenabled = false\n"));
    let org = sigma.json(&["workspace", "add", "--name", "Bakery"])["id"].as_str().unwrap().to_owned();
    let place = ["--workspace", org.as_str(), "--role", "Admin", "--name", "Ada Lovelace"];
    let ran = add(&sigma, "Ada@Example.org", &place, &format!("{PASSWORD}\nnot this\n"));
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    let added: Value = serde_json::from_str(&ran.stdout).unwrap();
    let expected = json!({
        "id": added["id"], "email": "Ada@Example.org", "name": "Ada Lovelace", "workspace": org, "role": "Admin",
    });
    assert_eq!(added, expected);
    let shown = sigma.json(&["user", "show", "ada@example.org"]);
    assert_eq!((&shown["id"], &shown["email_verified"]), (&added["id"], &json!(true)));
    let (server, address) = serve(&sigma);
    let (status, body) = log_in(&address, "ada@example.org", PASSWORD);
    assert_eq!((status.as_str(), &body["user"]["workspaceId"]), ("HTTP/1.1 200 OK", &json!(org)), "{body}");
    assert_eq!(log_in(&address, "ada@example.org", "not this").0, "HTTP/1.1 401 Unauthorized");
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn without_a_password_a_link_to_set_one_is_printed() {
    let sigma = Installation::with(CHEAP);
    let ran = run_with(&sigma, &["user", "add", "--email", "ada@example.org"], "");
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    assert!(ran.stdout.contains("Anyone with this link can set the password, once, until "), "{}", ran.stdout);
    let link = ran.stdout.lines().last().unwrap();
    let path = link.strip_prefix("http://localhost:9").unwrap();
    let (server, address) = serve(&sigma);
    let (head, page) = get(&address, "localhost", path);
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    assert!(page.contains("ada@example.org"), "{page}");
    drop(server);
    let reset = sigma.json(&["user", "reset", "ada@example.org"]);
    assert!(reset["link"].as_str().unwrap().starts_with("http://localhost:9/password/reset?token="), "{reset}");
    assert_ne!(reset["link"], link);
    assert_eq!(sigma.json(&["user", "show", "ada@example.org"])["name"], "ada");
}

#[test]
fn an_invalid_user_is_rejected_and_leaves_nothing() {
    let sigma = Installation::with(CHEAP);
    let org = sigma.json(&["workspace", "add", "--name", "Bakery"])["id"].as_str().unwrap().to_owned();
    let workspace = ["--workspace", org.as_str()];
    for (email, more, password, code, error) in [
        ("ada", &[][..], PASSWORD, 2, "usage"),
        ("ada@example.org", &["--name", " "], PASSWORD, 2, "usage"),
        ("ada@example.org", &["--role", "Admin"], PASSWORD, 2, "usage"),
        ("ada@example.org", &[], "short", 4, "refused"),
        ("ada@example.org", &[], "Password1", 4, "refused"),
        ("ada@example.org", &["--workspace", "org_none"], PASSWORD, 3, "not_found"),
        ("ada@example.org", &["--workspace", &org, "--role", "Nobody"], PASSWORD, 3, "not_found"),
    ] {
        let ran = add(&sigma, email, more, &format!("{password}\n"));
        assert_eq!(ran.code, code, "{email} {more:?}: {ran:?}");
        assert!(!ran.stderr.contains(PASSWORD) && !ran.stderr.contains("Password1"), "{ran:?}");
        if error != "usage" {
            assert_eq!(ran.failure()["error"], error);
        }
    }
    assert_eq!(sigma.json(&["user", "list"])["items"], json!([]));
    assert_eq!(add(&sigma, "ada@example.org", &[], PASSWORD).code, 0);
    let twice = add(&sigma, "ADA@example.org", &[], PASSWORD);
    assert_eq!((twice.code, &twice.failure()["error"]), (4, &json!("refused")));
    let joined = add(&sigma, "ada@example.org", &workspace, "");
    assert_eq!(joined.code, 0, "who has an account is put into the workspace: {joined:?}");
    assert_eq!(add(&sigma, "ada@example.org", &workspace, "").code, 4, "once");
}

#[test]
fn an_unusable_mail_server_is_reported_and_a_missing_one_noted() {
    let examine = |toml: &str| {
        let ran = Installation::alone(toml).run(&["doctor", "--json"]);
        let report: Value = serde_json::from_str(&ran.stdout).unwrap();
        let checks = report["checks"].as_array().unwrap().clone();
        let found = checks.into_iter().find(|finding| finding["check"] == "mail" || finding["status"] == "wrong");
        let found = found.unwrap();
        (found["status"].as_str().unwrap().to_owned(), found["message"].as_str().unwrap().to_owned())
    };
    let issuer = "issuer = 'http://localhost:9'\n[mail]\n";
    let (status, message) = examine(issuer);
    assert_eq!((status.as_str(), message.contains("sigma-mails")), ("note", true), "{message}");
    let (status, message) = examine(&format!("{issuer}smtp = 'smtps://sigma:hunter2@localhost:9'\n"));
    assert_eq!(status, "wrong");
    assert!(message.starts_with("the mail server rejects the login") && !message.contains("hunter2"), "{message}");
    let (status, message) = examine(&format!("{issuer}smtp = 'https://sigma:hunter2@localhost'\n"));
    assert_eq!(status, "wrong");
    assert!(message.starts_with("mail: mail.smtp must begin with") && !message.contains("hunter2"), "{message}");
}
