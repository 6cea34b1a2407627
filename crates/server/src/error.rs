//! Errors common to every surface: those of the store.

use http::StatusCode;
use sigma_store::StoreError;

use crate::http::ApiError;

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
