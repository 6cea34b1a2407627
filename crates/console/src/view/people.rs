//! What the pages on which people get accounts show.

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
