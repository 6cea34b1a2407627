//! `sigma resource`: the APIs that access tokens may be for (RFC 8707).

use std::path::Path;

use serde::Serialize;
use sigma_core::ids::OrgId;
use sigma_core::resource::{MOST_SCOPES, Resource, ResourceScope, ScopeProblem};
use sigma_core::time::Timestamp;
use sigma_store::{StoreError, Tx, app, org, resource};
use url::Url;

use super::app::draft::{listed, text};
use super::{Listed, named, one_more};
use crate::args::{Page, ResourceFields};
use crate::confirm::confirm;
use crate::failure::Failure;
use crate::opened::Opened;
use crate::output::{Output, fields, table};

/// A resource as printed.
#[derive(Debug, Serialize)]
pub struct ResourceView {
    uri: String,
    name: String,
    org_id: String,
    scopes: Vec<ResourceScope>,
    open: bool,
    servers: Vec<String>,
    created_at: String,
}

impl ResourceView {
    /// The view of `resource`, whose apps are named as their clients know them.
    pub fn of(tx: &mut dyn Tx, resource: &Resource) -> Result<Self, StoreError> {
        let mut servers = Vec::with_capacity(resource.servers.len());
        for id in &resource.servers {
            servers.push(app::find(tx, id)?.map_or_else(|| id.to_string(), |app| app.client_id.to_string()));
        }
        Ok(Self {
            uri: resource.uri.clone(),
            name: resource.name.clone(),
            org_id: resource.org_id.to_string(),
            scopes: resource.scopes.clone(),
            open: resource.open,
            servers,
            created_at: resource.created_at.to_string(),
        })
    }

    /// The API as text.
    fn text(&self) -> String {
        let scopes: Vec<String> =
            self.scopes.iter().map(|scope| format!("{}  {}", scope.name, scope.description)).collect();
        fields(&[
            ("URI", self.uri.clone()),
            ("name", self.name.clone()),
            ("owner", self.org_id.clone()),
            ("scopes", scopes.join("\n")),
            ("open to any app", if self.open { "yes".to_owned() } else { String::new() }),
            ("served by", self.servers.join("\n")),
            ("registered", self.created_at.clone()),
        ])
    }
}

/// Registers an API for the operator's org.
pub fn add(file: Option<&Path>, output: Output, uri: &str, fields: &ResourceFields) -> Result<(), Failure> {
    let opened = Opened::open(file)?;
    let now = opened.now();
    let org_id = opened.write(move |tx| org::load_operator(tx, now))?;
    let resource = changed(&opened, bare(uri, &opened.settings.issuer, org_id, now)?, fields)?;
    let view = view(&opened, &resource)?;
    if !opened.write(move |tx| resource::add(tx, &resource))? {
        return Err(Failure::Refused(format!("{uri} is registered already")));
    }
    output.answer(&view, ResourceView::text)
}

/// A new API of `org_id`, named after the host of its URI.
pub fn bare(uri: &str, issuer: &str, org_id: OrgId, now: Timestamp) -> Result<Resource, Failure> {
    let url = Url::parse(uri).map_err(|error| Failure::Usage(format!("\"{uri}\" is not an absolute URI: {error}")))?;
    if uri.contains('#') || uri.len() > 2_000 || uri.chars().any(|c| c.is_control() || c == ' ') {
        return Err(Failure::Usage(format!("\"{uri}\" must be an absolute URI without fragment (RFC 8707 §2)")));
    }
    if uri == issuer {
        return Err(Failure::Refused("the issuer already is the audience of its own tokens".to_owned()));
    }
    Ok(Resource {
        uri: uri.to_owned(),
        org_id,
        name: url.host_str().unwrap_or(uri).to_owned(),
        scopes: Vec::new(),
        open: false,
        servers: Vec::new(),
        created_at: now,
    })
}

/// Shows one API.
pub fn show(file: Option<&Path>, output: Output, uri: &str) -> Result<(), Failure> {
    let opened = Opened::open(file)?;
    output.answer(&view(&opened, &find(&opened, uri)?)?, ResourceView::text)
}

/// Changes an API.
pub fn set(file: Option<&Path>, output: Output, uri: &str, fields: &ResourceFields) -> Result<(), Failure> {
    let opened = Opened::open(file)?;
    let resource = changed(&opened, find(&opened, uri)?, fields)?;
    let view = view(&opened, &resource)?;
    if !opened.write(move |tx| resource::update(tx, &resource))? {
        return Err(Failure::NotFound(format!("the API {uri} has been removed meanwhile")));
    }
    output.answer(&view, ResourceView::text)
}

/// Applies the options to `resource`.
fn changed(opened: &Opened, mut resource: Resource, fields: &ResourceFields) -> Result<Resource, Failure> {
    if let Some(name) = &fields.name {
        resource.name = text("--name", name)?;
    }
    resource.open = fields.open.unwrap_or(resource.open);
    if !fields.scopes.is_empty() {
        resource.scopes = scopes(&fields.scopes)?;
    }
    if !fields.servers.is_empty() {
        resource.servers.clear();
        for name in listed(&fields.servers) {
            let id = named::app(opened, &name)?.id;
            if !resource.servers.contains(&id) {
                resource.servers.push(id);
            }
        }
    }
    Ok(resource)
}

fn scopes(typed: &[String]) -> Result<Vec<ResourceScope>, Failure> {
    let mut named: Vec<(&str, &str)> = Vec::new();
    for text in typed.iter().filter(|text| !text.is_empty()) {
        let Some(scope) = text.split_once('=') else {
            return Err(Failure::Usage(format!("--scope: \"{text}\" must be NAME=DESCRIPTION")));
        };
        named.push(scope);
    }
    registered(named)
}

/// The scopes of an API, by name and description.
pub fn registered<'t>(named: impl IntoIterator<Item = (&'t str, &'t str)>) -> Result<Vec<ResourceScope>, Failure> {
    let mut scopes: Vec<ResourceScope> = Vec::new();
    for (name, description) in named {
        let scope = ResourceScope::register(name, description).map_err(|problem| match problem {
            ScopeProblem::Reserved => Failure::Refused(format!("--scope: \"{name}\": {problem}")),
            _ => Failure::Usage(format!("--scope: \"{name}={description}\": {problem}")),
        })?;
        if scopes.iter().any(|known| known.name == scope.name) {
            return Err(Failure::Usage(format!("--scope: \"{name}\" is given twice")));
        }
        scopes.push(scope);
    }
    if scopes.len() > MOST_SCOPES {
        return Err(Failure::Usage(format!("--scope: an API has at most {MOST_SCOPES} scopes")));
    }
    Ok(scopes)
}

fn view(opened: &Opened, resource: &Resource) -> Result<ResourceView, Failure> {
    let resource = resource.clone();
    opened.read(move |tx| ResourceView::of(tx, &resource))
}

fn find(opened: &Opened, uri: &str) -> Result<Resource, Failure> {
    let wanted = uri.to_owned();
    opened
        .read(move |tx| resource::find(tx, &wanted))?
        .ok_or_else(|| Failure::NotFound(format!("there is no API {uri}; see `sigma resource list`")))
}

/// Lists a page of APIs by URI.
pub fn list(file: Option<&Path>, output: Output, page: &Page) -> Result<(), Failure> {
    let opened = Opened::open(file)?;
    let (after, limit) = (page.after.clone(), one_more(page.limit));
    let views = opened.read(move |tx| {
        let found = resource::list(tx, &after, limit)?;
        found.iter().map(|resource| ResourceView::of(tx, resource)).collect()
    })?;
    Listed::new(views, page.limit, |view: &ResourceView| view.uri.clone()).print(
        output,
        "sigma resource list",
        "There are no APIs yet: all tokens are for the server itself.",
        |views| {
            let row = |view: &ResourceView| [view.uri.clone(), view.name.clone(), view.org_id.clone()];
            table(["URI", "NAME", "OWNER"], &views.iter().map(row).collect::<Vec<_>>())
        },
    )
}

/// Removes an API after confirmation.
pub fn remove(file: Option<&Path>, output: Output, uri: &str, yes: bool) -> Result<(), Failure> {
    let opened = Opened::open(file)?;
    let wanted = uri.to_owned();
    if opened.read(move |tx| resource::find(tx, &wanted))?.is_none() {
        return Err(unknown(uri));
    }
    confirm(yes, &format!("no more tokens are issued for {uri}"))?;
    let wanted = uri.to_owned();
    let removed = opened.write(move |tx| match resource::find(tx, &wanted)? {
        Some(_) => resource::remove(tx, &wanted),
        None => Ok(false),
    })?;
    if !removed {
        return Err(unknown(uri));
    }
    output.answer(&serde_json::json!({ "removed": uri }), |_| format!("{uri} was removed."))
}

fn unknown(uri: &str) -> Failure {
    Failure::NotFound(format!("there is no API {uri}; see `sigma resource list`"))
}
