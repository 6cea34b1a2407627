//! `sigma config`, and how every command meets a configuration that cannot be used.

use crate::support::{Installation, Ran};
use serde_json::json;

#[test]
fn an_unknown_key_refuses_the_start_and_names_its_place() {
    let sigma = Installation::alone("[tokens]\ncode_secnds = 30\n");
    for arguments in [["serve"].as_slice(), &["app", "list"], &["config", "show"], &["config", "check"]] {
        let ran = sigma.run(arguments);
        assert_eq!(ran.code, 5, "{ran:?}");
        assert!(ran.stderr.contains("unknown key \"tokens.code_secnds\" in"), "{ran:?}");
        assert!(ran.stderr.contains("sigma.toml; did you mean \"code_seconds\"?"), "{ran:?}");
    }
}

#[test]
fn an_unknown_variable_refuses_the_start_and_is_named() {
    let sigma = Installation::alone("");
    let ran = Ran::of(&sigma.command(&["serve"]).env("SIGMA__HTTP__CONECTIONS", "5").output().unwrap());
    assert_eq!(ran.code, 5, "{ran:?}");
    assert!(ran.stderr.contains("the environment variable SIGMA__HTTP__CONECTIONS"), "{ran:?}");
}

#[test]
fn the_environment_wins_over_the_file() {
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
fn config_show_prints_a_file_to_begin_with() {
    let sigma = Installation::alone("");
    let shown = sigma.run(&["config", "show"]).stdout;
    std::fs::write(sigma.path().join("sigma.toml"), &shown).unwrap();
    assert_eq!(sigma.run(&["config", "check"]).code, 0);
    let again = sigma.run(&["config", "show"]).stdout;
    assert_eq!(again.lines().skip(1).collect::<Vec<_>>(), shown.lines().skip(1).collect::<Vec<_>>());
}

#[test]
fn config_check_tells_everything_that_is_wrong() {
    let sigma = Installation::alone("issuer = 'https://id.example.org/'\n[tokens]\ncode_seconds = 601\n");
    let ran = sigma.run(&["config", "check"]);
    assert_eq!(ran.code, 5);
    assert!(ran.stderr.contains("issuer: \"https://id.example.org/\" ends in a slash"), "{ran:?}");
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
    assert_eq!((ran.code, ran.stderr.as_str()), (5, "sigma: there is no configuration file nowhere.toml\n"));
}

#[test]
fn help_names_the_exit_codes_and_gives_examples() {
    let help = Installation::alone("").run(&["--help"]);
    assert_eq!(help.code, 0);
    for part in ["Examples:", "Exit codes:", "SIGMA__SECTION__KEY", "doctor"] {
        assert!(help.stdout.contains(part), "{}", help.stdout);
    }
}
