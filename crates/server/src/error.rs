//! Errors common to every surface: those of the store.

use http::StatusCode;
use sigma_store::StoreError;

use crate::http::ApiError;

/// The response when the store fails: 503 if it is transient, 500 if it is our fault. The cause is logged.
pub fn internal(error: StoreError) -> ApiError {
    match error {
        StoreError::Unavailable(_) | StoreError::Busy => ApiError::unavailable(error),
        StoreError::Corrupt(_) | StoreError::Failed(_) => ApiError::internal(error),
    }
}

/// 400 with an error code of the OAuth surface.
pub fn bad_request(error: &'static str, description: impl Into<std::borrow::Cow<'static, str>>) -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, error, description)
}
