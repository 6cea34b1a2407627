//! `/workspace/{id}/roles`: the permissions of each role, as a grid.

use askama::Template;
use axum::response::Response;
use http::StatusCode;

use super::{Frame, Notice, Paging, SwitchLine};
use sigma_platform::pages::view::csp::ContentSecurityPolicy;
use sigma_platform::pages::view::{PageContext, page};

/// A page of the roles of a workspace.
#[derive(Clone, Debug)]
pub struct Roles {
    /// In display order.
    pub roles: Vec<RoleLine>,
    /// The position in the list.
    pub paging: Paging,
    /// Whether the viewer may create roles.
    pub may_make: bool,
}

/// One role.
#[derive(Clone, Debug)]
pub struct RoleLine {
    /// Its id.
    pub id: String,
    /// Display name.
    pub name: String,
    /// Its description.
    pub description: String,
    /// Its switches, in the same order for each role.
    pub switches: Vec<SwitchLine>,
    /// Schemas with rules of their own.
    pub schemas: usize,
    /// Catalogs with rules of their own.
    pub catalogs: usize,
}

impl RoleLine {
    /// What it may manage, for screens too narrow for the grid.
    fn summary(&self, context: &PageContext<'_>) -> String {
        let on: Vec<_> = self.switches.iter().filter(|switch| switch.on).collect();
        if on.is_empty() {
            return context.text("workspace-manages-nothing").to_string();
        }
        if on.len() == self.switches.len() {
            return context.text("workspace-everything").to_string();
        }
        let names: Vec<_> = on.into_iter().map(|switch| context.text(switch.short).to_string()).collect();
        names.join(", ")
    }

    /// `2 schemas, 1 catalog`.
    fn rules(&self, context: &PageContext<'_>) -> String {
        let parts = [("workspace-rules-schemas", self.schemas), ("workspace-rules-catalogs", self.catalogs)];
        let counted = parts.into_iter().filter(|(_, count)| *count > 0);
        let words: Vec<_> = counted.map(|(key, count)| context.text(key).with("count", count).to_string()).collect();
        words.join(", ")
    }
}

#[derive(Template)]
#[template(path = "workspace/roles.html")]
struct RolesPage<'a> {
    context: &'a PageContext<'a>,
    frame: &'a Frame,
    view: &'a Roles,
    columns: Vec<SwitchLine>,
}

impl Roles {
    /// The page.
    pub fn render(&self, frame: &Frame, context: &PageContext<'_>) -> Response {
        let columns = SwitchLine::all();
        page(StatusCode::OK, &RolesPage { context, frame, view: self, columns }, ContentSecurityPolicy::Strict)
    }
}
