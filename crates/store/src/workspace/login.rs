//! Logging in to a workspace, for an authenticated user.

use sigma_core::ids::{OrgId, UserId};
use sigma_core::time::Timestamp;

use crate::workspace::membership::{self, Belonging, Member};
use crate::workspace::session::{self, SessionKind};
use crate::{StoreError, Tx};

/// An authenticated user who asks for a session.
#[derive(Clone, Debug)]
pub struct Login {
    /// The person.
    pub user_id: UserId,
    /// The requested workspace; by default the one they joined first.
    pub org_id: Option<OrgId>,
    /// The name of the session, if one begins.
    pub jti: String,
    /// The current time.
    pub now: Timestamp,
}

/// A logged-in user.
#[derive(Clone, Debug)]
pub struct LoggedIn {
    /// The workspace.
    pub workspace: Belonging,
    /// The member.
    pub member: Member,
    /// When the session ends, regardless of refreshes.
    pub ends_at: Timestamp,
    /// Their other workspaces; only looked up when no workspace was requested.
    pub others: Vec<Belonging>,
}

/// Begins a session of an authenticated, active member with an enabled account; `None` for anybody else, whatever the
/// reason.
pub fn log_in(tx: &mut dyn Tx, login: &Login) -> Result<Option<LoggedIn>, StoreError> {
    begin(tx, login, SessionKind::Proven)
}

/// Like [`log_in`], for a session of either kind.
pub(super) fn begin(tx: &mut dyn Tx, login: &Login, kind: SessionKind) -> Result<Option<LoggedIn>, StoreError> {
    let (workspace, others) = if let Some(org_id) = &login.org_id {
        (membership::of_person_in(tx, &login.user_id, org_id)?, Vec::new())
    } else {
        let mut all = membership::of_person(tx, &login.user_id)?.into_iter();
        (all.next(), all.collect())
    };
    let Some(workspace) = workspace else { return Ok(None) };
    let member = membership::find(tx, &workspace.org_id, &login.user_id)?;
    let Some(member) = member.filter(|member| !member.disabled) else { return Ok(None) };
    let ends_at =
        session::begin(tx, &workspace.org_id, &login.jti, &login.user_id, member.session_epoch, kind, login.now)?;
    Ok(Some(LoggedIn { workspace, member, ends_at, others }))
}
