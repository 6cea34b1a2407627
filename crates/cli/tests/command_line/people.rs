//! `sigma people`: from files that other servers made, to a sign-in with the old password.

use std::fs;

use serde_json::{Value, json};

use crate::support::{Installation, Ran, ask, serve};

const PASSWORD: &str = "correct horse battery";
/// Of [`PASSWORD`], by libxcrypt.
const BCRYPT: &str = "$2b$04$abcdefghijklmnopqrstuuqREtd3VJD2QVZbuFskFSLk6eRIrQoOS";
/// Of [`PASSWORD`], as Better Auth stores it; by Python's hashlib.
const SCRYPT: &str = "00112233445566778899aabbccddeeff:267a33c2ae63f1c2d542f84d50b\
     7d87c68900c8b9475f6a47ade71cf44b234822e0a34af1d226572b5caf52809319d4c486f3d209cc2fd022fb53bb4eaeb35b1";
/// A realm with a person whose password is hashed by PBKDF2 (by Python's hashlib), and with some who cannot be taken.
const REALM: &str = include_str!("keycloak-realm.json");

fn import(sigma: &Installation, content: &str, arguments: &[&str]) -> Ran {
    fs::write(sigma.path().join("people"), content).unwrap();
    sigma.run(&[&["people", "import", "people", "--json"][..], arguments].concat())
}

fn report(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"))
}

/// Added, already here, refused.
fn counts(ran: &Ran) -> [u64; 3] {
    let report = report(ran);
    ["added", "known", "refused"].map(|name| report[name].as_u64().unwrap())
}

/// The status of a sign-in to a workspace's API.
fn signs_in(address: &str, workspace: &str, email: &str, password: &str) -> bool {
    let body = json!({"workspaceId": workspace, "email": email, "password": password}).to_string();
    let head = "POST /api/v1/auth/login HTTP/1.1\r\nHost: localhost:8080\r\nConnection: close\r\nContent-Type: application/json";
    let (head, body) = ask(address, &format!("{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len()));
    assert!(head.starts_with("HTTP/1.1 200") || head.starts_with("HTTP/1.1 401"), "{head}\n{body}");
    head.starts_with("HTTP/1.1 200")
}

#[test]
fn people_of_each_kind_of_server_sign_in_with_their_old_passwords() {
    let sigma = Installation::with("listen = '127.0.0.1:0'\nissuer = 'http://localhost:8080'\n");
    let workspace = sigma.json(&["workspace", "add", "--name", "Acme"])["id"].as_str().unwrap().to_owned();
    let realm = import(&sigma, REALM, &["--from", "keycloak"]);
    assert_eq!((realm.code, counts(&realm)), (1, [2, 0, 2]), "{realm:?}");
    let problems = report(&realm)["problems"].clone();
    assert_eq!(problems[0], json!({"place": 3, "problem": "the user has no email"}));
    assert_eq!(problems[1], json!({"place": 5, "problem": "the password is hashed by md5, which is not known"}));
    let auth0 = json!({"_id": {"$oid": "1"}, "email": "grace@example.org", "email_verified": true, "passwordHash": BCRYPT,
        "name": "grace@example.org", "nickname": "Grace", "connection": "db"});
    let ran = import(&sigma, &format!("{auth0}\n"), &["--from", "auth0"]);
    assert_eq!((ran.code, counts(&ran)), (0, [1, 0, 0]), "{ran:?}");
    let tables = json!({
        "user": [{"id": "u1", "name": "Lin", "email": "lin@example.org", "emailVerified": 1, "image": null}],
        "account": [{"id": "a1", "userId": "u1", "providerId": "credential", "accountId": "u1", "password": SCRYPT}],
    });
    let ran = import(&sigma, &tables.to_string(), &["--from", "better-auth"]);
    assert_eq!((ran.code, counts(&ran)), (0, [1, 0, 0]), "{ran:?}");
    assert_eq!(sigma.json(&["user", "show", "ada@example.org"])["name"], "Ada Lovelace");
    assert_eq!(sigma.json(&["user", "show", "grace@example.org"])["name"], "Grace");
    assert_eq!(sigma.json(&["user", "show", "bob@example.org"])["disabled"], true);
    for person in ["ada", "grace", "lin"] {
        sigma.json(&["user", "add", "--email", &format!("{person}@example.org"), "--workspace", &workspace]);
    }
    let (server, address) = serve(&sigma);
    for person in ["ada", "grace", "lin"] {
        let email = format!("{person}@example.org");
        assert!(!signs_in(&address, &workspace, &email, "another password"), "{person}");
        for _ in 0..2 {
            assert!(signs_in(&address, &workspace, &email, PASSWORD), "{person}");
        }
    }
    assert_eq!(server.stop(), Some(0));
    let exported = sigma.run(&["people", "export", "--hashes"]).stdout;
    assert_eq!(exported.matches("$argon2id$v=19$m=19456").count(), 3, "each was replaced at the sign-in: {exported}");
}

#[test]
fn a_file_is_checked_without_adding_anybody_and_imported_twice_adds_nobody() {
    let sigma = Installation::new();
    let lines = format!(
        "\u{feff}{}\r\n\r\n{}\nnonsense\n{}\n{}",
        json!({"email": "ada@example.org", "email_verified": true, "name": "Ada", "password_hash": BCRYPT}),
        json!({"email": "bob@example.org", "admin": true}),
        json!({"email": "x".repeat(20_000)}),
        json!({"email": "Ada@example.org", "name": "Another"}),
    );
    let tried = import(&sigma, &lines, &["--dry-run"]);
    assert_eq!((tried.code, counts(&tried)), (1, [0, 0, 3]), "{tried:?}");
    assert_eq!(sigma.json(&["user", "list"])["items"], json!([]));
    let places: Vec<Value> =
        report(&tried)["problems"].as_array().unwrap().iter().map(|problem| problem["place"].clone()).collect();
    assert_eq!(places, [3, 4, 5]);
    assert_eq!(counts(&import(&sigma, &lines, &[])), [1, 1, 3]);
    assert_eq!(counts(&import(&sigma, &lines, &[])), [0, 2, 3]);
    assert_eq!(sigma.json(&["user", "show", "ada@example.org"])["name"], "Ada");
    let all = sigma.run(&["people", "export"]).stdout;
    assert_eq!(all, "{\"email\":\"ada@example.org\",\"email_verified\":true,\"name\":\"Ada\"}\n");
    let hashes = sigma.run(&["people", "export", "--hashes"]).stdout;
    let moved = Installation::new();
    assert_eq!(counts(&import(&moved, &hashes, &[])), [1, 0, 0]);
    assert_eq!(moved.run(&["people", "export", "--hashes"]).stdout, hashes);
}

#[test]
fn an_address_is_verified_only_if_the_file_or_the_operator_says_so() {
    for (arguments, verified) in [(&[][..], false), (&["--vouch"][..], true)] {
        let sigma = Installation::new();
        assert_eq!(counts(&import(&sigma, "{\"email\":\"ada@example.org\"}", arguments)), [1, 0, 0]);
        assert_eq!(sigma.json(&["user", "show", "ada@example.org"])["email_verified"], verified);
    }
}

#[test]
fn files_that_are_missing_or_of_another_kind_are_refused_as_a_whole() {
    let sigma = Installation::new();
    assert_eq!(sigma.run(&["people", "import", "missing"]).code, 3);
    for from in ["keycloak", "better-auth"] {
        let ran = import(&sigma, "[1, 2", &["--from", from]);
        assert!(ran.code == 1 && ran.stderr.contains("th"), "{ran:?}");
    }
    assert_eq!(sigma.json(&["user", "list"])["items"], json!([]));
}
