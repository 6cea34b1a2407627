//! What the pages of orgs show.

use sigma_core::time::Timestamp;
use sigma_platform::pages::FormVersion;
use sigma_platform::pages::view::moment;

use super::Fact;

/// `/console/orgs`.
#[derive(Clone, Debug)]
pub struct OrgsPage {
    /// What was searched.
    pub search: String,
    /// The orgs.
    pub orgs: Vec<OrgLine>,
    /// What was entered for a new one.
    pub entered: NewOrgEntered,
    /// Whether the role makes one.
    pub may_change: bool,
    /// Where the person who looks proves again who they are, before they may do that.
    pub confirm_url: Option<String>,
    /// The next page.
    pub next: Option<String>,
    /// The first page, on others.
    pub first: Option<String>,
}

/// What is entered of a new org.
#[derive(Clone, Debug, Default)]
pub struct NewOrgEntered {
    /// Its name.
    pub name: String,
    /// Its slug, or nothing.
    pub slug: String,
}

/// An org in the list.
#[derive(Clone, Debug)]
pub struct OrgLine {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its slug.
    pub slug: Option<String>,
    /// Whether it is verified.
    pub verified: bool,
    /// Since when.
    pub created_at: Timestamp,
}

impl OrgLine {
    pub(super) fn since(&self) -> String {
        moment::day(self.created_at)
    }
}

/// The settings of an org in its form.
#[derive(Clone, Debug)]
pub struct OrgEntered {
    /// Its name.
    pub name: String,
    /// Its slug.
    pub slug: String,
    /// Whether it is verified.
    pub verified: bool,
    /// Whether members need a second factor.
    pub require_second_factor: bool,
    /// Whether quick logins are possible.
    pub quick_logins: bool,
    /// What it may have at most.
    pub quotas: Vec<QuotaEntered>,
    /// The version of the settings that the form was drawn from.
    pub version: FormVersion,
}

/// What an org may have at most of something.
#[derive(Clone, Debug)]
pub struct QuotaEntered {
    /// The name of the field.
    pub field: String,
    /// What it is: a key of the catalogue.
    pub label: &'static str,
    /// The number, empty for what the settings of the server say.
    pub value: String,
    /// That number, if they limit it.
    pub otherwise: Option<u32>,
    /// The largest number.
    pub ceiling: u32,
}

/// `/console/orgs/{id}`. Its forms post to the same address, with what they do in `do`.
#[derive(Clone, Debug)]
pub struct OrgPage {
    /// Its id, name and state.
    pub line: OrgLine,
    /// What it has, and what it may have.
    pub facts: Vec<Fact>,
    /// Its apps, people and events elsewhere: addresses with keys of the catalogue.
    pub links: Vec<(String, &'static str)>,
    /// The settings, as they are or as they were entered.
    pub entered: OrgEntered,
    /// Whether the viewer may change the org.
    pub may_change: bool,
    /// Where they prove first who they are, unless they just did.
    pub confirm_url: Option<String>,
    /// Whether its admins are chosen here.
    pub gives_admins: bool,
    /// The address that was searched.
    pub search: String,
    /// Members.
    pub members: Vec<MemberRow>,
    /// The next page of members.
    pub next: Option<String>,
    /// The first page, on others.
    pub first: Option<String>,
}

impl OrgPage {
    pub(super) fn path(&self) -> String {
        format!("/console/orgs/{}", self.line.id)
    }

    /// Whether forms are shown.
    pub(super) fn has_forms(&self) -> bool {
        self.may_change && self.confirm_url.is_none()
    }
}

/// A member.
#[derive(Clone, Debug)]
pub struct MemberRow {
    /// The id of the account; `None` while invited.
    pub id: Option<String>,
    /// Their name.
    pub name: String,
    /// Their address.
    pub email: Option<String>,
    /// The name of their role.
    pub role: String,
    /// Whether it administers the org.
    pub is_admin: bool,
    /// The class of the state.
    pub class: &'static str,
    /// The state: a key of the catalogue.
    pub state: &'static str,
}
