//! A health check of the store: whether its threads live, and its metrics.

use std::time::Duration;

use metrics::{describe_gauge, gauge};
use sigma_store::Store;
use tokio::time::MissedTickBehavior;

/// How often it runs.
const PULSE: Duration = Duration::from_secs(1);

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
    describe();
    gauge!("sigma_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    measure(store);
}

fn measure(store: &Store) {
    gauge!("sigma_store_waiting", "queue" => "write").set(count(store.waiting_writes()));
    gauge!("sigma_store_waiting", "queue" => "read").set(count(store.waiting_reads()));
    if let Some(age) = store.feed_age() {
        gauge!("sigma_store_feed_age_seconds").set(age.as_secs_f64());
    }
}

fn describe() {
    describe_gauge!("sigma_build_info", "The version that runs; always 1.");
    describe_gauge!("sigma_store_waiting", "Operations that wait for a thread of the store.");
    describe_gauge!(
        "sigma_store_feed_age_seconds",
        "Seconds since the changes of other processes were last read; above 2 no cache is used."
    );
}

fn count(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}
