//! Errors that every surface shares: what the store could not do.

use http::StatusCode;
use sigma_store::StoreError;

use crate::http::ApiError;

/// The answer when the store has no outcome: 503 when it will pass, 500 when it is our fault. The cause is logged.
pub fn internal(error: StoreError) -> ApiError {
    match error {
        StoreError::Unavailable(_) | StoreError::Busy => ApiError::unavailable(error),
        StoreError::Corrupt(_) | StoreError::Failed(_) => ApiError::internal(error),
    }
}

/// 400 with a code of the OAuth surface.
pub fn bad_request(error: &'static str, description: impl Into<std::borrow::Cow<'static, str>>) -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, error, description)
}
