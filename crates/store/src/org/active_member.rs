//! Members at work: what the pages of a workspace need about whoever views them.

use sigma_core::ids::{OrgId, UserId};
use sigma_core::org::Role;
use sigma_core::time::Timestamp;

use crate::org::membership::{self, Belonging, Member, State};
use crate::org::quick::{self, Managers};
use crate::org::record::{self, Org};
use crate::org::role;
use crate::org::session::{self, SessionKind};
use crate::{StoreError, Tx};

/// An active member of a workspace, whose account is enabled.
#[derive(Clone, Debug)]
pub struct ActiveMember {
    /// The workspace.
    pub workspace: Org,
    /// The member.
    pub member: Member,
    /// Their role.
    pub role: Role,
    /// Their other workspaces.
    pub others: Vec<Belonging>,
}

/// The member of that account, if they are active.
pub fn find(tx: &mut dyn Tx, org_id: &OrgId, user_id: &UserId) -> Result<Option<ActiveMember>, StoreError> {
    let Some(workspace) = record::find(tx, org_id)? else { return Ok(None) };
    let member = membership::find(tx, org_id, user_id)?;
    let Some(member) = member.filter(|member| member.state == State::Active && !member.disabled) else {
        return Ok(None);
    };
    let Some(role) = role::find(tx, org_id, &member.role_id)? else { return Ok(None) };
    let mut others = membership::of_person(tx, user_id)?;
    others.retain(|other| other.org_id != *org_id);
    Ok(Some(ActiveMember { workspace, member, role, others }))
}

/// The member whose quick login began the session called `jti`, while it is live and workspace, member and role allow it.
/// It shows no other workspaces: quick logins are enabled by the admins of one.
pub fn find_by_quick_login(
    tx: &mut dyn Tx,
    org_id: &OrgId,
    jti: &str,
    managers: Managers,
    now: Timestamp,
) -> Result<Option<ActiveMember>, StoreError> {
    let session = session::find(tx, org_id, jti)?;
    let Some(session) = session.filter(|session| session.kind == SessionKind::Quick && session.is_live(now)) else {
        return Ok(None);
    };
    let found = find(tx, org_id, &session.user_id)?.filter(|found| {
        let is_manager = found.role.permissions.manages_anything();
        found.member.session_epoch == session.session_epoch
            && quick::allows(&found.workspace, &found.member, is_manager, managers)
    });
    Ok(found.map(|found| ActiveMember { others: Vec::new(), ..found }))
}
