//! `sigma link`: apps that act for orgs which do not own them.

use std::path::Path;

use serde::Serialize;
use sigma_core::actor::Actor;
use sigma_core::merits::{OrgPermission, OrgPermissions};
use sigma_store::Tx;
use sigma_store::merits::link::{self, Link};

use super::named;
use crate::args::AddLink;
use crate::confirm::confirm;
use crate::failure::Failure;
use crate::opened::Opened;
use crate::output::{Output, fields, table};

/// A link as printed.
#[derive(Debug, Serialize)]
struct LinkView {
    org_id: String,
    app_id: String,
    app_name: String,
    permissions: Vec<&'static str>,
    linked_by: Option<String>,
    created_at: String,
}

impl From<&Link> for LinkView {
    fn from(link: &Link) -> Self {
        Self {
            org_id: link.org_id.to_string(),
            app_id: link.app_id.to_string(),
            app_name: link.app_name.clone(),
            permissions: link.permissions.iter().map(OrgPermission::as_str).collect(),
            linked_by: link.linked_by.as_ref().map(ToString::to_string),
            created_at: link.created_at.to_string(),
        }
    }
}

impl LinkView {
    fn text(&self) -> String {
        fields(&[
            ("org", self.org_id.clone()),
            ("app", self.app_id.clone()),
            ("name", self.app_name.clone()),
            ("permissions", self.permissions.join("\n")),
            ("linked", self.created_at.clone()),
        ])
    }
}

/// The permissions of those names.
pub fn permissions(names: &[String]) -> Result<OrgPermissions, Failure> {
    let parse = |name: &String| {
        OrgPermission::parse(name).ok_or_else(|| {
            let known: Vec<_> = OrgPermission::ALL.iter().map(|known| known.as_str()).collect();
            Failure::Usage(format!("--permission: \"{name}\" is none of {}", known.join(", ")))
        })
    };
    names.iter().map(parse).collect()
}

/// Links an app.
pub fn add(file: Option<&Path>, output: Output, args: &AddLink) -> Result<(), Failure> {
    let permissions = permissions(&args.permissions)?;
    let opened = Opened::open(file)?;
    let org_id = named::org_id(&opened, &args.org)?;
    let app = named::app(&opened, &args.app)?;
    let now = opened.now();
    let put = move |tx: &mut dyn Tx| link::put_for_operator(tx, &org_id, &app, permissions, &Actor::Operator, now);
    let link = opened.decide(put)?;
    let owned = || Failure::Refused(format!("{} owns this app, which may do everything for it", args.org));
    let link = link.ok_or_else(owned)?;
    output.answer(&LinkView::from(&link), LinkView::text)
}

/// Lists the apps of an org.
pub fn list(file: Option<&Path>, output: Output, org: &str) -> Result<(), Failure> {
    let opened = Opened::open(file)?;
    let org_id = named::org_id(&opened, org)?;
    let links = opened.read(move |tx| link::list(tx, &org_id))?;
    let views: Vec<_> = links.iter().map(LinkView::from).collect();
    output.answer(&views, |views| {
        if views.is_empty() {
            return format!("{org} linked no app.");
        }
        let row = |view: &LinkView| [view.app_id.clone(), view.app_name.clone(), view.permissions.join(" ")];
        table(["APP", "NAME", "PERMISSIONS"], &views.iter().map(row).collect::<Vec<_>>())
    })
}

/// Unlinks an app.
pub fn remove(file: Option<&Path>, output: Output, app: &str, org: &str, yes: bool) -> Result<(), Failure> {
    let opened = Opened::open(file)?;
    let org_id = named::org_id(&opened, org)?;
    let app_id = named::app(&opened, app)?.id;
    confirm(yes, &format!("{app} can no longer act for {org}"))?;
    let now = opened.now();
    opened.decide(move |tx| link::remove(tx, &org_id, &app_id, &Actor::Operator, now))?;
    output.answer(&serde_json::json!({ "removed": app, "org": org }), |_| format!("{app} was unlinked from {org}."))
}
