//! `/workspace`: which workspace to open, for whoever is in several or in none.

use askama::Template;
use axum::response::Response;
use http::StatusCode;

use super::WorkspaceLink;
use crate::pages::view::csp::ContentSecurityPolicy;
use crate::pages::view::{PageContext, initial, page};

/// The workspaces of a person.
#[derive(Clone, Debug)]
pub struct Chooser {
    /// The signed-in user.
    pub person: String,
    /// Where they are a member.
    pub workspaces: Vec<WorkspaceLine>,
}

/// A workspace and what its person is there.
#[derive(Clone, Debug)]
pub struct WorkspaceLine {
    /// The workspace.
    pub workspace: WorkspaceLink,
    /// The name of their role.
    pub role: String,
}

impl WorkspaceLine {
    fn initial(&self) -> String {
        initial(&self.workspace.name)
    }
}

#[derive(Template)]
#[template(path = "workspace/chooser.html")]
struct ChooserPage<'a> {
    context: &'a PageContext<'a>,
    view: &'a Chooser,
}

impl Chooser {
    /// The page.
    pub fn render(&self, context: &PageContext<'_>) -> Response {
        page(StatusCode::OK, &ChooserPage { context, view: self }, ContentSecurityPolicy::Strict)
    }
}
