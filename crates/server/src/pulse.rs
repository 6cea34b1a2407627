//! A health check of the store: whether its threads live, and its metrics.

use std::time::Duration;

use metrics::gauge;
use sigma_store::{Store, StoreError, outbox};
use tokio::time::MissedTickBehavior;

use crate::hashing::Lane;
use crate::state::AppState;

/// How often it runs.
const PULSE: Duration = Duration::from_secs(1);
/// How often what takes a query is measured.
const SURVEY: Duration = Duration::from_secs(15);
/// The most waiting mails that are counted.
const MOST_MAILS: i64 = 10_000;

/// Checks for as long as all threads live; returns the name of the first that has died.
pub async fn until_death(store: &Store) -> String {
    let mut pulse = tokio::time::interval(PULSE);
    pulse.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        if let Some(thread) = store.dead_thread() {
            return thread;
        }
        measure(store);
        pulse.tick().await;
    }
}

/// Shows all metrics for the first time, so that none is missing once the server listens.
pub fn begin(store: &Store) {
    gauge!("sigma_build_info", "version" => env!("CARGO_PKG_VERSION"), "store" => store.engine_name()).set(1.0);
    measure(store);
}

fn measure(store: &Store) {
    gauge!("sigma_store_waiting", "queue" => "write").set(count(store.waiting_writes()));
    gauge!("sigma_store_waiting", "queue" => "read").set(count(store.waiting_reads()));
    if let Some(age) = store.feed_age() {
        gauge!("sigma_store_feed_age_seconds").set(age.as_secs_f64());
    }
}

/// Measures what takes a query, or a look at everything that is cached, for as long as the server runs.
pub async fn keep_measuring(sigma: AppState) {
    loop {
        if let Err(error) = survey(&sigma).await {
            tracing::debug!(%error, "the store cannot be measured");
        }
        tokio::time::sleep(SURVEY).await;
    }
}

async fn survey(sigma: &AppState) -> Result<(), StoreError> {
    for (cache, entries) in sigma.store.cache_entries() {
        gauge!("sigma_cache_entries", "cache" => cache).set(count(entries));
    }
    gauge!("sigma_hash_threads").set(count(sigma.hasher.threads()));
    for lane in Lane::ALL {
        gauge!("sigma_hash_waiting", "lane" => lane.as_str()).set(count(sigma.hasher.waiting(lane)));
    }
    if let Some(bytes) = sigma.store.log_size() {
        gauge!("sigma_store_wal_bytes").set(bytes_of(bytes));
    }
    gauge!("sigma_store_size_bytes").set(bytes_of(sigma.store.size().await?));
    let now = sigma.store.database_now();
    let (mails, oldest) = sigma.store.read(move |tx| outbox::backlog(tx, MOST_MAILS, now)).await?;
    gauge!("sigma_mails_waiting").set(count(usize::try_from(mails).unwrap_or(usize::MAX)));
    gauge!("sigma_mails_oldest_seconds").set(oldest.map_or(0.0, |since| now.since(since).as_secs_f64()));
    Ok(())
}

/// In whole kibibytes, which a float holds exactly.
fn bytes_of(bytes: u64) -> f64 {
    f64::from(u32::try_from(bytes / 1_024).unwrap_or(u32::MAX)) * 1_024.0
}

fn count(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}
