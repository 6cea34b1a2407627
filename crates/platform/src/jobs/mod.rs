//! Background jobs: what the server does by itself, on one node at a time.
//!
//! A job is a row of `jobs`, which a node leases to work on it ([`sigma_store::job_queue`]). To add one, add it to
//! [`kinds`]; to have a queued one run, call [`job_queue::enqueue`](sigma_store::job_queue::enqueue) in the transaction that
//! makes it necessary. A job may be interrupted anywhere and run again.
//!
//! Three loops are not jobs. Uses of API keys and counts of tokens are collected in the memory of each node, which writes its
//! own. The mailer claims each mail for a few minutes, which is a lease of its own, and must not wait behind other work.

mod kinds;
mod runner;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use sigma_store::job_queue::Leased;

pub use kinds::{delete_account, delete_accounts, kinds, remind_of_keys};
pub use runner::Runner;

/// How long one run may take, unless the kind says otherwise.
const TIME_LIMIT: Duration = Duration::from_mins(10);
/// How often a queued job is started, unless the kind says otherwise.
const ATTEMPTS: i64 = 10;

/// A kind of job, and the work that it is.
#[derive(Clone)]
pub struct JobKind {
    /// Its name in the table, in metrics and in commands.
    pub name: &'static str,
    /// How often it runs; `None` for jobs that are queued.
    pub every: Option<Duration>,
    /// How long one run may take.
    pub time_limit: Duration,
    /// How often a queued job is started before it is given up.
    pub attempts: i64,
    work: Arc<dyn Fn(Leased) -> BoxFuture<'static, Result<(), JobError>> + Send + Sync>,
}

impl JobKind {
    /// A job that runs once per interval.
    pub fn recurring<F>(name: &'static str, every: Duration, work: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<(), JobError>> + Send + 'static,
    {
        Self { every: Some(every), ..Self::queued(name, move |_| work()) }
    }

    /// A job that is queued; its owner and payload are in [`Leased`].
    pub fn queued<F>(name: &'static str, work: impl Fn(Leased) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<(), JobError>> + Send + 'static,
    {
        let work = Arc::new(move |job| -> BoxFuture<'static, _> { Box::pin(work(job)) });
        Self { name, every: None, time_limit: TIME_LIMIT, attempts: ATTEMPTS, work }
    }
}

impl fmt::Debug for JobKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JobKind").field("name", &self.name).field("every", &self.every).finish_non_exhaustive()
    }
}

/// Why a job failed, for the operator.
#[derive(Debug)]
pub struct JobError(String);

impl JobError {
    /// A failure in these words.
    pub fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

impl<E: std::error::Error> From<E> for JobError {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}

impl fmt::Display for JobError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
