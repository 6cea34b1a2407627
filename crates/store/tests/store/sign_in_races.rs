//! What signing in promises "only once" is raced by many at the same moment, through the operations themselves, on both
//! engines.

use std::sync::Arc;
use std::time::Duration;

use sigma_core::app::App;
use sigma_core::code::{Authorization, Code, Redeemed, Redemption, SentVerifier};
use sigma_core::digest::Digest;
use sigma_core::ids::{AppId, GrantId, SessionId, UserId};
use sigma_core::person::IdentityProof;
use sigma_core::scope::Scopes;
use sigma_core::time::Clock as _;
use sigma_store::code::{self, Outcome, Redeem};
use sigma_store::key_sign_in::{self, KeySignIn, KeySignedIn, NamedIdentity, UnknownKey};
use sigma_store::refresh_token::{self, FirstRefreshToken, NewFamily, Refresh, Refreshed};
use sigma_store::replay_guard::Once;
use sigma_store::session::NewSession;
use sigma_store::testing::{identity_named, insist, key_named};
use sigma_store::{meta, on_both_engines};

use crate::accounts::{count, together};

/// The app called `id`.
fn app(id: &str) -> Arc<App> {
    Arc::new(App { id: AppId::from_text(id), ..App::sigma() })
}

/// A code for offline access, put into the store, and a way to redeem it as thread `number`.
fn issue(store: &sigma_store::testing::TestStore, name: &str) -> impl Fn(u32) -> Redeem + use<> {
    let now = store.clock.now();
    let app_id = AppId::from_text("app");
    let issued = Code {
        hash: Digest::of(name),
        authorization: Authorization {
            app_id: app_id.clone(),
            user_id: UserId::from_text("user"),
            session_id: SessionId::from_text("session"),
            org_id: None,
            bap_id: None,
            scope: Scopes::parse("openid offline_access"),
            claims: Vec::new(),
            id_token_claims: Vec::new(),
            resources: Vec::new(),
            nonce: None,
            auth_time: now,
            acr: String::new(),
            amr: String::new(),
        },
        redirect_uri: "https://app.example/callback".to_owned(),
        code_challenge: None,
        dpop_jkt: None,
        expires_at: now.plus(Duration::from_mins(1)),
        redeemed_for: None,
        used: false,
    };
    let hash = issued.hash;
    insist(store, |tx| {
        let sql = "INSERT INTO users (id, name, origin_bound, disabled, created_at, updated_at)
            VALUES ('user', 'Ada', 0, 0, 1, 1) ON CONFLICT (id) DO NOTHING";
        tx.execute(sql, &[])
    });
    insist(store, move |tx| code::add(tx, &issued, now));
    let name = name.to_owned();
    move |number| {
        let first = Digest::of(format!("{name}-refresh-{number}"));
        Redeem {
            hash,
            app: app("app"),
            attempt: Redemption {
                app_id: app_id.clone(),
                redirect_uri: Some("https://app.example/callback".to_owned()),
                verifier: SentVerifier::Absent,
                jkt: None,
            },
            once: None,
            grant_id: GrantId::from_text(format!("{name}-{number}")),
            refresh: NewFamily::new(now.plus(Duration::from_hours(24)), move || {
                Ok(FirstRefreshToken { hash: first, sealed_family_key: vec![1] })
            }),
            access_expires_at: now.plus(Duration::from_hours(1)),
            resources: Vec::new(),
            now,
        }
    }
}

on_both_engines! {
    fn a_code_gives_one_grant_which_the_second_use_ends(store: TestStore) {
        for round in 0..10 {
            let redeem = issue(&store, &format!("code {round}"));
            let outcomes = together(|number| {
                let request = redeem(number);
                insist(&store, move |tx| code::redeem(tx, &request))
            });
            let granted = outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Granted(..))).count();
            let reused = outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Refused(Redeemed::UsedBefore)));
            assert_eq!((granted, reused.count()), (1, 7), "round {round}: {outcomes:?}");
        }
        assert_eq!(count(&store, "SELECT count(*) FROM grants"), 10);
        assert_eq!(count(&store, "SELECT count(*) FROM grants WHERE revoked_at IS NOT NULL"), 10);
        assert_eq!(count(&store, "SELECT count(*) FROM refresh_tokens"), 10);
    }

    fn a_refresh_token_has_one_successor(store: TestStore) {
        for round in 0..10 {
            let redeem = issue(&store, &format!("code {round}"))(0);
            let first = Digest::of(format!("code {round}-refresh-0"));
            insist(&store, move |tx| code::redeem(tx, &redeem));
            let now = store.clock.now();
            let successor = Digest::of(format!("successor {round}"));
            let outcomes = together(|_| insist(&store, move |tx| refresh_token::refresh(tx, &Refresh {
                jkt: None,
                token: first,
                family: GrantId::from_text(format!("code {round}-0")),
                successor,
                app: app("app"),
                once: None,
                scope: None,
                resources: Vec::new(),
                refresh_expires_at: now.plus(Duration::from_hours(48)),
                life: None,
                rotates: true,
                access_expires_at: now.plus(Duration::from_hours(2)),
                now,
            })));
            assert!(outcomes.iter().all(|outcome| matches!(outcome, Refreshed::Granted(..))), "{outcomes:?}");
        }
        assert_eq!(count(&store, "SELECT count(*) FROM refresh_tokens"), 20);
        assert_eq!(count(&store, "SELECT count(*) FROM refresh_tokens WHERE used_at IS NULL"), 10);
    }

    fn a_signed_message_signs_in_once_and_a_new_key_makes_one_account(store: TestStore) {
        let now = store.clock.now();
        for round in 0..10 {
            for same_message in [true, false] {
                let sign_up = |number: u32| KeySignIn {
                    pubkey: key_named(&format!("key {round} {same_message}")),
                    address: "address".to_owned(),
                    once: Vec::from_iter(Once::new(
                        Digest::of(format!("{round} {same_message} {}", if same_message { 0 } else { number })),
                        now.plus(Duration::from_mins(5)),
                        now,
                    )),
                    identity: Some(NamedIdentity {
                        bap_id: identity_named(&format!("{round} {same_message}")),
                        proof: IdentityProof::Address,
                        root_address: None,
                        key: None,
                    }),
                    new_user: UserId::from_text(format!("user {round} {same_message} {number}")),
                    unknown: UnknownKey::SignUp,
                    origin_bound: false,
                    require_origin_bound: false,
                    session: NewSession {
                        id: SessionId::from_text(format!("session {round} {same_message} {number}")),
                        secret: Digest::of(format!("secret {round} {same_message} {number}")),
                        continues: None,
                        address: "192.0.2.1".to_owned(),
                        user_agent: "test".to_owned(),
                        device: sigma_store::session::Device::default(),
                        now,
                        expires_at: now.plus(Duration::from_hours(1)),
                    },
                };
                let outcomes = together(|number| {
                    let request = sign_up(number);
                    insist(&store, move |tx| key_sign_in::sign_in(tx, &request))
                });
                let signed_in = outcomes.iter().filter(|outcome| matches!(outcome, KeySignedIn::SignedIn(_))).count();
                let replayed = outcomes.iter().filter(|outcome| matches!(outcome, KeySignedIn::Replayed)).count();
                let expected = if same_message { (1, 7) } else { (8, 0) };
                assert_eq!((signed_in, replayed), expected, "round {round}: {outcomes:?}");
            }
        }
        for sql in ["SELECT count(*) FROM users", "SELECT count(*) FROM credentials", "SELECT count(*) FROM identities"] {
            assert_eq!(count(&store, sql), 20, "{sql}");
        }
        assert_eq!(count(&store, "SELECT count(*) FROM sessions"), 10 + 80);
    }

    fn an_identity_has_one_first_claim(store: TestStore) {
        let now = store.clock.now();
        for round in 0..10 {
            let claims = together(|number| insist(&store, move |tx| {
                let identity = sigma_core::person::Identity {
                    bap_id: identity_named(&format!("{round}")),
                    user_id: UserId::from_text(format!("user {number}")),
                    pubkey: Some(key_named("key")),
                    name: "name".to_owned(),
                    image: None,
                    proof: IdentityProof::None,
                    root_address: None,
                    current_address: None,
                    profile: None,
                    resolved_at: None,
                    is_primary: true,
                };
                sigma_store::identity::claim(tx, &identity, now)
            }));
            let theirs = claims.iter().filter(|claim| **claim == sigma_store::identity::Claim::Theirs).count();
            assert_eq!(theirs, 1, "round {round}: {claims:?}");
        }
    }

    fn what_the_installation_makes_once_is_one_for_all(store: TestStore) {
        for round in 0..10 {
            let made = together(|number| insist(&store, move |tx| {
                meta::load_or_set(tx, &format!("cookie secret {round}"), &number.to_be_bytes())
            }));
            assert!(made.iter().all(|value| *value == made[0]), "round {round}: {made:?}");
        }
    }
}
