//! Errors of OAuth and Better Auth: their format, and the policy of endpoints that use it.

use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use utoipa::{PartialSchema as _, ToSchema};

use crate::http::{ApiError, ErrorFormat, FailedAt, Policy, RequestId, json};

/// The format of OAuth and Better Auth.
pub const FORMAT: ErrorFormat = ErrorFormat {
    render,
    schema: || (Error::name().into_owned(), Error::schema()),
    media_type: "application/json",
    expected: &[],
};

/// The policy of an API of that format, unless an endpoint needs another.
pub const API: Policy = Policy::new(&FORMAT);

/// An error of this format, as the OpenAPI document describes it.
#[derive(Serialize, ToSchema)]
#[expect(clippy::struct_field_names, reason = "the names are those on the wire")]
struct Error {
    /// The code for clients to compare, from RFC 6749 where it defines one. Stable.
    error: String,
    /// For people; not stable.
    error_description: String,
    /// The same text as `error_description`.
    message: String,
    /// Better Auth's code, where it has one.
    #[schema(required = false)]
    code: String,
    /// Identifies the request in the log.
    #[schema(required = false)]
    request_id: String,
    /// `false`, at endpoints whose answers have it.
    #[schema(required = false)]
    success: bool,
}

/// Three families of clients read three different members, so an error carries all of them, and `code` where Better Auth
/// has one (`docs/spec/errors.md`).
#[derive(Serialize)]
struct ErrorBody<'a> {
    error: &'a str,
    error_description: &'a str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a str>,
    request_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    success: Option<bool>,
}

/// Renders an error.
fn render(error: &ApiError, at: &FailedAt<'_>) -> Response {
    render_with(error, at.request_id, None)
}

/// Renders an error with a member `success`, which clients of some endpoints read.
pub fn render_with(error: &ApiError, request_id: &RequestId, success: Option<bool>) -> Response {
    json(&ErrorBody {
        success,
        error: error.error(),
        error_description: error.description(),
        message: error.description(),
        code: error.code(),
        request_id: request_id.as_str(),
    })
}

/// 400 with an error code of the OAuth surface.
pub fn bad_request(error: &'static str, description: impl Into<std::borrow::Cow<'static, str>>) -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, error, description)
}
