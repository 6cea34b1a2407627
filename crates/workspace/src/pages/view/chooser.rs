//! `/workspace`: the choice of a workspace, for users in several or none.

use askama::Template;
use axum::response::Response;
use http::StatusCode;

use super::WorkspaceLink;
use sigma_platform::pages::view::csp::ContentSecurityPolicy;
use sigma_platform::pages::view::{PageContext, initial, page};

/// The workspaces of a user.
#[derive(Clone, Debug)]
pub struct Chooser {
    /// The signed-in user.
    pub person: String,
    /// Their memberships.
    pub workspaces: Vec<WorkspaceLine>,
}

/// A workspace and the user's role in it.
#[derive(Clone, Debug)]
pub struct WorkspaceLine {
    /// The workspace.
    pub workspace: WorkspaceLink,
    /// The name of the role.
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
