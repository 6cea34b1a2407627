//! Fetches in progress: an address is fetched by one request at a time, and not again right after that failed.

use std::sync::Arc;
use std::time::Duration;

use sigma_core::time::Timestamp;
use sigma_store::Memory;
use tokio::sync::{Mutex, OwnedMutexGuard};

/// How soon something is fetched again after that failed.
const AGAIN: Duration = Duration::from_mins(1);

/// The fetches of one kind of document.
pub struct Attempts(Memory<String, Arc<Mutex<Option<Timestamp>>>>);

impl Attempts {
    /// Remembers those of `most` addresses.
    pub fn new(most: usize) -> Self {
        Self(Memory::new(most))
    }

    /// Waits until nobody else fetches from `address`. Whoever waited looks first whether the other found what they need.
    pub async fn turn(&self, address: &str) -> Attempt {
        Attempt(self.0.get_or_insert(address, Arc::default).lock_owned().await)
    }
}

/// The right to fetch from an address.
pub struct Attempt(OwnedMutexGuard<Option<Timestamp>>);

impl Attempt {
    /// Whether the latest fetch failed, less than a minute before `now`.
    pub fn failed_recently(&self, now: Timestamp) -> bool {
        self.0.is_some_and(|at| now.since(at) < AGAIN)
    }

    /// Notes how a fetch at `now` ended.
    pub fn note<T, E>(&mut self, fetched: &Result<T, E>, now: Timestamp) {
        *self.0 = fetched.is_err().then_some(now);
    }
}
