//! Where entries stand, and what is wrong with them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::document::BRANDING;

/// Where an entry stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// From the root of the document (RFC 6901).
    pointer: String,
    /// The name of the list, and what the entry names there.
    entry: String,
}

impl Place {
    /// The place of `name` in a list.
    pub fn new(pointer: String, kind: &str, name: &str) -> Self {
        Self { pointer, entry: format!("{kind} {name}") }
    }

    /// The place of the look of the server.
    pub fn of_server() -> Self {
        Self { pointer: BRANDING.to_owned(), entry: "branding".to_owned() }
    }

    /// From the root of the document.
    pub fn pointer(&self) -> &str {
        &self.pointer
    }

    /// The place of a role, below that of its org.
    #[must_use]
    pub fn of_role(&self, pointer: String, name: &str) -> Self {
        Self { pointer, entry: format!("{}, role {name}", self.entry) }
    }

    /// `words` about the entry.
    pub fn tell(&self, words: impl std::fmt::Display) -> Problem {
        Problem { pointer: self.pointer.clone(), detail: format!("{}: {words}", self.entry) }
    }
}

/// Why an entry cannot be brought about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// Where the entry stands, such as `/apps/3` (RFC 6901).
    pub pointer: String,
    /// What is wrong with it, for people.
    pub detail: String,
}
