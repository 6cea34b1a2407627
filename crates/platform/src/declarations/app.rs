//! Apps.

use serde_json::Value;
use sigma_core::app::{App, AppProblem, AppReason, AppSettings};
use sigma_core::digest::Digest;
use sigma_core::ids::{AppRef, OrgId};
use sigma_store::app::{self, Added};
use sigma_store::branding::Branded;
use sigma_store::{Stop, Tx, resource, signer_origin};

use super::document::AppEntry;
use super::plan::{FreshApp, Item, Plan};
use super::step::{Judged, Kind, Members, Step, members};
use super::{app_settings, look, org};

/// What became of an app.
pub struct Brought {
    pub step: Option<Step>,
    /// Its client id and its secret, if one was generated.
    pub secret: Option<(String, String)>,
}

/// Makes an app as declared.
pub fn bring(tx: &mut dyn Tx, plan: &Plan, item: &Item<AppEntry, FreshApp>) -> Judged<Brought> {
    let (entry, fresh) = (&item.value, &item.fresh);
    let found = match AppRef::parse(&entry.client_id) {
        Some(named) => app::find_named(tx, &named)?,
        None => None,
    };
    let settings = app_settings::settings(entry);
    let mut app = match found.clone() {
        Some(app) => settings.applied_to(app, plan.now),
        None => settings.new_app(fresh.id.clone(), OrgId::operator(), plan.now),
    }
    .map_err(|problem| in_files(&problem))?;
    check_resources(tx, plan, entry)?;
    if let Some(name) = &entry.org {
        app.org_id = org::find(tx, name)?;
    }
    let origins = settings.declared_origins().map_err(|problem| in_files(&problem))?;
    let secret = set_secret(&mut app, fresh)?;

    let mut before = match &found {
        Some(app) => Some(view(tx, app)?),
        None => None,
    };
    write(tx, found.as_ref(), &app)?;
    if let Some(origins) = origins {
        signer_origin::declare(tx, &app.id, &app.org_id, &origins)?;
    }
    let mut after = view(tx, &app)?;
    let is_generated = secret == Secret::Generated;
    if let Some(words) = secret.words() {
        after.insert("client_secret".to_owned(), words);
    }
    let (whose, look) = (Branded::App(app.id.clone(), app.org_id.clone()), fresh.look.as_ref());
    look::bring(tx, &whose, look, (before.as_mut(), &mut after), plan.now)?;
    let step = Step::between(Kind::App, &entry.client_id, before, after);
    let generated = is_generated.then(|| (entry.client_id.clone(), fresh.generated.clone()));
    Ok(Brought { step, secret: generated })
}

/// What is wrong, in the names of files.
fn in_files(problem: &AppProblem) -> Stop<String> {
    let words = match problem.reason {
        AppReason::NoName => format!("{}: {}", problem.reason, problem.field),
        _ => problem.to_string(),
    };
    Stop::Refused(words)
}

/// A misspelt API would silently have no effect.
fn check_resources(tx: &mut dyn Tx, plan: &Plan, entry: &AppEntry) -> Judged<()> {
    for uri in entry.resources.iter().flatten() {
        if !plan.uris.contains(uri) && resource::find(tx, uri)?.is_none() {
            return Err(Stop::Refused(format!("resources: there is no API {uri}")));
        }
    }
    Ok(())
}

/// What became of the secret of an app.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Secret {
    /// It has the one that it had, or none.
    Kept,
    /// It has a new one, which is shown once.
    Generated,
    /// It has the one of its entry.
    Given(String),
}

impl Secret {
    fn words(self) -> Option<Value> {
        match self {
            Self::Kept => None,
            Self::Generated => Some("generated, and shown once".into()),
            Self::Given(from) => Some(from.into()),
        }
    }
}

fn set_secret(app: &mut App, fresh: &FreshApp) -> Judged<Secret> {
    if !app.auth_method.has_secret() {
        (app.secret, app.former_secret) = (None, None);
        if fresh.given.is_some() {
            let reason = format!("client_secret: the app authenticates with {}", app.auth_method.as_str());
            return Err(Stop::Refused(reason));
        }
        return Ok(Secret::Kept);
    }
    match (&fresh.given, app.secret) {
        (Some(given), secret) if secret != Some(given.digest) => {
            (app.secret, app.former_secret) = (Some(given.digest), None);
            Ok(Secret::Given(given.from.clone()))
        }
        (None, None) => {
            app.secret = Some(Digest::of(&fresh.generated));
            Ok(Secret::Generated)
        }
        _ => Ok(Secret::Kept),
    }
}

/// Registers or updates the app, unless it is as it should be.
fn write(tx: &mut dyn Tx, found: Option<&App>, app: &App) -> Judged<()> {
    match found {
        None if app::add(tx, app)? == Added::ClientIdTaken => {
            Err(Stop::Refused("the client id was another app's; client ids are never reused".to_owned()))
        }
        Some(found) if app::differs(found, app)? => app::update(tx, app).map(drop).map_err(Stop::Failed),
        _ => Ok(()),
    }
}

/// Its members, without those that nobody declares.
fn view(tx: &mut dyn Tx, app: &App) -> Judged<Members> {
    let mut members = members(&AppSettings::of(app, &signer_origin::of_app(tx, &app.id)?))?;
    // By its name: the id of a new one is another in each rehearsal.
    members.insert("org".to_owned(), org::find_name(tx, &app.org_id)?.into());
    members.remove("client_id");
    members.remove("unverified");
    Ok(members)
}
