//! Consecutive wrong passwords, and the delays that they cause.
//!
//! An account has a row per network that failed for it, and one for all networks together, which is slow to delay and
//! never delays for long. A known browser (one with a device mark) has a row of its own instead and does not wait for
//! anybody else: an outsider cannot lock users out of their own browsers. Addresses without an account share rows by a
//! keyed digest, so that they look like accounts and cannot fill the table.

use std::time::Duration;

use sigma_core::ids::UserId;
use sigma_core::time::Timestamp;

use crate::{StoreError, Tx, params};

/// Failures are forgotten after this long without another.
const FORGOTTEN: Duration = Duration::from_mins(30);

/// The source that stands for all networks together.
const ANYWHERE: &str = "*";

/// The delay of a network or browser after `count` consecutive failures.
fn delay_here(count: i64) -> Duration {
    doubling(count, 3, Duration::from_mins(5))
}

/// The delay of all networks after `count` consecutive failures from anywhere.
fn delay_anywhere(count: i64) -> Duration {
    doubling(count, 20, Duration::from_mins(1))
}

/// One second at failure number `first`, doubling with each further one, at most `longest`.
fn doubling(count: i64, first: i64, longest: Duration) -> Duration {
    if count < first {
        return Duration::ZERO;
    }
    // 2³² seconds are longer than any `longest`.
    let doublings = u32::try_from(count.saturating_sub(first)).unwrap_or(u32::MAX).min(32);
    Duration::from_secs(1_u64 << doublings).min(longest)
}

/// The source of a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// An unknown browser on a network.
    Network(String),
    /// A known browser, by the name that we gave it.
    Device(String),
}

impl Source {
    /// The stored form. A device's name starts with a character that no network's does.
    fn key(&self) -> String {
        match self {
            Self::Network(network) => network.clone(),
            Self::Device(device) => format!("device {device}"),
        }
    }
}

/// Until when a source is delayed: by its own failures, and by those from anywhere.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Waits {
    pub(crate) here: Option<Timestamp>,
    pub(crate) anywhere: Option<Timestamp>,
}

impl Waits {
    pub(crate) fn until(self) -> Option<Timestamp> {
        self.here.max(self.anywhere)
    }
}

/// The rows in which a password counts.
#[derive(Clone, Debug)]
pub(crate) struct PasswordThrottle {
    subject: String,
    source: Source,
}

impl PasswordThrottle {
    /// The rows of `user_id`, or of the `bucket` of addresses without an account.
    pub(crate) fn of(user_id: Option<&UserId>, bucket: u16, source: Source) -> Self {
        Self { subject: user_id.map_or_else(|| format!("?{bucket:04x}"), ToString::to_string), source }
    }

    /// The current delay of the source.
    pub(crate) fn waits(&self, tx: &mut dyn Tx, now: Timestamp) -> Result<Waits, StoreError> {
        let here = blocked_until(tx, &self.subject, &self.source.key(), now)?;
        let anywhere = blocked_until(tx, &self.subject, ANYWHERE, now)?;
        let anywhere = anywhere.filter(|_| matches!(self.source, Source::Network(_)));
        Ok(Waits { here, anywhere })
    }

    /// Counts a wrong password.
    pub(crate) fn fail(&self, tx: &mut dyn Tx, now: Timestamp) -> Result<(), StoreError> {
        count(tx, &self.subject, &self.source.key(), now, delay_here)?;
        if matches!(self.source, Source::Network(_)) {
            count(tx, &self.subject, ANYWHERE, now, delay_anywhere)?;
        }
        Ok(())
    }

    /// Counts an attempt during a delay of all networks as a failure of its own network: otherwise whoever retries most
    /// would be first once the delay is over.
    pub(crate) fn fail_early(&self, tx: &mut dyn Tx, now: Timestamp) -> Result<(), StoreError> {
        count(tx, &self.subject, &self.source.key(), now, delay_here)
    }

    /// Resets the count of the source on the right password, and that of all networks if the source is a network.
    pub(crate) fn clear(&self, tx: &mut dyn Tx) -> Result<(), StoreError> {
        clear(tx, &self.subject, &self.source.key())?;
        if matches!(self.source, Source::Network(_)) {
            clear(tx, &self.subject, ANYWHERE)?;
        }
        Ok(())
    }
}

fn blocked_until(
    tx: &mut dyn Tx,
    subject: &str,
    source: &str,
    now: Timestamp,
) -> Result<Option<Timestamp>, StoreError> {
    let sql = "SELECT blocked_until FROM password_throttle WHERE subject = $1 AND source = $2 AND blocked_until > $3";
    tx.query_opt(sql, params![subject, source, now])?.map(|row| row.timestamp(0)).transpose()
}

/// Counts one more failure, which then blocks for `delay` of the count.
fn count(
    tx: &mut dyn Tx,
    subject: &str,
    source: &str,
    now: Timestamp,
    delay: fn(i64) -> Duration,
) -> Result<(), StoreError> {
    let counted = tx.query_opt(
        "INSERT INTO password_throttle (subject, source, failures, blocked_until, expires_at)
         VALUES ($1, $2, 1, $3, $4)
         ON CONFLICT (subject, source) DO UPDATE SET expires_at = excluded.expires_at, failures = CASE
            WHEN password_throttle.expires_at <= $3 THEN 1
            WHEN password_throttle.failures < 1000000 THEN password_throttle.failures + 1
            ELSE password_throttle.failures END
         RETURNING failures",
        params![subject, source, now, now.plus(FORGOTTEN)],
    )?;
    let wait = delay(counted.map_or(Ok(1), |row| row.int(0))?);
    if !wait.is_zero() {
        let sql = "UPDATE password_throttle SET blocked_until = $3 WHERE subject = $1 AND source = $2";
        tx.execute(sql, params![subject, source, now.plus(wait)])?;
    }
    Ok(())
}

fn clear(tx: &mut dyn Tx, subject: &str, source: &str) -> Result<(), StoreError> {
    let sql = "DELETE FROM password_throttle WHERE subject = $1 AND source = $2";
    tx.execute(sql, params![subject, source])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_password_waits_one_second_after_the_third_then_twice_as_long_to_five_minutes() {
        let waits: Vec<u64> = (1..=13).map(|count| delay_here(count).as_secs()).collect();
        assert_eq!(waits, [0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
        assert_eq!(delay_here(i64::MAX), Duration::from_mins(5));
    }

    #[test]
    fn an_account_waits_everywhere_only_after_twenty_and_never_longer_than_a_minute() {
        let waits = [19, 20, 21, 25, 26, 1_000].map(|count| delay_anywhere(count).as_secs());
        assert_eq!(waits, [0, 1, 2, 32, 60, 60]);
    }
}
