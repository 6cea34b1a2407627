//! All refusals of the API, each with its code and status (`docs/spec/errors.md#merits`).

use std::borrow::Cow;

use axum::response::{IntoResponse, Response};
use http::header::WWW_AUTHENTICATE;
use http::{HeaderValue, StatusCode};
use serde::Serialize;
use sigma_platform::http::budget::OverBudget;
use sigma_platform::http::{ApiError, ErrorFormat, Exceeded, FailedAt, json};
use sigma_store::{Stop, StoreError};
use utoipa::{PartialSchema as _, ToSchema};

use crate::code::Code;
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
    /// The caller did something that has a code.
    Refused(Code, Cow<'static, str>),
    /// The credentials are missing or invalid: 401.
    Unauthorized(Challenge),
    /// Too many requests: 429.
    Limited(Exceeded),
    /// More concurrent requests than the org may have: 429.
    OverBudget(OverBudget),
    /// The store failed.
    Store(StoreError),
    /// An internal error: logged, not disclosed. 500.
    Internal(String),
}

impl MeritsError {
    /// `invalid_request` with that message.
    pub fn invalid(message: impl Into<Cow<'static, str>>) -> Self {
        Self::Refused(Code::InvalidRequest, message.into())
    }
}

impl From<Code> for MeritsError {
    fn from(code: Code) -> Self {
        Self::Refused(code, code.title().into())
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
        let coded = |code: Code, message: Cow<'static, str>| Self::new(code.status(), code.as_str(), message);
        match error {
            MeritsError::Refused(code, message) => coded(code, message),
            MeritsError::Unauthorized(_) => coded(Code::Unauthorized, Code::Unauthorized.title().into()),
            MeritsError::Limited(_) | MeritsError::OverBudget(_) => {
                coded(Code::AppRateLimit, Code::AppRateLimit.title().into())
            }
            MeritsError::Store(error) => error.into(),
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
    let code = Code::parse(error.error()).filter(|code| code.status() == error.status());
    let code = code.unwrap_or_else(|| Code::of_status(error.status()));
    let doc_url = format!("{}{}#{}", at.issuer, errors_page::PATH, code.as_str());
    if code == Code::ServerError {
        let id = at.request_id.as_str();
        let message = format!("Something went wrong here. When you ask about it, quote the request {id}");
        return json(&ErrorBody { error_code: code.as_str(), message: &message, doc_url });
    }
    json(&ErrorBody { error_code: code.as_str(), message: error.description(), doc_url })
}
