//! `/workspace/{id}/keys/new` and `/workspace/{id}/keys/{key}`: creating a key, which shows it once; and an existing
//! key.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use secrecy::{ExposeSecret as _, SecretString};
use sigma_core::org::KeyPermission;

use super::{Frame, KeyLine, KeyState, Notice};
use sigma_platform::pages::view::csp::ContentSecurityPolicy;
use sigma_platform::pages::view::{PageContext, PermissionWords, key_permission_words, page};

/// Creates a key. Posts `name`, each `permission` and `expires` (a day, or empty) to `/workspace/{id}/keys/new`.
#[derive(Clone, Debug)]
pub struct KeyForm {
    /// The name as entered.
    pub name: String,
    /// The permissions to choose from.
    pub permissions: Vec<PermissionLine>,
    /// The last day as entered, `2026-11-22`.
    pub expires: String,
    /// The earliest day that may be entered.
    pub earliest: String,
}

/// One permission of a key, in plain words: keys of the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PermissionLine {
    /// Its name in the API.
    pub name: &'static str,
    /// What it lets a server do.
    pub title: &'static str,
    /// Explanation for the user.
    pub detail: &'static str,
    /// Chosen.
    pub on: bool,
    /// The viewer may not grant it.
    pub locked: bool,
}

/// A key just created: the only page that ever shows it.
#[derive(Debug)]
pub struct KeyMade {
    /// Display name.
    pub name: String,
    /// The key.
    pub key: SecretString,
}

/// One key. Posts empty forms below `/workspace/{id}/keys/{key}` to `/deactivate` and `/delete`.
#[derive(Clone, Debug)]
pub struct KeyPage {
    /// The key.
    pub key: KeyLine,
    /// Who made it.
    pub made_by: Option<String>,
    /// Why the viewer cannot change it.
    pub locked: Option<String>,
}

impl PermissionLine {
    /// Every permission, enabled and unselected, in display order.
    pub fn all() -> Vec<Self> {
        let line = |permission| {
            let PermissionWords { name, title, detail } = key_permission_words(permission);
            Self { name, title, detail, on: false, locked: false }
        };
        KeyPermission::ALL.into_iter().map(line).collect()
    }
}

impl KeyMade {
    fn text(&self) -> &str {
        self.key.expose_secret()
    }
}

impl KeyPage {
    fn is_active(&self) -> bool {
        self.key.state == KeyState::Active
    }
}

#[derive(Template)]
#[template(path = "workspace/key-new.html")]
struct NewKeyPage<'a> {
    context: &'a PageContext<'a>,
    frame: &'a Frame,
    view: &'a KeyForm,
}

#[derive(Template)]
#[template(path = "workspace/key-made.html")]
struct KeyMadePage<'a> {
    context: &'a PageContext<'a>,
    frame: &'a Frame,
    view: &'a KeyMade,
}

#[derive(Template)]
#[template(path = "workspace/key.html")]
struct OneKeyPage<'a> {
    context: &'a PageContext<'a>,
    frame: &'a Frame,
    view: &'a KeyPage,
}

impl KeyForm {
    /// The page.
    pub fn render(&self, status: StatusCode, frame: &Frame, context: &PageContext<'_>) -> Response {
        page(status, &NewKeyPage { context, frame, view: self }, ContentSecurityPolicy::Strict)
    }
}

impl KeyMade {
    /// The page, with status 201; like every page it is never cached.
    pub fn render(&self, frame: &Frame, context: &PageContext<'_>) -> Response {
        page(StatusCode::CREATED, &KeyMadePage { context, frame, view: self }, ContentSecurityPolicy::Strict)
    }
}

impl KeyPage {
    /// The page.
    pub fn render(&self, status: StatusCode, frame: &Frame, context: &PageContext<'_>) -> Response {
        page(status, &OneKeyPage { context, frame, view: self }, ContentSecurityPolicy::Strict)
    }
}
