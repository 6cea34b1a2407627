//! Passkeys, authenticator apps and recovery codes: what works once works once, however many try at the same moment.

use std::time::Duration;

use sigma_core::authentication::{Acr, Credential};
use sigma_core::digest::Digest;
use sigma_core::time::Clock as _;
use sigma_core::webauthn::Asserted;
use sigma_store::credential_change::{self, Retire};
use sigma_store::passkey::{self, NewPasskey, Proof, Proven};
use sigma_store::recovery_code::{self, CODES};
use sigma_store::second_factor::{self, Attempt, Code, Entered};
use sigma_store::session::NewSession;
use sigma_store::testing::{TestStore, insist};
use sigma_store::totp::{self, NewTotp};
use sigma_store::{credential, on_both_engines, session, user};

use crate::accounts::{
    add_person, continuing, count, events, mails, new_session, notice, once, sign_in, together, user_id,
};

fn codes(name: &str) -> Vec<Digest> {
    (0..CODES).map(|number| Digest::of(format!("{name} {number}"))).collect()
}

/// Signs the person in, and adds an authenticator app whose code of step 100 was used.
fn add_totp(store: &TestStore, name: &str) {
    sign_in(store, name, "first");
    assert!(matches!(try_totp(store, name, "app", "first"), totp::Added::Added { has_new_codes: true, .. }));
}

fn try_totp(store: &TestStore, name: &str, id: &str, browser: &str) -> totp::Added {
    let new = NewTotp {
        user_id: user_id(name),
        id: id.to_owned(),
        sealed: vec![7],
        step: 100,
        recovery_codes: codes(name),
        notices: vec![notice(store)],
        session: continuing(store, browser, &format!("{browser} raised")),
    };
    insist(store, move |tx| totp::add(tx, &new))
}

fn enter(store: &TestStore, name: &str, code: Code, browser: &str, delays: bool) -> Entered {
    let session = continuing(store, browser, &format!("{browser} raised"));
    let attempt = Attempt { user_id: user_id(name), code, delays, session, notices: Vec::new() };
    insist(store, move |tx| second_factor::enter(tx, &attempt))
}

fn step(step: i64) -> Code {
    Code::Totp { id: "app".to_owned(), step: Some(step) }
}

/// Adds a passkey called `id`, whose public key is its id.
fn add_passkey(store: &TestStore, name: &str, id: &str, browser: &str, next: &str) -> passkey::Added {
    let new = NewPasskey {
        user_id: user_id(name),
        id: id.to_owned(),
        name: "Laptop".to_owned(),
        public_key: id.as_bytes().to_vec(),
        sign_count: 4,
        is_backed_up: false,
        once: once(store, &format!("challenge of {id} {next}")),
        notices: vec![notice(store)],
        session: continuing(store, browser, next),
    };
    insist(store, move |tx| passkey::add(tx, &new))
}

fn proof(store: &TestStore, id: &str, sign_count: u32, challenge: &str, session: NewSession) -> Proof {
    let wanted = id.to_owned();
    let read = store.read_blocking(move |tx| passkey::find(tx, &wanted)).unwrap();
    Proof {
        id: id.to_owned(),
        user_id: read.map_or_else(|| user_id("ada"), |passkey| passkey.user_id),
        public_key: id.as_bytes().to_vec(),
        user_handle: None,
        asserted: Asserted { is_user_verified: true, sign_count, is_backed_up: false },
        once: once(store, challenge),
        session,
        is_step_up: false,
    }
}

fn prove(store: &TestStore, proof: Proof) -> Proven {
    insist(store, move |tx| passkey::sign_in(tx, &proof))
}

/// Somebody with a passkey called `hers`, whose counter is at 4.
fn add_person_with_passkey(store: &TestStore, name: &str) {
    add_person(store, name);
    sign_in(store, name, name);
    assert!(matches!(add_passkey(store, name, "hers", name, "next"), passkey::Added::Added(_)));
}

fn reasons(store: &TestStore, name: &str) -> Vec<String> {
    events(store, name, "user.sign_in_failed").into_iter().filter_map(|event| event.details.reason).collect()
}

on_both_engines! {
    fn of_a_recovery_code_used_by_many_at_once_one_wins(store: TestStore) {
        add_person(&store, "ada");
        add_totp(&store, "ada");
        for round in 0..3 {
            for number in 0..8 {
                sign_in(&store, "ada", &format!("{round} {number}"));
            }
            let code = codes("ada")[round];
            let outcomes =
                together(|number| enter(&store, "ada", Code::Recovery(code), &format!("{round} {number}"), false));
            let raised = outcomes.iter().filter(|outcome| matches!(outcome, Entered::Raised(_))).count();
            let wrong = outcomes.iter().filter(|outcome| matches!(outcome, Entered::Wrong)).count();
            assert_eq!((raised, wrong), (1, 7), "{outcomes:?}");
        }
        let left = store.read_blocking(|tx| recovery_code::count(tx, &user_id("ada"))).unwrap();
        assert_eq!(left, 7);
    }

    fn a_step_of_an_authenticator_app_is_used_once_and_none_before_it(store: TestStore) {
        add_person(&store, "ada");
        add_totp(&store, "ada");
        for number in 0..8 {
            sign_in(&store, "ada", &number.to_string());
        }
        let outcomes = together(|number| enter(&store, "ada", step(102), &number.to_string(), false));
        let raised: Vec<_> = outcomes.iter().filter_map(|outcome| match outcome {
            Entered::Raised(session) => Some(session.facts().authentication().acr()),
            _ => None,
        }).collect();
        assert_eq!(raised, [Acr::Two], "{outcomes:?}");
        for used in [100, 101, 102] {
            sign_in(&store, "ada", &format!("again {used}"));
            let outcome = enter(&store, "ada", step(used), &format!("again {used}"), false);
            assert!(matches!(outcome, Entered::Wrong), "{used}");
        }
        assert!(matches!(enter(&store, "ada", step(103), "again 100", false), Entered::Raised(_)));
        let other = Code::Totp { id: "of another".to_owned(), step: Some(200) };
        assert!(matches!(enter(&store, "ada", other, "again 101", false), Entered::Wrong));
    }

    fn an_account_has_one_authenticator_app_and_one_set_of_codes(store: TestStore) {
        add_person(&store, "ada");
        for number in 0..8 {
            sign_in(&store, "ada", &number.to_string());
        }
        let outcomes = together(|number| try_totp(&store, "ada", &format!("app {number}"), &number.to_string()));
        let added = outcomes.iter().filter(|outcome| matches!(outcome, totp::Added::Added { has_new_codes: true, .. }));
        let second = outcomes.iter().filter(|outcome| matches!(outcome, totp::Added::HasOne)).count();
        assert_eq!((added.count(), second), (1, 7), "{outcomes:?}");
        assert_eq!(count(&store, "SELECT count(*) FROM recovery_codes"), 10);
        assert_eq!(mails(&store), 1);
        let methods: Vec<_> =
            events(&store, "ada", "credential.add").into_iter().filter_map(|event| event.details.method).collect();
        assert_eq!(methods, ["recovery", "totp"]);
        assert!(matches!(try_totp(&store, "ada", "later", "nobody's browser"), totp::Added::SignedOut));
    }

    fn wrong_codes_delay_the_right_one(store: TestStore) {
        add_person(&store, "ada");
        add_totp(&store, "ada");
        sign_in(&store, "ada", "guessing");
        let mut wrong = 0;
        let until = loop {
            match enter(&store, "ada", Code::Totp { id: "app".to_owned(), step: None }, "guessing", true) {
                Entered::Wrong => wrong += 1,
                Entered::Delayed(until) => break until,
                outcome => panic!("{outcome:?}"),
            }
            assert!(wrong < 20, "nothing delays");
        };
        assert!(wrong >= 1);
        // From another browser too, and with a recovery code.
        sign_in(&store, "ada", "hers");
        for code in [step(150), Code::Recovery(codes("ada")[0])] {
            assert!(matches!(enter(&store, "ada", code, "hers", true), Entered::Delayed(_)));
        }
        store.advance(until.since(store.clock.now()) + Duration::from_secs(1));
        assert!(matches!(enter(&store, "ada", step(150), "hers", true), Entered::Raised(_)));
        let failed = events(&store, "ada", "user.sign_in_failed");
        assert_eq!(failed.iter().map(|event| event.details.reason.as_deref()).collect::<Vec<_>>(), [Some("wrong_code")]);
    }

    fn new_recovery_codes_replace_all_earlier_ones(store: TestStore) {
        add_person(&store, "ada");
        add_totp(&store, "ada");
        let (now, more) = (store.clock.now(), [codes("new"), codes("more")].concat());
        insist(&store, move |tx| recovery_code::renew(tx, &user_id("ada"), &more, &[], now));
        assert_eq!(count(&store, "SELECT count(*) FROM recovery_codes"), 10);
        sign_in(&store, "ada", "second");
        for (code, is_right) in [("ada 0", false), ("more 0", false), ("new 9", true)] {
            let outcome = enter(&store, "ada", Code::Recovery(Digest::of(code)), "second", false);
            assert_eq!(matches!(outcome, Entered::Raised(_)), is_right, "{code}");
        }
    }

    fn a_code_of_one_account_is_none_of_another(store: TestStore) {
        add_person(&store, "ada");
        add_totp(&store, "ada");
        add_person(&store, "eve");
        sign_in(&store, "eve", "eve");
        for code in [step(150), Code::Recovery(codes("ada")[0])] {
            assert!(matches!(enter(&store, "eve", code.clone(), "eve", false), Entered::Wrong));
            // Nor is a session of another account raised by it.
            assert!(matches!(enter(&store, "ada", code, "eve", false), Entered::SignedOut));
        }
        assert_eq!(count(&store, "SELECT count(*) FROM recovery_codes"), 10);
    }

    fn recovery_codes_go_with_the_last_other_second_factor(store: TestStore) {
        add_person(&store, "ada");
        add_totp(&store, "ada");
        let remove = |credential: Credential| {
            let found = store.read_blocking(|tx| session::find_by_secret(tx, &Digest::of("first raised"))).unwrap();
            let (kept, now) = (found.unwrap().id, store.clock.now());
            let retire = Retire { user_id: user_id("ada"), credential, kept, notices: Vec::new(), now };
            insist(&store, move |tx| credential_change::retire(tx, &retire))
        };
        assert_eq!(remove(Credential::totp("app")), credential::Retirement::Retired);
        assert_eq!(count(&store, "SELECT count(*) FROM recovery_codes"), 0);
        assert_eq!(count(&store, "SELECT count(*) FROM totp_secrets"), 0);
        assert_eq!(count(&store, "SELECT count(*) FROM credentials"), 1, "the key");
        assert_eq!(events(&store, "ada", "credential.remove").len(), 1);
    }

    fn a_challenge_is_answered_once(store: TestStore) {
        add_person_with_passkey(&store, "ada");
        let outcomes = together(|number| {
            prove(&store, proof(&store, "hers", 5 + number, "one", new_session(&store, &number.to_string())))
        });
        let signed_in = outcomes.iter().filter(|outcome| matches!(outcome, Proven::SignedIn(_))).count();
        let replayed = outcomes.iter().filter(|outcome| matches!(outcome, Proven::Replayed)).count();
        assert_eq!((signed_in, replayed), (1, 7), "{outcomes:?}");
        assert_eq!(reasons(&store, "ada"), ["replayed"]);
    }

    fn a_counter_is_accepted_once(store: TestStore) {
        add_person_with_passkey(&store, "ada");
        let attempt = |sign_count: u32, name: &str| {
            prove(&store, proof(&store, "hers", sign_count, name, new_session(&store, name)))
        };
        let outcomes = together(|number| attempt(9, &number.to_string()));
        let signed_in = outcomes.iter().filter(|outcome| matches!(outcome, Proven::SignedIn(_))).count();
        let cloned = outcomes.iter().filter(|outcome| matches!(outcome, Proven::Cloned)).count();
        assert_eq!((signed_in, cloned), (1, 7), "{outcomes:?}");
        for (sign_count, name) in [(9, "the same"), (8, "less"), (0, "none")] {
            assert!(matches!(attempt(sign_count, name), Proven::Cloned), "{sign_count}");
        }
        assert!(matches!(attempt(10, "more"), Proven::SignedIn(_)));
        assert_eq!(reasons(&store, "ada"), ["cloned_passkey"]);
    }

    fn a_passkey_belongs_to_whoever_added_it_first(store: TestStore) {
        for number in 0..8 {
            add_person(&store, &number.to_string());
            sign_in(&store, &number.to_string(), &number.to_string());
        }
        let outcomes = together(|number| {
            let name = number.to_string();
            add_passkey(&store, &name, "same", &name, &format!("{name} raised"))
        });
        let added = outcomes.iter().filter(|outcome| matches!(outcome, passkey::Added::Added(_))).count();
        let known = outcomes.iter().filter(|outcome| matches!(outcome, passkey::Added::Known)).count();
        assert_eq!((added, known), (1, 7), "{outcomes:?}");
        assert_eq!(count(&store, "SELECT count(*) FROM passkeys"), 1);
        assert_eq!(count(&store, "SELECT count(*) FROM credentials WHERE kind = 'passkey'"), 1);
        assert_eq!(mails(&store), 1);
    }

    fn passkeys_of_an_account_are_limited(store: TestStore) {
        add_person(&store, "ada");
        for number in 0..passkey::MOST - 1 {
            sign_in(&store, "ada", &format!("adding {number}"));
            let added = add_passkey(&store, "ada", &number.to_string(), &format!("adding {number}"), &format!("{number}"));
            assert!(matches!(added, passkey::Added::Added(_)), "{number}");
        }
        for number in 0..8 {
            sign_in(&store, "ada", &format!("last {number}"));
        }
        let outcomes = together(|number| {
            add_passkey(&store, "ada", &format!("last {number}"), &format!("last {number}"), &format!("raised {number}"))
        });
        let added = outcomes.iter().filter(|outcome| matches!(outcome, passkey::Added::Added(_))).count();
        let too_many = outcomes.iter().filter(|outcome| matches!(outcome, passkey::Added::TooMany)).count();
        assert_eq!((added, too_many), (1, 7), "{outcomes:?}");
        let listed = store.read_blocking(|tx| passkey::list(tx, &user_id("ada"))).unwrap();
        assert_eq!(listed.len(), passkey::MOST);
    }

    fn a_passkey_of_another_account_raises_no_session(store: TestStore) {
        add_person_with_passkey(&store, "eve");
        add_person(&store, "ada");
        sign_in(&store, "ada", "ada");
        let raising = Proof { is_step_up: true, ..proof(&store, "hers", 5, "one", continuing(&store, "ada", "raised")) };
        assert!(matches!(prove(&store, raising), Proven::OtherAccount));
        let hers = store.read_blocking(|tx| session::find_by_secret(tx, &Digest::of("ada"))).unwrap().unwrap();
        assert_eq!(hers.facts().authentication().acr(), Acr::One);
        // Signing in with it names its own account alone.
        let handle = insist(&store, |tx| passkey::handle_of(tx, &user_id("ada"), "handle of ada"));
        let foreign =
            Proof { user_handle: Some(handle), ..proof(&store, "hers", 6, "two", new_session(&store, "foreign")) };
        assert!(matches!(prove(&store, foreign), Proven::OtherAccount));
        assert_eq!(reasons(&store, "eve"), ["passkey_of_another"]);
    }

    fn a_removed_or_replaced_passkey_and_a_disabled_account_sign_nobody_in(store: TestStore) {
        add_person_with_passkey(&store, "ada");
        let attempt = |name: &str, public_key: &[u8]| {
            let session = new_session(&store, name);
            prove(&store, Proof { public_key: public_key.to_vec(), ..proof(&store, "hers", 5, name, session) })
        };
        assert!(matches!(attempt("another key", b"another"), Proven::Unknown));
        let now = store.clock.now();
        insist(&store, move |tx| user::set_disabled(tx, &user_id("ada"), true, now));
        assert!(matches!(attempt("disabled", b"hers"), Proven::Disabled));
        insist(&store, move |tx| user::set_disabled(tx, &user_id("ada"), false, now));
        sign_in(&store, "ada", "removing");
        let kept = new_session(&store, "removing").id;
        let (credential, notices) = (Credential::passkey("hers"), Vec::new());
        let retire = Retire { user_id: user_id("ada"), credential, kept, notices, now };
        insist(&store, move |tx| credential_change::retire(tx, &retire));
        assert!(matches!(attempt("removed", b"hers"), Proven::Unknown));
        assert_eq!(count(&store, "SELECT count(*) FROM passkeys"), 0);
    }

    fn authenticators_know_an_account_by_one_handle(store: TestStore) {
        add_person(&store, "ada");
        let handles = together(|number| {
            let new = format!("handle {number}");
            insist(&store, move |tx| passkey::handle_of(tx, &user_id("ada"), &new))
        });
        assert!(handles.iter().all(|handle| *handle == handles[0]), "{handles:?}");
    }

    fn passkeys_are_renamed_by_their_user_alone(store: TestStore) {
        add_person_with_passkey(&store, "ada");
        add_person(&store, "eve");
        let now = store.clock.now();
        let rename = |name: &'static str| {
            insist(&store, move |tx| passkey::rename(tx, &user_id(name), "hers", &format!("of {name}"), now))
        };
        assert_eq!([rename("eve"), rename("ada")], [false, true]);
        let listed = store.read_blocking(|tx| passkey::list(tx, &user_id("ada"))).unwrap();
        assert_eq!(listed[0].name, "of ada");
        assert_eq!(events(&store, "ada", "credential.change").len(), 1);
    }
}
