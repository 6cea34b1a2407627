//! All refusals, in the format of RFC 7644 §3.12.

use std::borrow::Cow;

use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use serde_json::{Value, json};
use sigma_core::scim::{ERROR, Problem, ProblemKind};
use sigma_platform::http::budget::OverBudget;
use sigma_platform::http::{ApiError, ErrorFormat, Exceeded, FailedAt};
use sigma_store::{Stop, StoreError};
use utoipa::{PartialSchema as _, ToSchema};

use crate::answer::MEDIA_TYPE;

/// Why a request was refused.
pub enum ScimError {
    /// A rule.
    Refused(Problem),
    /// No token, or one that does not work: 401.
    Unauthorized,
    /// The body is not JSON: 415.
    NotJson,
    /// Something that RFC 7644 leaves open and this service does not do: 501.
    NotImplemented,
    /// Too many requests: 429.
    Limited(Exceeded),
    /// More concurrent requests than the org may have: 429.
    OverBudget(OverBudget),
    /// The store failed.
    Store(StoreError),
    /// The answer to a body that was cut off, too large or too slow.
    Body(Box<Response>),
    /// An internal error: logged, not disclosed. 500.
    Internal(String),
}

impl From<Problem> for ScimError {
    fn from(problem: Problem) -> Self {
        Self::Refused(problem)
    }
}

impl From<StoreError> for ScimError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Stop<Problem>> for ScimError {
    fn from(stop: Stop<Problem>) -> Self {
        match stop {
            Stop::Refused(problem) => Self::Refused(problem),
            Stop::Failed(error) => Self::Store(error),
        }
    }
}

impl From<Exceeded> for ScimError {
    fn from(exceeded: Exceeded) -> Self {
        Self::Limited(exceeded)
    }
}

impl From<OverBudget> for ScimError {
    fn from(over: OverBudget) -> Self {
        Self::OverBudget(over)
    }
}

impl ScimError {
    /// The `scimType`, for refusals that have one.
    pub fn scim_type(&self) -> Option<&'static str> {
        match self {
            Self::Refused(problem) => problem.kind.scim_type(),
            _ => None,
        }
    }

    /// The body of the refusal of one operation of a bulk request, and its status.
    pub fn in_bulk(self) -> (StatusCode, Value) {
        let scim_type = self.scim_type();
        let detail = match &self {
            Self::Refused(problem) => problem.detail.clone(),
            _ => Cow::Borrowed("The operation failed"),
        };
        let status = self.into_response().status();
        (status, body(status, scim_type, &detail))
    }
}

impl From<ScimError> for ApiError {
    fn from(error: ScimError) -> Self {
        match error {
            ScimError::Refused(Problem { kind, detail }) => {
                let status = StatusCode::from_u16(kind.status()).unwrap_or(StatusCode::BAD_REQUEST);
                Self::new(status, kind.scim_type().unwrap_or("refused"), detail)
            }
            ScimError::Unauthorized => {
                Self::new(StatusCode::UNAUTHORIZED, "unauthorized", "The token is missing or does not work")
            }
            ScimError::NotJson => {
                let words = "The body must be JSON, with the content type application/scim+json";
                Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported", words)
            }
            ScimError::NotImplemented => {
                Self::new(StatusCode::NOT_IMPLEMENTED, "not_implemented", "This service does not do that")
            }
            ScimError::Limited(_) | ScimError::OverBudget(_) | ScimError::Body(_) => {
                Self::new(StatusCode::TOO_MANY_REQUESTS, "limited", "Too many requests")
            }
            ScimError::Store(error) => error.into(),
            ScimError::Internal(cause) => Self::internal(cause),
        }
    }
}

impl IntoResponse for ScimError {
    fn into_response(self) -> Response {
        match self {
            // Sets `Retry-After`.
            Self::Limited(exceeded) => exceeded.into_response(),
            Self::OverBudget(over) => over.into_response(),
            Self::Body(answer) => *answer,
            Self::Refused(Problem { kind: ProblemKind::Unauthorized, .. }) | Self::Unauthorized => {
                let mut response = ApiError::from(self).into_response();
                response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
                response
            }
            error => ApiError::from(error).into_response(),
        }
    }
}

/// The format of this surface.
pub const FORMAT: ErrorFormat = ErrorFormat {
    render,
    schema: || (DescribedError::name().into_owned(), DescribedError::schema()),
    media_type: MEDIA_TYPE,
    expected: &[StatusCode::UNAUTHORIZED],
};

/// An error (RFC 7644 §3.12).
#[derive(serde::Serialize, ToSchema)]
#[schema(as = ScimError)]
#[serde(rename_all = "camelCase")]
struct DescribedError {
    /// `urn:ietf:params:scim:api:messages:2.0:Error`
    schemas: Vec<String>,
    /// The status, as a text.
    status: String,
    /// For clients to compare, where RFC 7644 names one.
    scim_type: Option<String>,
    /// For people; not stable.
    detail: String,
}

fn body(status: StatusCode, scim_type: Option<&str>, detail: &str) -> Value {
    let mut body = json!({"schemas": [ERROR], "status": status.as_str(), "detail": detail});
    if let (Some(scim_type), Some(members)) = (scim_type, body.as_object_mut()) {
        members.insert("scimType".to_owned(), Value::from(scim_type));
    }
    body
}

fn render(error: &ApiError, _: &FailedAt<'_>) -> Response {
    const TYPES: [&str; 8] = [
        "invalidFilter",
        "invalidPath",
        "invalidSyntax",
        "invalidValue",
        "mutability",
        "noTarget",
        "tooMany",
        "uniqueness",
    ];
    let scim_type = TYPES.into_iter().find(|known| *known == error.error());
    let mut response = sigma_platform::http::json(&body(error.status(), scim_type, error.description()));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
    response
}
