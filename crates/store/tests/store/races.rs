//! "Only once" and "the last one" hold under any concurrency, on both engines.

use sigma_core::ids::OrgId;
use sigma_store::testing::insist;
use sigma_store::{Owner, Store, on_both_engines, params};

use crate::accounts::{count, together};

fn table(store: &Store, sql: &'static str) {
    store.write_blocking(move |tx| tx.execute(sql, &[])).unwrap();
}

on_both_engines! {
    fn a_message_is_spent_only_once(store: TestStore) {
        for round in 0..25_i64 {
            let winners = together(|_| insist(&store, move |tx| {
                let sql = "INSERT INTO replay_guard (key, expires_at) VALUES ($1, 1) ON CONFLICT DO NOTHING RETURNING expires_at";
                Ok(tx.query_opt(sql, params![round.to_be_bytes()])?.is_some())
            }));
            assert_eq!(winners.iter().filter(|won| **won).count(), 1, "round {round}");
        }
    }

    fn what_is_used_by_a_conditional_update_is_used_only_once(store: TestStore) {
        table(&store, "CREATE TABLE tickets (id BIGINT NOT NULL PRIMARY KEY, used_by BIGINT)");
        for round in 0..25_i64 {
            insist(&store, move |tx| tx.execute("INSERT INTO tickets (id) VALUES ($1)", params![round]));
            let winners = together(|thread| insist(&store, move |tx| {
                let free = "UPDATE tickets SET used_by = $2 WHERE id = $1 AND used_by IS NULL RETURNING id";
                Ok(tx.query_opt(free, params![round, i64::from(thread)])?.is_some())
            }));
            assert_eq!(winners.iter().filter(|won| **won).count(), 1, "round {round}");
        }
    }

    fn whoever_locks_the_owner_decides_alone(store: TestStore) {
        table(&store, "CREATE TABLE admins (org TEXT NOT NULL, id BIGINT NOT NULL, PRIMARY KEY (org, id))");
        for org in 0..15_i64 {
            let org_id = OrgId::from_text(format!("org_{org}"));
            let made = org_id.clone();
            insist(&store, move |tx| {
                tx.execute("INSERT INTO orgs (id, name, created_at) VALUES ($1, 'org', 1)", params![&made])?;
                for id in 0..8_i64 {
                    tx.execute("INSERT INTO admins (org, id) VALUES ($1, $2)", params![&made, id])?;
                }
                Ok(())
            });
            let removed = together(|id| {
                let id = i64::from(id);
                let org_id = org_id.clone();
                insist(&store, move |tx| {
                    tx.lock(Owner::Org(&org_id))?;
                    let all = tx.query_all("SELECT id FROM admins WHERE org = $1", params![&org_id])?;
                    if all.len() < 2 {
                        return Ok(false);
                    }
                    tx.execute("DELETE FROM admins WHERE org = $1 AND id = $2", params![&org_id, id])?;
                    Ok(true)
                })
            });
            assert_eq!(removed.iter().filter(|gone| **gone).count(), 7, "org {org}");
        }
        assert_eq!(count(&store, "SELECT count(*) FROM admins"), 15);
    }

    fn no_count_is_lost(store: TestStore) {
        table(&store, "CREATE TABLE counters (id BIGINT NOT NULL PRIMARY KEY, n BIGINT NOT NULL)");
        table(&store, "INSERT INTO counters (id, n) VALUES (1, 0)");
        together(|_| {
            for _ in 0..10 {
                insist(&store, |tx| tx.execute("UPDATE counters SET n = n + 1 WHERE id = 1", &[]));
            }
        });
        assert_eq!(count(&store, "SELECT n FROM counters WHERE id = 1"), 80);
    }

    fn of_two_that_make_the_same_row_the_second_finds_it(store: TestStore) {
        table(&store, "CREATE TABLE names (name BIGINT NOT NULL PRIMARY KEY, taken_by BIGINT NOT NULL)");
        for round in 0..25_i64 {
            let owners = together(|thread| insist(&store, move |tx| {
                let taken = tx.query_opt("SELECT taken_by FROM names WHERE name = $1", params![round])?;
                match taken {
                    Some(row) => row.int(0),
                    None => tx
                        .execute("INSERT INTO names (name, taken_by) VALUES ($1, $2)", params![round, i64::from(thread)])
                        .map(|_| i64::from(thread)),
                }
            }));
            assert!(owners.iter().all(|owner| *owner == owners[0]), "round {round}: {owners:?}");
        }
    }
}
