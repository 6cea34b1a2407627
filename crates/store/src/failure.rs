//! Failed sign-ins in a row, and how long they make an account wait at an address (contract 1.14, ruling 34).
//!
//! Counted is an account at an address: whoever fails for somebody else's account delays nobody but themselves, and one
//! person's wrong clock nobody else behind the same address. Names that are no account's share one row an address, so
//! that a stranger who makes names up makes no rows. No account is delayed everywhere for a key: a signature cannot be
//! guessed. A password can, so its failures have rows of their own, and one more for the account wherever they come from,
//! which is slow to delay, never delays for long, and not at all where the person signed in before: a stranger cannot lock
//! them out with it.

use std::time::Duration;

use sigma_core::ids::UserId;
use sigma_core::time::Timestamp;

use crate::{StoreError, Tx, account, params};

/// A row of failures is forgotten after this long without another.
const FORGOTTEN: Duration = Duration::from_mins(30);
/// A network from which the right password came is known for this long.
const KNOWN: Duration = Duration::from_hours(30 * 24);

/// How long a row of `count` failures blocks.
fn delay(count: i64) -> Duration {
    match count {
        ..=2 => Duration::ZERO,
        3..=5 => Duration::from_secs(30),
        6..=10 => Duration::from_mins(2),
        _ => Duration::from_mins(10),
    }
}

/// The row of a user, or of everybody who is none, at `network`.
pub(crate) fn key(user_id: Option<&UserId>, network: &str) -> String {
    format!("{}@{network}", user_id.map_or("nobody", UserId::as_str))
}

/// What is known of earlier failures.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Failures {
    count: i64,
    blocked_until: Timestamp,
    expires_at: Timestamp,
}

impl Failures {
    /// Until when they block, if they still do.
    pub(crate) fn blocked_until(self, now: Timestamp) -> Option<Timestamp> {
        (self.blocked_until > now).then_some(self.blocked_until)
    }
}

/// The failures in the row `key`.
pub(crate) fn find(tx: &mut dyn Tx, key: &str) -> Result<Option<Failures>, StoreError> {
    tx.query_opt("SELECT count, blocked_until, expires_at FROM failures WHERE key = $1", params![key])?
        .map(|row| Ok(Failures { count: row.int(0)?, blocked_until: row.timestamp(1)?, expires_at: row.timestamp(2)? }))
        .transpose()
}

/// Counts a failure of whoever claimed to be `pubkey` at `network`, unless they are blocked: then until when. Waiting
/// does not make it worse.
pub fn record(
    tx: &mut dyn Tx,
    pubkey: Option<&str>,
    network: &str,
    now: Timestamp,
) -> Result<Option<Timestamp>, StoreError> {
    let user = match pubkey {
        Some(pubkey) => account::find_by_pubkey(tx, pubkey)?,
        None => None,
    };
    let key = key(user.as_ref().map(|user| &user.id), network);
    if let Some(until) = hold(tx, &key, now)?.blocked_until(now) {
        return Ok(Some(until));
    }
    count(tx, &key, now, delay)?;
    Ok(None)
}

/// Counts one more failure in the row `key`, which then blocks for as long as `delay` says of its count.
fn count(tx: &mut dyn Tx, key: &str, now: Timestamp, delay: fn(i64) -> Duration) -> Result<(), StoreError> {
    let earlier = hold(tx, key, now)?;
    let earlier = if earlier.expires_at > now { earlier.count } else { 0 };
    let count = earlier.saturating_add(1);
    write(tx, key, Failures { count, blocked_until: now.plus(delay(count)), expires_at: now.plus(FORGOTTEN) })
}

/// Counts something that is no failure but may not be done without end: how often, within `window` of the first time.
pub(crate) fn tally(tx: &mut dyn Tx, key: &str, now: Timestamp, window: Duration) -> Result<i64, StoreError> {
    let earlier = Some(hold(tx, key, now)?).filter(|earlier| earlier.expires_at > now);
    let count = earlier.map_or(0, |earlier| earlier.count).saturating_add(1);
    let expires_at = earlier.map_or_else(|| now.plus(window), |earlier| earlier.expires_at);
    write(tx, key, Failures { count, blocked_until: now, expires_at })?;
    Ok(count)
}

/// The failures in the row `key`, made if there is none, and held until the transaction ends: whoever counts at the same
/// moment counts on.
fn hold(tx: &mut dyn Tx, key: &str, now: Timestamp) -> Result<Failures, StoreError> {
    let row = tx.query_opt(
        "INSERT INTO failures (key, count, blocked_until, expires_at) VALUES ($1, 0, $2, $2)
         ON CONFLICT (key) DO UPDATE SET key = excluded.key RETURNING count, blocked_until, expires_at",
        params![key, now],
    )?;
    let row = row.ok_or_else(|| StoreError::Corrupt("a count of failures".to_owned()))?;
    Ok(Failures { count: row.int(0)?, blocked_until: row.timestamp(1)?, expires_at: row.timestamp(2)? })
}

fn write(tx: &mut dyn Tx, key: &str, failures: Failures) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO failures (key, count, blocked_until, expires_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (key) DO UPDATE SET count = excluded.count, blocked_until = excluded.blocked_until,
            expires_at = excluded.expires_at",
        params![key, failures.count, failures.blocked_until, failures.expires_at],
    )?;
    Ok(())
}

/// A success ends the row.
pub(crate) fn clear(tx: &mut dyn Tx, key: &str) -> Result<(), StoreError> {
    tx.execute("DELETE FROM failures WHERE key = $1", params![key])?;
    Ok(())
}

/// How long `count` wrong passwords in a row for one account at one address make it wait there.
fn password_delay_here(count: i64) -> Duration {
    doubling(count, 3, Duration::from_mins(5))
}

/// How long `count` wrong passwords in a row for one account, wherever they came from, make everybody wait.
fn password_delay_anywhere(count: i64) -> Duration {
    doubling(count, 20, Duration::from_mins(1))
}

/// One second at the failure number `first`, twice as long at each that follows, at most `longest`.
fn doubling(count: i64, first: i64, longest: Duration) -> Duration {
    if count < first {
        return Duration::ZERO;
    }
    // 2³² seconds are longer than any `longest`.
    let doublings = u32::try_from(count.saturating_sub(first)).unwrap_or(u32::MAX).min(32);
    Duration::from_secs(1_u64 << doublings).min(longest)
}

/// The rows of wrong passwords for an account, or for addresses that are nobody's.
#[derive(Clone, Debug)]
pub(crate) struct PasswordFailures {
    here: String,
    anywhere: String,
    /// Stands for a network from which the right password came before. In the place of `blocked_until` it names that
    /// password by when it was chosen: after a reset no network is known.
    known: String,
    now: Timestamp,
}

impl PasswordFailures {
    /// The rows of `user_id`, or of the `bucket` of addresses that are nobody's, at `network` and anywhere.
    pub(crate) fn of(user_id: Option<&UserId>, bucket: u16, network: &str, now: Timestamp) -> Self {
        let who = user_id.map_or_else(|| format!("?{bucket:04x}"), ToString::to_string);
        Self {
            here: format!("password:{who}@{network}"),
            anywhere: format!("password:{who}@*"),
            known: format!("password-known:{who}@{network}"),
            now,
        }
    }

    /// Until when these rows block, if one of them does. Whoever signed in from here before does not wait for what
    /// strangers did elsewhere: else a stranger could lock them out for ever (ruling 34).
    pub(crate) fn blocked_until(
        &self,
        tx: &mut dyn Tx,
        chosen_at: Option<Timestamp>,
    ) -> Result<Option<Timestamp>, StoreError> {
        let now = self.now;
        let here = find(tx, &self.here)?.and_then(|failures| failures.blocked_until(now));
        let anywhere = find(tx, &self.anywhere)?.and_then(|failures| failures.blocked_until(now));
        let is_known = find(tx, &self.known)?
            .is_some_and(|known| known.expires_at > now && chosen_at == Some(known.blocked_until));
        Ok(if is_known { here } else { here.max(anywhere) })
    }

    /// Counts a wrong password in both rows.
    pub(crate) fn record(&self, tx: &mut dyn Tx, now: Timestamp) -> Result<(), StoreError> {
        count(tx, &self.here, now, password_delay_here)?;
        count(tx, &self.anywhere, now, password_delay_anywhere)?;
        Ok(())
    }

    /// The right password, chosen then, ends both, and its network is known from then on.
    pub(crate) fn clear(&self, tx: &mut dyn Tx, chosen_at: Timestamp) -> Result<(), StoreError> {
        clear(tx, &self.here)?;
        clear(tx, &self.anywhere)?;
        let known = Failures { count: 0, blocked_until: chosen_at, expires_at: self.now.plus(KNOWN) };
        write(tx, &self.known, known)
    }
}

/// A new password has not been guessed at yet: who chose it need not wait where they are, nor for what others did.
pub(crate) fn clear_passwords(
    tx: &mut dyn Tx,
    user_id: &UserId,
    network: &str,
    chosen_at: Timestamp,
    now: Timestamp,
) -> Result<(), StoreError> {
    PasswordFailures::of(Some(user_id), 0, network, now).clear(tx, chosen_at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_password_waits_one_second_after_the_third_then_twice_as_long_to_five_minutes() {
        let waits: Vec<u64> = (1..=13).map(|count| password_delay_here(count).as_secs()).collect();
        assert_eq!(waits, [0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
        assert_eq!(password_delay_here(i64::MAX), Duration::from_mins(5));
    }

    #[test]
    fn an_account_waits_everywhere_only_after_twenty_and_never_longer_than_a_minute() {
        let waits = [19, 20, 21, 25, 26, 1_000].map(|count| password_delay_anywhere(count).as_secs());
        assert_eq!(waits, [0, 1, 2, 32, 60, 60]);
    }
}
