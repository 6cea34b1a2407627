//! What `/console/orgs/{id}/domains` shows.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use sigma_platform::domains::DomainsView;
use sigma_platform::pages::view::csp::ContentSecurityPolicy;
use sigma_platform::pages::view::{PageContext, page};

use super::Frame;
use crate::outcome::Notice;

/// `/console/orgs/{id}/domains`.
#[derive(Clone, Debug)]
pub struct OrgDomainsPage {
    /// The name of the org.
    pub name: String,
    /// Its page in the console.
    pub back: String,
    /// Where the viewer proves first who they are, unless they just did.
    pub confirm_url: Option<String>,
    /// The domains.
    pub domains: DomainsView,
}

#[derive(Template)]
#[template(path = "console/org-domains.html")]
struct OrgDomainsTemplate<'a> {
    context: &'a PageContext<'a>,
    frame: &'a Frame,
    view: &'a OrgDomainsPage,
}

impl OrgDomainsPage {
    /// The page.
    pub fn render(&self, status: StatusCode, frame: &Frame, context: &PageContext<'_>) -> Response {
        page(status, &OrgDomainsTemplate { context, frame, view: self }, ContentSecurityPolicy::Strict)
    }
}
