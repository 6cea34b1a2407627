//! Where entries stand, and what is wrong with them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::document::BRANDING;

/// Letters of a message at most.
const MOST_TOLD: usize = 2_000;
/// Letters of a name in messages: none that is valid has more, but for addresses.
const MOST_LETTERS: usize = 300;

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
        Self { pointer, entry: format!("{kind} {}", clipped(name)) }
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
        Self { pointer, entry: format!("{}, role {}", self.entry, clipped(name)) }
    }

    /// `words` about the entry.
    pub fn tell(&self, words: impl std::fmt::Display) -> Problem {
        // Values are repeated in them, as long as they are.
        let detail = format!("{}: {words}", self.entry).chars().take(MOST_TOLD).collect();
        Problem { pointer: self.pointer.clone(), detail }
    }
}

/// The beginning of a name, which may be no name at all.
fn clipped(name: &str) -> &str {
    let end = name.char_indices().nth(MOST_LETTERS).map_or(name.len(), |(end, _)| end);
    name.get(..end).unwrap_or(name)
}

/// Why an entry cannot be brought about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// Where the entry stands, such as `/apps/3` (RFC 6901).
    pub pointer: String,
    /// What is wrong with it, for people.
    pub detail: String,
}
