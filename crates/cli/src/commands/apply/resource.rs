//! APIs.

use std::collections::BTreeSet;

use sigma_core::ids::{AppId, AppRef, OrgId};
use sigma_core::resource::Resource;
use sigma_store::{Stop, Tx, app, resource};

use super::declared::ResourceEntry;
use super::step::{Judged, Members, Step, members};
use super::wanted::{Item, Wanted};
use crate::commands::app::draft::text;
use crate::commands::resource::{ResourceView, bare, registered};
use crate::failure::Failure;

/// Makes an API as declared.
pub fn bring(tx: &mut dyn Tx, wanted: &Wanted, item: &Item<ResourceEntry, ()>) -> Judged<Option<Step>> {
    let entry = &item.value;
    let found = resource::find(tx, &entry.uri).map_err(Stop::Failed)?;
    let before = match &found {
        Some(resource) => Some(view(tx, resource)?),
        None => None,
    };
    let resource = match found.clone() {
        Some(resource) => resource,
        None => bare(&entry.uri, &wanted.issuer, OrgId::operator(), wanted.now).map_err(Stop::Refused)?,
    };
    let resource = changed(tx, resource, entry)?;
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
    let after = view(tx, &resource)?;
    Ok(Step::between("resource", &entry.uri, before, after))
}

fn changed(tx: &mut dyn Tx, mut resource: Resource, entry: &ResourceEntry) -> Judged<Resource> {
    if let Some(name) = &entry.name {
        resource.name = text("name", name).map_err(Stop::Refused)?;
    }
    resource.open = entry.open.unwrap_or(resource.open);
    if let Some(scopes) = &entry.scopes {
        let named = scopes.iter().map(|scope| (scope.name.as_str(), scope.description.as_str()));
        resource.scopes = registered(named).map_err(Stop::Refused)?;
    }
    if let Some(servers) = &entry.servers {
        let named: BTreeSet<&String> = servers.iter().collect();
        let ids = named.into_iter().map(|name| server(tx, name)).collect::<Result<Vec<AppId>, _>>()?;
        // Their order means nothing.
        let same = ids.len() == resource.servers.len() && ids.iter().all(|id| resource.servers.contains(id));
        resource.servers = if same { resource.servers } else { ids };
    }
    Ok(resource)
}

fn server(tx: &mut dyn Tx, name: &str) -> Judged<AppId> {
    let found = match AppRef::parse(name) {
        Some(named) => app::find_named(tx, &named).map_err(Stop::Failed)?,
        None => None,
    };
    let unknown = || Stop::Refused(Failure::NotFound(format!("servers: there is no app {name}")));
    found.map(|app| app.id).ok_or_else(unknown)
}

fn view(tx: &mut dyn Tx, resource: &Resource) -> Judged<Members> {
    let view = ResourceView::of(tx, resource).map_err(Stop::Failed)?;
    let mut members = members(&view).map_err(Stop::Failed)?;
    members.remove("created_at");
    members.remove("uri");
    Ok(members)
}
