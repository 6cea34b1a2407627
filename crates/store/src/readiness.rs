//! Whether the store is operational: determined without a reader, so that probes are answered while all readers are
//! busy.

use std::sync::PoisonError;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use crate::error::{Outage, StoreError};
use crate::store::Store;
use crate::{meta, stopwatch};

/// How long a successful write counts as proof.
const GOOD_FOR: Duration = Duration::from_secs(5);
/// How long a failed write counts: service resumes within a second of recovery.
const BAD_FOR: Duration = Duration::from_secs(1);
/// Timeout of the write.
const PATIENCE: Duration = Duration::from_secs(2);
/// The row that is written, under a name of [`meta`].
const PROBE: &str = "probe";
/// Its size: a disk with less room than this cannot serve.
const PROBE_BYTES: usize = 16 * 1024;

/// What is known of writes.
pub(crate) struct Writing {
    origin: Instant,
    /// When a write last failed for a reason that affects others too: microseconds after `origin`; 0 is never.
    failed_at: AtomicU64,
    /// The last write that the disk refused. Small writes may still fit where others do not, so a probe alone is not
    /// enough.
    refused: std::sync::Mutex<Option<(Instant, Outage)>>,
    /// The last attempt, for which concurrent callers wait.
    tried: Mutex<Option<(Instant, Result<(), StoreError>)>>,
}

impl Writing {
    pub(crate) fn new() -> Self {
        Self {
            origin: stopwatch::now(),
            failed_at: AtomicU64::new(0),
            refused: std::sync::Mutex::default(),
            tried: Mutex::new(None),
        }
    }

    /// Records a failure that is the database's and not the operation's.
    pub(crate) fn note<R>(&self, outcome: &Result<R, StoreError>) {
        let Err(StoreError::Unavailable(outage)) = outcome else { return };
        if matches!(outage, Outage::DiskFull | Outage::Io | Outage::ReadOnly) {
            *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = Some((stopwatch::now(), *outage));
        }
        if !matches!(outage, Outage::Contended) {
            let since = stopwatch::now().saturating_duration_since(self.origin);
            self.failed_at.store(u64::try_from(since.as_micros()).unwrap_or(u64::MAX).max(1), Ordering::Release);
        }
    }

    /// Why the disk refused a write a moment ago.
    fn refused_just_now(&self) -> Option<Outage> {
        let refused = *self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, outage) = refused?;
        (stopwatch::now().saturating_duration_since(at) < BAD_FOR).then_some(outage)
    }

    fn has_failed_since(&self, moment: Instant) -> bool {
        let failed_at = self.failed_at.load(Ordering::Acquire);
        failed_at != 0 && self.origin + Duration::from_micros(failed_at) >= moment
    }
}

impl Store {
    /// Whether the store is usable: every thread is alive, the change feed was read recently (through a connection of
    /// its own), and a recent write succeeded. Writes one row if that is unknown, at most every five seconds while all
    /// is well.
    pub async fn readiness(&self) -> Result<(), StoreError> {
        if self.dead_thread().is_some() {
            return Err(Outage::Closed.into());
        }
        if !self.is_fresh() {
            return Err(Outage::Stale.into());
        }
        let writing = self.writing();
        if let Some(outage) = writing.refused_just_now() {
            return Err(outage.into());
        }
        let mut tried = writing.tried.lock().await;
        if let Some((tried_at, outcome)) = &*tried {
            let age = stopwatch::now().saturating_duration_since(*tried_at);
            let holds = match outcome {
                Ok(()) => age < GOOD_FOR && !writing.has_failed_since(*tried_at),
                Err(_) => age < BAD_FOR,
            };
            if holds {
                return outcome.clone();
            }
        }
        let tried_at = stopwatch::now();
        let write = self.write(|tx| meta::replace(tx, PROBE, &[0; PROBE_BYTES]));
        let outcome = tokio::time::timeout(PATIENCE, write).await.unwrap_or_else(|_| Err(Outage::TimedOut.into()));
        *tried = Some((tried_at, outcome.clone()));
        outcome
    }
}
