//! Rules that rest on the rows of one account, or on one row, raced by two processes on one database: whoever comes second sees
//! what the first did.

use std::sync::Arc;
use std::time::Duration;

use sigma_core::app::App;
use sigma_core::authentication::{Authentication, Method, Methods};
use sigma_core::authorize::Consent;
use sigma_core::code::{Authorization, Code, Redeemed, Redemption, SentVerifier};
use sigma_core::digest::Digest;
use sigma_core::ids::{AppId, GrantId, SessionId, UserId};
use sigma_core::scope::Scopes;
use sigma_core::time::Clock as _;
use sigma_store::account_deletion::{self, Deletion, Requested};
use sigma_store::code::{self, Outcome, Redeem};
use sigma_store::grant::{self, Revocation};
use sigma_store::password::{self, Attempt};
use sigma_store::password_change::{self, Change};
use sigma_store::refresh_token::{self, FirstRefreshToken, NewFamily, Refresh, Refreshed};
use sigma_store::replay_guard::{self, Once};
use sigma_store::session::{self, NewSession};
use sigma_store::testing::TestStore;
use sigma_store::{Store, consent, on_both_engines, outbox, sign_in, user};

use crate::accounts::{count, new_session, notice};
use crate::nodes::{nodes, person, together, write};

fn add_code(store: &TestStore, text: &str, user_id: &UserId) {
    let now = store.clock.now();
    let code = Code {
        hash: Digest::of(text),
        authorization: Authorization {
            app_id: AppId::from_text("shop"),
            user_id: user_id.clone(),
            session_id: SessionId::from_text("ses"),
            org_id: None,
            bap_id: None,
            scope: Scopes::parse("openid offline_access"),
            claims: Vec::new(),
            id_token_claims: Vec::new(),
            resources: Vec::new(),
            nonce: None,
            auth_time: now,
            acr: "1".to_owned(),
            amr: "pwd".to_owned(),
        },
        redirect_uri: "https://app.example.org/".to_owned(),
        code_challenge: None,
        dpop_jkt: None,
        expires_at: now.plus(Duration::from_mins(1)),
        redeemed_for: None,
        used: false,
    };
    write(store, move |tx| code::add(tx, &code, now));
}

/// The app that codes and refresh tokens are for.
fn shop() -> Arc<App> {
    Arc::new(App { id: AppId::from_text("shop"), ..App::sigma() })
}

fn redeem(clock: &TestStore, store: &Store, text: &str, grant_id: &str) -> Outcome {
    let now = clock.clock.now();
    let first = Digest::of(format!("first of {grant_id}"));
    let request = Redeem {
        hash: Digest::of(text),
        app: shop(),
        attempt: Redemption {
            app_id: AppId::from_text("shop"),
            redirect_uri: Some("https://app.example.org/".to_owned()),
            verifier: SentVerifier::Absent,
            jkt: None,
        },
        once: None,
        grant_id: GrantId::from_text(grant_id),
        refresh: NewFamily::new(now.plus(Duration::from_hours(1)), move || {
            Ok(FirstRefreshToken { hash: first, sealed_family_key: vec![1] })
        }),
        access_expires_at: now.plus(Duration::from_hours(1)),
        resources: Vec::new(),
        now,
    };
    write(store, move |tx| code::redeem(tx, &request))
}

/// Refreshes the family of `grant_id`.
fn refresh(clock: &TestStore, store: &Store, grant_id: &str, token: &str, successor: &str) -> Refreshed {
    let now = clock.clock.now();
    let request = Refresh {
        jkt: None,
        token: Digest::of(token),
        family: GrantId::from_text(grant_id),
        successor: Digest::of(successor),
        app: shop(),
        once: None,
        scope: None,
        resources: Vec::new(),
        refresh_expires_at: now.plus(Duration::from_hours(2)),
        life: None,
        rotates: true,
        access_expires_at: now.plus(Duration::from_hours(1)),
        now,
    };
    write(store, move |tx| refresh_token::refresh(tx, &request))
}

on_both_engines! {
    fn a_code_at_two_nodes_gives_one_grant(store: TestStore) {
        let (nodes, ada) = (nodes(&store), person(&store, "ada"));
        for round in 0..10 {
            let text = format!("code {round}");
            add_code(&store, &text, &ada);
            let outcomes = together(&nodes, |node, number| redeem(&store, node, &text, &format!("gr_{round}_{number}")));
            let granted = outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Granted(..))).count();
            let used = outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Refused(Redeemed::UsedBefore)));
            assert_eq!((granted, used.count()), (1, 7), "round {round}: {outcomes:?}");
        }
        assert_eq!(count(&store, "SELECT count(*) FROM grants WHERE revoked_at IS NOT NULL"), 10);
    }

    fn a_refresh_token_at_two_nodes_has_one_successor(store: TestStore) {
        let (nodes, ada) = (nodes(&store), person(&store, "ada"));
        for round in 0..10 {
            let (text, grant_id) = (format!("code {round}"), format!("gr_{round}"));
            add_code(&store, &text, &ada);
            redeem(&store, &store, &text, &grant_id);
            let (token, next) = (format!("first of {grant_id}"), format!("second of {grant_id}"));
            let outcomes = together(&nodes, |node, _| refresh(&store, node, &grant_id, &token, &next));
            assert!(outcomes.iter().all(|outcome| matches!(outcome, Refreshed::Granted(..))), "{outcomes:?}");
        }
        assert_eq!(count(&store, "SELECT count(*) FROM refresh_tokens"), 20);
    }

    fn a_grant_revoked_while_it_is_refreshed_is_revoked(store: TestStore) {
        let (nodes, ada) = (nodes(&store), person(&store, "ada"));
        for round in 0..10 {
            let (text, grant_id) = (format!("code {round}"), format!("gr_{round}"));
            add_code(&store, &text, &ada);
            redeem(&store, &store, &text, &grant_id);
            let now = store.clock.now();
            together(&nodes, |node, number| {
                if number == 7 {
                    let id = GrantId::from_text(grant_id.as_str());
                    write(node, move |tx| grant::revoke(tx, &id, Revocation::Requested, now));
                } else {
                    refresh(&store, node, &grant_id, &format!("first of {grant_id}"), &format!("second of {grant_id}"));
                }
            });
            let after = refresh(&store, &store, &grant_id, &format!("second of {grant_id}"), "third");
            assert!(matches!(after, Refreshed::Invalid | Refreshed::Reuse), "{after:?}");
        }
    }

    fn an_account_disabled_at_one_node_gets_nothing_more_at_the_other(store: TestStore) {
        let nodes = nodes(&store);
        for round in 0..10 {
            let ada = person(&store, &format!("ada{round}"));
            let (first, second, third) = (format!("a{round}"), format!("b{round}"), format!("c{round}"));
            for text in [&first, &second, &third] {
                add_code(&store, text, &ada);
            }
            redeem(&store, &store, &first, &format!("gr_{first}"));
            let now = store.clock.now();
            together(&nodes, |node, number| match number {
                0 => {
                    let id = ada.clone();
                    assert!(write(node, move |tx| user::set_disabled(tx, &id, true, now)));
                    // From now on, at this node and at the other.
                    let refreshed = refresh(&store, &nodes[1], &format!("gr_{first}"), &format!("first of gr_{first}"), &format!("second of {first}"));
                    assert!(matches!(refreshed, Refreshed::Disabled), "{refreshed:?}");
                }
                1 => drop(redeem(&store, node, &second, &format!("gr_{second}"))),
                _ => drop(refresh(&store, node, &format!("gr_{first}"), &format!("first of gr_{first}"), &format!("second of {first}"))),
            });
            let outcome = redeem(&store, &nodes[1], &third, &format!("gr_{third}"));
            assert!(matches!(outcome, Outcome::SessionEnded), "{outcome:?}");
        }
    }

    fn a_code_that_was_issued_just_after_the_deletion_was_requested_is_worth_nothing(store: TestStore) {
        let (ada, now) = (person(&store, "ada"), store.clock.now());
        let deletion = Deletion { user_id: ada.clone(), pseudonym: UserId::from_text("user_nobody"), requested_at: now, due_at: now };
        assert_eq!(write(&store, move |tx| account_deletion::request(tx, &deletion, None, &[])), Requested::Scheduled);
        add_code(&store, "late", &ada);
        let outcome = redeem(&store, &store, "late", "gr_late");
        assert!(matches!(outcome, Outcome::SessionEnded), "{outcome:?}");
    }

    fn an_account_deleted_while_its_app_refreshes_leaves_no_access(store: TestStore) {
        let nodes = nodes(&store);
        for round in 0..10 {
            let ada = person(&store, &format!("ada{round}"));
            let (first, second) = (format!("a{round}"), format!("b{round}"));
            add_code(&store, &first, &ada);
            add_code(&store, &second, &ada);
            redeem(&store, &store, &first, &format!("gr_{first}"));
            let (token, next) = (format!("first of gr_{first}"), format!("second of {first}"));
            let (pseudonym, now) = (UserId::from_text(format!("user_nobody{round}")), store.clock.now());
            let deletion = Deletion { user_id: ada.clone(), pseudonym, requested_at: now, due_at: now };
            together(&nodes, |node, number| match number {
                0 => {
                    let new = deletion.clone();
                    assert_eq!(write(node, move |tx| account_deletion::request(tx, &new, None, &[])), Requested::Scheduled);
                    while write(node, { let due = deletion.clone(); move |tx| account_deletion::delete_batch(tx, &due, now) }) > 0 {}
                    let due = deletion.clone();
                    write(node, move |tx| account_deletion::finish(tx, &due, now));
                }
                1 => drop(redeem(&store, node, &second, &format!("gr_{second}"))),
                _ => drop(refresh(&store, node, &format!("gr_{first}"), &token, &next)),
            });
            for (grant, token) in [(&first, &token), (&first, &next), (&second, &format!("first of gr_{second}"))] {
                let after = refresh(&store, &nodes[1], &format!("gr_{grant}"), token, &format!("successor of {token}"));
                assert!(matches!(after, Refreshed::Invalid | Refreshed::Disabled | Refreshed::Reuse), "{token}: {after:?}");
            }
            let (gone, email) = (ada.clone(), format!("ada{round}@example.org"));
            assert!(store.read_blocking(move |tx| user::find(tx, &gone)).unwrap().is_none());
            assert!(store.read_blocking(move |tx| user::find_by_email(tx, &email)).unwrap().is_none());
        }
    }

    fn of_scopes_agreed_to_at_once_none_is_forgotten(store: TestStore) {
        let (nodes, ada) = (nodes(&store), person(&store, "ada"));
        for round in 0..10 {
            let (app_id, now) = (AppId::from_text(format!("app {round}")), store.clock.now());
            together(&nodes, |node, number| {
                let (user_id, app_id, scopes) = (ada.clone(), app_id.clone(), Scopes::parse(&format!("scope{number}")));
                let resources = [("urn:api".to_owned(), scopes.clone())].into();
                let agreed = Consent { resources, scope: scopes, ..Consent::default() };
                write(node, move |tx| consent::remember(tx, &user_id, &app_id, None, &agreed, now));
            });
            let user_id = ada.clone();
            let consents = store.read_blocking(move |tx| consent::find(tx, &user_id, &app_id)).unwrap();
            let agreed = consents.of(None).unwrap();
            for scopes in [&agreed.scope, &agreed.resources["urn:api"]] {
                assert!((0..8).all(|number| scopes.contains(&format!("scope{number}"))), "{scopes}");
            }
        }
    }

    fn a_message_counts_once_at_two_nodes(store: TestStore) {
        let nodes = nodes(&store);
        for round in 0..20 {
            let now = store.clock.now();
            let once = Once::new(Digest::of(format!("{round}")), now.plus(Duration::from_mins(5)), now).unwrap();
            let first = together(&nodes, |node, _| {
                let once = once.clone();
                write(node, move |tx| replay_guard::spend(tx, &once))
            });
            assert_eq!(first.iter().filter(|first| **first).count(), 1, "round {round}");
        }
    }

    fn a_sign_in_by_the_old_password_does_not_outlive_its_change(store: TestStore) {
        let nodes = nodes(&store);
        for round in 0..10 {
            let (name, now) = (format!("p{round}"), store.clock.now());
            let user_id = person(&store, &name);
            let owner = user_id.clone();
            write(&store, move |tx| password::set(tx, &owner, "old", "192.0.2.1", now));
            let attempt = Attempt {
                email: format!("{name}@example.org"),
                bucket: 1,
                network: "192.0.2.1".to_owned(),
                device: None,
                delays: true,
            };
            let looked_up = store.read_blocking(move |tx| password::look_up(tx, &attempt, now)).unwrap();
            let proof = looked_up.proof().unwrap();
            together(&nodes, |node, number| {
                let (proof, owner) = (proof.clone(), user_id.clone());
                if number == 0 {
                    let change = Change {
                        user_id: owner,
                        proof: Some(proof),
                        hash: "new".to_owned(),
                        kept: SessionId::from_text("none"),
                        network: "192.0.2.1".to_owned(),
                        notice: notice(&store),
                    };
                    assert!(write(node, move |tx| password_change::change(tx, &change)));
                } else {
                    let new = new_session(&store, &format!("{round}_{number}"));
                    write(node, move |tx| password::sign_in(tx, &proof, &new));
                }
            });
            let live = store.read_blocking(move |tx| session::list_live(tx, &user_id, now)).unwrap();
            assert!(live.is_empty(), "round {round}: {live:?}");
        }
    }

    fn a_session_that_ends_while_it_is_continued_stays_ended(store: TestStore) {
        let (nodes, ada) = (nodes(&store), person(&store, "ada"));
        for round in 0..10 {
            let (old, now) = (new_session(&store, &format!("{round}")), store.clock.now());
            let proven = Authentication::stored(ada.clone(), Methods::of(Method::Password), now);
            let again = proven.clone();
            let (id, secret) = (old.id.clone(), old.secret);
            write(&store, move |tx| sign_in::begin(tx, &proven, None, &old));
            together(&nodes, |node, number| {
                let (owner, id, again) = (ada.clone(), id.clone(), again.clone());
                match number {
                    0 => drop(write(node, move |tx| session::end(tx, &owner, &id, now))),
                    1 => {
                        let new = NewSession { continues: Some(secret), ..new_session(&store, &format!("{round} again")) };
                        let cookie = new.secret;
                        write(node, move |tx| sign_in::begin(tx, &again, None, &new));
                        let begun = node.read_blocking(move |tx| session::find_by_secret(tx, &cookie)).unwrap();
                        assert!(begun.is_some(), "the cookie that was given is that of a session");
                    }
                    _ => {}
                }
            });
            let ended = store.read_blocking(move |tx| session::find(tx, &id)).unwrap().unwrap();
            assert!(ended.ended_at.is_some(), "round {round}");
        }
    }

    fn a_mail_is_taken_by_one(store: TestStore) {
        let (nodes, now) = (nodes(&store), store.clock.now());
        for round in 0..10 {
            for _ in 0..20 {
                let mail = notice(&store);
                write(&store, move |tx| outbox::add(tx, &mail));
            }
            let taken = together(&nodes, |node, _| write(node, move |tx| outbox::take(tx, now, 20)).len());
            let rest = write(&store, move |tx| outbox::take(tx, now, 100)).len();
            assert_eq!(taken.iter().sum::<usize>() + rest, 20, "round {round}: {taken:?}");
        }
    }
}
