//! Keys of identities: registered and rotated by signatures that count once, never twice, and never for another account.

use sigma_bitcoin::BapId;
use sigma_core::authentication::Credential;
use sigma_core::person::IdentityProof;
use sigma_core::time::Clock as _;
use sigma_store::identity_key::{self, IdentityRefusal, KeyProof, MOST_KEYS, NewIdentity, Rotation};
use sigma_store::signed_request::Rejected;
use sigma_store::testing::{TestStore, decide, identity_named, insist, key_named};
use sigma_store::{credential, identity, on_both_engines};

use crate::accounts::{add_person, count, events, once, together, user_id};

/// The identity of the key of that name.
fn of_key(name: &str) -> BapId {
    BapId::of_public_key(&key_named(name))
}

fn signed_by(store: &TestStore, key: &str, message: &str) -> KeyProof {
    KeyProof { pubkey: key_named(key), once: once(store, message) }
}

fn wanted(store: &TestStore, name: &str, bap_id: BapId) -> NewIdentity {
    NewIdentity {
        user_id: user_id(name),
        bap_id,
        name: None,
        is_primary: false,
        pubkey: None,
        proof: None,
        record: None,
        is_fresh: true,
        signed: None,
        now: store.clock.now(),
    }
}

fn register(store: &TestStore, new: NewIdentity) -> Result<IdentityProof, IdentityRefusal> {
    decide(store, move |tx| identity_key::register(tx, &new)).map(|identity| identity.proof)
}

/// Somebody with the identity of their key.
fn add_holder(store: &TestStore, name: &str) {
    add_person(store, name);
    assert_eq!(register(store, wanted(store, name, of_key(name))), Ok(IdentityProof::Address));
}

fn rotate(store: &TestStore, name: &str, by: &str, to: &str, message: &str) -> Result<(), IdentityRefusal> {
    try_rotate(store, name, by, to, message, true)
}

fn try_rotate(
    store: &TestStore,
    name: &str,
    by: &str,
    to: &str,
    message: &str,
    is_fresh: bool,
) -> Result<(), IdentityRefusal> {
    let rotation = Rotation {
        user_id: user_id(name),
        bap_id: of_key(name),
        by: signed_by(store, by, &format!("{message} by")),
        to: signed_by(store, to, &format!("{message} to")),
        is_fresh,
        now: store.clock.now(),
    };
    decide(store, move |tx| identity_key::rotate(tx, &rotation))
}

fn retire(store: &TestStore, name: &str, key: &str) -> credential::Retirement {
    let (id, credential, now) = (user_id(name), Credential::key(&key_named(key)), store.clock.now());
    insist(store, move |tx| credential::retire(tx, &id, &credential, now))
}

const REPLAYED: Result<(), IdentityRefusal> = Err(IdentityRefusal::Rejected(Rejected::Replayed));

on_both_engines! {
    fn a_rotation_counts_once(store: TestStore) {
        add_holder(&store, "ada");
        let outcomes = together(|_| rotate(&store, "ada", "ada", "second", "same"));
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?}");
        assert_eq!(outcomes.iter().filter(|outcome| **outcome == REPLAYED).count(), 7, "{outcomes:?}");
        let held = store.read_blocking(|tx| identity::find(tx, &of_key("ada"))).unwrap().unwrap();
        assert_eq!(held.pubkey, Some(key_named("second")));
        assert_eq!(store.read_blocking(|tx| identity_key::list(tx, &user_id("ada"))).unwrap().len(), 2);
        assert_eq!(events(&store, "ada", "credential.add").len(), 1);
    }

    fn a_key_that_two_accounts_rotate_to_at_once_is_ones(store: TestStore) {
        for number in 0..8 {
            add_holder(&store, &number.to_string());
        }
        let outcomes = together(|number| {
            let name = number.to_string();
            rotate(&store, &name, &name, "shared", &format!("of {name}"))
        });
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?}");
        let refused = outcomes.iter().filter(|outcome| **outcome == Err(IdentityRefusal::KeyUnusable)).count();
        assert_eq!(refused, 7, "{outcomes:?}");
    }

    fn keys_of_an_identity_are_limited(store: TestStore) {
        add_holder(&store, "ada");
        for number in 1..MOST_KEYS {
            let by = if number == 1 { "ada".to_owned() } else { format!("key {}", number - 1) };
            assert_eq!(rotate(&store, "ada", &by, &format!("key {number}"), &number.to_string()), Ok(()), "{number}");
        }
        let by = format!("key {}", MOST_KEYS - 1);
        assert_eq!(rotate(&store, "ada", &by, "one more", "more"), Err(IdentityRefusal::TooManyKeys));
        assert_eq!(rotate(&store, "ada", &by, "key 3", "back"), Ok(()), "an earlier one is no further one");
    }

    fn a_retired_key_neither_rotates_nor_comes_back(store: TestStore) {
        add_holder(&store, "ada");
        assert_eq!(rotate(&store, "ada", "ada", "second", "1"), Ok(()));
        assert_eq!(retire(&store, "ada", "ada"), credential::Retirement::Retired);
        assert_eq!(rotate(&store, "ada", "ada", "third", "2"), Err(IdentityRefusal::NotTheirs));
        assert_eq!(rotate(&store, "ada", "second", "ada", "3"), Err(IdentityRefusal::KeyUnusable));
        let again = NewIdentity {
            pubkey: Some(key_named("ada")),
            proof: Some(signed_by(&store, "ada", "4")),
            ..wanted(&store, "ada", of_key("ada"))
        };
        assert_eq!(register(&store, again), Err(IdentityRefusal::KeyUnusable));
        let keys = store.read_blocking(|tx| identity_key::list(tx, &user_id("ada"))).unwrap();
        let retired: Vec<_> = keys.iter().filter(|key| key.retired_at.is_some()).map(|key| key.pubkey).collect();
        assert_eq!(retired, [key_named("ada")], "its history stays");
    }

    fn foreign_identities_and_keys_rotate_nothing(store: TestStore) {
        add_holder(&store, "ada");
        add_holder(&store, "eve");
        let foreign = Rotation {
            user_id: user_id("eve"),
            bap_id: of_key("ada"),
            by: signed_by(&store, "eve", "1"),
            to: signed_by(&store, "new", "2"),
            is_fresh: true,
            now: store.clock.now(),
        };
        let outcome = decide(&store, move |tx| identity_key::rotate(tx, &foreign));
        assert_eq!(outcome, Err(IdentityRefusal::NotTheirs));
        assert_eq!(rotate(&store, "eve", "ada", "new", "3"), Err(IdentityRefusal::NotTheirs));
        assert_eq!(rotate(&store, "eve", "eve", "ada", "4"), Err(IdentityRefusal::KeyUnusable));
    }

    fn what_a_stale_session_asks_for_uses_up_no_signature(store: TestStore) {
        add_holder(&store, "ada");
        let stale = try_rotate(&store, "ada", "ada", "second", "same", false);
        assert_eq!(stale, Err(IdentityRefusal::NotFresh));
        assert_eq!(try_rotate(&store, "ada", "ada", "second", "same", true), Ok(()));
    }

    fn a_proven_identity_displaces_a_claim_and_is_displaced_by_none(store: TestStore) {
        add_person(&store, "squatter");
        assert_eq!(register(&store, wanted(&store, "squatter", of_key("ada"))), Ok(IdentityProof::None));
        add_holder(&store, "ada");
        assert_eq!(register(&store, wanted(&store, "squatter", of_key("ada"))), Err(IdentityRefusal::NotTheirs));
        assert_eq!(events(&store, "squatter", "identity.lose").len(), 1);
        // The key of another account proves nothing to this one.
        let stolen = NewIdentity {
            pubkey: Some(key_named("ada")),
            proof: Some(signed_by(&store, "ada", "1")),
            ..wanted(&store, "squatter", of_key("ada"))
        };
        assert_eq!(register(&store, stolen), Err(IdentityRefusal::KeyUnusable));
    }

    fn identities_of_an_account_are_limited(store: TestStore) {
        add_person(&store, "ada");
        for number in 0..99 {
            let new = wanted(&store, "ada", identity_named(&number.to_string()));
            assert_eq!(register(&store, new), Ok(IdentityProof::None), "{number}");
        }
        let outcomes = together(|number| register(&store, wanted(&store, "ada", identity_named(&format!("late {number}")))));
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?}");
        let refused = outcomes.iter().filter(|outcome| **outcome == Err(IdentityRefusal::TooMany)).count();
        assert_eq!(refused, 7, "{outcomes:?}");
        assert_eq!(count(&store, "SELECT count(*) FROM identities"), 100);
    }

    fn an_account_has_one_primary_identity(store: TestStore) {
        add_person(&store, "ada");
        together(|number| {
            let new = wanted(&store, "ada", identity_named(&number.to_string()));
            register(&store, NewIdentity { is_primary: true, ..new }).unwrap();
        });
        assert_eq!(count(&store, "SELECT count(*) FROM identities WHERE is_primary = 1"), 1);
        assert_eq!(count(&store, "SELECT count(*) FROM identities"), 8);
    }
}
