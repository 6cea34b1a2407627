//! What `/console/orgs/{id}/links` shows.

use sigma_core::time::Timestamp;
use sigma_platform::pages::FormVersion;
use sigma_platform::pages::view::moment;

use super::{OrgPart, PermissionChoice, Wrong};

/// The apps that act for an org. Changes post to the id of the app below it.
#[derive(Clone, Debug)]
pub struct OrgLinksPage {
    /// The org.
    pub part: OrgPart,
    /// The apps, the first one first.
    pub links: Vec<OrgLinkRow>,
    /// The client id that was entered for another one.
    pub client_id: String,
    /// The permissions that were chosen for it.
    pub permissions: Vec<PermissionChoice>,
    /// What is wrong with those.
    pub wrong: Wrong,
}

/// An app.
#[derive(Clone, Debug)]
pub struct OrgLinkRow {
    /// Its id.
    pub app_id: String,
    /// Its name.
    pub name: String,
    /// What it may do, and what else could be chosen.
    pub permissions: Vec<PermissionChoice>,
    /// What was chosen instead and refused.
    pub entered: Option<Vec<PermissionChoice>>,
    /// What is wrong with that.
    pub wrong: Wrong,
    /// Since when.
    pub since: Timestamp,
    /// The version of the permissions.
    pub version: FormVersion,
}

impl OrgLinkRow {
    /// What is checked in its form.
    pub(super) fn choices(&self) -> &[PermissionChoice] {
        self.entered.as_ref().unwrap_or(&self.permissions)
    }

    pub(super) fn day(&self) -> String {
        moment::day(self.since)
    }
}
