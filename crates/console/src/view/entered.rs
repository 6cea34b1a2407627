//! What forms show of what was entered.

use sigma_platform::pages::view::PermissionWords;

use crate::outcome::Notice;

/// The field that is wrong, and why.
#[derive(Clone, Debug, Default)]
pub struct Wrong(Option<(&'static str, String)>);

impl Wrong {
    /// What is wrong with a field.
    pub const fn at(field: &'static str, words: String) -> Self {
        Self(Some((field, words)))
    }

    /// The same at the top of the page.
    pub fn notice(&self) -> Option<Notice> {
        self.0.as_ref().map(|(_, words)| Notice::Refused(words.clone()))
    }

    /// What is wrong with the field of that name.
    pub(super) fn words(&self, field: &str) -> Option<&str> {
        self.0.as_ref().filter(|(wrong, _)| *wrong == field).map(|(_, words)| words.as_str())
    }
}

/// A permission that can be chosen.
#[derive(Clone, Copy, Debug)]
pub struct PermissionChoice {
    /// What it is.
    pub words: PermissionWords,
    /// Whether it is chosen.
    pub on: bool,
}
