//! A thread that runs operations on a connection of its own.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{Sender, select};
use sigma_core::random::bytes;

use super::client::PostgresConnection;
use super::fault::Fault;
use super::pool::{Crew, Member};
use super::server::{NoConnection, PAUSE, Purpose, Server};
use super::tx::PostgresTx;
use crate::engine::{ChangeIds, Message};
use crate::error::{Outage, StoreError};
use crate::feed::Feed;
use crate::job::Job;
use crate::measure::Measures;
use crate::stopwatch;

/// How often an operation is rerun after a duplicate key: once it sees the existing row, it decides differently.
const REPEATS: u32 = 3;
/// Pauses after conflicts grow to 4 ms times two to this power.
const LONGEST_PAUSE: u32 = 6;

/// One writer or reader.
pub(crate) struct Worker {
    pub(crate) server: Arc<Server>,
    pub(crate) purpose: Purpose,
    pub(crate) crew: Arc<Crew>,
    pub(crate) feed: Arc<Feed>,
    pub(crate) ids: Arc<ChangeIds>,
    /// How long a caller waits, and so how long retrying makes sense.
    pub(crate) patience: Duration,
    pub(crate) session: Option<(PostgresConnection, Member)>,
    pub(crate) measures: Measures,
}

impl Worker {
    /// Works until the store is closed. Reports to `opened` how the first attempt to connect went.
    pub(crate) fn run(mut self, opened: &Sender<Result<(), NoConnection>>) {
        let mut failure = self.connect().err();
        drop(opened.send(failure.clone().map_or(Ok(()), Err)));
        while let Some(mut job) = self.next(&mut failure) {
            let begun = self.measures.begin(job.asked_at());
            match self.work(job.as_mut()) {
                // Another worker can do it.
                Err(Fault::Unconnected(_)) if self.crew.has_connections() => self.crew.give_back(job),
                outcome => {
                    self.measures.end(begun);
                    self.measures.answered(outcome.is_err());
                    job.answer(outcome.err().map(Fault::failure));
                }
            }
        }
        if let Some((session, _)) = self.session.take() {
            self.server.retire(session);
        }
        self.crew.dismiss();
    }

    /// The next operation. Without a connection there is none: a connected worker takes it, and if there is none,
    /// callers are refused at once.
    fn next(&mut self, failure: &mut Option<NoConnection>) -> Option<Box<dyn Job>> {
        loop {
            if self.is_connected() {
                return select! {
                    recv(self.crew.returned()) -> job => job.ok(),
                    recv(self.crew.queue()) -> message => match message {
                        Ok(Message::Run(job)) => Some(job),
                        Ok(Message::Stop) | Err(_) => None,
                    },
                };
            }
            let reported = failure.take();
            if self.crew.has_connections() {
                if reported.is_some() {
                    self.crew.wait(PAUSE * 4).ok()?;
                }
                *failure = self.connect().err();
                continue;
            }
            if let Some(reported) = &reported {
                self.refuse(reported.outage)?;
            }
            // One worker checks whether the server is back, which takes time if it does not respond. The others keep
            // refusing.
            *failure = if self.crew.begin_to_look() {
                let found = self.connect();
                self.crew.end_to_look();
                found.err()
            } else {
                reported.or_else(|| Some(NoConnection::unknown()))
            };
        }
    }

    /// Refuses all callers during a pause because there is no connection. `None` once the store is closed.
    fn refuse(&self, outage: Outage) -> Option<()> {
        let until = stopwatch::now() + PAUSE;
        let over = crossbeam_channel::at(until);
        loop {
            let job = select! {
                recv(self.crew.returned()) -> job => job.ok()?,
                recv(self.crew.queue()) -> message => match message {
                    Ok(Message::Run(job)) => job,
                    Ok(Message::Stop) | Err(_) => return None,
                },
                recv(over) -> _ => return Some(()),
            };
            self.measures.answered(true);
            job.answer(Some(outage.into()));
        }
    }

    fn is_connected(&self) -> bool {
        self.session.as_ref().is_some_and(|(session, _)| session.is_usable())
    }

    fn connect(&mut self) -> Result<(), NoConnection> {
        self.session = None;
        let session = self.server.connect()?;
        self.session = Some((session, self.crew.join()));
        Ok(())
    }

    /// Runs `job` until it has an outcome. Whatever did not commit is run again: after a conflict for as long as the
    /// caller waits, with growing pauses, and once after losing its connection.
    fn work(&mut self, job: &mut dyn Job) -> Result<(), Fault> {
        let given_up_at = job.asked_at() + self.patience;
        let (mut conflicts, mut duplicates, mut losses) = (0, 0, 0);
        loop {
            let fault = match self.attempt(job) {
                Ok(()) => return Ok(()),
                Err(fault) => fault,
            };
            match fault {
                Fault::Again => {
                    metrics::counter!("sigma_store_conflicts_total").increment(1);
                    self.pause(conflicts, given_up_at)?;
                    conflicts += 1;
                }
                Fault::Duplicate(_) if duplicates < REPEATS => duplicates += 1,
                Fault::Duplicate(ref failure) => {
                    tracing::error!(%failure, "an operation made a row that was there, again and again");
                    return Err(fault);
                }
                Fault::ReadOnly if self.purpose == Purpose::Read => {
                    let text = "an operation that only reads tried to write".to_owned();
                    return Err(Fault::Final(StoreError::Failed(text)));
                }
                // After a failover the address leads to another server.
                Fault::Lost | Fault::ReadOnly if losses == 0 => losses += 1,
                fault => return Err(fault),
            }
        }
    }

    /// Waits a random time up to 4 ms, 8 ms, 16 ms, …, so that conflicting transactions do not collide again. Reported
    /// as a conflict once nobody waits for an outcome any more.
    fn pause(&self, conflicts: u32, given_up_at: Instant) -> Result<(), Fault> {
        let random = u16::from_be_bytes(bytes::<2>(self.ids.rng()));
        let longest = Duration::from_millis(4) * (1 << conflicts.min(LONGEST_PAUSE));
        let pause = longest.mul_f64(f64::from(random) / f64::from(u16::MAX));
        if stopwatch::now() + pause >= given_up_at {
            return Err(Fault::Again);
        }
        std::thread::sleep(pause);
        Ok(())
    }

    fn attempt(&mut self, job: &mut dyn Job) -> Result<(), Fault> {
        if !self.is_connected() {
            self.connect().map_err(|failure| Fault::Unconnected(failure.outage))?;
        }
        let Some((mut session, member)) = self.session.take() else { return Err(Fault::Lost) };
        let outcome = match self.purpose {
            Purpose::Read => self.read(&mut session, job),
            Purpose::Write => self.write(&mut session, job),
        };
        if !matches!(outcome, Err(Fault::Lost | Fault::ReadOnly | Fault::Silence)) {
            self.session = Some((session, member));
        }
        outcome
    }

    fn write(&self, session: &mut PostgresConnection, job: &mut dyn Job) -> Result<(), Fault> {
        let limit = self.server.operation_limit();
        session.allow(limit);
        session.run(&self.server.begin()).map_err(|error| Fault::of(&error, "BEGIN"))?;
        let mut tx = PostgresTx::writing(session, &self.ids);
        let outcome = job.run(&mut tx);
        let outcome = tx.finish().and_then(|changes| outcome.map(|()| changes).map_err(refused));
        let changes = match outcome {
            Ok(changes) => changes,
            Err(fault) => {
                if fault != Fault::Silence {
                    session.allow(limit);
                    session.roll_back();
                }
                return Err(fault);
            }
        };
        // An operation past its time limit is not committed: the change feed relies on it.
        if session.is_late() {
            session.allow(limit);
            session.roll_back();
            return Err(Fault::Final(Outage::TimedOut.into()));
        }
        session.allow(limit);
        let committing = stopwatch::now();
        let committed = session.run("COMMIT").map_err(|error| Fault::of(&error, "COMMIT"));
        self.measures.committed(committing.elapsed(), 1);
        // Changes of an uncertain commit are invalidated as well, now and if they turn up later.
        if committed.as_ref().is_err_and(|fault| *fault != Fault::Again) {
            self.ids.rename();
        }
        self.feed.forget(&changes);
        if matches!(committed, Err(Fault::Lost | Fault::Silence)) {
            tracing::error!("the connection to the database server was lost during COMMIT");
            return Err(Fault::Final(Outage::OutcomeUnknown.into()));
        }
        committed
    }

    /// Each statement sees what is committed when it begins: a transaction around them would add two round trips and no
    /// consistency.
    fn read(&self, session: &mut PostgresConnection, job: &mut dyn Job) -> Result<(), Fault> {
        session.allow(self.server.operation_limit());
        let mut tx = PostgresTx::reading(session);
        let outcome = job.run(&mut tx);
        tx.finish().and_then(|_| outcome.map_err(Fault::Final))
    }
}

/// The operation's own failure. If it is a conflict, the state that it relied on changed, and it starts over.
fn refused(failure: StoreError) -> Fault {
    if failure == Outage::Contended.into() { Fault::Again } else { Fault::Final(failure) }
}
