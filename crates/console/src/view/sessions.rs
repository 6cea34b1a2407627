//! What `/console/sessions` shows.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use sigma_core::time::Timestamp;
use sigma_platform::pages::view::csp::ContentSecurityPolicy;
use sigma_platform::pages::view::{PageContext, moment, page};

use super::Frame;
use crate::outcome::Notice;

/// `/console/sessions`. Its forms post the id of a session as `session` to the same address.
#[derive(Clone, Debug)]
pub struct SessionsPage {
    /// Whose sessions are shown, as entered; empty for everybody's.
    pub person: String,
    /// The sessions, newest first.
    pub sessions: Vec<LiveSessionRow>,
    /// The next page.
    pub next: Option<String>,
    /// The first page, on others.
    pub first: Option<String>,
    /// Whether the role ends sessions.
    pub may_change: bool,
    /// Where the person who looks proves again who they are, before they may do that.
    pub confirm_url: Option<String>,
}

/// A live session.
#[derive(Clone, Debug)]
pub struct LiveSessionRow {
    /// Its id.
    pub id: String,
    /// The id of who is signed in.
    pub person: String,
    /// Their name.
    pub name: String,
    /// The browser.
    pub device: String,
    /// The network address at its start.
    pub address: String,
    /// The names of the apps that they are signed in to by it.
    pub apps: String,
    /// Since when.
    pub created_at: Timestamp,
    /// The last use that is known.
    pub last_used_at: Timestamp,
}

impl LiveSessionRow {
    fn since(&self) -> String {
        moment::minute(self.created_at)
    }

    fn used(&self) -> String {
        moment::day(self.last_used_at)
    }
}

#[derive(Template)]
#[template(path = "console/sessions.html")]
struct SessionsTemplate<'a> {
    context: &'a PageContext<'a>,
    frame: &'a Frame,
    view: &'a SessionsPage,
}

impl SessionsPage {
    /// The page.
    pub fn render(&self, status: StatusCode, frame: &Frame, context: &PageContext<'_>) -> Response {
        page(status, &SessionsTemplate { context, frame, view: self }, ContentSecurityPolicy::Strict)
    }
}
