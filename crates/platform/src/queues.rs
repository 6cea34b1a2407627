//! Works off queues of messages to others: several at once and each by itself, so that a receiver that hangs holds up nobody else.
//! Queues take turns, so that one that is slow does neither.

use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::join_all;
use futures_util::stream::FuturesUnordered;
use sigma_core::time::Timestamp;
use sigma_store::{Signal, Store, StoreError};
use tokio::time::sleep;

/// How long nothing is asked when nothing is known to come: a signal that was missed costs as much.
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// The pause after the store did not answer.
const STORE_AGAIN: Duration = Duration::from_secs(5);

/// How soon it is asked again when what is due may have no turn yet.
const FULL: Duration = Duration::from_secs(1);

/// Queues of one kind.
pub trait Queues: Sync {
    /// A queue that this process holds for the length of its lease.
    type Turn: Send;

    /// What waits in them, for the log.
    const WHAT: &'static str;
    /// What the change feed reports when something is queued.
    const SIGNAL: &'static str;
    /// Queues that are worked off at once.
    const MOST: usize;

    /// The store.
    fn store(&self) -> &Store;

    /// When the first queue is due.
    fn next_due(&self) -> impl Future<Output = Result<Option<Timestamp>, StoreError>> + Send;

    /// Claims at most `most` queues that are due at `now`, by the time of the database.
    fn take(&self, now: Timestamp, most: u32) -> impl Future<Output = Result<Vec<Self::Turn>, StoreError>> + Send;

    /// Works on a queue until its receiver fails or its turn is over.
    fn work_off(&self, turn: Self::Turn) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// Works off queues for as long as the server runs.
pub async fn run<Q: Queues>(queues: &Q) {
    let news = Signal::new(queues.store(), Q::SIGNAL);
    let failed = |error: StoreError| {
        tracing::warn!(%error, "{} could not be taken from the store", Q::WHAT);
        STORE_AGAIN
    };
    let mut working = FuturesUnordered::new();
    loop {
        let free = Q::MOST.saturating_sub(working.len());
        let mut wait = match take_due(queues, free).await {
            Ok(turns) if turns.is_empty() && free > 0 => match until_due(queues).await {
                Ok(wait) if wait.is_zero() && !working.is_empty() => FULL,
                wait => wait.unwrap_or(STORE_AGAIN),
            },
            Ok(turns) => {
                working.extend(turns.into_iter().map(|turn| queues.work_off(turn)));
                LONGEST_WAIT
            }
            Err(error) => failed(error),
        };
        loop {
            tokio::select! {
                Some(done) = working.next(), if !working.is_empty() => match done {
                    Ok(()) => break,
                    Err(error) => wait = failed(error),
                },
                () = news.changed() => break,
                () = sleep(wait) => break,
            }
        }
    }
}

/// Gives the queues that are due a turn, as many as have one at once; returns how many.
///
/// # Errors
/// The store does not answer.
pub async fn work_off_due<Q: Queues>(queues: &Q) -> Result<usize, StoreError> {
    let turns = take_due(queues, Q::MOST).await?;
    let taken = turns.len();
    let done = join_all(turns.into_iter().map(|turn| queues.work_off(turn))).await;
    done.into_iter().collect::<Result<Vec<()>, _>>()?;
    Ok(taken)
}

/// Claims at most `most` queues that are due. An idle round writes nothing.
async fn take_due<Q: Queues>(queues: &Q, most: usize) -> Result<Vec<Q::Turn>, StoreError> {
    // A claim is a lease: all processes judge it by the clock of the database.
    let now = queues.store().database_now();
    if most == 0 || queues.next_due().await?.is_none_or(|due_at| due_at > now) {
        return Ok(Vec::new());
    }
    queues.take(now, u32::try_from(most).unwrap_or(u32::MAX)).await
}

/// How long until a queue is due.
async fn until_due<Q: Queues>(queues: &Q) -> Result<Duration, StoreError> {
    let due_at = queues.next_due().await?;
    let now = queues.store().database_now();
    Ok(due_at.map_or(LONGEST_WAIT, |due_at| due_at.since(now).min(LONGEST_WAIT)))
}
