//! Takes the jobs that are due, keeps their leases while they run, and records how they ended.

use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use sigma_core::ids::JobId;
use sigma_core::random::{Rng, alphanumeric, bytes};
use sigma_core::time::Timestamp;
use sigma_store::job_queue::{self, Ended, Leased};
use sigma_store::{Outage, Signal, Store, StoreError, cached};
use sigma_telemetry::trace::{self, Recording, SpanKind};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::{JobError, JobKind};

/// How long a node that died keeps its jobs.
const LEASE: Duration = Duration::from_mins(1);
/// How often a running job's lease is renewed.
const RENEWAL: Duration = Duration::from_secs(20);
/// How long nothing is asked when nothing is known to come: a signal that was missed costs as much.
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// The pause after the store did not answer.
const STORE_AGAIN: Duration = Duration::from_secs(5);
/// Jobs that a node runs at once; recurring ones run besides.
const MOST_RUNNING: usize = 4;
/// How often recording the end of a job is tried: without it, the job runs once more when its lease has lapsed.
const END_ATTEMPTS: u32 = 5;
/// The delay after the first failure; it doubles with each further one.
const FIRST_DELAY: Duration = Duration::from_secs(10);
/// The longest delay.
const LONGEST_DELAY: Duration = Duration::from_mins(15);

/// Runs the jobs of one node.
#[derive(Debug)]
pub struct Runner {
    store: Store,
    rng: Arc<dyn Rng>,
    kinds: Vec<JobKind>,
    /// The name of this node: another one after every start.
    holder: String,
    queued: Signal,
    renewal: Duration,
}

impl Runner {
    /// A runner of these kinds.
    pub fn new(store: &Store, rng: &Arc<dyn Rng>, kinds: Vec<JobKind>) -> Arc<Self> {
        Self::renewing(store, rng, kinds, RENEWAL)
    }

    /// A runner that renews leases every `renewal`.
    pub fn renewing(store: &Store, rng: &Arc<dyn Rng>, kinds: Vec<JobKind>, renewal: Duration) -> Arc<Self> {
        let holder = format!("{}-{}", std::process::id(), alphanumeric(rng.as_ref(), 12));
        let queued = Signal::new(store, cached::JOB);
        Arc::new(Self { store: store.clone(), rng: Arc::clone(rng), kinds, holder, queued, renewal })
    }

    /// Runs jobs until it is dropped.
    pub async fn run(self: Arc<Self>) {
        while let Err(error) = self.register().await {
            tracing::warn!(%error, "background jobs could not be registered; it is retried");
            sleep(STORE_AGAIN).await;
        }
        let mut running = JoinSet::new();
        loop {
            let wait = match self.start_due(&mut running).await {
                Ok(wait) => wait,
                Err(error) => {
                    tracing::warn!(%error, "background jobs could not be taken from the store; it is retried");
                    STORE_AGAIN
                }
            };
            tokio::select! {
                () = sleep(wait) => {}
                () = self.queued.changed() => {}
                Some(_) = running.join_next(), if !running.is_empty() => {}
            }
        }
    }

    /// Creates the rows of recurring jobs that are new.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn register(&self) -> Result<(), StoreError> {
        let now = self.store.database_now();
        let recurring: Vec<_> = self.kinds.iter().filter_map(|kind| Some((kind.name, kind.every?))).collect();
        let ensure = move |tx: &mut dyn sigma_store::Tx| {
            recurring.iter().try_for_each(|(name, every)| {
                // A start writes nothing that is there.
                match job_queue::next_at(tx, name)? {
                    Some(_) => Ok(()),
                    None => job_queue::ensure_recurring(tx, name, now.plus(*every), now),
                }
            })
        };
        self.store.write(ensure).await
    }

    /// Starts the jobs that are due; returns after how long to look again, unless one was queued or ended before.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn start_due(self: &Arc<Self>, running: &mut JoinSet<()>) -> Result<Duration, StoreError> {
        let names: Vec<_> = self.kinds.iter().map(|kind| kind.name).collect();
        let next = move |tx: &mut dyn sigma_store::Tx| {
            names.iter().map(|name| job_queue::next_at(tx, name)).collect::<Result<Vec<_>, _>>()
        };
        let next = self.store.read(next).await?;
        let now = self.store.database_now();
        let mut wait = LONGEST_WAIT;
        for (kind, next) in self.kinds.iter().zip(next) {
            match next {
                None => {}
                Some(next) if next > now => wait = wait.min(next.since(now)),
                // It does not wait for the queued ones of tenants.
                Some(_) if kind.every.is_some() => {
                    if let Some(job) = self.take(kind).await? {
                        running.spawn(Arc::clone(self).execute(kind.clone(), job));
                    }
                }
                Some(_) => {
                    while running.len() < MOST_RUNNING {
                        let Some(job) = self.take(kind).await? else { break };
                        running.spawn(Arc::clone(self).execute(kind.clone(), job));
                    }
                }
            }
        }
        Ok(wait)
    }

    /// Gives back what this node was working on when it stops.
    ///
    /// # Errors
    /// The store does not answer: the leases will lapse.
    pub async fn release(&self) -> Result<(), StoreError> {
        let (holder, now) = (self.holder.clone(), self.store.database_now());
        self.store.write(move |tx| job_queue::release(tx, &holder, now)).await
    }

    async fn take(&self, kind: &JobKind) -> Result<Option<Leased>, StoreError> {
        let (name, holder, now) = (kind.name, self.holder.clone(), self.store.database_now());
        self.store.write(move |tx| job_queue::take(tx, name, &holder, now, LEASE)).await
    }

    async fn execute(self: Arc<Self>, kind: JobKind, job: Leased) {
        let outcome = if kind.every.is_none() && job.attempts > kind.attempts {
            Some(Err(JobError::new("it was interrupted every time")))
        } else {
            let mut span = trace::background(kind.name, SpanKind::Internal);
            let outcome = trace::within(span.as_ref().map(Recording::context), self.work(&kind, &job)).await;
            if let (Some(span), Some(Err(_))) = (&mut span, &outcome) {
                span.fail();
            }
            outcome
        };
        let Some(outcome) = outcome else {
            tracing::warn!(job = %job.id, kind = kind.name, "a background job was taken over by another node");
            count(kind.name, "lost");
            return;
        };
        let ended = self.judge(&kind, &job, outcome);
        match &ended {
            Ended::Done | Ended::Again(_) => count(kind.name, "done"),
            Ended::Failed { error, retry_at } => {
                let retry_at = retry_at.iso8601();
                tracing::warn!(job = %job.id, kind = kind.name, attempts = job.attempts, error, retry_at, "a background job failed");
                count(kind.name, "failed");
            }
            Ended::GivenUp { error } => {
                tracing::error!(job = %job.id, kind = kind.name, attempts = job.attempts, error, "a background job was given up");
                count(kind.name, "given_up");
            }
        }
        self.record(&job.id, &job, ended).await;
    }

    /// Does the work under a lease; `None` if the lease was lost, when another node may have begun it anew.
    async fn work(&self, kind: &JobKind, job: &Leased) -> Option<Result<(), JobError>> {
        let mut work = pin!(AssertUnwindSafe((kind.work)(job.clone())).catch_unwind());
        let overdue = Instant::now() + kind.time_limit;
        // Counted from before the lease was written: how long that took is part of it.
        let mut lapses = Instant::now() + LEASE.saturating_sub(self.store.database_now().since(job.started_at));
        loop {
            tokio::select! {
                outcome = &mut work => {
                    return Some(outcome.unwrap_or_else(|_| Err(JobError::new("it panicked"))));
                }
                () = sleep_until(overdue) => {
                    return Some(Err(JobError::new(format!("it did not end within {} s", kind.time_limit.as_secs()))));
                }
                () = sleep(self.renewal) => {
                    let (renewing, until) = (job.clone(), self.store.database_now().plus(LEASE));
                    let renewed_until = Instant::now() + LEASE;
                    let renewed = self.store.write(move |tx| job_queue::renew(tx, &renewing, until));
                    // The answer is not awaited beyond the lease.
                    match timeout(lapses.saturating_duration_since(Instant::now()), renewed).await {
                        Ok(Ok(true)) => lapses = renewed_until,
                        Ok(Ok(false)) | Err(_) => return None,
                        Ok(Err(_)) if Instant::now() >= lapses => return None,
                        Ok(Err(_)) => {}
                    }
                }
            }
        }
    }

    fn judge(&self, kind: &JobKind, job: &Leased, outcome: Result<(), JobError>) -> Ended {
        let now = self.store.database_now();
        match (outcome, kind.every) {
            (Ok(()), None) => Ended::Done,
            // Counted from the start, so that the interval is the interval.
            (Ok(()), Some(every)) => Ended::Again(job.started_at.plus(every).max(now)),
            (Err(error), None) if job.attempts >= kind.attempts => Ended::GivenUp { error: error.to_string() },
            (Err(error), _) => Ended::Failed { error: error.to_string(), retry_at: self.retry_at(job.attempts, now) },
        }
    }

    /// When to retry after so many attempts: exponential, with jitter of up to one half.
    fn retry_at(&self, attempts: i64, now: Timestamp) -> Timestamp {
        let doublings = u32::try_from(attempts.saturating_sub(1)).unwrap_or(0).min(16);
        let longest = FIRST_DELAY.saturating_mul(1 << doublings).min(LONGEST_DELAY);
        let share = u32::from(u16::from_be_bytes(bytes(self.rng.as_ref())));
        now.plus(longest.saturating_sub(longest * share / (2 * u32::from(u16::MAX))))
    }

    async fn record(&self, id: &JobId, job: &Leased, ended: Ended) {
        for attempt in 1..=END_ATTEMPTS {
            let (job, ended, now) = (job.clone(), ended.clone(), self.store.database_now());
            match self.store.write(move |tx| job_queue::end(tx, &job, &ended, now)).await {
                Ok(true) | Err(StoreError::Unavailable(Outage::Closed)) => return,
                Ok(false) => {
                    tracing::warn!(job = %id, "a background job ended after another node took it over");
                    return;
                }
                Err(error) => {
                    tracing::warn!(job = %id, %error, attempt, "the end of a background job could not be recorded");
                    sleep(STORE_AGAIN).await;
                }
            }
        }
    }
}

fn count(kind: &'static str, outcome: &'static str) {
    metrics::counter!("sigma_jobs_total", "job" => kind, "outcome" => outcome).increment(1);
}
