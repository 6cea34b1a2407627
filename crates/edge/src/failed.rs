//! A failed request, for the page that says so: the middleware knows what failed, the server how its pages look.

use std::sync::Arc;

use axum::response::Response;
use http::{Method, StatusCode, Uri};

/// A request that failed, made by a browser that wants to show something.
#[derive(Clone, Copy, Debug)]
pub struct FailedRequest<'a> {
    /// The status of the response.
    pub status: StatusCode,
    /// The error's code, for developers.
    pub code: &'a str,
    /// The request as received.
    pub method: &'a Method,
    /// Its address.
    pub uri: &'a Uri,
    /// Its id.
    pub request_id: &'a str,
    /// Its `Accept-Language`.
    pub accept_language: Option<&'a str>,
}

/// Renders the page for a failed request.
pub(super) type RenderPage = Arc<dyn Fn(&FailedRequest<'_>) -> Response + Send + Sync>;
