//! The harness of the store tests: a fresh database on either engine, with a clock that the test moves.

#![expect(clippy::expect_used, clippy::panic, reason = "a harness fails by panicking")]

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use ::postgres::{Client, NoTls};
use sigma_core::random::SeededRng;
use sigma_core::time::{ManualClock, Timestamp};
use tempfile::TempDir;

use crate::error::OpenError;
use crate::store::{Store, StoreOptions};

/// The engines that every store test runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// The embedded database.
    Sqlite,
    /// A database of its own on the server that `SIGMA_TEST_POSTGRES` names.
    Postgres,
}

/// The engines to test: both, or SQLite alone where `SIGMA_TEST_ENGINES=sqlite` says so.
///
/// # Panics
/// If there is no server to test on and nobody said that this is meant.
pub fn engines() -> Vec<Engine> {
    if std::env::var("SIGMA_TEST_ENGINES").is_ok_and(|engines| engines == "sqlite") {
        return vec![Engine::Sqlite];
    }
    server_url();
    vec![Engine::Sqlite, Engine::Postgres]
}

/// Runs each test once on every engine, as `name::sqlite` and `name::postgres`.
///
/// ```text
/// on_both_engines! {
///     fn what_was_written_is_read(store: TestStore) { … }
/// }
/// ```
#[macro_export]
macro_rules! on_both_engines {
    ($($(#[$attribute:meta])* fn $name:ident($store:ident: TestStore) $body:block)+) => {$(
        mod $name {
            use super::*;

            fn run($store: $crate::testing::TestStore) $body

            $(#[$attribute])*
            #[test]
            fn sqlite() {
                run($crate::testing::TestStore::new($crate::testing::Engine::Sqlite));
            }

            $(#[$attribute])*
            #[test]
            fn postgres() {
                if $crate::testing::engines().contains(&$crate::testing::Engine::Postgres) {
                    run($crate::testing::TestStore::new($crate::testing::Engine::Postgres));
                }
            }
        }
    )+};
}

/// An open store on a database that nobody else uses, gone when this is dropped.
pub struct TestStore {
    store: Store,
    /// Which engine it is on.
    pub engine: Engine,
    /// How it was opened; opened once more with these, it is another process on the same database.
    pub options: StoreOptions,
    /// Its clock, at 2026-03-01T12:00:00Z.
    pub clock: Arc<ManualClock>,
    /// Its randomness: another sequence in every test.
    pub rng: Arc<SeededRng>,
    database: Database,
}

enum Database {
    File(TempDir),
    Server(String),
}

/// Distinguishes the databases and the random sequences of one test process.
static COUNT: AtomicU32 = AtomicU32::new(0);

impl TestStore {
    /// A store on a fresh database.
    pub fn new(engine: Engine) -> Self {
        Self::with(engine, |_| {})
    }

    /// A store on a fresh database, opened as `change` wants it.
    ///
    /// # Panics
    /// If it cannot be opened.
    pub fn with(engine: Engine, change: impl FnOnce(&mut StoreOptions)) -> Self {
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let (database, url) = match engine {
            Engine::Sqlite => {
                let directory = tempfile::tempdir().expect("a temporary directory");
                let url = format!("sqlite:{}", directory.path().join("sigma.sqlite").display());
                (Database::File(directory), url)
            }
            Engine::Postgres => {
                let name = format!("sigma_test_{}_{number}", std::process::id());
                administer(&format!("CREATE DATABASE {name}"));
                (Database::Server(name.clone()), with_database(&server_url(), &name))
            }
        };
        let mut options = StoreOptions { writers: 4, readers: 2, ..StoreOptions::serve(url) };
        change(&mut options);
        let clock = Arc::new(ManualClock::at(Timestamp::from_seconds(1_772_366_400)));
        let rng = Arc::new(SeededRng::new(u64::from(std::process::id()) << 32 | u64::from(number)));
        let store = match Store::open(&options, clock.clone(), rng.clone()) {
            Ok(store) => store,
            Err(error) => panic!("the test database cannot be opened: {error}"),
        };
        Self { store, engine, options, clock, rng, database }
    }

    /// Another store on the same database, as another process would have it.
    pub fn beside(&self, change: impl FnOnce(&mut StoreOptions)) -> Result<Store, OpenError> {
        let mut options = self.options.clone();
        change(&mut options);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let rng = SeededRng::new(u64::from(std::process::id()) << 32 | u64::from(number));
        Store::open(&options, self.clock.clone(), Arc::new(rng))
    }

    /// Closes the store and opens it again on the same database, as after a restart.
    ///
    /// # Panics
    /// If it cannot be opened.
    pub fn reopen(&mut self) {
        self.store.close();
        self.store = self.beside(|_| {}).expect("the database opens again");
    }

    /// Moves the clock forward.
    pub fn advance(&self, span: Duration) {
        self.clock.advance(span);
    }

    /// The directory of the database file; nothing on PostgreSQL.
    pub fn directory(&self) -> Option<&std::path::Path> {
        match &self.database {
            Database::File(directory) => Some(directory.path()),
            Database::Server(_) => None,
        }
    }
}

impl Deref for TestStore {
    type Target = Store;

    fn deref(&self) -> &Store {
        &self.store
    }
}

impl Drop for TestStore {
    fn drop(&mut self) {
        self.store.close();
        if let Database::Server(name) = &self.database {
            administer(&format!("DROP DATABASE {name} WITH (FORCE)"));
        }
    }
}

/// The server to test on.
fn server_url() -> String {
    std::env::var("SIGMA_TEST_POSTGRES").unwrap_or_else(|_| {
        panic!(
            "SIGMA_TEST_POSTGRES is not set, so the store cannot be tested on PostgreSQL. Run `make test`, which starts a \
             server, or set SIGMA_TEST_ENGINES=sqlite to test on SQLite alone"
        )
    })
}

/// Runs `sql` on the server of the tests, by a connection to its own database.
///
/// # Panics
/// If it fails.
pub fn administer(sql: &str) {
    let sql = sql.to_owned();
    // The client must not meet the runtime of an asynchronous test.
    let outcome = std::thread::spawn(move || {
        Client::connect(&server_url(), NoTls).and_then(|mut client| client.batch_execute(&sql))
    });
    outcome.join().expect("no panic").expect("the PostgreSQL of the tests does what is asked");
}

/// `url` with another database.
fn with_database(url: &str, name: &str) -> String {
    let (address, parameters) = url.split_once('?').map_or((url, None), |(address, rest)| (address, Some(rest)));
    let host_at = address.find("://").map_or(0, |at| at + 3);
    let end = address.get(host_at..).and_then(|rest| rest.find('/')).map_or(address.len(), |at| host_at + at);
    let address = address.get(..end).unwrap_or(address);
    parameters.map_or_else(|| format!("{address}/{name}"), |rest| format!("{address}/{name}?{rest}"))
}
