//! The one place where the bench takes time and randomness from the machine.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use sigma_core::random::Rng;
use sigma_core::time::{Clock, Timestamp};

/// A fatal error: the bench prints it and ends.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// The clock of this machine.
#[derive(Debug)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        #[expect(clippy::disallowed_methods, reason = "signed messages carry the time")]
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_micros(i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX))
    }
}

/// The operating system's generator.
#[derive(Debug)]
pub struct SystemRng;

impl Rng for SystemRng {
    fn fill(&self, bytes: &mut [u8]) {
        #[expect(clippy::disallowed_methods, reason = "the generator that the bench runs with")]
        let filled = getrandom::fill(bytes);
        if filled.is_err() {
            std::process::abort();
        }
    }
}

/// Now, for measuring.
pub fn instant() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "measuring time is what the bench is for")]
    Instant::now()
}
