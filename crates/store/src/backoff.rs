//! Delays that double with each consecutive wrong password.

use std::time::Duration;

/// Failures are forgotten after this long without another.
pub(crate) const FORGOTTEN: Duration = Duration::from_mins(30);

/// The delay of a network or browser after `count` consecutive failures.
pub(crate) fn of_source(count: i64) -> Duration {
    doubling(count, 3, Duration::from_mins(5))
}

/// One second at failure number `first`, doubling with each further one, at most `longest`.
pub(crate) fn doubling(count: i64, first: i64, longest: Duration) -> Duration {
    if count < first {
        return Duration::ZERO;
    }
    // 2³² seconds are longer than any `longest`.
    let doublings = u32::try_from(count.saturating_sub(first)).unwrap_or(u32::MAX).min(32);
    Duration::from_secs(1_u64 << doublings).min(longest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_password_waits_one_second_after_the_third_then_twice_as_long_to_five_minutes() {
        let waits: Vec<u64> = (1..=13).map(|count| of_source(count).as_secs()).collect();
        assert_eq!(waits, [0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
        assert_eq!(of_source(i64::MAX), Duration::from_mins(5));
    }
}
