//! All refusals of the workspace surface, each with its status; the code follows from the status
//! (`docs/spec/workspaces.md#errors`).

use std::borrow::Cow;

use axum::response::{IntoResponse, Response};
use http::header::WWW_AUTHENTICATE;
use http::{HeaderValue, StatusCode};
use serde::Serialize;
use sigma_core::org::{Reason, Refusal};
use sigma_store::{Stop, StoreError};
use utoipa::{PartialSchema as _, ToSchema};

use sigma_platform::http::budget::OverBudget;
use sigma_platform::http::{ApiError, ErrorFormat, Exceeded, FailedAt, RESOURCE_METADATA_PATH, json};

/// Why a request to a workspace was refused.
#[derive(Clone, Debug)]
pub enum WorkspaceError {
    /// A field is missing or malformed: 400.
    Invalid(Cow<'static, str>),
    /// The body is not JSON: 415.
    NotJson,
    /// No credential: 401.
    Missing,
    /// The token is not ours or has expired, or its session has ended: 401.
    BadToken,
    /// The key is not ours, or no longer valid: 401.
    BadKey,
    /// Wrong address or password, or not a member: 401, always the same.
    BadLogin,
    /// A second factor is required, which only this page asks for: 403.
    SecondFactorRequired(String),
    /// No such member may use quick login here: 401, always the same.
    BadQuickLogin,
    /// The rules of the workspace do not allow it.
    Refused(Refusal),
    /// Too many requests: 429.
    Limited(Exceeded),
    /// More concurrent requests than the workspace may have: 429.
    OverBudget(OverBudget),
    /// More logins than can be checked at once: 503.
    Busy,
    /// The store failed.
    Store(StoreError),
    /// An internal error: logged, not disclosed. 500.
    Internal(String),
}

impl WorkspaceError {
    /// 400 with that message.
    pub fn invalid(message: impl Into<Cow<'static, str>>) -> Self {
        Self::Invalid(message.into())
    }

    /// 403 for that reason.
    pub const fn denied(reason: Reason) -> Self {
        Self::Refused(Refusal::Denied(reason))
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

impl From<Stop<Refusal>> for WorkspaceError {
    fn from(stop: Stop<Refusal>) -> Self {
        match stop {
            Stop::Refused(refusal) => Self::Refused(refusal),
            Stop::Failed(error) => Self::Store(error),
        }
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
            WorkspaceError::SecondFactorRequired(page) => {
                let message = format!("A second factor is required: sign in at {page}");
                Self::new(StatusCode::FORBIDDEN, "second_factor_required", message).with_code(SECOND_FACTOR_REQUIRED)
            }
            WorkspaceError::BadQuickLogin => unauthorized("No quick login for that user"),
            WorkspaceError::Refused(refusal @ Refusal::Denied(_)) => refused(StatusCode::FORBIDDEN, &refusal),
            WorkspaceError::Refused(refusal @ Refusal::NotFound { .. }) => refused(StatusCode::NOT_FOUND, &refusal),
            WorkspaceError::Refused(refusal @ Refusal::Conflict(_)) => refused(StatusCode::CONFLICT, &refusal),
            WorkspaceError::Limited(_) | WorkspaceError::OverBudget(_) => {
                Self::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", "Too many requests")
            }
            WorkspaceError::Busy => Self::unavailable("more passwords at once than can be hashed"),
            WorkspaceError::Store(error) => error.into(),
            WorkspaceError::Internal(cause) => Self::internal(cause),
        }
    }
}

/// An error of this surface: always two strings.
#[derive(Serialize)]
struct ErrorBody<'a> {
    error: &'static str,
    message: &'a str,
}

/// The format of this surface. A call without a valid credential is nothing to explain: a proxy asks about every visitor.
pub const FORMAT: ErrorFormat = ErrorFormat {
    render,
    schema: || (DescribedError::name().into_owned(), DescribedError::schema()),
    media_type: "application/json",
    expected: &[StatusCode::UNAUTHORIZED],
};

/// An error of this surface, as the OpenAPI document describes it.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceError)]
struct DescribedError {
    /// `VALIDATION_ERROR`, `UNAUTHORIZED`, `PERMISSION_DENIED`, `SECOND_FACTOR_REQUIRED`, `NOT_FOUND`, `CONFLICT`, `RATE_LIMITED`, `INTERNAL_ERROR`
    /// or `UNAVAILABLE`. Stable.
    error: String,
    /// For people; not stable.
    message: String,
}

/// Renders an error of this surface: the code follows from the status, and an internal error names the request id to
/// quote.
fn render(error: &ApiError, at: &FailedAt<'_>) -> Response {
    let code = error.code().filter(|code| *code == SECOND_FACTOR_REQUIRED).unwrap_or_else(|| code(error.status()));
    let mut response = if error.status() == StatusCode::INTERNAL_SERVER_ERROR {
        let id = at.request_id.as_str();
        let message = format!("Something went wrong here. When you ask about it, quote the request {id}");
        json(&ErrorBody { error: code, message: &message })
    } else {
        json(&ErrorBody { error: code, message: error.description() })
    };
    if error.status() == StatusCode::UNAUTHORIZED {
        // RFC 9110 §15.5.2, RFC 9728 §5.1.
        let challenge = format!("Bearer resource_metadata=\"{}{RESOURCE_METADATA_PATH}/api/v1\"", at.issuer);
        if let Ok(challenge) = HeaderValue::from_str(&challenge) {
            response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        }
    }
    response
}

/// The code of a login for which one factor does not suffice.
const SECOND_FACTOR_REQUIRED: &str = "SECOND_FACTOR_REQUIRED";

/// The stable code of an error. Any status not in the table that the caller could have avoided (405, 408, 414, 431)
/// counts as an invalid request.
fn code(status: StatusCode) -> &'static str {
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

impl IntoResponse for WorkspaceError {
    fn into_response(self) -> Response {
        match self {
            // Sets `Retry-After`.
            Self::Limited(exceeded) => exceeded.into_response(),
            Self::OverBudget(over) => over.into_response(),
            error => ApiError::from(error).into_response(),
        }
    }
}
