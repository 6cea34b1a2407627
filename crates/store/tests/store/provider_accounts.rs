//! Accounts at upstream providers: whose they are, however many link them or sign in at the same moment.

use sigma_core::authentication::Credential;
use sigma_core::email::Email;
use sigma_core::provider::{ProviderId, Subject};
use sigma_core::time::Clock as _;
use sigma_store::credential::{self, Retirement};
use sigma_store::email::{self, EmailProof};
use sigma_store::provider_account::{self, MOST, Vouched};
use sigma_store::provider_sign_in::{self, Link, Linked, NewUser, ProviderSignIn, ProviderSignedIn, Unlinked};
use sigma_store::testing::{TestStore, insist, key_named};
use sigma_store::{on_both_engines, user};

use crate::accounts::{add_person, count, events, mails, new_session, notice, together, user_id};

fn account(subject: &str) -> Vouched {
    Vouched {
        provider_id: ProviderId::parse("google").unwrap(),
        issuer: "https://accounts.google.com".to_owned(),
        subject: Subject::parse(subject).unwrap(),
        email: Some(format!("{subject}@example.org")),
    }
}

fn link(store: &TestStore, name: &str, vouched: Vouched) -> Linked {
    let new = Link { user_id: user_id(name), vouched, notices: vec![notice(store)], now: store.clock.now() };
    insist(store, move |tx| provider_sign_in::link(tx, &new))
}

fn enter(store: &TestStore, vouched: Vouched, unlinked: Unlinked, browser: &str) -> ProviderSignedIn {
    let session = new_session(store, browser);
    let request = ProviderSignIn { vouched, auth_time: session.now, unlinked, assignment: None, session };
    insist(store, move |tx| provider_sign_in::sign_in(tx, &request))
}

/// An account that is created for somebody called `name`.
fn newcomer(name: &str, email: Option<&str>) -> Unlinked {
    let email = email.map(|address| Email::parse(address).unwrap());
    Unlinked::Create(NewUser { id: user_id(name), name: name.to_owned(), email })
}

fn unlink(store: &TestStore, name: &str, subject: &str) -> Retirement {
    let (id, credential, now) = (user_id(name), account(subject).credential(), store.clock.now());
    insist(store, move |tx| credential::retire(tx, &id, &credential, now))
}

fn proven_owner(store: &TestStore, address: &'static str) -> Option<String> {
    let found = store.read_blocking(move |tx| user::find_by_proven_email(tx, address)).unwrap();
    found.map(|user| user.id.to_string())
}

on_both_engines! {
    fn an_account_belongs_to_one_user_however_many_link_it_at_once(store: TestStore) {
        for number in 0..8 {
            add_person(&store, &number.to_string());
        }
        for subject in ["1", "2", "3"] {
            let outcomes = together(|number| link(&store, &number.to_string(), account(subject)));
            let linked = outcomes.iter().filter(|outcome| **outcome == Linked::Linked).count();
            let refused = outcomes.iter().filter(|outcome| **outcome == Linked::OfAnother).count();
            assert_eq!((linked, refused), (1, 7), "{outcomes:?}");
        }
        assert_eq!(count(&store, "SELECT count(*) FROM provider_accounts"), 3);
        assert_eq!(count(&store, "SELECT count(*) FROM credentials WHERE kind = 'provider'"), 3);
        assert_eq!(mails(&store), 3);
    }

    fn linking_again_changes_nothing(store: TestStore) {
        add_person(&store, "ada");
        let outcomes = together(|_| link(&store, "ada", account("1")));
        let linked = outcomes.iter().filter(|outcome| **outcome == Linked::Linked).count();
        let theirs = outcomes.iter().filter(|outcome| **outcome == Linked::AlreadyTheirs).count();
        assert_eq!((linked, theirs), (1, 7), "{outcomes:?}");
        let added = events(&store, "ada", "credential.add");
        assert_eq!(added.iter().map(|event| event.details.provider.as_deref()).collect::<Vec<_>>(), [Some("google")]);
        assert_eq!(mails(&store), 1);
    }

    fn the_first_sign_in_makes_one_account(store: TestStore) {
        let outcomes = together(|number| {
            enter(&store, account("1"), newcomer(&number.to_string(), None), &number.to_string())
        });
        let new = outcomes.iter().filter(|outcome| matches!(outcome, ProviderSignedIn::SignedIn { is_new: true, .. }));
        assert_eq!(new.count(), 1, "{outcomes:?}");
        assert!(outcomes.iter().all(|outcome| matches!(outcome, ProviderSignedIn::SignedIn { .. })), "{outcomes:?}");
        assert_eq!(count(&store, "SELECT count(*) FROM users"), 1);
        assert_eq!(count(&store, "SELECT count(*) FROM sessions"), 8);
        assert_eq!(count(&store, "SELECT count(*) FROM events WHERE action = 'user.sign_up'"), 1);
    }

    fn linked_accounts_are_limited(store: TestStore) {
        add_person(&store, "ada");
        for number in 0..MOST - 1 {
            assert_eq!(link(&store, "ada", account(&format!("early {number}"))), Linked::Linked);
        }
        let outcomes = together(|number| link(&store, "ada", account(&format!("late {number}"))));
        let linked = outcomes.iter().filter(|outcome| **outcome == Linked::Linked).count();
        let too_many = outcomes.iter().filter(|outcome| **outcome == Linked::TooMany).count();
        assert_eq!((linked, too_many), (1, 7), "{outcomes:?}");
        let listed = store.read_blocking(|tx| provider_account::list(tx, &user_id("ada"))).unwrap();
        assert_eq!(listed.len(), MOST);
        assert_eq!(link(&store, "ada", account("early 0")), Linked::AlreadyTheirs, "what is linked stays");
    }

    fn an_account_at_another_issuer_is_another_account(store: TestStore) {
        add_person(&store, "ada");
        assert_eq!(link(&store, "ada", account("1")), Linked::Linked);
        let moved = || Vouched { issuer: "https://evil.example".to_owned(), ..account("1") };
        assert_eq!(link(&store, "ada", moved()), Linked::OfAnother);
        let outcome = enter(&store, moved(), newcomer("new", None), "a");
        assert!(matches!(outcome, ProviderSignedIn::OtherIssuer), "{outcome:?}");
        let failed = events(&store, "ada", "user.sign_in_failed");
        assert_eq!(failed[0].details.reason.as_deref(), Some("issuer_mismatch"));
        assert_eq!(count(&store, "SELECT count(*) FROM sessions"), 0);
    }

    fn the_last_way_in_stays_however_many_are_unlinked_at_once(store: TestStore) {
        for number in 0..8 {
            let (subject, browser) = (number.to_string(), format!("browser {number}"));
            if number == 0 {
                enter(&store, account(&subject), newcomer("ada", None), &browser);
            } else {
                assert_eq!(link(&store, "ada", account(&subject)), Linked::Linked);
            }
        }
        let outcomes = together(|number| unlink(&store, "ada", &number.to_string()));
        let gone = outcomes.iter().filter(|outcome| **outcome == Retirement::Retired).count();
        assert_eq!(gone, 7, "{outcomes:?}");
        assert_eq!(outcomes.iter().filter(|outcome| **outcome == Retirement::LastOne).count(), 1);
        assert_eq!(count(&store, "SELECT count(*) FROM provider_accounts"), 1);
    }

    fn an_unlinked_account_may_be_linked_by_another_and_signs_in_there_alone(store: TestStore) {
        add_person(&store, "ada");
        add_person(&store, "bob");
        assert_eq!(link(&store, "ada", account("1")), Linked::Linked);
        assert_eq!(unlink(&store, "bob", "1"), Retirement::NotFound, "it is not theirs");
        assert_eq!(unlink(&store, "ada", "1"), Retirement::Retired);
        assert!(matches!(enter(&store, account("1"), Unlinked::Refuse, "a"), ProviderSignedIn::NotLinked));
        assert_eq!(link(&store, "bob", account("1")), Linked::Linked);
        let ProviderSignedIn::SignedIn { session, is_new: false } = enter(&store, account("1"), Unlinked::Refuse, "b")
        else {
            panic!("nobody is signed in")
        };
        assert_eq!(session.user_id, user_id("bob"));
    }

    fn unlinking_while_signing_in_leaves_no_session_without_an_account(store: TestStore) {
        add_person(&store, "ada");
        for round in 0..5 {
            assert_eq!(link(&store, "ada", account("1")), Linked::Linked, "{round}");
            let signed_in = together(|number| {
                if number == 0 {
                    assert_eq!(unlink(&store, "ada", "1"), Retirement::Retired);
                    return true;
                }
                let outcome = enter(&store, account("1"), Unlinked::Refuse, &format!("{round} {number}"));
                match outcome {
                    ProviderSignedIn::SignedIn { .. } => true,
                    ProviderSignedIn::NotLinked => false,
                    outcome => panic!("{outcome:?}"),
                }
            });
            assert!(signed_in.iter().any(|signed_in| *signed_in));
            assert!(matches!(enter(&store, account("1"), Unlinked::Refuse, "late"), ProviderSignedIn::NotLinked));
        }
    }

    fn a_disabled_account_is_neither_signed_in_to_nor_linked(store: TestStore) {
        add_person(&store, "ada");
        assert_eq!(link(&store, "ada", account("1")), Linked::Linked);
        let now = store.clock.now();
        insist(&store, move |tx| user::set_disabled(tx, &user_id("ada"), true, now));
        assert!(matches!(enter(&store, account("1"), Unlinked::Refuse, "a"), ProviderSignedIn::Disabled));
        assert_eq!(link(&store, "ada", account("2")), Linked::Disabled);
        assert_eq!(count(&store, "SELECT count(*) FROM provider_accounts"), 1);
    }

    fn a_trusted_address_displaces_an_unproven_one_and_never_a_proven_one(store: TestStore) {
        let (now, address) = (store.clock.now(), Email::parse("ada@example.org").unwrap());
        add_person(&store, "squatter");
        insist(&store, move |tx| email::add(tx, &user_id("squatter"), &address, EmailProof::Unverified, now));
        enter(&store, account("1"), newcomer("ada", Some("ada@example.org")), "a");
        assert_eq!(proven_owner(&store, "ada@example.org").as_deref(), Some("user_ada"));
        enter(&store, account("2"), newcomer("eve", Some("ada@example.org")), "b");
        assert_eq!(proven_owner(&store, "ada@example.org").as_deref(), Some("user_ada"));
        assert_eq!(count(&store, "SELECT count(*) FROM users"), 3);
    }

    fn refusals_are_recorded_without_growing(store: TestStore) {
        for number in 0..20 {
            let outcome = enter(&store, account("nobody"), Unlinked::Refuse, &number.to_string());
            assert!(matches!(outcome, ProviderSignedIn::NotLinked));
        }
        let recorded = count(&store, "SELECT count(*) FROM events WHERE action = 'user.sign_in_failed'");
        assert_eq!(recorded, 1);
    }

    fn the_address_at_the_provider_is_kept_up_to_date(store: TestStore) {
        add_person(&store, "ada");
        link(&store, "ada", account("1"));
        let moved = Vouched { email: Some("new@example.org".to_owned()), ..account("1") };
        enter(&store, moved, Unlinked::Refuse, "a");
        let found = store.read_blocking(|tx| provider_account::find(tx, "google", "1")).unwrap().unwrap();
        assert_eq!(found.email.as_deref(), Some("new@example.org"));
        assert_eq!(proven_owner(&store, "new@example.org"), None, "it proves nothing here");
        let key = Credential::key(&key_named("ada"));
        assert!(store.read_blocking(move |tx| credential::find(tx, &key)).unwrap().is_some());
    }
}
