//! `sigma doctor`: reports each problem along with its fix.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};

use crate::support::{Installation, Ran, free_port, serve};

/// Runs it: exit code, and `check` to `status` and `message`.
fn examine(sigma: &Installation) -> (i32, Vec<Value>) {
    let ran = sigma.run(&["doctor", "--json"]);
    let report: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(report["ok"], ran.code == 0, "{report}");
    (ran.code, report["checks"].as_array().unwrap().clone())
}

fn find<'a>(checks: &'a [Value], check: &str) -> &'a Value {
    checks.iter().find(|finding| finding["check"] == check).unwrap()
}

/// An issuer that does not respond: loopback, the discard port.
const NOBODY: &str = "issuer = 'http://localhost:9'\n";

#[test]
fn a_new_installation_has_no_problems() {
    let sigma = Installation::alone(NOBODY);
    let (code, checks) = examine(&sigma);
    assert_eq!(code, 0, "{checks:?}");
    for check in ["master key", "store", "issuer"] {
        let finding = find(&checks, check);
        assert_eq!(finding["status"], "note", "{finding}");
        assert!(finding["mend"].is_string(), "{finding}");
    }
    assert_eq!(fs::read_dir(sigma.path()).unwrap().count(), 1, "looking makes nothing");
}

#[test]
fn a_key_file_accessible_to_others_is_a_problem() {
    let sigma = Installation::alone(NOBODY);
    let key = sigma.path().join("sigma.key");
    fs::write(&key, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n").unwrap();
    fs::set_permissions(&key, Permissions::from_mode(0o644)).unwrap();
    let (code, checks) = examine(&sigma);
    let finding = find(&checks, "master key");
    assert_eq!((code, &finding["status"]), (1, &json!("wrong")));
    assert!(finding["mend"].as_str().unwrap().starts_with("chmod 600 sigma.key"), "{finding}");
    fs::set_permissions(&key, Permissions::from_mode(0o600)).unwrap();
    assert_eq!(examine(&sigma).0, 0);
}

#[test]
fn https_without_tls_or_a_trusted_proxy_is_a_problem() {
    let https = "issuer = 'https://localhost:9'\n";
    let (code, checks) = examine(&Installation::alone(https));
    let finding = find(&checks, "proxy");
    assert_eq!((code, &finding["status"]), (1, &json!("wrong")));
    assert!(finding["mend"].as_str().unwrap().contains("http.trusted_proxies"), "{finding}");
    let trusting = format!("{https}[http]\ntrusted_proxies = ['127.0.0.1/32']\n");
    assert_eq!(examine(&Installation::alone(&trusting)).0, 0);
}

#[test]
fn an_unreachable_store_is_a_problem_and_its_password_is_not_shown() {
    let sigma = Installation::alone(&format!("{NOBODY}[store]\nurl = 'postgres://sigma:hunter2@127.0.0.1:9/sigma'\n"));
    let ran = sigma.run(&["doctor"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.stdout.contains("WRONG  store"), "{ran:?}");
    assert!(!ran.stdout.contains("hunter2") && !ran.stderr.contains("hunter2"), "{ran:?}");
    let listed = sigma.run(&["app", "list"]);
    assert_eq!(listed.code, 6);
    assert!(!listed.stderr.contains("hunter2"), "{listed:?}");
}

#[test]
fn a_directory_in_place_of_the_database_is_a_problem() {
    let sigma = Installation::alone(NOBODY);
    fs::create_dir(sigma.path().join("sigma.sqlite")).unwrap();
    let (code, checks) = examine(&sigma);
    assert_eq!((code, &find(&checks, "store")["status"]), (1, &json!("wrong")));
}

#[test]
fn an_invalid_configuration_ends_the_diagnosis() {
    let (code, checks) = examine(&Installation::alone("isuer = 'x'\n"));
    assert_eq!((code, checks.len()), (1, 1));
    assert!(checks[0]["message"].as_str().unwrap().contains("did you mean \"issuer\"?"));
}

#[test]
fn a_running_server_is_recognised_and_an_impostor_reported() {
    let port = free_port();
    let sigma = Installation::with(&format!("issuer = 'http://localhost:{port}'\nlisten = '127.0.0.1:{port}'\n"));
    let (server, _) = serve(&sigma);
    let (code, checks) = examine(&sigma);
    assert_eq!(code, 0, "{checks:?}");
    let disk = sigma.file().map(|_| "disk");
    for check in ["configuration", "master key", "store", "signing keys", "clock", "issuer"].into_iter().chain(disk) {
        assert_eq!(find(&checks, check)["status"], "fine", "{checks:?}");
    }

    let other_name =
        sigma.command(&["doctor"]).env("SIGMA__ISSUER", format!("http://127.0.0.1:{port}")).output().unwrap();
    let other_name = Ran::of(&other_name);
    assert_eq!(other_name.code, 1, "{other_name:?}");
    assert!(
        other_name.stdout.contains(&format!("answers, but with the issuer http://localhost:{port}")),
        "{other_name:?}"
    );

    let elsewhere = Installation::with("listen = '127.0.0.1:0'\n");
    let (other_server, _) = serve(&elsewhere);
    let other_keys =
        elsewhere.command(&["doctor"]).env("SIGMA__ISSUER", format!("http://localhost:{port}")).output().unwrap();
    let other_keys = Ran::of(&other_keys);
    assert_eq!(other_keys.code, 1, "{other_keys:?}");
    assert!(other_keys.stdout.contains("with other keys than those of this store"), "{other_keys:?}");

    let keyless = Installation::alone("");
    let nothing_to_compare =
        keyless.command(&["doctor"]).env("SIGMA__ISSUER", format!("http://localhost:{port}")).output().unwrap();
    let nothing_to_compare = Ran::of(&nothing_to_compare);
    assert_eq!(nothing_to_compare.code, 0, "{nothing_to_compare:?}");
    assert!(nothing_to_compare.stdout.contains("this store has no keys to compare"), "{nothing_to_compare:?}");
    assert!(!nothing_to_compare.stdout.contains("and these keys"), "{nothing_to_compare:?}");
    assert_eq!((server.stop(), other_server.stop()), (Some(0), Some(0)));
}

#[test]
fn a_master_key_of_another_database_is_a_problem() {
    let sigma = Installation::alone(&format!("{NOBODY}listen = '127.0.0.1:0'\n"));
    let (server, _) = serve(&sigma);
    assert_eq!(server.stop(), Some(0));
    fs::write(sigma.path().join("sigma.key"), "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n").unwrap();
    let (code, checks) = examine(&sigma);
    assert_eq!((code, &find(&checks, "signing keys")["status"]), (1, &json!("wrong")));
}

#[test]
fn an_unwritable_mail_folder_is_a_problem_and_named() {
    let sigma = Installation::alone(&format!("{NOBODY}[mail]\nfolder = 'mails/of/sigma'\n"));
    assert_eq!(examine(&sigma).0, 0);
    assert!(!sigma.path().join("mails").exists(), "looking makes nothing");
    // A file in place of a directory: not even root can write there.
    fs::write(sigma.path().join("mails"), "").unwrap();
    let (code, checks) = examine(&sigma);
    let finding = find(&checks, "mail");
    assert_eq!((code, &finding["status"]), (1, &json!("wrong")), "{finding}");
    let folder = sigma.path().canonicalize().unwrap().join("mails/of/sigma");
    assert!(finding["message"].as_str().unwrap().contains(&folder.display().to_string()), "{finding}");
    assert!(finding["mend"].as_str().unwrap().contains("mail.folder"), "{finding}");
}
