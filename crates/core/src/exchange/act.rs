//! The claim `act` (RFC 8693 §4.1): who acts for the subject, and who did before.

use serde::{Deserialize, Serialize};

/// The longest chain: each exchange by another app adds one.
pub const MOST_ACTORS: usize = 8;

/// An actor, and the ones before it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActClaim {
    /// The issuer of `sub`, if it is not this server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iss: Option<String>,
    /// The app, by its client id; the user who impersonates; or the subject of an external token.
    pub sub: String,
    /// The previous actor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub act: Option<Box<Self>>,
}

impl ActClaim {
    /// `sub`, acting after the actors of `earlier`.
    pub fn after(earlier: Option<&Self>, sub: impl Into<String>) -> Self {
        Self { iss: None, sub: sub.into(), act: earlier.cloned().map(Box::new) }
    }

    /// The actors, the current one first.
    pub fn chain(&self) -> impl Iterator<Item = &Self> {
        std::iter::successors(Some(self), |actor| actor.act.as_deref())
    }
}
