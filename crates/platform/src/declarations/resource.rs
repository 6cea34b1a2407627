//! APIs.

use sigma_core::ids::OrgId;
use sigma_core::resource::{Resource, ResourceProblem, ResourceReason, ResourceScope, ResourceSettings};
use sigma_store::resource::manage::{self, Managed};
use sigma_store::{Stop, Tx, resource};

use super::document::ResourceEntry;
use super::org;
use super::plan::{Item, Plan};
use super::step::{Judged, Kind, Members, Step, members};

/// Makes an API as declared.
pub fn bring(tx: &mut dyn Tx, plan: &Plan, item: &Item<ResourceEntry, ()>) -> Judged<Option<Step>> {
    let entry = &item.value;
    let found = resource::find(tx, &entry.uri)?;
    let before = match &found {
        Some(resource) => Some(view(tx, resource.clone())?),
        None => None,
    };
    let settings = settings(entry);
    let mut resource = match found.clone() {
        Some(resource) => settings.applied_to(resource),
        None => settings.new_resource(&plan.issuer, OrgId::operator(), plan.now),
    }
    .map_err(|problem| in_files(&problem))?;
    if let Some(name) = &entry.org {
        resource.org_id = org::find(tx, name)?;
    }
    manage::set_servers(tx, &settings, &mut resource).map_err(|stop| match stop {
        Stop::Refused(problem) => in_files(&problem),
        Stop::Failed(error) => Stop::Failed(error),
    })?;
    if found.as_ref() == Some(&resource) {
        return Ok(None);
    }
    let written = match found {
        Some(_) => resource::update(tx, &resource),
        None => resource::add(tx, &resource),
    };
    if !written? {
        return Err(Stop::Refused("is registered already".to_owned()));
    }
    let after = view(tx, resource)?;
    Ok(Step::between(Kind::Resource, &entry.uri, before, after))
}

fn settings(entry: &ResourceEntry) -> ResourceSettings {
    let scope = |(name, description): (&String, &String)| ResourceScope {
        name: name.clone(),
        description: description.clone(),
    };
    let scopes = entry.scopes.as_ref();
    ResourceSettings {
        uri: Some(entry.uri.clone()),
        org: None,
        name: entry.name.clone(),
        scopes: scopes.map(|scopes| scopes.iter().map(|one| scope((&one.name, &one.description))).collect()),
        open: entry.open,
        servers: entry.servers.clone(),
    }
}

/// What is wrong, in the names of files.
fn in_files(problem: &ResourceProblem) -> Stop<String> {
    let words = match &problem.reason {
        reason @ ResourceReason::Issuer => reason.to_string(),
        _ => problem.to_string(),
    };
    Stop::Refused(words)
}

fn view(tx: &mut dyn Tx, resource: Resource) -> Judged<Members> {
    let owner = org::find_name(tx, &resource.org_id)?;
    let mut members = members(&Managed::of(tx, resource)?.settings())?;
    // By its name: the id of a new one is another in each rehearsal.
    members.insert("org".to_owned(), owner.into());
    members.remove("uri");
    Ok(members)
}
