//! An error as handlers and extractors return it, whatever the surface: each surface has a renderer that writes the body.

use std::borrow::Cow;
use std::fmt;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, HeaderName, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::Serialize;

use crate::http::context::RequestId;
use crate::http::headers;
use crate::http::limits::Exceeded;

/// An error before a surface tells it. The one middleware logs it under the request's id and has the surface write the body.
#[derive(Clone, Debug)]
pub struct ApiError {
    status: StatusCode,
    error: Cow<'static, str>,
    description: Cow<'static, str>,
    code: Option<&'static str>,
    cause: Option<String>,
}

/// Writes an error as one surface tells it: the body, and headers of its own. The status is that of the error.
pub(crate) type RenderError = fn(&ApiError, &RequestId) -> Response;

/// A body of JSON, for a renderer.
pub(crate) fn json(body: &impl Serialize) -> Response {
    let mut response = Response::new(Body::from(serde_json::to_vec(body).unwrap_or_default()));
    response.headers_mut().insert(CONTENT_TYPE, headers::JSON);
    response
}

impl ApiError {
    /// `error` is the code that clients compare, `description` the sentence that people read.
    pub fn new(
        status: StatusCode,
        error: impl Into<Cow<'static, str>>,
        description: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { status, error: error.into(), description: description.into(), code: None, cause: None }
    }

    /// With Better Auth's `code`.
    #[must_use]
    pub fn with_code(mut self, code: &'static str) -> Self {
        self.code = Some(code);
        self
    }

    /// 500 `server_error`. `cause` is logged with the request id and never sent.
    pub fn internal(cause: impl fmt::Display) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "server_error", "Internal error").caused_by(cause)
    }

    /// 503 `temporarily_unavailable`. `cause` is logged with the request id and never sent.
    pub fn unavailable(cause: impl fmt::Display) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable", "Try again in a moment").caused_by(cause)
    }

    /// With what went wrong inside, for the log alone.
    #[must_use]
    pub fn caused_by(mut self, cause: impl fmt::Display) -> Self {
        self.cause = Some(cause.to_string());
        self
    }

    /// The status that it is sent with.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// Better Auth's `code`, if it has one.
    pub fn code(&self) -> Option<&'static str> {
        self.code
    }

    /// The code that clients compare.
    pub fn error(&self) -> &str {
        &self.error
    }

    /// The sentence that people read.
    pub fn description(&self) -> &str {
        &self.description
    }

    /// What the log says of it, if that is more than people read.
    pub(super) fn cause(&self) -> Option<&str> {
        self.cause.as_deref()
    }
}

/// The body is left to the middleware, which knows the surface and the request's id. Headers that others add stay.
impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = self.status;
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response.extensions_mut().insert(self);
        response
    }
}

const X_RETRY_AFTER: HeaderName = HeaderName::from_static("x-retry-after");

/// 429 in both shapes and with both headers that clients read (`docs/spec/limits.md#answers`).
impl IntoResponse for Exceeded {
    fn into_response(self) -> Response {
        let description = "Too many requests. Please try again later.";
        let error = ApiError::new(StatusCode::TOO_MANY_REQUESTS, "rate_limit_exceeded", description);
        let mut response = error.into_response();
        self.write(response.headers_mut());
        response
    }
}

impl Exceeded {
    /// Writes the headers of a 429, for a page that has words of its own, and counts it in the metrics.
    pub fn write(self, headers: &mut HeaderMap) {
        let retry_after = HeaderValue::from(self.retry_after);
        headers.insert(RETRY_AFTER, retry_after.clone());
        headers.insert(X_RETRY_AFTER, retry_after);
        headers::rate_limit(headers, self.limit, 0, self.reset);
        metrics::counter!("sigma_http_rate_limited_total", "rule" => self.rule.as_str()).increment(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::limits::Rule;

    #[test]
    fn a_spent_quota_says_in_its_headers_when_to_come_back() {
        let response = Exceeded { rule: Rule::SignIn, limit: 5, retry_after: 12, reset: 1_800_000_060 }.into_response();
        let headers: Vec<_> =
            response.headers().iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
        insta::assert_snapshot!(headers.join("\n"), @r"
        retry-after: 12
        x-retry-after: 12
        x-ratelimit-limit: 5
        x-ratelimit-remaining: 0
        x-ratelimit-reset: 1800000060
        ");
    }
}
