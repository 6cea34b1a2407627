//! An error as handlers and extractors return it, on any surface: each surface has a renderer that writes the body.

use std::borrow::Cow;
use std::fmt;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, HeaderName, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::Serialize;
use serde_json::Value;
use sigma_core::fault::Fault;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;

use crate::context::RequestId;
use crate::headers;
use crate::limits::Exceeded;

/// An error before a surface renders it. The one middleware logs it under the request id and has the surface write the
/// body.
#[derive(Clone, Debug)]
pub struct ApiError {
    status: StatusCode,
    error: Cow<'static, str>,
    description: Cow<'static, str>,
    code: Option<&'static str>,
    field: Option<Cow<'static, str>>,
    cause: Option<Box<str>>,
    errors: Option<Box<Value>>,
}

/// How a surface writes errors.
#[derive(Clone, Copy, Debug)]
pub struct ErrorFormat {
    /// Renders an error: the body, and headers of its own. The status is that of the error.
    pub render: fn(&ApiError, &FailedAt<'_>) -> Response,
    /// The name and schema of the body in the OpenAPI document.
    pub schema: fn() -> (String, RefOr<Schema>),
    /// The media type of the body.
    pub media_type: &'static str,
    /// Statuses of everyday, which the log need not explain.
    pub expected: &'static [StatusCode],
}

/// Where an error occurred, for its renderer.
#[derive(Clone, Copy, Debug)]
pub struct FailedAt<'a> {
    /// The request.
    pub request_id: &'a RequestId,
    /// The public origin of this server.
    pub issuer: &'a str,
}

/// A body of JSON, for a renderer.
pub fn json(body: &impl Serialize) -> Response {
    written_json(serde_json::to_vec(body).unwrap_or_default())
}

/// A body of JSON that is text already.
pub fn written_json(body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    response.headers_mut().insert(CONTENT_TYPE, headers::JSON);
    response
}

impl ApiError {
    /// `error` is the code for clients to compare, `description` the text for people.
    pub fn new(
        status: StatusCode,
        error: impl Into<Cow<'static, str>>,
        description: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            status,
            error: error.into(),
            description: description.into(),
            code: None,
            field: None,
            cause: None,
            errors: None,
        }
    }

    /// With Better Auth's `code`.
    #[must_use]
    pub fn with_code(mut self, code: &'static str) -> Self {
        self.code = Some(code);
        self
    }

    /// About that member of the request.
    #[must_use]
    pub fn about(mut self, field: impl Into<Cow<'static, str>>) -> Self {
        self.field = Some(field.into());
        self
    }

    /// With a list of single problems, in the form of the surface.
    #[must_use]
    pub fn with_errors(mut self, errors: Value) -> Self {
        self.errors = Some(Box::new(errors));
        self
    }

    /// 500 `server_error`. `cause` is logged with the request id and never sent.
    pub fn internal(cause: impl fmt::Display) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "server_error", "Internal error").caused_by(cause)
    }

    /// 404 `not_found`.
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "There is no such thing")
    }

    /// 503 `temporarily_unavailable`. `cause` is logged with the request id and never sent.
    pub fn unavailable(cause: impl fmt::Display) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable", "Try again in a moment").caused_by(cause)
    }

    /// With the internal cause, only for the log.
    #[must_use]
    pub fn caused_by(mut self, cause: impl fmt::Display) -> Self {
        self.cause = Some(cause.to_string().into());
        self
    }

    /// Its status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// Better Auth's `code`, if it has one.
    pub fn code(&self) -> Option<&'static str> {
        self.code
    }

    /// The member of the request that it is about, if it is about one.
    pub fn field(&self) -> Option<&str> {
        self.field.as_deref()
    }

    /// The single problems, if they are listed.
    pub fn errors(&self) -> Option<&Value> {
        self.errors.as_deref()
    }

    /// The code for clients to compare.
    pub fn error(&self) -> &str {
        &self.error
    }

    /// The text for people.
    pub fn description(&self) -> &str {
        &self.description
    }

    /// The message for the log, if it says more than the text for people.
    pub(super) fn cause(&self) -> Option<&str> {
        self.cause.as_deref()
    }
}

/// A failure of ours: 503 if it is transient, otherwise 500. The cause is logged.
impl<F: Fault> From<F> for ApiError {
    fn from(fault: F) -> Self {
        if fault.is_transient() { Self::unavailable(fault) } else { Self::internal(fault) }
    }
}

/// The middleware writes the body, because it knows the surface and the request id. Headers that others add are kept.
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

/// 429 in both formats and with both headers that clients read (`docs/spec/limits.md#answers`).
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
    /// Writes the headers of a 429, for a page with its own text, and counts it in the metrics.
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
    use crate::limits::Rule;

    #[test]
    fn an_exhausted_quota_sets_the_retry_headers() {
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
