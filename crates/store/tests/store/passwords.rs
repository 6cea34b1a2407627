//! Accounts found by their address, their passwords, and the failures of those who guess at them, on both engines.

use std::time::Duration;

use sigma_core::email::Email;
use sigma_core::ids::UserId;
use sigma_core::time::{Clock as _, Timestamp};
use sigma_store::email::EmailProof;
use sigma_store::password::{self, Attempt, Device, LookedUp};
use sigma_store::testing::TestStore;
use sigma_store::user::{self, User};
use sigma_store::{Store, on_both_engines};

fn add(store: &TestStore, address: &str) -> Option<User> {
    let (id, email) = (UserId::new(store.clock.now(), &*store.rng), Email::parse(address).unwrap());
    let now = store.clock.now();
    let add =
        move |tx: &mut dyn sigma_store::Tx| user::add_with_email(tx, &id, &email, EmailProof::Verified, "Ada", now);
    store.write_blocking(add).unwrap()
}

fn set(store: &TestStore, user: &User, hash: &'static str) {
    let (id, now) = (user.id.clone(), store.clock.now());
    store.write_blocking(move |tx| password::set(tx, &id, hash, "192.0.2.1", now)).unwrap();
}

fn attempt(email: &str, network: &str) -> Attempt {
    Attempt { email: email.to_owned(), bucket: 0x0abc, network: network.to_owned(), device: None, delays: true }
}

/// An attempt from a browser that got in by the password that was chosen then.
fn look_up_from(store: &Store, now: Timestamp, email: &str, name: &str, chosen_at: Timestamp) -> LookedUp {
    let device = Some(Device { name: name.to_owned(), chosen_at });
    let attempt = Attempt { device, ..attempt(email, "203.0.113.9") };
    store.read_blocking(move |tx| password::look_up(tx, &attempt, now)).unwrap()
}

fn costs(store: &Store) -> Vec<(String, i64)> {
    let costs = store.read_blocking(sigma_store::password_cost::list).unwrap();
    costs.into_iter().map(|cost| (cost.cost, cost.passwords)).collect()
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
        .read_blocking(|tx| tx.query_opt("SELECT COUNT(*) FROM password_throttle", &[]))
        .unwrap()
        .unwrap()
        .int(0)
        .unwrap()
}

on_both_engines! {
    fn one_account_has_an_address_however_it_is_written(store: TestStore) {
        let ada = add(&store, "Ada@Example.org").unwrap();
        assert_eq!(add(&store, "ada@example.ORG"), None);
        let found = store.read_blocking(|tx| user::find_by_email(tx, "ada@example.org")).unwrap();
        assert_eq!(found, Some(ada));
        assert_eq!(store.read_blocking(|tx| user::find_by_email(tx, "Ada@Example.org")).unwrap(), None);
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

    fn a_stranger_cannot_lock_a_person_out_of_a_browser_that_got_in_before(store: TestStore) {
        let ada = add(&store, "ada@example.org").unwrap();
        set(&store, &ada, "$argon2id$1");
        let first = look_up(&store, store.clock.now(), "ada@example.org", "192.0.2.1");
        assert!(confirm(&store, &first));
        let chosen_at = first.stored.unwrap().chosen_at;
        for number in 0..30 {
            guess(&store, "ada@example.org", &format!("198.51.100.{number}"));
        }
        for _ in 0..3 {
            guess(&store, "ada@example.org", "203.0.113.9");
        }
        let now = store.clock.now();
        let known = |name: &str| look_up_from(&store, store.clock.now(), "ada@example.org", name, chosen_at);
        assert!(look_up(&store, now, "ada@example.org", "203.0.113.9").blocked_until.is_some(), "a stranger there waits");
        assert_eq!(known("phone").blocked_until, None);
        for _ in 0..3 {
            let (looked_up, now) = (known("phone"), store.clock.now());
            store.write_blocking(move |tx| password::fail(tx, &looked_up, now)).unwrap();
        }
        assert!(known("phone").blocked_until.is_some(), "who fails in that browser waits there");
        assert_eq!(known("laptop").blocked_until, None, "and in no other");
        store.clock.advance(Duration::from_mins(1));
        assert!(confirm(&store, &known("phone")));
        assert_eq!(known("phone").blocked_until, None);
        let (id, now) = (ada.id, store.clock.now());
        store.write_blocking(move |tx| password::set(tx, &id, "$argon2id$2", "203.0.113.50", now)).unwrap();
        for number in 0..30 {
            guess(&store, "ada@example.org", &format!("198.51.101.{number}"));
        }
        assert!(known("phone").blocked_until.is_some(), "whoever knew the old password is a stranger as well");
    }

    fn who_asks_while_everybody_waits_waits_longer_than_who_does_not(store: TestStore) {
        let ada = add(&store, "ada@example.org").unwrap();
        set(&store, &ada, "$argon2id$1");
        for number in 0..30 {
            guess(&store, "ada@example.org", &format!("198.51.100.{number}"));
            store.clock.advance(Duration::from_mins(1));
        }
        assert_eq!(guess(&store, "ada@example.org", "198.51.100.200"), 0);
        for _ in 0..8 {
            let now = store.clock.now();
            let looked_up = look_up(&store, now, "ada@example.org", "198.51.100.99");
            assert!(looked_up.blocked_until.is_some());
            if looked_up.asks_early {
                store.write_blocking(move |tx| password::fail_early(tx, &looked_up, now)).unwrap();
            }
            store.clock.advance(Duration::from_secs(7));
        }
        store.clock.advance(Duration::from_secs(4));
        let blocked = |network: &str| look_up(&store, store.clock.now(), "ada@example.org", network).blocked_until;
        assert!(blocked("198.51.100.99").is_some(), "it asked all the time");
        assert_eq!(blocked("192.0.2.1"), None, "the wait itself is over");
    }

    fn the_costs_of_all_hashes_are_counted_as_they_come_and_go(store: TestStore) {
        let (ada, bob) = (add(&store, "ada@example.org").unwrap(), add(&store, "bob@example.org").unwrap());
        set(&store, &ada, "$argon2id$v=19$m=64,t=2,p=1$s$h");
        set(&store, &bob, "$argon2id$v=19$m=64,t=2,p=1$s$i");
        assert_eq!(costs(&store), [("m=64,t=2,p=1".to_owned(), 2)]);
        set(&store, &ada, "$argon2id$v=19$m=128,t=2,p=1$s$h");
        let id = bob.id.clone();
        let (old, new) = ("$argon2id$v=19$m=64,t=2,p=1$s$i", "$argon2id$v=19$m=128,t=3,p=1$s$i");
        for _ in 0..2 {
            let id = id.clone();
            store.write_blocking(move |tx| password::rehash(tx, &id, old, new)).unwrap();
        }
        assert_eq!(costs(&store), [("m=128,t=2,p=1".to_owned(), 1), ("m=128,t=3,p=1".to_owned(), 1)]);
        let looked_up = look_up(&store, store.clock.now(), "nobody@example.org", "192.0.2.1");
        assert_eq!(looked_up.costs.len(), 2);
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
        store.write_blocking(move |tx| user::set_disabled(tx, &id, true, now)).unwrap();
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
