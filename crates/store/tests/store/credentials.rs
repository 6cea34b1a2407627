//! Credentials: one table for all sign-in methods, and one operation that begins or raises a session.

use std::time::Duration;

use sigma_bitcoin::PublicKey;
use sigma_core::authentication::{Acr, Authentication, Credential, CredentialKind, Method};
use sigma_core::digest::Digest;
use sigma_core::email::Email;
use sigma_core::ids::{MailId, SessionId, UserId};
use sigma_core::person::{Identity, IdentityProof};
use sigma_core::time::{Clock as _, Timestamp};
use sigma_store::account;
use sigma_store::credential::{self, Retirement, StoredCredential};
use sigma_store::email::{self, EmailProof};
use sigma_store::identity;
use sigma_store::key_sign_in::{self, KeySignIn, KeySignedIn, UnknownKey};
use sigma_store::outbox::NewMail;
use sigma_store::password_change::{self, Change};
use sigma_store::replay_guard::Once;
use sigma_store::session::{BrowserSession, NewSession};
use sigma_store::testing::{TestStore, identity_named, insist, key_named};
use sigma_store::user;
use sigma_store::{on_both_engines, params, password, sign_in};

fn her_key() -> PublicKey {
    key_named("ada")
}

fn other_key() -> PublicKey {
    key_named("other")
}

fn ada() -> UserId {
    UserId::from_text("user_ada")
}

fn new_session(store: &TestStore, name: &str) -> NewSession {
    let now = store.clock.now();
    NewSession {
        id: SessionId::from_text(format!("ses_{name}")),
        secret: Digest::of(name),
        continues: None,
        address: "192.0.2.1".to_owned(),
        user_agent: String::new(),
        device: sigma_store::session::Device::default(),
        now,
        expires_at: now.plus(Duration::from_hours(1_000)),
    }
}

/// Somebody with a key, and a password and an address where `password` says so.
fn add_ada(store: &TestStore, with_password: bool) {
    let now = store.clock.now();
    insist(store, move |tx| {
        user::add_with_pubkey(tx, &ada(), &her_key(), "Ada", now)?;
        if !with_password {
            return Ok(());
        }
        let address = Email::parse("ada@example.org").unwrap();
        assert!(email::add(tx, &ada(), &address, EmailProof::Verified, now)?);
        password::set(tx, &ada(), "hash", "", now)
    });
}

fn begin(store: &TestStore, authentication: Authentication, new: NewSession) -> Option<BrowserSession> {
    insist(store, move |tx| sign_in::begin(tx, &authentication, None, &new))
}

fn retire(store: &TestStore, credential: Credential) -> Retirement {
    let now = store.clock.now();
    insist(store, move |tx| credential::retire(tx, &ada(), &credential, now))
}

fn stored(store: &TestStore, credential: Credential) -> StoredCredential {
    store.read_blocking(move |tx| credential::find(tx, &credential)).unwrap().unwrap()
}

fn sign(store: &TestStore, name: &str) -> KeySignedIn {
    let now = store.clock.now();
    let request = KeySignIn {
        pubkey: her_key(),
        address: "address".to_owned(),
        once: Vec::from_iter(Once::new(Digest::of(name), now.plus(Duration::from_mins(5)), now)),
        identity: None,
        new_user: UserId::from_text("user_new"),
        unknown: UnknownKey::SignUp,
        origin_bound: false,
        require_origin_bound: false,
        session: new_session(store, name),
    };
    insist(store, move |tx| key_sign_in::sign_in(tx, &request))
}

on_both_engines! {
    fn a_retired_key_cannot_sign_in_or_be_claimed_again(store: TestStore) {
        add_ada(&store, true);
        assert!(matches!(sign(&store, "1"), KeySignedIn::SignedIn(_)));
        assert_eq!(retire(&store, Credential::key(&her_key())), Retirement::Retired);
        assert_eq!(retire(&store, Credential::key(&her_key())), Retirement::NotFound);
        assert!(matches!(sign(&store, "2"), KeySignedIn::UnknownKey));
        let by_key = Authentication::by_key(ada(), &her_key(), store.clock.now());
        assert!(begin(&store, by_key, new_session(&store, "3")).is_none());
        let kinds = store.read_blocking(|tx| credential::kinds(tx, &ada())).unwrap();
        assert_eq!(kinds, [CredentialKind::Password]);
        assert_eq!(store.read_blocking(|tx| user::find_by_pubkey(tx, &her_key())).unwrap(), None);
    }

    fn the_last_credential_cannot_be_retired(store: TestStore) {
        add_ada(&store, true);
        let now = store.clock.now();
        insist(&store, move |tx| {
            let sql = "INSERT INTO credentials (kind, id, user_id, created_at) VALUES ('totp', 'a', $1, $2)";
            tx.execute(sql, params![&ada(), now])
        });
        assert_eq!(retire(&store, Credential::password(&ada())), Retirement::Retired);
        assert_eq!(retire(&store, Credential::key(&her_key())), Retirement::LastOne, "a second factor alone does not do");
        let totp = Credential { kind: CredentialKind::Totp, id: "a".to_owned() };
        assert_eq!(retire(&store, totp), Retirement::Retired);
        assert!(store.read_blocking(|tx| credential::can_sign_in(tx, &ada())).unwrap());
        insist(&store, move |tx| password::set(tx, &ada(), "another", "", now));
        assert_eq!(stored(&store, Credential::password(&ada())).retired_at, None, "a password that is set again counts");
        let listed = store.read_blocking(|tx| credential::list(tx, &ada())).unwrap();
        assert_eq!(listed.len(), 2, "of an authenticator app nothing is kept");
    }

    fn a_password_without_a_verified_address_is_no_way_in(store: TestStore) {
        add_ada(&store, true);
        insist(&store, |tx| tx.execute("UPDATE emails SET proven_at = NULL WHERE user_id = $1", params![&ada()]));
        assert_eq!(retire(&store, Credential::key(&her_key())), Retirement::LastOne);
        assert_eq!(retire(&store, Credential::password(&ada())), Retirement::Retired, "nobody signs in with it");
        insist(&store, |tx| tx.execute("DELETE FROM passwords WHERE user_id = $1", params![&ada()]));
        let set = |store: &TestStore| {
            let now = store.clock.now();
            let notice = NewMail { id: MailId::from_text("mail_1"), sealed: Vec::new(), now, expires_at: now };
            let change = Change {
                user_id: ada(),
                proof: None,
                hash: "another".to_owned(),
                kept: SessionId::from_text("ses_1"),
                network: String::new(),
                notice,
            };
            insist(store, move |tx| password_change::change(tx, &change))
        };
        assert!(!set(&store), "their address went while they chose it");
        insist(&store, |tx| tx.execute("UPDATE emails SET proven_at = 1 WHERE user_id = $1", params![&ada()]));
        assert!(set(&store));
        assert_eq!(retire(&store, Credential::key(&her_key())), Retirement::Retired);
    }

    fn a_retired_key_is_no_longer_said_to_be_the_users(store: TestStore) {
        add_ada(&store, true);
        let now = store.clock.now();
        let identity = Identity {
            bap_id: identity_named("bap"),
            user_id: ada(),
            pubkey: Some(her_key()),
            name: "Ada".to_owned(),
            image: None,
            proof: IdentityProof::None,
            root_address: None,
            current_address: None,
            profile: None,
            resolved_at: None,
            is_primary: true,
        };
        insist(&store, move |tx| identity::claim(tx, &identity, now));
        let shown = || {
            let account = store.read_blocking(|tx| account::find(tx, &ada())).unwrap().unwrap();
            [None, Some(&identity_named("bap"))].map(|bap_id| account.person(bap_id).pubkey())
        };
        assert_eq!(shown(), [Some(her_key()), Some(her_key())]);
        insist(&store, move |tx| {
            let sql = "INSERT INTO credentials (kind, id, user_id, created_at) VALUES ('key', $3, $1, $2)";
            tx.execute(sql, params![&ada(), now, other_key()])
        });
        assert_eq!(retire(&store, Credential::key(&her_key())), Retirement::Retired);
        assert_eq!(shown(), [Some(other_key()), Some(other_key())], "another key of theirs");
        assert_eq!(retire(&store, Credential::key(&other_key())), Retirement::Retired);
        assert_eq!(shown(), [None, None]);
    }

    fn the_last_use_is_recorded_once_a_day(store: TestStore) {
        add_ada(&store, true);
        let last = |kind| stored(&store, kind).last_used_at;
        let (key, password) = (Credential::key(&her_key()), Credential::password(&ada()));
        assert_eq!((last(key.clone()), last(password.clone())), (None, None));
        let first = store.clock.now();
        let use_key = |name: &str| {
            let now = store.clock.now();
            begin(&store, Authentication::by_key(ada(), &her_key(), now), new_session(&store, name)).unwrap();
            now
        };
        use_key("1");
        assert_eq!((last(key.clone()), last(password.clone())), (Some(first), None));
        store.clock.advance(Duration::from_hours(23));
        use_key("2");
        assert_eq!(last(key.clone()), Some(first));
        store.clock.advance(Duration::from_hours(1));
        let next_day = use_key("3");
        assert_eq!(last(key), Some(next_day));
        begin(&store, Authentication::by_password(ada(), next_day), new_session(&store, "4")).unwrap();
        assert_eq!(last(password), Some(next_day));
    }

    fn a_second_factor_raises_a_session_and_a_first_one_replaces_it(store: TestStore) {
        add_ada(&store, true);
        let now = store.clock.now();
        insist(&store, move |tx| {
            let sql = "INSERT INTO credentials (kind, id, user_id, created_at) VALUES ('totp', 'a', $1, $2)";
            tx.execute(sql, params![&ada(), now])
        });
        let reported = |session: &BrowserSession| {
            let authentication = session.facts().authentication();
            (session.id.to_string(), authentication.acr(), authentication.amr(), authentication.auth_time())
        };
        let began = begin(&store, Authentication::by_password(ada(), now), new_session(&store, "1")).unwrap();
        assert_eq!(reported(&began), ("ses_1".to_owned(), Acr::One, "pwd".to_owned(), now));
        store.clock.advance(Duration::from_secs(10));
        let totp = Credential { kind: CredentialKind::Totp, id: "a".to_owned() };
        let both = began.facts().authentication().and(Method::Totp, totp);
        let new = NewSession { continues: Some(Digest::of("1")), ..new_session(&store, "2") };
        let raised = begin(&store, both, new).unwrap();
        assert_eq!(reported(&raised), ("ses_1".to_owned(), Acr::Two, "pwd otp".to_owned(), now));
        let later = store.clock.now();
        let new = NewSession { continues: Some(Digest::of("2")), ..new_session(&store, "3") };
        let replaced = begin(&store, Authentication::by_key(ada(), &her_key(), later), new).unwrap();
        assert_eq!(reported(&replaced), ("ses_1".to_owned(), Acr::One, "pop swk".to_owned(), later));
        let found = store.read_blocking(move |tx| sigma_store::session::find(tx, &replaced.id)).unwrap().unwrap();
        assert_eq!(reported(&found), ("ses_1".to_owned(), Acr::One, "pop swk".to_owned(), later));
    }

    fn foreign_credentials_quick_logins_and_disabled_accounts_begin_no_session(store: TestStore) {
        add_ada(&store, false);
        let now: Timestamp = store.clock.now();
        insist(&store, move |tx| user::add_with_pubkey(tx, &UserId::from_text("user_bob"), &other_key(), "Bob", now));
        let by = |user: UserId, key: PublicKey| Authentication::by_key(user, &key, now);
        assert!(begin(&store, by(ada(), other_key()), new_session(&store, "1")).is_none());
        assert!(begin(&store, Authentication::by_password(ada(), now), new_session(&store, "2")).is_none());
        assert!(begin(&store, by(ada(), her_key()), new_session(&store, "3")).is_some());
        assert!(begin(&store, Authentication::by_quick_login(ada(), now), new_session(&store, "6")).is_none());
        insist(&store, move |tx| user::set_disabled(tx, &ada(), true, now));
        assert!(begin(&store, by(ada(), her_key()), new_session(&store, "4")).is_none());
        assert!(begin(&store, Authentication::by_quick_login(ada(), now), new_session(&store, "5")).is_none());
    }
}
