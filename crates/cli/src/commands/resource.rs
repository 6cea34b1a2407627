//! `sigma resource`: the APIs that access tokens may be for (RFC 8707, ruling 7).

use std::path::Path;

use serde::Serialize;
use sigma_store::org;
use sigma_store::resource::{self, Resource};
use url::Url;

use super::{Listed, one_more};
use crate::args::Page;
use crate::confirm::confirm;
use crate::failure::Failure;
use crate::opened::Opened;
use crate::output::{Output, fields, table};

/// A resource as the command line shows it.
#[derive(Debug, Serialize)]
struct ResourceView {
    uri: String,
    name: String,
    org_id: String,
    created_at: String,
}

impl ResourceView {
    fn of(resource: &Resource) -> Self {
        Self {
            uri: resource.uri.clone(),
            name: resource.name.clone(),
            org_id: resource.org_id.to_string(),
            created_at: resource.created_at.to_string(),
        }
    }
}

/// Registers an API for the operator's org.
pub fn add(file: Option<&Path>, output: Output, uri: &str, name: Option<&str>) -> Result<(), Failure> {
    let url = Url::parse(uri).map_err(|error| Failure::Usage(format!("\"{uri}\" is no absolute URI: {error}")))?;
    if uri.contains('#') || uri.len() > 2_000 || uri.chars().any(|c| c.is_control() || c == ' ') {
        return Err(Failure::Usage(format!("\"{uri}\" must be an absolute URI without fragment (RFC 8707 §2)")));
    }
    let opened = Opened::open(file)?;
    if uri == opened.settings.issuer {
        return Err(Failure::Refused("the issuer is the audience of its own tokens already".to_owned()));
    }
    let name = name.or_else(|| url.host_str()).unwrap_or(uri).to_owned();
    let now = opened.now();
    let org_id = opened.write(move |tx| org::load_operator(tx, now))?;
    let resource = Resource { uri: uri.to_owned(), org_id, name, created_at: now };
    let view = ResourceView::of(&resource);
    if !opened.write(move |tx| resource::add(tx, &resource))? {
        return Err(Failure::Refused(format!("{uri} is registered already")));
    }
    output.answer(&view, |view| {
        fields(&[("URI", view.uri.clone()), ("name", view.name.clone()), ("owner", view.org_id.clone())])
    })
}

/// Lists a page of APIs by URI.
pub fn list(file: Option<&Path>, output: Output, page: &Page) -> Result<(), Failure> {
    let opened = Opened::open(file)?;
    let (after, limit) = (page.after.clone(), one_more(page.limit));
    let found = opened.read(move |tx| resource::list(tx, &after, limit))?;
    let views = found.iter().map(ResourceView::of).collect();
    Listed::new(views, page.limit, |view: &ResourceView| view.uri.clone()).print(
        output,
        "sigma resource list",
        "There are no APIs yet: tokens are for the server itself.",
        |views| {
            let row = |view: &ResourceView| [view.uri.clone(), view.name.clone(), view.org_id.clone()];
            table(["URI", "NAME", "OWNER"], &views.iter().map(row).collect::<Vec<_>>())
        },
    )
}

/// Removes an API, once that was confirmed.
pub fn remove(file: Option<&Path>, output: Output, uri: &str, yes: bool) -> Result<(), Failure> {
    let opened = Opened::open(file)?;
    let wanted = uri.to_owned();
    if opened.read(move |tx| resource::find(tx, &wanted))?.is_none() {
        return Err(unknown(uri));
    }
    confirm(yes, &format!("no more tokens are made for {uri}"))?;
    let wanted = uri.to_owned();
    let removed = opened.write(move |tx| match resource::find(tx, &wanted)? {
        Some(_) => resource::remove(tx, &wanted),
        None => Ok(false),
    })?;
    if !removed {
        return Err(unknown(uri));
    }
    output.answer(&serde_json::json!({ "removed": uri }), |_| format!("{uri} is removed."))
}

fn unknown(uri: &str) -> Failure {
    Failure::NotFound(format!("there is no API {uri}; `sigma resource list` shows those there are"))
}
