//! `/account/apps`: the apps with access to an account.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use sigma_core::time::Timestamp;

use crate::pages::view::csp::ContentSecurityPolicy;
use crate::pages::view::{PageContext, initial, moment, page};

/// The page. Its forms post `app` to `/account/apps/remove`.
#[derive(Clone, Debug)]
pub struct AccountApps {
    /// The apps, the one used last first.
    pub lines: Vec<AppLine>,
    /// What was just done: a key of the catalogue.
    pub done: Option<&'static str>,
    /// Why the submission failed: a key of the catalogue.
    pub refused: Option<&'static str>,
}

/// An app with access.
#[derive(Clone, Debug)]
pub struct AppLine {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its logo, on our own origin.
    pub logo_url: Option<String>,
    /// Where a sign-in to it begins.
    pub open_url: Option<String>,
    /// What it sees and may do, in words.
    pub sees: Vec<String>,
    /// When it first got access.
    pub since: Timestamp,
    /// When it was last used.
    pub last_used_at: Timestamp,
}

impl AppLine {
    /// The initial shown in place of a logo.
    fn initial(&self) -> String {
        initial(&self.name)
    }

    fn first_day(&self) -> String {
        moment::day(self.since)
    }

    fn last_day(&self) -> String {
        moment::day(self.last_used_at)
    }
}

#[derive(Template)]
#[template(path = "account-apps.html")]
struct AccountAppsPage<'a> {
    context: &'a PageContext<'a>,
    view: &'a AccountApps,
}

impl AccountApps {
    /// The page.
    pub fn render(&self, status: StatusCode, context: &PageContext<'_>) -> Response {
        page(status, &AccountAppsPage { context, view: self }, ContentSecurityPolicy::Strict)
    }
}
