//! Queues of messages to others, one for each receiver: worked off by one process at a time, under a lease that lapses with it.
//!
//! When a receiver fails, its whole queue waits, longer each time: one that hangs costs one turn per wait, however much is queued
//! for it. Otherwise queues take turns: whichever is due longest is next, and goes to the end with what is left.

use std::time::Duration;

use sigma_core::time::Timestamp;

use crate::{StoreError, Tx, params};

/// How long a process has to work on a queue before another may.
pub const LEASE: Duration = Duration::from_mins(3);
/// How much earlier than now a queue that begins is due: clocks differ that much, and it does not wait for that.
const CLOCK_SKEW: Duration = Duration::from_mins(2);
/// Queues that are looked at for some that may have a turn.
const MOST_DUE: u32 = 1_000;
/// The longest error that is stored, in characters.
const LONGEST_ERROR: usize = 200;
/// The delay after a receiver's first failure; it triples with each further one.
const FIRST_DELAY: Duration = Duration::from_secs(10);
/// The longest delay.
const LONGEST_DELAY: Duration = Duration::from_hours(1);

/// The statements of a table of queues, made by `queues!`. Each row has a key, `due_at`, and `failures`: how often in a row the
/// receiver failed.
pub(crate) struct Queues {
    pub(crate) open: &'static str,
    pub(crate) next_due: &'static str,
    pub(crate) take: &'static str,
    pub(crate) due: &'static str,
    pub(crate) claim: &'static str,
    pub(crate) end_turn: &'static str,
    pub(crate) postpone: &'static str,
    pub(crate) hurry: &'static str,
    pub(crate) close: &'static str,
}

/// `queues!("logout_queues", "app_id")`: the queues in that table, by that key.
macro_rules! queues {
    ($table:literal, $key:literal) => {
        $crate::turns::Queues {
            // Written even if nothing changes: whoever empties the queue waits for this transaction, and finds what it added.
            open: concat!(
                "INSERT INTO ",
                $table,
                " (",
                $key,
                ", due_at, failures) VALUES ($1, $2, 0) ON CONFLICT (",
                $key,
                ") DO UPDATE SET due_at = CASE WHEN ",
                $table,
                ".failures = 0 AND ",
                $table,
                ".due_at > $3 AND ",
                $table,
                ".due_at <= $4 THEN $3 ELSE ",
                $table,
                ".due_at END"
            ),
            next_due: concat!("SELECT min(due_at) FROM ", $table),
            take: concat!(
                "UPDATE ",
                $table,
                " SET due_at = $2 WHERE ",
                $key,
                " IN (SELECT ",
                $key,
                " FROM ",
                $table,
                " WHERE due_at <= $1 ORDER BY due_at, ",
                $key,
                " LIMIT $3) AND due_at <= $1 RETURNING ",
                $key,
                ", failures"
            ),
            due: concat!("SELECT ", $key, " FROM ", $table, " WHERE due_at <= $1 ORDER BY due_at, ", $key, " LIMIT $2"),
            claim: concat!(
                "UPDATE ",
                $table,
                " SET due_at = $2 WHERE ",
                $key,
                " = $3 AND due_at <= $1 RETURNING failures"
            ),
            end_turn: concat!(
                "UPDATE ",
                $table,
                " SET failures = CASE CAST($2 AS BIGINT) WHEN 2 THEN failures + 1 ELSE CAST($2 AS BIGINT) END WHERE ",
                $key,
                " = $1 RETURNING failures"
            ),
            postpone: concat!("UPDATE ", $table, " SET due_at = $2 WHERE ", $key, " = $1"),
            hurry: concat!("UPDATE ", $table, " SET due_at = $2 WHERE ", $key, " = $1 AND due_at > $3"),
            close: concat!("DELETE FROM ", $table, " WHERE ", $key, " = $1"),
        }
    };
}

pub(crate) use queues;

/// How a turn ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// The receiver answered.
    Well,
    /// It answered before it failed.
    FailedLater,
    /// It failed.
    Failed,
}

impl Queues {
    /// Makes sure that there is a queue of that key which is due at once, unless its receiver failed or a process works on it. One that
    /// is due [`soon`] waits only for what its receiver refused: not for the last seconds of a lease, which are far more than a turn
    /// takes.
    pub(crate) fn open(&self, tx: &mut dyn Tx, key: &str, now: Timestamp) -> Result<(), StoreError> {
        tx.execute(self.open, params![key, now.minus(CLOCK_SKEW), now, now.plus(FIRST_DELAY)]).map(drop)
    }

    /// Makes sure that there is a queue of that key which does not wait for long: its receiver may have been mended.
    pub(crate) fn hurry(&self, tx: &mut dyn Tx, key: &str, now: Timestamp) -> Result<(), StoreError> {
        self.open(tx, key, now)?;
        // What is due later than a lease ends is held by nobody.
        tx.execute(self.hurry, params![key, now, now.plus(LEASE)]).map(drop)
    }

    /// When the first queue may be worked on.
    pub(crate) fn next_due(&self, tx: &mut dyn Tx) -> Result<Option<Timestamp>, StoreError> {
        tx.query_opt(self.next_due, &[])?.map_or(Ok(None), |row| row.opt_timestamp(0))
    }

    /// Claims at most `limit` queues that are due, for [`LEASE`]; returns their keys, and how often their receivers failed.
    pub(crate) fn take(&self, tx: &mut dyn Tx, now: Timestamp, limit: u32) -> Result<Vec<(String, i64)>, StoreError> {
        // Under READ COMMITTED the outer condition is evaluated again when another process took the row meanwhile.
        let rows = tx.query_all(self.take, params![now, now.plus(LEASE), limit])?;
        rows.iter().map(|row| Ok((row.text(0)?, row.int(1)?))).collect()
    }

    /// Like [`Self::take`], of those that `may` have a turn, which is asked in the order in which they are due. Only the first
    /// [`MOST_DUE`] are looked at.
    pub(crate) fn take_those(
        &self,
        tx: &mut dyn Tx,
        now: Timestamp,
        limit: usize,
        mut may: impl FnMut(&str) -> bool,
    ) -> Result<Vec<(String, i64)>, StoreError> {
        let mut taken = Vec::new();
        for row in tx.query_all(self.due, params![now, MOST_DUE])? {
            let key = row.text(0)?;
            if taken.len() < limit
                && may(&key)
                && let Some(claimed) = tx.query_opt(self.claim, params![now, now.plus(LEASE), &key])?
            {
                taken.push((key, claimed.int(0)?));
            }
        }
        Ok(taken)
    }

    /// Notes how a turn ended; returns the failures in a row, if there is still a queue. It is locked: whoever adds to it has done
    /// so before, or waits until this transaction ends.
    pub(crate) fn end_turn(&self, tx: &mut dyn Tx, key: &str, ended: Ended) -> Result<Option<i64>, StoreError> {
        let ended = match ended {
            Ended::Well => 0_i64,
            Ended::FailedLater => 1,
            Ended::Failed => 2,
        };
        tx.query_opt(self.end_turn, params![key, ended])?.map(|row| row.int(0)).transpose()
    }

    /// Gives a queue back until it is due again; an empty one is removed.
    pub(crate) fn give_back(&self, tx: &mut dyn Tx, key: &str, due_at: Option<Timestamp>) -> Result<(), StoreError> {
        match due_at {
            Some(due_at) => tx.execute(self.postpone, params![key, due_at])?,
            None => tx.execute(self.close, params![key])?,
        };
        Ok(())
    }
}

/// When a queue is due whose receiver did not fail and has to be told something at `next`: before long, so that [`Queues::open`] can
/// tell it from one that is held.
pub(crate) fn soon(next: Timestamp, now: Timestamp) -> Timestamp {
    next.clamp(now, now.plus(FIRST_DELAY))
}

/// The delay after so many failures.
pub(crate) fn delay(failures: i64) -> Duration {
    let factor = u32::try_from(failures.saturating_sub(1).max(0)).ok().and_then(|exponent| 3_u32.checked_pow(exponent));
    FIRST_DELAY.saturating_mul(factor.unwrap_or(u32::MAX)).min(LONGEST_DELAY)
}

/// An error as it is stored: on one line, of limited length.
pub(crate) fn storable(error: &str) -> String {
    error.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).take(LONGEST_ERROR).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receiver_that_fails_waits_three_times_as_long_each_time_up_to_an_hour() {
        let delays: Vec<u64> = (1..=8).map(|failures| delay(failures).as_secs()).collect();
        assert_eq!(delays, [10, 30, 90, 270, 810, 2_430, 3_600, 3_600]);
        assert_eq!((delay(0), delay(i64::MAX)), (FIRST_DELAY, LONGEST_DELAY));
    }
}
