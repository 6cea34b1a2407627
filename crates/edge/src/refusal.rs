//! Why a handler that counts requests itself does not answer.

use axum::response::{IntoResponse, Response};
use sigma_core::fault::Fault;

use crate::{ApiError, Exceeded};

/// An error of the API, or too many requests.
#[derive(Debug)]
pub enum Refusal {
    /// An error of the API.
    Api(ApiError),
    /// Too many requests.
    Exceeded(Exceeded),
}

impl From<ApiError> for Refusal {
    fn from(error: ApiError) -> Self {
        Self::Api(error)
    }
}

impl<F: Fault> From<F> for Refusal {
    fn from(fault: F) -> Self {
        Self::Api(fault.into())
    }
}

impl From<Exceeded> for Refusal {
    fn from(exceeded: Exceeded) -> Self {
        Self::Exceeded(exceeded)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        match self {
            Self::Api(error) => error.into_response(),
            Self::Exceeded(exceeded) => exceeded.into_response(),
        }
    }
}
