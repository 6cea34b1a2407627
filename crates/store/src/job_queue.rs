//! Background jobs: each is worked on by one process at a time, under a lease that lapses with it.
//!
//! A recurring job is one row, identified by its kind. A queued one is a row of its own, deleted when it is done. Leases are
//! judged by the clock of the database ([`Store::database_now`](crate::Store::database_now)), so the clocks of the processes
//! do not matter. A job that was interrupted runs again: what it does must bear that.

use std::time::Duration;

use sigma_core::ids::{JobId, OrgId};
use sigma_core::time::Timestamp;

use crate::{Row, StoreError, Tx, cached, params};

/// Waiting jobs of one owner: an org, or the server itself.
pub const MOST_WAITING: i64 = 1_000;
/// The largest payload, in bytes.
pub const LARGEST_PAYLOAD: usize = 65_536;
/// How long a job that was given up can be looked at.
const KEPT: Duration = Duration::from_hours(7 * 24);
/// The longest error that is stored, in characters.
const LONGEST_ERROR: usize = 500;

/// A job to be queued.
#[derive(Clone, Debug)]
pub struct NewJob {
    /// Its id. If a job of this id exists, nothing is queued.
    pub id: JobId,
    /// What to do: the name under which the work is registered.
    pub kind: &'static str,
    /// On whose behalf; `None` is the server itself.
    pub org_id: Option<OrgId>,
    /// What to do it with, as JSON.
    pub payload: String,
    /// When it may run, by the clock of the database; at once without it.
    pub run_at: Option<Timestamp>,
    /// The current time.
    pub now: Timestamp,
}

/// Whether a job was queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Enqueued {
    /// It was, or one of its id is already there.
    Queued,
    /// Its owner has [`MOST_WAITING`] jobs.
    TooMany,
    /// Its payload is larger than [`LARGEST_PAYLOAD`].
    TooLarge,
}

/// A job that a process holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leased {
    /// Its id; that of a recurring job is its kind.
    pub id: JobId,
    /// What to do.
    pub kind: String,
    /// On whose behalf.
    pub org_id: Option<OrgId>,
    /// What to do it with, as JSON.
    pub payload: String,
    /// The process that holds it.
    pub holder: String,
    /// How often it was taken, by anybody: a later holder has a higher number, and the outcome of an earlier one is ignored.
    pub turn: i64,
    /// How often it was started since it last succeeded, including now.
    pub attempts: i64,
    /// When it was started, by the clock of the database.
    pub started_at: Timestamp,
}

/// What becomes of a job that ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// A queued job is done.
    Done,
    /// A recurring job succeeded and runs again at that time.
    Again(Timestamp),
    /// It failed, and is tried again at that time.
    Failed {
        /// Why.
        error: String,
        /// When it is tried again.
        retry_at: Timestamp,
    },
    /// It failed and is not tried again.
    GivenUp {
        /// Why.
        error: String,
    },
}

/// A job as operators see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobRow {
    /// Its id.
    pub id: JobId,
    /// What it does.
    pub kind: String,
    /// On whose behalf.
    pub org_id: Option<OrgId>,
    /// When it may run next; while it runs, when its lease lapses. `None` if it was given up.
    pub next_at: Option<Timestamp>,
    /// The process that runs it.
    pub holder: Option<String>,
    /// Starts since it last succeeded.
    pub attempts: i64,
    /// When it was last started.
    pub started_at: Option<Timestamp>,
    /// When it last ended.
    pub ended_at: Option<Timestamp>,
    /// Why it last failed; `None` after a success.
    pub error: Option<String>,
    /// When it was created.
    pub created_at: Timestamp,
}

/// Creates the recurring job `kind` unless it exists; it first runs at `first_at`.
pub fn ensure_recurring(
    tx: &mut dyn Tx,
    kind: &'static str,
    first_at: Timestamp,
    now: Timestamp,
) -> Result<(), StoreError> {
    insert(
        tx,
        &NewJob {
            id: JobId::from_text(kind),
            kind,
            org_id: None,
            payload: "{}".to_owned(),
            run_at: Some(first_at),
            now,
        },
    )
}

/// Queues a job, in the transaction of what makes it necessary.
pub fn enqueue(tx: &mut dyn Tx, new: &NewJob) -> Result<Enqueued, StoreError> {
    if new.payload.len() > LARGEST_PAYLOAD {
        return Ok(Enqueued::TooLarge);
    }
    let waiting = match &new.org_id {
        Some(org_id) => tx.query_opt("SELECT count(*) FROM jobs WHERE org_id = $1", params![org_id])?,
        None => tx.query_opt("SELECT count(*) FROM jobs WHERE org_id IS NULL", &[])?,
    };
    if waiting.map(|row| row.int(0)).transpose()?.unwrap_or(0) >= MOST_WAITING {
        return Ok(Enqueued::TooMany);
    }
    enqueue_unlimited(tx, new)?;
    Ok(Enqueued::Queued)
}

/// Queues a job that the server owes itself.
pub(crate) fn enqueue_unlimited(tx: &mut dyn Tx, new: &NewJob) -> Result<(), StoreError> {
    insert(tx, new)?;
    tx.changed(cached::JOB, new.kind)
}

fn insert(tx: &mut dyn Tx, new: &NewJob) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO jobs (id, kind, org_id, payload, next_at, turn, attempts, created_at)
         VALUES ($1, $2, $3, $4, $5, 0, 0, $6) ON CONFLICT (id) DO NOTHING",
        params![
            &new.id,
            new.kind,
            new.org_id.as_ref(),
            &new.payload,
            new.run_at.unwrap_or(Timestamp::from_micros(0)),
            new.now
        ],
    )?;
    Ok(())
}

/// When the first job of that kind may be taken: it is due, or its lease lapses.
pub fn next_at(tx: &mut dyn Tx, kind: &str) -> Result<Option<Timestamp>, StoreError> {
    let row = tx.query_opt("SELECT min(next_at) FROM jobs WHERE kind = $1 AND next_at IS NOT NULL", params![kind])?;
    row.map_or(Ok(None), |row| row.opt_timestamp(0))
}

/// Takes a job of that kind which is due, or whose lease has lapsed, for `lease`. No other process takes it until then.
pub fn take(
    tx: &mut dyn Tx,
    kind: &str,
    holder: &str,
    now: Timestamp,
    lease: Duration,
) -> Result<Option<Leased>, StoreError> {
    // Under READ COMMITTED the outer condition is evaluated again when another process took the row meanwhile.
    let row = tx.query_opt(
        "UPDATE jobs SET holder = $3, turn = turn + 1, attempts = attempts + 1, started_at = $2, next_at = $4
         WHERE id = (SELECT id FROM jobs WHERE kind = $1 AND next_at <= $2 ORDER BY next_at, id LIMIT 1)
            AND next_at <= $2
         RETURNING id, kind, org_id, payload, turn, attempts",
        params![kind, now, holder, now.plus(lease)],
    )?;
    row.map(|row| {
        Ok(Leased {
            id: JobId::from_text(row.text(0)?),
            kind: row.text(1)?,
            org_id: row.opt_text(2)?.map(OrgId::from_text),
            payload: row.text(3)?,
            holder: holder.to_owned(),
            turn: row.int(4)?,
            attempts: row.int(5)?,
            started_at: now,
        })
    })
    .transpose()
}

/// Extends a lease until `until`; false if the job was taken by another process.
pub fn renew(tx: &mut dyn Tx, job: &Leased, until: Timestamp) -> Result<bool, StoreError> {
    let renewed = tx.execute(
        "UPDATE jobs SET next_at = $4 WHERE id = $1 AND holder = $2 AND turn = $3",
        params![&job.id, &job.holder, job.turn, until],
    )?;
    Ok(renewed > 0)
}

/// Records how a job ended; false, and no change, if it was taken by another process.
pub fn end(tx: &mut dyn Tx, job: &Leased, ended: &Ended, now: Timestamp) -> Result<bool, StoreError> {
    let changed = match ended {
        Ended::Done => tx.execute(
            "DELETE FROM jobs WHERE id = $1 AND holder = $2 AND turn = $3",
            params![&job.id, &job.holder, job.turn],
        )?,
        Ended::Again(at) => tx.execute(
            "UPDATE jobs SET holder = NULL, attempts = 0, next_at = $4, ended_at = $5, error = NULL
             WHERE id = $1 AND holder = $2 AND turn = $3",
            params![&job.id, &job.holder, job.turn, *at, now],
        )?,
        Ended::Failed { error, retry_at } => tx.execute(
            "UPDATE jobs SET holder = NULL, next_at = $4, ended_at = $5, error = $6
             WHERE id = $1 AND holder = $2 AND turn = $3",
            params![&job.id, &job.holder, job.turn, *retry_at, now, storable(error)],
        )?,
        Ended::GivenUp { error } => tx.execute(
            "UPDATE jobs SET holder = NULL, next_at = NULL, ended_at = $4, error = $5, delete_after = $6
             WHERE id = $1 AND holder = $2 AND turn = $3",
            params![&job.id, &job.holder, job.turn, now, storable(error), now.plus(KEPT)],
        )?,
    };
    Ok(changed > 0)
}

/// Gives up the leases of a process that stops, so that others need not wait for them to lapse.
pub fn release(tx: &mut dyn Tx, holder: &str, now: Timestamp) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE jobs SET holder = NULL, attempts = attempts - 1, next_at = $2 WHERE holder = $1 AND next_at IS NOT NULL",
        params![holder, now],
    )?;
    Ok(())
}

/// At most `limit` jobs: the recurring ones first, then by when they run.
pub fn list(tx: &mut dyn Tx, limit: u32) -> Result<Vec<JobRow>, StoreError> {
    tx.query_all(
        "SELECT id, kind, org_id, next_at, holder, attempts, started_at, ended_at, error, created_at FROM jobs
         ORDER BY CASE WHEN id = kind THEN 0 ELSE 1 END, next_at NULLS LAST, id LIMIT $1",
        params![limit],
    )?
    .iter()
    .map(decode)
    .collect()
}

fn decode(row: &Row) -> Result<JobRow, StoreError> {
    Ok(JobRow {
        id: JobId::from_text(row.text(0)?),
        kind: row.text(1)?,
        org_id: row.opt_text(2)?.map(OrgId::from_text),
        next_at: row.opt_timestamp(3)?,
        holder: row.opt_text(4)?,
        attempts: row.int(5)?,
        started_at: row.opt_timestamp(6)?,
        ended_at: row.opt_timestamp(7)?,
        error: row.opt_text(8)?,
        created_at: row.timestamp(9)?,
    })
}

/// An error as it is stored: on one line, of limited length, without NUL.
fn storable(error: &str) -> String {
    error.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).take(LONGEST_ERROR).collect()
}
