//! `sigma --server`: the same commands on a server elsewhere, by its management API.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::person::add;
use crate::support::{Installation, Ran, Running, serve};

/// Without limits: everything comes from one address at once.
const SETTINGS: &str = "listen = '127.0.0.1:0'\n[limits]\nenabled = false\n";

/// Somebody at another machine, who has no database.
struct Elsewhere<'a> {
    directory: &'a Path,
    server: String,
    secret: &'a str,
}

impl Elsewhere<'_> {
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sigma"));
        command.args(["--server", &self.server, "--json"]).args(arguments).current_dir(self.directory).env_clear();
        command.env("SIGMA_CLIENT_ID", "ops").env("SIGMA_CLIENT_SECRET", self.secret);
        command
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(&self.command(arguments).output().unwrap())
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let ran = self.run(arguments);
        assert_eq!(ran.code, 0, "{arguments:?}: {ran:?}");
        serde_json::from_str(&ran.stdout).unwrap()
    }
}

fn apps_and_their_apis_are_managed(elsewhere: &Elsewhere<'_>, sigma: &Installation) {
    let shop =
        ["app", "add", "--name", "Shop", "--client-id", "shop", "--redirect-uri", "https://shop.example.org/back"];
    assert_eq!(elsewhere.json(&shop)["client_secret"].as_str().unwrap().len(), 43);
    elsewhere.json(&["app", "set", "shop", "--refresh-life", "600", "--disable"]);
    let kept = sigma.json(&["app", "show", "shop"]);
    assert_eq!((&kept["metadata"]["refresh"]["life_seconds"], &kept["disabled"]), (&json!(600), &json!(true)));
    assert!(
        elsewhere.json(&["app", "rotate-secret", "shop", "--overlap", "1", "--yes"])["former_secret_ends_at"]
            .is_string()
    );
    assert_eq!(elsewhere.json(&["app", "end-secret", "shop", "--yes"])["ended"], "shop");
    assert_eq!(elsewhere.run(&["app", "set", "shop", "--scope", "magic"]).code, 4);
    let api = "https://api.example.org/v1?a=b c";
    assert_eq!(elsewhere.run(&["resource", "add", api]).code, 4);
    let api = "https://api.example.org/v1?a=b%20c";
    elsewhere.json(&["resource", "add", api, "--scope", "notes:read=Read your notes", "--server", "shop"]);
    assert_eq!(elsewhere.json(&["resource", "set", api, "--open"])["servers"], json!(["shop"]));
    assert_eq!(elsewhere.json(&["resource", "show", api]), sigma.json(&["resource", "show", api]));
    assert_eq!(elsewhere.json(&["resource", "list"])["items"].as_array().unwrap().len(), 1);
    assert_eq!(elsewhere.json(&["resource", "remove", api, "--yes"])["removed"], api);
    assert_eq!(elsewhere.json(&["app", "remove", "shop", "--yes"])["removed"], "shop");
    assert_eq!(sigma.run(&["app", "show", "shop"]).code, 3);
}

fn workspaces_are_managed(elsewhere: &Elsewhere<'_>, sigma: &Installation) {
    let bakery = sigma.json(&["workspace", "add", "--name", "Bakery", "--slug", "bakery"]);
    let set = [
        "workspace",
        "set",
        "bakery",
        "--name",
        "The bakery",
        "--verified",
        "--accent",
        "#0a7d4b",
        "--welcome",
        "en=Hello",
    ];
    assert_eq!(elsewhere.json(&set)["name"], "The bakery");
    assert_eq!(elsewhere.json(&["workspace", "set", "bakery", "--welcome", "de=Hallo"])["verified"], true);
    let shown = sigma.json(&["workspace", "show", "bakery"]);
    assert_eq!(
        (&shown["branding"]["accent"], &shown["branding"]["welcome"]),
        (&json!("#0a7d4b"), &json!({"en": "Hello", "de": "Hallo"}))
    );
    assert_eq!(elsewhere.json(&["workspace", "show", "bakery"])["id"], bakery["id"]);
    assert_eq!(elsewhere.json(&["workspace", "add", "--name", "Docks", "--slug", "docks"])["slug"], "docks");
    assert_eq!(elsewhere.run(&["workspace", "remove", "docks"]).code, 4, "nobody confirmed");
    assert_eq!(elsewhere.json(&["workspace", "remove", "docks", "--yes"])["removed"], "docks");
    let set = ["workspace", "set", "bakery", "--quota", "members=50", "--quota", "merits_per_day=0"];
    let quotas = elsewhere.json(&set)["quotas"].clone();
    assert_eq!((&quotas["members"], &quotas["merits_per_day"]), (&json!(50), &json!(0)), "{quotas}");
    let set = ["workspace", "set", "bakery", "--quota", "merits_per_day=default"];
    assert_eq!(elsewhere.json(&set)["usage"]["most_merits_sent"], 100_000);
    assert_eq!(sigma.json(&["workspace", "show", "bakery"])["quotas"]["members"], 50);
    for (quota, code) in [("members", 2), ("members=many", 2), ("apps=1", 4), ("api_keys=501", 4)] {
        assert_eq!(elsewhere.run(&["workspace", "set", "bakery", "--quota", quota]).code, code, "{quota}");
        assert_eq!(sigma.run(&["workspace", "set", "bakery", "--quota", quota]).code, 2, "{quota}");
    }
    let made = sigma.json(&["scim", "add", "--workspace", "bakery", "--name", "Entra"]);
    let made = made["id"].as_str().unwrap();
    assert_eq!(elsewhere.json(&["scim", "list", "--workspace", "bakery"])["items"][0]["id"], made);
    assert_eq!(elsewhere.json(&["scim", "remove", "--workspace", "bakery", made, "--yes"])["removed"], made);
    assert_eq!(sigma.json(&["scim", "list", "--workspace", "bakery"])["items"], json!([]));
    let look = elsewhere.json(&["branding", "set", "--name", "Harbour", "--welcome", "en=Come in"]);
    assert_eq!((&look["name"], &look["set"]), (&json!("Harbour"), &json!(["name", "welcome"])), "{look}");
    let look = sigma.json(&["branding", "set", "--accent", "#0a7d4b", "--welcome", "de=Herein"]);
    assert_eq!(look["welcome"], json!({"en": "Come in", "de": "Herein"}));
    assert_eq!(elsewhere.json(&["branding", "show"])["accent"], "#0a7d4b");
    assert_eq!(sigma.run(&["branding", "set", "--terms-url", "mailto:a@example.org"]).code, 2);
    let listed = elsewhere.json(&["workspace", "list"]);
    assert!(listed["items"].as_array().unwrap().iter().any(|one| one["slug"] == "bakery"), "{listed}");
}

/// Files are applied to a server elsewhere as to a database here: what they point to is read where the command runs.
#[test]
fn files_are_applied_to_a_server_elsewhere() {
    const PIXEL: &[u8] = include_bytes!("../../../../docs/images/consent.png");
    let sigma = Installation::with(SETTINGS);
    let (_server, address) = serve(&sigma);
    let directory = tempfile::tempdir().unwrap();
    let secret = add_ops(&sigma);
    let elsewhere = Elsewhere { directory: directory.path(), server: format!("http://{address}"), secret: &secret };
    let write = |name: &str, content: &[u8]| fs::write(elsewhere.directory.join(name), content).unwrap();
    write("logo.png", PIXEL);
    write("key", b"0123456789abcdef0123456789abcdef\n");
    let declared = "orgs:\n  - org: mill\n    name: Mill\n    branding: { logo: logo.png }\napps:\n  - client_id: grain\n    client_name: Grain\n    \
         org: mill\n    grant_types: [client_credentials]\n    client_secret: { file: key }\n";
    write("mill.yaml", declared.as_bytes());
    let planned = elsewhere.run(&["apply", "-f", "mill.yaml", "--dry-run"]);
    assert_eq!(planned.code, 1, "{planned:?}");
    let report: Value = serde_json::from_str(&planned.stdout).unwrap();
    assert_eq!((&report["applied"], report["changes"].as_array().unwrap().len()), (&json!(false), 2), "{report}");
    assert!(!planned.stdout.contains("0123456789abcdef0123456789abcdef"));
    assert_eq!(elsewhere.run(&["apply", "-f", "mill.yaml"]).code, 4, "nobody confirmed");
    assert_eq!(sigma.run(&["app", "show", "grain"]).code, 3);
    assert_eq!(elsewhere.json(&["apply", "-f", "mill.yaml", "--yes"])["applied"], true);
    assert_eq!(elsewhere.json(&["apply", "-f", "mill.yaml", "--yes"])["changes"], json!([]));
    let logo = sigma.json(&["workspace", "show", "mill"])["branding"]["logo"].clone();
    assert!(logo.is_string(), "{logo}");
    // What one machine declared, the other one finds as it is.
    write("here.json", elsewhere.json(&["export", "config"]).to_string().as_bytes());
    fs::copy(elsewhere.directory.join("here.json"), sigma.path().join("here.json")).unwrap();
    assert_eq!(sigma.json(&["apply", "-f", "here.json", "--yes"])["changes"], json!([]));
    assert_eq!(elsewhere.json(&["export", "config"]), sigma.json(&["export", "config"]));

    write("wrong.yaml", b"apps:\n  - client_id: grain\n    redirect_uris: [http://grain.example.org/]\n---\nbranding: { accent: blue }\n");
    let wrong = elsewhere.run(&["apply", "-f", "wrong.yaml", "--yes"]);
    assert_eq!(wrong.code, 4, "{wrong:?}");
    assert!(wrong.stderr.contains("wrong.yaml:5: branding: branding: accent"), "{wrong:?}");
    write("wrong.yaml", b"apps:\n  - client_id: grain\n    redirect_uris: [http://grain.example.org/]\n");
    let wrong = elsewhere.run(&["apply", "-f", "wrong.yaml", "--yes"]);
    assert!(wrong.code == 4 && wrong.stderr.contains("wrong.yaml:2: app grain: redirect_uris"), "{wrong:?}");
    write("wrong.yaml", b"providers:\n  - { id: acme, issuer: 'https://login.acme.example', client_id: sigma }\n");
    let wrong = elsewhere.run(&["apply", "-f", "wrong.yaml", "--yes"]);
    assert!(wrong.code == 4 && wrong.stderr.contains("role"), "owners alone declare providers: {wrong:?}");
}

fn people_are_created_and_apps_invited(elsewhere: &Elsewhere<'_>, sigma: &Installation) {
    let cleo =
        elsewhere.json(&["user", "add", "--email", "cleo@example.org", "--workspace", "bakery", "--role", "Admin"]);
    assert!(cleo["link"].as_str().unwrap().contains("/password/reset?token="), "{cleo}");
    assert_eq!((&cleo["name"], &cleo["role"]), (&json!("cleo"), &json!("Admin")));
    assert_eq!(sigma.json(&["user", "show", "cleo@example.org"])["email_verified"], true);
    let dora = elsewhere.json(&["user", "add", "--email", "dora@example.org", "--name", "Dora", "--mail"]);
    assert_eq!((&dora["name"], &dora["link"]), (&json!("Dora"), &Value::Null));
    elsewhere.json(&["user", "add", "--email", "emil@example.org", "--no-password"]);
    for (arguments, code) in [
        (&["user", "add", "--email", "cleo@example.org"][..], 4),
        (&["user", "add", "--email", "fred@example.org", "--workspace", "none"], 3),
        (&["user", "add", "--email", "fred@example.org", "--password-stdin"], 8),
        (&["user", "add", "--email", "fred@example.org", "--link", "--mail"], 2),
        // Who may use the console is for owners to say, and an app is none.
        (&["admin", "list"], 4),
        (&["admin", "add", "cleo@example.org", "--role", "auditor"], 4),
        (&["admin", "remove", "cleo@example.org", "--yes"], 4),
    ] {
        let ran = elsewhere.run(arguments);
        assert_eq!(ran.code, code, "{arguments:?}: {ran:?}");
    }
    assert_eq!(sigma.run(&["user", "add", "--email", "fred@example.org", "--mail"]).code, 2);
    let invited = elsewhere.json(&["app", "invite", "--name", "Ada", "--uses", "3"]);
    assert_eq!((invited["token"].as_str().unwrap().len(), &invited["uses_left"]), (43, &json!(3)), "{invited}");
    let id = invited["id"].as_str().unwrap();
    assert_eq!(sigma.json(&["app", "invitations"])["items"][0]["id"], id);
    assert_eq!(elsewhere.json(&["app", "invitations"])["items"][0]["name"], "Ada");
    assert_eq!(elsewhere.run(&["app", "uninvite", id]).code, 4, "nobody confirmed");
    assert_eq!(elsewhere.json(&["app", "uninvite", id, "--yes"])["removed"], id);
    assert_eq!(elsewhere.run(&["app", "uninvite", id, "--yes"]).code, 3);
}

/// Registers the app that manages the server; returns its secret.
fn add_ops(sigma: &Installation) -> String {
    let app = ["app", "add", "--name", "Ops", "--client-id", "ops", "--auth", "client_secret"];
    let app = sigma.json(&[&app[..], &["--grant-type", "client_credentials", "--scope", "sigma:admin:write"]].concat());
    app["client_secret"].as_str().unwrap().to_owned()
}

fn accounts_are_changed_and_documents_blocked(elsewhere: &Elsewhere<'_>, sigma: &Installation) {
    let set = ["user", "set", "dora@example.org", "--name", "Dora B", "--email", "dora@example.net"];
    let dora = elsewhere.json(&set);
    assert_eq!((&dora["name"], &dora["email"]), (&json!("Dora B"), &json!("dora@example.net")), "{dora}");
    assert_eq!(sigma.json(&["user", "show", "dora@example.net"])["emails"].as_array().unwrap().len(), 2);
    let id = dora["id"].as_str().unwrap();
    assert_eq!(elsewhere.json(&["user", "reset", id, "--mail"])["email"], "dora@example.net");
    assert_eq!(add(sigma, "gus@example.org", &[], "correct horse battery\n").code, 0);
    let shown = ["user", "credentials", "gus@example.org"];
    assert_eq!(elsewhere.json(&shown), sigma.json(&shown));
    assert_eq!(elsewhere.json(&shown)[0]["kind"], "password");
    let copy = elsewhere.json(&["user", "export", id]);
    assert_eq!(copy["account"], sigma.json(&["user", "export", id])["account"]);
    let later = elsewhere.json(&["user", "remove", id, "--later", "--yes"]);
    assert!(later["deletes_at"].is_string(), "{later}");
    for (arguments, code) in [
        (&["user", "set", id][..], 2),
        (&["user", "set", id, "--email", "cleo@example.org"], 4),
        (&["user", "reset", id], 8),
        (&["user", "credentials", id, "--retire", "passkey", "--yes"], 3),
        (&["user", "credentials", "gus@example.org", "--retire", "password", "--yes"], 4),
        (&["user", "remove", id], 4),
        // At once is for owners.
        (&["user", "remove", id, "--yes"], 4),
        (&["app", "block", "no host"], 2),
        (&["app", "block", "tools.example.net"], 4),
        (&["app", "unblock", "tools.example.net"], 3),
    ] {
        let ran = elsewhere.run(arguments);
        assert_eq!(ran.code, code, "{arguments:?}: {ran:?}");
    }
    for arguments in [&["user", "reset", id, "--mail"][..], &["user", "remove", id, "--later"]] {
        assert_eq!(sigma.run(arguments).code, 2, "{arguments:?}");
    }
    let document = "https://tools.example.net/oauth/client.json";
    for subject in ["tools.example.net", document] {
        let blocked = elsewhere.json(&["app", "block", subject, "--yes"]);
        assert_eq!(blocked, json!({"blocked": subject, "apps": 0}));
    }
    assert_eq!(elsewhere.json(&["app", "blocks"])["items"], sigma.json(&["app", "blocks"])["items"]);
    assert_eq!(elsewhere.json(&["app", "unblock", document]), json!({"unblocked": document, "apps": 0}));
    assert_eq!(sigma.json(&["app", "blocks"])["items"].as_array().unwrap().len(), 1);
    assert_eq!(elsewhere.json(&["app", "documents", "--host", "tools.example.net"])["items"], json!([]));
}

fn what_reaches_a_workspace_is_managed(elsewhere: &Elsewhere<'_>, sigma: &Installation) {
    let made = elsewhere.json(&["api-key", "add", "--workspace", "bakery", "--name", "CI", "--admin", "--days", "90"]);
    assert!(made["key"].as_str().unwrap().starts_with("sigma_sk_") && made["expires_at"].is_string(), "{made}");
    let id = made["id"].as_str().unwrap();
    let local = sigma.json(&["api-key", "list", "--workspace", "bakery"]);
    assert_eq!((&local["items"][0]["id"], &local["items"][0]["madeBy"]), (&json!(id), &Value::Null));
    let named = ["--workspace", "bakery", id, "--yes"];
    assert_eq!(elsewhere.json(&[&["api-key", "deactivate"][..], &named].concat())["active"], false);
    assert_eq!(elsewhere.json(&["api-key", "list", "--workspace", "bakery"])["items"][0]["active"], false);
    assert_eq!(elsewhere.json(&[&["api-key", "remove"][..], &named].concat())["removed"], id);
    sigma.json(&["app", "add", "--name", "Badges", "--client-id", "badges", "--grant-type", "client_credentials"]);
    let link = ["link", "add", "badges", "--org", "bakery", "--permission", "CanSendAllMeritTemplates"];
    let link = elsewhere.json(&link);
    assert_eq!(link["permissions"], json!(["CanSendAllMeritTemplates"]));
    assert_eq!(elsewhere.json(&["link", "list", "--org", "bakery"]), sigma.json(&["link", "list", "--org", "bakery"]));
    assert_eq!(elsewhere.json(&["link", "remove", "badges", "--org", "bakery", "--yes"])["removed"], "badges");
    assert_eq!(elsewhere.json(&["link", "list", "--org", "bakery"]), json!([]));
    let made = elsewhere.json(&["scim", "add", "--workspace", "bakery", "--name", "Entra", "--role", "Admin"]);
    assert!(made["url"].as_str().unwrap().ends_with("/scim/v2"), "{made}");
    let id = made["id"].as_str().unwrap();
    let rotated = elsewhere.json(&["scim", "rotate", "--workspace", "bakery", id]);
    assert!(rotated["rotated_at"].is_string() && rotated["token"] != made["token"], "{rotated}");
    let allowed = |arguments: &[&str]| {
        let command = ["user", "impersonation", "cleo@example.org", "--workspace", "bakery"];
        let said = elsewhere.json(&[&command[..], arguments].concat());
        assert_eq!(said, sigma.json(&command));
        said["allowed"].clone()
    };
    for (arguments, expected) in [(&[][..], false), (&["--allow"], true), (&["--deny"], false), (&["--deny"], false)] {
        assert_eq!(allowed(arguments), expected, "{arguments:?}");
    }
    for (arguments, code) in [
        (&["api-key", "add", "--workspace", "bakery", "--name", " ", "--admin"][..], 4),
        (&["api-key", "remove", "--workspace", "bakery", "key_none", "--yes"], 3),
        (&["api-key", "list", "--workspace", "none"], 3),
        (&["link", "add", "badges", "--org", "bakery", "--permission", "CanDoAll"], 2),
        (&["link", "add", "none", "--org", "bakery", "--permission", "CanEditOrg"], 3),
        (&["link", "remove", "badges", "--org", "bakery", "--yes"], 3),
        (&["scim", "add", "--workspace", "bakery", "--name", "Entra", "--role", "Baker"], 4),
        (&["scim", "rotate", "--workspace", "bakery", "scim_none", "--end-old", "--yes"], 3),
        (&["scim", "rotate", "--workspace", "bakery", id, "--end-old"], 4),
        // At every app is for owners.
        (&["user", "impersonation", "cleo@example.org", "--allow"], 4),
    ] {
        let ran = elsewhere.run(arguments);
        assert_eq!(ran.code, code, "{arguments:?}: {ran:?}");
    }
}

fn logos_are_sent(elsewhere: &Elsewhere<'_>, sigma: &Installation) {
    let image = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/images/consent.png");
    std::fs::copy(image, elsewhere.directory.join("logo.png")).unwrap();
    std::fs::write(elsewhere.directory.join("no.png"), "<svg/>").unwrap();
    for command in [&["branding", "set"][..], &["workspace", "set", "bakery"], &["app", "set", "ops"]] {
        assert_eq!(elsewhere.run(&[command, &["--logo", "no.png"]].concat()).code, 2, "{command:?}");
        elsewhere.json(&[command, &["--logo", "logo.png"]].concat());
    }
    let logos = || {
        let shown = [&["branding", "show"][..], &["workspace", "show", "bakery"], &["app", "show", "ops"]];
        shown.map(|command| {
            let shown = sigma.json(command);
            if shown["branding"].is_null() { shown["logo"].clone() } else { shown["branding"]["logo"].clone() }
        })
    };
    assert!(logos().iter().all(Value::is_string), "{:?}", logos());
    elsewhere.json(&["workspace", "set", "bakery", "--logo", "", "--accent", "#123456"]);
    assert!(logos()[1].is_null());
}

fn the_trail_is_followed(elsewhere: &Elsewhere<'_>, sigma: &Installation) {
    let arguments = ["audit", "--follow", "--limit", "1", "--action", "user.enable"];
    let mut command = elsewhere.command(&arguments);
    command.stdout(Stdio::piped());
    let mut follower = Running::of(command);
    assert_eq!(follower.json()["action"], "user.enable");
    sigma.json(&["user", "disable", "cleo@example.org", "--yes"]);
    sigma.json(&["user", "enable", "cleo@example.org"]);
    let event = follower.json();
    assert_eq!((&event["action"], &event["actor"]["kind"]), (&json!("user.enable"), &json!("operator")), "{event}");
    let by = |actor: &str| {
        elsewhere.json(&["audit", "--actor", actor, "--action", "user", "--action", "app.create"])["items"].clone()
    };
    let actions = |events: &Value| -> Vec<String> {
        events.as_array().unwrap().iter().map(|event| event["action"].as_str().unwrap().to_owned()).collect()
    };
    let of_operator = by("operator");
    assert!(of_operator.as_array().unwrap().iter().all(|event| event["actor"]["kind"] == "operator"), "{of_operator}");
    assert!(actions(&of_operator).contains(&"user.enable".to_owned()), "{of_operator}");
    let of_ops = by("ops");
    assert!(of_ops.as_array().unwrap().iter().all(|event| event["actor"]["kind"] == "app"), "{of_ops}");
    assert!(actions(&of_ops).iter().all(|name| name.starts_with("user.") || name == "app.create"), "{of_ops}");
    assert_eq!(elsewhere.run(&["audit", "--action", "user.fly"]).code, 4);
    assert_eq!(elsewhere.json(&["app", "list", "--unverified"])["items"], json!([]));
}

#[test]
fn a_server_is_managed_from_elsewhere() {
    let sigma = Installation::with(SETTINGS);
    let (server, address) = serve(&sigma);
    let app = ["app", "add", "--name", "Ops", "--client-id", "ops", "--auth", "client_secret"];
    let app = sigma.json(&[&app[..], &["--grant-type", "client_credentials", "--scope", "sigma:admin:write"]].concat());
    let directory = tempfile::tempdir().unwrap();
    let secret = app["client_secret"].as_str().unwrap();
    let elsewhere = Elsewhere { directory: directory.path(), server: format!("http://{address}"), secret };

    let people = r#"{"email":"ada@example.org","email_verified":true,"name":"Ada"}
nobody
{"email":"bob@example.org","disabled":true}
"#;
    std::fs::write(directory.path().join("people"), people).unwrap();
    let imported = elsewhere.run(&["people", "import", "people"]);
    let report: Value = serde_json::from_str(&imported.stdout).unwrap();
    assert_eq!(imported.code, 1, "{imported:?}");
    assert_eq!(
        [&report["added"], &report["refused"], &report["problems"][0]["place"]],
        [&json!(2), &json!(1), &json!(2)]
    );
    let exported = elsewhere.run(&["people", "export"]);
    assert_eq!(exported.stdout, sigma.run(&["people", "export"]).stdout);
    assert_eq!(exported.stdout.lines().count(), 2);

    let ada = elsewhere.json(&["user", "show", "Ada@example.org"]);
    assert_eq!((&ada["name"], &ada["disabled"]), (&json!("Ada"), &json!(false)));
    let id = ada["id"].as_str().unwrap();
    assert_eq!(elsewhere.json(&["user", "list", "--limit", "1"])["items"].as_array().unwrap().len(), 1);
    assert_eq!(elsewhere.json(&["user", "disable", id, "--keep-keys", "--yes"])["disabled"], true);
    assert_eq!(sigma.json(&["user", "show", id])["disabled"], true);
    assert_eq!(elsewhere.json(&["user", "enable", "ada@example.org"])["disabled"], false);
    assert_eq!(elsewhere.json(&["user", "sessions", id, "--end-all", "--yes"])["ended"], 0);
    assert_eq!(elsewhere.json(&["app", "show", "ops"])["client_name"], "Ops");
    apps_and_their_apis_are_managed(&elsewhere, &sigma);
    assert_eq!(elsewhere.json(&["app", "list"])["items"].as_array().unwrap().len(), 1);
    assert_eq!(elsewhere.json(&["keys", "list"])["items"], sigma.json(&["keys", "list"])["items"]);
    assert_eq!(elsewhere.json(&["keys", "rotate", "--alg", "ES256"])["items"].as_array().unwrap().len(), 4);
    let events = elsewhere.json(&["audit", "--user", id, "--since", "1h", "--action", "user.disable"]);
    assert_eq!(events["items"][0]["actor"]["id"], app["id"], "{events}");
    assert_eq!(elsewhere.json(&["overview"])["people"]["count"], 2);
    assert_eq!(elsewhere.json(&["webhook", "list"])["items"], json!([]));

    workspaces_are_managed(&elsewhere, &sigma);
    people_are_created_and_apps_invited(&elsewhere, &sigma);
    accounts_are_changed_and_documents_blocked(&elsewhere, &sigma);
    what_reaches_a_workspace_is_managed(&elsewhere, &sigma);
    logos_are_sent(&elsewhere, &sigma);
    the_trail_is_followed(&elsewhere, &sigma);
    assert_eq!(elsewhere.json(&["session", "list", "--user", id])["items"], json!([]));
    elsewhere.json(&["mail", "list", "--failing"]);
    assert_eq!(elsewhere.json(&["provider", "list"])["items"], json!([]));
    let settings = elsewhere.json(&["config", "show"]);
    assert!(settings["items"].as_array().unwrap().iter().any(|one| one["key"] == "branding.name"), "{settings}");
    let examined = elsewhere.run(&["doctor"]);
    let report: Value = serde_json::from_str(&examined.stdout).unwrap();
    assert!([0, 1].contains(&examined.code), "{examined:?}");
    assert!(report["checks"].as_array().unwrap().iter().any(|one| one["check"] == "store"), "{report}");

    for (arguments, code) in [
        (&["user", "show", "nobody@example.org"][..], 3),
        (&["user", "show", "Ada"], 3),
        (&["user", "show", "user_0123456789abcdef01234567"], 3),
        (&["keys", "revoke", "none", "--yes"], 3),
        (&["webhook", "show", "whk_0123456789abcdef01234567"], 3),
        (&["user", "disable", id, "--yes"], 0),
        (&["workspace", "remove", "none", "--yes"], 3),
        (&["workspace", "show", "none"], 3),
        (&["session", "end", "ses_0123456789abcdef01234567", "--yes"], 3),
        (&["mail", "resend", "mail_0123456789abcdef01234567"], 3),
        (&["mail", "test"], 4),
        (&["provider", "check", "none"], 3),
        (&["config", "check"], 8),
        (&["serve"], 8),
    ] {
        let ran = elsewhere.run(arguments);
        assert_eq!(ran.code, code, "{arguments:?}: {ran:?}");
    }
    let wrong = Elsewhere { secret: "wrong", ..elsewhere };
    assert_eq!(wrong.run(&["user", "list"]).code, 4);
    let nobody = Elsewhere { secret: "", ..wrong };
    assert_eq!(nobody.run(&["user", "list"]).code, 2);
    assert_eq!(server.stop(), Some(0));
    assert_eq!(Elsewhere { secret: "any", ..nobody }.run(&["user", "list"]).code, 6);
}
