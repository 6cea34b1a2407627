//! Claims about a person, for an answer that is written once: by reference, in the order in which they were added.

use std::borrow::Cow;

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

/// The value of a claim.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Claim<'a> {
    /// A text.
    Text(Cow<'a, str>),
    /// Yes or no.
    Flag(bool),
    /// Seconds since the epoch.
    Seconds(i64),
    /// A list of texts.
    Listed(&'a [String]),
    /// Any JSON.
    Json(Value),
}

impl<'a> From<&'a str> for Claim<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Claim<'_> {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

impl<'a> From<Cow<'a, str>> for Claim<'a> {
    fn from(text: Cow<'a, str>) -> Self {
        Self::Text(text)
    }
}

impl From<Claim<'_>> for Value {
    fn from(claim: Claim<'_>) -> Self {
        match claim {
            Claim::Text(text) => Self::String(text.into_owned()),
            Claim::Flag(flag) => Self::Bool(flag),
            Claim::Seconds(seconds) => Self::from(seconds),
            Claim::Listed(texts) => Self::from(texts),
            Claim::Json(value) => value,
        }
    }
}

/// Claims by name, each once. Written as a JSON object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claims<'a>(Vec<(&'a str, Claim<'a>)>);

impl<'a> Claims<'a> {
    /// None, with room for all that a person has.
    pub fn new() -> Self {
        Self(Vec::with_capacity(24))
    }

    /// Adds a claim that is not among them.
    pub fn push(&mut self, name: &'a str, value: impl Into<Claim<'a>>) {
        self.0.push((name, value.into()));
    }

    /// The claims in order.
    pub fn iter(&self) -> impl Iterator<Item = (&'a str, &Claim<'a>)> {
        self.0.iter().map(|(name, claim)| (*name, claim))
    }

    /// The same as a map, for what goes on changing them.
    pub fn into_map(self) -> Map<String, Value> {
        self.0.into_iter().map(|(name, claim)| (name.to_owned(), claim.into())).collect()
    }
}

impl Serialize for Claims<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}
