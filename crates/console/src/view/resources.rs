//! What the pages of APIs show.

use sigma_core::time::Timestamp;
use sigma_platform::pages::FormVersion;
use sigma_platform::pages::view::moment;

/// `/console/resources`. Its form posts to the same address.
#[derive(Clone, Debug)]
pub struct ResourcesPage {
    /// The APIs.
    pub resources: Vec<ResourceLine>,
    /// What was entered for a new one.
    pub entered: ResourceEntered,
    /// Whether the role changes them.
    pub may_change: bool,
    /// Where the person who looks proves again who they are, before they may do that.
    pub confirm_url: Option<String>,
    /// The next page.
    pub next: Option<String>,
    /// The first page, on others.
    pub first: Option<String>,
}

/// An API in the list.
#[derive(Clone, Debug)]
pub struct ResourceLine {
    /// Its page.
    pub url: String,
    /// Its URI.
    pub uri: String,
    /// Its name.
    pub name: String,
    /// How many scopes it has.
    pub scopes: usize,
    /// Whether any app may request it.
    pub is_open: bool,
}

/// What is entered of an API.
#[derive(Clone, Debug, Default)]
pub struct ResourceEntered {
    /// Its URI.
    pub uri: String,
    /// The org that owns it.
    pub org: String,
    /// Its name.
    pub name: String,
    /// Its scopes: lines of a name and a description.
    pub scopes: String,
    /// Whether any app may request it.
    pub is_open: bool,
    /// The apps that serve it: lines.
    pub servers: String,
    /// The version of the settings that the form was drawn from.
    pub version: FormVersion,
}

/// `/console/resource`. Its forms post `do` and the `uri` to the same address.
#[derive(Clone, Debug)]
pub struct ResourcePage {
    /// The API.
    pub line: ResourceLine,
    /// Since when.
    pub created_at: Timestamp,
    /// Its settings, or what was entered.
    pub entered: ResourceEntered,
    /// Whether the role changes it.
    pub may_change: bool,
    /// Where the person who looks proves again who they are, before they may do that.
    pub confirm_url: Option<String>,
}

impl ResourcePage {
    pub(super) fn since(&self) -> String {
        moment::day(self.created_at)
    }
}
