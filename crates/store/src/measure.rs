//! What the engines count. Handles are looked up once, by the thread that uses them.

use std::time::{Duration, Instant};

use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};

use crate::stopwatch;

/// The measures of one queue.
pub(crate) struct Measures {
    wait: Histogram,
    operation: Histogram,
    done: Counter,
    failed: Counter,
    commit: Histogram,
    shared: Histogram,
}

impl Measures {
    /// Those of the queue `read` or `write`.
    pub(crate) fn of(queue: &'static str) -> Self {
        let operations =
            |outcome: &'static str| counter!("sigma_store_operations_total", "queue" => queue, "outcome" => outcome);
        Self {
            wait: histogram!("sigma_store_wait_seconds", "queue" => queue),
            operation: histogram!("sigma_store_operation_seconds", "queue" => queue),
            done: operations("done"),
            failed: operations("failed"),
            commit: histogram!("sigma_store_commit_seconds"),
            shared: histogram!("sigma_store_commit_operations"),
        }
    }

    /// A thread begins an operation that was submitted at `asked_at`.
    pub(crate) fn begin(&self, asked_at: Instant) -> Instant {
        let now = stopwatch::now();
        self.wait.record(now.saturating_duration_since(asked_at));
        now
    }

    /// It is through with one that it began at `begun`.
    pub(crate) fn end(&self, begun: Instant) {
        self.operation.record(begun.elapsed());
    }

    /// The caller of an operation is told how it ended.
    pub(crate) fn answered(&self, failed: bool) {
        if failed { &self.failed } else { &self.done }.increment(1);
    }

    /// A transaction of so many operations was committed.
    pub(crate) fn committed(&self, took: Duration, operations: usize) {
        self.commit.record(took);
        self.shared.record(f64::from(u32::try_from(operations).unwrap_or(u32::MAX)));
    }
}

/// Counts a connection as open, for as long as this lives.
pub(crate) struct Open(Gauge);

impl Open {
    /// One of the queue `read` or `write`.
    pub(crate) fn of(queue: &'static str) -> Self {
        let open = gauge!("sigma_store_connections", "queue" => queue);
        open.increment(1.0);
        Self(open)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.decrement(1.0);
    }
}
