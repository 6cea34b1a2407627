//! The one place where real time and real randomness come in.

use std::time::{SystemTime, UNIX_EPOCH};

use sigma_core::random::Rng;
use sigma_core::time::{Clock, Timestamp};

/// The clock of this machine.
#[derive(Debug)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        #[expect(clippy::disallowed_methods, reason = "this is the clock that everything else takes as a parameter")]
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_micros(i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX))
    }
}

/// The operating system's generator.
#[derive(Debug)]
pub struct SystemRng;

impl Rng for SystemRng {
    fn fill(&self, bytes: &mut [u8]) {
        #[expect(
            clippy::disallowed_methods,
            reason = "this is the generator that everything else takes as a parameter"
        )]
        let filled = getrandom::fill(bytes);
        if filled.is_err() {
            // No key, code or cookie may be made from bytes that were not drawn.
            std::process::abort();
        }
    }
}
