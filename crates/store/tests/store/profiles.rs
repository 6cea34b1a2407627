//! Profiles and their pictures: whose they are, how many there can be, and that no picture is left behind.

use std::time::Duration;

use sigma_core::person::{Identity, IdentityProof};
use sigma_core::profile::{Field, ProfileChange};
use sigma_core::time::Clock as _;
use sigma_store::profile::{self, MOST_PROFILES, ProfileRefusal, ProfileWrite, WriteMode, Written};
use sigma_store::signed_request::{Rejected, SignedRequest};
use sigma_store::testing::{TestStore, decide, identity_named, insist, key_named};
use sigma_store::{identity, on_both_engines, picture, user};

use crate::accounts::{add_person, count, events, once, together, user_id};

fn claim(store: &TestStore, name: &str, bap: &str, proof: IdentityProof) {
    let identity = Identity {
        bap_id: identity_named(bap),
        user_id: user_id(name),
        pubkey: Some(key_named(name)),
        name: name.to_owned(),
        image: None,
        proof,
        root_address: None,
        current_address: None,
        profile: None,
        resolved_at: None,
        is_primary: false,
    };
    let now = store.clock.now();
    assert_eq!(insist(store, move |tx| identity::claim(tx, &identity, now)), identity::Claim::Theirs);
}

fn named(text: &str) -> ProfileChange {
    let mut change = ProfileChange::default();
    change.set(Field::Name, text).unwrap();
    change
}

fn pictured(id: &str) -> ProfileChange {
    let mut change = ProfileChange::default();
    change.set_own(Field::Image, format!("https://id.example.org/pictures/{id}"));
    change
}

/// The profile of the account, or of its identity `bap`.
fn wanted(store: &TestStore, name: &str, bap: Option<&str>, change: ProfileChange, mode: WriteMode) -> ProfileWrite {
    ProfileWrite {
        user_id: user_id(name),
        bap_id: bap.map(identity_named),
        change,
        picture: None,
        mode,
        signed: None,
        now: store.clock.now(),
    }
}

fn write(store: &TestStore, wanted: ProfileWrite) -> Result<Written, ProfileRefusal> {
    decide(store, move |tx| profile::write(tx, &wanted))
}

/// Uploads a picture called `id`, and shows it in the profile of the account.
fn show(store: &TestStore, name: &str, id: &str) -> Written {
    let (owner, now, uploaded) = (user_id(name), store.clock.now(), id.to_owned());
    insist(store, move |tx| picture::add(tx, &uploaded, &owner, now));
    let shown = wanted(store, name, None, pictured(id), WriteMode::Either);
    write(store, ProfileWrite { picture: Some(id.to_owned()), ..shown }).unwrap()
}

fn unused(store: &TestStore) -> Vec<String> {
    let now = store.clock.now();
    let mut unused = store.read_blocking(move |tx| picture::list_unused(tx, now)).unwrap();
    unused.sort_unstable();
    unused
}

on_both_engines! {
    fn a_profile_is_created_once(store: TestStore) {
        add_person(&store, "ada");
        let outcomes = together(|number| {
            write(&store, wanted(&store, "ada", None, named(&format!("Ada {number}")), WriteMode::Create))
        });
        let written = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
        let refused = outcomes.iter().filter(|outcome| matches!(outcome, Err(ProfileRefusal::Exists))).count();
        assert_eq!((written, refused), (1, 7), "{outcomes:?}");
        assert_eq!(events(&store, "ada", "profile.change").len(), 1);
    }

    fn changes_of_different_fields_are_all_kept(store: TestStore) {
        add_person(&store, "ada");
        write(&store, wanted(&store, "ada", None, named("Ada"), WriteMode::Create)).unwrap();
        let fields = [
            Field::GivenName, Field::FamilyName, Field::MiddleName, Field::Nickname, Field::PreferredUsername, Field::Gender,
            Field::AlternateName, Field::Description,
        ];
        together(|number| {
            let mut change = ProfileChange::default();
            change.set(fields[usize::try_from(number).unwrap()], "text").unwrap();
            write(&store, wanted(&store, "ada", None, change, WriteMode::Change)).unwrap();
        });
        let stored = store.read_blocking(|tx| profile::list(tx, &user_id("ada"))).unwrap();
        assert_eq!(stored[0].profile.iter().count(), 9);
    }

    fn profiles_of_an_account_are_limited(store: TestStore) {
        add_person(&store, "ada");
        for number in 0..MOST_PROFILES + 8 {
            claim(&store, "ada", &number.to_string(), IdentityProof::None);
        }
        for number in 0..MOST_PROFILES - 1 {
            let bap = number.to_string();
            write(&store, wanted(&store, "ada", Some(&bap), named("Ada"), WriteMode::Create)).unwrap();
        }
        let outcomes = together(|number| {
            let bap = (MOST_PROFILES + usize::try_from(number).unwrap()).to_string();
            write(&store, wanted(&store, "ada", Some(&bap), named("Ada"), WriteMode::Create))
        });
        let written = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
        let refused = outcomes.iter().filter(|outcome| matches!(outcome, Err(ProfileRefusal::TooMany))).count();
        assert_eq!((written, refused), (1, 7), "{outcomes:?}");
        // Those that there are can still be changed.
        write(&store, wanted(&store, "ada", Some("0"), named("Countess"), WriteMode::Change)).unwrap();
    }

    fn profiles_of_foreign_identities_are_neither_written_nor_removed(store: TestStore) {
        add_person(&store, "ada");
        add_person(&store, "eve");
        claim(&store, "ada", "ada", IdentityProof::None);
        write(&store, wanted(&store, "ada", Some("ada"), named("Ada"), WriteMode::Create)).unwrap();
        for mode in [WriteMode::Create, WriteMode::Change, WriteMode::Either] {
            let outcome = write(&store, wanted(&store, "eve", Some("ada"), named("Eve"), mode));
            assert_eq!(outcome.err(), Some(ProfileRefusal::NotTheirs));
        }
        let now = store.clock.now();
        let removed = decide(&store, move |tx| profile::remove(tx, &user_id("eve"), Some(&identity_named("ada")), now));
        assert_eq!(removed, Err(ProfileRefusal::NotFound));
        let stored = store.read_blocking(|tx| profile::list(tx, &user_id("ada"))).unwrap();
        assert_eq!(stored[0].profile.get(Field::Name), Some("Ada"));
    }

    fn whoever_proves_an_identity_finds_nothing_of_its_former_holder(store: TestStore) {
        add_person(&store, "squatter");
        add_person(&store, "ada");
        claim(&store, "squatter", "ada", IdentityProof::None);
        let (owner, now) = (user_id("squatter"), store.clock.now());
        insist(&store, move |tx| picture::add(tx, "theirs", &owner, now));
        let shown = wanted(&store, "squatter", Some("ada"), pictured("theirs"), WriteMode::Create);
        write(&store, ProfileWrite { picture: Some("theirs".to_owned()), ..shown }).unwrap();
        claim(&store, "ada", "ada", IdentityProof::Address);
        assert_eq!(count(&store, "SELECT count(*) FROM profiles"), 0);
        assert_eq!(unused(&store), ["theirs"]);
    }

    fn a_signed_change_counts_once_and_only_by_a_key_of_the_account(store: TestStore) {
        add_person(&store, "ada");
        add_person(&store, "eve");
        let signed = |key: &str, message: &str| {
            let signed = SignedRequest { pubkey: key_named(key), once: once(&store, message) };
            let wanted = wanted(&store, "ada", None, named(message), WriteMode::Either);
            write(&store, ProfileWrite { signed: Some(signed), ..wanted })
        };
        let outcomes = together(|_| signed("ada", "same"));
        let replayed = outcomes.iter().filter(|outcome| {
            matches!(outcome, Err(ProfileRefusal::Rejected(Rejected::Replayed)))
        });
        assert_eq!(replayed.count(), 7, "{outcomes:?}");
        assert_eq!(signed("eve", "foreign").err(), Some(ProfileRefusal::Rejected(Rejected::NotTheirs)));
    }

    fn of_pictures_that_replace_each_other_at_once_one_stays(store: TestStore) {
        add_person(&store, "ada");
        together(|number| show(&store, "ada", &format!("{number}")));
        let stored = store.read_blocking(|tx| profile::list(tx, &user_id("ada"))).unwrap();
        let shown = stored[0].picture.clone().unwrap();
        let gone = unused(&store);
        assert!(gone.len() == 7 && !gone.contains(&shown), "{shown} {gone:?}");
        for id in gone.into_iter().chain([shown.clone()]) {
            insist(&store, move |tx| picture::remove(tx, &id));
        }
        assert_eq!(count(&store, "SELECT count(*) FROM pictures"), 1, "what is shown cannot be removed");
    }

    fn a_picture_that_no_profile_shows_is_given_up(store: TestStore) {
        add_person(&store, "ada");
        let (owner, now) = (user_id("ada"), store.clock.now());
        insist(&store, move |tx| picture::add(tx, "interrupted", &owner, now));
        show(&store, "ada", "kept");
        store.advance(Duration::from_mins(59));
        assert_eq!(unused(&store), Vec::<String>::new());
        store.advance(Duration::from_mins(2));
        assert_eq!(unused(&store), ["interrupted"]);
        let now = store.clock.now();
        let removed = decide(&store, move |tx| profile::remove(tx, &user_id("ada"), None, now));
        assert_eq!(removed, Ok(Some("kept".to_owned())));
        assert_eq!(unused(&store), ["interrupted", "kept"]);
        assert_eq!(events(&store, "ada", "profile.remove").len(), 1);
    }

    fn a_picture_of_another_user_is_not_kept_from_deletion(store: TestStore) {
        add_person(&store, "ada");
        add_person(&store, "eve");
        let (owner, now) = (user_id("ada"), store.clock.now());
        insist(&store, move |tx| picture::add(tx, "hers", &owner, now));
        let shown = wanted(&store, "eve", None, pictured("hers"), WriteMode::Create);
        write(&store, ProfileWrite { picture: Some("hers".to_owned()), ..shown }).unwrap();
        store.advance(Duration::from_hours(2));
        assert_eq!(unused(&store), ["hers"]);
    }
    fn an_account_whose_deletion_began_gets_no_profile_that_would_stay(store: TestStore) {
        let (ada, now) = (add_person(&store, "ada"), store.clock.now());
        let owner = ada.clone();
        insist(&store, move |tx| picture::add(tx, "late", &owner, now));
        insist(&store, move |tx| user::set_disabled(tx, &ada, true, now));
        for name in ["ada", "nobody"] {
            let late = wanted(&store, name, None, pictured("late"), WriteMode::Either);
            let late = ProfileWrite { picture: Some("late".to_owned()), ..late };
            assert_eq!(write(&store, late).err(), Some(ProfileRefusal::NotTheirs), "{name}");
        }
        store.advance(Duration::from_hours(2));
        assert_eq!(unused(&store), ["late"]);
    }
}
