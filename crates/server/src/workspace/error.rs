//! Everything that the workspace surface refuses, each with its status; the code follows from the status
//! (`docs/spec/workspaces.md#errors`).

use std::borrow::Cow;

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use sigma_core::workspace::Refusal;
use sigma_store::StoreError;

use crate::budget::OverBudget;
use crate::error::internal;
use crate::http::{ApiError, Exceeded};

/// Why a request to a workspace was refused.
#[derive(Clone, Debug)]
pub enum WorkspaceError {
    /// A field is missing or malformed: 400.
    Invalid(Cow<'static, str>),
    /// The body is no JSON: 415.
    NotJson,
    /// Nobody says who they are: 401.
    Missing,
    /// The token is none of ours, over, or its session is: 401.
    BadToken,
    /// The key is none of ours, or no longer works: 401.
    BadKey,
    /// Who logs in is not who they say, or not a member: 401, always the same.
    BadLogin,
    /// Nobody of that name logs in by a click, here: 401, always the same.
    BadQuickLogin,
    /// The rules of the workspace do not allow it.
    Refused(Refusal),
    /// Too many of them: 429.
    Limited(Exceeded),
    /// More at once than the workspace may: 429.
    OverBudget(OverBudget),
    /// More logins at once than can be checked: 503.
    Busy,
    /// The store has no outcome.
    Store(StoreError),
    /// Something that cannot be went wrong. It is logged and not told: 500.
    Internal(String),
}

impl WorkspaceError {
    /// 400 with that message.
    pub fn invalid(message: impl Into<Cow<'static, str>>) -> Self {
        Self::Invalid(message.into())
    }

    /// 403 with that message.
    pub const fn denied(message: &'static str) -> Self {
        Self::Refused(Refusal::Denied(message))
    }
}

impl From<StoreError> for WorkspaceError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Refusal> for WorkspaceError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<OverBudget> for WorkspaceError {
    fn from(over: OverBudget) -> Self {
        Self::OverBudget(over)
    }
}

impl From<Exceeded> for WorkspaceError {
    fn from(exceeded: Exceeded) -> Self {
        Self::Limited(exceeded)
    }
}

impl From<WorkspaceError> for ApiError {
    fn from(error: WorkspaceError) -> Self {
        let unauthorized = |message: &'static str| Self::new(StatusCode::UNAUTHORIZED, "unauthorized", message);
        let refused = |status, refusal: &Refusal| Self::new(status, "refused", refusal.to_string());
        match error {
            WorkspaceError::Invalid(message) => Self::new(StatusCode::BAD_REQUEST, "invalid_request", message),
            WorkspaceError::NotJson => {
                let message = "The body must be JSON, with the content type application/json";
                Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "invalid_request", message)
            }
            WorkspaceError::Missing => unauthorized("Missing authentication"),
            WorkspaceError::BadToken | WorkspaceError::Refused(Refusal::Unauthorized) => {
                unauthorized("Invalid or expired token")
            }
            WorkspaceError::BadKey => unauthorized("Invalid API key"),
            WorkspaceError::BadLogin => unauthorized("Invalid email or password"),
            WorkspaceError::BadQuickLogin => unauthorized("No quick login for that user"),
            WorkspaceError::Refused(refusal @ Refusal::Denied(_)) => refused(StatusCode::FORBIDDEN, &refusal),
            WorkspaceError::Refused(refusal @ Refusal::NotFound { .. }) => refused(StatusCode::NOT_FOUND, &refusal),
            WorkspaceError::Refused(refusal @ Refusal::Conflict(_)) => refused(StatusCode::CONFLICT, &refusal),
            WorkspaceError::Limited(_) | WorkspaceError::OverBudget(_) => {
                Self::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", "Too many requests")
            }
            WorkspaceError::Busy => Self::unavailable("more passwords at once than can be hashed"),
            WorkspaceError::Store(error) => internal(error),
            WorkspaceError::Internal(cause) => Self::internal(cause),
        }
    }
}

impl IntoResponse for WorkspaceError {
    fn into_response(self) -> Response {
        match self {
            // Says in its headers when to come back.
            Self::Limited(exceeded) => exceeded.into_response(),
            Self::OverBudget(over) => over.into_response(),
            error => ApiError::from(error).into_response(),
        }
    }
}
