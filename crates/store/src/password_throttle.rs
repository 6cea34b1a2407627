//! Consecutive wrong passwords, and the delays that they cause.
//!
//! An account has a row per network that failed for it, and one for all networks together, which is slow to delay and
//! never delays for long. Known browsers are counted in `device_throttle` instead. Addresses without an account share
//! rows by a keyed digest, so that they look like accounts and cannot fill the table.

use std::time::Duration;

use sigma_core::ids::UserId;
use sigma_core::time::Timestamp;

use crate::{StoreError, Tx, backoff, device_throttle, params};

/// The source that stands for all networks together.
const ANYWHERE: &str = "*";

/// The delay of all networks after `count` consecutive failures from anywhere.
fn delay_anywhere(count: i64) -> Duration {
    backoff::doubling(count, 20, Duration::from_mins(1))
}

/// The source of a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// An unknown browser on a network.
    Network(String),
    /// A known browser, by the name that we gave it.
    Device(String),
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
        // As many statements whatever the source.
        let anywhere = blocked_until(tx, &self.subject, ANYWHERE, now)?;
        Ok(match &self.source {
            Source::Network(network) => Waits { here: blocked_until(tx, &self.subject, network, now)?, anywhere },
            Source::Device(device) => {
                Waits { here: device_throttle::blocked_until(tx, &self.subject, device, now)?, anywhere: None }
            }
        })
    }

    /// Counts a wrong password.
    pub(crate) fn fail(&self, tx: &mut dyn Tx, now: Timestamp) -> Result<(), StoreError> {
        match &self.source {
            Source::Device(device) => device_throttle::fail(tx, &self.subject, device, now),
            Source::Network(network) => {
                count(tx, &self.subject, network, now, backoff::of_source)?;
                count(tx, &self.subject, ANYWHERE, now, delay_anywhere)
            }
        }
    }

    /// Counts an attempt during a delay of all networks as a failure of its own network: otherwise whoever retries most
    /// would be first once the delay is over.
    pub(crate) fn fail_early(&self, tx: &mut dyn Tx, now: Timestamp) -> Result<(), StoreError> {
        match &self.source {
            Source::Device(device) => device_throttle::fail(tx, &self.subject, device, now),
            Source::Network(network) => count(tx, &self.subject, network, now, backoff::of_source),
        }
    }

    /// Resets the count of the source on the right password, and that of all networks if the source is a network.
    pub(crate) fn clear(&self, tx: &mut dyn Tx) -> Result<(), StoreError> {
        match &self.source {
            Source::Device(device) => device_throttle::clear(tx, &self.subject, device),
            Source::Network(network) => {
                clear(tx, &self.subject, network)?;
                clear(tx, &self.subject, ANYWHERE)
            }
        }
    }
}

/// The delay of second factors after `count` consecutive wrong ones. Failures are forgotten before the delays are, so that no
/// more than some hundreds of codes can be tried in a day, one in a thousand days' worth of them right.
fn delay_of_second_factors(count: i64) -> Duration {
    backoff::doubling(count, 5, Duration::from_mins(15))
}

/// The row in which the wrong second factors of an account count, apart from its passwords: the right password, which
/// whoever guesses at a second factor knows, must not clear them.
#[derive(Clone, Debug)]
pub(crate) struct SecondFactorThrottle {
    subject: String,
}

impl SecondFactorThrottle {
    /// The row of `user_id`.
    pub(crate) fn of(user_id: &UserId) -> Self {
        Self { subject: format!("{user_id}/2") }
    }

    /// Until when no second factor is looked at.
    pub(crate) fn blocked_until(&self, tx: &mut dyn Tx, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        blocked_until(tx, &self.subject, ANYWHERE, now)
    }

    /// Counts a wrong one.
    pub(crate) fn fail(&self, tx: &mut dyn Tx, now: Timestamp) -> Result<(), StoreError> {
        count(tx, &self.subject, ANYWHERE, now, delay_of_second_factors)
    }

    /// Resets the count on a right one.
    pub(crate) fn clear(&self, tx: &mut dyn Tx) -> Result<(), StoreError> {
        clear(tx, &self.subject, ANYWHERE)
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
        params![subject, source, now, now.plus(backoff::FORGOTTEN)],
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
    fn second_factors_wait_after_five_wrong_ones_and_up_to_a_quarter_of_an_hour() {
        let waits = [4, 5, 6, 10, 14, 15, 1_000].map(|count| delay_of_second_factors(count).as_secs());
        assert_eq!(waits, [0, 1, 2, 32, 512, 900, 900]);
    }

    #[test]
    fn an_account_waits_everywhere_only_after_twenty_and_never_longer_than_a_minute() {
        let waits = [19, 20, 21, 25, 26, 1_000].map(|count| delay_anywhere(count).as_secs());
        assert_eq!(waits, [0, 1, 2, 32, 60, 60]);
    }
}
