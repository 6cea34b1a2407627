//! What the overview shows.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use sigma_platform::pages::view::csp::ContentSecurityPolicy;
use sigma_platform::pages::view::{PageContext, page};

use super::plot::{Line, Plot};
use super::{Fact, Frame};
use crate::outcome::Notice;

/// `/console`.
#[derive(Clone, Debug)]
pub struct OverviewPage {
    /// What there is.
    pub totals: Vec<Fact>,
    /// What happened in the last day.
    pub day: Vec<Fact>,
    /// What happened on each of the last days.
    pub plots: Vec<Plot>,
    /// The busiest apps.
    pub apps: Vec<Line>,
    /// What waits.
    pub queues: Vec<QueueRow>,
    /// The server.
    pub server: Vec<Fact>,
}

/// A queue.
#[derive(Clone, Debug)]
pub struct QueueRow {
    /// What it is: a key of the catalogue.
    pub label: &'static str,
    /// What waits.
    pub waiting: String,
    /// How much of it fails; `None` if nothing does.
    pub failing: Option<String>,
}

#[derive(Template)]
#[template(path = "console/overview.html")]
struct OverviewTemplate<'a> {
    context: &'a PageContext<'a>,
    frame: &'a Frame,
    view: &'a OverviewPage,
}

impl OverviewPage {
    /// The page.
    pub fn render(&self, frame: &Frame, context: &PageContext<'_>) -> Response {
        page(StatusCode::OK, &OverviewTemplate { context, frame, view: self }, ContentSecurityPolicy::Strict)
    }
}
