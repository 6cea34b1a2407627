//! The arithmetic of counters, and whose each is.

use std::net::IpAddr;
use std::time::Duration;

use sigma_core::time::Timestamp;

use super::{Exceeded, Remaining, Rule};
use crate::client::ClientAddr;

/// How many /64s of a /48 may use their whole quota at once.
pub(super) const SITE: u32 = 16;

/// The key of a counter under a rule.
#[derive(Clone, Copy, Hash)]
pub(super) enum Scope<'a> {
    Address(Network),
    At(Network, &'a str),
    Id(&'a str),
}

/// The counted part of an address.
#[derive(Clone, Copy, Hash)]
pub(super) enum Network {
    V4([u8; 4]),
    V6([u16; 4]),
    Site([u16; 3]),
}

impl Network {
    pub(super) fn of(address: ClientAddr) -> Self {
        match address.ip() {
            IpAddr::V4(v4) => Self::V4(v4.octets()),
            IpAddr::V6(v6) => {
                let [a, b, c, d, ..] = v6.segments();
                Self::V6([a, b, c, d])
            }
        }
    }

    pub(super) fn site_of(address: ClientAddr) -> Option<Self> {
        match address.ip() {
            IpAddr::V4(_) => None,
            IpAddr::V6(v6) => {
                let [a, b, c, ..] = v6.segments();
                Some(Self::Site([a, b, c]))
            }
        }
    }
}

pub(super) fn micros(now: Timestamp) -> u64 {
    u64::try_from(now.micros()).unwrap_or(0)
}

/// A rule as numbers; times in microseconds.
#[derive(Clone, Copy)]
pub(super) struct Quota {
    pub(super) limit: u32,
    pub(super) period: u64,
    pub(super) interval: u64,
}

impl Quota {
    pub(super) fn new(limit: u32, period: Duration) -> Option<Self> {
        let period = u64::try_from(period.as_micros()).ok()?;
        Some(Self { limit, period, interval: period.checked_div(u64::from(limit))?.max(1) })
    }

    /// The quota of a whole /48.
    pub(super) fn of_site(self) -> Self {
        let interval = self.interval.checked_div(u64::from(SITE)).unwrap_or(0).max(1);
        Self { limit: self.limit.saturating_mul(SITE), interval, ..self }
    }

    /// The arrival time after one more request, or how long it must wait.
    pub(super) fn admit(self, now: u64, tat: u64) -> Result<u64, u64> {
        let next = tat.max(now) + self.interval;
        let debt = next - now;
        if debt > self.period { Err(debt - self.period) } else { Ok(next) }
    }

    pub(super) fn remaining(self, now: u64, tat: u64) -> Remaining {
        let free = self.period.saturating_sub(tat.saturating_sub(now)) / self.interval;
        Remaining {
            limit: self.limit,
            remaining: u32::try_from(free).unwrap_or(u32::MAX).min(self.limit),
            reset: seconds_up(tat.max(now)),
        }
    }

    pub(super) fn exceeded(self, rule: Rule, tat: u64, wait: u64) -> Exceeded {
        let retry_after = u32::try_from(wait.div_ceil(1_000_000)).unwrap_or(u32::MAX).max(1);
        Exceeded { rule, limit: self.limit, retry_after, reset: seconds_up(tat) }
    }
}

fn seconds_up(micros: u64) -> i64 {
    i64::try_from(micros.div_ceil(1_000_000)).unwrap_or(i64::MAX)
}
