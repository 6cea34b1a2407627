//! Browsers and networks that an account signed in from. A sign-in from elsewhere queues the job that mails it.

use std::time::Duration;

use sigma_core::authentication::Acr;
use sigma_core::ids::JobId;

use crate::job_queue::{self, NewJob};
use crate::session::{BrowserSession, NewSession};
use crate::{StoreError, Tx, credential, params};

/// The kind of the job that mails a sign-in; its payload is the session's id.
pub const JOB: &str = "sign_in_notice";

/// How long a device stays known without a sign-in.
const REMEMBERED: Duration = Duration::from_hours(180 * 24);
/// How old the recorded last sign-in must be before it is updated.
const PRECISION: Duration = Duration::from_hours(24);
/// Most names of one account.
const MOST: i64 = 40;
/// Most new names within a day that are mailed.
const MOST_NOTICES: i64 = 20;

/// Notes where a session began, and queues a notice unless the account has signed in from there before, or never at all. A
/// session that still lacks the second factor of its account counts for nothing yet.
pub(crate) fn note(tx: &mut dyn Tx, session: &BrowserSession, new: &NewSession) -> Result<(), StoreError> {
    let (user_id, device, now) = (&session.user_id, &new.device, new.now);
    let sent = device.sent.as_deref().unwrap_or(&device.network);
    let known = tx.query_all(
        "SELECT name, seen_at FROM known_devices WHERE user_id = $1 AND (name = $2 OR name = $3)",
        params![user_id, sent, &device.network],
    )?;
    let (mut is_known, mut is_sent_known) = (false, device.sent.is_none());
    for row in &known {
        let (name, seen_at) = (row.text(0)?, row.timestamp(1)?);
        let age = now.since(seen_at);
        is_known |= age <= REMEMBERED;
        is_sent_known |= name == sent;
        if age >= PRECISION && age <= REMEMBERED {
            let sql = "UPDATE known_devices SET seen_at = $3 WHERE user_id = $1 AND name = $2";
            tx.execute(sql, params![user_id, &name, now])?;
        }
    }
    if is_known && is_sent_known {
        return Ok(());
    }
    if session.methods.acr() < Acr::demanded_by(&credential::kinds(tx, user_id)?) {
        return Ok(());
    }
    let (held, recent) = counts(tx, session, new)?;
    for name in [&device.mark, &device.network] {
        tx.execute(
            "INSERT INTO known_devices (user_id, name, created_at, seen_at) VALUES ($1, $2, $3, $3)
             ON CONFLICT (user_id, name) DO UPDATE SET seen_at = excluded.seen_at",
            params![user_id, name, now],
        )?;
    }
    if held + 2 > MOST {
        tx.execute(
            "DELETE FROM known_devices WHERE user_id = $1 AND name IN (
                SELECT name FROM known_devices WHERE user_id = $1 ORDER BY seen_at DESC, name LIMIT 500 OFFSET $2)",
            params![user_id, MOST],
        )?;
    }
    if is_known || held == 0 || recent > MOST_NOTICES {
        return Ok(());
    }
    // One session is mailed once. When too many jobs wait, the notice is left out: the activity page has the sign-in too.
    let job = NewJob {
        id: JobId::from_text(format!("{JOB}:{}", session.id)),
        kind: JOB,
        org_id: None,
        payload: session.id.to_string(),
        run_at: None,
        now,
    };
    job_queue::enqueue(tx, &job).map(drop)
}

/// How many names the account has, and how many of them are less than a day old.
fn counts(tx: &mut dyn Tx, session: &BrowserSession, new: &NewSession) -> Result<(i64, i64), StoreError> {
    let row = tx.query_opt(
        "SELECT COUNT(*), COUNT(CASE WHEN created_at > $2 THEN 1 END) FROM known_devices WHERE user_id = $1",
        params![&session.user_id, new.now.minus(Duration::from_hours(24))],
    )?;
    row.map_or(Ok((0, 0)), |row| Ok((row.int(0)?, row.int(1)?)))
}
