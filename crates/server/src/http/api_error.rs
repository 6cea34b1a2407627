//! The JSON of an error. Three families of clients read three different members, so every error carries all of them:
//! `error`, `error_description` and `message`, and `code` where Better Auth has one (`docs/spec/errors.md`).

use std::borrow::Cow;
use std::fmt;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, HeaderName, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::Serialize;

use crate::http::headers;
use crate::http::limits::Exceeded;

/// An error as it is sent. The one middleware adds `request_id` and logs the cause.
#[derive(Clone, Debug)]
pub struct ApiError {
    status: StatusCode,
    error: Cow<'static, str>,
    description: Cow<'static, str>,
    code: Option<&'static str>,
    cause: Option<String>,
}

/// The error of workspaces: always two strings.
#[derive(Serialize)]
struct WorkspaceJson<'a> {
    error: &'static str,
    message: &'a str,
}

#[derive(Serialize)]
struct Json<'a> {
    error: &'a str,
    error_description: &'a str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
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
    pub(super) fn error(&self) -> &str {
        &self.error
    }

    /// The sentence that people read.
    pub(super) fn description(&self) -> &str {
        &self.description
    }

    /// What the log should say of it.
    pub(super) fn cause(&self) -> Option<&str> {
        self.cause.as_deref()
    }

    /// The body, with the request's id once that is known.
    pub(super) fn body(&self, request_id: Option<&str>) -> Body {
        let json = Json {
            error: &self.error,
            error_description: &self.description,
            message: &self.description,
            code: self.code,
            request_id,
        };
        Body::from(serde_json::to_vec(&json).unwrap_or_default())
    }
}

impl ApiError {
    /// The body under `/api/v1`, where the code follows from the status and an internal error names the request to ask about.
    pub(super) fn workspace_body(&self, request_id: &str) -> Body {
        let error = workspace_code(self.status);
        let json = if self.status == StatusCode::INTERNAL_SERVER_ERROR {
            let message = format!("Something went wrong here. When you ask about it, quote the request {request_id}");
            serde_json::to_vec(&WorkspaceJson { error, message: &message })
        } else {
            serde_json::to_vec(&WorkspaceJson { error, message: &self.description })
        };
        Body::from(json.unwrap_or_default())
    }
}

/// The stable code of an error of the workspace surface. Every status that its table does not name and that the caller
/// could have avoided (405, 408, 414, 431) is a request that is not as it should be.
fn workspace_code(status: StatusCode) -> &'static str {
    match status {
        StatusCode::UNAUTHORIZED => "UNAUTHORIZED",
        StatusCode::FORBIDDEN => "PERMISSION_DENIED",
        StatusCode::NOT_FOUND => "NOT_FOUND",
        StatusCode::CONFLICT => "CONFLICT",
        StatusCode::TOO_MANY_REQUESTS => "RATE_LIMITED",
        StatusCode::SERVICE_UNAVAILABLE => "UNAVAILABLE",
        status if status.is_server_error() => "INTERNAL_ERROR",
        _ => "VALIDATION_ERROR",
    }
}

/// Headers that others added to the response stay; the body is written again by the middleware with the request's id.
impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = Response::new(self.body(None));
        *response.status_mut() = self.status;
        response.headers_mut().insert(CONTENT_TYPE, headers::JSON);
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
    use http_body_util::BodyExt as _;

    use super::*;
    use crate::http::limits::Rule;

    async fn text(body: Body) -> String {
        String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap()
    }

    #[tokio::test]
    async fn errors_have_the_members_that_every_client_family_reads() {
        let error = ApiError::new(StatusCode::FORBIDDEN, "invalid_origin", "Invalid origin");
        insta::assert_snapshot!(
            text(error.with_code("INVALID_ORIGIN").body(Some("req_x"))).await,
            @r#"{"error":"invalid_origin","error_description":"Invalid origin","message":"Invalid origin","code":"INVALID_ORIGIN","request_id":"req_x"}"#
        );
    }

    #[tokio::test]
    async fn an_internal_cause_is_not_sent() {
        let response = ApiError::internal("password of the database").into_response();
        assert_eq!(response.status(), 500);
        assert!(!text(response.into_body()).await.contains("password"));
    }

    #[tokio::test]
    async fn an_exceeded_quota_has_both_bodies_and_both_headers() {
        let response = Exceeded { rule: Rule::SignIn, limit: 5, retry_after: 12, reset: 1_800_000_060 }.into_response();
        let headers: Vec<_> =
            response.headers().iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
        insta::assert_snapshot!(headers.join("\n"), @r"
        content-type: application/json
        retry-after: 12
        x-retry-after: 12
        x-ratelimit-limit: 5
        x-ratelimit-remaining: 0
        x-ratelimit-reset: 1800000060
        ");
        insta::assert_snapshot!(
            text(response.into_body()).await,
            @r#"{"error":"rate_limit_exceeded","error_description":"Too many requests. Please try again later.","message":"Too many requests. Please try again later."}"#
        );
    }
}
