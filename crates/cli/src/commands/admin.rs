//! `sigma admin`: the people who may use the console.

use std::path::Path;

use serde::Serialize;
use sigma_core::actor::Actor;
use sigma_core::ids::UserId;
use sigma_core::operator::OperatorRole;
use sigma_store::operator::role::{self, Workspace};
use sigma_store::user::User;

use super::user;
use crate::confirm::confirm;
use crate::failure::Failure;
use crate::opened::Opened;
use crate::output::{Output, table};

/// A person with a role, as printed.
#[derive(Debug, Serialize)]
struct AdminView {
    id: String,
    name: String,
    email: Option<String>,
    role: &'static str,
    /// Whether the role counts: neither their account nor their membership is disabled.
    active: bool,
}

impl AdminView {
    fn of((user, role, is_active): &(User, OperatorRole, bool)) -> Self {
        Self {
            id: user.id.to_string(),
            name: user.name.clone(),
            email: user.email.clone(),
            role: role.as_str(),
            active: *is_active && !user.disabled,
        }
    }
}

/// Lists the people with a role.
pub fn list(file: Option<&Path>, output: Output) -> Result<(), Failure> {
    let opened = Opened::open(file)?;
    let found = opened.read(role::list)?;
    let views: Vec<AdminView> = found.iter().map(AdminView::of).collect();
    output.answer(&serde_json::json!({ "items": views }), |_| {
        if views.is_empty() {
            return "Nobody may use the console yet: open the link that `sigma serve` prints at its start, or add somebody \
                    with `sigma admin add`."
                .to_owned();
        }
        let off = |view: &AdminView| if view.active { String::new() } else { "disabled".to_owned() };
        let row = |view: &AdminView| {
            let email = view.email.clone().unwrap_or_default();
            [view.id.clone(), view.name.clone(), email, view.role.to_owned(), off(view)]
        };
        table(["ID", "NAME", "ADDRESS", "ROLE", ""], &views.iter().map(row).collect::<Vec<_>>())
    })
}

/// Gives a person a role, in place of the one that they have.
pub fn add(file: Option<&Path>, output: Output, user: &str, role: OperatorRole) -> Result<(), Failure> {
    let opened = Opened::open(file)?;
    let account = user::find(&opened, user)?;
    let found = appoint(&opened, &account.user, role)?;
    output.answer(&found, |view| {
        format!("{} may use the console as {}: {}/console", view.name, view.role, opened.settings.issuer)
    })
}

fn appoint(opened: &Opened, user: &User, role: OperatorRole) -> Result<AdminView, Failure> {
    let workspace = Workspace::new(&opened.new_master_key()?, opened.rng.as_ref())
        .map_err(|error| Failure::Failed(error.to_string()))?;
    make(opened, &user.id, role, workspace)?;
    Ok(AdminView::of(&(user.clone(), role, true)))
}

/// Makes what is missing of the operator's org, and gives the person a role in it.
pub fn make(opened: &Opened, user_id: &UserId, role: OperatorRole, workspace: Workspace) -> Result<(), Failure> {
    let (user_id, now) = (user_id.clone(), opened.now());
    opened.decide(move |tx| {
        role::prepare(tx, &workspace, now)?;
        role::appoint(tx, &user_id, role, now)
    })
}

/// Takes a person's role away.
pub fn remove(file: Option<&Path>, output: Output, user: &str, yes: bool) -> Result<(), Failure> {
    let opened = Opened::open(file)?;
    let account = user::find(&opened, user)?;
    let id = account.user.id.clone();
    let found = opened.read(role::list)?.into_iter().find(|(user, ..)| user.id == id);
    let view = found.as_ref().map(AdminView::of);
    let view =
        view.ok_or_else(|| Failure::NotFound(format!("{user} may not use the console; see `sigma admin list`")))?;
    confirm(yes, &format!("{user} can no longer use the console"))?;
    let now = opened.now();
    opened.decide(move |tx| role::dismiss(tx, &Actor::Operator, &id, now))?;
    output.answer(&view, |view| format!("{} may no longer use the console.", view.name))
}
