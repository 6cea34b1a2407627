//! Conditional requests (RFC 9110 §13): versions of a resource, and which of them a request is about.

use crate::digest::Digest;

/// Hexadecimal digits of a tag: 128 bits.
const LENGTH: usize = 32;

/// The version of a resource: a strong entity tag (§8.8.3), which any other content would change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntityTag(String);

impl EntityTag {
    /// The version with this content.
    pub fn of(content: impl AsRef<[u8]>) -> Self {
        Self(Digest::of(content).hex().get(..LENGTH).unwrap_or_default().to_owned())
    }

    /// The value of the header `ETag`.
    pub fn header(&self) -> String {
        format!("\"{}\"", self.0)
    }
}

/// A tag that a client sent.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Named {
    opaque: String,
    is_weak: bool,
}

/// The versions that a header names.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Versions {
    /// `*`: any that there is.
    Any,
    Some(Vec<Named>),
}

/// A header that is neither `*` nor a list of tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be * or entity tags in double quotes, separated by commas")]
pub struct Malformed;

/// The conditions of a request, `If-Match` and `If-None-Match`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preconditions {
    if_match: Option<Versions>,
    if_none_match: Option<Versions>,
}

/// What conditions make of a request that only reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// The content is sent.
    Content,
    /// The client has this version: 304.
    Known,
    /// It wants another one: 412.
    Failed,
}

impl Preconditions {
    /// The conditions in the values of the two headers. Lists in several lines are joined by commas first (§5.3).
    ///
    /// # Errors
    /// One of them is malformed.
    pub fn parse(if_match: Option<&str>, if_none_match: Option<&str>) -> Result<Self, Malformed> {
        Ok(Self {
            if_match: if_match.map(Versions::parse).transpose()?,
            if_none_match: if_none_match.map(Versions::parse).transpose()?,
        })
    }

    /// Whether there is a condition at all.
    pub const fn is_empty(&self) -> bool {
        self.if_match.is_none() && self.if_none_match.is_none()
    }

    /// Whether a resource of this version may be changed (§13.2.2). `If-Match` compares strongly: a weak tag matches nothing.
    pub fn allow_change(&self, current: &EntityTag) -> bool {
        self.matches(current) && !self.if_none_match.as_ref().is_some_and(|known| known.weakly_name(current))
    }

    /// What a request for a resource of this version is answered with.
    pub fn of_reading(&self, current: &EntityTag) -> Reading {
        if !self.matches(current) {
            return Reading::Failed;
        }
        match &self.if_none_match {
            Some(known) if known.weakly_name(current) => Reading::Known,
            _ => Reading::Content,
        }
    }

    fn matches(&self, current: &EntityTag) -> bool {
        match &self.if_match {
            None | Some(Versions::Any) => true,
            Some(Versions::Some(named)) => named.iter().any(|tag| !tag.is_weak && tag.opaque == current.0),
        }
    }
}

impl Versions {
    fn parse(header: &str) -> Result<Self, Malformed> {
        let header = header.trim_matches([' ', '\t']);
        if header == "*" {
            return Ok(Self::Any);
        }
        let (mut rest, mut named) = (header, Vec::new());
        loop {
            rest = rest.trim_start_matches([' ', '\t', ',']);
            if rest.is_empty() {
                return if named.is_empty() { Err(Malformed) } else { Ok(Self::Some(named)) };
            }
            let (is_weak, tag) = rest.strip_prefix("W/").map_or((false, rest), |tag| (true, tag));
            let (opaque, after) = tag.strip_prefix('"').and_then(|tag| tag.split_once('"')).ok_or(Malformed)?;
            let follows = after.trim_start_matches([' ', '\t']);
            if !follows.is_empty() && !follows.starts_with(',') {
                return Err(Malformed);
            }
            named.push(Named { opaque: opaque.to_owned(), is_weak });
            rest = follows;
        }
    }

    fn weakly_name(&self, current: &EntityTag) -> bool {
        match self {
            Self::Any => true,
            Self::Some(named) => named.iter().any(|tag| tag.opaque == current.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conditions(if_match: Option<&str>, if_none_match: Option<&str>) -> Preconditions {
        Preconditions::parse(if_match, if_none_match).unwrap()
    }

    #[test]
    fn a_change_needs_the_current_version() {
        let (current, other) = (EntityTag::of("a"), EntityTag::of("b"));
        let (tag, stale) = (current.header(), other.header());
        assert_eq!(tag.len(), LENGTH + 2);
        for (if_match, allowed) in [
            (tag.clone(), true),
            (format!("{stale}, {tag}"), true),
            (format!("\"a,b\" ,\t{tag},"), true),
            ("*".to_owned(), true),
            (stale.clone(), false),
            (format!("W/{tag}"), false),
            ("\"\"".to_owned(), false),
        ] {
            assert_eq!(conditions(Some(&if_match), None).allow_change(&current), allowed, "{if_match}");
        }
        // What must not exist yet, or not be this version.
        for (if_none_match, allowed) in [("*", false), (tag.as_str(), false), (stale.as_str(), true)] {
            assert_eq!(conditions(None, Some(if_none_match)).allow_change(&current), allowed, "{if_none_match}");
        }
        assert!(Preconditions::default().allow_change(&current) && Preconditions::default().is_empty());
    }

    #[test]
    fn a_client_that_has_the_version_is_told_so() {
        let current = EntityTag::of("a");
        let (tag, stale) = (current.header(), EntityTag::of("b").header());
        for (if_match, if_none_match, reading) in [
            (None, None, Reading::Content),
            (None, Some(format!("{stale}, W/{tag}")), Reading::Known),
            (None, Some("*".to_owned()), Reading::Known),
            (None, Some(stale.clone()), Reading::Content),
            (Some(tag), Some(stale.clone()), Reading::Content),
            (Some(stale), None, Reading::Failed),
        ] {
            let conditions = conditions(if_match.as_deref(), if_none_match.as_deref());
            assert_eq!(conditions.of_reading(&current), reading, "{conditions:?}");
        }
    }

    #[test]
    fn malformed_lists_are_refused() {
        for bad in ["", ",", "a", "\"a", "\"a\" \"b\"", "*, \"a\"", "w/\"a\"", "\"a\"b"] {
            assert_eq!(Preconditions::parse(Some(bad), None), Err(Malformed), "{bad}");
            assert_eq!(Preconditions::parse(None, Some(bad)), Err(Malformed), "{bad}");
        }
    }
}
