//! People from another server, many at once, on both engines.

use sigma_core::email::Email;
use sigma_core::event::Action;
use sigma_core::people::{ImportedPerson, StoredPassword};
use sigma_core::random::SeededRng;
use sigma_core::time::Clock as _;
use sigma_store::event::{self, Place, Trail};
use sigma_store::people_import::{self, Newcomer, Outcome};
use sigma_store::testing::TestStore;
use sigma_store::{on_both_engines, password, user};

fn person(number: usize, name: &str) -> ImportedPerson {
    ImportedPerson {
        // Not in the order of their numbers.
        email: Email::parse(&format!("p{}@example.org", number * 7 % 1_000)).unwrap(),
        email_verified: true,
        name: name.to_owned(),
        password_hash: number.is_multiple_of(2).then(|| StoredPassword::in_use(format!("$2b$04$hash-{number}"))),
        disabled: number.is_multiple_of(10),
    }
}

fn import(store: &TestStore, seed: u64, people: Vec<ImportedPerson>) -> (Vec<Newcomer>, Vec<Outcome>) {
    let now = store.clock.now();
    let newcomers = Newcomer::all(people, now, &SeededRng::new(seed));
    let sent = newcomers.clone();
    (newcomers, store.write_blocking(move |tx| people_import::add(tx, &sent, now)).unwrap())
}

on_both_engines! {
    fn imports_of_the_same_people_in_opposite_order_do_not_end_each_other(store: TestStore) {
        let people: Vec<_> = (0..400).map(|number| person(number, "New")).collect();
        let backwards = people.iter().rev().cloned().collect();
        let outcomes = std::thread::scope(|scope| {
            let (one, other) = (scope.spawn(|| import(&store, 1, people).1), scope.spawn(|| import(&store, 2, backwards).1));
            [one.join().unwrap(), other.join().unwrap()].concat()
        });
        let added = outcomes.iter().filter(|outcome| **outcome == Outcome::Added).count();
        assert_eq!((added, outcomes.len()), (400, 800));
    }

    fn whoever_has_no_account_is_added_and_told_apart_from_those_who_have(store: TestStore) {
        import(&store, 1, vec![person(7, "Known")]);
        let mut people: Vec<_> = (0..130).map(|number| person(number, "New")).collect();
        people.push(person(3, "Twice"));
        let (newcomers, outcomes) = import(&store, 2, people);
        let known: Vec<usize> = (0..131).filter(|place| outcomes[*place] == Outcome::Known).collect();
        assert_eq!(known, [7, 130], "the first of two with one address is added");
        let (mut disabled, mut passwords) = (0, 0);
        for (new, outcome) in newcomers.iter().zip(&outcomes) {
            let (id, folded) = (new.id.clone(), new.person.email.folded().to_owned());
            let found = store.read_blocking(move |tx| user::find_by_proven_email(tx, &folded)).unwrap().unwrap();
            assert_eq!(found.id == id, *outcome == Outcome::Added);
            if found.id == id {
                assert_eq!((found.name.as_str(), found.disabled), ("New", new.person.disabled));
                disabled += usize::from(found.disabled);
                let hash = store.read_blocking(move |tx| password::find(tx, &id)).unwrap();
                passwords += usize::from(hash.is_some());
            }
        }
        assert_eq!((disabled, passwords), (13, 65));
        let created = Trail::Of(Action::UserCreate);
        let created = store.read_blocking(move |tx| event::list_before(tx, &created, &Place::end(), 500)).unwrap();
        assert_eq!(created.len(), 130);
        let (_, again) = import(&store, 3, newcomers.into_iter().map(|new| new.person).collect());
        assert!(again.iter().all(|outcome| *outcome == Outcome::Known));
    }
}
