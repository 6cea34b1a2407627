//! The store as the rest of Sigma sees it: operations go in, outcomes come out.

use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{Sender, TrySendError, bounded};
use sigma_core::actor::Initiator;
use sigma_core::random::Rng;
use sigma_core::time::{Clock, Timestamp};
use sigma_telemetry::Written;
use sigma_telemetry::trace::{self, SpanKind};
use tokio::sync::oneshot;

use crate::engine::{ChangeIds, Message, Queue, spawn};
use crate::error::{OpenError, Outage, Stop, StoreError};
use crate::expiring::{EXPIRING, Expiring};
use crate::feed::{self, Feed, Source};
use crate::idempotency::Claim;
use crate::job::{Job, Operation, Outcome, Reply, Run};
use crate::moving;
use crate::postgres::Spares;
use crate::stopwatch;
use crate::tx::{OnBehalfOf, Tx};
use crate::writing::Writing;
use crate::{postgres, sqlite};

/// What an operation wants done with what it wrote, and its outcome either way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trial<R> {
    /// It is committed.
    Keep(R),
    /// It is rolled back.
    Undo(R),
}

/// The failure that rolls a trial back.
const UNDONE: &str = "the operation undid itself";

/// How to open a store.
#[derive(Clone)]
pub struct StoreOptions {
    /// `sqlite:PATH` or `postgres://USER:PASSWORD@HOST/DATABASE`.
    pub url: String,
    /// Whether this is a server: it locks a database file and follows the change feed. An admin
    /// command does none of that and works alongside a server.
    pub exclusive: bool,
    /// Whether to create a missing database; otherwise it is [`OpenError::Missing`].
    pub make: bool,
    /// Reader threads, each with a connection; at least one.
    pub readers: usize,
    /// Writer threads, each with a connection, on PostgreSQL; a file has one.
    pub writers: usize,
    /// Operations that may wait, for readers and for writers each.
    pub queue: usize,
    /// How long a caller waits for an outcome before [`Outage::TimedOut`].
    pub patience: Duration,
    /// Timeout of one read of a database file.
    pub read_limit: Duration,
    /// How long a database server may work on one statement. A statement without a response a quarter later is given
    /// up, along with its connection.
    pub statement_limit: Duration,
    /// What stands between this process and a database server.
    pub pooler: Pooler,
    /// How often the change feed is read.
    pub feed_interval: Duration,
    /// How long after the last read of the change feed caches may be used.
    pub feed_stale_after: Duration,
    /// What [`Store::sweep`] deletes.
    pub expiring: &'static [Expiring],
    /// How long events and counts are kept; for ever without it.
    pub keep_events: Option<Duration>,
    /// The clock of the database, where a test moves it; otherwise the engine's own.
    pub database_clock: Option<Arc<dyn Clock>>,
    /// Where a test keeps connections to a database server for its next store.
    pub spares: Option<Spares>,
    /// Whether it is opened by whoever moves it: nobody else opens a database that is being moved.
    pub moves: bool,
}

impl StoreOptions {
    /// For the server on `url`.
    pub fn serve(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            exclusive: true,
            make: true,
            readers: 4,
            writers: 8,
            queue: 1_024,
            patience: Duration::from_secs(5),
            read_limit: Duration::from_secs(1),
            statement_limit: Duration::from_secs(4),
            pooler: Pooler::None,
            feed_interval: Duration::from_millis(500),
            feed_stale_after: Duration::from_secs(2),
            expiring: EXPIRING,
            keep_events: Some(Duration::from_hours(365 * 24)),
            database_clock: None,
            spares: None,
            moves: false,
        }
    }

    /// For an admin command on `url`, with or without a server running; the database must exist.
    pub fn admin(url: impl Into<String>) -> Self {
        Self { exclusive: false, make: false, readers: 1, writers: 1, ..Self::serve(url) }
    }
}

/// What stands between this process and a database server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pooler {
    /// Nothing: a connection to the server is this process's own.
    #[default]
    None,
    /// A pooler that may give every transaction another connection, which others use in between: nothing is set beyond
    /// the end of a transaction, and no statement is prepared.
    Transaction,
}

/// Without the URL, which may hold a password.
impl fmt::Debug for StoreOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = self.url.split(':').next().unwrap_or_default();
        f.debug_struct("StoreOptions")
            .field("scheme", &scheme)
            .field("exclusive", &self.exclusive)
            .finish_non_exhaustive()
    }
}

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
    pub fn noting(&self, written: Written) -> Self {
        Self { written: Some(written), ..self.clone() }
    }

    /// The same store, for a request that is carried out once: its operations are committed only while `claim` holds.
    #[must_use]
    pub fn once(&self, claim: Claim) -> Self {
        Self { claim: Some(Arc::new(claim)), ..self.clone() }
    }

    /// Runs `operation` in one transaction that may write. It may run more than once before one of its outcomes is
    /// committed, and once started it runs to its end whether or not the caller waits.
    pub async fn write<R: Send + 'static>(
        &self,
        operation: impl Fn(&mut dyn Tx) -> Result<R, StoreError> + Send + 'static,
    ) -> Result<R, StoreError> {
        self.write_named(name_of(&operation), operation).await
    }

    /// Runs `operation`, which only reads, on one snapshot of a database file, or statement by statement on PostgreSQL.
    pub async fn read<R: Send + 'static>(
        &self,
        operation: impl Fn(&mut dyn Tx) -> Result<R, StoreError> + Send + 'static,
    ) -> Result<R, StoreError> {
        self.read_named(name_of(&operation), operation).await
    }

    /// [`Store::write`] for an operation that rules may refuse. A refusal commits, as any other result does.
    pub async fn decide<T: Send + 'static, R: Send + 'static>(
        &self,
        operation: impl Fn(&mut dyn Tx) -> Result<T, Stop<R>> + Send + 'static,
    ) -> Result<T, Stop<R>> {
        let name = name_of(&operation);
        Stop::flatten(self.write_named(name, move |tx| Stop::judge(operation(tx))).await)
    }

    /// [`Store::read`] for an operation that rules may refuse.
    pub async fn look_up<T: Send + 'static, R: Send + 'static>(
        &self,
        operation: impl Fn(&mut dyn Tx) -> Result<T, Stop<R>> + Send + 'static,
    ) -> Result<T, Stop<R>> {
        let name = name_of(&operation);
        Stop::flatten(self.read_named(name, move |tx| Stop::judge(operation(tx))).await)
    }

    /// [`Store::write`] for a thread that may block.
    pub fn write_blocking<R: Send + 'static>(
        &self,
        operation: impl Fn(&mut dyn Tx) -> Result<R, StoreError> + Send + 'static,
    ) -> Result<R, StoreError> {
        self.refuse_while_moving()?;
        let (outcome, run) = Outcome::of(operation);
        let written = self.written.as_ref().map(|_| Written::default());
        let end = self.thread(&self.inner.writes, self.initiated(run, written.clone()));
        self.ended(&end, written.as_ref());
        end?;
        outcome.take()
    }

    /// [`Store::read`] for a thread that may block.
    pub fn read_blocking<R: Send + 'static>(
        &self,
        operation: impl Fn(&mut dyn Tx) -> Result<R, StoreError> + Send + 'static,
    ) -> Result<R, StoreError> {
        let (outcome, run) = Outcome::of(operation);
        self.thread(&self.inner.reads, run)?;
        outcome.take()
    }

    /// [`Store::decide`] for a thread that may block.
    pub fn decide_blocking<T: Send + 'static, R: Send + 'static>(
        &self,
        operation: impl Fn(&mut dyn Tx) -> Result<T, Stop<R>> + Send + 'static,
    ) -> Result<T, Stop<R>> {
        Stop::flatten(self.write_blocking(move |tx| Stop::judge(operation(tx))))
    }

    /// [`Store::write_blocking`] for an operation that looks at its own outcome before it keeps what it wrote.
    pub fn try_blocking<R: Send + 'static>(
        &self,
        operation: impl Fn(&mut dyn Tx) -> Result<Trial<R>, StoreError> + Send + 'static,
    ) -> Result<R, StoreError> {
        let undone = Arc::new(Mutex::new(None));
        let noted = Arc::clone(&undone);
        let end = self.write_blocking(move |tx| match operation(tx)? {
            Trial::Keep(outcome) => Ok(outcome),
            Trial::Undo(outcome) => {
                *noted.lock().unwrap_or_else(PoisonError::into_inner) = Some(outcome);
                // What fails is rolled back.
                Err(StoreError::Failed(UNDONE.to_owned()))
            }
        });
        match end {
            Err(StoreError::Failed(reason)) if reason == UNDONE => {
                let outcome = undone.lock().unwrap_or_else(PoisonError::into_inner).take();
                outcome.ok_or(StoreError::Failed(reason))
            }
            end => end,
        }
    }

    /// [`Store::look_up`] for a thread that may block.
    pub fn look_up_blocking<T: Send + 'static, R: Send + 'static>(
        &self,
        operation: impl Fn(&mut dyn Tx) -> Result<T, Stop<R>> + Send + 'static,
    ) -> Result<T, Stop<R>> {
        Stop::flatten(self.read_blocking(move |tx| Stop::judge(operation(tx))))
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

    async fn write_named<R: Send + 'static>(
        &self,
        name: &'static str,
        operation: impl Fn(&mut dyn Tx) -> Result<R, StoreError> + Send + 'static,
    ) -> Result<R, StoreError> {
        let (outcome, run) = Outcome::of(operation);
        self.write_from_task(name, run).await?;
        outcome.take()
    }

    async fn read_named<R: Send + 'static>(
        &self,
        name: &'static str,
        operation: impl Fn(&mut dyn Tx) -> Result<R, StoreError> + Send + 'static,
    ) -> Result<R, StoreError> {
        let (outcome, run) = Outcome::of(operation);
        self.task(&self.inner.reads, name, run).await?;
        outcome.take()
    }

    async fn write_from_task(&self, name: &'static str, run: Run) -> Result<(), StoreError> {
        self.refuse_while_moving()?;
        let written = self.written.as_ref().map(|_| Written::default());
        let end = self.task(&self.inner.writes, name, self.initiated(run, written.clone())).await;
        self.ended(&end, written.as_ref());
        end
    }

    /// A write has ended, and wrote these events if it succeeded.
    fn ended(&self, end: &Result<(), StoreError>, events: Option<&Written>) {
        self.inner.writing.note(end);
        if let (Ok(()), Some(written), Some(events)) = (end, &self.written, events) {
            written.extend(events);
        }
    }

    fn refuse_while_moving(&self) -> Result<(), StoreError> {
        if self.inner.feed.fence().is_leaving() && !self.inner.moves { Err(Outage::Moving.into()) } else { Ok(()) }
    }

    /// `run`, on behalf of whoever this handle writes for; notes its events in `written`.
    fn initiated(&self, run: Run, written: Option<Written>) -> Run {
        let run: Run = match self.initiator.clone() {
            Some(initiator) => Box::new(move |tx| {
                // It may have run before.
                written.iter().for_each(Written::clear);
                run(&mut OnBehalfOf { tx, initiator: &initiator, written: written.as_ref() })
            }),
            None => run,
        };
        match self.claim.clone() {
            Some(claim) => Box::new(move |tx| claim.watch(tx, &run)),
            None => run,
        }
    }

    async fn task(&self, queue: &Queue, name: &'static str, run: Run) -> Result<(), StoreError> {
        let mut span = trace::part("operation", SpanKind::Client);
        if let Some(span) = &mut span {
            span.rename(brief(name));
            span.set("code.function.name", name);
            span.set("db.operation.name", queue.name);
            span.set("db.system.name", if self.is_file() { "sqlite" } else { "postgresql" });
        }
        let end = self.queued(queue, run).await;
        if let Some(span) = span.as_mut().filter(|_| end.is_err()) {
            span.fail();
        }
        end
    }

    async fn queued(&self, queue: &Queue, run: Run) -> Result<(), StoreError> {
        let (reply, end) = oneshot::channel();
        self.enqueue(queue, Box::new(Operation::new(run, Reply::Task(reply), stopwatch::now())))?;
        match tokio::time::timeout(self.inner.patience, end).await {
            Ok(Ok(end)) => end,
            Ok(Err(_)) => Err(Outage::Closed.into()),
            Err(_) => Err(Outage::TimedOut.into()),
        }
    }

    fn thread(&self, queue: &Queue, run: Run) -> Result<(), StoreError> {
        let (reply, end) = std::sync::mpsc::sync_channel(1);
        self.enqueue(queue, Box::new(Operation::new(run, Reply::Thread(reply), stopwatch::now())))?;
        end.recv().unwrap_or_else(|_| Err(Outage::Closed.into()))
    }

    fn enqueue(&self, queue: &Queue, job: Box<dyn Job>) -> Result<(), StoreError> {
        if self.inner.closed.load(Ordering::Acquire) {
            return Err(Outage::Closed.into());
        }
        queue.messages.try_send(Message::Run(job)).map_err(|refused| match refused {
            TrySendError::Full(_) => {
                metrics::counter!("sigma_store_operations_total", "queue" => queue.name, "outcome" => "refused")
                    .increment(1);
                StoreError::Busy
            }
            TrySendError::Disconnected(_) => Outage::Closed.into(),
        })
    }
}

#[cfg(feature = "testing")]
impl Store {
    /// Hands `job` to a writer, without the protection that writers otherwise have from their jobs.
    pub(crate) fn hand_to_writer(&self, job: Box<dyn Job>) -> Result<(), StoreError> {
        self.enqueue(&self.inner.writes, job)
    }

    /// Hands `job` to a reader.
    pub(crate) fn hand_to_reader(&self, job: Box<dyn Job>) -> Result<(), StoreError> {
        self.enqueue(&self.inner.reads, job)
    }
}

/// Where the code of an operation is: the path of its closure.
fn name_of<F>(_: &F) -> &'static str {
    std::any::type_name::<F>().trim_end_matches("::{{closure}}")
}

/// The last two words of a path: `user::find`.
fn brief(path: &'static str) -> &'static str {
    let path = path.split('<').next().unwrap_or(path);
    let mut starts = path.rmatch_indices("::").map(|(at, _)| at + 2);
    path.get(starts.nth(1).unwrap_or(0)..).unwrap_or(path)
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

/// The path in `sqlite:PATH`; `None` for a URL of PostgreSQL.
pub(crate) fn file_path(url: &str) -> Result<Option<PathBuf>, OpenError> {
    let scheme = url.split(':').next().unwrap_or_default();
    match (scheme, url.strip_prefix("sqlite:")) {
        (_, Some(path)) => {
            let path = path.strip_prefix("//").unwrap_or(path);
            if path.is_empty() || path.starts_with(":memory:") {
                return Err(OpenError::Address("sqlite: needs the path of a file".to_owned()));
            }
            Ok(Some(PathBuf::from(path)))
        }
        ("postgres" | "postgresql", _) => Ok(None),
        _ => Err(OpenError::Address(format!("`{scheme}` is not a known kind of database"))),
    }
}
