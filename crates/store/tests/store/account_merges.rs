//! One account goes into another of the same person: row by row, and not at all where that would not be honest.

use std::time::Duration;

use sigma_core::authentication::{Credential, CredentialKind, Method, Methods};
use sigma_core::digest::Digest;
use sigma_core::ids::{OrgId, UserId};
use sigma_core::merge::MergeRefusal;
use sigma_core::org::Switches;
use sigma_core::time::{Clock as _, Timestamp};
use sigma_store::account_merge::Merged;
use sigma_store::testing::{TestStore, identity_named, insist};
use sigma_store::{
    Stop, StoreError, Tx, account_merge, credential, merged_account, on_both_engines, params, password, session, user,
};

use crate::accounts::{add_person, count, events, sign_in};

/// Tables in which rows of the account that goes remain: they expire, or are the record of what happened.
const LEFT: [&str; 8] =
    ["codes", "device_codes", "user_code_guesses", "logouts", "grants", "sessions", "events", "email_sign_ups"];

/// The tables with a user.
fn tables() -> Vec<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations");
    let mut tables = Vec::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let sql = std::fs::read_to_string(file.unwrap().path()).unwrap();
        for table in sql.split("CREATE TABLE ").skip(1) {
            let (name, columns) = table.split_once('(').unwrap();
            let columns = columns.split("\n);").next().unwrap();
            if columns.lines().any(|line| line.trim_start().starts_with("user_id ")) {
                tables.push(name.trim().to_owned());
            }
        }
    }
    // The users of a directory's groups are no accounts.
    tables.retain(|name| name != "scim_group_members");
    tables
}

#[test]
fn the_guide_has_a_rule_for_every_table_about_users() {
    let guide = include_str!("../../../../docs/guides/merging-accounts.md");
    let missing: Vec<_> = tables().into_iter().filter(|name| !guide.contains(&format!("`{name}`"))).collect();
    assert!(missing.is_empty(), "say in the guide and in account_merge what becomes of them: {missing:?}");
}

fn write(store: &TestStore, statements: &'static [&'static str]) {
    insist(store, move |tx| {
        for sql in statements {
            let sql = sql.replace("bapgone", identity_named("gone").as_str());
            tx.execute(sql.replace("bapkept", identity_named("kept").as_str()).leak(), &[])?;
        }
        Ok(())
    });
}

/// What `user_gone` has, each beside something of `user_kept` that is in its way, or not.
const ROWS: &[&str] = &[
    "INSERT INTO emails (folded, user_id, address, proven_at, is_primary, created_at) VALUES
        ('gone@x.test', 'user_gone', 'Gone@x.test', 1, 1, 1), ('odd@x.test', 'user_gone', 'odd@x.test', NULL, 0, 1),
        ('kept@x.test', 'user_kept', 'kept@x.test', 1, 1, 1)",
    "INSERT INTO identities (bap_id, user_id, pubkey, name, proof, is_primary, created_at, updated_at) VALUES
        ('bapgone', 'user_gone', '', 'g', 'none', 1, 1, 1), ('bapkept', 'user_kept', '', 'k', 'none', 1, 1, 1)",
    "INSERT INTO identity_keys (bap_id, pubkey, user_id, added_at) VALUES ('bapgone', '02aa', 'user_gone', 1)",
    "INSERT INTO pictures (id, user_id, created_at) VALUES ('one', 'user_gone', 1), ('two', 'user_gone', 1)",
    "INSERT INTO profiles (user_id, bap_id, fields, picture, created_at, updated_at) VALUES
        ('user_gone', '', '{}', 'one', 1, 1), ('user_gone', 'bapgone', '{}', 'two', 1, 1), ('user_kept', '', '{}', NULL, 1, 1)",
    "INSERT INTO wallets (user_id, bap_id, address, pubkey, provider, is_primary, connected_at, verified_at) VALUES
        ('user_gone', '', 'a1', '02', 'p', 1, 1, 1), ('user_gone', '', 'a2', '02', 'p', 0, 1, 1),
        ('user_kept', '', 'a1', '02', 'p', 1, 1, 1)",
    "INSERT INTO backups (user_id, bap_id, hash, id, sealed, size, first_stored_at, stored_at)
        VALUES ('user_gone', 'bapgone', 'h', 'bak_1', 's', 1, 1, 1)",
    "INSERT INTO provider_accounts (id, provider_id, issuer, subject, user_id, created_at, updated_at)
        VALUES ('google|1', 'google', 'https://x', '1', 'user_gone', 1, 1)",
    "INSERT INTO user_handles (user_id, handle) VALUES ('user_gone', 'hg'), ('user_kept', 'hk')",
    "INSERT INTO passkeys (id, user_id, name, public_key, sign_count, backed_up, created_at)
        VALUES ('pk', 'user_gone', 'Laptop', 'k', 0, 0, 1)",
    "INSERT INTO credentials (kind, id, user_id, created_at) VALUES
        ('provider', 'google|1', 'user_gone', 1), ('passkey', 'pk', 'user_gone', 1), ('recovery', 'user_gone', 'user_gone', 1)",
    "INSERT INTO recovery_codes (user_id, hash) VALUES ('user_gone', 'r')",
    "INSERT INTO registrations (app_id, made_by) VALUES ('app_1', 'user_gone')",
    "INSERT INTO consents (user_id, app_id, bap_id, resource, scope, created_at, updated_at)
        VALUES ('user_gone', 'app_1', '', '', 'openid', 1, 1)",
    "INSERT INTO known_devices (user_id, name, created_at, seen_at) VALUES ('user_gone', 'd', 1, 1)",
    "INSERT INTO impersonators (org_id, user_id, created_at) VALUES
        ('org_a', 'user_gone', 1), ('org_b', 'user_gone', 1), ('org_b', 'user_kept', 1)",
    "INSERT INTO merits (org_id, id, template_id, access, status, email, email_folded, user_id, first_name, last_name, field_values, app_id,
        is_public, sent_at, updated_at) VALUES
        ('org_a', 'm1', 't', 0, 'Accepted', '', '', 'user_gone', '', '', '{}', NULL, 0, 1, 1),
        ('org_a', 'm2', 't', 0, 'Pending', '', '', 'user_gone', '', '', '{}', NULL, 0, 1, 1),
        ('org_a', 'm3', 't', 1, 'Accepted', '', '', 'user_gone', '', '', '{}', 'app_1', 0, 1, 1)",
    "INSERT INTO merit_claims (holder_id, email_folded, claimant_id, created_at, expires_at)
        VALUES ('user_gone', 'c@x.test', 'user_else', 1, 9000000000000000)",
];

/// `org_a`, of which only `user_gone` is a member, and `org_b`, of which both are: as an admin and as one who manages nothing.
fn add_orgs(store: &TestStore) {
    insist(store, |tx| {
        for org in ["org_a", "org_b"] {
            tx.execute("INSERT INTO orgs (id, name, created_at) VALUES ($1, 'Bakery', 1)", params![org])?;
            for (role, switches) in [("admin", Switches::WORKSPACE), ("baker", Switches::default())] {
                tx.execute(
                    "INSERT INTO roles (org_id, id, name, name_folded, description, switches, schema_permissions,
                        catalog_permissions, schemas, catalogs, bytes, created_at, updated_at)
                     VALUES ($1, $2, $2, $2, '', $3, '[]', '[]', 0, 0, 0, 1, 1)",
                    params![org, role, i64::from(switches.bits())],
                )?;
            }
        }
        add_member(tx, "org_a", "user_gone", "admin")?;
        add_member(tx, "org_b", "user_gone", "admin")?;
        add_member(tx, "org_b", "user_kept", "baker")?;
        add_member(tx, "org_b", "user_boss", "admin")?;
        tx.execute(
            "INSERT INTO member_buckets (org_id, bucket, members) VALUES ('org_a', 0, 1), ('org_b', 0, 3)",
            &[],
        )?;
        for org in ["org_a", "org_b"] {
            tx.execute(
                "INSERT INTO api_keys (org_id, id, name, hash, permissions, active, made_by_user, made_by_name, created_at)
                 VALUES ($1, 'key', 'k', $2, 2, 1, 'user_gone', 'g', 1)",
                params![org, Digest::of(org)],
            )?;
        }
        tx.execute(
            "INSERT INTO scim_users (org_id, id, user_name_folded, member_id, active, attributes, created_at, updated_at)
             VALUES ('org_a', 'scim_1', 'gone', 'user_gone', 1, '{}', 1, 1)",
            &[],
        )?;
        Ok(())
    });
}

fn add_member(tx: &mut dyn Tx, org: &str, user_id: &str, role: &str) -> Result<(), sigma_store::StoreError> {
    tx.execute(
        "INSERT INTO memberships (org_id, user_id, role_id, state, quick_login, bucket, session_epoch, created_at, updated_at)
         VALUES ($1, $2, $3, 'active', 0, 0, 0, 1, 1)",
        params![org, user_id, role],
    )?;
    Ok(())
}

fn browser() -> Digest {
    Digest::of("browser")
}

/// What somebody does whose account another got into.
type Recovery = fn(&mut dyn Tx, &UserId, Timestamp) -> Result<(), StoreError>;

fn own_password() -> Methods {
    Methods::of(Method::Password)
}

/// Both confirmations, in one browser.
fn merge(store: &TestStore, gone: &UserId, kept: &UserId) -> Result<Merged, MergeRefusal> {
    let (gone, kept, now) = (gone.clone(), kept.clone(), store.clock.now());
    let going = store.decide_blocking(move |tx| account_merge::confirm_going(tx, &gone, &browser(), now));
    going.map_err(refusal)?;
    let staying =
        store.decide_blocking(move |tx| account_merge::merge(tx, &kept, &browser(), &own_password(), &[], now));
    staying.map_err(refusal)
}

fn refusal(stop: Stop<MergeRefusal>) -> MergeRefusal {
    match stop {
        Stop::Refused(refusal) => refusal,
        Stop::Failed(error) => panic!("{error}"),
    }
}

/// The texts that `sql` selects.
fn texts(store: &TestStore, sql: &'static str) -> Vec<String> {
    insist(store, move |tx| tx.query_all(sql, &[])?.iter().map(|row| row.text(0)).collect())
}

on_both_engines! {
    fn the_account_that_stays_takes_over_what_the_other_has(store: TestStore) {
        let [gone, kept, _] = ["gone", "kept", "boss"].map(|name| add_person(&store, name));
        write(&store, ROWS);
        add_orgs(&store);
        let (with_password, now) = (gone.clone(), store.clock.now());
        insist(&store, move |tx| password::set(tx, &with_password, "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA", "", now));
        sign_in(&store, "gone", "one");
        assert_eq!(merge(&store, &gone, &kept), Ok(Merged::Whole(gone.clone())));

        // Nothing of the account is left where it would count.
        for table in tables().into_iter().filter(|name| !LEFT.contains(&name.as_str())) {
            let sql: &'static str = format!("SELECT COUNT(*) FROM {table} WHERE user_id = 'user_gone'").leak();
            assert_eq!(count(&store, sql), 0, "{table}");
        }
        assert_eq!(count(&store, "SELECT COUNT(*) FROM users WHERE id = 'user_gone'"), 0);
        let wanted = gone.clone();
        assert_eq!(insist(&store, move |tx| merged_account::find_successor(tx, &wanted)), Some(kept.clone()));

        assert_eq!(
            texts(&store, "SELECT folded || ' ' || CAST(is_primary AS TEXT) FROM emails WHERE user_id = 'user_kept' ORDER BY folded"),
            ["gone@x.test 0", "kept@x.test 1"]
        );
        assert_eq!(count(&store, "SELECT COUNT(*) FROM emails WHERE folded = 'odd@x.test'"), 0);
        assert_eq!(
            texts(&store, "SELECT name || ' ' || CAST(is_primary AS TEXT) FROM identities WHERE user_id = 'user_kept' ORDER BY name"),
            ["g 0", "k 1"]
        );
        assert_eq!(
            texts(&store, "SELECT kind FROM credentials WHERE user_id = 'user_kept' ORDER BY kind, id"),
            ["key", "key", "passkey", "password", "provider"]
        );
        assert_eq!(texts(&store, "SELECT id FROM credentials WHERE kind = 'password'"), ["user_kept"]);
        for (sql, wanted) in [
            ("SELECT COUNT(*) FROM passwords WHERE user_id = 'user_kept'", 1),
            ("SELECT COUNT(*) FROM passkeys WHERE user_id = 'user_kept' AND handle = 'hg'", 1),
            ("SELECT COUNT(*) FROM user_handles WHERE user_id = 'user_kept' AND handle = 'hk'", 1),
            ("SELECT COUNT(*) FROM provider_accounts WHERE user_id = 'user_kept'", 1),
            ("SELECT COUNT(*) FROM identity_keys WHERE user_id = 'user_kept'", 1),
            ("SELECT COUNT(*) FROM profiles WHERE user_id = 'user_kept'", 2),
            ("SELECT COUNT(*) FROM pictures WHERE user_id = 'user_kept' AND id = 'one' AND delete_after IS NOT NULL", 1),
            ("SELECT COUNT(*) FROM pictures WHERE user_id = 'user_kept' AND id = 'two' AND delete_after IS NULL", 1),
            ("SELECT COUNT(*) FROM wallets WHERE user_id = 'user_kept'", 2),
            ("SELECT COUNT(*) FROM wallets WHERE user_id = 'user_kept' AND is_primary = 1", 1),
            ("SELECT COUNT(*) FROM backups WHERE user_id = 'user_kept'", 1),
            ("SELECT COUNT(*) FROM registrations WHERE made_by = 'user_kept'", 1),
            ("SELECT COUNT(*) FROM merits WHERE user_id = 'user_kept' AND access = 0", 2),
            ("SELECT COUNT(*) FROM merits WHERE access = 1", 0),
            ("SELECT COUNT(*) FROM merit_claims", 0),
            ("SELECT COUNT(*) FROM consents", 0),
            ("SELECT COUNT(*) FROM impersonators WHERE user_id = 'user_kept'", 2),
            ("SELECT COUNT(*) FROM memberships WHERE org_id = 'org_a' AND user_id = 'user_kept' AND role_id = 'admin'", 1),
            ("SELECT COUNT(*) FROM memberships WHERE org_id = 'org_b' AND user_id = 'user_kept' AND role_id = 'baker'", 1),
            ("SELECT members FROM member_buckets WHERE org_id = 'org_b'", 2),
            ("SELECT members FROM member_buckets WHERE org_id = 'org_a'", 1),
            ("SELECT COUNT(*) FROM scim_users WHERE member_id = 'user_kept'", 1),
            ("SELECT COUNT(*) FROM api_keys WHERE made_by_user = 'user_kept'", 2),
            ("SELECT active FROM api_keys WHERE org_id = 'org_a'", 1),
            // The role that is left may not have made it.
            ("SELECT active FROM api_keys WHERE org_id = 'org_b'", 0),
            ("SELECT COUNT(*) FROM sessions WHERE user_id = 'user_gone' AND ended_at IS NULL", 0),
            ("SELECT COUNT(*) FROM account_merges", 0),
        ] {
            assert_eq!(count(&store, sql), wanted, "{sql}");
        }
        // One for the person, one for each workspace.
        assert_eq!(events(&store, "kept", "user.merge").len(), 3);
        // What was confirmed counts once.
        let (kept, now) = (kept, store.clock.now());
        let again = store.decide_blocking(move |tx| account_merge::merge(tx, &kept, &browser(), &own_password(), &[], now));
        assert_eq!(again.map_err(refusal), Err(MergeRefusal::NotConfirmed));
    }

    fn a_providers_word_alone_sets_no_password_by_a_merge(store: TestStore) {
        let [gone, kept] = ["gone", "kept"].map(|name| add_person(&store, name));
        let (with_password, now) = (gone.clone(), store.clock.now());
        insist(&store, move |tx| password::set(tx, &with_password, "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA", "", now));
        let merged = store.decide_blocking(move |tx| {
            account_merge::confirm_going(tx, &gone, &browser(), now)?;
            account_merge::merge(tx, &kept, &browser(), &Methods::of(Method::Provider), &[], now)
        });
        assert!(merged.is_ok());
        assert_eq!(count(&store, "SELECT count(*) FROM passwords"), 0);
        assert_eq!(count(&store, "SELECT count(*) FROM credentials WHERE kind = 'password'"), 0);
    }

    fn the_access_of_an_account_ends_in_bounded_transactions(store: TestStore) {
        let [gone, kept] = ["gone", "kept"].map(|name| add_person(&store, name));
        insist(&store, |tx| {
            (0..1_800).try_for_each(|n| {
                tx.execute(
                    "INSERT INTO grants (id, app_id, user_id, scope, claims, id_token_claims, resources, auth_time, acr, amr, offline,
                        created_at, expires_at)
                     VALUES ($1, 'app_1', 'user_gone', '', '[]', '[]', '[]', 1, '1', '', 1, 1, 9000000000000000)",
                    params![format!("gr_{n}")],
                ).map(drop)
            })
        });
        assert_eq!(merge(&store, &gone, &kept), Ok(Merged::InPart));
        let now = store.clock.now();
        let last = (0..10).find_map(|_| {
            let kept = kept.clone();
            let again = move |tx: &mut dyn Tx| account_merge::merge(tx, &kept, &browser(), &own_password(), &[], now);
            let merged = store.decide_blocking(again).map_err(refusal).unwrap();
            (merged != Merged::InPart).then_some(merged)
        });
        assert_eq!(last, Some(Merged::Whole(gone)));
    }

    fn what_an_intruder_confirmed_ends_with_their_access(store: TestStore) {
        let [gone, kept] = ["gone", "kept"].map(|name| add_person(&store, name));
        sign_in(&store, "gone", "one");
        let now = store.clock.now();
        let recoveries: [Recovery; 3] = [
            |tx, user_id, now| session::end_all(tx, user_id, None, now).map(drop),
            |tx, user_id, now| {
                user::set_disabled(tx, user_id, true, now)?;
                user::set_disabled(tx, user_id, false, now).map(drop)
            },
            |tx, user_id, now| {
                password::set(tx, user_id, "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA", "", now)?;
                let stolen = Credential { kind: CredentialKind::Password, id: user_id.to_string() };
                credential::retire(tx, user_id, &stolen, now).map(drop)
            },
        ];
        for recovery in recoveries {
            let (gone, kept) = (gone.clone(), kept.clone());
            let merged = store.decide_blocking(move |tx| {
                account_merge::confirm_going(tx, &gone, &browser(), now)?;
                recovery(tx, &gone, now)?;
                account_merge::merge(tx, &kept, &browser(), &own_password(), &[], now)
            });
            assert_eq!(merged.map_err(refusal), Err(MergeRefusal::NotConfirmed));
        }
    }

    fn both_accounts_are_proven_in_one_browser_and_in_time(store: TestStore) {
        let [gone, kept, other] = ["gone", "kept", "other"].map(|name| add_person(&store, name));
        let staying = |browser: &'static str, kept: &UserId| {
            let (kept, now) = (kept.clone(), store.clock.now());
            let merged = store.decide_blocking(move |tx| account_merge::merge(tx, &kept, &Digest::of(browser), &own_password(), &[], now));
            merged.map_err(refusal)
        };
        let confirm = || {
            let (gone, now) = (gone.clone(), store.clock.now());
            let going = store.decide_blocking(move |tx| account_merge::confirm_going(tx, &gone, &browser(), now));
            going.map_err(refusal).unwrap();
        };
        assert_eq!(staying("browser", &kept), Err(MergeRefusal::NotConfirmed));
        confirm();
        assert_eq!(staying("another", &kept), Err(MergeRefusal::NotConfirmed));
        assert_eq!(staying("browser", &gone), Err(MergeRefusal::SameAccount));
        store.advance(Duration::from_mins(31));
        assert_eq!(staying("browser", &kept), Err(MergeRefusal::NotConfirmed));
        // The account that an operator named stays, and no other.
        let (proposed, now) = ([gone.clone(), kept.clone()], store.clock.now());
        let propose = move |tx: &mut dyn Tx| account_merge::propose(tx, &proposed[0], &proposed[1], &[], now);
        store.decide_blocking(propose).map_err(refusal).unwrap();
        assert_eq!(staying("browser", &kept), Err(MergeRefusal::NotConfirmed));
        // The same once more changes nothing.
        let proposed = [gone.clone(), kept.clone()];
        let again = move |tx: &mut dyn Tx| account_merge::propose(tx, &proposed[0], &proposed[1], &[], now);
        store.decide_blocking(again).map_err(refusal).unwrap();
        confirm();
        assert_eq!(staying("browser", &other), Err(MergeRefusal::AnotherAccount));
        assert_eq!(staying("browser", &kept), Ok(Merged::Whole(gone.clone())));
        assert_eq!(events(&store, "kept", "user.propose_merge").len(), 1);
    }

    fn what_cannot_be_merged_honestly_stays_as_it_is(store: TestStore) {
        let [gone, kept, _] = ["gone", "kept", "boss"].map(|name| add_person(&store, name));
        add_orgs(&store);
        insist(&store, |tx| {
            let sql = "INSERT INTO totp_secrets (user_id, id, sealed, last_step, created_at) VALUES ('user_gone', 't', $1, 0, 1)";
            tx.execute(sql, params![vec![1_u8]])
        });
        assert_eq!(merge(&store, &gone, &kept), Err(MergeRefusal::SecondFactor));
        for (row, most) in [
            ("INSERT INTO credentials (kind, id, user_id, created_at) VALUES ('key', $1, 'user_gone', 1)", 50),
            (
                "INSERT INTO passkeys (id, user_id, name, public_key, sign_count, backed_up, created_at)
                    VALUES ($1, 'user_gone', 'Laptop', 'k', 0, 0, 1)",
                21,
            ),
        ] {
            insist(&store, move |tx| (0..most).try_for_each(|n| tx.execute(row, params![format!("many{n}")]).map(drop)));
            insist(&store, |tx| tx.execute("DELETE FROM totp_secrets", &[]));
            assert_eq!(merge(&store, &gone, &kept), Err(MergeRefusal::TooMuch), "{row}");
            insist(&store, |tx| {
                tx.execute("DELETE FROM credentials WHERE id LIKE 'many%'", &[])?;
                tx.execute("DELETE FROM passkeys", &[])
            });
        }
        insist(&store, |tx| tx.execute("DELETE FROM totp_secrets", &[]));
        for (obstacle, removal, expected) in [
            (
                "UPDATE memberships SET role_id = 'baker' WHERE org_id = 'org_b' AND user_id = 'user_boss'",
                "UPDATE memberships SET role_id = 'admin' WHERE org_id = 'org_b' AND user_id = 'user_boss'",
                MergeRefusal::OnlyAdministrator,
            ),
            (
                "INSERT INTO scim_users (org_id, id, user_name_folded, member_id, active, attributes, created_at, updated_at)
                    VALUES ('org_b', 'scim_2', 'gone', 'user_gone', 1, '{}', 1, 1)",
                "DELETE FROM scim_users WHERE org_id = 'org_b'",
                MergeRefusal::Directory,
            ),
            (
                "INSERT INTO account_deletions (user_id, pseudonym, requested_at, due_at) VALUES ('user_kept', 'user_x', 1, 2)",
                "DELETE FROM account_deletions",
                MergeRefusal::DeletionRequested,
            ),
            (
                "UPDATE users SET disabled = 1 WHERE id = 'user_kept'",
                "UPDATE users SET disabled = 0 WHERE id = 'user_kept'",
                MergeRefusal::Disabled,
            ),
        ] {
            insist(&store, move |tx| tx.execute(obstacle, &[]));
            assert_eq!(merge(&store, &gone, &kept), Err(expected));
            insist(&store, move |tx| tx.execute(removal, &[]));
        }
        insist(&store, |tx| add_member(tx, OrgId::operator().as_str(), "user_kept", "owner"));
        assert_eq!(merge(&store, &gone, &kept), Err(MergeRefusal::Operator));
        assert!(insist(&store, move |tx| user::find(tx, &gone)).is_some());
        assert_eq!(count(&store, "SELECT COUNT(*) FROM memberships WHERE user_id = 'user_gone'"), 2);
        assert_eq!(count(&store, "SELECT COUNT(*) FROM merged_accounts"), 0);
    }
}
