//! What the page of the signing keys shows.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use sigma_core::jose::KeyState;
use sigma_core::time::Timestamp;
use sigma_platform::pages::view::csp::ContentSecurityPolicy;
use sigma_platform::pages::view::{PageContext, moment, page};
use sigma_store::operator::keys::KeyLine;

use super::Frame;
use crate::outcome::Notice;

/// `/console/keys`. Its forms post `do` to the same address.
#[derive(Clone, Debug)]
pub struct KeysPage {
    /// How long a key signs, in words.
    pub rotation: String,
    /// How long it is published before.
    pub publication: String,
    /// How long it is kept after.
    pub kept: String,
    /// When the next key of each algorithm signs.
    pub next: Vec<NextRotation>,
    /// The keys.
    pub keys: Vec<KeyRow>,
    /// The algorithms.
    pub algorithms: Vec<&'static str>,
    /// Whether whoever looks may rotate and revoke.
    pub may_change: bool,
    /// Where they prove again who they are, before they do.
    pub confirm_url: Option<String>,
}

/// The next rotation of an algorithm.
#[derive(Clone, Debug)]
pub struct NextRotation {
    /// The algorithm.
    pub algorithm: &'static str,
    /// When.
    pub at: Timestamp,
}

impl NextRotation {
    fn when(&self) -> String {
        moment::minute(self.at)
    }
}

/// A signing key.
#[derive(Clone, Debug)]
pub struct KeyRow {
    /// Its `kid`.
    pub kid: String,
    /// Its algorithm.
    pub algorithm: &'static str,
    /// What it is for: a key of the catalogue.
    pub state: &'static str,
    /// Whether it can be revoked: it does not sign.
    pub revocable: bool,
    /// When it was created.
    pub created_at: Timestamp,
    /// Since when it signs, or from when on.
    pub since: Timestamp,
    /// When it is deleted.
    pub until: Option<Timestamp>,
}

impl KeyRow {
    /// The row of a key.
    pub fn of(key: &KeyLine) -> Self {
        Self {
            kid: key.record.kid.clone(),
            algorithm: key.record.algorithm.as_str(),
            state: match key.state {
                KeyState::Retired => "console-key-retired",
                KeyState::Published => "console-key-future",
                KeyState::Signs => "console-key-active",
            },
            revocable: key.state != KeyState::Signs,
            created_at: key.record.created_at,
            since: key.record.active_from,
            until: key.record.delete_after,
        }
    }

    fn created(&self) -> String {
        moment::day(self.created_at)
    }

    fn day(&self) -> String {
        moment::minute(self.since)
    }

    fn ends(&self) -> Option<String> {
        self.until.map(moment::day)
    }
}

#[derive(Template)]
#[template(path = "console/keys.html")]
struct KeysTemplate<'a> {
    context: &'a PageContext<'a>,
    frame: &'a Frame,
    view: &'a KeysPage,
}

impl KeysPage {
    /// The page.
    pub fn render(&self, status: StatusCode, frame: &Frame, context: &PageContext<'_>) -> Response {
        page(status, &KeysTemplate { context, frame, view: self }, ContentSecurityPolicy::Strict)
    }
}
