//! What `/console/settings` shows.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use sigma_platform::pages::view::csp::ContentSecurityPolicy;
use sigma_platform::pages::view::{PageContext, page};

use super::Frame;
use crate::outcome::Notice;

/// `/console/settings`.
#[derive(Clone, Debug)]
pub struct SettingsPage {
    /// Who may do what.
    pub policies: Vec<SettingsGroup>,
    /// Everything else.
    pub others: Vec<SettingsGroup>,
}

/// A section of the configuration.
#[derive(Clone, Debug)]
pub struct SettingsGroup {
    /// Its name; empty for settings outside of sections.
    pub section: String,
    /// Its settings.
    pub rows: Vec<SettingRow>,
}

/// A setting.
#[derive(Clone, Debug)]
pub struct SettingRow {
    /// Its key.
    pub key: String,
    /// Its value, if it has one.
    pub value: Option<String>,
    /// Where it comes from: a key of the catalogue.
    pub origin: &'static str,
    /// The file or the variable.
    pub origin_name: Option<String>,
}

#[derive(Template)]
#[template(path = "console/settings.html")]
struct SettingsTemplate<'a> {
    context: &'a PageContext<'a>,
    frame: &'a Frame,
    view: &'a SettingsPage,
}

impl SettingsPage {
    /// The page.
    pub fn render(&self, frame: &Frame, context: &PageContext<'_>) -> Response {
        page(StatusCode::OK, &SettingsTemplate { context, frame, view: self }, ContentSecurityPolicy::Strict)
    }
}
