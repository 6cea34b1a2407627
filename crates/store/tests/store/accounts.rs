//! People with keys and sessions, for the tests of what belongs to an account.

use std::sync::Barrier;
use std::time::Duration;

use sigma_core::authentication::Authentication;
use sigma_core::digest::Digest;
use sigma_core::event::Event;
use sigma_core::ids::{MailId, SessionId, UserId};
use sigma_core::time::Clock as _;
use sigma_store::event::{self, Place, Trail};
use sigma_store::outbox::{self, NewMail};
use sigma_store::replay_guard::Once;
use sigma_store::session::NewSession;
use sigma_store::testing::{TestStore, insist, key_named};
use sigma_store::{Store, sign_in, user};

/// Runs `attempt` in eight threads that begin together; the outcomes in no order.
pub fn together<R: Send>(attempt: impl Fn(u32) -> R + Sync) -> Vec<R> {
    let barrier = Barrier::new(8);
    std::thread::scope(|scope| {
        let (attempt, barrier) = (&attempt, &barrier);
        let start = |number| {
            scope.spawn(move || {
                barrier.wait();
                attempt(number)
            })
        };
        let threads: Vec<_> = (0..8).map(start).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

/// The number that `sql` selects.
pub fn count(store: &Store, sql: &'static str) -> i64 {
    store.read_blocking(move |tx| tx.query_opt(sql, &[])).unwrap().unwrap().int(0).unwrap()
}

pub fn user_id(name: &str) -> UserId {
    UserId::from_text(format!("user_{name}"))
}

/// An account with a key of that name.
pub fn add_person(store: &TestStore, name: &str) -> UserId {
    let (now, id, name) = (store.clock.now(), user_id(name), name.to_owned());
    insist(store, move |tx| user::add_with_pubkey(tx, &user_id(&name), &key_named(&name), &name, now));
    id
}

/// A session that is about to begin, in a browser called `browser`.
pub fn new_session(store: &TestStore, browser: &str) -> NewSession {
    let now = store.clock.now();
    NewSession {
        id: SessionId::from_text(format!("ses_{browser}")),
        secret: Digest::of(browser),
        continues: None,
        address: "192.0.2.1".to_owned(),
        user_agent: String::new(),
        device: sigma_store::session::Device::default(),
        now,
        expires_at: now.plus(Duration::from_hours(1_000)),
    }
}

/// Signs the person in by their key, in a browser called `browser`.
pub fn sign_in(store: &TestStore, name: &str, browser: &str) {
    let authentication = Authentication::by_key(user_id(name), &key_named(name), store.clock.now());
    let new = new_session(store, browser);
    assert!(insist(store, move |tx| sign_in::begin(tx, &authentication, None, &new)).is_some(), "{name}");
}

/// What continues the session of the browser, under the secret `next`.
pub fn continuing(store: &TestStore, browser: &str, next: &str) -> NewSession {
    NewSession { continues: Some(Digest::of(browser)), ..new_session(store, next) }
}

/// A message that counts once.
pub fn once(store: &TestStore, message: &str) -> Once {
    let now = store.clock.now();
    Once::new(Digest::of(message), now.plus(Duration::from_mins(5)), now).unwrap()
}

/// A mail that reports something.
pub fn notice(store: &TestStore) -> NewMail {
    let now = store.clock.now();
    let expires_at = now.plus(Duration::from_hours(24));
    NewMail { id: MailId::new(now, &*store.rng), sealed: vec![1], now, expires_at }
}

/// How many mails wait.
pub fn mails(store: &TestStore) -> usize {
    let now = store.clock.now();
    insist(store, move |tx| outbox::take(tx, now, 100)).len()
}

/// The events about the person that are called `action`, latest first.
pub fn events(store: &TestStore, name: &str, action: &str) -> Vec<Event> {
    let trail = Trail::User(user_id(name));
    let mut events = store.read_blocking(move |tx| event::list_before(tx, &trail, &Place::end(), 100)).unwrap();
    events.retain(|event| event.action == action);
    events
}
