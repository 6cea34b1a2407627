//! A thread that works off operations by a connection of its own.

use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::Receiver;
use sigma_core::random::bytes;

use super::client::Session;
use super::fault::Fault;
use super::server::{Purpose, Server};
use super::tx::PostgresTx;
use crate::error::{Outage, StoreError};
use crate::feed::Feed;
use crate::job::Job;
use crate::stopwatch;
use crate::store::{ChangeIds, Message};

/// How often an operation is run again when concurrent transactions met.
const RETRIES: u32 = 5;
/// How often an operation is run again when it made a row that was there: once it has seen that, it decides otherwise.
const REPEATS: u32 = 3;
/// How long a transaction may last before its COMMIT: the change feed counts on it.
const LONGEST: Duration = Duration::from_secs(5);

/// One writer or reader.
pub(crate) struct Worker {
    pub(crate) server: Arc<Server>,
    pub(crate) purpose: Purpose,
    pub(crate) queue: Receiver<Message>,
    pub(crate) feed: Arc<Feed>,
    pub(crate) ids: Arc<ChangeIds>,
    pub(crate) session: Option<Session>,
}

impl Worker {
    /// Works until the store is closed.
    pub(crate) fn run(mut self) {
        while let Ok(Message::Run(mut job)) = self.queue.recv() {
            let failure = self.work(job.as_mut()).err();
            job.answer(failure);
        }
    }

    /// Runs `job` until it has an outcome. What did not commit is run again after a conflict, with growing pauses, and
    /// once after its connection was lost.
    fn work(&mut self, job: &mut dyn Job) -> Result<(), StoreError> {
        let (mut conflicts, mut duplicates, mut losses) = (0, 0, 0);
        loop {
            let fault = match self.attempt(job) {
                Ok(()) => return Ok(()),
                Err(fault) => fault,
            };
            match fault {
                Fault::Final(failure) => return Err(failure),
                Fault::Again if conflicts < RETRIES => {
                    conflicts += 1;
                    std::thread::sleep(self.pause(conflicts));
                }
                Fault::Again => return Err(Outage::Contended.into()),
                Fault::Duplicate(_) if duplicates < REPEATS => duplicates += 1,
                Fault::Duplicate(failure) => {
                    tracing::error!(%failure, "an operation made a row that was there, again and again");
                    return Err(failure);
                }
                Fault::ReadOnly if self.purpose == Purpose::Read => {
                    return Err(StoreError::Failed("an operation that only reads tried to write".to_owned()));
                }
                // After a failover the address leads to another server.
                Fault::Lost | Fault::ReadOnly if losses == 0 => losses += 1,
                Fault::Lost => return Err(Outage::Disconnected.into()),
                Fault::ReadOnly => return Err(Outage::ReadOnly.into()),
            }
        }
    }

    /// A random time up to 4 ms, 8 ms, 16 ms, …: those who met do not meet again.
    fn pause(&self, conflicts: u32) -> Duration {
        let [random] = bytes::<1>(self.ids.rng());
        Duration::from_micros(u64::from(random) * 16) * (1 << conflicts.min(8)) / 2
    }

    fn attempt(&mut self, job: &mut dyn Job) -> Result<(), Fault> {
        let mut session = match self.session.take().filter(Session::is_usable) {
            Some(session) => session,
            None => self.server.connect(self.purpose).map_err(Fault::Final)?,
        };
        let outcome = match self.purpose {
            Purpose::Read => read(&mut session, job),
            Purpose::Write | Purpose::Migrate => self.write(&mut session, job),
        };
        if !matches!(outcome, Err(Fault::Lost | Fault::ReadOnly)) {
            self.session = Some(session);
        }
        outcome
    }

    fn write(&self, session: &mut Session, job: &mut dyn Job) -> Result<(), Fault> {
        let begun = stopwatch::now();
        session.run("BEGIN").map_err(|error| Fault::of(&error, "BEGIN"))?;
        let new_id = || self.ids.next();
        let mut tx = PostgresTx::new(session, &new_id);
        let outcome = job.run(&mut tx);
        let outcome = tx.finish().and_then(|changes| outcome.map(|()| changes).map_err(refused));
        let outcome = outcome.and_then(|changes| {
            if begun.elapsed() < LONGEST { Ok(changes) } else { Err(Fault::Final(Outage::TimedOut.into())) }
        });
        let changes = match outcome {
            Ok(changes) => changes,
            Err(fault) => {
                session.roll_back();
                return Err(fault);
            }
        };
        let committed = session.run("COMMIT").map_err(|error| Fault::of(&error, "COMMIT"));
        // What was perhaps not committed is forgotten as well, now and if it turns up later.
        if committed.as_ref().is_err_and(|fault| *fault != Fault::Again) {
            self.ids.rename();
        }
        self.feed.forget(&changes);
        if committed == Err(Fault::Lost) {
            tracing::error!("the connection to the database server was lost during COMMIT");
            return Err(Fault::Final(Outage::OutcomeUnknown.into()));
        }
        committed
    }
}

/// The operation's own failure. One that says "contended" found what it relies on changed under it, and begins anew.
fn refused(failure: StoreError) -> Fault {
    if failure == Outage::Contended.into() { Fault::Again } else { Fault::Final(failure) }
}

/// Each statement sees what is committed when it begins: a transaction around them would add two round trips and no
/// more consistency.
fn read(session: &mut Session, job: &mut dyn Job) -> Result<(), Fault> {
    let no_id = String::new;
    let mut tx = PostgresTx::new(session, &no_id);
    let outcome = job.run(&mut tx);
    tx.finish().and_then(|_| outcome.map_err(Fault::Final))
}
