//! What is stored about a user is deleted with the account, or expires by itself. Workspaces are not left without an
//! administrator.

use sigma_core::ids::{OrgId, UserId};
use sigma_core::org::Switches;
use sigma_core::time::Clock as _;
use sigma_store::account_deletion::{self, Deletion, Requested};
use sigma_store::testing::insist;
use sigma_store::{on_both_engines, params};

use crate::accounts::add_person;

/// Tables with a user that the deletion leaves: what is in them expires, is deleted by a rule of its own, or is a record of
/// others.
const LEFT: [&str; 11] = [
    "merits",
    "codes",
    "device_codes",
    "user_code_guesses",
    "logouts",
    "grants",
    "sessions",
    "events",
    "email_sign_ups",
    "memberships",
    "account_deletions",
];

#[test]
fn every_table_about_users_is_deleted_with_the_account_or_expires() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations");
    let deletion = include_str!("../../src/account_deletion.rs");
    let mut missing = Vec::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let sql = std::fs::read_to_string(file.unwrap().path()).unwrap();
        for table in sql.split("CREATE TABLE ").skip(1) {
            let (name, columns) = table.split_once('(').unwrap();
            let columns = columns.split("\n);").next().unwrap();
            let is_about_users = columns.lines().any(|line| line.trim_start().starts_with("user_id "));
            let name = name.trim();
            if is_about_users && !LEFT.contains(&name) && !deletion.contains(&format!("delete!(\"{name}\"")) {
                missing.push(name.to_owned());
            }
        }
    }
    // The password's hash is deleted along with its share of the counts, and the objects of pictures before their rows.
    // The users of a directory's groups are no accounts.
    missing.retain(|name| !["passwords", "pictures", "scim_group_members"].contains(&name.as_str()));
    assert!(missing.is_empty(), "add them to DELETIONS in account_deletion.rs and to account_data.rs: {missing:?}");
}

on_both_engines! {
    fn the_only_administrator_of_the_last_of_many_workspaces_is_not_deleted(store: TestStore) {
        let (ada, bob, now) = (add_person(&store, "ada"), add_person(&store, "bob"), store.clock.now());
        let managers = [ada.clone(), bob];
        insist(&store, move |tx| {
            for number in 0..=100 {
                let org = format!("org_{number:03}");
                tx.execute("INSERT INTO orgs (id, name, created_at) VALUES ($1, 'Bakery', 1)", params![&org])?;
                tx.execute(
                    "INSERT INTO roles (org_id, id, name, name_folded, description, switches, schema_permissions,
                        catalog_permissions, schemas, catalogs, bytes, created_at, updated_at)
                     VALUES ($1, 'admin', 'Admin', 'admin', '', $2, '[]', '[]', 0, 0, 0, 1, 1)",
                    params![&org, i64::from(Switches::WORKSPACE.bits())],
                )?;
                let alone = number == 100;
                for user_id in managers.iter().take(if alone { 1 } else { 2 }) {
                    tx.execute(
                        "INSERT INTO memberships (org_id, user_id, role_id, state, quick_login, bucket, session_epoch,
                            created_at, updated_at)
                         VALUES ($1, $2, 'admin', 'active', 0, 0, 0, 1, 1)",
                        params![&org, user_id],
                    )?;
                }
            }
            Ok(())
        });
        let pseudonym = UserId::from_text("user_nobody");
        let deletion = Deletion { user_id: ada, pseudonym, requested_at: now, due_at: now };
        let requested = insist(&store, move |tx| account_deletion::request(tx, &deletion, None, &[]));
        let last = (OrgId::from_text("org_100"), "Bakery".to_owned());
        assert_eq!(requested, Requested::OnlyAdministrator(vec![last]));
    }
}
