//! The workers of one queue, and how many of them have a connection.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded, unbounded};

use crate::engine::Message;
use crate::job::Job;
use crate::measure::Open;

/// The state that the workers of one queue share.
pub(crate) struct Crew {
    name: &'static str,
    queue: Receiver<Message>,
    /// Jobs taken by workers that lost their connection.
    to_others: Sender<Box<dyn Job>>,
    returned: Receiver<Box<dyn Job>>,
    connected: Arc<AtomicUsize>,
    /// A worker is checking whether the server is back.
    looks: AtomicBool,
    /// Dropped when the first of them ends, which wakes those that wait.
    at_work: Mutex<Option<Sender<()>>>,
    over: Receiver<()>,
}

/// Counts a connected worker, for as long as this lives.
pub(crate) struct Member {
    connected: Arc<AtomicUsize>,
    _open: Open,
}

impl Drop for Member {
    fn drop(&mut self) {
        self.connected.fetch_sub(1, Ordering::AcqRel);
    }
}

/// The store is closed.
pub(crate) struct Over;

impl Crew {
    /// The workers of the queue `read` or `write`.
    pub(crate) fn new(name: &'static str, queue: Receiver<Message>) -> Self {
        let (to_others, returned) = unbounded();
        let (at_work, over) = bounded(0);
        let at_work = Mutex::new(Some(at_work));
        let connected = Arc::default();
        Self { name, queue, to_others, returned, connected, looks: AtomicBool::new(false), at_work, over }
    }

    pub(crate) const fn queue(&self) -> &Receiver<Message> {
        &self.queue
    }

    pub(crate) const fn returned(&self) -> &Receiver<Box<dyn Job>> {
        &self.returned
    }

    /// Counts one more connected worker.
    pub(crate) fn join(&self) -> Member {
        self.connected.fetch_add(1, Ordering::AcqRel);
        Member { connected: Arc::clone(&self.connected), _open: Open::of(self.name) }
    }

    pub(crate) fn has_connections(&self) -> bool {
        self.connected.load(Ordering::Acquire) > 0
    }

    /// Whether no other worker is checking on the server, and this one may.
    pub(crate) fn begin_to_look(&self) -> bool {
        !self.looks.swap(true, Ordering::AcqRel)
    }

    pub(crate) fn end_to_look(&self) {
        self.looks.store(false, Ordering::Release);
    }

    /// Leaves `job` to a connected worker.
    pub(crate) fn give_back(&self, job: Box<dyn Job>) {
        // The receiver lives as long as this.
        drop(self.to_others.send(job));
    }

    /// Waits, unless the store is closed meanwhile.
    pub(crate) fn wait(&self, span: Duration) -> Result<(), Over> {
        match self.over.recv_timeout(span) {
            Err(RecvTimeoutError::Timeout) => Ok(()),
            Ok(()) | Err(RecvTimeoutError::Disconnected) => Err(Over),
        }
    }

    /// Wakes those that wait, so that they end too.
    pub(crate) fn dismiss(&self) {
        drop(self.at_work.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}
