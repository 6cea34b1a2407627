//! `sigma resource`: the APIs that access tokens may be for (RFC 8707).

use std::path::Path;

use serde::Serialize;
use sigma_core::app::ProblemKind;
use sigma_core::resource::{ResourceProblem, ResourceReason, ResourceScope, ResourceSettings};
use sigma_store::resource;
use sigma_store::resource::manage::{self, Managed};

use super::{Listed, one_more};
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
    org: String,
    scopes: Vec<ResourceScope>,
    open: bool,
    servers: Vec<String>,
    created_at: String,
}

impl From<ResourceProblem> for Failure {
    fn from(problem: ResourceProblem) -> Self {
        let words = match (&problem.reason, problem.field) {
            (ResourceReason::NoResource, _) => "the API has been removed meanwhile".to_owned(),
            (ResourceReason::NoApp(name), _) => format!("there is no app {name}; see `sigma app list`"),
            (ResourceReason::NoOrg(name), _) => format!("there is no workspace {name}; see `sigma workspace list`"),
            (reason, "uri") => reason.to_string(),
            (reason, "scopes") => format!("--scope: {reason}"),
            (reason, field) => format!("--{field}: {reason}"),
        };
        match problem.reason.kind() {
            ProblemKind::Malformed => Self::Usage(words),
            ProblemKind::Refused => Self::Refused(words),
            ProblemKind::NotFound => Self::NotFound(words),
        }
    }
}

impl ResourceView {
    /// The view of an API, whose apps are named as their clients know them.
    pub fn of(managed: &Managed) -> Self {
        let resource = &managed.resource;
        Self {
            uri: resource.uri.clone(),
            name: resource.name.clone(),
            org: resource.org_id.to_string(),
            scopes: resource.scopes.clone(),
            open: resource.open,
            servers: managed.servers.clone(),
            created_at: resource.created_at.to_string(),
        }
    }

    /// The API as text.
    fn text(&self) -> String {
        let scopes: Vec<String> =
            self.scopes.iter().map(|scope| format!("{}  {}", scope.name, scope.description)).collect();
        fields(&[
            ("URI", self.uri.clone()),
            ("name", self.name.clone()),
            ("owner", self.org.clone()),
            ("scopes", scopes.join("\n")),
            ("open to any app", if self.open { "yes".to_owned() } else { String::new() }),
            ("served by", self.servers.join("\n")),
            ("registered", self.created_at.clone()),
        ])
    }
}

/// What the options say.
///
/// # Errors
/// A scope without a description.
pub fn settings(fields: &ResourceFields) -> Result<ResourceSettings, Failure> {
    let scope = |text: &String| match text.split_once('=') {
        Some((name, description)) => Ok(ResourceScope { name: name.to_owned(), description: description.to_owned() }),
        None => Err(Failure::Usage(format!("--scope: \"{text}\" must be NAME=DESCRIPTION"))),
    };
    let scopes = fields.scopes.iter().filter(|text| !text.is_empty()).map(scope).collect::<Result<Vec<_>, _>>()?;
    Ok(ResourceSettings {
        uri: None,
        org: fields.workspace.clone(),
        name: fields.name.clone(),
        scopes: (!fields.scopes.is_empty()).then_some(scopes),
        open: fields.open,
        servers: (!fields.servers.is_empty()).then(|| fields.servers.clone()),
    })
}

/// Registers an API.
pub fn add(file: Option<&Path>, output: Output, uri: &str, fields: &ResourceFields) -> Result<(), Failure> {
    let settings = ResourceSettings { uri: Some(uri.to_owned()), ..settings(fields)? };
    let opened = Opened::open(file)?;
    let (issuer, now) = (opened.settings.issuer.clone(), opened.now());
    let added = opened.decide(move |tx| manage::add(tx, &settings, &issuer, now))?;
    output.answer(&ResourceView::of(&added), ResourceView::text)
}

/// Shows one API.
pub fn show(file: Option<&Path>, output: Output, uri: &str) -> Result<(), Failure> {
    let opened = Opened::open(file)?;
    output.answer(&ResourceView::of(&find(&opened, uri)?), ResourceView::text)
}

/// Changes an API.
pub fn set(file: Option<&Path>, output: Output, uri: &str, fields: &ResourceFields) -> Result<(), Failure> {
    let settings = settings(fields)?;
    let opened = Opened::open(file)?;
    find(&opened, uri)?;
    let wanted = uri.to_owned();
    let changed = opened.decide(move |tx| manage::change(tx, &wanted, &settings))?;
    output.answer(&ResourceView::of(&changed), ResourceView::text)
}

fn find(opened: &Opened, uri: &str) -> Result<Managed, Failure> {
    let wanted = uri.to_owned();
    let found = opened.read(move |tx| resource::find(tx, &wanted)?.map(|found| Managed::of(tx, found)).transpose())?;
    found.ok_or_else(|| unknown(uri))
}

/// Lists a page of APIs by URI.
pub fn list(file: Option<&Path>, output: Output, page: &Page) -> Result<(), Failure> {
    let opened = Opened::open(file)?;
    let (after, limit) = (page.after.clone(), one_more(page.limit));
    let views = opened.read(move |tx| {
        let found = resource::list(tx, &after, limit)?;
        found.into_iter().map(|one| Ok(ResourceView::of(&Managed::of(tx, one)?))).collect()
    })?;
    Listed::new(views, page.limit, |view: &ResourceView| view.uri.clone()).print(
        output,
        "sigma resource list",
        "There are no APIs yet: all tokens are for the server itself.",
        |views| {
            let row = |view: &ResourceView| [view.uri.clone(), view.name.clone(), view.org.clone()];
            table(["URI", "NAME", "OWNER"], &views.iter().map(row).collect::<Vec<_>>())
        },
    )
}

/// Removes an API after confirmation.
pub fn remove(file: Option<&Path>, output: Output, uri: &str, yes: bool) -> Result<(), Failure> {
    let opened = Opened::open(file)?;
    find(&opened, uri)?;
    confirm(yes, &format!("no more tokens are issued for {uri}"))?;
    let wanted = uri.to_owned();
    opened.decide(move |tx| manage::remove(tx, &wanted))?;
    output.answer(&serde_json::json!({ "removed": uri }), |_| format!("{uri} was removed."))
}

fn unknown(uri: &str) -> Failure {
    Failure::NotFound(format!("there is no API {uri}; see `sigma resource list`"))
}
