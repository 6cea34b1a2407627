//! Slugs: names that owners choose for orgs and apps, beside their generated ids.

use std::fmt;

use serde::Serialize;

use crate::ids::is_digits;

/// The first part of names that are reserved for the server itself.
pub const SIGMA: &str = "sigma";

/// Slugs of orgs that are pages instead, or ours.
const RESERVED_FOR_ORGS: [&str; 5] = ["login", "sign-in", "sign-out", "new", OPERATOR];

/// The slug of the operator's org.
pub const OPERATOR: &str = "operator";

/// A name of 3 to 64 characters `a-z`, `0-9` and hyphen, which does not begin with a hyphen. It never looks like an id: it
/// is not 24 hex digits, and has no underscore, with which every prefix ends.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Slug(String);

/// Why a name cannot be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SlugProblem {
    /// Its length or its characters.
    #[error("must be 3 to 64 characters of a-z, 0-9 and hyphen, and not begin with a hyphen")]
    Malformed,
    /// 24 hex digits.
    #[error("must not look like an id (24 hex digits)")]
    LooksLikeId,
    /// A name of ours.
    #[error("is reserved")]
    Reserved,
}

impl Slug {
    /// A name to be looked up.
    pub fn parse(text: &str) -> Option<Self> {
        Self::check(text).ok().map(|()| Self(text.to_owned()))
    }

    /// A name that an owner chooses as the `client_id` of an app.
    ///
    /// # Errors
    /// [`SlugProblem`]
    pub fn for_app(text: &str) -> Result<Self, SlugProblem> {
        Self::check(text)?;
        if text.split('-').next() == Some(SIGMA) { Err(SlugProblem::Reserved) } else { Ok(Self(text.to_owned())) }
    }

    /// A name that is chosen for an org.
    ///
    /// # Errors
    /// [`SlugProblem`]
    pub fn for_org(text: &str) -> Result<Self, SlugProblem> {
        let slug = Self::for_app(text)?;
        if RESERVED_FOR_ORGS.contains(&text) { Err(SlugProblem::Reserved) } else { Ok(slug) }
    }

    fn check(text: &str) -> Result<(), SlugProblem> {
        let is_letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let is_formed = (3..=64).contains(&text.len())
            && text.bytes().next().is_some_and(is_letter)
            && text.bytes().all(|byte| is_letter(byte) || byte == b'-');
        match (is_formed, is_digits(text)) {
            (false, _) => Err(SlugProblem::Malformed),
            (true, true) => Err(SlugProblem::LooksLikeId),
            (true, false) => Ok(()),
        }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<Slug> for String {
    fn from(slug: Slug) -> Self {
        slug.0
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_short_lower_case_and_not_ours() {
        for good in ["shop", "a-b", "0ab", &"a".repeat(64), "0123456789abcdef0123456", "sigmatron"] {
            assert!(Slug::for_app(good).is_ok() && Slug::for_org(good).is_ok(), "{good}");
        }
        for bad in ["", "ab", "-ab", "Shop", "a_b", "app_1", "a b", "é12", "a/b", "a\0b", &"a".repeat(65)] {
            assert_eq!(Slug::for_app(bad), Err(SlugProblem::Malformed), "{bad:?}");
        }
        assert_eq!(Slug::for_app("0123456789abcdef01234567"), Err(SlugProblem::LooksLikeId));
        assert_eq!(Slug::for_app("sigma"), Err(SlugProblem::Reserved));
        assert_eq!(Slug::for_app("sigma-evil"), Err(SlugProblem::Reserved));
        assert!(Slug::for_app("login").is_ok());
        for page in RESERVED_FOR_ORGS {
            assert_eq!(Slug::for_org(page), Err(SlugProblem::Reserved), "{page}");
        }
    }
}
