//! What the pages about the API keys of an org show.

use secrecy::{ExposeSecret, SecretString};
use sigma_core::time::Timestamp;
use sigma_platform::pages::view::{PageContext, moment};

use super::{OrgPart, PermissionChoice, Wrong};

/// `/console/orgs/{id}/api-keys`.
#[derive(Clone, Debug)]
pub struct OrgApiKeysPage {
    /// The org.
    pub part: OrgPart,
    /// The keys, newest first.
    pub keys: Vec<OrgApiKeyRow>,
    /// What was entered for a new one.
    pub entered: ApiKeyEntered,
    /// What is wrong with that.
    pub wrong: Wrong,
    /// The key that was just made.
    pub fresh: Option<SecretString>,
    /// The next page.
    pub next: Option<String>,
    /// The first page, on others.
    pub first: Option<String>,
}

impl OrgApiKeysPage {
    pub(super) fn fresh(&self) -> Option<&str> {
        self.fresh.as_ref().map(ExposeSecret::expose_secret)
    }
}

/// What is entered of a new key.
#[derive(Clone, Debug)]
pub struct ApiKeyEntered {
    /// Its name.
    pub name: String,
    /// Its permissions.
    pub permissions: Vec<PermissionChoice>,
    /// Its last day, `2026-11-22`, or nothing.
    pub expires: String,
    /// The earliest day that may be entered.
    pub earliest: String,
}

/// `/console/orgs/{id}/api-keys/{key}`. Its forms post to `deactivate` and `remove` below it.
#[derive(Clone, Debug)]
pub struct OrgApiKeyPage {
    /// The org; its path is that of the list.
    pub part: OrgPart,
    /// The key.
    pub key: OrgApiKeyRow,
}

/// A key.
#[derive(Clone, Debug)]
pub struct OrgApiKeyRow {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its permissions.
    pub permissions: Vec<&'static str>,
    /// Whether these are all there are.
    pub has_all: bool,
    /// Whether it works.
    pub works: bool,
    /// The state: a key of the catalogue.
    pub state: &'static str,
    /// Whether it can be deactivated.
    pub active: bool,
    /// Who made it.
    pub made_by: String,
    /// When.
    pub created_at: Timestamp,
    /// When it was last used.
    pub last_used_at: Option<Timestamp>,
    /// When it expires.
    pub expires_at: Option<Timestamp>,
}

impl OrgApiKeyRow {
    pub(super) fn rights(&self, context: &PageContext<'_>) -> String {
        if self.has_all { context.text("workspace-everything").to_string() } else { self.permissions.join(", ") }
    }

    pub(super) fn made(&self) -> String {
        moment::day(self.created_at)
    }

    pub(super) fn used(&self) -> Option<String> {
        self.last_used_at.map(moment::minute)
    }

    pub(super) fn ends(&self) -> Option<String> {
        self.expires_at.map(moment::minute)
    }
}
