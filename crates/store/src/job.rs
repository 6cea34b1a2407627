//! An operation on its way through an engine: run once or more, then answered.

use std::panic::{AssertUnwindSafe, catch_unwind};
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

    /// Returns its outcome, or `failure` in its place, to the caller.
    fn answer(self: Box<Self>, failure: Option<StoreError>);
}

/// The recipient of an outcome.
pub(crate) enum Reply<R> {
    /// A task awaits it.
    Task(oneshot::Sender<Result<R, StoreError>>),
    /// A thread waits for it.
    Thread(std::sync::mpsc::SyncSender<Result<R, StoreError>>),
}

impl<R> Reply<R> {
    /// The caller may have given up, which changes nothing.
    fn send(self, outcome: Result<R, StoreError>) {
        match self {
            Self::Task(caller) => drop(caller.send(outcome)),
            Self::Thread(caller) => drop(caller.send(outcome)),
        }
    }
}

/// An operation, its outcome and its caller.
pub(crate) struct Operation<R, F> {
    run: F,
    outcome: Option<R>,
    reply: Reply<R>,
    asked_at: Instant,
}

impl<R, F> Operation<R, F> {
    pub(crate) const fn new(operation: F, reply: Reply<R>, asked_at: Instant) -> Self {
        Self { run: operation, outcome: None, reply, asked_at }
    }
}

impl<R, F> Job for Operation<R, F>
where
    R: Send,
    F: Fn(&mut dyn Tx) -> Result<R, StoreError> + Send,
{
    fn run(&mut self, tx: &mut dyn Tx) -> Result<(), StoreError> {
        self.outcome = None;
        // Nothing of the operation survives a panic: its transaction is rolled back, its inputs are dropped.
        let outcome = catch_unwind(AssertUnwindSafe(|| (self.run)(tx))).unwrap_or_else(|panic| {
            let message = panic.downcast_ref::<&str>().copied().map(str::to_owned);
            let message = message.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
            tracing::error!(message, "a store operation panicked");
            Err(StoreError::Failed("the operation panicked".to_owned()))
        })?;
        self.outcome = Some(outcome);
        Ok(())
    }

    fn asked_at(&self) -> Instant {
        self.asked_at
    }

    fn answer(self: Box<Self>, failure: Option<StoreError>) {
        let this = *self;
        let outcome = match failure {
            Some(failure) => Err(failure),
            None => this.outcome.ok_or(StoreError::Unavailable(Outage::Closed)),
        };
        this.reply.send(outcome);
    }
}
