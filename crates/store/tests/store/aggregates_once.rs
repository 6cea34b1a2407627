//! The rules of people, codes and grants that say "once" or "nobody else", however many try at the same moment.

use std::sync::{Arc, Barrier};
use std::time::Duration;

use sigma_bitcoin::BapId;
use sigma_core::app::App;
use sigma_core::code::{Authorization, Code, Redeemed, Redemption, SentVerifier};
use sigma_core::digest::Digest;
use sigma_core::ids::{AppId, GrantId, SessionId, UserId};
use sigma_core::person::IdentityProof;
use sigma_core::scope::Scopes;
use sigma_core::time::{Clock as _, Timestamp};
use sigma_store::code::{self, Outcome, Redeem};
use sigma_store::grant;
use sigma_store::key_sign_in::{KeySignIn, KeySignedIn, NamedIdentity, UnknownKey, sign_in};
use sigma_store::refresh_token::{self, FirstRefreshToken, NewFamily, Refresh, Refreshed};
use sigma_store::replay_guard::Once;
use sigma_store::session::{self, NewSession};
use sigma_store::testing::{TestStore, identity_named, insist, key_named};
use sigma_store::{Store, identity, meta, on_both_engines};

const THREADS: u8 = 8;

/// The app called `id`.
fn app(id: &str) -> Arc<App> {
    Arc::new(App { id: AppId::from_text(id), ..App::sigma() })
}

/// Runs `attempt` in eight threads that begin together; the outcomes in no order.
fn together<R: Send>(attempt: impl Fn(u8) -> R + Sync) -> Vec<R> {
    let barrier = Barrier::new(THREADS.into());
    std::thread::scope(|scope| {
        let (attempt, barrier) = (&attempt, &barrier);
        let start = |number| {
            scope.spawn(move || {
                barrier.wait();
                attempt(number)
            })
        };
        let threads: Vec<_> = (0..THREADS).map(start).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

fn rows(store: &Store, sql: &'static str) -> i64 {
    store.read_blocking(move |tx| tx.query_opt(sql, &[])).unwrap().unwrap().int(0).unwrap()
}

/// A sign-up with the key `key` as `name`, by a message of its own.
fn sign_up(store: &TestStore, key: &str, name: &str, identity: Option<(&BapId, IdentityProof)>) -> KeySignIn {
    let now = store.clock.now();
    KeySignIn {
        pubkey: key_named(key),
        address: format!("address of {key}"),
        once: vec![Once::new(Digest::of(name), now.plus(Duration::from_mins(5)), now).unwrap()],
        identity: identity.map(|(bap_id, proof)| NamedIdentity {
            bap_id: bap_id.clone(),
            proof,
            root_address: None,
            key: None,
        }),
        new_user: UserId::from_text(format!("user_{name}")),
        unknown: UnknownKey::SignUp,
        origin_bound: false,
        require_origin_bound: false,
        session: NewSession {
            id: SessionId::from_text(format!("ses_{name}")),
            secret: Digest::of(format!("secret of {name}")),
            continues: None,
            address: "192.0.2.1".to_owned(),
            user_agent: String::new(),
            device: sigma_store::session::Device::default(),
            now,
            expires_at: now.plus(Duration::from_hours(1)),
        },
    }
}

fn enter(store: &Store, request: KeySignIn) -> KeySignedIn {
    insist(store, move |tx| sign_in(tx, &request))
}

fn entered(outcome: &KeySignedIn) -> bool {
    matches!(outcome, KeySignedIn::SignedIn(_))
}

fn authorization(scope: &str) -> Authorization {
    Authorization {
        app_id: AppId::from_text("shop"),
        user_id: UserId::from_text("user_ada"),
        session_id: SessionId::from_text("ses_ada"),
        org_id: None,
        bap_id: None,
        scope: Scopes::parse(scope),
        claims: Vec::new(),
        id_token_claims: Vec::new(),
        resources: Vec::new(),
        nonce: None,
        auth_time: Timestamp::from_seconds(1),
        acr: "1".to_owned(),
        amr: "pop swk".to_owned(),
    }
}

fn add_code(store: &TestStore, text: &str) {
    let now = store.clock.now();
    let code = Code {
        hash: Digest::of(text),
        authorization: authorization("openid offline_access"),
        redirect_uri: "https://app.example.org/".to_owned(),
        code_challenge: None,
        dpop_jkt: None,
        expires_at: now.plus(Duration::from_mins(1)),
        redeemed_for: None,
        used: false,
    };
    insist(store, move |tx| code::add(tx, &code, now));
}

fn redeem(store: &TestStore, text: &str, grant_id: &str, app_id: &str) -> Outcome {
    let now = store.clock.now();
    let first = Digest::of(format!("refresh of {grant_id}"));
    let request = Redeem {
        hash: Digest::of(text),
        app: app(app_id),
        attempt: Redemption {
            app_id: AppId::from_text(app_id),
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
    insist(store, move |tx| code::redeem(tx, &request))
}

fn refresh(store: &TestStore, token: &str, successor: &str) -> Refreshed {
    let now = store.clock.now();
    let request = Refresh {
        jkt: None,
        token: Digest::of(token),
        family: GrantId::from_text("gr_1"),
        successor: Digest::of(successor),
        app: app("shop"),
        once: None,
        scope: None,
        resources: Vec::new(),
        refresh_expires_at: now.plus(Duration::from_hours(1)),
        life: None,
        rotates: true,
        access_expires_at: now.plus(Duration::from_hours(1)),
        now,
    };
    insist(store, move |tx| refresh_token::refresh(tx, &request))
}

on_both_engines! {
    fn a_signed_message_lets_one_in(store: TestStore) {
        for round in 0..10 {
            let name = format!("round {round}");
            let outcomes = together(|number| {
                let mut request = sign_up(&store, &name, &name, None);
                request.session.id = SessionId::from_text(format!("ses_{round}_{number}"));
                request.session.secret = Digest::of(format!("{round} {number}"));
                enter(&store, request)
            });
            assert_eq!(outcomes.iter().filter(|outcome| entered(outcome)).count(), 1, "{outcomes:?}");
            assert!(outcomes.iter().all(|outcome| entered(outcome) || matches!(outcome, KeySignedIn::Replayed)));
        }
        assert_eq!(rows(&store, "SELECT COUNT(*) FROM sessions"), 10);
    }

    fn a_key_gets_one_account(store: TestStore) {
        let outcomes = together(|number| enter(&store, sign_up(&store, "key", &format!("{number}"), None)));
        assert!(outcomes.iter().all(entered), "{outcomes:?}");
        assert_eq!(rows(&store, "SELECT COUNT(*) FROM users"), 1);
        assert_eq!(rows(&store, "SELECT COUNT(*) FROM sessions"), i64::from(THREADS));
    }

    fn an_unproven_identity_goes_to_one_account_and_the_rest_are_told_so(store: TestStore) {
        for round in 0..5 {
            let bap_id = identity_named(&format!("bap {round}"));
            let outcomes = together(|number| {
                let name = format!("{round} {number}");
                enter(&store, sign_up(&store, &name, &name, Some((&bap_id, IdentityProof::None))))
            });
            assert_eq!(outcomes.iter().filter(|outcome| entered(outcome)).count(), 1, "{outcomes:?}");
            assert!(outcomes.iter().all(|outcome| entered(outcome) || matches!(outcome, KeySignedIn::NotTheirs)));
        }
        assert_eq!(rows(&store, "SELECT COUNT(*) FROM users"), 5, "who was refused has left nothing");
        assert_eq!(rows(&store, "SELECT COUNT(*) FROM replay_guard"), 5);
    }

    fn a_proven_claim_wins_whenever_it_comes(store: TestStore) {
        for round in 0..5 {
            let bap_id = identity_named(&format!("bap {round}"));
            let outcomes = together(|number| {
                let name = format!("{round} {number}");
                let proof = if number == 0 { IdentityProof::Address } else { IdentityProof::None };
                (number, enter(&store, sign_up(&store, &name, &name, Some((&bap_id, proof)))))
            });
            assert!(outcomes.iter().any(|(number, outcome)| *number == 0 && entered(outcome)), "{outcomes:?}");
            let held = store.read_blocking(move |tx| identity::find(tx, &bap_id)).unwrap().unwrap();
            assert_eq!(held.user_id.as_str(), format!("user_{round} 0"));
            assert!(held.is_primary && held.proof == IdentityProof::Address);
        }
    }

    fn a_code_is_redeemed_once_and_reuse_ends_what_it_gave(store: TestStore) {
        enter(&store, sign_up(&store, "ada", "ada", None));
        for round in 0..10 {
            let text = format!("code {round}");
            add_code(&store, &text);
            assert!(matches!(redeem(&store, &text, "gr_thief", "other"), Outcome::Refused(Redeemed::WrongApp)));
            let outcomes = together(|number| redeem(&store, &text, &format!("gr_{round}_{number}"), "shop"));
            let granted: Vec<_> = outcomes.iter().filter_map(|outcome| match outcome {
                Outcome::Granted(grant, _) => Some(grant.id.clone()),
                Outcome::Refused(Redeemed::UsedBefore) => None,
                other => panic!("{other:?}"),
            }).collect();
            assert_eq!(granted.len(), 1);
            let id = granted[0].clone();
            let grant = store.read_blocking(move |tx| grant::find(tx, &id)).unwrap().unwrap();
            assert!(grant.revoked_at.is_some(), "the seven others have ended it");
        }
        assert_eq!(rows(&store, "SELECT COUNT(*) FROM grants"), 10);
    }

    fn a_code_that_is_spent_in_vain_has_no_grant_and_goes_when_it_lapses(store: TestStore) {
        enter(&store, sign_up(&store, "ada", "ada", None));
        add_code(&store, "code");
        store.advance(Duration::from_mins(2));
        assert!(matches!(redeem(&store, "code", "gr_late", "shop"), Outcome::Refused(Redeemed::Expired)));
        assert!(matches!(redeem(&store, "code", "gr_again", "shop"), Outcome::Refused(Redeemed::UsedBefore)));
        assert!(matches!(redeem(&store, "no code", "gr_none", "shop"), Outcome::Unknown));
        assert_eq!(rows(&store, "SELECT COUNT(*) FROM grants"), 0);
        let kept = "SELECT COUNT(*) FROM codes WHERE used_at IS NOT NULL AND grant_id IS NULL AND delete_after = expires_at";
        assert_eq!(rows(&store, kept), 1);
    }

    fn a_code_is_kept_as_long_as_the_grant_that_its_second_use_ends(store: TestStore) {
        enter(&store, sign_up(&store, "ada", "ada", None));
        add_code(&store, "code");
        assert!(matches!(redeem(&store, "code", "gr_1", "shop"), Outcome::Granted(..)));
        let alike = "SELECT COUNT(*) FROM codes c JOIN grants g ON g.id = c.grant_id WHERE c.delete_after = g.expires_at";
        assert_eq!(rows(&store, alike), 1);
    }

    fn a_refresh_token_has_one_successor(store: TestStore) {
        enter(&store, sign_up(&store, "ada", "ada", None));
        add_code(&store, "code");
        assert!(matches!(redeem(&store, "code", "gr_1", "shop"), Outcome::Granted(..)));
        let outcomes = together(|_| refresh(&store, "refresh of gr_1", "second"));
        assert!(outcomes.iter().all(|outcome| matches!(outcome, Refreshed::Granted(..))), "all at once are one: {outcomes:?}");
        assert_eq!(rows(&store, "SELECT COUNT(*) FROM refresh_tokens"), 2);
        store.advance(Duration::from_secs(11));
        let outcomes = together(|number| match number {
            0 => refresh(&store, "refresh of gr_1", "second"),
            _ => refresh(&store, "second", "third"),
        });
        assert_eq!(outcomes.iter().filter(|outcome| matches!(outcome, Refreshed::Reuse)).count(), 1, "{outcomes:?}");
        assert!(matches!(refresh(&store, "third", "fourth"), Refreshed::Invalid), "reuse has ended the family");
    }

    fn a_session_that_ends_while_its_code_is_redeemed_leaves_no_live_token(store: TestStore) {
        for round in 0..10 {
            let name = format!("{round}");
            enter(&store, sign_up(&store, "ada", &name, None));
            let now = store.clock.now();
            let code = Code {
                hash: Digest::of(&name),
                authorization: Authorization {
                    session_id: SessionId::from_text(format!("ses_{round}")),
                    user_id: UserId::from_text("user_0"),
                    ..authorization("openid")
                },
                redirect_uri: "https://app.example.org/".to_owned(),
                code_challenge: None,
                dpop_jkt: None,
                expires_at: now.plus(Duration::from_mins(1)),
                redeemed_for: None,
                used: false,
            };
            insist(&store, move |tx| code::add(tx, &code, now));
            together(|number| match number {
                0 => drop(redeem(&store, &name, &format!("gr_{round}"), "shop")),
                1 => {
                    let id = SessionId::from_text(format!("ses_{round}"));
                    let user = UserId::from_text("user_0");
                    assert!(insist(&store, move |tx| session::end(tx, &user, &id, now)));
                }
                _ => {}
            });
            let id = SessionId::from_text(format!("ses_{round}"));
            let session = store.read_blocking(move |tx| session::find(tx, &id)).unwrap().unwrap();
            assert!(session.ended_at.is_some(), "whatever was granted reads from it that it is over");
        }
    }

    fn a_secret_that_is_made_once_is_the_same_for_all(store: TestStore) {
        let outcomes = together(|number| insist(&store, move |tx| meta::load_or_set(tx, "cookie", &[number])));
        assert!(outcomes.windows(2).all(|pair| pair[0] == pair[1]), "{outcomes:?}");
    }

    fn failures_at_once_count_as_many(store: TestStore) {
        let now = store.clock.now();
        let fail = |network: &'static str| {
            insist(&store, move |tx| sigma_store::signature_throttle::fail(tx, network, now))
        };
        let outcomes = together(|_| fail("192.0.2.1"));
        assert_eq!(outcomes.iter().filter(|blocked| blocked.is_none()).count(), 3, "then it waits: {outcomes:?}");
        assert_eq!(fail("192.0.2.2"), None, "elsewhere it does not");
    }
}
