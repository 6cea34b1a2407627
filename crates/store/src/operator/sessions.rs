//! Browser sessions as the console and the management API see them.

use std::collections::BTreeMap;

use sigma_core::ids::{AppId, OrgId, SessionId, UserId};
use sigma_core::operator::{OperatorRefusal, OperatorRight};
use sigma_core::time::Timestamp;

use super::Decision;
use super::authority::{Caller, require, require_over};
use crate::{Owner, StoreError, Tx, params, session};

/// A live session.
#[derive(Clone, Debug)]
pub struct SessionLine {
    /// Its id.
    pub id: SessionId,
    /// Who is signed in.
    pub user_id: UserId,
    /// Their name.
    pub name: String,
    /// The network address at its start.
    pub address: String,
    /// The `User-Agent` at its start.
    pub user_agent: String,
    /// When it began.
    pub created_at: Timestamp,
    /// The last authentication, or the day on which an app was last given something, whichever is later.
    pub last_used_at: Timestamp,
    /// When it expires.
    pub expires_at: Timestamp,
    /// The apps that the person is signed in to by it.
    pub apps: Vec<AppId>,
}

/// Greater than every id: the hexadecimal digits of an id end at `f`.
const END: &str = "ses_g";

macro_rules! sessions {
    ($condition:literal) => {
        concat!(
            "SELECT s.id, s.user_id, u.name, s.address, s.user_agent, s.created_at, s.updated_at, s.expires_at
             FROM sessions s JOIN users u ON u.id = s.user_id
             WHERE s.id < $1 AND s.ended_at IS NULL AND s.expires_at > $2",
            $condition,
            " ORDER BY s.id DESC LIMIT $3"
        )
    };
}

/// At most `limit` live sessions, of everybody or of a person, newest first; before that id. Ended ones are deleted after minutes, so
/// hardly any are skipped.
pub fn list(
    tx: &mut dyn Tx,
    caller: &Caller,
    person: Option<&UserId>,
    before: Option<&SessionId>,
    now: Timestamp,
    limit: u32,
) -> Decision<Vec<SessionLine>> {
    require(tx, caller, OperatorRight::ReadPeople)?;
    let before = before.map_or(END, SessionId::as_str);
    let rows = match person {
        None => tx.query_all(sessions!(""), params![before, now, limit])?,
        Some(user_id) => tx.query_all(sessions!(" AND s.user_id = $4"), params![before, now, limit, user_id])?,
    };
    let mut lines = Vec::with_capacity(rows.len());
    for row in &rows {
        lines.push(SessionLine {
            id: SessionId::from_text(row.text(0)?),
            user_id: UserId::from_text(row.text(1)?),
            name: row.text(2)?,
            address: row.text(3)?,
            user_agent: row.text(4)?,
            created_at: row.timestamp(5)?,
            last_used_at: row.timestamp(6)?,
            expires_at: row.timestamp(7)?,
            apps: Vec::new(),
        });
    }
    add_apps(tx, person, &mut lines, now)?;
    Ok(lines)
}

macro_rules! uses {
    ($condition:literal) => {
        concat!(
            "SELECT s.id, g.app_id, MAX(COALESCE(g.last_used_at, g.created_at))
             FROM sessions s JOIN grants g ON g.session_id = s.id
             WHERE s.id >= $1 AND s.id <= $2 AND s.ended_at IS NULL AND g.revoked_at IS NULL AND g.expires_at > $3",
            $condition,
            " GROUP BY s.id, g.app_id ORDER BY s.id, g.app_id"
        )
    };
}

/// Adds what the sessions are used for.
fn add_apps(
    tx: &mut dyn Tx,
    person: Option<&UserId>,
    lines: &mut [SessionLine],
    now: Timestamp,
) -> Result<(), StoreError> {
    let (Some(newest), Some(oldest)) = (lines.first(), lines.last()) else { return Ok(()) };
    let rows = match person {
        None => tx.query_all(uses!(""), params![&oldest.id, &newest.id, now])?,
        Some(user_id) => tx.query_all(uses!(" AND s.user_id = $4"), params![&oldest.id, &newest.id, now, user_id])?,
    };
    let mut places: BTreeMap<String, &mut SessionLine> =
        lines.iter_mut().map(|line| (line.id.as_str().to_owned(), line)).collect();
    for row in &rows {
        if let Some(line) = places.get_mut(&row.text(0)?) {
            line.apps.push(AppId::from_text(row.text(1)?));
            line.last_used_at = line.last_used_at.max(row.timestamp(2)?);
        }
    }
    Ok(())
}

/// Ends a session, with the tokens that were issued in it; returns whose it was.
pub fn end(tx: &mut dyn Tx, caller: &Caller, id: &SessionId, now: Timestamp) -> Decision<UserId> {
    // Who may not end any learns nothing of this one.
    require(tx, caller, OperatorRight::SignOutPeople)?;
    let found = session::find(tx, id)?.filter(|session| session.is_live(now)).ok_or(OperatorRefusal::NotFound)?;
    tx.lock(Owner::Org(&OrgId::operator()))?;
    tx.lock(Owner::User(&found.user_id))?;
    require_over(tx, caller, OperatorRight::SignOutPeople, &found.user_id)?;
    if session::end_by_operator(tx, &found.user_id, id, now)? {
        Ok(found.user_id)
    } else {
        Err(OperatorRefusal::NotFound.into())
    }
}
