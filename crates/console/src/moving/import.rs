//! People who are brought along, by the management API and in the console: line by line, a transaction for every thousand, the next of which
//! is read while one is committed.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::{BoxStream, Fuse};
use serde::Serialize;
use sigma_core::operator::OperatorRefusal;
use sigma_core::people::ImportedPerson;
use sigma_platform::state::AppState;
use sigma_store::operator::{Caller, people};
use sigma_store::people_import::{Newcomer, Outcome};
use sigma_store::{Outage, Stop, Store, StoreError};
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::JoinHandle;

use super::lines::{Line, Lines};

/// People of one transaction: so few that others wait for it no longer than for a slow disk.
const TOGETHER: usize = 1_000;
/// Bytes of the lines of one transaction.
const MOST_BYTES: usize = 1 << 20;

/// What an import tells: a line that was refused, or how far everything is committed.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Told {
    /// A line that was refused.
    Problem {
        /// Its number, from 1.
        line: u64,
        /// Why.
        problem: String,
    },
    /// What became of everything up to a line, all of which is committed.
    Progress {
        /// Its number.
        through: u64,
        #[serde(flatten)]
        counts: Counts,
        /// In the last line of the answer: whether the whole body was read.
        #[serde(skip_serializing_if = "Option::is_none")]
        complete: Option<bool>,
        /// Why it was not.
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<&'static str>,
    },
}

/// How many people so far.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Counts {
    /// They have an account now.
    pub added: u64,
    /// Their address had an account, which stays as it is.
    pub known: u64,
    /// Their line is no person.
    pub refused: u64,
}

/// How lines are taken.
#[derive(Clone, Copy, Debug, Default)]
pub struct Manner {
    /// Every address counts as verified.
    pub vouch: bool,
    /// The lines are only checked.
    pub dry_run: bool,
}

/// An import in progress. While a batch is committed, the next one is read.
pub struct Import {
    source: Source,
    sigma: AppState,
    store: Store,
    caller: Caller,
    dry_run: bool,
    /// A batch that waits for the one before.
    full: Option<Batch>,
    running: Option<Running>,
    /// The number of the last line that is committed.
    through: u64,
    counts: Counts,
    is_over: bool,
    _turn: OwnedSemaphorePermit,
}

/// What is added in one transaction.
#[derive(Default)]
struct Batch {
    people: Vec<ImportedPerson>,
    /// What is told once that is committed.
    told: Vec<Told>,
    refused: u64,
    /// The number of its last line.
    through: u64,
    /// For the last one: why the rest of the body could not be read, if so.
    end: Option<Result<(), &'static str>>,
}

/// A batch on its way to the store.
struct Running {
    batch: Batch,
    outcomes: JoinHandle<Result<Vec<Outcome>, Stop<OperatorRefusal>>>,
}

impl Import {
    /// The import of the lines in `pieces` by `store`, which acts for the caller; `None` while as many are in progress as may be.
    pub fn begin_one(
        sigma: &AppState,
        (store, caller): (Store, Caller),
        pieces: BoxStream<'static, Result<Bytes, ()>>,
        manner: Manner,
    ) -> Option<Self> {
        let turn = Arc::clone(&sigma.imports).try_acquire_owned().ok()?;
        Some(Self {
            source: Source {
                pause: Duration::from_secs(u64::from(sigma.settings.http.body_seconds) * 3),
                vouch: manner.vouch,
                pieces: pieces.fuse(),
                lines: Lines::default(),
                next: Batch::default(),
                bytes: 0,
            },
            store,
            caller,
            sigma: sigma.clone(),
            dry_run: manner.dry_run,
            full: None,
            running: None,
            through: 0,
            counts: Counts::default(),
            is_over: false,
            _turn: turn,
        })
    }

    /// Reads on until a transaction is committed; returns what there is to tell about it, and `None` at the end.
    pub async fn next(&mut self) -> Option<Vec<Told>> {
        while !self.is_over {
            let Some(running) = &mut self.running else {
                let batch = match self.full.take() {
                    Some(batch) => batch,
                    None => self.source.read().await,
                };
                self.running = Some(self.begin(batch));
                continue;
            };
            let reads_on = self.full.is_none() && running.batch.end.is_none();
            let outcomes = tokio::select! {
                outcomes = &mut running.outcomes => outcomes,
                batch = self.source.read(), if reads_on => {
                    self.full = Some(batch);
                    continue;
                }
            };
            if let Some(Running { batch, .. }) = self.running.take() {
                let outcomes = match outcomes {
                    Ok(Ok(outcomes)) => Ok(outcomes),
                    Ok(Err(Stop::Refused(_))) => Err("The role was taken away"),
                    Ok(Err(Stop::Failed(_))) | Err(_) => Err("The store failed; what this line counts is committed"),
                };
                return Some(self.tell(batch, outcomes));
            }
        }
        None
    }

    /// Has the people of a batch added.
    fn begin(&self, mut batch: Batch) -> Running {
        let people = if self.dry_run { Vec::new() } else { std::mem::take(&mut batch.people) };
        let (now, caller, store) = (self.sigma.now(), self.caller.clone(), self.store.clone());
        let newcomers = Newcomer::all(people, now, &*self.sigma.rng);
        let outcomes = tokio::spawn(async move {
            if newcomers.is_empty() {
                return Ok(Vec::new());
            }
            let newcomers = Arc::new(newcomers);
            let import = || {
                let (caller, newcomers) = (caller.clone(), Arc::clone(&newcomers));
                store.decide(move |tx| people::import(tx, &caller, &newcomers, now))
            };
            match import().await {
                // Nothing of it was committed: another import of the same people may have been in the way.
                Err(Stop::Failed(StoreError::Unavailable(Outage::Contended | Outage::Disconnected))) => import().await,
                outcome => outcome,
            }
        });
        Running { batch, outcomes }
    }

    /// The lines about a batch.
    fn tell(&mut self, mut batch: Batch, outcomes: Result<Vec<Outcome>, &'static str>) -> Vec<Told> {
        let failed = outcomes.as_ref().err().copied();
        if failed.is_none() {
            self.counts.refused += batch.refused;
            self.through = batch.through;
        } else {
            // Nothing of the batch counts: whoever sends the rest again sends all of it.
            batch.told.clear();
        }
        for outcome in outcomes.unwrap_or_default() {
            match outcome {
                Outcome::Added => self.counts.added += 1,
                Outcome::Known => self.counts.known += 1,
            }
        }
        let end = failed.map(Err).or(batch.end);
        self.is_over = end.is_some();
        let (complete, error) = (end.map(|end| end.is_ok()), end.and_then(Result::err));
        batch.told.push(Told::Progress { through: self.through, counts: self.counts, complete, error });
        batch.told
    }
}

/// The body.
struct Source {
    /// How long its next piece may take.
    pause: Duration,
    vouch: bool,
    /// The end is looked at once more after a last line that has none.
    pieces: Fuse<BoxStream<'static, Result<Bytes, ()>>>,
    lines: Lines,
    /// What was read of the next batch, and the bytes of its lines.
    next: Batch,
    bytes: usize,
}

impl Source {
    /// The next batch. A call that is dropped loses nothing: the next one reads on.
    async fn read(&mut self) -> Batch {
        loop {
            while let Some(line) = self.lines.take() {
                self.take(line);
                let is_full = self.next.people.len() >= TOGETHER || self.bytes >= MOST_BYTES;
                if is_full || self.next.told.len() >= TOGETHER {
                    return self.hand_over(None);
                }
            }
            let end = match tokio::time::timeout(self.pause, self.pieces.next()).await {
                Ok(Some(Ok(piece))) => {
                    self.lines.push(&piece);
                    continue;
                }
                Ok(None) if self.lines.finish() => continue,
                Ok(None) => Ok(()),
                // Whoever came before is taken all the same.
                Ok(Some(Err(()))) => Err("The body could not be read"),
                Err(_) => Err("The body took too long"),
            };
            return self.hand_over(Some(end));
        }
    }

    fn hand_over(&mut self, end: Option<Result<(), &'static str>>) -> Batch {
        self.bytes = 0;
        Batch { through: self.lines.number(), end, ..std::mem::take(&mut self.next) }
    }

    fn take(&mut self, Line { number, length, person }: Line) {
        match person {
            Ok(person) => {
                self.bytes += length;
                let email_verified = person.email_verified || self.vouch;
                self.next.people.push(ImportedPerson { email_verified, ..person });
            }
            Err(problem) => {
                self.next.refused += 1;
                self.next.told.push(Told::Problem { line: number, problem });
            }
        }
    }
}
