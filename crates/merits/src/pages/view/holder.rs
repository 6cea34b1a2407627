//! `/account/merits`: the merits of the signed-in user, and the apps that see them.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use sigma_core::time::Timestamp;
use sigma_platform::pages::view::csp::ContentSecurityPolicy;
use sigma_platform::pages::view::{PageContext, moment, page};

use super::{Notice, Party, PermissionLine};

/// The page. Its forms post `merit` to `/account/merits/…`.
#[derive(Clone, Debug, Default)]
pub struct HolderPage {
    /// What waits for the user.
    pub pending: Vec<HeldMerit>,
    /// What they accepted.
    pub accepted: Vec<HeldMerit>,
    /// Path of the page with older ones.
    pub more_url: Option<String>,
    /// The apps that see them.
    pub apps: Vec<AccessLine>,
    /// Addresses that another account confirmed.
    pub claims: Vec<ClaimLine>,
    /// The outcome of the last action.
    pub notice: Option<Notice>,
}

/// A merit of the user.
#[derive(Clone, Debug)]
pub struct HeldMerit {
    /// How forms name it.
    pub id: String,
    /// The title of its template.
    pub title: String,
    /// The description of its template.
    pub description: String,
    /// Who issued it.
    pub org: Party,
    /// The picture of its template.
    pub cover_url: Option<String>,
    /// The values of its fields.
    pub values: Vec<Value>,
    /// The address that it was sent to.
    pub email: String,
    /// When it was sent.
    pub sent_at: Timestamp,
    /// Of a request for access: what the app would see.
    pub sees: Vec<PermissionLine>,
    /// Whether it has a public page.
    pub public: bool,
    /// Path of that page.
    pub page_url: Option<String>,
    /// Path of its credential, once it was accepted.
    pub credential_url: String,
}

/// The value of a field.
#[derive(Clone, Debug)]
pub struct Value {
    /// The name of the field.
    pub name: String,
    /// The value, as text.
    pub text: String,
    /// Its files.
    pub files: Vec<FileLink>,
}

/// A file in a field.
#[derive(Clone, Debug)]
pub struct FileLink {
    /// The attachment.
    pub id: String,
    /// Where it is downloaded, for five minutes.
    pub url: String,
    /// What the link says.
    pub label: String,
}

/// An app that sees merits of the user.
#[derive(Clone, Debug)]
pub struct AccessLine {
    /// The Access Merit.
    pub merit_id: String,
    /// The app.
    pub app: Party,
    /// The name of the org on whose behalf it asked.
    pub org: String,
    /// What it sees.
    pub sees: Vec<PermissionLine>,
    /// Since when.
    pub since: Timestamp,
}

/// An address to which merits of the user were sent, and which another account has proven.
#[derive(Clone, Debug)]
pub struct ClaimLine {
    /// The address, folded.
    pub email: String,
}

impl HeldMerit {
    fn sent(&self) -> String {
        moment::day(self.sent_at)
    }
}

impl AccessLine {
    fn day(&self) -> String {
        moment::day(self.since)
    }
}

#[derive(Template)]
#[template(path = "holder/merits.html")]
struct HolderTemplate<'a> {
    context: &'a PageContext<'a>,
    view: &'a HolderPage,
}

impl HolderPage {
    /// The page.
    pub fn render(&self, context: &PageContext<'_>) -> Response {
        page(StatusCode::OK, &HolderTemplate { context, view: self }, ContentSecurityPolicy::Strict)
    }
}
