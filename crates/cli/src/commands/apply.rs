//! `sigma apply`: brings apps, resources, workspaces, roles and providers to the state that files declare.
//!
//! The changes are made in one transaction, which is rolled back the first time: so what is shown is what the rules of the store
//! say, and not a guess. Only if the second time does the same are they kept.

mod app;
mod declared;
mod export;
mod file;
mod look;
mod members;
mod org;
mod provider;
mod resource;
mod secret;
mod step;
mod wanted;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde::Serialize;
use sigma_store::{StoreError, Trial, Tx};

pub use self::export::export;
use self::step::{Run, Step};
use self::wanted::Wanted;
use super::branding;
use crate::args::ApplyArgs;
use crate::confirm::confirm;
use crate::failure::Failure;
use crate::opened::Opened;
use crate::output::{Output, print};

/// What was or would be done, as printed.
#[derive(Serialize)]
struct Report<'r> {
    applied: bool,
    /// What changes, in the order in which it is done.
    changes: &'r [Step],
    /// Entries that are as declared.
    unchanged: usize,
    /// The generated secrets of new apps, by client id.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    client_secrets: BTreeMap<&'r str, &'r str>,
}

impl<'r> Report<'r> {
    fn of(run: &'r Run) -> Self {
        Self { applied: false, changes: &run.steps, unchanged: run.unchanged, client_secrets: BTreeMap::new() }
    }

    fn applied(run: &'r Run) -> Self {
        let secrets = run.secrets.iter().map(|(app, secret)| (app.as_str(), secret.as_str()));
        Self { applied: true, client_secrets: secrets.collect(), ..Self::of(run) }
    }

    /// What was done, for people who have seen the changes.
    fn text(&self) -> String {
        let mut lines = vec!["Applied.".to_owned()];
        lines.extend(self.client_secrets.iter().map(|(app, secret)| format!("\nclient secret of {app}  {secret}")));
        match self.client_secrets.len() {
            0 => {}
            1 => lines.push("\nKeep the secret: it is not shown again.".to_owned()),
            _ => lines.push("\nKeep the secrets: they are not shown again.".to_owned()),
        }
        lines.join("\n")
    }
}

/// Applies the files.
pub fn apply(config: Option<&Path>, output: Output, args: &ApplyArgs) -> Result<(), Failure> {
    let declared = file::read_all(&args.files)?;
    let opened = Opened::open(config)?;
    let wanted = Arc::new(Wanted::new(&opened, declared)?);
    let planned = rehearse(&opened, &wanted)?;
    let report = Report::of(&planned);
    if planned.steps.is_empty() {
        return output.answer(&report, |_| "Nothing to do: everything is as declared.".to_owned());
    }
    if args.dry_run {
        output.answer(&report, |_| planned.text())?;
        return Err(Failure::Reported);
    }
    if !output.json {
        print(&planned.text())?;
    }
    confirm(args.sure.yes, &format!("{} will be made", planned.summary()))?;
    for logo in wanted.logos() {
        branding::store(&opened, logo)?;
    }
    let done = perform(&opened, &wanted, &planned)?;
    output.answer(&Report::applied(&done), Report::text)
}

/// What applying would do, of which nothing is kept.
fn rehearse(opened: &Opened, wanted: &Arc<Wanted>) -> Result<Run, Failure> {
    let wanted = Arc::clone(wanted);
    let run = opened.try_out(move |tx| Ok(Trial::Undo(bring_about(tx, &wanted)?)))?;
    if run.problems.is_empty() { Ok(run) } else { Err(Failure::Refused(run.problems.join("\n"))) }
}

/// Does what was planned, or nothing if it is no longer what there is to do.
fn perform(opened: &Opened, wanted: &Arc<Wanted>, planned: &Run) -> Result<Run, Failure> {
    let (wanted, steps) = (Arc::clone(wanted), planned.steps.clone());
    let done = opened.try_out(move |tx| {
        let run = bring_about(tx, &wanted)?;
        let as_planned = run.problems.is_empty() && run.steps == steps;
        Ok(if as_planned { Trial::Keep(Some(run)) } else { Trial::Undo(None) })
    })?;
    let changed = "something changed in the meantime, so nothing was applied; run the command again";
    done.ok_or_else(|| Failure::Refused(changed.to_owned()))
}

/// Brings everything about that is declared: workspaces and their roles first, then apps, which belong to them, and then the APIs,
/// which name the apps that serve them.
fn bring_about(tx: &mut dyn Tx, wanted: &Wanted) -> Result<Run, StoreError> {
    let mut run = Run::begin(tx, wanted.now)?;
    if let Some((at, look)) = &wanted.branding {
        run.note(at, look::bring_server(tx, look, wanted.now))?;
    }
    for entry in &wanted.orgs {
        run.note(&entry.at, org::bring(tx, wanted, entry))?;
    }
    for entry in &wanted.roles {
        run.note(&entry.at, org::bring_role(tx, wanted, entry))?;
    }
    for entry in &wanted.apps {
        let made = app::bring(tx, wanted, entry);
        run.note_app(&entry.at, made)?;
    }
    for entry in &wanted.resources {
        run.note(&entry.at, resource::bring(tx, wanted, entry))?;
    }
    for entry in &wanted.providers {
        run.note(&entry.at, provider::bring(tx, wanted, entry))?;
    }
    Ok(run)
}
