//! What both engines are made of: threads that take operations from queues, and the ids of what they write by themselves.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::JoinHandle;

use crossbeam_channel::Sender;
use sigma_core::ids::ChangeId;
use sigma_core::random::{Rng, bytes};
use sigma_core::time::{Clock, Timestamp};

use crate::error::OpenError;
use crate::job::Job;

/// A message to the threads of an engine.
pub(crate) enum Message {
    /// An operation to run.
    Run(Box<dyn Job>),
    /// Nothing more will come: the thread ends.
    Stop,
}

/// The queue of some threads of an engine, and how many those are.
pub(crate) struct Queue {
    /// `read` or `write`.
    pub(crate) name: &'static str,
    pub(crate) messages: Sender<Message>,
    pub(crate) threads: usize,
}

/// The running threads of an engine and their queues.
pub(crate) struct Engine {
    pub(crate) writes: Queue,
    pub(crate) reads: Queue,
    pub(crate) writers: Vec<JoinHandle<()>>,
    pub(crate) readers: Vec<JoinHandle<()>>,
    pub(crate) delete_changes: &'static str,
}

/// The ids of the change feed: a sortable time, and the name of this process, whose own changes it need not read.
#[derive(Debug)]
pub(crate) struct ChangeIds {
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
    process: String,
    /// How often the outcome of a COMMIT was unknown.
    unknown: AtomicU32,
    /// The clock of the database, where it is not a server's own.
    database_clock: Option<Arc<dyn Clock>>,
}

/// Distinguishes the stores of one process.
static OPENED: AtomicU32 = AtomicU32::new(0);

impl ChangeIds {
    /// Randomness alone would suffice, but tests give the same seed to several.
    pub(crate) fn new(clock: Arc<dyn Clock>, rng: Arc<dyn Rng>, database_clock: Option<Arc<dyn Clock>>) -> Self {
        let random = u32::from_be_bytes(bytes(rng.as_ref()));
        let number = OPENED.fetch_add(1, Ordering::Relaxed);
        let process = format!("{random:08x}{:x}.{number:x}", std::process::id());
        Self { clock, rng, process, unknown: AtomicU32::new(0), database_clock }
    }

    pub(crate) fn next(&self) -> String {
        ChangeId::new(self.clock.now(), self.rng.as_ref()).as_str().to_owned() + &self.process()
    }

    /// The id of a new row that an engine stamps: see [`Stamped`](crate::stamped::Stamped).
    pub(crate) fn row(&self, prefix: &str) -> String {
        format!("{prefix}{}", ChangeId::new(self.clock.now(), self.rng.as_ref()))
    }

    /// The time of the database, unless only its server knows.
    pub(crate) fn database_now(&self) -> Option<Timestamp> {
        self.database_clock.as_ref().map(|clock| clock.now())
    }

    /// The suffix of the ids of this process, which the feed leaves out.
    pub(crate) fn process(&self) -> String {
        format!("{}.{:x}", self.process, self.unknown.load(Ordering::Acquire))
    }

    /// Takes another name after a COMMIT that may take effect later: its changes are then read from the feed, as if
    /// another process had made them.
    pub(crate) fn rename(&self) {
        self.unknown.fetch_add(1, Ordering::AcqRel);
    }

    /// For the jitter of retries.
    pub(crate) fn rng(&self) -> &dyn Rng {
        self.rng.as_ref()
    }
}

/// Starts a thread of the store.
pub(crate) fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, OpenError> {
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(work)
        .map_err(|error| OpenError::Server(format!("a thread could not be started: {error}")))
}
