//! `/workspace/{id}/keys`: the API keys of servers.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use sigma_core::time::Timestamp;

use super::{Frame, Notice, Paging};
use sigma_platform::pages::view::csp::ContentSecurityPolicy;
use sigma_platform::pages::view::{PageContext, moment, page};

/// A page of the API keys of a workspace.
#[derive(Clone, Debug)]
pub struct Keys {
    /// In display order.
    pub keys: Vec<KeyLine>,
    /// The position in the list.
    pub paging: Paging,
}

/// One key, as far as it can be shown.
#[derive(Clone, Debug)]
pub struct KeyLine {
    /// Its id.
    pub id: String,
    /// Display name.
    pub name: String,
    /// Its permissions' names.
    pub permissions: Vec<String>,
    /// Whether it works.
    pub state: KeyState,
    /// The name of its creator, at that time.
    pub made_by: Option<String>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last used.
    pub last_used_at: Option<Timestamp>,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
}

/// Whether a key works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// It does.
    Active,
    /// Past its expiry.
    Expired,
    /// Somebody ended it.
    Deactivated,
}

impl KeyState {
    /// A key of the catalogue.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Active => "workspace-key-active",
            Self::Expired => "workspace-key-expired",
            Self::Deactivated => "workspace-key-deactivated",
        }
    }

    pub(super) const fn class(self) -> &'static str {
        match self {
            Self::Active => "good",
            Self::Expired | Self::Deactivated => "off",
        }
    }
}

impl KeyLine {
    pub(super) fn rights(&self, context: &PageContext<'_>) -> String {
        if self.permissions.len() == super::PermissionLine::all().len() {
            return context.text("workspace-everything").to_string();
        }
        self.permissions.join(", ")
    }

    pub(super) fn made(&self) -> String {
        moment::day(self.created_at)
    }

    pub(super) fn used(&self, context: &PageContext<'_>) -> String {
        self.last_used_at.map_or_else(|| context.text("workspace-never").to_string(), moment::minute)
    }

    pub(super) fn ends(&self, context: &PageContext<'_>) -> String {
        self.expires_at.map_or_else(|| context.text("workspace-never").to_string(), moment::minute)
    }
}

#[derive(Template)]
#[template(path = "workspace/keys.html")]
struct KeysPage<'a> {
    context: &'a PageContext<'a>,
    frame: &'a Frame,
    view: &'a Keys,
}

impl Keys {
    /// The page.
    pub fn render(&self, frame: &Frame, context: &PageContext<'_>) -> Response {
        page(StatusCode::OK, &KeysPage { context, frame, view: self }, ContentSecurityPolicy::Strict)
    }
}
