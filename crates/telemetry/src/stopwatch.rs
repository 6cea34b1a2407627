//! Measures durations. Besides `stopwatch` of the store, the only place that reads the monotonic clock: a duration for logs and metrics decides nothing,
//! so it needs no [`Clock`](sigma_core::time::Clock), which may jump when the system time is set.

use std::time::{Duration, Instant};

/// A running measurement.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Begins to measure.
    #[expect(clippy::disallowed_methods, reason = "the one named place that measures spans")]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// The time since the start.
    pub fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}
