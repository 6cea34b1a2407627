//! Errors of OAuth and Better Auth, and those of the store on every surface.

use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use sigma_store::StoreError;

use crate::http::{ApiError, RequestId, json};

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
}

/// Renders an error in the format of OAuth and Better Auth.
pub fn render(error: &ApiError, request_id: &RequestId) -> Response {
    json(&ErrorBody {
        error: error.error(),
        error_description: error.description(),
        message: error.description(),
        code: error.code(),
        request_id: request_id.as_str(),
    })
}

/// The store failed: 503 if it is transient, 500 if it is our fault. The cause is logged.
impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(_) | StoreError::Busy => Self::unavailable(error),
            StoreError::Corrupt(_) | StoreError::Failed(_) => Self::internal(error),
        }
    }
}

/// 400 with an error code of the OAuth surface.
pub fn bad_request(error: &'static str, description: impl Into<std::borrow::Cow<'static, str>>) -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, error, description)
}
