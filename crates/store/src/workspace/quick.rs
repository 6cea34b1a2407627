//! Quick logins: people who get in by a click, for demonstrations and networks that the operator trusts (ruling 31).

use sigma_core::ids::{OrgId, UserId};

use crate::workspace::login::{LoggedIn, Login, log_in};
use crate::workspace::membership::{self, State};
use crate::workspace::{role, tenant};
use crate::{StoreError, Tx, params};

/// Most workspaces that are listed.
const MOST_WORKSPACES: u32 = 50;
/// Most people of each.
const MOST_PEOPLE: u32 = 20;

/// Whether people whose role manages something may be among them: only in the demo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Managers {
    /// Yes.
    Welcome,
    /// No.
    Excluded,
}

/// A workspace with the people who get in by a click.
#[derive(Clone, Debug)]
pub struct QuickLogins {
    /// The workspace.
    pub workspace: tenant::Workspace,
    /// The people.
    pub members: Vec<membership::Member>,
}

/// The workspaces that switched quick logins on and have active people who are marked for it, and those people.
pub fn list(tx: &mut dyn Tx, managers: Managers) -> Result<Vec<QuickLogins>, StoreError> {
    let ids = tx.query_all(
        "SELECT id FROM orgs WHERE quick_logins = 1 AND removed_at IS NULL ORDER BY id LIMIT $1",
        params![MOST_WORKSPACES],
    )?;
    let mut found = Vec::with_capacity(ids.len());
    for row in ids {
        let Some(workspace) = tenant::find(tx, &OrgId::from_text(row.text(0)?))? else { continue };
        // 207 are the switches that manage something: schemas, roles, dimensions, option lists, users and API keys.
        let forbidden = if managers == Managers::Welcome { 0 } else { 207_i64 };
        let marked = tx.query_all(
            "SELECT m.user_id FROM memberships m JOIN roles r ON r.org_id = m.org_id AND r.id = m.role_id
                JOIN users u ON u.id = m.user_id AND u.disabled = 0
             WHERE m.org_id = $1 AND m.quick_login = 1 AND m.state = 'active' AND (r.switches & $2) = 0
             ORDER BY m.user_id LIMIT $3",
            params![&workspace.id, forbidden, MOST_PEOPLE],
        )?;
        let mut members = Vec::with_capacity(marked.len());
        for row in marked {
            members.extend(membership::find(tx, &workspace.id, &UserId::from_text(row.text(0)?))?);
        }
        if !members.is_empty() {
            found.push(QuickLogins { workspace, members });
        }
    }
    Ok(found)
}

/// Logs somebody in by a click, if [`list`] shows them.
pub fn quick_log_in(tx: &mut dyn Tx, login: &Login, managers: Managers) -> Result<Option<LoggedIn>, StoreError> {
    let Some(org_id) = &login.org_id else { return Ok(None) };
    let Some(workspace) = tenant::find(tx, org_id)?.filter(|workspace| workspace.quick_logins) else { return Ok(None) };
    let Some(member) = membership::find(tx, org_id, &login.user_id)? else { return Ok(None) };
    if !may(tx, &workspace, &member, managers)? {
        return Ok(None);
    }
    log_in(tx, login)
}

fn may(
    tx: &mut dyn Tx,
    workspace: &tenant::Workspace,
    member: &membership::Member,
    managers: Managers,
) -> Result<bool, StoreError> {
    if !member.quick_login || member.disabled || member.state != State::Active {
        return Ok(false);
    }
    let role = role::find(tx, &workspace.id, &member.role_id)?;
    Ok(role.is_some_and(|role| managers == Managers::Welcome || !role.permissions.manages_anything()))
}
