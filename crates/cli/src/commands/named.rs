//! Orgs and apps as the command line names them: by id, with or without prefix, or by the name that was chosen.

use sigma_core::app::App;
use sigma_core::ids::{AppRef, OrgId, OrgRef};
use sigma_store::{app, org};

use crate::failure::Failure;
use crate::opened::Opened;

/// The id of the org called `name`. Whether an id is an org's is left to the operation.
pub fn org_id(opened: &Opened, name: &str) -> Result<OrgId, Failure> {
    let found = match OrgRef::parse(name) {
        Some(wanted) => opened.read(move |tx| org::resolve(tx, &wanted))?,
        None => None,
    };
    found.ok_or_else(|| unknown_workspace(name))
}

/// The app called `name`.
pub fn app(opened: &Opened, name: &str) -> Result<App, Failure> {
    let found = match AppRef::parse(name) {
        Some(wanted) => opened.read(move |tx| app::find_named(tx, &wanted))?,
        None => None,
    };
    found.ok_or_else(|| Failure::NotFound(format!("there is no app {name}; see `sigma app list`")))
}

/// There is no such workspace.
pub fn unknown_workspace(name: &str) -> Failure {
    Failure::NotFound(format!("there is no workspace {name}; see `sigma workspace list`"))
}
