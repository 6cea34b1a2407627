//! `/workspace/login`: by quick login where enabled, by e-mail address and password, or with a key.

use askama::Template;
use axum::response::Response;
use http::StatusCode;

use crate::pages::view::csp::ContentSecurityPolicy;
use crate::pages::view::{PageContext, initial, page};

/// Signs in to the pages of a workspace. Posts `email` and `password` to `/workspace/login`, or `workspace` and `user`
/// to `/workspace/login/quick`.
#[derive(Clone, Debug, Default)]
pub struct WorkspaceLogin {
    /// Members who may use quick login, by workspace.
    pub quick: Vec<QuickLoginGroup>,
    /// The e-mail address as entered.
    pub email: String,
    /// Why the submission failed.
    pub refusal: Option<String>,
}

/// The quick logins of one workspace.
#[derive(Clone, Debug)]
pub struct QuickLoginGroup {
    /// Its id.
    pub workspace_id: String,
    /// Display name.
    pub name: String,
    /// The members who may use quick login.
    pub people: Vec<QuickLoginLine>,
}

/// One member to log in as.
#[derive(Clone, Debug)]
pub struct QuickLoginLine {
    /// Their id.
    pub user_id: String,
    /// Their name.
    pub name: String,
    /// The name of their role.
    pub role: String,
}

impl QuickLoginLine {
    fn initial(&self) -> String {
        initial(&self.name)
    }
}

#[derive(Template)]
#[template(path = "workspace/login.html")]
struct WorkspaceLoginPage<'a> {
    context: &'a PageContext<'a>,
    view: &'a WorkspaceLogin,
}

impl WorkspaceLogin {
    /// The page.
    pub fn render(&self, status: StatusCode, context: &PageContext<'_>) -> Response {
        page(status, &WorkspaceLoginPage { context, view: self }, ContentSecurityPolicy::Strict)
    }
}
