//! Which apps take part in a session, and telling them of its end (OpenID Connect Back-Channel Logout 1.0): queued in the
//! transaction that ends it, delivered afterwards, at least once each.
//!
//! An app has one queue, worked off by one process at a time, under a lease that lapses with it. When its endpoint fails, the
//! whole queue waits, longer each time: an endpoint that hangs costs one attempt per wait, however much is queued for it. Otherwise
//! queues take turns: whichever is due longest is next, and goes to the end with what is left.

use std::time::Duration;

use sigma_core::ids::{AppId, SessionId, UserId};
use sigma_core::time::Timestamp;

use crate::turns::{Ended, Queues, delay, queues, soon, storable};
use crate::{StoreError, Tx, cached, params};

pub use crate::turns::LEASE;

/// The queues of apps.
static QUEUES: Queues = queues!("logout_queues", "app_id");
/// How long an end is worth telling.
pub const WORTH: Duration = Duration::from_hours(24);
/// Most ends that wait for one app. Beyond that it is not told: it was away for long.
pub const MOST_WAITING: i64 = 10_000;
/// How long what was told can be looked at.
const KEPT: Duration = Duration::from_hours(7 * 24);
/// Most of them per app.
const MOST_KEPT: u32 = 200;
/// How often an app may refuse one end before it is given up.
const MOST_REFUSALS: i64 = 5;

/// Records that an app takes part in a session: it was given a token, and will be told of the end.
pub(crate) fn join(tx: &mut dyn Tx, session_id: &SessionId, app_id: &AppId) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO session_apps (session_id, app_id) VALUES ($1, $2) ON CONFLICT (session_id, app_id) DO NOTHING",
        params![session_id, app_id],
    )?;
    Ok(())
}

/// Queues the end of a session for every app that takes part in it.
pub(crate) fn announce(
    tx: &mut dyn Tx,
    user_id: &UserId,
    session_id: &SessionId,
    now: Timestamp,
) -> Result<(), StoreError> {
    let joined =
        tx.query_all("DELETE FROM session_apps WHERE session_id = $1 RETURNING app_id", params![session_id])?;
    let mut apps = joined.iter().map(|row| row.text(0)).collect::<Result<Vec<_>, _>>()?;
    // Queues are locked in the order of their apps.
    apps.sort_unstable();
    for app_id in apps {
        queue(tx, &AppId::from_text(app_id), user_id, session_id, now)?;
    }
    Ok(())
}

/// Queues the end of all sessions of an account that cannot be used any more.
pub(crate) fn announce_all(tx: &mut dyn Tx, user_id: &UserId, now: Timestamp) -> Result<(), StoreError> {
    let sessions = tx.query_all(
        "SELECT DISTINCT s.id FROM sessions s JOIN session_apps a ON a.session_id = s.id
         WHERE s.user_id = $1 AND s.ended_at IS NULL ORDER BY s.id LIMIT 500",
        params![user_id],
    )?;
    for row in &sessions {
        announce(tx, user_id, &SessionId::from_text(row.text(0)?), now)?;
    }
    Ok(())
}

fn queue(
    tx: &mut dyn Tx,
    app_id: &AppId,
    user_id: &UserId,
    session_id: &SessionId,
    now: Timestamp,
) -> Result<(), StoreError> {
    let wants = "SELECT 1 FROM apps WHERE id = $1 AND backchannel_logout_uri IS NOT NULL AND disabled = 0";
    if tx.query_opt(wants, params![app_id])?.is_none() {
        return Ok(());
    }
    QUEUES.open(tx, app_id.as_str(), now)?;
    let waiting = tx.query_opt(
        "SELECT count(*) FROM (SELECT 1 FROM logouts WHERE app_id = $1 AND ended_at IS NULL LIMIT $2) AS waiting",
        params![app_id, MOST_WAITING],
    )?;
    if waiting.map(|row| row.int(0)).transpose()?.unwrap_or(0) >= MOST_WAITING {
        tracing::warn!(%app_id, "an app is not told of the end of a session: too many wait for it already");
        return Ok(());
    }
    tx.execute(
        "INSERT INTO logouts (app_id, session_id, user_id, created_at, next_at, attempts, delete_after)
         VALUES ($1, $2, $3, $4, 0, 0, $5)
         ON CONFLICT (app_id, session_id) DO UPDATE SET created_at = excluded.created_at, next_at = 0, attempts = 0,
            ended_at = NULL, status = NULL, error = NULL, delete_after = excluded.delete_after",
        params![app_id, session_id, user_id, now, now.plus(KEPT)],
    )?;
    tx.changed(cached::LOGOUT, app_id.as_str())
}

/// When the first queue may be worked on.
pub fn next_due(tx: &mut dyn Tx) -> Result<Option<Timestamp>, StoreError> {
    QUEUES.next_due(tx)
}

/// Claims at most `limit` queues that are due. No other process works on them for [`LEASE`].
pub fn take(tx: &mut dyn Tx, now: Timestamp, limit: u32) -> Result<Vec<AppId>, StoreError> {
    let taken = QUEUES.take(tx, now, limit)?;
    Ok(taken.into_iter().map(|(app_id, _)| AppId::from_text(app_id)).collect())
}

/// An end that an app has to be told of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logout {
    /// The app.
    pub app_id: AppId,
    /// The user.
    pub user_id: UserId,
    /// Their session.
    pub session_id: SessionId,
    /// When it ended.
    pub created_at: Timestamp,
    /// Failed attempts so far.
    pub attempts: i64,
}

/// The ends that an app should be told of now, the oldest first.
pub fn waiting(tx: &mut dyn Tx, app_id: &AppId, now: Timestamp, limit: u32) -> Result<Vec<Logout>, StoreError> {
    tx.query_all(
        "SELECT app_id, user_id, session_id, created_at, attempts FROM logouts
         WHERE app_id = $1 AND ended_at IS NULL AND next_at <= $2 ORDER BY created_at, session_id LIMIT $3",
        params![app_id, now, limit],
    )?
    .iter()
    .map(|row| {
        Ok(Logout {
            app_id: AppId::from_text(row.text(0)?),
            user_id: UserId::from_text(row.text(1)?),
            session_id: SessionId::from_text(row.text(2)?),
            created_at: row.timestamp(3)?,
            attempts: row.int(4)?,
        })
    })
    .collect()
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// The app was told.
    Delivered {
        /// The status of its response.
        status: u16,
    },
    /// The app refused this token: another one may fare better.
    Refused {
        /// The status of its response.
        status: u16,
    },
    /// Its endpoint failed: nothing else fares better now.
    Failed {
        /// The status of its response, if there was one.
        status: Option<u16>,
        /// Why.
        error: String,
    },
    /// The app wants to be told no more.
    Dropped,
}

/// Records an attempt to tell an app of an end; returns whether it was the last.
pub fn record(tx: &mut dyn Tx, logout: &Logout, attempt: &Attempt, now: Timestamp) -> Result<bool, StoreError> {
    let attempts = logout.attempts.saturating_add(1);
    let (status, error, is_last) = match attempt {
        Attempt::Delivered { status } => (Some(*status), None, true),
        Attempt::Refused { status } => {
            (Some(*status), Some("the app refused it".to_owned()), attempts >= MOST_REFUSALS)
        }
        Attempt::Dropped => (None, Some("the app is not told any more".to_owned()), true),
        Attempt::Failed { status, error } => (*status, Some(storable(error)), false),
    };
    let next_at = now.plus(delay(attempts));
    let is_last = is_last || next_at >= logout.created_at.plus(WORTH);
    tx.execute(
        "UPDATE logouts SET attempts = $3, status = $4, error = $5, next_at = $6, ended_at = $7
         WHERE app_id = $1 AND session_id = $2 AND ended_at IS NULL",
        params![
            &logout.app_id,
            &logout.session_id,
            attempts,
            status.map(i64::from),
            error,
            next_at,
            is_last.then_some(now)
        ],
    )?;
    Ok(is_last)
}

/// Gives a queue back: empty ones are removed, and those of an endpoint that failed wait.
pub fn give_back(tx: &mut dyn Tx, app_id: &AppId, failed: bool, now: Timestamp) -> Result<(), StoreError> {
    let ended = if failed { Ended::Failed } else { Ended::Well };
    let Some(failures) = QUEUES.end_turn(tx, app_id.as_str(), ended)? else { return Ok(()) };
    let next =
        tx.query_opt("SELECT min(next_at) FROM logouts WHERE app_id = $1 AND ended_at IS NULL", params![app_id])?;
    let next = next.map_or(Ok(None), |row| row.opt_timestamp(0))?;
    let due_at = next.map(|next| if failed { now.plus(delay(failures)) } else { soon(next, now) });
    QUEUES.give_back(tx, app_id.as_str(), due_at)?;
    tx.execute(
        "DELETE FROM logouts WHERE app_id = $1 AND session_id IN (
            SELECT session_id FROM logouts WHERE app_id = $1 AND ended_at IS NOT NULL
            ORDER BY ended_at DESC, session_id LIMIT 500 OFFSET $2)",
        params![app_id, MOST_KEPT],
    )?;
    Ok(())
}

/// Forgets everything of an app that was removed.
pub(crate) fn remove_all_of(tx: &mut dyn Tx, app_id: &AppId) -> Result<(), StoreError> {
    QUEUES.give_back(tx, app_id.as_str(), None)?;
    tx.execute("DELETE FROM logouts WHERE app_id = $1", params![app_id])?;
    Ok(())
}

/// A line of an app's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogoutLine {
    /// The session.
    pub session_id: SessionId,
    /// The user.
    pub user_id: UserId,
    /// When the session ended.
    pub created_at: Timestamp,
    /// Attempts so far.
    pub attempts: i64,
    /// When the app was told, or it was given up.
    pub ended_at: Option<Timestamp>,
    /// The status of the app's last response.
    pub status: Option<i64>,
    /// Why the last attempt failed.
    pub error: Option<String>,
}

/// The log of an app, the latest first.
pub fn log(tx: &mut dyn Tx, app_id: &AppId, limit: u32) -> Result<Vec<LogoutLine>, StoreError> {
    tx.query_all(
        "SELECT session_id, user_id, created_at, attempts, ended_at, status, error FROM logouts
         WHERE app_id = $1 ORDER BY created_at DESC, session_id LIMIT $2",
        params![app_id, limit],
    )?
    .iter()
    .map(|row| {
        Ok(LogoutLine {
            session_id: SessionId::from_text(row.text(0)?),
            user_id: UserId::from_text(row.text(1)?),
            created_at: row.timestamp(2)?,
            attempts: row.int(3)?,
            ended_at: row.opt_timestamp(4)?,
            status: row.opt_int(5)?,
            error: row.opt_text(6)?,
        })
    })
    .collect()
}
