//! The harness of the store tests: a fresh database on either engine, with a clock that the test moves.

#![expect(clippy::expect_used, clippy::panic, reason = "a harness fails by panicking")]

use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use sigma_bitcoin::{BapId, PrivateKey, PublicKey};
use sigma_core::digest::Digest;
use sigma_core::random::SeededRng;
use sigma_core::time::{Clock, ManualClock, Timestamp};
use tempfile::TempDir;

use crate::error::{OpenError, Outage, Stop, StoreError};
use crate::feed::Forget;
use crate::job::Job;
use crate::options::{Pooler, StoreOptions};
use crate::stopwatch;
use crate::store::Store;
use crate::tx::Tx;

mod server;

pub use server::administer;
use server::{Lent, server_url};

/// The engines that every store test runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// The embedded database.
    Sqlite,
    /// A database of its own on the server that `SIGMA_TEST_POSTGRES` names.
    Postgres,
}

/// The engines to test: both, or only SQLite with `SIGMA_TEST_ENGINES=sqlite`.
///
/// # Panics
/// If there is no server to test on, and `SIGMA_TEST_ENGINES` does not permit that.
pub fn engines() -> Vec<Engine> {
    if std::env::var("SIGMA_TEST_ENGINES").is_ok_and(|engines| engines == "sqlite") {
        return vec![Engine::Sqlite];
    }
    server_url();
    vec![Engine::Sqlite, Engine::Postgres]
}

/// The public key of a private key derived from `name`.
///
/// # Panics
/// Never in practice: a digest is not a private key with a probability of 2⁻¹²⁸.
pub fn key_named(name: &str) -> PublicKey {
    let private = PrivateKey::from_bytes(*Digest::of(name).as_bytes());
    private.unwrap_or_else(|_| panic!("the digest of {name} is not a private key")).public_key()
}

/// The BAP id derived from `name`.
pub fn identity_named(name: &str) -> BapId {
    BapId::of_address(name)
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

/// An exclusive database, deleted when this is dropped.
pub struct TestDatabase {
    /// Its engine.
    pub engine: Engine,
    /// How a server opens it.
    pub options: StoreOptions,
    /// Its own clock, and that of everything opened on it, at 2026-03-01T12:00:00Z.
    pub clock: Arc<ManualClock>,
    place: Place,
}

enum Place {
    File(TempDir),
    Server(String),
    /// As [`Place::Server`], but reused by one test after the other.
    Lent(Option<Lent>),
}

/// The name of a database file.
const FILE: &str = "sigma.sqlite";

/// A database file with the schema and without rows, made once per process.
fn migrated_file() -> &'static [u8] {
    static MIGRATED: OnceLock<Vec<u8>> = OnceLock::new();
    MIGRATED.get_or_init(|| {
        let database = TestDatabase::empty(Engine::Sqlite);
        database.beside(|_| {}).expect("a new database opens").close();
        std::fs::read(database.file()).expect("the database file is read")
    })
}

/// Distinguishes the databases and the random sequences of one test process.
static COUNT: AtomicU32 = AtomicU32::new(0);

/// Randomness with another sequence at each call.
fn other_rng() -> Arc<SeededRng> {
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    Arc::new(SeededRng::new(u64::from(std::process::id()) << 32 | u64::from(number)))
}

impl TestDatabase {
    /// An empty one.
    ///
    /// # Panics
    /// If it cannot be created.
    pub fn empty(engine: Engine) -> Self {
        let (place, url) = match engine {
            Engine::Sqlite => {
                let directory = tempfile::tempdir().expect("a temporary directory");
                let url = format!("sqlite:{}", directory.path().join(FILE).display());
                (Place::File(directory), url)
            }
            Engine::Postgres => {
                let name = server::create();
                let url = server::url_of(&name);
                (Place::Server(name), url)
            }
        };
        Self::at(engine, place, url)
    }

    /// One without rows: a copy of a migrated file, or a database that another test of this process has left.
    fn without_rows(engine: Engine) -> Self {
        if engine == Engine::Sqlite {
            let database = Self::empty(engine);
            std::fs::write(database.file(), migrated_file()).expect("a database file is written");
            return database;
        }
        let lent = Lent::take();
        let (url, spares) = (lent.url(), lent.spares());
        let mut database = Self::at(engine, Place::Lent(Some(lent)), url);
        database.options.spares = Some(spares);
        database
    }

    fn at(engine: Engine, place: Place, url: String) -> Self {
        let pooler = match std::env::var("SIGMA_TEST_POOLER") {
            Ok(_) => Pooler::Transaction,
            Err(_) => Pooler::None,
        };
        let clock = Arc::new(ManualClock::at(Timestamp::from_seconds(1_772_366_400)));
        let database_clock: Option<Arc<dyn Clock>> = Some(clock.clone());
        let options = StoreOptions { writers: 4, readers: 2, pooler, database_clock, ..StoreOptions::serve(url) };
        Self { engine, options, clock, place }
    }

    /// Opens it as another process would, with [`TestDatabase::options`] modified by `change`.
    pub fn beside(&self, change: impl FnOnce(&mut StoreOptions)) -> Result<Store, OpenError> {
        let mut options = self.options.clone();
        change(&mut options);
        Store::open(&options, self.clock.clone(), other_rng())
    }

    /// Opens it as a process on a machine whose clock is `clock`.
    pub fn beside_at(
        &self,
        clock: Arc<ManualClock>,
        change: impl FnOnce(&mut StoreOptions),
    ) -> Result<Store, OpenError> {
        let mut options = self.options.clone();
        change(&mut options);
        Store::open(&options, clock, other_rng())
    }

    /// Moves the clock forward.
    pub fn advance(&self, span: Duration) {
        self.clock.advance(span);
    }

    /// The path of the database file.
    fn file(&self) -> PathBuf {
        self.directory().expect("a database of files").join(FILE)
    }

    /// The directory of the database file; `None` on PostgreSQL.
    pub fn directory(&self) -> Option<&Path> {
        match &self.place {
            Place::File(directory) => Some(directory.path()),
            Place::Server(_) | Place::Lent(_) => None,
        }
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        match &mut self.place {
            Place::File(_) => {}
            Place::Server(name) => server::drop_database(name),
            Place::Lent(lent) => {
                if let Some(lent) = lent.take() {
                    lent.give_back();
                }
            }
        }
    }
}

/// An open store on a database of its own; dereferences to [`Store`].
pub struct TestStore {
    store: Store,
    /// Its engine.
    pub engine: Engine,
    /// Its clock, at 2026-03-01T12:00:00Z.
    pub clock: Arc<ManualClock>,
    /// Randomness, another sequence in every test.
    pub rng: Arc<SeededRng>,
    /// The database it is open on.
    pub database: TestDatabase,
}

impl TestStore {
    /// A store on a fresh database.
    pub fn new(engine: Engine) -> Self {
        Self::with(engine, |_| {})
    }

    /// A store on a fresh database, opened with options modified by `change`.
    ///
    /// # Panics
    /// If it cannot be opened.
    pub fn with(engine: Engine, change: impl FnOnce(&mut StoreOptions)) -> Self {
        let mut database = TestDatabase::without_rows(engine);
        change(&mut database.options);
        let store = match database.beside(|_| {}) {
            Ok(store) => store,
            Err(error) => panic!("the test database cannot be opened: {error}"),
        };
        if let Place::Lent(Some(lent)) = &database.place {
            lent.note_schema();
        }
        Self { store, engine, clock: database.clock.clone(), rng: other_rng(), database }
    }

    /// Another store on the same database, as another process would have it.
    pub fn beside(&self, change: impl FnOnce(&mut StoreOptions)) -> Result<Store, OpenError> {
        self.database.beside(change)
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

    /// The directory of the database file; `None` on PostgreSQL.
    pub fn directory(&self) -> Option<&Path> {
        self.database.directory()
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
    }
}

/// Runs a future to completion.
///
/// # Panics
/// If no runtime can be created.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    runtime.expect("a runtime").block_on(future)
}

/// Writes until concurrent writers leave a chance: conflicts are reported, never half done.
///
/// # Panics
/// The database fails otherwise.
pub fn insist<R: Send + 'static>(
    store: &Store,
    operation: impl Fn(&mut dyn Tx) -> Result<R, StoreError> + Clone + Send + 'static,
) -> R {
    loop {
        match store.write_blocking(operation.clone()) {
            Err(StoreError::Unavailable(Outage::Contended)) => {}
            outcome => return outcome.expect("the write is done"),
        }
    }
}

/// [`insist`] for an operation that rules may refuse.
///
/// # Errors
/// The refusal.
///
/// # Panics
/// The database fails otherwise.
pub fn decide<T: Send + 'static, R: Send + 'static>(
    store: &Store,
    operation: impl Fn(&mut dyn Tx) -> Result<T, Stop<R>> + Clone + Send + 'static,
) -> Result<T, R> {
    insist(store, move |tx| Stop::judge(operation(tx)))
}

/// Waits in real time for another thread or process. The wait is long: a busy machine is slow, a broken one never gets
/// there.
///
/// # Panics
/// If it has not happened after a minute.
pub fn eventually(mut happened: impl FnMut() -> bool) {
    let started = stopwatch::now();
    while !happened() {
        assert!(started.elapsed() < Duration::from_mins(1), "it did not happen within a minute");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Waits for what by design happens within a second: checks a hundred times, 20 ms apart. On a busy machine each check
/// takes longer, which gives the awaited event as much more time.
///
/// # Panics
/// If it has not happened by then.
pub fn within_a_second(what: &str, mut happened: impl FnMut() -> bool) {
    for _ in 0..100 {
        if happened() {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("within a second: {what}");
}

/// Which thread of a store a test ends.
#[derive(Clone, Copy, Debug)]
pub enum Victim {
    /// One that writes.
    Writer,
    /// One that reads.
    Reader,
    /// The one that reads the change feed.
    Feed,
}

/// Ends a thread of `store` by a panic, which no ordinary operation could do.
///
/// # Panics
/// If the store accepts nothing.
pub fn kill(store: &Store, victim: Victim) {
    match victim {
        Victim::Writer => store.hand_to_writer(Box::new(Fatal)).expect("the store takes it"),
        Victim::Reader => store.hand_to_reader(Box::new(Fatal)).expect("the store takes it"),
        Victim::Feed => {
            // Never dropped, so that it is there when the feed reports the change.
            let fatal: Arc<dyn Forget> = Arc::new(Fatal);
            store.feed().subscribe("fatal", Arc::downgrade(&fatal));
            std::mem::forget(fatal);
            let id = format!("fatal{}", COUNT.fetch_add(1, Ordering::Relaxed));
            // Later than any read of the feed, so that the next one finds it.
            let sql = "INSERT INTO changes (id, kind, key, at) VALUES ($1, 'fatal', 'x', 9000000000000000)";
            store
                .write_blocking(move |tx| tx.execute(sql, crate::params![id.as_str()]))
                .expect("the change is written");
        }
    }
}

/// Panics where nobody expects it.
struct Fatal;

impl Job for Fatal {
    fn run(&mut self, _: &mut dyn Tx) -> Result<(), StoreError> {
        Ok(())
    }

    fn asked_at(&self) -> Instant {
        stopwatch::now()
    }

    fn answer(self: Box<Self>, _: Option<StoreError>) {
        panic!("a test ends this thread");
    }
}

impl Forget for Fatal {
    fn forget(&self, _: &str) {
        panic!("a test ends this thread");
    }

    fn forget_all(&self) {
        self.forget("");
    }
}
