//! How an operation gets to a thread of the store, and its outcome back.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use crossbeam_channel::TrySendError;
use sigma_telemetry::Written;
use sigma_telemetry::trace::{self, SpanKind};
use tokio::sync::oneshot;

use super::Store;
use crate::engine::{Message, Queue};
use crate::error::{Outage, Stop, StoreError};
use crate::job::{Job, Operation, Outcome, Reply, Run};
use crate::moving;
use crate::stopwatch;
use crate::tx::{OnBehalfOf, Tx};

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

/// The outcome of a trial that is rolled back.
struct Undone<T, R>(Arc<Mutex<Option<Result<T, R>>>>);

impl<T, R> Default for Undone<T, R> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<T, R> Clone for Undone<T, R> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T, R> Undone<T, R> {
    /// What is kept; what is not fails, since that rolls it back, and is noted.
    fn note(&self, trial: Result<Trial<T>, R>) -> Result<Result<T, R>, StoreError> {
        let outcome = match trial {
            Ok(Trial::Keep(outcome)) => return Ok(Ok(outcome)),
            Ok(Trial::Undo(outcome)) => Ok(outcome),
            Err(refusal) => Err(refusal),
        };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(outcome);
        Err(StoreError::Failed(UNDONE.to_owned()))
    }

    /// The outcome, if it is rolled back what was noted.
    fn instead_of(&self, end: Result<Result<T, R>, StoreError>) -> Result<Result<T, R>, StoreError> {
        match end {
            Err(StoreError::Failed(reason)) if reason == UNDONE => {
                let outcome = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
                outcome.ok_or(StoreError::Failed(reason))
            }
            end => end,
        }
    }
}

impl Store {
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

    /// [`Store::decide`] for an operation that looks at its own outcome before it keeps what it wrote. A refusal undoes it.
    pub async fn try_out<T: Send + 'static, R: Send + 'static>(
        &self,
        operation: impl Fn(&mut dyn Tx) -> Result<Trial<T>, Stop<R>> + Send + 'static,
    ) -> Result<T, Stop<R>> {
        let name = name_of(&operation);
        let undone = Undone::default();
        let noted = undone.clone();
        let end = self.write_named(name, move |tx| noted.note(Stop::judge(operation(tx))?)).await;
        Stop::flatten(undone.instead_of(end))
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

    /// [`Store::try_out`] for a thread that may block.
    pub fn try_out_blocking<T: Send + 'static, R: Send + 'static>(
        &self,
        operation: impl Fn(&mut dyn Tx) -> Result<Trial<T>, Stop<R>> + Send + 'static,
    ) -> Result<T, Stop<R>> {
        let undone = Undone::default();
        let noted = undone.clone();
        let end = self.write_blocking(move |tx| noted.note(Stop::judge(operation(tx))?));
        Stop::flatten(undone.instead_of(end))
    }

    /// [`Store::look_up`] for a thread that may block.
    pub fn look_up_blocking<T: Send + 'static, R: Send + 'static>(
        &self,
        operation: impl Fn(&mut dyn Tx) -> Result<T, Stop<R>> + Send + 'static,
    ) -> Result<T, Stop<R>> {
        Stop::flatten(self.read_blocking(move |tx| Stop::judge(operation(tx))))
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
        let run: Run = match self.claim.clone() {
            Some(claim) => Box::new(move |tx| claim.watch(tx, &run)),
            None => run,
        };
        if self.inner.follows_feed || self.inner.moves {
            return run;
        }
        // It would not be told that the database is being moved by now.
        Box::new(move |tx| if moving::state(tx)?.is_some() { Err(Outage::Moving.into()) } else { run(tx) })
    }

    async fn task(&self, queue: &Queue, name: &'static str, run: Run) -> Result<(), StoreError> {
        let mut span = trace::part("operation", SpanKind::Client);
        if let Some(span) = &mut span {
            let name = name.trim_end_matches("::{{closure}}");
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
    std::any::type_name::<F>()
}

/// The last two words of a path: `user::find`.
fn brief(path: &'static str) -> &'static str {
    let path = path.split('<').next().unwrap_or(path);
    let mut starts = path.rmatch_indices("::").map(|(at, _)| at + 2);
    path.get(starts.nth(1).unwrap_or(0)..).unwrap_or(path)
}
