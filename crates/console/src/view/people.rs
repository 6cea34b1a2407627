//! What the pages on which people get accounts show.

use sigma_store::operator::overview::Count;

use crate::new_person::PasswordBy;

/// `/console/people/new`.
#[derive(Clone, Debug)]
pub struct NewPersonPage {
    /// What was entered.
    pub entered: NewPersonEntered,
    /// The field that is wrong, and why.
    pub wrong: Option<(&'static str, String)>,
    /// Whether somebody signs in by a password here.
    pub takes_passwords: bool,
    /// Whether the person can become a member of an org.
    pub gives_roles: bool,
}

/// What is entered of a new person.
#[derive(Clone, Debug, Default)]
pub struct NewPersonEntered {
    /// Their address.
    pub email: String,
    /// Their name.
    pub name: String,
    /// The id or slug of an org.
    pub org: String,
    /// The role there.
    pub role: String,
    /// How they get a password.
    pub by: PasswordBy,
}

impl NewPersonPage {
    /// Why that field is wrong.
    pub(super) fn problem(&self, field: &str) -> Option<&str> {
        self.wrong.as_ref().filter(|(name, _)| *name == field).map(|(_, words)| words.as_str())
    }

    /// The ways to a password: value, label, and whether it is chosen.
    pub(super) fn ways(&self) -> Vec<(&'static str, &'static str, bool)> {
        let ways = [
            (PasswordBy::Mail, "mail", "console-person-new-mail"),
            (PasswordBy::Shown, "show", "console-person-new-show"),
            (PasswordBy::Nothing, "none", "console-person-new-none"),
        ];
        let offered = ways.into_iter().filter(|(by, ..)| self.takes_passwords || *by == PasswordBy::Nothing);
        offered.map(|(by, value, label)| (value, label, by == self.entered.by)).collect()
    }
}

/// The link of a new person, which is shown once.
#[derive(Clone, Debug)]
pub struct PersonLinkPage {
    /// Their page.
    pub path: String,
    /// Their name.
    pub name: String,
    /// Their address.
    pub email: String,
    /// The link.
    pub link: String,
    /// Until when it works.
    pub until: String,
}

/// `/console/people/transfer`.
#[derive(Clone, Debug)]
pub struct PeopleTransferPage {
    /// How many people an export has.
    pub people: Count,
    /// Whether the viewer may take the hashes of passwords along.
    pub may_export_hashes: bool,
    /// Whether the viewer may import.
    pub may_import: bool,
    /// Where they prove first who they are, unless they just did.
    pub confirm_url: Option<String>,
    /// What became of a file.
    pub report: Option<ImportReport>,
}

/// What became of a file of people.
#[derive(Clone, Debug)]
pub struct ImportReport {
    /// Whether the lines were only checked.
    pub is_dry: bool,
    /// Whether the whole file was read.
    pub is_complete: bool,
    /// The number of the last line that counts.
    pub through: u64,
    /// People who have an account now.
    pub added: u64,
    /// People who had one.
    pub known: u64,
    /// Lines that were refused.
    pub refused: u64,
    /// The first of those.
    pub lines: Vec<RefusedLine>,
    /// How many more there are.
    pub unlisted: u64,
}

/// A line that was refused.
#[derive(Clone, Debug)]
pub struct RefusedLine {
    /// Its number.
    pub line: u64,
    /// Why.
    pub problem: String,
}
