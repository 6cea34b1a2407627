//! When API keys were used: recorded in memory during a request, written in batches in the background.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sigma_core::ids::{ApiKeyId, OrgId};
use sigma_core::time::Timestamp;
use sigma_store::StoreError;
use sigma_store::org::api_key;

use crate::state::WorkspaceState;

/// How often they are written: `lastUsedAt` may be a minute late.
const INTERVAL: Duration = Duration::from_secs(20);
/// Keys per write, at most.
const BATCH: usize = 500;

/// The last use of one key.
#[derive(Debug)]
pub struct KeyUse {
    org_id: OrgId,
    id: ApiKeyId,
    at: AtomicI64,
    waiting: AtomicBool,
}

impl KeyUse {
    /// For a key not used yet.
    pub fn new(org_id: OrgId, id: ApiKeyId) -> Arc<Self> {
        Arc::new(Self { org_id, id, at: AtomicI64::new(0), waiting: AtomicBool::new(false) })
    }
}

/// The uses waiting to be written.
#[derive(Debug, Default)]
pub struct Uses(Mutex<Vec<Arc<KeyUse>>>);

impl Uses {
    /// Records a use of the key at `now`.
    pub fn note(&self, key: &Arc<KeyUse>, now: Timestamp) {
        // The time first: a writer that takes the key off the list afterwards writes this time, or the key is listed
        // again.
        key.at.store(now.micros(), Ordering::SeqCst);
        if !key.waiting.load(Ordering::SeqCst) && !key.waiting.swap(true, Ordering::SeqCst) {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(key));
        }
    }

    fn take(&self) -> Vec<(OrgId, ApiKeyId, Timestamp)> {
        let waiting = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let read = |key: Arc<KeyUse>| {
            key.waiting.store(false, Ordering::SeqCst);
            (key.org_id.clone(), key.id.clone(), Timestamp::from_micros(key.at.load(Ordering::SeqCst)))
        };
        waiting.into_iter().map(read).collect()
    }

    fn put_back(&self, uses: &[(OrgId, ApiKeyId, Timestamp)]) {
        for (org_id, id, at) in uses {
            self.note(&KeyUse::new(org_id.clone(), id.clone()), *at);
        }
    }
}

impl WorkspaceState {
    /// Writes the uses recorded since the last time.
    ///
    /// # Errors
    /// The store does not answer; unwritten uses are kept for the next time.
    pub async fn write_key_uses(&self) -> Result<(), StoreError> {
        let uses = self.memory().uses.take();
        let mut batches = uses.chunks(BATCH);
        while let Some(batch) = batches.next() {
            let owned = batch.to_vec();
            if let Err(error) = self.store.write(move |tx| api_key::touch(tx, &owned)).await {
                self.memory().uses.put_back(batch);
                batches.for_each(|batch| self.memory().uses.put_back(batch));
                return Err(error);
            }
        }
        Ok(())
    }
}

/// Writes them for as long as the server runs.
pub async fn keep_writing(sigma: WorkspaceState) {
    loop {
        tokio::time::sleep(INTERVAL).await;
        if let Err(error) = sigma.write_key_uses().await {
            tracing::warn!(%error, "the last use of API keys could not be written; it is retried later");
        }
    }
}
