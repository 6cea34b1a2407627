//! Paths to attributes (RFC 7644 §3.10, §3.5.2).

use super::attribute::{Attribute, Kind};
use super::filter::{self, Filter};
use super::problem::Problem;
use super::schema::ResourceType;

/// Most bytes of a path without a filter.
const LONGEST: usize = 256;

/// An attribute of a resource, or one within it.
#[derive(Clone, Copy, Debug)]
pub struct AttributePath {
    /// The extension that it belongs to.
    pub extension: Option<&'static str>,
    /// The attribute.
    pub attribute: &'static Attribute,
    /// The attribute within it.
    pub sub: Option<&'static Attribute>,
}

impl AttributePath {
    /// The attribute that `text` names: `name.familyName`, or with the URN of its schema in front.
    pub fn parse(of: ResourceType, text: &str) -> Option<Self> {
        if text.len() > LONGEST {
            return None;
        }
        let (extension, rest) = match urn(of, text) {
            Some((Schema::Main, rest)) => (None, rest),
            Some((Schema::Extension(urn), rest)) => (Some(urn), rest),
            None => (None, text),
        };
        let (name, sub) = match rest.split_once('.') {
            Some((name, sub)) => (name, Some(sub)),
            None => (rest, None),
        };
        let (extension, attribute) = match extension {
            Some(urn) => (Some(urn), of.find_extended(name)?),
            None => match of.find(name) {
                Some(attribute) => (None, attribute),
                // Entra asks for `manager` without the URN in front.
                None => (of.extension(), of.find_extended(name)?),
            },
        };
        let sub = match sub {
            Some(sub) => Some(attribute.sub(sub)?),
            None => None,
        };
        Some(Self { extension, attribute, sub })
    }

    /// The attribute within entries of `parent` that `text` names: inside of the brackets of a filter.
    pub(super) fn within(parent: &Attribute, text: &str) -> Option<Self> {
        Some(Self { extension: None, attribute: parent.sub(text)?, sub: None })
    }

    /// The attribute whose values are compared: that of a complex one without more is its `value`.
    pub fn compared(&self) -> Option<&'static Attribute> {
        let last = self.sub.unwrap_or(self.attribute);
        if last.kind == Kind::Complex { last.sub("value") } else { Some(last) }
    }

    /// Whether it leads to the attribute `name` of the main schema, or into it.
    pub fn is_of(&self, name: &str) -> bool {
        self.extension.is_none() && self.attribute.name == name
    }
}

enum Schema {
    Main,
    Extension(&'static str),
}

/// The schema whose URN `text` begins with, and what follows its colon.
fn urn(of: ResourceType, text: &str) -> Option<(Schema, &str)> {
    let after = |urn: &str| {
        let (start, rest) = text.split_at_checked(urn.len())?;
        (start.eq_ignore_ascii_case(urn)).then(|| rest.strip_prefix(':')).flatten()
    };
    if let Some(urn) = of.extension()
        && let Some(rest) = after(urn)
    {
        return Some((Schema::Extension(urn), rest));
    }
    after(of.schema()).map(|rest| (Schema::Main, rest))
}

/// The target of a PATCH operation: `emails[type eq "work"].value`.
#[derive(Clone, Debug)]
pub enum PatchPath {
    /// All of an extension.
    Extension(&'static str),
    /// An attribute, of which entries.
    Attribute {
        /// The attribute, and the one within it.
        path: AttributePath,
        /// Which of its entries.
        filter: Option<Filter>,
    },
}

impl PatchPath {
    /// Parses a path.
    ///
    /// # Errors
    /// `invalidPath`; `invalidFilter` for what is in its brackets.
    pub fn parse(of: ResourceType, text: &str) -> Result<Self, Problem> {
        let unknown = || Problem::path(format!("There is no attribute {:?}", shortened(text)));
        let text = text.trim();
        // As members of a value, names may be those of the schema itself.
        if let Some(urn) = of.extension()
            && text.eq_ignore_ascii_case(urn)
        {
            return Ok(Self::Extension(urn));
        }
        let Some((before, rest)) = text.split_once('[') else {
            let path = AttributePath::parse(of, text).ok_or_else(unknown)?;
            return Ok(Self::Attribute { path, filter: None });
        };
        let mut path = AttributePath::parse(of, before).filter(|path| path.sub.is_none()).ok_or_else(unknown)?;
        if !path.attribute.multi_valued || path.attribute.kind != Kind::Complex {
            return Err(Problem::path(format!("{} has no entries to select", path.attribute.name)));
        }
        // Brackets may stand in the text of a value, which the filter's parser knows.
        let (filter, after) = filter::parse_within(path.attribute, rest)?;
        if let Some(sub) = after.strip_prefix('.') {
            path.sub = Some(path.attribute.sub(sub).ok_or_else(unknown)?);
        } else if !after.is_empty() {
            return Err(Problem::path("A dot must follow the brackets"));
        }
        Ok(Self::Attribute { path, filter: Some(filter) })
    }
}

/// As much of a text from outside as a message repeats.
pub(super) fn shortened(text: &str) -> String {
    text.chars().take(60).collect()
}
