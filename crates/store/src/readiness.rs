//! Whether the store is operational: determined without a reader, so that probes are answered while all readers are
//! busy.

use std::time::Duration;

use crate::error::{Outage, StoreError};
use crate::store::Store;
use crate::writing::BAD_FOR;
use crate::{meta, stopwatch};

/// How long a successful write counts as proof.
const GOOD_FOR: Duration = Duration::from_secs(5);
/// Timeout of the write.
const PATIENCE: Duration = Duration::from_secs(2);
/// The row that is written, under a name of [`meta`].
const PROBE: &str = "probe";
/// Its size: a disk with less room than this cannot serve.
const PROBE_BYTES: usize = 16 * 1024;

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
