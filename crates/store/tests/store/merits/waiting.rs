//! Merits wait for whoever proves their address.

use std::time::Duration;

use sigma_core::email::Email;
use sigma_core::ids::UserId;
use sigma_core::merits::{Move, PageRequest, Standing, Status};
use sigma_core::time::Clock as _;
use sigma_store::email::EmailProof;
use sigma_store::merits::{erasure, list, step, waiting};
use sigma_store::testing::{TestStore, decide, insist};
use sigma_store::{email, on_both_engines};

use super::{Issuer, person, profile};

pub(super) fn add(store: &TestStore, user: &UserId, address: &str, proof: EmailProof) -> bool {
    let (user, email, now) = (user.clone(), Email::parse(address).unwrap(), store.clock.now());
    insist(store, move |tx| email::add(tx, &user, &email, proof, now))
}

fn pending(store: &TestStore, user: &UserId) -> usize {
    let user = user.clone();
    store
        .read_blocking(move |tx| list::of_member(tx, &user, Status::Pending, &PageRequest::default()))
        .unwrap()
        .items
        .len()
}

fn claims(store: &TestStore, user: &UserId) -> Vec<String> {
    let (user, now) = (user.clone(), store.clock.now());
    let claims = store.read_blocking(move |tx| waiting::claims(tx, &user, now)).unwrap();
    claims.into_iter().map(|claim| claim.folded).collect()
}

/// The operator moves an address from one account to another.
pub(super) fn release(store: &TestStore, address: &'static str) {
    insist(store, move |tx| tx.execute("DELETE FROM emails WHERE folded = $1", sigma_store::params![address]));
}

on_both_engines! {
    fn proving_an_address_attaches_what_waits_for_it(store: TestStore) {
        let (issuer, ada) = (Issuer::new(&store, "bakery"), person(&store, "ada"));
        let merit = issuer.send("Work@Example.org");
        assert_eq!(merit.user_id, None);
        assert!(add(&store, &ada, "work@example.org", EmailProof::Unverified));
        assert_eq!(pending(&store, &ada), 0, "an address that is not proven attaches nothing");
        let (user, now) = (ada.clone(), store.clock.now());
        insist(&store, move |tx| email::prove(tx, &user, "work@example.org", now));
        assert_eq!(pending(&store, &ada), 1);
        let next = issuer.send("work@example.org");
        assert_eq!(next.user_id, Some(ada.clone()), "at once, once it is proven");
        assert!(issuer.answer(&ada, &merit.id, Move::Accept).is_ok());
        let eve = person(&store, "eve");
        assert!(issuer.answer(&eve, &next.id, Move::Accept).is_err(), "it is nobody else's");
    }

    fn an_address_that_passes_to_another_account_moves_nothing_silently(store: TestStore) {
        let (issuer, ada, eve) = (Issuer::new(&store, "bakery"), person(&store, "ada"), person(&store, "eve"));
        add(&store, &ada, "work@example.org", EmailProof::Verified);
        let merit = issuer.send("work@example.org");
        issuer.answer(&ada, &merit.id, Move::Accept).unwrap();
        release(&store, "work@example.org");
        assert!(add(&store, &eve, "work@example.org", EmailProof::Verified));
        assert_eq!(issuer.find(&merit.id).unwrap().user_id, Some(ada.clone()));
        assert_eq!(claims(&store, &ada), ["work@example.org"], "the holder is asked");
        assert!(claims(&store, &eve).is_empty());
        let (user, now) = (ada.clone(), store.clock.now());
        assert_eq!(insist(&store, move |tx| waiting::hand_over(tx, &user, "work@example.org", now)), 1);
        let moved = issuer.find(&merit.id).unwrap();
        assert_eq!((moved.user_id, moved.status), (Some(eve.clone()), Status::Accepted));
        let user = ada.clone();
        assert_eq!(insist(&store, move |tx| waiting::hand_over(tx, &user, "work@example.org", now)), 0);
        assert!(claims(&store, &ada).is_empty());
    }

    fn a_holder_may_keep_what_they_have_and_is_asked_for_three_months(store: TestStore) {
        let (issuer, ada, eve) = (Issuer::new(&store, "bakery"), person(&store, "ada"), person(&store, "eve"));
        add(&store, &ada, "work@example.org", EmailProof::Verified);
        let merit = issuer.send("work@example.org");
        release(&store, "work@example.org");
        add(&store, &eve, "work@example.org", EmailProof::Verified);
        let user = ada.clone();
        insist(&store, move |tx| waiting::keep(tx, &user, "work@example.org"));
        assert!(claims(&store, &ada).is_empty());
        assert_eq!(issuer.find(&merit.id).unwrap().user_id, Some(ada.clone()));
        release(&store, "work@example.org");
        add(&store, &eve, "work@example.org", EmailProof::Verified);
        assert_eq!(claims(&store, &ada).len(), 1);
        store.advance(Duration::from_hours(24 * 90));
        assert!(claims(&store, &ada).is_empty());
        let (user, now) = (ada, store.clock.now());
        let moved = insist(&store, move |tx| waiting::hand_over(tx, &user, "work@example.org", now));
        assert_eq!(moved, 0, "a question that has expired moves nothing");
    }

    fn handing_over_moves_what_that_address_holds_and_nothing_else(store: TestStore) {
        let (issuer, ada, eve) = (Issuer::new(&store, "bakery"), person(&store, "ada"), person(&store, "eve"));
        add(&store, &ada, "work@example.org", EmailProof::Verified);
        let (work, own) = (issuer.send("work@example.org"), issuer.send("ada@example.org"));
        let access = issuer.agree(&ada, profile()).unwrap();
        release(&store, "work@example.org");
        add(&store, &eve, "work@example.org", EmailProof::Verified);
        let hand_over = |holder: &UserId| {
            let (holder, now) = (holder.clone(), store.clock.now());
            insist(&store, move |tx| waiting::hand_over(tx, &holder, "work@example.org", now))
        };
        assert_eq!(hand_over(&eve), 0, "the claimant cannot answer for the holder");
        assert_eq!(issuer.find(&work.id).unwrap().user_id, Some(ada.clone()));
        assert_eq!(hand_over(&ada), 1);
        assert_eq!(issuer.find(&work.id).unwrap().user_id, Some(eve.clone()));
        for merit in [&own, &access] {
            assert_eq!(issuer.find(&merit.id).unwrap().user_id, Some(ada.clone()));
        }
    }

    fn merits_of_a_deleted_account_attach_to_nobody_who_proves_its_address_later(store: TestStore) {
        let (issuer, ada, eve) = (Issuer::new(&store, "bakery"), person(&store, "ada"), person(&store, "eve"));
        let unverified = Issuer::of_standing(&store, "mill", Standing::Unverified);
        let (accepted, pending, revoked) =
            (issuer.send("ada@example.org"), issuer.send("ada@example.org"), issuer.send("ada@example.org"));
        let draft = unverified.send("ada@example.org");
        issuer.answer(&ada, &accepted.id, Move::Accept).unwrap();
        let (org, actor, id, now) = (issuer.org.clone(), issuer.actor(), revoked.id.clone(), store.clock.now());
        decide(&store, move |tx| step::revoke(tx, &org, &actor, &id, "", now)).unwrap();
        let user = ada;
        while insist(&store, { let user = user.clone(); move |tx| erasure::erase(tx, &user, now) }) > 0 {}
        release(&store, "ada@example.org");
        let later = issuer.send("ada@example.org");

        assert!(add(&store, &eve, "ada@example.org", EmailProof::Verified));
        let user = eve.clone();
        insist(&store, move |tx| waiting::attach_all(tx, &user, now));
        assert!(claims(&store, &eve).is_empty());
        for (merit, status) in
            [(&accepted, Status::Accepted), (&pending, Status::Rejected), (&revoked, Status::Revoked)]
        {
            let left = issuer.find(&merit.id).unwrap();
            assert_eq!((left.user_id, left.status, left.is_public), (None, status, false));
            assert!(issuer.answer(&eve, &merit.id, Move::Accept).is_err());
        }
        // What nobody had been handed yet, and what was sent since, is for whoever has the address now.
        assert_eq!(unverified.find(&draft.id).unwrap().user_id, Some(eve.clone()));
        assert_eq!(issuer.find(&later.id).unwrap().user_id, Some(eve));
    }

    fn a_claim_counts_only_while_its_address_is_proven(store: TestStore) {
        let (issuer, ada, eve) = (Issuer::new(&store, "bakery"), person(&store, "ada"), person(&store, "eve"));
        add(&store, &ada, "work@example.org", EmailProof::Verified);
        let merit = issuer.send("work@example.org");
        release(&store, "work@example.org");
        add(&store, &eve, "work@example.org", EmailProof::Verified);
        release(&store, "work@example.org");
        let (user, now) = (ada.clone(), store.clock.now());
        assert_eq!(insist(&store, move |tx| waiting::hand_over(tx, &user, "work@example.org", now)), 0);
        assert_eq!(issuer.find(&merit.id).unwrap().user_id, Some(ada));
    }

    fn what_was_sent_meanwhile_attaches_when_the_member_looks(store: TestStore) {
        let (issuer, ada) = (Issuer::new(&store, "bakery"), person(&store, "ada"));
        let is_waiting = || {
            let user = ada.clone();
            store.read_blocking(move |tx| waiting::is_any_waiting(tx, &user)).unwrap()
        };
        issuer.send("ada@example.org");
        assert!(!is_waiting());
        insist(&store, |tx| tx.execute("UPDATE merits SET user_id = NULL", &[]));
        assert!(is_waiting());
        add(&store, &ada, "other@example.org", EmailProof::Unverified);
        let (user, now) = (ada.clone(), store.clock.now());
        assert_eq!(insist(&store, move |tx| waiting::attach_all(tx, &user, now)), 1);
        assert_eq!(pending(&store, &ada), 1);
    }
}
