//! APIs.

use sigma_core::ids::OrgId;
use sigma_core::resource::{Resource, ResourceProblem, ResourceReason, ResourceScope, ResourceSettings};
use sigma_store::resource::manage::{self, Managed};
use sigma_store::{Stop, Tx, resource};

use super::declared::ResourceEntry;
use super::org;
use super::step::{Judged, Members, Step, members};
use super::wanted::{Item, Wanted};
use crate::commands::resource::ResourceView;
use crate::failure::Failure;

/// Makes an API as declared.
pub fn bring(tx: &mut dyn Tx, wanted: &Wanted, item: &Item<ResourceEntry, ()>) -> Judged<Option<Step>> {
    let entry = &item.value;
    let found = resource::find(tx, &entry.uri).map_err(Stop::Failed)?;
    let before = match &found {
        Some(resource) => Some(view(tx, resource.clone())?),
        None => None,
    };
    let settings = settings(entry);
    let mut resource = match found.clone() {
        Some(resource) => settings.applied_to(resource),
        None => settings.new_resource(&wanted.issuer, OrgId::operator(), wanted.now),
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
    if !written.map_err(Stop::Failed)? {
        return Err(Stop::Refused(Failure::Refused("is registered already".to_owned())));
    }
    let after = view(tx, resource)?;
    Ok(Step::between("resource", &entry.uri, before, after))
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
fn in_files(problem: &ResourceProblem) -> Stop<Failure> {
    let words = match &problem.reason {
        reason @ ResourceReason::Issuer => reason.to_string(),
        _ => problem.to_string(),
    };
    Stop::Refused(Failure::Refused(words))
}

fn view(tx: &mut dyn Tx, resource: Resource) -> Judged<Members> {
    let view = ResourceView::of(&Managed::of(tx, resource).map_err(Stop::Failed)?);
    let mut members = members(&view).map_err(Stop::Failed)?;
    members.remove("created_at");
    members.remove("uri");
    Ok(members)
}
