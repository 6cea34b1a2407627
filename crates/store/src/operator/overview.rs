//! What the overview of the console shows. Every number is read from a bounded number of rows.

use std::time::Duration;

use sigma_core::event::Action;
use sigma_core::operator::OperatorRight;
use sigma_core::time::Timestamp;

use super::authority::{Caller, require};
use super::{Decision, people};
use crate::token_count::{AppTokens, day_of};
use crate::{StoreError, Tx, event_count, params, token_count};

/// Days that are shown one by one.
pub const DAYS: u64 = 30;
/// Failures in a row that are no coincidence.
const PERSISTENT: i64 = 3;

/// The most rows that one number is read from: what is more is shown as "more than".
pub const MOST_COUNTED: u32 = 10_000;

/// Events of the last day up to which they are counted at this moment; above, the numbers of each hour are added up.
const MOST_EVENTS: i64 = 200;

/// A number, exact up to [`MOST_COUNTED`]: above, only that it is more is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count(u64);

impl Count {
    pub(super) fn of(rows: i64) -> Self {
        Self(u64::try_from(rows).unwrap_or(0))
    }

    /// The number, at most [`MOST_COUNTED`].
    pub fn number(self) -> u64 {
        self.0.min(u64::from(MOST_COUNTED))
    }

    /// Whether there are more.
    pub fn is_more(self) -> bool {
        self.0 > u64::from(MOST_COUNTED)
    }
}

/// The numbers of the overview.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overview {
    /// Accounts.
    pub people: Count,
    /// Apps.
    pub apps: Count,
    /// Orgs.
    pub orgs: Count,
    /// Browser sessions that were not ended, and not yet deleted.
    pub sessions: Count,
    /// Sign-ins of the last 24 hours. Beyond 200 they are counted by whole hours, and may be a minute old; so are the next two.
    pub sign_ins: u64,
    /// Failed sign-ins of the last 24 hours.
    pub failures: u64,
    /// New people of the last 24 hours: who signed up, and for whom an account was made.
    pub new_people: u64,
    /// What waits.
    pub queues: Queues,
    /// The last [`DAYS`] UTC days, today as well, oldest first.
    pub days: Vec<Day>,
    /// The apps with the most tokens in the last seven of them.
    pub busiest: Vec<AppTokens>,
}

/// A queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Queue {
    /// What waits in it.
    pub waiting: Count,
    /// How much of that failed before, or was given up.
    pub failing: Count,
}

/// What the server has to do for others, and for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Queues {
    /// Mails.
    pub mails: Queue,
    /// Background jobs that are late, and those that fail again and again.
    pub jobs: Queue,
    /// Webhooks with something to deliver.
    pub webhooks: Queue,
    /// Apps that are to be told of the end of sessions.
    pub logouts: Queue,
}

/// What happened on a UTC day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Day {
    /// Its start.
    pub day: Timestamp,
    /// Sign-ins.
    pub sign_ins: u64,
    /// Failed sign-ins.
    pub failures: u64,
    /// New people: signed up, or created.
    pub people: u64,
    /// Issued tokens.
    pub tokens: u64,
}

/// Reads the overview.
pub fn read(tx: &mut dyn Tx, caller: &Caller, now: Timestamp) -> Decision<Overview> {
    require(tx, caller, OperatorRight::Overview)?;
    let most = MOST_COUNTED.saturating_add(1);
    let mut count = |sql: &'static str| -> Result<Count, StoreError> {
        let row = tx.query_opt(sql, params![most])?;
        Ok(Count::of(row.map_or(Ok(0), |row| row.int(0))?))
    };
    let apps = count("SELECT COUNT(*) FROM (SELECT 1 AS one FROM apps LIMIT $1) counted")?;
    let orgs = count("SELECT COUNT(*) FROM (SELECT removed_at FROM orgs LIMIT $1) counted WHERE removed_at IS NULL")?;
    let sessions =
        count("SELECT COUNT(*) FROM (SELECT 1 AS one FROM sessions WHERE ended_at IS NULL LIMIT $1) counted")?;
    let people = Count::of(people::count(tx, most)?);
    Ok(Overview {
        people,
        apps,
        orgs,
        sessions,
        sign_ins: of_last_day(tx, Action::UserSignIn, now)?,
        failures: of_last_day(tx, Action::UserSignInFailed, now)?,
        new_people: of_last_day(tx, Action::UserSignUp, now)?.saturating_add(of_last_day(tx, Action::UserCreate, now)?),
        queues: queues(tx, now)?,
        days: days(tx, now)?,
        busiest: token_count::busiest(tx, now)?,
    })
}

/// How late a job is that nobody runs.
const LATE: Duration = Duration::from_mins(5);

fn queues(tx: &mut dyn Tx, now: Timestamp) -> Result<Queues, StoreError> {
    let most = MOST_COUNTED.saturating_add(1);
    let mut of = |sql: &'static str, params: &[crate::Value]| -> Result<Queue, StoreError> {
        let Some(row) = tx.query_opt(sql, params)? else { return Ok(Queue { waiting: Count(0), failing: Count(0) }) };
        Ok(Queue { waiting: Count::of(row.int(0)?), failing: Count::of(row.int(1)?) })
    };
    Ok(Queues {
        mails: of(
            "SELECT COUNT(CASE WHEN next_attempt_at < expires_at THEN 1 END), COUNT(error)
             FROM (SELECT next_attempt_at, expires_at, error FROM mails WHERE expires_at > $2 LIMIT $1) counted",
            params![most, now],
        )?,
        jobs: of(
            "SELECT COUNT(CASE WHEN next_at < $2 THEN 1 END),
                COUNT(CASE WHEN next_at IS NULL OR (holder IS NULL AND attempts >= $3) THEN 1 END)
             FROM (SELECT next_at, holder, attempts FROM jobs LIMIT $1) counted",
            params![most, now.minus(LATE), PERSISTENT],
        )?,
        webhooks: of(
            "SELECT COUNT(*), COUNT(CASE WHEN failures > 0 THEN 1 END)
             FROM (SELECT failures FROM webhook_queues LIMIT $1) counted",
            params![most],
        )?,
        logouts: of(
            "SELECT COUNT(*), COUNT(CASE WHEN failures > 0 THEN 1 END)
             FROM (SELECT failures FROM logout_queues LIMIT $1) counted",
            params![most],
        )?,
    })
}

/// The last days, from what was counted: at most one row for each hour and action, and one for each day.
fn days(tx: &mut dyn Tx, now: Timestamp) -> Result<Vec<Day>, StoreError> {
    let day = Duration::from_hours(24);
    let first = day_of(now).minus(day.saturating_mul(u32::try_from(DAYS.saturating_sub(1)).unwrap_or(0)));
    let mut days: Vec<Day> = std::iter::successors(Some(first), |last| Some(last.plus(day)))
        .take_while(|day| *day <= now)
        .map(|day| Day { day, sign_ins: 0, failures: 0, people: 0, tokens: 0 })
        .collect();
    let place = |day: Timestamp| usize::try_from(day.since(first).as_secs() / 86_400).unwrap_or(usize::MAX);
    for (at, action, events) in event_count::by_day(tx, first)? {
        let Some(day) = days.get_mut(place(at)) else { continue };
        match Action::parse(&action) {
            Some(Action::UserSignIn) => day.sign_ins = events,
            Some(Action::UserSignInFailed) => day.failures = events,
            Some(Action::UserSignUp | Action::UserCreate) => day.people = day.people.saturating_add(events),
            _ => {}
        }
    }
    for (at, tokens) in token_count::by_day(tx, first)? {
        if let Some(day) = days.get_mut(place(at)) {
            day.tokens = tokens;
        }
    }
    Ok(days)
}

/// How often something happened in the last 24 hours.
fn of_last_day(tx: &mut dyn Tx, action: Action, now: Timestamp) -> Result<u64, StoreError> {
    let since = now.minus(Duration::from_hours(24));
    // The limit is one more than `MOST_EVENTS`, and a literal: PostgreSQL would take a parameter for a tenth of all events, and read them all.
    let row = tx.query_opt(
        "SELECT COUNT(*), CAST(sum(count) AS BIGINT) FROM events
         WHERE id IN (SELECT id FROM events WHERE action = $1 AND at > $2 LIMIT 201)",
        params![action.as_str(), since],
    )?;
    let Some(row) = row else { return Ok(0) };
    let counted = u64::try_from(row.opt_int(1)?.unwrap_or(0)).unwrap_or(0);
    if row.int(0)? <= MOST_EVENTS {
        return Ok(counted);
    }
    // What was counted here is a part of it, and more than the hours know while they are being counted for the first time.
    Ok(event_count::since(tx, action, since)?.max(counted))
}
