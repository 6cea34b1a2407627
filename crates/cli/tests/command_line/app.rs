//! `sigma app` and `sigma resource`, as an operator types them.

use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::support::Installation;
use serde_json::{Value, json};
use sigma_core::client_document::{ClientDocument, ClientIdUrl};
use sigma_core::ids::{AppId, JobId};
use sigma_core::time::Timestamp;
use sigma_store::client_document::{self, Fetched};

const REDIRECT: &str = "https://shop.example.org/callback";
const PUBKEY: &str = "024a038aa8d92634a3aa1f42275d3d4c975c4c7d808ec98c5f5603381454640ada";

/// Registers an app.
pub fn shop(sigma: &Installation) -> Value {
    sigma.json(&["app", "add", "--client-id", "shop", "--name", "Shop", "--redirect-uri", REDIRECT])
}

#[test]
fn an_app_gets_sound_defaults_and_its_secret_is_shown_once() {
    let sigma = Installation::new();
    let mut app = shop(&sigma);
    let secret = app["client_secret"].take();
    let secret = secret.as_str().unwrap();
    assert_eq!(secret.len(), 43);
    assert!(secret.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    assert!(is_id(app["id"].take().as_str().unwrap(), "app_"));
    for time in ["created_at", "updated_at"] {
        assert!(app[time].take().as_str().unwrap().ends_with('Z'));
    }
    assert_eq!(
        app,
        json!({
            "id": null, "client_id": "shop", "client_secret": null, "client_name": "Shop",
            "org": "org_000000000000000000000001",
            "application_type": "web", "token_endpoint_auth_method": "client_secret", "pubkey": null, "jwks": null,
            "jwks_uri": null, "redirect_uris": [REDIRECT], "post_logout_redirect_uris": [],
            "backchannel_logout_uri": null, "backchannel_logout_session_required": false,
            "grant_types": ["authorization_code", "refresh_token"], "scope": "openid profile email offline_access",
            "resources": [], "id_token_signed_response_alg": "RS256", "access_seconds": null, "require_pkce": false,
            "require_pushed_authorization_requests": false, "dpop_bound_access_tokens": false,
            "require_second_factor": false, "placeholder_email": false, "id_token_claims": false, "client_uri": null, "site_url": null,
            "dynamic": false, "disabled": false, "metadata": {},
            "created_at": null, "updated_at": null
        })
    );
    for arguments in
        [["app", "show", "shop"].as_slice(), &["app", "list"], &["app", "set", "shop", "--name", "The shop"]]
    {
        let shown = sigma.json(arguments).to_string();
        assert!(!shown.contains("client_secret\":") && !shown.contains(secret), "{shown}");
        assert!(!sigma.run(arguments).stdout.contains(secret));
    }
    if let Some(file) = sigma.file() {
        let database = std::fs::read(file).unwrap();
        assert!(!database.windows(secret.len()).any(|window| window == secret.as_bytes()), "only its digest is stored");
    }
}

#[test]
fn the_client_id_of_an_app_is_its_id_unless_one_was_chosen() {
    let sigma = Installation::new();
    let app = sigma.json(&["app", "add", "--name", "Shop", "--redirect-uri", REDIRECT]);
    assert!(is_id(app["client_id"].as_str().unwrap(), "app_"), "{app}");
    assert_eq!(app["client_id"], app["id"]);
}

#[test]
fn an_app_is_named_by_client_id_or_id() {
    let sigma = Installation::new();
    let id = shop(&sigma)["id"].as_str().unwrap().to_owned();
    for name in ["shop", &id, id.strip_prefix("app_").unwrap()] {
        assert_eq!(sigma.json(&["app", "show", name])["id"], json!(id), "{name}");
        assert_eq!(sigma.json(&["app", "set", name, "--name", name])["client_id"], "shop");
        let served = sigma.json(&["resource", "add", &format!("urn:api:{name}"), "--server", name]);
        assert_eq!(served["servers"], json!(["shop"]));
        assert_eq!(sigma.json(&["audit", "--actor", name])["items"], json!([]));
    }
    for name in ["shop2", "Shop", &id[..id.len() - 1], &format!("org_{}", &id[4..]), "", "'; DROP TABLE apps; --"] {
        let ran = sigma.run(&["app", "show", name, "--json"]);
        assert_eq!((ran.code, &ran.failure()["error"]), (3, &json!("not_found")), "{name}");
    }
    assert_eq!(sigma.run(&["app", "remove", id.strip_prefix("app_").unwrap(), "--yes"]).code, 0);
    assert_eq!(sigma.run(&["app", "show", "shop"]).code, 3);
}

/// Whether `text` is a generated id.
fn is_id(text: &str, prefix: &str) -> bool {
    text.strip_prefix(prefix).is_some_and(|id| id.len() == 24 && id.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

#[test]
fn each_kind_of_app_can_be_added() {
    let sigma = Installation::new();
    let public = sigma.json(&["app", "add", "--name", "Spa", "--auth", "none", "--redirect-uri", REDIRECT]);
    assert_eq!((&public["client_secret"], &public["require_pkce"]), (&Value::Null, &json!(true)));
    let bitcoin = sigma.json(&["app", "add", "--name", "Bitcoin", "--pubkey", PUBKEY, "--redirect-uri", REDIRECT]);
    assert_eq!(bitcoin["token_endpoint_auth_method"], "sigma_bitcoin_auth");
    assert_eq!(bitcoin["id_token_signed_response_alg"], "ES256");
    let jwk = json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]});
    let jwt = sigma.json(&["app", "add", "--name", "Jwt", "--jwks", &jwk.to_string(), "--redirect-uri", REDIRECT]);
    assert_eq!((&jwt["token_endpoint_auth_method"], &jwt["jwks"]), (&json!("private_key_jwt"), &jwk));
    let native = ["--type", "native", "--auth", "none", "--redirect-uri", "org.example.phone:/callback"];
    let native = sigma.json(&[["app", "add", "--name", "Phone"].as_slice(), &native].concat());
    assert_eq!(native["application_type"], "native");
    let job = sigma.json(&["app", "add", "--name", "Job", "--grant-type", "client_credentials"]);
    assert_eq!(job["grant_types"], json!(["client_credentials"]));
}

#[test]
fn an_app_is_changed_disabled_and_removed() {
    let sigma = Installation::new();
    let first = shop(&sigma)["client_secret"].clone();
    let changed = sigma.json(&["app", "set", "shop", "--access-seconds", "600", "--require-pkce", "--disable"]);
    assert_eq!(
        (&changed["access_seconds"], &changed["require_pkce"], &changed["disabled"], &changed["client_name"]),
        (&json!(600), &json!(true), &json!(true), &json!("Shop"))
    );
    let changed = sigma.json(&["app", "set", "shop", "--access-seconds", "0", "--require-pkce=false", "--enable"]);
    assert_eq!(
        (&changed["access_seconds"], &changed["require_pkce"], &changed["disabled"]),
        (&Value::Null, &json!(false), &json!(false))
    );
    let unsure = sigma.run(&["app", "rotate-secret", "shop"]);
    assert!(unsure.code == 4 && unsure.stderr.contains("confirm with --yes"), "{unsure:?}");
    assert!(!unsure.stdout.contains("secret"), "{unsure:?}");
    let second = sigma.json(&["app", "rotate-secret", "shop", "--yes"])["client_secret"].clone();
    assert!(second.is_string() && second != first);

    let unsure = sigma.run(&["app", "remove", "shop"]);
    assert_eq!(unsure.code, 4);
    assert!(unsure.stderr.contains("--yes"), "{unsure:?}");
    assert_eq!(sigma.json(&["app", "remove", "shop", "--yes"]), json!({"removed": "shop"}));
    assert_eq!(sigma.run(&["app", "show", "shop"]).code, 3);
    let again =
        sigma.run(&["app", "add", "--client-id", "shop", "--name", "Shop", "--redirect-uri", REDIRECT, "--json"]);
    assert_eq!((again.code, &again.failure()["error"]), (4, &json!("refused")), "an id is never given out again");
}

#[test]
fn a_secret_is_generated_when_the_new_method_needs_one_and_dropped_otherwise() {
    let sigma = Installation::new();
    shop(&sigma);
    assert_eq!(sigma.json(&["app", "set", "shop", "--auth", "none"])["client_secret"], Value::Null);
    assert_eq!(sigma.run(&["app", "rotate-secret", "shop"]).code, 4);
    assert!(sigma.json(&["app", "set", "shop", "--auth", "client_secret_post"])["client_secret"].is_string());
}

#[test]
fn lists_are_paged() {
    let sigma = Installation::new();
    for id in ["one", "two", "six"] {
        sigma.json(&["app", "add", "--client-id", id, "--name", id, "--redirect-uri", REDIRECT]);
    }
    let page = sigma.json(&["app", "list", "--limit", "2"]);
    let ids = |page: &Value| -> Vec<String> {
        page["items"].as_array().unwrap().iter().map(|app| app["client_id"].as_str().unwrap().to_owned()).collect()
    };
    let next = page["items"][1]["id"].as_str().unwrap();
    assert_eq!((ids(&page), &page["next"]), (vec!["one".to_owned(), "two".to_owned()], &json!(next)));
    let rest = sigma.json(&["app", "list", "--limit", "2", "--after", next]);
    assert_eq!((ids(&rest), &rest["next"]), (vec!["six".to_owned()], &Value::Null));
    assert!(sigma.run(&["app", "list", "--limit", "2"]).stdout.contains(&format!("sigma app list --after '{next}'")));
    assert_eq!(sigma.run(&["app", "list", "--limit", "0"]).code, 2);
}

#[test]
fn each_kind_of_invalid_request_has_its_own_exit_code() {
    let sigma = Installation::new();
    shop(&sigma);
    let code = |arguments: &[&str]| sigma.run(arguments).code;
    let add = |more: &[&str]| sigma.run(&[["app", "add", "--name", "X"].as_slice(), more].concat()).code;
    assert_eq!(code(&["app", "add"]), 2, "no name");
    assert_eq!(add(&["--client-id", "X", "--redirect-uri", REDIRECT]), 2, "a bad id");
    assert_eq!(add(&["--client-id", "0123456789abcdef01234567", "--redirect-uri", REDIRECT]), 2, "looks like an id");
    assert_eq!(add(&["--auth", "hope"]), 2, "an unknown method");
    assert_eq!(add(&["--pubkey", "02ab", "--redirect-uri", REDIRECT]), 2, "no key");
    assert_eq!(add(&["--jwks", "{}", "--redirect-uri", REDIRECT]), 2, "no key set");
    assert_eq!(add(&["--scope", "openid admin", "--redirect-uri", REDIRECT]), 2, "an unknown scope");
    assert_eq!(add(&["--client-id", "sigma", "--redirect-uri", REDIRECT]), 4, "a reserved id");
    assert_eq!(add(&["--client-id", "shop", "--redirect-uri", REDIRECT]), 4, "a taken id");
    assert_eq!(add(&["--redirect-uri", "http://shop.example.org/"]), 4, "plain http");
    assert_eq!(add(&["--redirect-uri", "javascript:alert(1)"]), 4, "a scheme that runs");
    assert_eq!(add(&[]), 2, "nowhere to come back to");
    assert_eq!(add(&["--auth", "private_key_jwt", "--redirect-uri", REDIRECT]), 2, "no keys");
    assert_eq!(code(&["app", "set", "shop"]), 2, "nothing to set");
    assert_eq!(code(&["app", "set", "nobody"]), 2, "nothing to set, whoever it is for");
    assert_eq!(code(&["app", "set", "nobody", "--disable"]), 3);
    assert_eq!(code(&["app", "rotate-secret", "nobody"]), 3);
    assert_eq!(code(&["app", "remove", "nobody", "--yes"]), 3);
    assert_eq!(code(&["nonsense"]), 2);
    let nonsense = sigma.run(&["nonsense", "--json"]);
    assert_eq!((nonsense.code, &nonsense.failure()["error"]), (2, &json!("usage")));
    let missing = sigma.run(&["app", "show", "nobody", "--json"]);
    assert_eq!((missing.code, &missing.failure()["error"]), (3, &json!("not_found")));
}

#[test]
fn a_terminal_is_prompted_and_only_yes_continues() {
    let sigma = Installation::new();
    let first = shop(&sigma)["client_secret"].clone();
    // The util-linux program `script` gives a command a terminal.
    let answered = |answer: &str| {
        let bare = sigma.command(&[]);
        let line = format!("{} app rotate-secret shop", bare.get_program().to_str().unwrap());
        let mut command = Command::new("script");
        command.args(["-qec", &line, "/dev/null"]).current_dir(sigma.path()).env_clear().env("PATH", "/usr/bin:/bin");
        command.envs(bare.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(format!("{answer}\n").as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    for no in ["", "n", "yess", "ja"] {
        let (code, reported) = answered(no);
        assert_eq!(code, Some(4), "{no}: {reported}");
        assert!(
            reported.contains("stops working immediately. Continue? [y/N]") && reported.contains("nothing was changed"),
            "{reported}"
        );
    }
    for yes in ["y", " YES "] {
        let (code, reported) = answered(yes);
        assert_eq!(code, Some(0), "{yes}: {reported}");
        assert!(reported.contains("secret  ") && !reported.contains(first.as_str().unwrap()), "{reported}");
    }
}

#[test]
fn a_resource_is_added_listed_and_removed() {
    let sigma = Installation::new();
    let api = "https://api.example.org/v1";
    let added = sigma.json(&["resource", "add", api]);
    assert_eq!((&added["uri"], &added["name"]), (&json!(api), &json!("api.example.org")));
    assert_eq!(sigma.run(&["resource", "add", api]).code, 4);
    assert_eq!(sigma.run(&["resource", "add", "https://api.example.org/#x"]).code, 2);
    assert_eq!(sigma.run(&["resource", "add", "api"]).code, 2);
    assert_eq!(sigma.run(&["resource", "add", "http://localhost:8080"]).code, 4, "the issuer itself");
    assert_eq!(sigma.json(&["resource", "list"])["items"][0]["uri"], api);
    let unsure = sigma.run(&["resource", "remove", api]);
    assert!(unsure.code == 4 && unsure.stderr.contains("confirm with --yes"), "{unsure:?}");
    assert_eq!(sigma.json(&["resource", "remove", api, "--yes"]), json!({"removed": api}));
    assert_eq!(sigma.run(&["resource", "remove", api]).code, 3);
    assert_eq!(sigma.json(&["resource", "list"]), json!({"items": [], "next": null}));
}

#[test]
fn a_resource_has_scopes_and_servers_and_is_allowed_to_apps_by_name() {
    let sigma = Installation::new();
    let api = "https://api.example.org/v1";
    shop(&sigma);
    let served_by = json!(["shop"]);
    let options = ["--scope", "notes:read=Read = your notes", "--scope", "x=X", "--server", "shop"];
    let added = sigma.json(&[["resource", "add", api].as_slice(), &options].concat());
    assert_eq!(added["scopes"][0], json!({"name": "notes:read", "description": "Read = your notes"}));
    assert_eq!((&added["servers"], &added["open"]), (&served_by, &json!(false)));
    let bakery = sigma.json(&["workspace", "add", "--name", "Bakery", "--slug", "bakery"])["id"].clone();
    assert_eq!(sigma.json(&["resource", "set", api, "--workspace", "bakery"])["org"], bakery);
    assert_eq!(sigma.run(&["resource", "set", api, "--workspace", "nobody"]).code, 3);
    let set = sigma.json(&["resource", "set", api, "--name", "Notes", "--open", "--scope", "x=Other"]);
    assert_eq!((&set["name"], &set["open"], &set["servers"]), (&json!("Notes"), &json!(true), &served_by));
    assert_eq!(set["scopes"], json!([{"name": "x", "description": "Other"}]));
    let emptied = sigma.json(&["resource", "set", api, "--scope", "", "--server", "", "--open", "false"]);
    assert_eq!((&emptied["scopes"], &emptied["servers"], &emptied["open"]), (&json!([]), &json!([]), &json!(false)));
    assert_eq!(sigma.json(&["resource", "show", api]), emptied);
    for (code, wrong) in [
        (2, ["--scope", "read"]),
        (2, ["--scope", "read="]),
        (2, ["--scope", "a b=Read"]),
        (2, ["--name", " "]),
        (4, ["--scope", "openid=Read"]),
        (4, ["--scope", "sigma:all=Read"]),
        (3, ["--server", "nobody"]),
    ] {
        assert_eq!(sigma.run(&[["resource", "set", api].as_slice(), &wrong].concat()).code, code, "{wrong:?}");
    }
    assert_eq!(sigma.run(&["resource", "set", "https://nobody.example.org"]).code, 3);
    assert_eq!(sigma.run(&["resource", "show", "https://nobody.example.org"]).code, 3);

    assert_eq!(sigma.json(&["app", "set", "shop", "--resource", api])["resources"], json!([api]));
    assert_eq!(sigma.json(&["app", "set", "shop", "--name", "The shop"])["resources"], json!([api]));
    assert_eq!(sigma.run(&["app", "set", "shop", "--resource", "https://nobody.example.org"]).code, 3);
    assert_eq!(sigma.json(&["app", "set", "shop", "--resource", ""])["resources"], json!([]));
    let options = ["--auth", "none", "--redirect-uri", REDIRECT, "--resource", api];
    let added = sigma.json(&[["app", "add", "--name", "Spa"].as_slice(), &options].concat());
    assert_eq!(added["resources"], json!([api]));
}

#[test]
fn signer_origins_are_declared_replaced_and_cleared() {
    let sigma = Installation::new();
    shop(&sigma);
    let origins = ["https://shop.example.org", "http://localhost:3000"];
    let set = sigma.json(&["app", "set", "shop", "--signer-origin", origins[0], "--signer-origin", origins[1]]);
    assert_eq!(set["signer_origins"], json!(["http://localhost:3000", "https://shop.example.org"]));
    assert_eq!(sigma.json(&["app", "set", "shop", "--name", "Shop"])["signer_origins"], set["signer_origins"]);
    assert_eq!(sigma.json(&["app", "show", "shop"])["signer_origins"], set["signer_origins"]);
    let once = ["app", "set", "shop", "--signer-origin", "HTTPS://Shop.example.org:443/"];
    assert_eq!(sigma.json(&once)["signer_origins"], json!([origins[0]]));
    for wrong in ["https://shop.example.org/path", "http://shop.example.org", "*", "https://*.example.org", "null", "x"]
    {
        let ran = sigma.run(&["app", "set", "shop", "--signer-origin", wrong, "--json"]);
        assert_eq!(ran.code, 2, "{wrong}: {ran:?}");
        assert_eq!(sigma.json(&["app", "show", "shop"])["signer_origins"], json!([origins[0]]), "{wrong}");
    }
    let many: Vec<String> = (0..21).map(|n| format!("https://a{n}.example.org")).collect();
    let many: Vec<&str> = many.iter().flat_map(|origin| ["--signer-origin", origin]).collect();
    assert_eq!(sigma.run(&[["app", "set", "shop"].as_slice(), &many].concat()).code, 2);
    assert!(sigma.json(&["app", "set", "shop", "--signer-origin", ""]).get("signer_origins").is_none());
}

#[test]
fn apps_that_documents_describe_are_listed_blocked_and_let_in_again() {
    let sigma = Installation::new();
    assert_eq!(sigma.json(&["app", "documents"])["items"], json!([]));
    let url = ClientIdUrl::parse("https://tools.example.net/oauth/client.json").unwrap();
    let document = json!({
        "client_id": url.as_str(), "client_name": "Tools", "redirect_uris": ["https://tools.example.net/callback"],
    });
    let document = ClientDocument::read(&url, document.to_string().as_bytes()).unwrap();
    let store = sigma.store();
    let at = Timestamp::from_seconds(1_700_000_000);
    let fetched = Fetched {
        url,
        document,
        new_id: AppId::from_text("app_1"),
        logo_job: JobId::from_text("job_1"),
        fresh_until: at,
        delete_after: at,
        now: at,
    };
    store.write_blocking(move |tx| client_document::record(tx, &fetched)).unwrap();
    store.close();
    let listed = sigma.json(&["app", "documents", "--host", "tools.example.net"]);
    let item = &listed["items"][0];
    assert_eq!((&item["name"], &item["blocked"], &item["used"]), (&json!("Tools"), &json!(false), &json!(false)));
    assert_eq!(sigma.json(&["app", "documents", "--host", "other.example.net"])["items"], json!([]));

    let blocked = sigma.json(&["app", "block", "tools.example.net", "--yes"]);
    assert_eq!(blocked, json!({"blocked": "tools.example.net", "apps": 1}));
    assert_eq!(sigma.json(&["app", "blocks"])["items"][0]["subject"], "tools.example.net");
    assert_eq!(sigma.json(&["app", "documents"])["items"][0]["blocked"], true);
    let let_in = sigma.json(&["app", "unblock", "tools.example.net"]);
    assert_eq!(let_in, json!({"unblocked": "tools.example.net", "apps": 1}));
    for (arguments, code) in [
        (&["app", "unblock", "tools.example.net"][..], 3),
        (&["app", "block", "http://tools.example.net/client.json", "--yes"], 2),
        (&["app", "block", "Tools.example.net", "--yes"], 2),
        (&["app", "unblock", ""], 2),
    ] {
        assert_eq!(sigma.run(arguments).code, code, "{arguments:?}");
    }
}

#[test]
fn a_sign_in_to_an_app_begins_at_an_https_address() {
    let sigma = Installation::new();
    shop(&sigma);
    let login = "https://shop.example.org/login";
    let set = |uri: &str| sigma.json(&["app", "set", "shop", "--initiate-login-uri", uri])["metadata"].clone();
    assert_eq!(set(login), json!({ "initiate_login_uri": login }));
    assert_eq!(set(""), json!({}));
    assert_eq!(sigma.run(&["app", "set", "shop", "--initiate-login-uri", "javascript:alert(1)"]).code, 2);
}
