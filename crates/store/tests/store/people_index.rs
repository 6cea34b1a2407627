//! People are found by any part of their name or an address, whether they are in a segment of the index or wait for one.

use sigma_core::email::Email;
use sigma_core::ids::UserId;
use sigma_core::people_search::Needle;
use sigma_core::time::Clock as _;
use sigma_store::account_deletion::{self, Deletion, Requested};
use sigma_store::email::{self, EmailProof};
use sigma_store::testing::{TestStore, block_on, insist};
use sigma_store::{Store, on_both_engines, people_index, user};

use crate::accounts::count;

fn add(store: &TestStore, id: &str, name: &str) -> UserId {
    let (user_id, name, now) = (UserId::from_text(id), name.to_owned(), store.clock.now());
    let email = Email::parse(&format!("{id}@example.org")).unwrap();
    let id = user_id.clone();
    let added = insist(store, move |tx| user::add_with_email(tx, &id, &email, EmailProof::Verified, &name, now));
    assert!(added.is_some());
    user_id
}

/// The ids of those who are found, newest first.
fn found(store: &Store, text: &str, before: Option<&UserId>, limit: u32) -> Vec<String> {
    let (needle, before) = (Needle::parse(text).unwrap(), before.cloned());
    let ids = insist(store, move |tx| people_index::find(tx, &needle, before.as_ref(), limit));
    ids.iter().map(ToString::to_string).collect()
}

/// Deletes an account whose deletion is due.
fn delete(store: &TestStore, user_id: &UserId) {
    let now = store.clock.now();
    let pseudonym = UserId::from_text("user_nobody");
    let deletion = Deletion { user_id: user_id.clone(), pseudonym, requested_at: now, due_at: now };
    let due = deletion.clone();
    let requested = insist(store, move |tx| account_deletion::request(tx, &due, None, &[]));
    assert_eq!(requested, Requested::Scheduled);
    loop {
        let due = deletion.clone();
        if insist(store, move |tx| account_deletion::delete_batch(tx, &due, now)) == 0 {
            break;
        }
    }
    insist(store, move |tx| account_deletion::finish(tx, &deletion, now));
}

on_both_engines! {
    fn people_are_found_by_a_part_whether_they_are_indexed_or_wait(store: TestStore) {
        for (number, name) in ["Ada Lovelace", "王小明", "Grace Hopper", "Hedy Lamarr", "Ada Hopper", "Zoë"].iter().enumerate() {
            add(&store, &format!("user_{number}"), name);
        }
        let check = |state: &str| {
            for (text, wanted) in [
                ("ada", &["user_4", "user_0"][..]),
                ("HOPPER", &["user_4", "user_2"]),
                ("小明", &["user_1"]),
                ("王", &["user_1"]),
                ("ZOË", &["user_5"]),
                ("ce h", &["user_2"]),
                ("3@exam", &["user_3"]),
                ("hopper ada", &[]),
                ("%", &[]),
                ("________", &[]),
            ] {
                assert_eq!(found(&store, text, None, 10), wanted, "{state}: {text}");
            }
            // A page after the other, and the rest of one.
            let fourth = UserId::from_text("user_4");
            assert_eq!(found(&store, "example", None, 2), ["user_5", "user_4"], "{state}");
            assert_eq!(found(&store, "example", Some(&fourth), 2), ["user_3", "user_2"], "{state}");
            assert_eq!(found(&store, "a", Some(&fourth), 10), ["user_3", "user_2", "user_1", "user_0"], "{state}");
        };
        check("waiting");
        assert_eq!(block_on(people_index::index(&store, 7)).unwrap(), 0);
        assert_eq!(block_on(people_index::index(&store, 4)).unwrap(), 1);
        assert_eq!(count(&store, "SELECT COUNT(*) FROM people_unindexed"), 2);
        check("some of them indexed");
        assert_eq!(block_on(people_index::index(&store, 1)).unwrap(), 2);
        check("all of them indexed");
    }

    fn what_people_were_called_before_leaves_the_index(store: TestStore) {
        let people: Vec<_> = ["Ada", "Bob", "Carla"].iter().map(|name| add(&store, &format!("user_{name}"), name)).collect();
        let (ada, bob, now) = (people[0].clone(), people[1].clone(), store.clock.now());
        assert_eq!(block_on(people_index::index(&store, 3)).unwrap(), 1);
        // At once for whoever searches …
        insist(&store, {
            let ada = ada.clone();
            move |tx| {
                user::rename(tx, &ada, "Augusta", now)?;
                email::add(tx, &ada, &Email::parse("countess@lovelace.example").unwrap(), EmailProof::Verified, now)
            }
        });
        assert_eq!(found(&store, "ugust", None, 10), [ada.to_string()]);
        assert_eq!(found(&store, "countess", None, 10), [ada.to_string()]);
        delete(&store, &bob);
        assert_eq!(found(&store, "bob", None, 10), [""; 0]);
        // … and in what is stored once its segment was replaced, and a while has passed.
        let grams = count(&store, "SELECT COUNT(*) FROM people_grams");
        // A segment that is being written may hold them too: what is outdated is not forgotten before that one is there.
        let begun = "INSERT INTO people_segments (id, live, changed_at, oldest, newest, people) VALUES (1, 0, $1, '', '', '')";
        insist(&store, move |tx| tx.execute(begun, sigma_store::params![now]));
        assert!(!block_on(people_index::renew(&store)).unwrap());
        assert_eq!(count(&store, "SELECT COUNT(*) FROM people_outdated"), 2);
        insist(&store, |tx| tx.execute("DELETE FROM people_segments WHERE id = 1", &[]));
        assert!(block_on(people_index::renew(&store)).unwrap());
        assert_eq!(count(&store, "SELECT COUNT(*) FROM people_outdated"), 0);
        store.advance(std::time::Duration::from_mins(11));
        block_on(people_index::renew(&store)).unwrap();
        assert!(count(&store, "SELECT COUNT(*) FROM people_grams") < grams + 40);
        assert_eq!(count(&store, "SELECT COUNT(*) FROM people_segments"), 1);
        let stored = insist(&store, |tx| tx.query_opt("SELECT people FROM people_segments", &[])?.unwrap().text(0));
        assert_eq!(stored, "user_Ada\nuser_Carla");
        for text in ["ugust", "countess", "a@exam"] {
            assert!(found(&store, text, None, 10).contains(&ada.to_string()), "{text}");
        }
    }
}
