//! The keys that sign portable merits.

use std::time::Duration;

use sigma_core::actor::Actor;
use sigma_core::merits::{MeritProblem, RequestFault};
use sigma_core::time::Clock as _;
use sigma_store::event::{self, Place, Trail};
use sigma_store::merits::credential::{self, IssuerKey, MOST_KEYS, PUBLISHED};
use sigma_store::testing::decide;
use sigma_store::{MasterKey, on_both_engines};

use super::Issuer;

fn master_key() -> MasterKey {
    MasterKey::from_base64("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=").unwrap()
}

fn fresh(issuer: &Issuer<'_>) -> IssuerKey {
    IssuerKey::make(&issuer.org, &master_key(), &*issuer.store.rng, issuer.store.clock.now()).unwrap()
}

fn rotate(issuer: &Issuer<'_>) -> Result<String, MeritProblem> {
    let (org, key) = (issuer.org.clone(), fresh(issuer));
    let kid = key.kid.clone();
    decide(issuer.store, move |tx| credential::rotate_key(tx, &org, &Actor::Operator, &key)).map(|()| kid)
}

fn load(issuer: &Issuer<'_>) -> String {
    let (org, key) = (issuer.org.clone(), fresh(issuer));
    decide::<_, MeritProblem>(issuer.store, move |tx| credential::load_or_add_key(tx, &org, &key)).unwrap().kid
}

fn keys(issuer: &Issuer<'_>) -> Vec<IssuerKey> {
    let org = issuer.org.clone();
    issuer.store.read_blocking(move |tx| credential::keys(tx, &org)).unwrap()
}

fn signing(issuer: &Issuer<'_>) -> String {
    credential::signing(keys(issuer), issuer.store.clock.now()).unwrap().kid
}

on_both_engines! {
    fn a_new_key_is_published_before_it_signs_and_earlier_ones_stay(store: TestStore) {
        let (issuer, other) = (Issuer::new(&store, "bakery"), Issuer::new(&store, "mill"));
        assert_eq!(rotate(&issuer), Err(MeritProblem::NotFound), "there is nothing to replace");
        let first = load(&issuer);
        assert_eq!((load(&issuer), signing(&issuer)), (first.clone(), first.clone()), "one is made once");
        store.advance(Duration::from_secs(1));
        let second = rotate(&issuer).unwrap();
        assert_eq!(signing(&issuer), first, "verifiers have not read the new one yet");
        assert_eq!(load(&issuer), first);
        store.advance(PUBLISHED);
        assert_eq!((signing(&issuer), load(&issuer)), (second.clone(), second.clone()));
        // Twice in a row: each is published for as long.
        let third = rotate(&issuer).unwrap();
        store.advance(Duration::from_secs(1));
        let fourth = rotate(&issuer).unwrap();
        assert_eq!(signing(&issuer), second);
        store.advance(PUBLISHED);
        assert_eq!(signing(&issuer), fourth);
        let kids: Vec<_> = keys(&issuer).into_iter().map(|key| key.kid).collect();
        assert_eq!(kids, [fourth, third, second, first], "every key still verifies");
        assert!(keys(&other).is_empty());
        let trail = Trail::Org(issuer.org.clone());
        let events = store.read_blocking(move |tx| event::list_before(tx, &trail, &Place::end(), 100)).unwrap();
        assert_eq!(events.iter().filter(|event| event.action == "merit.rotate_key").count(), 3);
    }

    fn the_keys_of_an_org_are_bounded(store: TestStore) {
        let issuer = Issuer::new(&store, "bakery");
        load(&issuer);
        for _ in 1..MOST_KEYS {
            store.advance(Duration::from_secs(1));
            rotate(&issuer).unwrap();
        }
        assert_eq!(rotate(&issuer), Err(RequestFault::TooMany.into()));
    }
}
