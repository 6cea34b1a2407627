//! A middleware with a surface of the tests' own behind it.

use std::sync::Arc;

use axum::Router;
use axum::response::IntoResponse as _;
use http::StatusCode;
use serde::Serialize;
use sigma_core::random::SeededRng;
use sigma_core::time::ManualClock;
use sigma_edge::policy::{ErrorPages, Policy};
use sigma_edge::settings::Settings;
use sigma_edge::{ApiError, Declarations, Edge, ErrorFormat, FailedAt, Routes, Surface, complete, json};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;

#[derive(Serialize)]
struct ErrorBody<'a> {
    error: &'a str,
    error_description: &'a str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a str>,
    request_id: &'a str,
}

fn render(error: &ApiError, at: &FailedAt<'_>) -> axum::response::Response {
    json(&ErrorBody {
        error: error.error(),
        error_description: error.description(),
        message: error.description(),
        code: error.code(),
        request_id: at.request_id.as_str(),
    })
}

const FORMAT: ErrorFormat = ErrorFormat {
    render,
    schema: || ("Error".to_owned(), RefOr::T(Schema::default())),
    media_type: "application/json",
    expected: &[StatusCode::PAYMENT_REQUIRED],
};

/// An API.
pub const API: Policy = Policy::new(&FORMAT);
/// A page.
pub const PAGE: Policy = Policy { error_pages: ErrorPages::ForBrowsers, ..API };

/// A middleware before these endpoints; everything else is a page.
pub fn edge(settings: &Settings, surface: Surface<()>, clock: Arc<ManualClock>) -> Edge {
    let routes = Routes::new(PAGE, &Declarations::from_iter([surface])).unwrap();
    let page = |failed: &sigma_edge::FailedRequest<'_>| format!("{} {}", failed.status, failed.code).into_response();
    Edge::new(settings, routes, page, clock, &SeededRng::new(1)).unwrap()
}

/// The router of these endpoints.
pub fn router(surface: Surface<()>) -> Router {
    complete(surface.mount(Router::new()))
}
