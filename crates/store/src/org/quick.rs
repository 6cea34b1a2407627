//! Quick logins: members who log in without a password, for demonstrations and networks that the operator trusts. The
//! conditions hold for every use of a session, not only for the login: [`allows`] is asked each time.

use sigma_core::authentication::Authentication;
use sigma_core::ids::{OrgId, OrgRef, UserId};
use sigma_core::org::Switches;

use crate::org::login::{self, LoggedIn, Login};
use crate::org::membership::{self, Member, State};
use crate::org::{named, permissions, record, role};
use crate::{StoreError, Tx, params};

/// Most workspaces that are listed.
const MOST_WORKSPACES: u32 = 50;
/// Most members of each.
const MOST_PEOPLE: u32 = 20;

/// Whether members whose role manages something may use it: only in the demo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Managers {
    /// Allowed.
    Welcome,
    /// No.
    Excluded,
}

/// A workspace with the members who may use quick login.
#[derive(Clone, Debug)]
pub struct QuickLogins {
    /// The workspace.
    pub workspace: record::Org,
    /// The members.
    pub members: Vec<QuickMember>,
}

/// A member who may use quick login.
#[derive(Clone, Debug)]
pub struct QuickMember {
    /// The member.
    pub member: Member,
    /// The name of their role.
    pub role: String,
}

/// The workspaces that enabled quick logins and have active members marked for it, with those members: all, or the one
/// that is named.
pub fn list(tx: &mut dyn Tx, named: Option<&OrgRef>, managers: Managers) -> Result<Vec<QuickLogins>, StoreError> {
    if let Some(named) = named {
        let Some(org_id) = named::resolve(tx, named)? else { return Ok(Vec::new()) };
        return Ok(of_workspace(tx, &org_id, managers)?.into_iter().collect());
    }
    let ids = tx.query_all(
        "SELECT id FROM orgs WHERE quick_logins = 1 AND require_second_factor = 0 AND removed_at IS NULL ORDER BY id LIMIT $1",
        params![MOST_WORKSPACES],
    )?;
    let mut found = Vec::with_capacity(ids.len());
    for row in ids {
        found.extend(of_workspace(tx, &OrgId::from_text(row.text(0)?), managers)?);
    }
    Ok(found)
}

/// A workspace with the members who may use quick login; `None` if there are none.
fn of_workspace(tx: &mut dyn Tx, org_id: &OrgId, managers: Managers) -> Result<Option<QuickLogins>, StoreError> {
    let Some(workspace) = record::find(tx, org_id)?.filter(record::Org::allows_quick_logins) else { return Ok(None) };
    let forbidden = if managers == Managers::Welcome { 0 } else { permissions::mask(Switches::MANAGING) };
    let marked = tx.query_all(
        "SELECT m.user_id, r.name FROM memberships m JOIN roles r ON r.org_id = m.org_id AND r.id = m.role_id
            JOIN users u ON u.id = m.user_id AND u.disabled = 0
         WHERE m.org_id = $1 AND m.quick_login = 1 AND m.state = 'active' AND (r.switches & $2) = 0
         ORDER BY m.user_id LIMIT $3",
        params![org_id, forbidden, MOST_PEOPLE],
    )?;
    let mut members = Vec::with_capacity(marked.len());
    for row in marked {
        let (member, role) = (membership::find(tx, org_id, &UserId::from_text(row.text(0)?))?, row.text(1)?);
        members.extend(member.map(|member| QuickMember { member, role }));
    }
    Ok((!members.is_empty()).then_some(QuickLogins { workspace, members }))
}

/// Logs `user_id` in by a click, if [`list`] shows them.
pub fn quick_log_in(
    tx: &mut dyn Tx,
    user_id: &UserId,
    login: &Login,
    managers: Managers,
) -> Result<Option<LoggedIn>, StoreError> {
    let Some(org_id) = &login.org_id else { return Ok(None) };
    let Some(workspace) = record::find(tx, org_id)? else { return Ok(None) };
    let member = membership::find(tx, org_id, user_id)?;
    let Some(member) = member.filter(|member| member.state == State::Active && !member.disabled) else {
        return Ok(None);
    };
    let Some(is_manager) = role::manages_anything(tx, org_id, &member.role_id)? else { return Ok(None) };
    if !allows(&workspace, &member, is_manager, managers) {
        return Ok(None);
    }
    let begun = login::begin(tx, &Authentication::by_quick_login(user_id.clone(), login.now), login)?;
    Ok(begun.logged_in())
}

/// Whether workspace, member and role allow a quick login, and so the use of a session that one began. Whether the
/// caller's network is allowed is decided by the server.
pub fn allows(workspace: &record::Org, member: &Member, is_manager: bool, managers: Managers) -> bool {
    workspace.allows_quick_logins() && member.quick_login && (managers == Managers::Welcome || !is_manager)
}
