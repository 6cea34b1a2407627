//! `/workspace/{id}/settings`: its name, quick logins, its signing secret, and what developers need.

use askama::Template;
use axum::response::Response;
use http::StatusCode;

use super::{Frame, Notice};
use crate::pages::view::csp::ContentSecurityPolicy;
use crate::pages::view::{PageContext, page};

/// The settings of a workspace. Posts `name` and `quick_logins` to itself, nothing to `/workspace/{id}/settings/rotate`.
#[derive(Clone, Debug)]
pub struct WorkspaceSettings {
    /// Display name.
    pub name: String,
    /// Login without a password.
    pub quick_logins: QuickLoginsSetting,
    /// The name of the secret that signs now.
    pub kid: Option<String>,
    /// Why who looks may change nothing.
    pub locked: Option<String>,
}

/// Login without a password, for test and demonstration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuickLoginsSetting {
    /// The workspace wants it.
    pub on: bool,
    /// The server lets it.
    pub allowed: bool,
}

#[derive(Template)]
#[template(path = "workspace/settings.html")]
struct SettingsPage<'a> {
    context: &'a PageContext<'a>,
    frame: &'a Frame,
    view: &'a WorkspaceSettings,
}

impl WorkspaceSettings {
    /// The page.
    pub fn render(&self, status: StatusCode, frame: &Frame, context: &PageContext<'_>) -> Response {
        page(status, &SettingsPage { context, frame, view: self }, ContentSecurityPolicy::Strict)
    }
}
