//! What commands need to exist, and what a server creates, refuses and warns of at start.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;

use crate::support::{Installation, Ran, Running, serve};

/// The file names in the installation's directory.
fn names(sigma: &Installation) -> Vec<String> {
    let entries = fs::read_dir(sigma.path()).unwrap();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn check(sigma: &Installation, check: &str) -> Option<Value> {
    let report: Value = serde_json::from_str(&sigma.run(&["doctor", "--json"]).stdout).unwrap();
    report["checks"].as_array().unwrap().iter().find(|finding| finding["check"] == check).cloned()
}

#[test]
fn commands_that_need_a_database_fail_without_one_and_create_nothing() {
    let (key, uri) = ("key_0199", "https://api.example.org");
    let commands: &[&[&str]] = &[
        &["app", "add", "--name", "X", "--redirect-uri", "https://app.example.org/callback"],
        &["app", "list"],
        &["app", "show", "x"],
        &["app", "set", "x", "--disable"],
        &["app", "rotate-secret", "x"],
        &["app", "remove", "x", "--yes"],
        &["resource", "add", uri],
        &["resource", "list"],
        &["resource", "remove", uri],
        &["user", "add", "--email", "ada@example.org", "--name", "Ada", "--link"],
        &["user", "reset", "x"],
        &["user", "list"],
        &["user", "show", "x"],
        &["user", "disable", "x"],
        &["user", "enable", "x"],
        &["user", "sessions", "x"],
        &["workspace", "add", "--name", "X"],
        &["workspace", "list"],
        &["workspace", "show", "x"],
        &["workspace", "set", "x", "--name", "Y"],
        &["workspace", "secret", "x"],
        &["workspace", "remove", "x", "--yes"],
        &["api-key", "add", "--workspace", "x", "--name", "X", "--admin"],
        &["api-key", "list", "--workspace", "x"],
        &["api-key", "deactivate", "--workspace", "x", key],
        &["api-key", "remove", "--workspace", "x", key],
        &["keys", "list"],
        &["keys", "rotate"],
        &["keys", "revoke", "x"],
    ];
    let sigma = Installation::without_database();
    for arguments in commands {
        let ran = sigma.run(arguments);
        assert_eq!(ran.code, 6, "{arguments:?}: {ran:?}");
        assert!(ran.stderr.starts_with("sigma: there is no database "), "{arguments:?}: {ran:?}");
        assert!(ran.stderr.contains("start `sigma serve` once"), "{arguments:?}: {ran:?}");
        let json = sigma.run(&[*arguments, &["--json"]].concat());
        assert_eq!((json.code, &json.failure()["error"]), (6, &"store".into()), "{arguments:?}");
    }
    assert_eq!(names(&sigma), [""; 0], "nothing was made");

    // An empty file does not count as a database: `touch` may have created it, or a copy may have been interrupted.
    if let Some(file) = sigma.file() {
        fs::write(&file, "").unwrap();
        for arguments in commands {
            assert_eq!(sigma.run(arguments).code, 6, "{arguments:?}");
        }
    }
}

#[test]
fn a_missing_database_prevents_the_start_until_a_new_one_is_requested() {
    let sigma = Installation::alone("listen = '127.0.0.1:0'\n");
    let (server, _) = serve(&sigma);
    assert_eq!(server.stop(), Some(0));
    let key = fs::read_to_string(sigma.path().join("sigma.key")).unwrap();
    let database = sigma.file().unwrap();
    fs::remove_file(&database).unwrap();
    for left in [None, Some("")] {
        if let Some(content) = left {
            fs::write(&database, content).unwrap();
        }
        let refused = sigma.run(&["serve"]);
        assert_eq!(refused.code, 6, "{refused:?}");
        assert!(refused.stderr.contains("there is no database sigma.sqlite"), "{refused:?}");
        assert!(refused.stderr.contains("sigma.key has been used") && refused.stderr.contains("--new"), "{refused:?}");
        assert_eq!(fs::metadata(&database).map_or(0, |file| file.len()), 0, "nothing was made");
        let finding = check(&sigma, "store").unwrap();
        assert_eq!(finding["status"], "wrong", "{finding}");
    }
    // A key restored from its backup carries the mark too.
    fs::remove_file(&database).unwrap();
    fs::write(sigma.path().join("sigma.key"), &key).unwrap();
    assert_eq!(sigma.run(&["serve"]).code, 6);

    let mut server = Running::start(&sigma, &["serve", "--new", "--json"]);
    server.json();
    assert_eq!(server.stop(), Some(0));
    let (server, _) = serve(&sigma);
    assert_eq!(server.stop(), Some(0));
    assert_eq!(fs::read_to_string(sigma.path().join("sigma.key")).unwrap(), key);
}

#[test]
fn an_unused_key_and_one_from_the_environment_start_with_an_empty_database() {
    let made = Installation::alone("listen = '127.0.0.1:0'\n");
    fs::write(made.path().join("sigma.key"), "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n").unwrap();
    let (server, _) = serve(&made);
    assert_eq!(server.stop(), Some(0));

    let given = Installation::alone(
        "listen = '127.0.0.1:0'\n[master_key]\nvalue = 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA='\n",
    );
    for _ in 0..2 {
        let (server, _) = serve(&given);
        assert_eq!(server.stop(), Some(0));
        fs::remove_file(given.file().unwrap()).unwrap();
    }

    // A read-only key (a mounted secret) works all the same.
    let sealed = Installation::alone("listen = '127.0.0.1:0'\n");
    let key = sealed.path().join("sigma.key");
    fs::write(&key, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n").unwrap();
    fs::set_permissions(&key, Permissions::from_mode(0o400)).unwrap();
    let (server, _) = serve(&sealed);
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn each_fault_of_a_master_key_has_its_own_message() {
    let sigma = Installation::alone("listen = '127.0.0.1:0'\n");
    let (server, _) = serve(&sigma);
    assert_eq!(server.stop(), Some(0));
    let file = sigma.path().join("sigma.key");
    let key = fs::read_to_string(&file).unwrap();
    let key = key.lines().next().unwrap();
    let cases = [
        ("", "the master key file sigma.key is empty"),
        ("\n", "the master key file sigma.key is empty"),
        (&key[..40], "the master key file sigma.key holds 30 bytes instead of 32"),
        (&key[..42], "the master key file sigma.key is not base64 of 32 bytes"),
        ("-----BEGIN PRIVATE KEY-----", "the master key file sigma.key is not base64 of 32 bytes"),
        ("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "the database was sealed under another master key"),
    ];
    for (content, reported) in cases {
        fs::write(&file, content).unwrap();
        let ran = sigma.run(&["serve"]);
        assert_eq!(ran.code, 5, "{content}: {ran:?}");
        assert!(ran.stderr.contains(reported), "{content}: {ran:?}");
        assert_eq!(ran.stderr.contains("another master key"), reported.contains("another master key"), "{ran:?}");
        assert!(content.is_empty() || content == "\n" || !ran.stderr.contains(content), "no key is printed: {ran:?}");
        if content.len() != 44 {
            let value = sigma.command(&["serve"]).env("SIGMA__MASTER_KEY__VALUE", content).output().unwrap();
            let value = Ran::of(&value);
            assert_eq!(value.code, 5, "{content}: {value:?}");
            let fault = reported.strip_prefix("the master key file sigma.key ").unwrap();
            assert!(value.stderr.contains(&format!("master_key.value: {fault}")), "{content}: {value:?}");
            assert!(!value.stderr.contains("another master key"), "{content}: {value:?}");
        }
    }
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    let ran = sigma.run(&["serve"]);
    assert!(ran.code == 5 && ran.stderr.contains("sigma.key cannot be used"), "{ran:?}");
}

#[test]
fn files_accessible_to_others_are_reported_by_server_and_doctor() {
    let sigma = Installation::alone("issuer = 'http://localhost:9'\nlisten = '127.0.0.1:0'\n");
    let (server, _) = serve(&sigma);
    fs::create_dir(sigma.path().join("sigma-mails")).unwrap();
    let set = |name: &str, mode: u32| {
        fs::set_permissions(sigma.path().join(name), Permissions::from_mode(mode)).unwrap();
    };
    set("sigma-mails", 0o700);
    assert_eq!(sigma.run(&["doctor"]).code, 0);
    let files = [
        ("sigma.sqlite", "database"),
        ("sigma.sqlite-wal", "database"),
        ("sigma.sqlite-shm", "database"),
        ("sigma.key", "master key"),
        ("sigma-mails", "mails"),
    ];
    for (name, what) in files {
        let closed = if name == "sigma-mails" { 0o700 } else { 0o600 };
        for open in [0o640, 0o604, 0o620, 0o602, 0o666] {
            set(name, open | (closed & 0o100));
            let finding = check(&sigma, what).unwrap_or_else(|| panic!("{name} {open:o}"));
            assert_eq!(finding["status"], "wrong", "{name} {open:o}: {finding}");
            assert!(finding["message"].as_str().unwrap().contains(name), "{finding}");
            assert!(finding["mend"].as_str().unwrap().starts_with("chmod "), "{finding}");
        }
        set(name, closed);
        assert_eq!(sigma.run(&["doctor"]).code, 0, "{name}");
    }
    assert_eq!(server.stop(), Some(0));

    for (name, _) in [files[0], files[3], files[4]] {
        set(name, if name == "sigma-mails" { 0o755 } else { 0o644 });
    }
    let log = sigma.path().join("log");
    let mut server = Running::logged(&sigma, &["serve", "--json"], &log);
    server.json();
    assert_eq!(server.stop(), Some(0));
    let log = fs::read_to_string(&log).unwrap();
    for (name, _) in [files[0], files[3], files[4]] {
        let warned = log
            .lines()
            .any(|line| line.contains("WARN") && line.contains(name) && line.contains("accessible to other users"));
        assert!(warned, "{name}: {log}");
    }
}
