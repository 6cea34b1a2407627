//! The one thread that writes to the file, and commits many operations at once.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::Receiver;

use super::connection::{Room, SqliteConnection, explain};
use super::tx::SqliteTx;
use crate::changes::Change;
use crate::engine::{ChangeIds, Message};
use crate::error::{Outage, StoreError};
use crate::feed::Feed;
use crate::job::Job;
use crate::measure::Measures;
use crate::stopwatch;

/// Most operations in one transaction.
const BATCH: usize = 256;
/// How long a transaction accepts operations, at most.
const GATHER: Duration = Duration::from_millis(5);
/// How long it waits for operations at most, when as many are likely to come as in the last one.
const LINGER: Duration = Duration::from_millis(1);
/// Below this, waiting would cost more than it gains.
const SHORT: Duration = Duration::from_micros(50);

/// Statistics of the last transactions.
#[derive(Default)]
pub(crate) struct Pace {
    /// How many operations it held.
    operations: usize,
    /// How long the COMMIT took, which is how long the disk takes.
    commit: Duration,
}

impl Pace {
    /// How long to wait for more, once `gathered` have run and none is queued. Callers answered together ask again
    /// together: without waiting for them, a slow disk would serve the first of them alone and then all the others.
    fn linger(&self, gathered: usize) -> Duration {
        let linger = (self.commit / 8).min(LINGER);
        if gathered < self.operations && linger > SHORT { linger } else { Duration::ZERO }
    }
}

/// The writer of one database file.
pub(crate) struct Writer {
    pub(crate) path: PathBuf,
    /// How long it waits for the lock that an admin command holds.
    pub(crate) patience: Duration,
    /// Timeout of one operation, for which all others wait.
    pub(crate) limit: Duration,
    pub(crate) queue: Receiver<Message>,
    pub(crate) feed: Arc<Feed>,
    pub(crate) ids: Arc<ChangeIds>,
    pub(crate) session: Option<SqliteConnection>,
    /// For its connection.
    pub(crate) room: Room,
    pub(crate) pace: Pace,
    pub(crate) measures: Measures,
}

/// An operation that ran in the open transaction: its writes are part of it, or were undone for this failure.
struct Ran {
    job: Box<dyn Job>,
    failure: Option<StoreError>,
}

/// The result of an operation in the open transaction.
enum Ended {
    /// Its writes are part of the transaction.
    Kept,
    /// Its writes were undone.
    Undone(StoreError),
    /// What is left of it is unknown: the whole transaction must be rolled back.
    Broken(StoreError),
}

impl Writer {
    /// Works until the store is closed.
    pub(crate) fn run(mut self) {
        while let Ok(Message::Run(first)) = self.queue.recv() {
            let stop = self.transaction(first);
            if stop {
                return;
            }
        }
    }

    /// One transaction for `first` and those queued behind it. Returns whether the store is to be closed after it.
    fn transaction(&mut self, first: Box<dyn Job>) -> bool {
        let begun = self.session().and_then(|session| {
            session.run("BEGIN IMMEDIATE").map_err(|error| outage("BEGIN", &error))?;
            Ok(session)
        });
        let session = match begun {
            Ok(session) => session,
            Err(failure) => {
                // Callers already queued would only wait as long again.
                let (waiting, stop) = self.waiting();
                for job in std::iter::once(first).chain(waiting) {
                    self.measures.answered(true);
                    job.answer(Some(failure.clone()));
                }
                self.session = None;
                return stop;
            }
        };
        let mut batch = Vec::new();
        let mut changes = Vec::new();
        let (kept, stop) = self.gather(&session, first, &mut batch, &mut changes);
        let committing = stopwatch::now();
        let failure = kept.and_then(|()| session.run("COMMIT").map_err(|error| outage("COMMIT", &error))).err();
        self.pace = Pace { operations: batch.len(), commit: committing.elapsed() };
        self.measures.committed(self.pace.commit, batch.len());
        let failure = failure.map(|failure| match failure {
            // Faults that the operator has to fix are reported to all.
            StoreError::Unavailable(Outage::DiskFull | Outage::Io | Outage::ReadOnly | Outage::Exhausted) => failure,
            _ => Outage::NotCommitted.into(),
        });
        if failure.is_none() || recover(&session) {
            self.session = Some(session);
        }
        // Changes of an uncertain commit are invalidated as well: an unneeded invalidation costs a read, a missing one
        // correctness.
        if failure.is_some() {
            self.ids.rename();
        }
        self.feed.forget(&changes);
        for Ran { job, failure: own } in batch {
            let failure = own.or_else(|| failure.clone());
            self.measures.answered(failure.is_some());
            job.answer(failure);
        }
        stop
    }

    /// The connection, reopened if the last one was no longer reliable.
    fn session(&mut self) -> Result<SqliteConnection, StoreError> {
        if let Some(session) = self.session.take() {
            return Ok(session);
        }
        SqliteConnection::connect(&self.path, self.patience)
            .and_then(|session| session.for_writing(self.room))
            .map_err(|error| outage("the opening of the database", &error))
    }

    /// Everything queued at this moment.
    fn waiting(&self) -> (Vec<Box<dyn Job>>, bool) {
        let mut jobs = Vec::new();
        while let Ok(message) = self.queue.try_recv() {
            match message {
                Message::Run(job) => jobs.push(job),
                Message::Stop => return (jobs, true),
            }
        }
        (jobs, false)
    }

    /// Runs operations in the open transaction while there are any and it is neither full nor old. An error means that
    /// the transaction is gone.
    fn gather(
        &self,
        session: &SqliteConnection,
        first: Box<dyn Job>,
        batch: &mut Vec<Ran>,
        changes: &mut Vec<Change>,
    ) -> (Result<(), StoreError>, bool) {
        let started = stopwatch::now();
        let mut next = Some(Message::Run(first));
        loop {
            match next {
                Some(Message::Run(mut job)) => {
                    let ended = if batch.is_empty() {
                        self.first(session, job.as_mut(), changes)
                    } else {
                        self.in_savepoint(session, job.as_mut(), changes)
                    };
                    let (failure, whole) = match ended {
                        Ended::Kept => (None, session.in_transaction()),
                        Ended::Undone(failure) => (Some(failure), session.in_transaction()),
                        Ended::Broken(failure) => (Some(failure), false),
                    };
                    batch.push(Ran { job, failure: failure.clone() });
                    if !whole {
                        tracing::error!(operations = batch.len(), "the transaction of these operations was lost");
                        return (Err(failure.unwrap_or_else(|| Outage::NotCommitted.into())), false);
                    }
                }
                Some(Message::Stop) => return (Ok(()), true),
                None => return (Ok(()), false),
            }
            let elapsed = started.elapsed();
            let room = batch.len() < BATCH && elapsed < GATHER;
            next = if room { self.more(self.pace.linger(batch.len()).saturating_sub(elapsed)) } else { None };
        }
    }

    /// The next queued operation, or one that comes within `linger`.
    fn more(&self, linger: Duration) -> Option<Message> {
        let waiting = self.queue.try_recv().ok();
        if waiting.is_some() || linger.is_zero() {
            return waiting;
        }
        self.queue.recv_timeout(linger).ok()
    }

    /// Runs `job` first in the transaction: its failure would undo nothing else, so it needs no savepoint.
    fn first(&self, session: &SqliteConnection, job: &mut dyn Job, changes: &mut Vec<Change>) -> Ended {
        match self.run_job(session, job) {
            Ok(of_job) => {
                changes.extend(of_job);
                Ended::Kept
            }
            Err(failure) if session.in_transaction() => {
                match session.run("ROLLBACK").and_then(|()| session.run("BEGIN IMMEDIATE")) {
                    Ok(()) => Ended::Undone(failure),
                    Err(error) => Ended::Broken(outage("ROLLBACK", &error)),
                }
            }
            Err(failure) => Ended::Undone(failure),
        }
    }

    fn run_job(&self, session: &SqliteConnection, job: &mut dyn Job) -> Result<Vec<Change>, StoreError> {
        session.limit(self.limit);
        let begun = self.measures.begin(job.asked_at());
        let mut tx = SqliteTx::writing(session, &self.ids);
        let outcome = job.run(&mut tx);
        let outcome = tx.finish().and_then(|of_job| outcome.map(|()| of_job));
        self.measures.end(begun);
        session.unlimit();
        outcome
    }

    /// Runs `job` so that nothing of it remains if it fails or panics.
    fn in_savepoint(&self, session: &SqliteConnection, job: &mut dyn Job, changes: &mut Vec<Change>) -> Ended {
        if let Err(error) = session.run("SAVEPOINT operation") {
            return Ended::Undone(outage("SAVEPOINT", &error));
        }
        let outcome = self.run_job(session, job);
        if !session.in_transaction() {
            return outcome.map_or_else(Ended::Undone, |_| Ended::Kept);
        }
        match outcome {
            Ok(of_job) => match session.run("RELEASE operation") {
                Ok(()) => {
                    changes.extend(of_job);
                    Ended::Kept
                }
                Err(error) => Ended::Broken(outage("RELEASE", &error)),
            },
            Err(failure) => {
                match session.run("ROLLBACK TO operation").and_then(|()| session.run("RELEASE operation")) {
                    Ok(()) => Ended::Undone(failure),
                    Err(error) => Ended::Broken(outage("ROLLBACK TO", &error)),
                }
            }
        }
    }
}

/// Rolls a failed transaction back. Returns whether the connection is still usable.
fn recover(session: &SqliteConnection) -> bool {
    if !session.in_transaction() {
        return true;
    }
    let rolled_back = session.run("ROLLBACK").map_err(|error| outage("ROLLBACK", &error));
    rolled_back.is_ok() && !session.in_transaction()
}

/// The failure of the engine's own statement, which is logged here because no operation stands for it.
fn outage(what: &str, error: &rusqlite::Error) -> StoreError {
    let failure = explain(error);
    tracing::error!(%error, %failure, "{what} failed");
    failure
}
