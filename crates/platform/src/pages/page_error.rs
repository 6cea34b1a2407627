//! What an endpoint of a page answers instead of the page.

use axum::response::{IntoResponse, Response};
use sigma_store::StoreError;

use crate::http::ApiError;

/// An answer that replaces a page.
pub struct PageError(Box<Response>);

impl PageError {
    /// That answer.
    pub fn of(answer: impl IntoResponse) -> Self {
        Self(Box::new(answer.into_response()))
    }
}

impl From<Response> for PageError {
    fn from(answer: Response) -> Self {
        Self(Box::new(answer))
    }
}

impl From<ApiError> for PageError {
    fn from(error: ApiError) -> Self {
        Self::of(error)
    }
}

impl From<StoreError> for PageError {
    fn from(error: StoreError) -> Self {
        Self::of(ApiError::from(error))
    }
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        *self.0
    }
}
