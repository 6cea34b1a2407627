//! `/workspace/{id}/people`: the members of the workspace, in pages.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use sigma_core::time::Timestamp;

use super::{Frame, Notice};
use sigma_platform::pages::view::csp::ContentSecurityPolicy;
use sigma_platform::pages::view::{PageContext, initial, moment, page};

/// A page of the list of members, or the member with the e-mail address searched for.
#[derive(Clone, Debug)]
pub struct People {
    /// The e-mail address searched for.
    pub search: Option<String>,
    /// The members on this page.
    pub people: Vec<MemberLine>,
    /// The position in the list.
    pub paging: Paging,
}

/// One member of the workspace.
#[derive(Clone, Debug)]
pub struct MemberLine {
    /// Their id.
    pub user_id: String,
    /// Their name.
    pub name: String,
    /// Their e-mail address.
    pub email: Option<String>,
    /// The name of their role.
    pub role: String,
    /// Whether they can log in.
    pub status: MemberStatus,
    /// Marked for quick login.
    pub quick_login: bool,
    /// The viewer.
    pub is_self: bool,
    /// Since when.
    pub created_at: Timestamp,
}

/// Whether a member can log in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemberStatus {
    /// They have not accepted yet.
    Invited,
    /// The member can sign in.
    Active,
    /// The member cannot sign in.
    Inactive,
}

/// A page of a list.
#[derive(Clone, Copy, Debug)]
pub struct Paging {
    /// How many items precede it.
    pub offset: u64,
    /// How many items a page holds.
    pub limit: u64,
    /// How many items there are.
    pub total: u64,
}

impl MemberStatus {
    /// A key of the catalogue.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Invited => "workspace-state-invited",
            Self::Active => "workspace-state-active",
            Self::Inactive => "workspace-state-inactive",
        }
    }

    pub(super) const fn class(self) -> &'static str {
        match self {
            Self::Invited => "waiting",
            Self::Active => "good",
            Self::Inactive => "off",
        }
    }
}

impl MemberLine {
    fn initial(&self) -> String {
        initial(&self.name)
    }

    fn since(&self) -> String {
        moment::day(self.created_at)
    }
}

impl Paging {
    pub(super) fn previous(&self) -> Option<u64> {
        (self.offset > 0).then(|| self.offset.saturating_sub(self.limit))
    }

    pub(super) fn next(&self) -> Option<u64> {
        let next = self.offset.saturating_add(self.limit);
        (next < self.total).then_some(next)
    }

    /// `1,234`.
    fn total_of(&self, context: &PageContext<'_>) -> String {
        context.language.number(self.total)
    }

    /// `51–100 of 1,234`.
    pub(super) fn place(&self, context: &PageContext<'_>, shown: usize) -> String {
        let last = self.offset.saturating_add(u64::try_from(shown).unwrap_or(u64::MAX)).min(self.total);
        let first = self.offset.saturating_add(1).min(last);
        let number = |count| context.language.number(count);
        let place = context.text("workspace-place").with("first", number(first)).with("last", number(last));
        place.with("total", number(self.total)).to_string()
    }
}

#[derive(Template)]
#[template(path = "workspace/people.html")]
struct PeoplePage<'a> {
    context: &'a PageContext<'a>,
    frame: &'a Frame,
    view: &'a People,
}

impl People {
    /// The page.
    pub fn render(&self, frame: &Frame, context: &PageContext<'_>) -> Response {
        page(StatusCode::OK, &PeoplePage { context, frame, view: self }, ContentSecurityPolicy::Strict)
    }
}
