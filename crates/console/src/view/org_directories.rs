//! What the pages about the directories of an org show.

use secrecy::{ExposeSecret, SecretString};
use sigma_core::time::Timestamp;
use sigma_platform::pages::FormVersion;
use sigma_platform::pages::view::moment;

use super::{OrgPart, Wrong};

/// `/console/orgs/{id}/directories`.
#[derive(Clone, Debug)]
pub struct OrgDirectoriesPage {
    /// The org.
    pub part: OrgPart,
    /// Where directories send their requests.
    pub url: String,
    /// The directories, oldest first.
    pub directories: Vec<DirectoryRow>,
    /// Whether directories can provision the org at all: not the operator's own.
    pub is_provisioned: bool,
    /// What was entered for another one.
    pub entered: DirectoryEntered,
    /// What is wrong with that.
    pub wrong: Wrong,
    /// The token of the one that was just connected.
    pub fresh: Option<SecretString>,
}

impl OrgDirectoriesPage {
    pub(super) fn fresh(&self) -> Option<&str> {
        self.fresh.as_ref().map(ExposeSecret::expose_secret)
    }
}

/// What is entered of a new directory.
#[derive(Clone, Debug, Default)]
pub struct DirectoryEntered {
    /// Its name.
    pub name: String,
    /// The roles: id, name, and whether it is chosen.
    pub roles: Vec<(String, String, bool)>,
    /// Whether groups give roles.
    pub maps_roles: bool,
}

/// A directory that provisions the people of an org.
#[derive(Clone, Debug)]
pub struct DirectoryRow {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The role of whoever no group gives another.
    pub role: String,
    /// Whether groups give roles.
    pub maps_roles: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last got another token.
    pub rotated_at: Option<Timestamp>,
    /// When it was last used.
    pub used_at: Option<Timestamp>,
    /// Who made it, if that was a person; empty if their account is gone.
    pub maker: Option<String>,
    /// Whether whoever made it no longer administers the org.
    pub maker_left: bool,
}

impl DirectoryRow {
    pub(super) fn made(&self) -> String {
        moment::day(self.created_at)
    }

    pub(super) fn rotated(&self) -> Option<String> {
        self.rotated_at.map(moment::minute)
    }

    pub(super) fn used(&self) -> Option<String> {
        self.used_at.map(moment::minute)
    }
}

/// `/console/orgs/{id}/directories/{directory}`. Its forms post to `rotate` and `remove` below it.
#[derive(Clone, Debug)]
pub struct OrgDirectoryPage {
    /// The org; its path is that of the list.
    pub part: OrgPart,
    /// Where the directory sends its requests.
    pub url: String,
    /// The directory.
    pub directory: DirectoryRow,
    /// The version of its token.
    pub version: FormVersion,
    /// Its token, if it just got another.
    pub fresh: Option<SecretString>,
    /// Its requests, newest first.
    pub requests: Vec<RequestRow>,
    /// The next page.
    pub next: Option<String>,
    /// The first page, on others.
    pub first: Option<String>,
}

impl OrgDirectoryPage {
    pub(super) fn fresh(&self) -> Option<&str> {
        self.fresh.as_ref().map(ExposeSecret::expose_secret)
    }
}

/// A request of a directory.
#[derive(Clone, Debug)]
pub struct RequestRow {
    /// When.
    pub at: Timestamp,
    /// Method and address.
    pub request: String,
    /// The status of the answer.
    pub status: u16,
    /// Why it was refused.
    pub scim_type: Option<String>,
    /// How long it took, in milliseconds.
    pub millis: String,
}

impl RequestRow {
    pub(super) const fn is_refused(&self) -> bool {
        self.status >= 400
    }

    pub(super) fn when(&self) -> String {
        moment::minute(self.at)
    }
}
