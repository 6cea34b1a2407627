//! Sign-ups by e-mail that are proven by several at once, on both engines.

use std::sync::Barrier;
use std::time::Duration;

use sigma_core::digest::Digest;
use sigma_core::email::Email;
use sigma_core::ids::{MailId, SessionId, UserId};
use sigma_core::time::Clock as _;
use sigma_store::email::EmailProof;
use sigma_store::email_sign_up::{self, NewEmailSignUp, Proven, Proving};
use sigma_store::on_both_engines;
use sigma_store::outbox::NewMail;
use sigma_store::session::NewSession;
use sigma_store::testing::{TestStore, insist};
use sigma_store::user;

fn mail(store: &TestStore, name: &str) -> NewMail {
    let now = store.clock.now();
    NewMail { id: MailId::from_text(name), sealed: vec![1], now, expires_at: now.plus(Duration::from_hours(1)) }
}

fn begin(store: &TestStore, name: &str) {
    begin_counted(store, name, name, name);
}

/// Returns whether a mail was queued.
fn begin_counted(store: &TestStore, name: &str, counted_as: &str, counted_here_as: &str) -> bool {
    let now = store.clock.now();
    let new = NewEmailSignUp {
        browser: Digest::of(format!("browser {name}")),
        replaces: None,
        link: Digest::of(format!("link {name}")),
        code: Digest::of(format!("code {name}")),
        email: Email::parse("ada@example.org").unwrap(),
        name: name.to_owned(),
        password_hash: "hash".to_owned(),
        interaction: None,
        counted_as: counted_as.to_owned(),
        counted_here_as: counted_here_as.to_owned(),
        confirmation: mail(store, &format!("mail {name}")),
        known: mail(store, &format!("known {name}")),
        now,
        expires_at: now.plus(Duration::from_hours(1)),
    };
    insist(store, move |tx| email_sign_up::begin(tx, &new))
}

fn proving(store: &TestStore, name: &str, number: u32) -> Proving {
    let now = store.clock.now();
    Proving {
        browser: Some(Digest::of(format!("browser {name}"))),
        new_user: UserId::from_text(format!("user {name} {number}")),
        network: "192.0.2.1".to_owned(),
        session: NewSession {
            id: SessionId::from_text(format!("ses {name} {number}")),
            secret: Digest::of(format!("secret {name} {number}")),
            continues: None,
            address: "192.0.2.1".to_owned(),
            user_agent: String::new(),
            device: sigma_store::session::Device::default(),
            now,
            expires_at: now.plus(Duration::from_hours(1)),
        },
    }
}

/// Runs `work` by four threads at the same moment.
fn together<T: Send>(work: impl Fn(u32) -> T + Sync) -> Vec<T> {
    let barrier = Barrier::new(4);
    std::thread::scope(|scope| {
        let (work, barrier) = (&work, &barrier);
        let threads: Vec<_> = (0..4)
            .map(|number| {
                scope.spawn(move || {
                    barrier.wait();
                    work(number)
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

on_both_engines! {
    fn concurrent_link_and_code_create_one_account(store: TestStore) {
        begin(&store, "one");
        let outcomes = together(|number| {
            let proving = proving(&store, "one", number);
            insist(&store, move |tx| match number % 2 {
                0 => email_sign_up::prove_by_link(tx, &Digest::of("link one"), &proving),
                _ => email_sign_up::prove_by_code(tx, &Digest::of("code one"), &proving),
            })
        });
        let signed_in = outcomes.iter().filter(|outcome| matches!(outcome, Proven::SignedIn(_))).count();
        assert_eq!(signed_in, 1, "{outcomes:?}");
        assert!(outcomes.iter().all(|outcome| matches!(outcome, Proven::SignedIn(_) | Proven::Gone)), "{outcomes:?}");
        let found = store.read_blocking(|tx| user::find_by_email(tx, "ada@example.org")).unwrap();
        assert!(found.is_some_and(|user| user.email_verified));
    }

    fn concurrent_sign_ups_for_one_address_create_one_account(store: TestStore) {
        for number in 0..4 {
            begin(&store, &format!("{number}"));
        }
        let outcomes = together(|number| {
            let name = format!("{number}");
            let (proving, link) = (proving(&store, &name, number), Digest::of(format!("link {name}")));
            insist(&store, move |tx| email_sign_up::prove_by_link(tx, &link, &proving))
        });
        let signed_in = outcomes.iter().filter(|outcome| matches!(outcome, Proven::SignedIn(_))).count();
        let taken = outcomes.iter().filter(|outcome| matches!(outcome, Proven::Taken)).count();
        assert_eq!((signed_in, taken), (1, 3), "{outcomes:?}");
        let users = store.read_blocking(|tx| user::list(tx, "", 10)).unwrap();
        assert_eq!(users.len(), 1);
    }

    fn one_network_leaves_mails_of_an_address_to_others(store: TestStore) {
        let mails = |network: &str, attempts: u32| {
            let names = (0..attempts).map(|number| format!("{network} {number}"));
            names.filter(|name| begin_counted(&store, name, "ada", &format!("ada {network}"))).count()
        };
        assert_eq!(mails("one", 20), 3);
        assert_eq!(["two", "three", "four", "five"].map(|network| mails(network, 4)), [3, 3, 1, 0]);
    }

    fn an_unproven_address_of_another_account_is_free(store: TestStore) {
        let now = store.clock.now();
        let squatter = UserId::from_text("squatter");
        insist(&store, {
            let squatter = squatter.clone();
            move |tx| {
                let email = Email::parse("ada@example.org").unwrap();
                user::add_with_email(tx, &squatter, &email, EmailProof::Unverified, "Eve", now)
            }
        });
        begin(&store, "one");
        let proving = proving(&store, "one", 0);
        let proven = insist(&store, move |tx| email_sign_up::prove_by_code(tx, &Digest::of("code one"), &proving));
        assert!(matches!(proven, Proven::SignedIn(_)), "{proven:?}");
        let found = store.read_blocking(|tx| user::find_by_proven_email(tx, "ada@example.org")).unwrap().unwrap();
        assert_eq!(found.id, UserId::from_text("user one 0"));
        let left = store.read_blocking(move |tx| user::find(tx, &squatter)).unwrap().unwrap();
        assert_eq!(left.email, None);
    }

    fn a_code_that_was_not_mailed_is_never_right(store: TestStore) {
        for number in 0..4 {
            let is_mailed = begin_counted(&store, &format!("{number}"), "ada", "ada here");
            assert_eq!(is_mailed, number < 3);
        }
        let enter = |name: &str| {
            let (proving, code) = (proving(&store, name, 0), Digest::of(format!("code {name}")));
            insist(&store, move |tx| email_sign_up::prove_by_code(tx, &code, &proving))
        };
        assert!(matches!(enter("3"), Proven::WrongCode(_)));
        assert!(matches!(enter("0"), Proven::SignedIn(_)));
        begin(&store, "known");
        assert!(matches!(enter("known"), Proven::WrongCode(_)), "the mail says that there is an account");
    }

    fn concurrent_attempts_are_counted_one_by_one(store: TestStore) {
        begin(&store, "one");
        for _ in 0..3 {
            together(|number| {
                let proving = proving(&store, "one", number);
                insist(&store, move |tx| email_sign_up::prove_by_code(tx, &Digest::of("wrong"), &proving))
            });
        }
        let now = store.clock.now();
        let waiting = store.read_blocking(move |tx| email_sign_up::find(tx, &Digest::of("browser one"), now)).unwrap();
        assert_eq!(waiting.unwrap().guesses, email_sign_up::MOST_GUESSES);
        let right = proving(&store, "one", 9);
        let outcome = insist(&store, move |tx| email_sign_up::prove_by_code(tx, &Digest::of("code one"), &right));
        assert!(matches!(outcome, Proven::Gone), "{outcome:?}");
    }
}
