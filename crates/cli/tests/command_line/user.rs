//! `sigma user`, with people who signed in before.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use sigma_bitcoin::{PrivateKey, PublicKey};
use sigma_core::actor::Actor;
use sigma_core::authentication::Authentication;
use sigma_core::digest::Digest;
use sigma_core::ids::{ApiKeyId, OrgId, SessionId, UserId};
use sigma_core::org::{KeyPermissions, Refusal};
use sigma_core::random::SeededRng;
use sigma_core::time::{ManualClock, Timestamp};
use sigma_store::org::api_key::{self, NewApiKey};
use sigma_store::org::membership::{self, NewMember, State};
use sigma_store::org::role;
use sigma_store::session::NewSession;
use sigma_store::user;
use sigma_store::{Store, StoreOptions, sign_in};

use crate::support::Installation;

const PUBKEY: &str = "024a038aa8d92634a3aa1f42275d3d4c975c4c7d808ec98c5f5603381454640ada";

/// An installation where `user_ada` is signed in by two browsers, until the year 2100.
fn with_ada() -> Installation {
    let sigma = Installation::new();
    let now = Timestamp::from_seconds(1_800_000_000);
    let clock = Arc::new(ManualClock::at(now));
    let store = Store::open(&StoreOptions::admin(sigma.url()), clock, Arc::new(SeededRng::new(1))).unwrap();
    let ada = UserId::from_text("user_ada");
    let session = move |id: &str| NewSession {
        id: SessionId::from_text(id),
        secret: Digest::of(id),
        continues: None,
        address: "192.0.2.1".to_owned(),
        user_agent: "Browser".to_owned(),
        device: sigma_store::session::Device::default(),
        now,
        expires_at: Timestamp::from_seconds(4_102_444_800),
    };
    store
        .write_blocking(move |tx| {
            user::add_with_pubkey(tx, &ada, &PublicKey::parse(PUBKEY).unwrap(), "Ada", now)?;
            user::add_with_pubkey(
                tx,
                &UserId::from_text("user_bob"),
                &PrivateKey::from_bytes([2; 32]).unwrap().public_key(),
                "Bob",
                now.plus(Duration::from_secs(1)),
            )?;
            let authentication = Authentication::by_key(ada.clone(), &PublicKey::parse(PUBKEY).unwrap(), now);
            sign_in::begin(tx, &authentication, None, &session("ses_1"))?;
            sign_in::begin(tx, &authentication, None, &session("ses_2"))
        })
        .unwrap();
    store.close();
    sigma
}

#[test]
fn users_are_listed_in_pages_and_shown_by_id_or_key() {
    let sigma = with_ada();
    let page = sigma.json(&["user", "list", "--limit", "1"]);
    assert_eq!((&page["items"][0]["id"], &page["next"]), (&json!("user_ada"), &json!("user_ada")));
    assert_eq!(sigma.json(&["user", "list", "--after", "user_ada"])["items"][0]["id"], "user_bob");
    let ada = json!({
        "id": "user_ada", "name": "Ada", "email": null, "email_verified": false, "pubkey": PUBKEY, "disabled": false,
        "created_at": "2027-01-15T08:00:00.000Z", "identities": [], "emails": [], "credentials": [{
            "kind": "key", "id": PUBKEY, "created_at": "2027-01-15T08:00:00.000Z",
            "last_used_at": "2027-01-15T08:00:00.000Z", "retired_at": null
        }]
    });
    assert_eq!(sigma.json(&["user", "show", "user_ada"]), ada);
    assert_eq!(sigma.json(&["user", "show", PUBKEY]), ada);
}

#[test]
fn an_account_is_disabled_and_enabled() {
    let sigma = with_ada();
    let unsure = sigma.run(&["user", "disable", "user_ada"]);
    assert!(unsure.code == 4 && unsure.stderr.contains("confirm with --yes"), "{unsure:?}");
    assert_eq!(sigma.json(&["user", "show", "user_ada"])["disabled"], false, "nothing was done");
    assert_eq!(sigma.json(&["user", "disable", "user_ada", "--yes"])["disabled"], true);
    assert!(sigma.run(&["user", "list"]).stdout.contains("disabled"));
    assert_eq!(sigma.json(&["user", "enable", PUBKEY])["disabled"], false);
}

#[test]
fn a_disabled_user_keeps_no_api_keys_unless_the_operator_decides_so() {
    for (arguments, active) in [(&[][..], false), (&["--keep-keys"][..], true)] {
        let sigma = with_ada();
        let workspaces = ["One", "Two"].map(|name| sigma.json(&["workspace", "add", "--name", name])["id"].clone());
        let clock = Arc::new(ManualClock::at(Timestamp::from_seconds(1_800_000_000)));
        let store = Store::open(&StoreOptions::admin(sigma.url()), clock, Arc::new(SeededRng::new(2))).unwrap();
        for id in &workspaces {
            let org_id = OrgId::from_text(id.as_str().unwrap());
            let made = store.decide_blocking::<_, Refusal>(move |tx| {
                let (ada, now) = (UserId::from_text("user_ada"), Timestamp::from_seconds(1_800_000_000));
                let role_id = role::find_by_name(tx, &org_id, "Admin")?.unwrap().id;
                let new = NewMember { user_id: ada.clone(), role_id, state: State::Active, quick_login: false };
                membership::add(tx, &org_id, &Actor::Operator, &new, now)?;
                let key = NewApiKey {
                    id: ApiKeyId::from_text(format!("key_{org_id}")),
                    name: "Import".to_owned(),
                    hash: Digest::of(org_id.as_str()),
                    permissions: KeyPermissions::ALL,
                    expires_at: None,
                };
                api_key::add(tx, &org_id, &Actor::User(ada), &key, now)
            });
            made.unwrap();
        }
        store.close();
        sigma.json(&[["user", "disable", "user_ada"].as_slice(), &["--yes"], arguments].concat());
        for id in &workspaces {
            let keys = sigma.json(&["api-key", "list", "--workspace", id.as_str().unwrap()]);
            let key = &keys["items"][0];
            assert_eq!((&key["active"], &key["madeBy"]), (&json!(active), &json!({"id": "user_ada", "name": "Ada"})));
        }
    }
}

#[test]
fn sessions_are_listed_and_ended() {
    let sigma = with_ada();
    let sessions = |arguments: &[&str]| sigma.json(&[["user", "sessions", "user_ada"].as_slice(), arguments].concat());
    let listed = sessions(&[]);
    assert_eq!(listed["items"].as_array().unwrap().len(), 2);
    assert_eq!((&listed["items"][0]["address"], &listed["next"]), (&json!("192.0.2.1"), &json!(null)));
    let unsure = sigma.run(&["user", "sessions", "user_ada", "--end", "ses_1"]);
    assert!(unsure.code == 4 && unsure.stderr.contains("confirm with --yes"), "{unsure:?}");
    assert_eq!(sessions(&["--end", "ses_1", "--yes"])["items"].as_array().unwrap().len(), 1);
    assert_eq!(sigma.run(&["user", "sessions", "user_ada", "--end", "ses_1"]).code, 3);
    assert_eq!(sigma.run(&["user", "sessions", "user_bob", "--end", "ses_2"]).code, 3, "not Bob's");
    let unsure = sigma.run(&["user", "sessions", "user_ada", "--end-all"]);
    assert!(unsure.code == 4 && unsure.stderr.contains("confirm with --yes"), "{unsure:?}");
    assert_eq!(sessions(&[])["items"].as_array().unwrap().len(), 1, "nothing was done");
    assert_eq!(sessions(&["--end-all", "--yes"])["items"], json!([]));
}

#[test]
fn name_and_address_of_an_account_are_set() {
    let sigma = with_ada();
    let set = sigma.json(&["user", "set", "user_ada", "--name", "Ada Lovelace", "--email", "ada@example.org"]);
    assert_eq!((&set["name"], &set["email"]), (&json!("Ada Lovelace"), &json!("ada@example.org")));
    assert_eq!(set["email_verified"], true);
    assert_eq!(
        sigma.json(&["user", "set", "ada@example.org", "--email", "new@example.org"])["email"],
        "new@example.org"
    );
    assert_eq!(sigma.run(&["user", "set", "user_bob", "--email", "new@example.org"]).code, 4, "Ada's");
    for wrong in [&["user", "set", "user_ada"][..], &["user", "set", "user_ada", "--email", "nobody"]] {
        assert_eq!(sigma.run(wrong).code, 2, "{wrong:?}");
    }
    assert_eq!(sigma.run(&["user", "set", "user_nobody", "--name", "A"]).code, 3);
    let events = sigma.run(&["audit", "--json"]).stdout;
    assert!(events.contains("user.change") && events.contains("operator"), "{events}");
}

#[test]
fn an_account_is_exported_and_removed() {
    let sigma = with_ada();
    let data: serde_json::Value = serde_json::from_str(&sigma.run(&["user", "export", "user_ada"]).stdout).unwrap();
    assert_eq!((&data["account"]["name"], &data["credentials"][0]["id"]), (&json!("Ada"), &json!(PUBKEY)));
    assert_eq!(data["sessions"].as_array().unwrap().len(), 2);
    let unsure = sigma.run(&["user", "remove", "user_ada"]);
    assert!(unsure.code == 4 && unsure.stderr.contains("confirm with --yes"), "{unsure:?}");
    assert_eq!(sigma.json(&["user", "remove", "user_ada", "--yes"]), json!({"id": "user_ada", "removed": true}));
    assert_eq!(sigma.run(&["user", "show", "user_ada"]).code, 3);
    assert_eq!(sigma.run(&["user", "export", "user_ada"]).code, 3);
    let events = sigma.run(&["audit", "--json"]).stdout;
    assert!(events.contains("\"user.delete\"") && !events.contains("user_ada"), "{events}");
    assert_eq!(sigma.json(&["user", "show", "user_bob"])["name"], "Bob");
}

#[test]
fn credentials_are_listed_and_the_last_one_is_kept() {
    let sigma = with_ada();
    let listed = sigma.json(&["user", "credentials", "user_ada"]);
    assert_eq!((&listed[0]["kind"], &listed[0]["id"]), (&json!("key"), &json!(PUBKEY)));
    assert_eq!(sigma.run(&["user", "credentials", "user_ada", "--retire", "password", "--yes"]).code, 3);
    assert_eq!(sigma.run(&["user", "credentials", "user_ada", "--retire", "key"]).code, 4, "not confirmed");
    let last = sigma.run(&["user", "credentials", "user_ada", "--retire", PUBKEY, "--yes"]);
    assert!(last.code == 4 && last.stderr.contains("last way"), "{last:?}");
}
