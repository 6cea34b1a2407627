//! Upstream providers: servers elsewhere that people sign in with, whose relying party Sigma is. What they send is
//! read and verified here; nothing of it is trusted before.

mod id_token;
mod metadata;
mod profile;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use id_token::{Expected, IdToken, IdTokenProblem, VerifiedIdToken};
pub use metadata::{Metadata, MetadataProblem, is_endpoint};
pub use profile::{ClaimNames, Claimed, is_of_domain};

/// The longest subject that is accepted, in bytes (OpenID Connect Core §2 allows 255).
pub const MAX_SUBJECT: usize = 255;

/// The name that the operator gave a provider: part of the address to which it returns browsers, so each has its own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ProviderId(String);

/// The text is not the id of a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to 32 characters of a-z, 0-9 and hyphen, and not begin with a hyphen")]
pub struct NotAProviderId;

impl Default for ProviderId {
    /// `provider`, for settings that a test fills in.
    fn default() -> Self {
        Self("provider".to_owned())
    }
}

impl ProviderId {
    /// Parses an id: 1 to 32 characters `a-z`, `0-9` and hyphen, the first one no hyphen.
    pub fn parse(text: &str) -> Result<Self, NotAProviderId> {
        let known = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let fits = (1..=32).contains(&text.len()) && text.bytes().all(known) && !text.starts_with('-');
        if fits { Ok(Self(text.to_owned())) } else { Err(NotAProviderId) }
    }

    /// The id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ProviderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for ProviderId {
    type Error = NotAProviderId;

    fn try_from(text: String) -> Result<Self, NotAProviderId> {
        Self::parse(&text)
    }
}

impl From<ProviderId> for String {
    fn from(id: ProviderId) -> Self {
        id.0
    }
}

/// An account at a provider: its subject there, which the provider never gives to anybody else.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Subject(String);

impl Subject {
    /// Parses a subject: 1 to 255 bytes without control characters.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = (1..=MAX_SUBJECT).contains(&text.len()) && !text.chars().any(char::is_control);
        fits.then(|| Self(text.to_owned()))
    }

    /// The subject.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_providers_are_short_and_fit_into_a_path() {
        for text in ["google", "g", "another-sigma", "0", &"a".repeat(32)] {
            assert_eq!(ProviderId::parse(text).unwrap().as_str(), text);
        }
        for text in ["", "-a", "A", "a/b", "a b", "a|b", "..", "ü", "a_b", &"a".repeat(33)] {
            assert_eq!(ProviderId::parse(text), Err(NotAProviderId), "{text}");
        }
    }

    #[test]
    fn subjects_are_bounded_and_visible() {
        for text in ["1", "auth0|5f7c8ec7c33c6c004bbafe82", "ünïcode", &"s".repeat(255)] {
            assert_eq!(Subject::parse(text).unwrap().as_str(), text);
        }
        for text in ["", "a\0", "a\n", &"s".repeat(256)] {
            assert_eq!(Subject::parse(text), None, "{text:?}");
        }
    }
}
