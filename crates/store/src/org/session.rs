//! Sessions of members in workspaces, by the `jti` of their tokens: kept across refreshes, so that logging out ends the
//! whole chain.

use std::time::Duration;

use sigma_core::actor::Actor;
use sigma_core::authentication::Acr;
use sigma_core::event::{Action, Details, Target};
use sigma_core::ids::{OrgId, UserId};
use sigma_core::org::{QUICK_SESSION_SECONDS, SESSION_SECONDS};
use sigma_core::time::Timestamp;

use crate::event::{self, NewEvent};
use crate::{Owner, Row, StoreError, Tx, cached, params};

/// How a session began, which determines its lifetime and conditions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionKind {
    /// The user authenticated: 30 days.
    Proven,
    /// Quick login: a day, and only while server, network, workspace, member and role allow it.
    Quick,
}

impl SessionKind {
    fn lifetime(self) -> Duration {
        let seconds = match self {
            Self::Proven => SESSION_SECONDS,
            Self::Quick => QUICK_SESSION_SECONDS,
        };
        Duration::from_secs(seconds.unsigned_abs())
    }
}

/// A session of a member in a workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrgSession {
    /// The workspace.
    pub org_id: OrgId,
    /// Its name in the member's tokens.
    pub jti: String,
    /// The person.
    pub user_id: UserId,
    /// The session epoch of the membership at login; the session ends with it.
    pub session_epoch: i64,
    /// How it began.
    pub kind: SessionKind,
    /// What was proven: it counts only while workspace and user demand no more.
    pub acr: Acr,
    /// When it began.
    pub created_at: Timestamp,
    /// When it ends, regardless of refreshes.
    pub expires_at: Timestamp,
    /// When it was ended early.
    pub ended_at: Option<Timestamp>,
}

impl OrgSession {
    /// Whether it has not ended; the membership is checked separately.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.ended_at.is_none() && now < self.expires_at
    }
}

/// Most live sessions of one account in all its workspaces.
pub const MOST_LIVE: u32 = 100;

/// A session that is about to begin.
#[derive(Clone, Copy, Debug)]
pub(super) struct NewOrgSession<'a> {
    /// The workspace.
    pub org_id: &'a OrgId,
    /// Its name.
    pub jti: &'a str,
    /// The person.
    pub user_id: &'a UserId,
    /// The session epoch of the membership.
    pub session_epoch: i64,
    /// What was proven; nothing by a quick login.
    pub acr: Acr,
    /// The current time.
    pub now: Timestamp,
}

/// Begins a session. Beyond [`MOST_LIVE`] the oldest of the account ends. Quick logins make room only among those of
/// their workspace: otherwise anyone allowed to use them could end authenticated sessions.
pub(super) fn begin(tx: &mut dyn Tx, new: &NewOrgSession<'_>) -> Result<Timestamp, StoreError> {
    let NewOrgSession { org_id, jti, user_id, session_epoch, acr, now } = *new;
    let kind = if acr == Acr::Zero { SessionKind::Quick } else { SessionKind::Proven };
    tx.lock(Owner::User(user_id))?;
    let too_many = tx.query_all(
        "SELECT org_id, jti FROM org_sessions WHERE user_id = $1 AND ended_at IS NULL AND expires_at > $2
            AND quick = $4 AND (quick = 0 OR org_id = $5)
         ORDER BY created_at DESC, jti DESC LIMIT 10 OFFSET $3",
        params![user_id, now, i64::from(MOST_LIVE - 1), kind == SessionKind::Quick, org_id],
    )?;
    for row in &too_many {
        let ended_in = OrgId::from_text(row.text(0)?);
        if close(tx, &ended_in, &row.text(1)?, now)?.is_some() {
            let details = Details { reason: Some("room".to_owned()), ..Details::default() };
            let event = NewEvent::new(Action::WorkspaceSignOut).by(Actor::System).about(user_id).within(&ended_in);
            let event = event.to(Target::Workspace(ended_in.clone())).with(details);
            event::append_bounded(tx, event, user_id, now)?;
        }
    }
    let expires_at = now.plus(kind.lifetime());
    tx.execute(
        "INSERT INTO org_sessions (org_id, jti, user_id, session_epoch, quick, acr, created_at, expires_at, ended_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, NULL)",
        params![org_id, jti, user_id, session_epoch, kind == SessionKind::Quick, acr.as_str(), now, expires_at],
    )?;
    let method = if kind == SessionKind::Quick { "quick-login" } else { "password" };
    let event = recorded(Action::WorkspaceSignIn, org_id, user_id.clone()).method(method);
    event::append_bounded(tx, event, user_id, now)?;
    Ok(expires_at)
}

/// The session of that name, live or not.
pub fn find(tx: &mut dyn Tx, org_id: &OrgId, jti: &str) -> Result<Option<OrgSession>, StoreError> {
    tx.query_opt(
        "SELECT org_id, jti, user_id, session_epoch, quick, acr, created_at, expires_at, ended_at
         FROM org_sessions WHERE org_id = $1 AND jti = $2",
        params![org_id, jti],
    )?
    .map(|row| decode(&row))
    .transpose()
}

/// Ends a session; returns whether it was live. The next sweep deletes its row: no one needs it any more.
pub fn end(tx: &mut dyn Tx, org_id: &OrgId, jti: &str, now: Timestamp) -> Result<bool, StoreError> {
    let Some(user_id) = close(tx, org_id, jti, now)? else { return Ok(false) };
    event::append_bounded(tx, recorded(Action::WorkspaceSignOut, org_id, user_id.clone()), &user_id, now)?;
    Ok(true)
}

fn recorded(action: Action, org_id: &OrgId, user_id: UserId) -> NewEvent {
    NewEvent::new(action).by(Actor::User(user_id)).within(org_id).to(Target::Workspace(org_id.clone()))
}

/// Ends a session; whose it was, if it was live.
fn close(tx: &mut dyn Tx, org_id: &OrgId, jti: &str, now: Timestamp) -> Result<Option<UserId>, StoreError> {
    let ended = tx.query_opt(
        "UPDATE org_sessions SET ended_at = $3, expires_at = $3 WHERE org_id = $1 AND jti = $2 AND ended_at IS NULL
         RETURNING user_id",
        params![org_id, jti, now],
    )?;
    let Some(ended) = ended else { return Ok(None) };
    tx.changed(cached::ORG_SESSION, &cached::key_in(org_id, jti))?;
    Ok(Some(UserId::from_text(ended.text(0)?)))
}

/// Ends live sessions of a user in all workspaces, at most 500; returns how many. 0 means that none are left.
pub fn end_all(tx: &mut dyn Tx, user_id: &UserId, now: Timestamp) -> Result<usize, StoreError> {
    let live = tx.query_all(
        "SELECT org_id, jti FROM org_sessions WHERE user_id = $1 AND ended_at IS NULL AND expires_at > $2 LIMIT 500",
        params![user_id, now],
    )?;
    for row in &live {
        close(tx, &OrgId::from_text(row.text(0)?), &row.text(1)?, now)?;
    }
    Ok(live.len())
}

fn decode(row: &Row) -> Result<OrgSession, StoreError> {
    Ok(OrgSession {
        org_id: OrgId::from_text(row.text(0)?),
        jti: row.text(1)?,
        user_id: UserId::from_text(row.text(2)?),
        session_epoch: row.int(3)?,
        kind: if row.bool(4)? { SessionKind::Quick } else { SessionKind::Proven },
        acr: row.parsed(5, "the class of a session", Acr::parse)?,
        created_at: row.timestamp(6)?,
        expires_at: row.timestamp(7)?,
        ended_at: row.opt_timestamp(8)?,
    })
}
