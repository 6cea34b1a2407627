//! What the store remembers of its writes, for its readiness.

use std::sync::PoisonError;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use crate::error::{Outage, StoreError};
use crate::stopwatch;

/// How long a failed write counts: service resumes within a second of recovery.
pub(crate) const BAD_FOR: Duration = Duration::from_secs(1);

/// What is known of writes.
pub(crate) struct Writing {
    origin: Instant,
    /// When a write last failed for a reason that affects others too: microseconds after `origin`; 0 is never.
    failed_at: AtomicU64,
    /// The last write that the disk refused. Small writes may still fit where others do not, so a probe alone is not
    /// enough.
    refused: std::sync::Mutex<Option<(Instant, Outage)>>,
    /// The last attempt, for which concurrent callers wait.
    pub(crate) tried: Mutex<Option<(Instant, Result<(), StoreError>)>>,
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
    pub(crate) fn note(&self, end: &Result<(), StoreError>) {
        let Err(StoreError::Unavailable(outage)) = end else { return };
        if matches!(outage, Outage::DiskFull | Outage::Io | Outage::ReadOnly) {
            *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = Some((stopwatch::now(), *outage));
        }
        if !matches!(outage, Outage::Contended) {
            let since = stopwatch::now().saturating_duration_since(self.origin);
            self.failed_at.store(u64::try_from(since.as_micros()).unwrap_or(u64::MAX).max(1), Ordering::Release);
        }
    }

    /// Why the disk refused a write a moment ago.
    pub(crate) fn refused_just_now(&self) -> Option<Outage> {
        let refused = *self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, outage) = refused?;
        (stopwatch::now().saturating_duration_since(at) < BAD_FOR).then_some(outage)
    }

    pub(crate) fn has_failed_since(&self, moment: Instant) -> bool {
        let failed_at = self.failed_at.load(Ordering::Acquire);
        failed_at != 0 && self.origin + Duration::from_micros(failed_at) >= moment
    }
}
