//! How apps and workspaces look: logos, accents and links.

use crate::app::shop;
use crate::support::Installation;

/// A PNG that is there anyway.
const IMAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/images/consent.png");

#[test]
fn an_app_gets_a_logo_an_accent_and_links() {
    let sigma = Installation::new();
    shop(&sigma);
    let terms = "https://shop.example.org/terms";
    sigma.json(&["app", "set", "shop", "--logo", IMAGE, "--accent", "#0A7D4B", "--terms-url", terms]);
    let shown = sigma.json(&["app", "show", "shop"]);
    assert_eq!((&shown["accent"], &shown["terms_url"]), (&"#0a7d4b".into(), &terms.into()));
    let logo = shown["logo"].as_str().unwrap();
    let stored = std::fs::read(sigma.path().join("sigma-objects").join(logo)).unwrap();
    assert!(stored.starts_with(b"\x89PNG") && logo.len() == 68, "{logo}");
    // One value at a time, and none.
    sigma.json(&["app", "set", "shop", "--logo", "", "--support-url", "mailto:help@example.org"]);
    let shown = sigma.json(&["app", "show", "shop"]);
    assert!(shown["logo"].is_null() && shown["accent"] == "#0a7d4b", "{shown}");
    let audit = sigma.json(&["audit", "--action", "app.change"]).to_string();
    assert!(audit.contains("logo") && audit.contains("accent"), "{audit}");
}

#[test]
fn bad_logos_accents_and_links_change_nothing() {
    let sigma = Installation::new();
    shop(&sigma);
    std::fs::write(sigma.path().join("logo.png"), "<svg xmlns='http://www.w3.org/2000/svg'/>").unwrap();
    for (option, value) in [
        ("--logo", "logo.png"),
        ("--logo", "missing.png"),
        ("--accent", "red"),
        ("--accent", "#12345"),
        ("--terms-url", "javascript:alert(1)"),
        ("--privacy-url", "/privacy"),
        ("--support-url", "http://example.org"),
    ] {
        let ran = sigma.run(&["app", "set", "shop", "--name", "Changed", option, value]);
        assert_eq!(ran.code, 2, "{option} {value}: {ran:?}");
        assert!(ran.stderr.contains(option), "{ran:?}");
    }
    assert_eq!(sigma.json(&["app", "show", "shop"])["client_name"], "Shop");
    assert!(!sigma.path().join("sigma-objects").exists());
}

#[test]
fn a_workspace_has_branding_too() {
    let sigma = Installation::new();
    let made = sigma.json(&["workspace", "add", "--name", "Bakery"]);
    let id = made["id"].as_str().unwrap();
    sigma.json(&["workspace", "set", id, "--accent", "#0a7d4b", "--logo", IMAGE]);
    let audit = sigma.json(&["audit", "--action", "workspace.change"]).to_string();
    assert!(audit.contains("logo") && audit.contains("accent"), "{audit}");
    let ran = sigma.run(&["workspace", "set", "nowhere", "--accent", "#0a7d4b"]);
    assert_eq!(ran.code, 3, "{ran:?}");
}

#[test]
fn the_branding_of_the_server_is_checked() {
    for (toml, key) in [
        ("[branding]\nname = ''\n", "branding.name"),
        ("[branding]\naccent = 'blue'\n", "branding.accent"),
        ("[branding]\nlogo = 'missing.png'\n", "branding.logo"),
        ("[branding]\nterms_url = 'ftp://example.org'\n", "branding.terms_url"),
        ("[languages]\noffered = ['de']\n", "languages.offered"),
        (
            "[objects.s3]\nbucket = 'b'\nendpoint = 'nowhere'\naccess_key_id = 'a'\nsecret_access_key = 'hunter2'\n",
            "objects.s3",
        ),
    ] {
        let ran = Installation::alone(toml).run(&["config", "check"]);
        assert_eq!(ran.code, 5, "{toml}: {ran:?}");
        let told = format!("{}{}", ran.stdout, ran.stderr);
        assert!(told.contains(key) && !told.contains("hunter2"), "{told}");
    }
    let sigma = Installation::alone(&format!("[branding]\nname = 'Example'\nlogo = '{IMAGE}'\naccent = '#0a7d4b'\n"));
    assert_eq!(sigma.run(&["config", "check"]).code, 0);
    let secret = "[objects.s3]\nbucket = 'b'\naccess_key_id = 'a'\nsecret_access_key = 'hunter2'\n";
    assert!(!Installation::alone(secret).run(&["config", "show"]).stdout.contains("hunter2"));
}
