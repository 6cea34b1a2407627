//! What `/console/orgs/{id}/impersonators` shows.

use sigma_core::time::Timestamp;
use sigma_platform::pages::view::moment;

use super::{OrgPart, Wrong};

/// Who may act as others. The end of that posts to `remove` below the id of the person.
#[derive(Clone, Debug)]
pub struct OrgImpersonatorsPage {
    /// The org.
    pub part: OrgPart,
    /// Whether it is the operator's own, where this is about every app.
    pub is_everywhere: bool,
    /// The people.
    pub people: Vec<ImpersonatorRow>,
    /// Who was entered.
    pub entered: String,
    /// What is wrong with that.
    pub wrong: Wrong,
}

/// Somebody who may act as others.
#[derive(Clone, Debug)]
pub struct ImpersonatorRow {
    /// Their id.
    pub id: String,
    /// Their name.
    pub name: String,
    /// Their address.
    pub email: Option<String>,
    /// Since when.
    pub since: Timestamp,
}

impl ImpersonatorRow {
    pub(super) fn day(&self) -> String {
        moment::day(self.since)
    }
}
