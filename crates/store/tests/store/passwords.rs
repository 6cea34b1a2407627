//! Accounts found by their address, their passwords, and the failures of those who guess at them, on both engines.

use std::time::Duration;

use sigma_core::email::Email;
use sigma_core::ids::UserId;
use sigma_core::time::{Clock as _, Timestamp};
use sigma_store::account::{self, EmailProof, User};
use sigma_store::password::{self, Attempt, LookedUp};
use sigma_store::testing::TestStore;
use sigma_store::{Store, on_both_engines};

fn add(store: &TestStore, address: &str) -> Option<User> {
    let (id, email) = (UserId::new(store.clock.now(), &*store.rng), Email::parse(address).unwrap());
    let now = store.clock.now();
    let add =
        move |tx: &mut dyn sigma_store::Tx| account::add_with_email(tx, &id, &email, EmailProof::Verified, "Ada", now);
    store.write_blocking(add).unwrap()
}

fn set(store: &TestStore, user: &User, hash: &'static str) {
    let (id, now) = (user.id.clone(), store.clock.now());
    store.write_blocking(move |tx| password::set(tx, &id, hash, "192.0.2.1", now)).unwrap();
}

fn attempt(email: &str, network: &str) -> Attempt {
    Attempt { email: email.to_owned(), bucket: 0x0abc, network: network.to_owned() }
}

fn look_up(store: &Store, now: Timestamp, email: &str, network: &str) -> LookedUp {
    let attempt = attempt(email, network);
    store.read_blocking(move |tx| password::look_up(tx, &attempt, now)).unwrap()
}

/// A wrong password, unless the account has to wait; then for how long.
fn guess(store: &TestStore, email: &str, network: &str) -> u64 {
    let now = store.clock.now();
    let looked_up = look_up(store, now, email, network);
    if let Some(until) = looked_up.blocked_until {
        return until.since(now).as_secs();
    }
    store.write_blocking(move |tx| password::fail(tx, &looked_up, now)).unwrap();
    0
}

fn confirm(store: &TestStore, looked_up: &LookedUp) -> bool {
    let proof = looked_up.proof().unwrap();
    store.write_blocking(move |tx| password::confirm(tx, &proof)).unwrap()
}

fn failures(store: &Store) -> i64 {
    store
        .read_blocking(|tx| tx.query_opt("SELECT COUNT(*) FROM failures WHERE count > 0", &[]))
        .unwrap()
        .unwrap()
        .int(0)
        .unwrap()
}

on_both_engines! {
    fn one_account_has_an_address_however_it_is_written(store: TestStore) {
        let ada = add(&store, "Ada@Example.org").unwrap();
        assert_eq!(add(&store, "ada@example.ORG"), None);
        let found = store.read_blocking(|tx| account::find_by_email(tx, "ada@example.org")).unwrap();
        assert_eq!(found, Some(ada));
        assert_eq!(store.read_blocking(|tx| account::find_by_email(tx, "Ada@Example.org")).unwrap(), None);
    }

    fn who_fails_three_times_waits_at_that_address_alone(store: TestStore) {
        let ada = add(&store, "ada@example.org").unwrap();
        set(&store, &ada, "$argon2id$1");
        for _ in 0..3 {
            assert_eq!(guess(&store, "ada@example.org", "192.0.2.1"), 0);
        }
        assert_eq!(guess(&store, "ada@example.org", "192.0.2.1"), 1);
        assert_eq!(look_up(&store, store.clock.now(), "ada@example.org", "192.0.2.2").blocked_until, None);
        store.clock.advance(Duration::from_secs(1));
        assert_eq!(guess(&store, "ada@example.org", "192.0.2.1"), 0);
        assert_eq!(guess(&store, "ada@example.org", "192.0.2.1"), 2, "waiting is no failure, failing again is");
        store.clock.advance(Duration::from_mins(31));
        assert_eq!(guess(&store, "ada@example.org", "192.0.2.1"), 0);
        assert_eq!(look_up(&store, store.clock.now(), "ada@example.org", "192.0.2.1").blocked_until, None, "forgotten");
    }

    fn a_stranger_from_many_addresses_delays_the_person_for_a_minute_at_most(store: TestStore) {
        let ada = add(&store, "ada@example.org").unwrap();
        set(&store, &ada, "$argon2id$1");
        let (mut longest, mut counted) = (0, 0);
        for number in 0..300 {
            let wait = guess(&store, "ada@example.org", &format!("198.51.100.{number}"));
            assert_eq!(wait > 0, counted >= 20, "after {counted}");
            counted += u32::from(wait == 0);
            longest = longest.max(wait);
            store.clock.advance(Duration::from_secs(wait));
            if wait > 0 {
                assert_eq!(guess(&store, "ada@example.org", &format!("198.51.101.{number}")), 0);
                counted += 1;
            }
        }
        assert_eq!(longest, 60);
    }

    fn a_stranger_cannot_lock_a_person_out_of_where_they_signed_in_before(store: TestStore) {
        let ada = add(&store, "ada@example.org").unwrap();
        set(&store, &ada, "$argon2id$1");
        assert!(confirm(&store, &look_up(&store, store.clock.now(), "ada@example.org", "192.0.2.1")));
        for number in 0..30 {
            guess(&store, "ada@example.org", &format!("198.51.100.{number}"));
        }
        let blocked = |network: &str| look_up(&store, store.clock.now(), "ada@example.org", network).blocked_until;
        assert!(blocked("203.0.113.9").is_some(), "elsewhere the account waits");
        assert_eq!(blocked("192.0.2.1"), None);
        for _ in 0..3 {
            guess(&store, "ada@example.org", "192.0.2.1");
        }
        assert!(blocked("192.0.2.1").is_some(), "who fails there waits there");
        let guess_everywhere = || {
            for number in 0..30 {
                guess(&store, "ada@example.org", &format!("198.51.100.{number}"));
            }
        };
        store.clock.advance(Duration::from_hours(31 * 24));
        guess_everywhere();
        assert!(blocked("192.0.2.1").is_some(), "after a month the network is a stranger's");
        store.clock.advance(Duration::from_hours(1));
        assert!(confirm(&store, &look_up(&store, store.clock.now(), "ada@example.org", "192.0.2.1")));
        let (id, now) = (ada.id, store.clock.now());
        store.write_blocking(move |tx| password::set(tx, &id, "$argon2id$2", "203.0.113.50", now)).unwrap();
        guess_everywhere();
        assert_eq!(blocked("203.0.113.50"), None, "who chose the new one need not wait");
        assert!(blocked("192.0.2.1").is_some(), "whoever knew the old password is a stranger as well");
    }

    fn the_right_password_clears_the_counts_and_only_while_it_is_the_persons(store: TestStore) {
        let ada = add(&store, "ada@example.org").unwrap();
        set(&store, &ada, "$argon2id$1");
        guess(&store, "ada@example.org", "192.0.2.1");
        assert_eq!(failures(&store), 2);
        let looked_up = look_up(&store, store.clock.now(), "ada@example.org", "192.0.2.1");
        assert_eq!(looked_up.stored.as_ref().unwrap().hash, "$argon2id$1");
        assert!(confirm(&store, &looked_up));
        assert_eq!(failures(&store), 0);
        let id = ada.id.clone();
        store.write_blocking(move |tx| password::rehash(tx, &id, "$argon2id$1", "$argon2id$2")).unwrap();
        assert!(confirm(&store, &looked_up), "a costlier hash is the same password");
        set(&store, &ada, "$argon2id$3");
        assert!(!confirm(&store, &looked_up), "a password that was replaced in the same microsecond proves nothing");
        let looked_up = look_up(&store, store.clock.now(), "ada@example.org", "192.0.2.1");
        let (id, now) = (ada.id, store.clock.now());
        store.write_blocking(move |tx| account::set_disabled(tx, &id, true, now)).unwrap();
        assert!(!confirm(&store, &looked_up), "nor does one of an account that is switched off");
    }

    fn unknown_addresses_fail_like_known_ones_and_share_a_bounded_number_of_rows(store: TestStore) {
        for number in 0..3 {
            assert_eq!(guess(&store, &format!("nobody{number}@example.org"), "192.0.2.1"), 0);
        }
        assert_eq!(guess(&store, "nobody9@example.org", "192.0.2.1"), 1);
        assert_eq!(failures(&store), 2);
        assert!(look_up(&store, store.clock.now(), "nobody9@example.org", "192.0.2.1").proof().is_none());
        store.clock.advance(Duration::from_hours(1));
        store.sweep_once().unwrap();
        assert_eq!(failures(&store), 0);
    }
}
