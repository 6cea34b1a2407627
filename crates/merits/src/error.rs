//! All refusals of the API, each with its code and status (`docs/spec/errors.md#merits`).

use std::borrow::Cow;

use axum::response::{IntoResponse, Response};
use http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use serde::Serialize;
use sigma_core::merits::{MeritProblem, RequestFault};
use sigma_platform::http::budget::OverBudget;
use sigma_platform::http::{ApiError, ErrorFormat, Exceeded, FailedAt, ProtectedResource, json};
use sigma_store::{Stop, StoreError};
use utoipa::{PartialSchema as _, ToSchema};

use crate::errors_page;

/// How a caller should have authenticated (RFC 9110 §11.6.1).
#[derive(Clone, Copy, Debug)]
pub enum Challenge {
    /// As the app.
    Basic,
    /// As the app for an org.
    Bearer,
}

/// Why a request was refused.
#[derive(Clone, Debug)]
pub enum MeritsError {
    /// A rule, with a message that says more than its own.
    Refused(MeritProblem, Option<Cow<'static, str>>),
    /// The body is not JSON: 415.
    NotJson,
    /// The credentials are missing or invalid: 401.
    Unauthorized(Challenge),
    /// Too many requests: 429.
    Limited(Exceeded),
    /// More concurrent requests than the org may have: 429.
    OverBudget(OverBudget),
    /// The store failed.
    Store(StoreError),
    /// An error of another room.
    Api(ApiError),
    /// An internal error: logged, not disclosed. 500.
    Internal(String),
}

impl MeritsError {
    /// `invalid_request` with that message.
    pub fn invalid(message: impl Into<Cow<'static, str>>) -> Self {
        Self::Refused(RequestFault::Body.into(), Some(message.into()))
    }
}

/// The status of answers that report a problem.
pub fn status(problem: MeritProblem) -> StatusCode {
    StatusCode::from_u16(problem.status()).unwrap_or(StatusCode::BAD_REQUEST)
}

impl From<MeritProblem> for MeritsError {
    fn from(problem: MeritProblem) -> Self {
        Self::Refused(problem, None)
    }
}

impl From<RequestFault> for MeritsError {
    fn from(fault: RequestFault) -> Self {
        Self::Refused(fault.into(), None)
    }
}

impl From<StoreError> for MeritsError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl<R: Into<Self>> From<Stop<R>> for MeritsError {
    fn from(stop: Stop<R>) -> Self {
        match stop {
            Stop::Refused(refusal) => refusal.into(),
            Stop::Failed(error) => Self::Store(error),
        }
    }
}

impl From<Exceeded> for MeritsError {
    fn from(exceeded: Exceeded) -> Self {
        Self::Limited(exceeded)
    }
}

impl From<OverBudget> for MeritsError {
    fn from(over: OverBudget) -> Self {
        Self::OverBudget(over)
    }
}

impl From<MeritsError> for ApiError {
    fn from(error: MeritsError) -> Self {
        let refused = |problem: MeritProblem, message: Option<Cow<'static, str>>| {
            Self::new(status(problem), problem.code(), message.unwrap_or_else(|| problem.to_string().into()))
        };
        match error {
            MeritsError::Refused(problem, message) => refused(problem, message),
            MeritsError::NotJson => {
                let message = "The body must be JSON, with the content type application/json";
                Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, INVALID_REQUEST, message)
            }
            MeritsError::Unauthorized(_) => refused(MeritProblem::Unauthorized, None),
            MeritsError::Limited(_) | MeritsError::OverBudget(_) => refused(MeritProblem::RateLimit(1), None),
            MeritsError::Store(error) => error.into(),
            MeritsError::Api(error) => error,
            MeritsError::Internal(cause) => Self::internal(cause),
        }
    }
}

impl IntoResponse for MeritsError {
    fn into_response(self) -> Response {
        match self {
            // Sets `Retry-After`.
            Self::Limited(exceeded) => exceeded.into_response(),
            Self::OverBudget(over) => over.into_response(),
            Self::Unauthorized(challenge) => {
                let mut response = ApiError::from(self).into_response();
                let challenge = match challenge {
                    Challenge::Basic => r#"Basic realm="sigma", charset="UTF-8""#,
                    Challenge::Bearer => "Bearer",
                };
                response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
                response.extensions_mut().insert(ProtectedResource(Cow::Borrowed("/v2")));
                response
            }
            Self::Refused(MeritProblem::RateLimit(seconds), _) => {
                let mut response = ApiError::from(self).into_response();
                response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
                response
            }
            error => ApiError::from(error).into_response(),
        }
    }
}

/// The code of a request that is malformed.
const INVALID_REQUEST: &str = "invalid_request";
/// The code of an error of ours.
const SERVER_ERROR: &str = "server_error";

/// The format of this surface.
pub const FORMAT: ErrorFormat = ErrorFormat {
    render,
    schema: || (DescribedError::name().into_owned(), DescribedError::schema()),
    media_type: "application/json",
    expected: &[StatusCode::UNAUTHORIZED],
};

/// An error of this surface, as the OpenAPI document describes it.
#[derive(Serialize, ToSchema)]
#[schema(as = MeritsError)]
struct DescribedError {
    /// For clients to compare. Stable.
    error_code: String,
    /// For people; not stable.
    message: String,
    /// A page of this server that explains the code.
    doc_url: String,
}

#[derive(Serialize)]
struct ErrorBody<'a> {
    error_code: &'static str,
    message: &'a str,
    doc_url: String,
}

/// Renders an error of this surface. What went wrong on the way to it, or here, has the code of its status; an internal error
/// names the request to quote.
fn render(error: &ApiError, at: &FailedAt<'_>) -> Response {
    let known = MeritProblem::CODES.iter().map(|(_, code)| *code).find(|code| *code == error.error());
    let error_code = known.unwrap_or_else(|| of_status(error.status()));
    let doc_url = format!("{}{}#{error_code}", at.issuer, errors_page::PATH);
    if error_code == SERVER_ERROR {
        let id = at.request_id.as_str();
        let message = format!("Something went wrong here. When you ask about it, quote the request {id}");
        return json(&ErrorBody { error_code, message: &message, doc_url });
    }
    json(&ErrorBody { error_code, message: error.description(), doc_url })
}

/// The code of an error that the server gives for any surface.
fn of_status(status: StatusCode) -> &'static str {
    match status {
        StatusCode::UNAUTHORIZED => MeritProblem::Unauthorized.code(),
        StatusCode::FORBIDDEN => MeritProblem::Forbidden.code(),
        StatusCode::NOT_FOUND => MeritProblem::NotFound.code(),
        StatusCode::TOO_MANY_REQUESTS => MeritProblem::RateLimit(1).code(),
        StatusCode::SERVICE_UNAVAILABLE => "temporarily_unavailable",
        status if status.is_server_error() => SERVER_ERROR,
        _ => INVALID_REQUEST,
    }
}
