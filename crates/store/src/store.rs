//! The store as the rest of Sigma sees it: operations go in, outcomes come out.

mod operations;

use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{Sender, bounded};
use sigma_core::actor::Initiator;
use sigma_core::random::Rng;
use sigma_core::time::{Clock, Timestamp};
use sigma_telemetry::Written;

use crate::engine::{ChangeIds, Message, Queue, spawn};
use crate::error::{OpenError, Outage, StoreError};
use crate::expiring::Expiring;
use crate::feed::{self, Feed, Source};
use crate::idempotency::Claim;
use crate::moving;
use crate::options::{StoreOptions, file_path};
use crate::writing::Writing;
use crate::{postgres, sqlite};

pub use operations::Trial;

/// A handle to the database; cheap to clone. When the last one is dropped the threads end by themselves;
/// [`Store::close`] also waits for them.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
    /// On whose behalf it writes; the server's own without one.
    initiator: Option<Arc<Initiator>>,
    /// The request that it writes for, if that is carried out once.
    claim: Option<Arc<Claim>>,
    /// Where the events of its operations are noted.
    written: Option<Written>,
}

struct Inner {
    writes: Queue,
    reads: Queue,
    closed: AtomicBool,
    /// Those that end first: readers, the feed.
    threads: Mutex<Vec<JoinHandle<()>>>,
    /// Those that end last, so that the writer of a database file is alone with it and leaves no log behind.
    writers: Mutex<Vec<JoinHandle<()>>>,
    /// Dropped to stop the threads that wait for time to pass.
    background: Mutex<Option<Sender<()>>>,
    feed: Arc<Feed>,
    writing: Writing,
    database_clock: DatabaseClock,
    patience: Duration,
    expiring: &'static [Expiring],
    keep_events: Option<Duration>,
    delete_changes: &'static str,
    is_file: bool,
    /// The write-ahead log of a database file.
    log: Option<PathBuf>,
    /// Whether it learns by the change feed that the database is being moved.
    follows_feed: bool,
    /// Whether it may write although the database is being moved.
    moves: bool,
}

/// The source of the database's time.
enum DatabaseClock {
    /// A file is on this machine.
    OfThisMachine(Arc<dyn Clock>),
    /// A server reports its time with the change feed; this machine's clock serves those that do not read the feed.
    OfTheServer(Arc<dyn Clock>),
}

impl Store {
    /// Opens the database that `options` name, creating or migrating it as needed, and starts the threads of its
    /// engine. Blocks.
    pub fn open(options: &StoreOptions, clock: Arc<dyn Clock>, rng: Arc<dyn Rng>) -> Result<Self, OpenError> {
        let feed = Arc::new(Feed::new(options.feed_stale_after));
        let path = file_path(&options.url)?;
        let is_file = path.is_some();
        let log = path.as_ref().map(|path| {
            let mut log = path.clone().into_os_string();
            log.push("-wal");
            PathBuf::from(log)
        });
        let known_clock = options.database_clock.clone().or_else(|| path.is_some().then(|| Arc::clone(&clock)));
        let ids = Arc::new(ChangeIds::new(Arc::clone(&clock), rng, known_clock));
        let database_clock = match &options.database_clock {
            Some(clock) => DatabaseClock::OfThisMachine(Arc::clone(clock)),
            None if path.is_some() => DatabaseClock::OfThisMachine(clock),
            None => DatabaseClock::OfTheServer(clock),
        };
        let (engine, source) = match path {
            Some(path) => sqlite::start(&path, options, &feed, &ids)?,
            None => postgres::start(options, &feed, &ids)?,
        };
        let (background, stop) = bounded(0);
        let inner = Inner {
            writes: engine.writes,
            reads: engine.reads,
            closed: AtomicBool::new(false),
            threads: Mutex::new(engine.readers),
            writers: Mutex::new(engine.writers),
            background: Mutex::new(Some(background)),
            feed,
            writing: Writing::new(),
            database_clock,
            patience: options.patience,
            expiring: options.expiring,
            keep_events: options.keep_events,
            delete_changes: engine.delete_changes,
            is_file,
            log,
            follows_feed: options.exclusive,
            moves: options.moves,
        };
        let store = Self { inner: Arc::new(inner), initiator: None, claim: None, written: None };
        if !options.moves {
            let state = store.read_blocking(moving::state);
            let state = state.map_err(|error| OpenError::Server(format!("it cannot be read: {error}")))?;
            if let Some(state) = state {
                store.close();
                return Err(state.refusal());
            }
        }
        if options.exclusive {
            store.follow_feed(source, options.feed_interval, stop)?;
        }
        Ok(store)
    }

    /// Reads the change feed once, so that caches serve at once, and continues in the background.
    fn follow_feed(
        &self,
        mut source: Box<dyn Source>,
        interval: Duration,
        stop: crossbeam_channel::Receiver<()>,
    ) -> Result<(), OpenError> {
        let feed = Arc::clone(&self.inner.feed);
        let (ready, read) = bounded(1);
        self.keep(spawn("sigma-feed", move || {
            let first = feed::read(&feed, source.as_mut());
            drop(ready.send(first));
            feed::follow(&feed, source.as_mut(), interval, &stop);
        })?);
        let first = read.recv().unwrap_or_else(|_| Err(Outage::Closed.into()));
        first.map_err(|error| OpenError::Server(format!("the change feed cannot be read: {error}")))
    }

    fn keep(&self, thread: JoinHandle<()>) {
        self.inner.threads.lock().unwrap_or_else(PoisonError::into_inner).push(thread);
    }

    /// Whether the database is a file, which one server serves at a time.
    pub fn is_file(&self) -> bool {
        self.inner.is_file
    }

    /// The name of the database's engine, for people.
    pub fn engine_name(&self) -> &'static str {
        if self.is_file() { "SQLite" } else { "PostgreSQL" }
    }

    /// The same store, for what `initiator` asks for: the events of its operations say so.
    #[must_use]
    pub fn on_behalf_of(&self, initiator: Initiator) -> Self {
        Self { initiator: Some(Arc::new(initiator)), ..self.clone() }
    }

    /// The same store, which notes the events of its operations in `written` once they are committed.
    #[must_use]
    pub fn noting(self, written: Written) -> Self {
        Self { written: Some(written), ..self }
    }

    /// The same store, for a request that is carried out once: its operations are committed only while `claim` holds.
    #[must_use]
    pub fn once(&self, claim: Claim) -> Self {
        Self { claim: Some(Arc::new(claim)), ..self.clone() }
    }

    /// Whether cached values may be used: the change feed was read recently.
    pub fn is_fresh(&self) -> bool {
        self.inner.feed.is_fresh()
    }

    /// The time since the change feed was last read.
    pub fn feed_age(&self) -> Option<Duration> {
        self.inner.feed.age()
    }

    /// The size of the database, in bytes.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn size(&self) -> Result<u64, StoreError> {
        let sql = if self.is_file() {
            "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
        } else {
            "SELECT pg_database_size(current_database())"
        };
        let bytes = self.read(move |tx| tx.query_opt(sql, &[])?.map_or(Ok(0), |row| row.int(0))).await?;
        Ok(u64::try_from(bytes).unwrap_or(0))
    }

    /// The size of the write-ahead log of a database file, in bytes.
    pub fn log_size(&self) -> Option<u64> {
        Some(std::fs::metadata(self.inner.log.as_ref()?).map_or(0, |log| log.len()))
    }

    /// How many values each cache holds, by what is cached.
    pub fn cache_entries(&self) -> Vec<(&'static str, usize)> {
        self.inner.feed.cache_entries()
    }

    /// Operations that wait for a writer: a measure of load, 1,024 at most unless configured.
    pub fn waiting_writes(&self) -> usize {
        self.inner.writes.messages.len()
    }

    /// Operations that wait for a reader.
    pub fn waiting_reads(&self) -> usize {
        self.inner.reads.messages.len()
    }

    /// The name of a thread that has ended although the store is open: by a panic, since nothing else ends one. Its
    /// work is no longer done, so the process has to be restarted.
    pub fn dead_thread(&self) -> Option<String> {
        if self.inner.closed.load(Ordering::Acquire) {
            return None;
        }
        [&self.inner.writers, &self.inner.threads].into_iter().find_map(|threads| {
            let threads = threads.lock().unwrap_or_else(PoisonError::into_inner);
            let dead = threads.iter().find(|thread| thread.is_finished())?;
            Some(dead.thread().name().unwrap_or("of the store").to_owned())
        })
    }

    /// Finishes pending operations, ends every thread and closes the database. Later operations are refused as
    /// [`Outage::Closed`]. Blocks.
    pub fn close(&self) {
        if self.inner.closed.swap(true, Ordering::AcqRel) {
            return;
        }
        drop(self.inner.background.lock().unwrap_or_else(PoisonError::into_inner).take());
        stop(&self.inner.reads, &self.inner.threads);
        stop(&self.inner.writes, &self.inner.writers);
    }

    pub(crate) fn feed(&self) -> &Arc<Feed> {
        &self.inner.feed
    }

    pub(crate) fn writing(&self) -> &Writing {
        &self.inner.writing
    }

    /// The time by the clock of the database, which every process on it shares: single-use values are remembered by it.
    pub fn database_now(&self) -> Timestamp {
        match &self.inner.database_clock {
            DatabaseClock::OfThisMachine(clock) => clock.now(),
            DatabaseClock::OfTheServer(clock) => self.inner.feed.database_now().unwrap_or_else(|| clock.now()),
        }
    }

    pub(crate) fn expiring(&self) -> &'static [Expiring] {
        self.inner.expiring
    }

    pub(crate) fn keep_events(&self) -> Option<Duration> {
        self.inner.keep_events
    }

    pub(crate) fn delete_changes(&self) -> &'static str {
        self.inner.delete_changes
    }
}

/// Ends the threads behind `queue` once they have emptied it, and waits for all of `threads`.
fn stop(queue: &Queue, threads: &Mutex<Vec<JoinHandle<()>>>) {
    for _ in 0..queue.threads {
        // Without a thread behind it there is nothing to stop.
        drop(queue.messages.send(Message::Stop));
    }
    let threads = std::mem::take(&mut *threads.lock().unwrap_or_else(PoisonError::into_inner));
    let this = std::thread::current().id();
    for thread in threads {
        if thread.thread().id() != this && thread.join().is_err() {
            tracing::error!("a store thread panicked");
        }
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("closed", &self.inner.closed).finish_non_exhaustive()
    }
}
