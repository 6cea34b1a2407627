//! Two processes on one database, and what races at both. On a database file both are one process, since a second one may not
//! serve it.

use std::sync::Barrier;

use sigma_core::email::Email;
use sigma_core::ids::UserId;
use sigma_core::time::Clock as _;
use sigma_store::email::EmailProof;
use sigma_store::testing::{Engine, TestStore};
use sigma_store::{Store, StoreError, Tx, user};

/// The store and, on PostgreSQL, another process beside it.
pub fn nodes(store: &TestStore) -> [Store; 2] {
    let first: Store = (**store).clone();
    let second = match store.engine {
        Engine::Sqlite => first.clone(),
        Engine::Postgres => store.beside(|_| {}).unwrap(),
    };
    [first, second]
}

/// Runs `attempt` in eight threads that begin together, by turns at either node; the outcomes in their order.
pub fn together<R: Send>(nodes: &[Store; 2], attempt: impl Fn(&Store, usize) -> R + Sync) -> Vec<R> {
    together_with(nodes, (0..8).collect(), attempt)
}

/// Like [`together`], with each input in a thread of its own.
pub fn together_with<I: Send, R: Send>(
    nodes: &[Store; 2],
    inputs: Vec<I>,
    attempt: impl Fn(&Store, I) -> R + Sync,
) -> Vec<R> {
    let barrier = Barrier::new(inputs.len());
    std::thread::scope(|scope| {
        let (attempt, barrier) = (&attempt, &barrier);
        let threads: Vec<_> = inputs
            .into_iter()
            .enumerate()
            .map(|(number, input)| {
                scope.spawn(move || {
                    barrier.wait();
                    attempt(&nodes[number % 2], input)
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

/// Writes as a server does, which leaves conflicts to the store.
pub fn write<R: Send + 'static>(
    store: &Store,
    operation: impl Fn(&mut dyn Tx) -> Result<R, StoreError> + Send + 'static,
) -> R {
    store.write_blocking(operation).unwrap()
}

/// Somebody with the proven address `NAME@example.org`.
pub fn person(store: &TestStore, name: &str) -> UserId {
    let (id, now) = (UserId::from_text(format!("user_{name}")), store.clock.now());
    let (email, name, made) = (Email::parse(&format!("{name}@example.org")).unwrap(), name.to_owned(), id.clone());
    write(store, move |tx| user::add_with_email(tx, &made, &email, EmailProof::Verified, &name, now)).unwrap();
    id
}
