//! `sigma config`, and how every command handles an unusable configuration.

use crate::support::{Installation, Ran, serve};
use serde_json::json;

#[test]
fn an_unknown_key_prevents_the_start_and_is_located() {
    let sigma = Installation::alone("[tokens]\ncode_secnds = 30\n");
    for arguments in [["serve"].as_slice(), &["app", "list"], &["config", "show"], &["config", "check"]] {
        let ran = sigma.run(arguments);
        assert_eq!(ran.code, 5, "{ran:?}");
        assert!(ran.stderr.contains("unknown key \"tokens.code_secnds\" in"), "{ran:?}");
        assert!(ran.stderr.contains("sigma.toml; did you mean \"code_seconds\"?"), "{ran:?}");
    }
}

#[test]
fn an_unknown_variable_prevents_the_start_and_is_named() {
    let sigma = Installation::alone("");
    let ran = Ran::of(&sigma.command(&["serve"]).env("SIGMA__HTTP__CONECTIONS", "5").output().unwrap());
    assert_eq!(ran.code, 5, "{ran:?}");
    assert!(ran.stderr.contains("the environment variable SIGMA__HTTP__CONECTIONS"), "{ran:?}");
}

#[test]
fn the_environment_overrides_the_file() {
    let sigma = Installation::alone("issuer = 'https://file.example.org'\n[http]\ntrusted_proxies = ['10.0.0.0/8']\n");
    let mut command = sigma.command(&["config", "show", "--json"]);
    command.env("SIGMA__ISSUER", "https://env.example.org").env("SIGMA__LIMITS__ENABLED", "false");
    command.env("SIGMA__SIGN_IN__TRUSTED_ORIGINS", "[\"https://app.example.org\"]");
    let ran = Ran::of(&command.output().unwrap());
    let shown: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(shown["issuer"], "https://env.example.org");
    assert_eq!(shown["limits"]["enabled"], false);
    assert_eq!(shown["sign_in"]["trusted_origins"], json!(["https://app.example.org"]));
    assert_eq!(shown["http"]["trusted_proxies"], json!(["10.0.0.0/8"]));
}

#[test]
fn config_show_masks_every_secret() {
    let sigma = Installation::alone("[store]\nurl = 'postgres://sigma:hunter2@db.example.org/sigma'\n");
    for arguments in [["config", "show"].as_slice(), &["config", "show", "--json"]] {
        let key = "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2U=";
        let ran = Ran::of(&sigma.command(arguments).env("SIGMA__MASTER_KEY__VALUE", key).output().unwrap());
        assert_eq!(ran.code, 0, "{ran:?}");
        assert!(ran.stdout.contains("postgres://sigma:***@db.example.org/sigma"), "{ran:?}");
        assert!(!ran.stdout.contains("hunter2") && !ran.stdout.contains("c2Vj"), "{ran:?}");
    }
}

#[test]
fn config_show_prints_a_usable_file() {
    let sigma = Installation::alone("");
    let shown = sigma.run(&["config", "show"]).stdout;
    std::fs::write(sigma.path().join("sigma.toml"), &shown).unwrap();
    assert_eq!(sigma.run(&["config", "check"]).code, 0);
    let again = sigma.run(&["config", "show"]).stdout;
    assert_eq!(again.lines().skip(1).collect::<Vec<_>>(), shown.lines().skip(1).collect::<Vec<_>>());
}

#[test]
fn config_check_reports_every_problem() {
    let sigma = Installation::alone("issuer = 'https://id.example.org/'\n[tokens]\ncode_seconds = 601\n");
    let ran = sigma.run(&["config", "check"]);
    assert_eq!(ran.code, 5);
    assert!(ran.stderr.contains("issuer: \"https://id.example.org/\" ends with a slash"), "{ran:?}");
    assert!(ran.stderr.contains("tokens.code_seconds: is 601, but must be 1 to 600"), "{ran:?}");
    let json = sigma.run(&["config", "check", "--json"]);
    let verdict: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!((json.code, &verdict["ok"]), (5, &json!(false)));
    let keys: Vec<_> = verdict["problems"].as_array().unwrap().iter().map(|problem| problem["key"].clone()).collect();
    assert_eq!(keys, ["issuer", "tokens.code_seconds"]);
}

#[test]
fn a_named_file_must_exist() {
    let sigma = Installation::alone("");
    let ran = sigma.run(&["config", "show", "--config", "nowhere.toml"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (5, "sigma: the configuration file nowhere.toml does not exist\n"));
}

#[test]
fn help_names_the_exit_codes_and_gives_examples() {
    let help = Installation::alone("").run(&["--help"]);
    assert_eq!(help.code, 0);
    for part in ["Examples:", "Exit codes:", "SIGMA__SECTION__KEY", "doctor"] {
        assert!(help.stdout.contains(part), "{}", help.stdout);
    }
}

/// A certificate for `name`, valid between these years, and its key: PEM.
fn certificate(name: &str, from: i32, to: i32) -> (String, String) {
    let mut params = rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.not_before = rcgen::date_time_ymd(from, 1, 1);
    params.not_after = rcgen::date_time_ymd(to, 1, 1);
    let key = rcgen::KeyPair::generate().unwrap();
    (params.self_signed(&key).unwrap().pem(), key.serialize_pem())
}

/// An installation with these two files and the issuer `https://id.example.org`.
fn with_tls(certificate: &[u8], key: &[u8]) -> Installation {
    let toml =
        "issuer = 'https://id.example.org'\nlisten = '127.0.0.1:0'\n[tls]\ncertificate = 'tls.crt'\nkey = 'tls.key'\n";
    let sigma = Installation::alone(toml);
    std::fs::write(sigma.path().join("tls.crt"), certificate).unwrap();
    std::fs::write(sigma.path().join("tls.key"), key).unwrap();
    sigma
}

#[test]
fn each_fault_of_certificate_and_key_has_its_own_message_and_stops_the_start() {
    let (good, key) = certificate("id.example.org", 2020, 2120);
    let (_, other_key) = certificate("id.example.org", 2020, 2120);
    let marked = format!("\u{feff}{good}");
    let joined = format!("{good}\u{feff}{good}");
    let wide: Vec<u8> = [0xff, 0xfe].into_iter().chain(good.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----\n";
    let older = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nMIIB\n-----END RSA PRIVATE KEY-----\n";
    let broken = good.replacen("MII", "M!I", 1);
    let faults: [(&[u8], &[u8], &str); 13] = [
        (good.as_bytes(), other_key.as_bytes(), "tls.key is not the key of the first certificate in tls.crt"),
        (good.as_bytes(), encrypted.as_bytes(), "the key in tls.key is encrypted with a password"),
        (good.as_bytes(), older.as_bytes(), "the key in tls.key is encrypted with a password"),
        (marked.as_bytes(), key.as_bytes(), "tls.crt holds a byte order mark"),
        (joined.as_bytes(), key.as_bytes(), "tls.crt holds a byte order mark"),
        (&wide, key.as_bytes(), "tls.crt holds a byte order mark"),
        (b"", key.as_bytes(), "tls.crt is empty"),
        (good.as_bytes(), b"\n", "tls.key is empty"),
        (key.as_bytes(), key.as_bytes(), "tls.crt holds no certificate, but private key"),
        (good.as_bytes(), good.as_bytes(), "tls.key holds no private key, but certificate"),
        (b"nonsense", key.as_bytes(), "tls.crt holds no certificate, but no PEM at all"),
        (&[0x30, 0x82, 0x01], key.as_bytes(), "tls.crt holds no certificate, but no PEM at all"),
        (broken.as_bytes(), key.as_bytes(), "tls.crt is not well-formed PEM"),
    ];
    for (certificate, key, message) in faults {
        let sigma = with_tls(certificate, key);
        for command in [["config", "check"].as_slice(), &["serve"]] {
            let ran = sigma.run(command);
            assert_eq!(ran.code, 5, "{message}: {ran:?}");
            assert!(ran.stderr.contains(message) && !ran.stdout.contains("listens"), "{message}: {ran:?}");
        }
        let examined = sigma.run(&["doctor"]);
        assert!(examined.code == 1 && examined.stdout.contains(message), "{message}: {examined:?}");
        assert!(!sigma.path().join("sigma.sqlite").exists(), "{message}");
    }
    let sigma = with_tls(good.as_bytes(), key.as_bytes());
    std::fs::remove_file(sigma.path().join("tls.key")).unwrap();
    assert!(sigma.run(&["config", "check"]).stderr.contains("tls.key cannot be read: No such file"));
    std::fs::create_dir(sigma.path().join("tls.key")).unwrap();
    assert!(sigma.run(&["config", "check"]).stderr.contains("tls.key cannot be read: Is a directory"));
}

#[test]
fn check_and_doctor_report_a_certificate_that_clients_reject() {
    let (good, key) = certificate("id.example.org", 2020, 2120);
    let ran = with_tls(good.as_bytes(), key.as_bytes()).run(&["config", "check"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let wildcard = certificate("*.example.org", 2020, 2120);
    assert_eq!(with_tls(wildcard.0.as_bytes(), wildcard.1.as_bytes()).run(&["config", "check"]).code, 0);
    let (old, _) = certificate("old.example.org", 2001, 2002);
    let expired = certificate("id.example.org", 2001, 2002);
    let early = certificate("id.example.org", 2101, 2120);
    let other = certificate("www.example.org", 2020, 2120);
    for (certificate, key, message) in [
        (expired.0, expired.1, "certificate 1 in tls.crt expired at 2002-01-01T00:00:00.000Z"),
        (format!("{good}{old}"), key, "certificate 2 in tls.crt expired at 2002-01-01T00:00:00.000Z"),
        (early.0, early.1, "certificate 1 in tls.crt is valid from 2101-01-01T00:00:00.000Z on"),
        (other.0, other.1, "the certificate in tls.crt is not for id.example.org, but for "),
    ] {
        let sigma = with_tls(certificate.as_bytes(), key.as_bytes());
        let ran = sigma.run(&["config", "check"]);
        assert!(ran.code == 5 && ran.stderr.contains(message), "{message}: {ran:?}");
        let examined = sigma.run(&["doctor"]);
        assert!(examined.code == 1 && examined.stdout.contains(message), "{message}: {examined:?}");
        // It may be renewed while the server runs.
        let (server, _) = serve(&sigma);
        assert_eq!(server.stop(), Some(0), "{message}");
    }
}
