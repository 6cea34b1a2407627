//! How often devices poll (RFC 8628 §3.5), in memory: a poll writes nothing. Each process counts for itself, so a device may
//! poll each of them.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sigma_core::digest::Digest;
use sigma_core::time::Timestamp;
use sigma_store::Memory;

/// Seconds between two polls, as the device is told at first.
pub const INTERVAL: u32 = 5;
/// What the interval grows by when a device polls too fast (§3.5).
const MORE: Duration = Duration::from_secs(5);
/// How much earlier a poll may arrive: timers and networks are not exact.
const TOLERANCE: Duration = Duration::from_millis(500);
/// Devices whose polls are remembered: 3 MiB. Of more than that, those that polled longest ago are forgotten.
const MOST: usize = 20_000;

/// The polls of the devices that wait.
#[derive(Debug)]
pub struct DevicePolls(Memory<Digest, Arc<Mutex<Poll>>>);

#[derive(Clone, Copy, Debug)]
struct Poll {
    at: Option<Timestamp>,
    interval: Duration,
}

impl Default for DevicePolls {
    fn default() -> Self {
        Self(Memory::new(MOST))
    }
}

impl DevicePolls {
    /// Whether the device with that code, which waits, polls too fast: then it has to wait longer from now on. Its first poll
    /// never does.
    pub fn is_too_fast(&self, code: &Digest, now: Timestamp) -> bool {
        let first = || Arc::new(Mutex::new(Poll { at: None, interval: Duration::from_secs(INTERVAL.into()) }));
        let poll = self.0.get_or_insert(code, first);
        let mut poll = poll.lock().unwrap_or_else(PoisonError::into_inner);
        let is_too_fast = poll.at.is_some_and(|at| now.since(at) + TOLERANCE < poll.interval);
        poll.at = Some(now);
        if is_too_fast {
            poll.interval = poll.interval.saturating_add(MORE);
        }
        is_too_fast
    }

    /// Forgets a device that waits no more.
    pub fn forget(&self, code: &Digest) {
        self.0.remove(code);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_that_polls_too_fast_has_to_wait_five_seconds_longer_each_time() {
        let polls = DevicePolls::default();
        let code = Digest::of("code");
        let at = |millis: i64| polls.is_too_fast(&code, Timestamp::from_micros(1_000_000_000 + millis * 1_000));
        // In time, and half a second early; then too fast, after which it is ten seconds.
        assert!(!at(0) && !at(5_000) && !at(9_500));
        assert!(at(13_900) && at(19_000) && !at(34_000));
        assert!(!polls.is_too_fast(&Digest::of("other"), Timestamp::from_micros(1_000_000_000)));
    }
}
