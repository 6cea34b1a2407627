//! `/workspace/{id}/settings`: name, quick logins, signing secret, and facts for developers.

use askama::Template;
use axum::response::Response;
use http::StatusCode;

use super::{Frame, Notice};
use sigma_platform::pages::view::csp::ContentSecurityPolicy;
use sigma_platform::pages::view::{PageContext, page};

/// The settings of a workspace. Posts `name` and `quick_logins` to itself, an empty form to
/// `/workspace/{id}/settings/rotate`.
#[derive(Clone, Debug)]
pub struct WorkspaceSettings {
    /// Display name.
    pub name: String,
    /// Quick login.
    pub quick_logins: QuickLoginsSetting,
    /// Whether members need a second factor.
    pub require_second_factor: bool,
    /// The key id of the current secret.
    pub kid: Option<String>,
    /// Why the viewer cannot change anything.
    pub locked: Option<String>,
}

/// Quick login, for tests and demonstrations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuickLoginsSetting {
    /// The workspace enables it.
    pub on: bool,
    /// The server allows it.
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
