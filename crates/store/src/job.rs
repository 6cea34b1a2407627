//! An operation on its way through an engine: run once or more, then answered.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use tokio::sync::oneshot;

use crate::error::{Outage, StoreError};
use crate::tx::Tx;

/// An operation whose type the engine does not know.
pub(crate) trait Job: Send {
    /// Runs the operation, discarding an earlier outcome. Never unwinds.
    fn run(&mut self, tx: &mut dyn Tx) -> Result<(), StoreError>;

    /// When it was submitted: nobody waits longer than a store's patience.
    fn asked_at(&self) -> Instant;

    /// Tells the caller that the outcome is there, or why there is none.
    fn answer(self: Box<Self>, failure: Option<StoreError>);
}

/// Where the caller of an operation waits for the end of it.
pub(crate) enum Reply {
    /// A task awaits it.
    Task(oneshot::Sender<Result<(), StoreError>>),
    /// A thread waits for it.
    Thread(std::sync::mpsc::SyncSender<Result<(), StoreError>>),
}

impl Reply {
    /// The caller may have given up, which changes nothing.
    fn send(self, end: Result<(), StoreError>) {
        match self {
            Self::Task(caller) => drop(caller.send(end)),
            Self::Thread(caller) => drop(caller.send(end)),
        }
    }
}

/// An operation that leaves its outcome in an [`Outcome`].
pub(crate) type Run = Box<dyn Fn(&mut dyn Tx) -> Result<(), StoreError> + Send>;

/// The place of an operation's outcome. It alone depends on the type of the outcome: there are many hundreds of
/// operations, and whatever is generic over them is compiled for each.
pub(crate) struct Outcome<R>(Arc<Mutex<Option<R>>>);

impl<R: Send + 'static> Outcome<R> {
    /// A place that is still empty, and what fills it.
    pub(crate) fn of(operation: impl Fn(&mut dyn Tx) -> Result<R, StoreError> + Send + 'static) -> (Self, Run) {
        let place = Arc::new(Mutex::new(None));
        let filled = Arc::clone(&place);
        let run: Run = Box::new(move |tx| {
            let outcome = operation(tx)?;
            *filled.lock().unwrap_or_else(PoisonError::into_inner) = Some(outcome);
            Ok(())
        });
        (Self(place), run)
    }

    /// The outcome, once the operation was answered as `Ok`.
    pub(crate) fn take(self) -> Result<R, StoreError> {
        let outcome = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        outcome.ok_or(StoreError::Unavailable(Outage::Closed))
    }
}

/// An operation and its caller.
pub(crate) struct Operation {
    run: Run,
    reply: Reply,
    asked_at: Instant,
}

impl Operation {
    pub(crate) const fn new(run: Run, reply: Reply, asked_at: Instant) -> Self {
        Self { run, reply, asked_at }
    }
}

impl Job for Operation {
    fn run(&mut self, tx: &mut dyn Tx) -> Result<(), StoreError> {
        // Nothing of the operation survives a panic: its transaction is rolled back, its inputs are dropped.
        catch_unwind(AssertUnwindSafe(|| (self.run)(tx))).unwrap_or_else(|panic| {
            let message = panic.downcast_ref::<&str>().copied().map(str::to_owned);
            let message = message.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
            tracing::error!(message, "a store operation panicked");
            Err(StoreError::Failed("the operation panicked".to_owned()))
        })
    }

    fn asked_at(&self) -> Instant {
        self.asked_at
    }

    fn answer(self: Box<Self>, failure: Option<StoreError>) {
        self.reply.send(failure.map_or(Ok(()), Err));
    }
}
