//! `sigma user impersonation`: who may act as other people.

use std::path::Path;

use sigma_core::ids::OrgId;
use sigma_store::{impersonation, org};

use crate::commands::named;
use crate::failure::Failure;
use crate::opened::Opened;
use crate::output::Output;

/// What becomes of the permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// It is given.
    Allow,
    /// It is taken back, and what is going on ends.
    Deny,
    /// It is shown.
    Show,
}

impl Permission {
    /// What the options say.
    pub const fn of(allow: bool, deny: bool) -> Self {
        match (allow, deny) {
            (true, _) => Self::Allow,
            (_, true) => Self::Deny,
            _ => Self::Show,
        }
    }
}

/// Lets a user act as others at the apps of a workspace, or at every app without one; or takes that back.
pub fn impersonation(
    file: Option<&Path>,
    output: Output,
    user: &str,
    workspace: Option<&str>,
    permission: Permission,
) -> Result<(), Failure> {
    let opened = Opened::open(file)?;
    let user_id = super::find(&opened, user)?.user.id;
    let org_id = match workspace {
        None => OrgId::operator(),
        Some(name) => {
            let id = named::org_id(&opened, name)?;
            let wanted = id.clone();
            if opened.read(move |tx| org::find(tx, &wanted))?.is_none() {
                return Err(named::unknown_workspace(name));
            }
            id
        }
    };
    let now = opened.now();
    let (wanted, person) = (org_id.clone(), user_id.clone());
    match permission {
        Permission::Allow => {
            if opened.write(move |tx| impersonation::allow(tx, &wanted, &person, now))?.is_none() {
                let most = impersonation::MOST_IMPERSONATORS;
                return Err(Failure::Refused(format!("at most {most} people may impersonate others there")));
            }
        }
        Permission::Deny => {
            opened.write(move |tx| impersonation::deny(tx, &wanted, &person, now))?;
        }
        Permission::Show => {}
    }
    let (wanted, person) = (org_id.clone(), user_id.clone());
    let allowed = opened.read(move |tx| impersonation::is_allowed(tx, &wanted, &person))?;
    output.answer(&serde_json::json!({ "user": user_id, "org": org_id, "allowed": allowed }), |_| {
        said(user_id.as_str(), workspace, allowed)
    })
}

/// What the command says in words.
pub fn said(user: &str, workspace: Option<&str>, allowed: bool) -> String {
    let place = workspace.map_or_else(|| "at every app".to_owned(), |name| format!("at the apps of {name}"));
    format!("{user} {} act as other users {place}.", if allowed { "may" } else { "may not" })
}
