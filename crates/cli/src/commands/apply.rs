//! `sigma apply`: brings apps, resources, workspaces, roles and providers to the state that files declare; and `sigma export config`,
//! which prints such a file.

mod file;
mod shown;
mod sources;
mod yaml;

use std::cell::OnceCell;
use std::path::Path;
use std::sync::Arc;

use serde_json::Value;
use sigma_core::provider::ProviderId;
use sigma_server::declarations::{self, Declarations, Known, Logos, Means, Plan, Report, Run, Unplanned};
use sigma_store::operator::declarations::By;
use sigma_store::{MasterKey, Trial};

pub use self::file::Places;
use super::branding;
use crate::args::ApplyArgs;
use crate::confirm::confirm;
use crate::failure::Failure;
use crate::opened::Opened;
use crate::output::{Output, print};

/// Applies the files to the database of the settings.
pub fn apply(config: Option<&Path>, output: Output, args: &ApplyArgs) -> Result<(), Failure> {
    let (document, places, logos) = read(args)?;
    let opened = Opened::open(config)?;
    let plan = Arc::new(plan(&opened, document, &places, &logos)?);
    let perform = |planned: &Report| {
        for logo in logos.values() {
            branding::store(&opened, logo)?;
        }
        perform(&opened, &plan, planned)
    };
    carry_out(output, args, || rehearse(&opened, &plan, &places), perform)
}

/// Reads the files of a command, and what they point to.
///
/// # Errors
/// One of it cannot be read.
pub fn read(args: &ApplyArgs) -> Result<(Declarations, Places, Logos), Failure> {
    let (mut document, places) = file::read_all(&args.files)?;
    let logos = sources::fetch(&mut document, &places)?;
    Ok((document, places, logos))
}

/// Shows what would change, asks, and has it done.
///
/// # Errors
/// Nobody confirms, a dry run found something, or what the two of them say.
pub fn carry_out(
    output: Output,
    args: &ApplyArgs,
    rehearse: impl FnOnce() -> Result<Report, Failure>,
    perform: impl FnOnce(&Report) -> Result<Report, Failure>,
) -> Result<(), Failure> {
    let planned = rehearse()?;
    if planned.changes.is_empty() {
        return output.answer(&planned, |_| "Nothing to do: everything is as declared.".to_owned());
    }
    if args.dry_run {
        output.answer(&planned, shown::changes)?;
        return Err(Failure::Reported);
    }
    if !output.json {
        print(&shown::changes(&planned))?;
    }
    confirm(args.sure.yes, &format!("{} will be made", shown::summary(&planned)))?;
    output.answer(&perform(&planned)?, shown::applied)
}

/// What is to be told to somebody whose plan is not what there is to do any more.
pub fn changed_meanwhile() -> Failure {
    Failure::Refused("something changed in the meantime, so nothing was applied; run the command again".to_owned())
}

fn plan(opened: &Opened, document: Declarations, places: &Places, logos: &Logos) -> Result<Plan, Failure> {
    let names = document.org_names();
    let known = opened.read(move |tx| Known::find(tx, &names))?;
    let configured: Vec<ProviderId> = opened.settings.providers.iter().map(|provider| provider.id.clone()).collect();
    let means = Means {
        issuer: &opened.settings.issuer,
        configured: &configured,
        allowed: &opened.settings.outbound.allow,
        logos,
        now: opened.now(),
        rng: opened.rng.as_ref(),
    };
    let found: OnceCell<Arc<MasterKey>> = OnceCell::new();
    let key = || match found.get() {
        Some(key) => Ok(Arc::clone(key)),
        None => opened.new_master_key().map(|key| Arc::clone(found.get_or_init(|| Arc::new(key)))),
    };
    Plan::new(document, &known, &means, key).map_err(|unplanned| match unplanned {
        Unplanned::Problems(problems) => places.failure(&problems),
        Unplanned::Key(failure) => failure,
        Unplanned::Seal(error) => Failure::Failed(error.to_string()),
    })
}

/// What applying would do, of which nothing is kept.
fn rehearse(opened: &Opened, plan: &Arc<Plan>, places: &Places) -> Result<Report, Failure> {
    let plan = Arc::clone(plan);
    let run = opened.try_out(move |tx| Ok(Trial::Undo(declarations::bring_about(tx, &plan, &By::Database)?)))?;
    if run.problems.is_empty() { Ok(run.planned()) } else { Err(places.failure(&run.problems)) }
}

/// Does what was planned, or nothing if it is no longer what there is to do.
fn perform(opened: &Opened, plan: &Arc<Plan>, planned: &Report) -> Result<Report, Failure> {
    let (plan, changes) = (Arc::clone(plan), planned.changes.clone());
    let done = opened.try_out(move |tx| {
        let run = declarations::bring_about(tx, &plan, &By::Database)?;
        let as_planned = run.problems.is_empty() && run.steps == changes;
        Ok(if as_planned { Trial::Keep(Some(run)) } else { Trial::Undo(None) })
    })?;
    done.map(Run::applied).ok_or_else(changed_meanwhile)
}

/// Prints the file of what is there, of one moment.
pub fn export(config: Option<&Path>, output: Output) -> Result<(), Failure> {
    print_document(output, &Opened::open(config)?.read(declarations::export)?)
}

/// Prints a document as a file.
pub fn print_document(output: Output, document: &Value) -> Result<(), Failure> {
    if output.json {
        let text = serde_json::to_string_pretty(document).map_err(|error| Failure::Failed(error.to_string()))?;
        return print(&text);
    }
    let about = "# Secrets, logos and members of workspaces are not in this file.";
    print(&[about.to_owned()].into_iter().chain(yaml::yaml(document)).collect::<Vec<_>>().join("\n"))
}
