//! Stops asking a server that fails, and tries again now and then.

use std::time::Duration;

use sigma_core::time::Timestamp;

/// Failures in a row after which nobody asks any more.
const FAILURES: u32 = 5;
/// How long nobody asks then, doubled with each further failure.
const PAUSE: Duration = Duration::from_secs(30);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_mins(10);

/// Counts failures in a row.
#[derive(Debug, Default)]
pub(super) struct Breaker {
    failures: u32,
    open_until: Option<Timestamp>,
}

impl Breaker {
    /// Whether to ask now. After a pause one caller tries, and the others wait for what comes of it.
    pub(super) fn may_ask(&mut self, now: Timestamp) -> bool {
        match self.open_until {
            None => true,
            Some(until) if now < until => false,
            Some(_) => {
                self.open_until = Some(now.plus(PAUSE));
                true
            }
        }
    }

    /// The server answered.
    pub(super) fn succeed(&mut self) {
        *self = Self::default();
    }

    /// The server failed; returns how long nobody asks it.
    pub(super) fn fail(&mut self, now: Timestamp) -> Option<Duration> {
        self.failures = self.failures.saturating_add(1);
        let further = self.failures.checked_sub(FAILURES)?;
        let pause = PAUSE.saturating_mul(2_u32.saturating_pow(further)).min(LONGEST_PAUSE);
        self.open_until = Some(now.plus(pause));
        Some(pause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_five_failures_one_caller_tries_after_each_pause() {
        let mut breaker = Breaker::default();
        let at = Timestamp::from_seconds;
        for _ in 0..4 {
            assert!(breaker.may_ask(at(0)));
            assert_eq!(breaker.fail(at(0)), None);
        }
        assert_eq!(breaker.fail(at(0)), Some(Duration::from_secs(30)));
        assert!(!breaker.may_ask(at(29)));
        assert!(breaker.may_ask(at(30)));
        assert!(!breaker.may_ask(at(30)), "one at a time");
        assert_eq!(breaker.fail(at(31)), Some(Duration::from_mins(1)));
        assert!(!breaker.may_ask(at(90)));
        assert!(breaker.may_ask(at(91)));
        breaker.succeed();
        assert!(breaker.may_ask(at(91)) && breaker.may_ask(at(91)));
        assert_eq!(breaker.fail(at(92)), None);
    }

    #[test]
    fn pauses_grow_to_ten_minutes_and_no_further() {
        let mut breaker = Breaker::default();
        let pauses: Vec<_> = (0..60).filter_map(|_| breaker.fail(Timestamp::from_seconds(0))).collect();
        assert_eq!(pauses.last(), Some(&LONGEST_PAUSE));
    }
}
