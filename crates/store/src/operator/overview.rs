//! What the overview of the console shows. Every number is read from a bounded number of rows.

use std::time::Duration;

use sigma_core::event::Action;
use sigma_core::jose::Algorithm;
use sigma_core::operator::OperatorRight;
use sigma_core::time::Timestamp;

use super::authority::{Caller, require};
use super::{Decision, people};
use crate::{StoreError, Tx, params, signing_key};

/// The most rows that one number is read from: what is more is shown as "more than".
pub const MOST_COUNTED: u32 = 10_000;

/// A number, exact up to [`MOST_COUNTED`]: above, only that it is more is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count(u64);

impl Count {
    fn of(rows: i64) -> Self {
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

/// A signing key, without the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyLine {
    /// Its `kid`.
    pub kid: String,
    /// Its algorithm.
    pub algorithm: Algorithm,
    /// Since when it signs.
    pub active_from: Timestamp,
    /// When it stopped.
    pub retired_at: Option<Timestamp>,
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
    /// Sign-ins of the last day.
    pub sign_ins: Count,
    /// Failed sign-ins of the last day, counted by account, network and minute.
    pub failures: Count,
    /// New accounts of the last day.
    pub sign_ups: Count,
    /// Mails that wait to be sent.
    pub mails: Count,
    /// The signing keys.
    pub keys: Vec<KeyLine>,
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
    let mails = count("SELECT COUNT(*) FROM (SELECT 1 AS one FROM mails LIMIT $1) counted")?;
    let people = Count::of(people::count(tx, most)?);
    let keys = signing_key::list(tx)?;
    let key = |key: signing_key::SealedKey| KeyLine {
        kid: key.kid,
        algorithm: key.algorithm,
        active_from: key.active_from,
        retired_at: key.retired_at,
    };
    Ok(Overview {
        people,
        apps,
        orgs,
        sessions,
        sign_ins: of_last_day(tx, Action::UserSignIn, now)?,
        failures: of_last_day(tx, Action::UserSignInFailed, now)?,
        sign_ups: of_last_day(tx, Action::UserSignUp, now)?,
        mails,
        keys: keys.into_iter().map(key).collect(),
    })
}

/// Events of an action in the last 24 hours.
fn of_last_day(tx: &mut dyn Tx, action: Action, now: Timestamp) -> Result<Count, StoreError> {
    let since = now.minus(Duration::from_hours(24));
    let row = tx.query_opt(
        "SELECT COUNT(*) FROM (SELECT 1 AS one FROM events WHERE action = $1 AND at > $2 LIMIT $3) counted",
        params![action.as_str(), since, MOST_COUNTED.saturating_add(1)],
    )?;
    Ok(Count::of(row.map_or(Ok(0), |row| row.int(0))?))
}
