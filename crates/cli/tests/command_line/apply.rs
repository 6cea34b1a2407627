//! `sigma apply`: files of declarations, from nothing to "Nothing to do".

use std::fs;
use std::io::Write as _;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::support::{Installation, Ran, serve};

const DECLARED: &str = "\
orgs:
  - org: bakery
    name: Bakery
    require_second_factor: true
    roles:
      - name: Clerk
        permissions: [canManageUsers]
      - name: member
        description: Sees the shop
---
resources:
  - uri: https://api.example.org
    org: bakery
    scopes:
      - { name: 'notes:read', description: Read your notes }
    servers: [api]
---
apps:
  - client_id: shop
    client_name: Shop
    org: bakery
    redirect_uris: [https://shop.example.org/callback]
    resources: [https://api.example.org]
    org_claims: { roles: shop_roles, role_names: { Clerk: sales }, in_access_token: true }
  - client_id: api
    client_name: API
    grant_types: [client_credentials]
    scope: ''
    client_secret: { env: API_SECRET }
";

const SECRET: &str = "0123456789abcdef0123456789abcdef";

fn apply(sigma: &Installation, content: &str, arguments: &[&str]) -> Ran {
    fs::write(sigma.path().join("sigma.yaml"), content).unwrap();
    let mut command = sigma.command(&[&["apply", "-f", "sigma.yaml"][..], arguments].concat());
    Ran::of(&command.env("API_SECRET", SECRET).output().unwrap())
}

/// What an app is, but for when it changed.
fn shown(sigma: &Installation, kind: &str, name: &str) -> Value {
    let mut shown = sigma.json(&[kind, "show", name]);
    shown["updated_at"] = Value::Null;
    shown
}

#[test]
fn a_file_is_shown_applied_once_and_then_there_is_nothing_to_do() {
    let sigma = Installation::new();
    sigma.json(&[
        "app",
        "add",
        "--client-id",
        "other",
        "--name",
        "Other",
        "--redirect-uri",
        "https://o.example.org/cb",
    ]);
    let other = shown(&sigma, "app", "other");

    let planned = apply(&sigma, DECLARED, &["--dry-run"]);
    assert_eq!(planned.code, 1, "{planned:?}");
    for line in [
        "+ org bakery",
        "+ role Clerk of bakery",
        "~ role member of bakery",
        "+ app shop",
        "+ resource https://api.example.org",
    ] {
        assert!(planned.stdout.lines().any(|shown| shown == line), "{line}: {planned:?}");
    }
    assert!(planned.stdout.contains("\"from the variable API_SECRET\"") && !planned.stdout.contains(SECRET));
    assert_eq!(sigma.run(&["app", "show", "shop"]).code, 3, "a dry run changes nothing");
    let asked = apply(&sigma, DECLARED, &[]);
    assert_eq!(asked.code, 4, "{asked:?}");
    assert_eq!(sigma.run(&["workspace", "show", "bakery"]).code, 3, "nobody confirmed");

    let applied = apply(&sigma, DECLARED, &["--yes", "--json"]);
    assert_eq!(applied.code, 0, "{applied:?}");
    let report: Value = serde_json::from_str(&applied.stdout).unwrap();
    assert_eq!((&report["applied"], report["changes"].as_array().unwrap().len()), (&json!(true), 6), "{report}");
    let secrets = report["client_secrets"].as_object().unwrap();
    assert_eq!(secrets.keys().collect::<Vec<_>>(), ["shop"], "that of the environment is known");
    let secret = secrets["shop"].as_str().unwrap();
    assert_eq!(secret.len(), 43);
    let bakery = sigma.json(&["workspace", "show", "bakery"])["id"].clone();
    assert_eq!(sigma.json(&["app", "show", "shop"])["org"], bakery);
    let resource = sigma.json(&["resource", "show", "https://api.example.org"]);
    assert_eq!((&resource["servers"], &resource["scopes"][0]["name"]), (&json!(["api"]), &json!("notes:read")));
    assert_eq!(resource["org"], bakery);

    for arguments in [&["--yes"][..], &["--dry-run"], &[]] {
        let again = apply(&sigma, DECLARED, arguments);
        assert_eq!((again.code, again.stdout.trim()), (0, "Nothing to do: everything is as declared."), "{again:?}");
    }
    // Only what an entry names changes.
    let before = shown(&sigma, "app", "shop");
    let changed = apply(&sigma, "apps:\n  - client_id: shop\n    require_pkce: true\n", &["--yes"]);
    assert_eq!(changed.code, 0, "{changed:?}");
    assert!(changed.stdout.starts_with("~ app shop\n    require_pkce: false → true\n"), "{changed:?}");
    assert!(!changed.stdout.contains(secret));
    let mut expected = before;
    expected["require_pkce"] = json!(true);
    assert_eq!((shown(&sigma, "app", "shop"), shown(&sigma, "app", "other")), (expected, other));
    let acts = sigma.json(&["audit", "--actor", "operator", "--action", "app.change"]);
    assert_eq!(acts["items"].as_array().unwrap().len(), 1, "{acts}");
}

#[test]
fn a_file_of_which_a_part_is_wrong_changes_nothing() {
    let sigma = Installation::new();
    let wrong = "\
apps:
  - client_id: good
    client_name: Good
    redirect_uris: [https://good.example.org/callback]
  - client_id: bad
    client_name: Bad
    redirect_uris: [http://bad.example.org/callback]
  - client_id: worse
    client_name: Worse
    redirect_uris: [https://worse.example.org/callback]
    resources: [https://nobody.example.org]
orgs:
  - org: bakery
    name: Bakery
    roles:
      - name: Clerk
        permissions: [canFly]
";
    for arguments in [&["--yes"][..], &["--dry-run"]] {
        let ran = apply(&sigma, wrong, arguments);
        assert_eq!((ran.code, ran.stdout.as_str()), (4, ""), "{ran:?}");
        let told = [
            "sigma.yaml:16: org bakery, role Clerk: permissions: \"canFly\" is unknown",
            "sigma.yaml:5: app bad: redirect_uris: http://bad.example.org/callback: ",
            "sigma.yaml:8: app worse: resources: there is no API https://nobody.example.org",
        ];
        for told in told {
            assert!(ran.stderr.contains(told), "{told}: {ran:?}");
        }
    }
    assert_eq!(sigma.json(&["app", "list"])["items"], json!([]));
    assert_eq!(sigma.run(&["workspace", "show", "bakery"]).code, 3);
    assert_eq!(sigma.json(&["audit", "--action", "app.create"])["items"], json!([]), "not even an event is kept");
    for (content, told) in [
        ("providers:\n  - id: google\n", "sigma.yaml:2: provider google: missing field `client_id`"),
        ("apps:\n  - client_id: a-b\n  - client_id: a-b\n", "sigma.yaml:3: app a-b: is declared more than once"),
        ("apps:\n  - client_id: a-b\n    client_nam: x\n", "sigma.yaml:3: "),
        ("apps:\n  - client_id: a-b\n    client_secret: { env: NOBODY }\n", "sigma.yaml:2: app a-b: client_secret: "),
        ("apps:\n  - client_id: a-b\n    client_secret: hush\n", "client_secret must be an object"),
        ("apps:\n  - client_id: a-b\n", "sigma.yaml:2: app a-b: an app needs a display name: client_name"),
        ("orgs:\n  - org: new\n    name: New\n", "sigma.yaml:2: org new: "),
    ] {
        let ran = apply(&sigma, content, &["--yes"]);
        assert!(ran.code == 4 && ran.stderr.contains(told), "{told}: {ran:?}");
        assert!(!ran.stderr.contains("hush"), "{ran:?}");
    }
}

#[test]
fn a_secret_in_a_file_is_taken_and_replaced_and_never_printed() {
    let sigma = Installation::new();
    fs::create_dir(sigma.path().join("secrets")).unwrap();
    let secrets = ["a".repeat(40), "b".repeat(40)];
    let declared = json!({"apps": [{
        "client_id": "job", "client_name": "Job", "grant_types": ["client_credentials"],
        "client_secret": {"file": "secrets/job"},
    }]});
    for (secret, sign) in secrets.iter().zip(["+ app job", "~ app job"]) {
        fs::write(sigma.path().join("secrets/job"), format!("{secret}\n")).unwrap();
        let mut child = sigma.command(&["apply", "-f", "-", "--yes"]);
        let mut child = child.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(declared.to_string().as_bytes()).unwrap();
        let ran = Ran::of(&child.wait_with_output().unwrap());
        assert!(ran.code == 0 && ran.stdout.starts_with(sign), "{ran:?}");
        assert!(!ran.stdout.contains(secret.as_str()) && !ran.stderr.contains(secret.as_str()));
    }
    let public =
        "apps:\n  - client_id: job\n    token_endpoint_auth_method: none\n    client_secret: { file: secrets/job }\n";
    assert_eq!(apply(&sigma, public, &["--yes"]).code, 4);
}

#[test]
fn looks_are_declared_beside_what_they_belong_to() {
    const LOOKS: &str = "\
branding: { name: Harbour, accent: '#123456' }
orgs:
  - org: bakery
    name: Bakery
    quotas: { members: 50, webhooks: null }
    branding: { accent: '#8a4b08', welcome: { en: Fresh bread, de: Frisches Brot }, logo: logo.png }
apps:
  - client_id: shop
    client_name: Shop
    org: bakery
    redirect_uris: [https://shop.example.org/callback]
    branding: { terms_url: 'https://shop.example.org/terms' }
";
    let sigma = Installation::new();
    let image = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/images/consent.png");
    fs::copy(image, sigma.path().join("logo.png")).unwrap();
    let applied = apply(&sigma, LOOKS, &["--yes"]);
    assert_eq!(applied.code, 0, "{applied:?}");
    assert!(applied.stdout.contains("branding.accent: \"#8a4b08\""), "{applied:?}");
    assert!(applied.stdout.contains("quotas: {\"members\":50"), "{applied:?}");
    let again = apply(&sigma, LOOKS, &["--yes"]);
    assert!(again.code == 0 && again.stdout.contains("Nothing to do"), "{again:?}");
    assert_eq!(sigma.json(&["branding", "show"]), json!({"name": "Harbour", "accent": "#123456"}));
    let bakery = sigma.json(&["workspace", "show", "bakery"]);
    assert_eq!(bakery["branding"]["welcome"], json!({"en": "Fresh bread", "de": "Frisches Brot"}));
    assert!(bakery["branding"]["logo"].is_string(), "{bakery}");
    let other = LOOKS.replace("#8a4b08", "#0a7d4b").replace("logo: logo.png", "logo: ''");
    let other = other.replace("members: 50", "members: null");
    let shown = apply(&sigma, &other, &["--dry-run"]);
    assert!(shown.code == 1 && shown.stdout.contains("branding.accent: \"#8a4b08\" → \"#0a7d4b\""), "{shown:?}");
    fs::write(sigma.path().join("logo.png"), "<svg/>").unwrap();
    for (declared, words) in [
        (other.replace("webhooks: null", "api_keys: 501"), "quotas: api_keys is at most 500"),
        (LOOKS.to_owned(), "branding: logo logo.png"),
        (
            other.replace("name: Harbour", "name: ''").replace("{ accent", "{ name: Bakery, accent"),
            "only the server has a name",
        ),
        (other.replace("#0a7d4b", "green"), "branding: accent must be a colour"),
        (other.replace("de: Fri", "xx: Fri"), "branding: welcome"),
        (other.replace("https://shop.example.org/terms", "mailto:a@example.org"), "terms_url must begin with https://"),
    ] {
        let refused = apply(&sigma, &declared, &["--yes"]);
        assert!(refused.code == 4 && refused.stderr.contains(words), "{words}: {refused:?}");
    }
}

#[test]
fn providers_are_declared_with_secrets_from_elsewhere() {
    const PROVIDERS: &str = "\
providers:
  - id: acme
    issuer: https://login.acme.example
    client_id: sigma
    client_secret: { env: API_SECRET }
    allowed_domains: [acme.example]
";
    let sigma = Installation::with("listen = '127.0.0.1:0'\n");
    // The first start makes the master key, which the secret is sealed with.
    assert_eq!(serve(&sigma).0.stop(), Some(0));
    let planned = apply(&sigma, PROVIDERS, &["--dry-run"]);
    assert!(planned.code == 1 && planned.stdout.contains("+ provider acme"), "{planned:?}");
    assert!(!planned.stdout.contains(SECRET), "{planned:?}");
    assert_eq!(apply(&sigma, PROVIDERS, &["--yes"]).code, 0);
    let again = apply(&sigma, PROVIDERS, &["--yes"]);
    assert!(again.code == 0 && again.stdout.contains("Nothing to do"), "{again:?}");
    let shown = apply(&sigma, &PROVIDERS.replace("sigma\n", "other\n"), &["--dry-run"]);
    assert!(shown.stdout.starts_with("~ provider acme\n    client_id: \"sigma\" → \"other\"\n"), "{shown:?}");
    for (declared, words) in [
        (PROVIDERS.replace("https:", "ftp:"), "issuer"),
        (PROVIDERS.replace("allowed_domains", "allowed_domain"), "allowed_domain"),
        (PROVIDERS.replace("client_secret: { env: API_SECRET }", "icon: x.png"), "icon cannot be declared"),
    ] {
        let refused = apply(&sigma, &declared, &["--yes"]);
        assert!(refused.code == 4 && refused.stderr.contains(words), "{words}: {refused:?}");
    }
    let acts = sigma.json(&["audit", "--actor", "operator", "--action", "provider.change"]);
    assert_eq!(acts["items"].as_array().unwrap().len(), 1, "{acts}");
    assert_eq!(sigma.run(&["provider", "remove", "acme", "--yes"]).code, 0);
    assert_eq!(sigma.run(&["provider", "remove", "acme", "--yes"]).code, 3);
    let removed = sigma.json(&["audit", "--action", "provider.remove"]);
    assert_eq!(removed["items"][0]["details"], json!({"provider": "acme"}), "{removed}");
}

#[test]
fn what_is_exported_changes_nothing_here_and_makes_the_same_elsewhere() {
    let sigma = Installation::new();
    let declared = "\
branding: { accent: '#1a7f5a', support_url: 'https://example.org/help', welcome: { en: 'Hello: you', de: Hallo } }
orgs:
  - org: bakery
    name: 'Bakery: \"Müller\" #1'
    require_second_factor: true
    quotas: { members: 5, webhooks: 0 }
    branding: { accent: '#7f1a5a' }
    roles: [{ name: Clerk, description: Serves, permissions: [canManageUsers] }]
resources:
  - { uri: 'https://api.example.org', org: bakery, name: Notes, open: true, scopes: [{ name: 'notes:read', description: Read your notes }] }
apps:
  - client_id: shop
    client_name: Shop
    org: bakery
    redirect_uris: ['https://shop.example.org/callback']
    backchannel_logout_uri: https://shop.example.org/logout
    refresh_rotation: false
    access_seconds: 600
    org_claims: { roles: shop_roles, role_names: { Clerk: sales } }
  - { client_id: api, client_name: API, grant_types: [client_credentials], scope: '', security_profile: none }
  - { client_id: phone, client_name: Phone, application_type: native, token_endpoint_auth_method: none, redirect_uris: ['org.example:/cb'] }
providers:
  - { id: acme, issuer: 'https://idp.example.org', client_id: sigma, client_secret: { env: API_SECRET } }
";
    let made = apply(&sigma, declared, &["--yes"]);
    assert_eq!(made.code, 0, "{made:?}");
    let exported = sigma.run(&["export", "config"]);
    assert_eq!(exported.code, 0, "{exported:?}");
    for told in [SECRET, "secret\":", "secret:", "API_SECRET"] {
        assert!(!exported.stdout.contains(told), "{told}: {exported:?}");
    }
    let again = apply(&sigma, &exported.stdout, &["--dry-run"]);
    assert_eq!((again.code, again.stdout.trim()), (0, "Nothing to do: everything is as declared."), "{again:?}");
    let json = sigma.json(&["export", "config"]);
    assert_eq!(json["apps"].as_array().unwrap().len(), 3, "{json}");
    assert_eq!((&json["resources"][0]["org"], &json["orgs"][0]["quotas"]["webhooks"]), (&json!("bakery"), &json!(0)));

    let other = Installation::new();
    // What is not in the file: the secret of the provider.
    let text = exported
        .stdout
        .replace("    client_id: \"sigma\"", "    client_id: \"sigma\"\n    client_secret: { env: API_SECRET }");
    fs::write(other.path().join("sigma.yaml"), text).unwrap();
    let mut command = other.command(&["import", "config", "sigma.yaml", "--yes"]);
    let imported = Ran::of(&command.env("API_SECRET", SECRET).output().unwrap());
    assert_eq!(imported.code, 0, "{imported:?}");
    assert_eq!(other.json(&["export", "config"]), json);
}
