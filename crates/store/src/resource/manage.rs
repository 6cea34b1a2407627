//! What the operator does with APIs: one operation each for commands, the management API and the console. What may be refused comes
//! first, because a refusal commits.

use sigma_core::ids::{AppId, AppRef, OrgId};
use sigma_core::resource::{Resource, ResourceProblem, ResourceReason, ResourceSettings};
use sigma_core::time::Timestamp;

use crate::{Owner, Stop, StoreError, Tx, app, org, resource};

/// The outcome of an operation that settings may forbid.
pub type Judged<T> = Result<T, Stop<ResourceProblem>>;

impl From<ResourceProblem> for Stop<ResourceProblem> {
    fn from(problem: ResourceProblem) -> Self {
        Self::Refused(problem)
    }
}

/// An API, and what its apps are called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Managed {
    /// The API.
    pub resource: Resource,
    /// The client ids of the apps that serve it.
    pub servers: Vec<String>,
}

impl Managed {
    /// The API with the names of its apps.
    pub fn of(tx: &mut dyn Tx, resource: Resource) -> Result<Self, StoreError> {
        let mut servers = Vec::with_capacity(resource.servers.len());
        for id in &resource.servers {
            servers.push(app::find(tx, id)?.map_or_else(|| id.to_string(), |app| app.client_id.to_string()));
        }
        Ok(Self { resource, servers })
    }

    /// The settings that make it what it is.
    pub fn settings(self) -> ResourceSettings {
        let Resource { uri, org_id, name, scopes, open, .. } = self.resource;
        ResourceSettings {
            uri: Some(uri),
            org: Some(org_id.to_string()),
            name: Some(name),
            scopes: Some(scopes),
            open: Some(open),
            servers: Some(self.servers),
        }
    }
}

/// Registers an API, for the operator's org unless the settings name another.
pub fn add(tx: &mut dyn Tx, settings: &ResourceSettings, issuer: &str, now: Timestamp) -> Judged<Managed> {
    tx.lock(Owner::Installation)?;
    let operator = org::load_operator(tx, now)?;
    let owner = owner(tx, settings)?.unwrap_or(operator);
    tx.lock(Owner::Org(&owner))?;
    let mut resource = settings.new_resource(issuer, owner, now)?;
    set_servers(tx, settings, &mut resource)?;
    if !resource::add(tx, &resource)? {
        return Err(ResourceReason::UriTaken(resource.uri).of("uri").into());
    }
    Ok(Managed::of(tx, resource)?)
}

/// Changes an API. Repeating it changes nothing.
pub fn change(tx: &mut dyn Tx, uri: &str, settings: &ResourceSettings) -> Judged<Managed> {
    tx.lock(Owner::Installation)?;
    let before = load(tx, uri)?;
    tx.lock(Owner::Org(&before.org_id))?;
    let mut resource = settings.applied_to(before.clone())?;
    resource.org_id = owner(tx, settings)?.unwrap_or(resource.org_id);
    set_servers(tx, settings, &mut resource)?;
    if resource != before {
        resource::update(tx, &resource)?;
    }
    Ok(Managed::of(tx, resource)?)
}

/// Removes an API.
pub fn remove(tx: &mut dyn Tx, uri: &str) -> Judged<()> {
    tx.lock(Owner::Installation)?;
    let found = load(tx, uri)?;
    tx.lock(Owner::Org(&found.org_id))?;
    resource::remove(tx, uri)?;
    Ok(())
}

fn load(tx: &mut dyn Tx, uri: &str) -> Judged<Resource> {
    Ok(resource::find(tx, uri)?.ok_or(ResourceReason::NoResource.of("uri"))?)
}

/// The org that the settings name.
pub fn owner(tx: &mut dyn Tx, settings: &ResourceSettings) -> Judged<Option<OrgId>> {
    let Some(name) = &settings.org else { return Ok(None) };
    let found = org::find_named(tx, name)?;
    Ok(Some(found.ok_or_else(|| ResourceReason::NoOrg(name.clone()).of("org"))?))
}

/// Sets the apps that serve it, by what they are called. Their order means nothing.
pub fn set_servers(tx: &mut dyn Tx, settings: &ResourceSettings, resource: &mut Resource) -> Judged<()> {
    let Some(names) = &settings.servers else { return Ok(()) };
    let mut ids: Vec<AppId> = Vec::new();
    for name in names.iter().filter(|name| !name.is_empty()) {
        let found = match AppRef::parse(name) {
            Some(app_ref) => app::find_named(tx, &app_ref)?,
            None => None,
        };
        let id = found.ok_or_else(|| ResourceReason::NoApp(name.clone()).of("servers"))?.id;
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    let same = ids.len() == resource.servers.len() && ids.iter().all(|id| resource.servers.contains(id));
    if !same {
        resource.servers = ids;
    }
    Ok(())
}
