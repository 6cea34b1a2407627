//! What `/console/doctor` shows.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use sigma_platform::pages::view::csp::ContentSecurityPolicy;
use sigma_platform::pages::view::{PageContext, page};

use super::Frame;
use crate::outcome::Notice;

/// `/console/doctor`.
#[derive(Clone, Debug)]
pub struct DoctorPage {
    /// The checks.
    pub findings: Vec<FindingRow>,
}

/// A check and its result.
#[derive(Clone, Debug)]
pub struct FindingRow {
    /// What was checked: a key of the catalogue.
    pub check: &'static str,
    /// The class and the words of how bad it is.
    pub state: (&'static str, &'static str),
    /// The result, in words.
    pub message: String,
}

#[derive(Template)]
#[template(path = "console/doctor.html")]
struct DoctorTemplate<'a> {
    context: &'a PageContext<'a>,
    frame: &'a Frame,
    view: &'a DoctorPage,
}

impl DoctorPage {
    /// The page.
    pub fn render(&self, frame: &Frame, context: &PageContext<'_>) -> Response {
        page(StatusCode::OK, &DoctorTemplate { context, frame, view: self }, ContentSecurityPolicy::Strict)
    }
}
