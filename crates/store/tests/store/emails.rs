//! Addresses of users: several each, one primary, none of two users.

use sigma_core::email::Email;
use sigma_core::ids::UserId;
use sigma_core::time::Clock as _;
use sigma_store::email::{self, EmailProof};
use sigma_store::on_both_engines;
use sigma_store::testing::{TestStore, insist};
use sigma_store::user;

fn user(name: &str) -> UserId {
    UserId::from_text(format!("user_{name}"))
}

fn add_user(store: &TestStore, name: &str) {
    let (id, now) = (user(name), store.clock.now());
    let email = Email::parse(&format!("{name}@example.org")).unwrap();
    insist(store, move |tx| user::add_with_email(tx, &id, &email, EmailProof::Unverified, "Name", now)).unwrap();
}

fn add(store: &TestStore, name: &str, address: &str, proof: EmailProof) -> bool {
    let (id, email, now) = (user(name), Email::parse(address).unwrap(), store.clock.now());
    insist(store, move |tx| email::add(tx, &id, &email, proof, now))
}

fn primary(store: &TestStore, name: &str) -> (Option<String>, bool) {
    let id = user(name);
    let found = store.read_blocking(move |tx| user::find(tx, &id)).unwrap().unwrap();
    (found.email, found.email_verified)
}

on_both_engines! {
    fn a_user_is_found_by_any_address_and_shown_with_the_primary_one(store: TestStore) {
        add_user(&store, "ada");
        assert!(add(&store, "ada", "Ada@Work.example", EmailProof::Verified));
        for folded in ["ada@example.org", "ada@work.example"] {
            let found = store.read_blocking(move |tx| user::find_by_email(tx, folded)).unwrap().unwrap();
            assert_eq!((found.id, found.email.as_deref()), (user("ada"), Some("ada@example.org")), "{folded}");
        }
        assert_eq!(primary(&store, "ada"), (Some("ada@example.org".to_owned()), false));
        assert!(insist(&store, |tx| email::make_primary(tx, &user("ada"), "ada@work.example")));
        assert_eq!(primary(&store, "ada"), (Some("Ada@Work.example".to_owned()), true));
        let listed = store.read_blocking(|tx| email::list(tx, &user("ada"))).unwrap();
        let reported: Vec<_> = listed.iter().map(|email| (email.folded.as_str(), email.is_primary)).collect();
        assert_eq!(reported, [("ada@work.example", true), ("ada@example.org", false)]);
    }

    fn an_address_is_primary_if_the_user_has_no_primary_one(store: TestStore) {
        add_user(&store, "ada");
        assert!(add(&store, "ada", "ada@work.example", EmailProof::Unverified));
        insist(&store, |tx| tx.execute("DELETE FROM emails WHERE folded = 'ada@example.org'", &[]));
        assert_eq!(primary(&store, "ada"), (None, false));
        assert!(add(&store, "ada", "ada@home.example", EmailProof::Verified));
        assert_eq!(primary(&store, "ada"), (Some("ada@home.example".to_owned()), true));
    }

    fn an_address_belongs_to_one_user(store: TestStore) {
        add_user(&store, "ada");
        add_user(&store, "bob");
        assert!(!add(&store, "bob", "ADA@example.org", EmailProof::Verified));
        assert!(!add(&store, "ada", "ada@example.org", EmailProof::Verified));
        let (id, taken, now) = (user("eve"), Email::parse("ada@example.org").unwrap(), store.clock.now());
        let made = insist(&store, move |tx| user::add_with_email(tx, &id, &taken, EmailProof::Verified, "Eve", now));
        assert_eq!(made, None);
        assert!(store.read_blocking(|tx| user::find(tx, &user("eve"))).unwrap().is_none());
    }

    fn only_a_verified_address_of_the_user_becomes_primary(store: TestStore) {
        add_user(&store, "ada");
        add_user(&store, "bob");
        assert!(add(&store, "ada", "ada@work.example", EmailProof::Unverified));
        let make_primary = |folded: &'static str| insist(&store, move |tx| email::make_primary(tx, &user("ada"), folded));
        for folded in ["ada@work.example", "bob@example.org", "nobody@example.org"] {
            assert!(!make_primary(folded), "{folded}");
        }
        let now = store.clock.now();
        insist(&store, move |tx| email::prove(tx, &user("bob"), "ada@work.example", now));
        assert!(!make_primary("ada@work.example"), "nobody proves the address of somebody else");
        insist(&store, move |tx| email::prove(tx, &user("ada"), "ada@work.example", now));
        assert!(make_primary("ada@work.example"));
        assert_eq!(primary(&store, "ada"), (Some("ada@work.example".to_owned()), true));
    }
}
