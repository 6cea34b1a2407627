//! Why a registration was refused.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use sigma_core::registration::RegistrationProblem;
use sigma_store::StoreError;

use crate::error::bad_request;
use crate::http::{ApiError, Exceeded};

/// The errors of registration (RFC 7591 §3.2.2, RFC 7592 §2).
#[derive(Debug)]
pub enum RegistrationError {
    /// Nobody may register apps.
    Off,
    /// There is no initial access token.
    TokenRequired,
    /// The initial access token, or the registration access token, does not count.
    InvalidToken,
    /// Several `Authorization` headers.
    RepeatedHeader,
    /// The metadata is not valid.
    Refused(RegistrationProblem),
    /// There are as many registered apps as the server keeps.
    Full,
    /// Too many requests.
    Exceeded(Exceeded),
    /// The body is not JSON.
    ContentType(ApiError),
    /// The store did not answer.
    Store(StoreError),
}

impl From<StoreError> for RegistrationError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<RegistrationProblem> for RegistrationError {
    fn from(problem: RegistrationProblem) -> Self {
        Self::Refused(problem)
    }
}

impl From<Exceeded> for RegistrationError {
    fn from(exceeded: Exceeded) -> Self {
        Self::Exceeded(exceeded)
    }
}

impl IntoResponse for RegistrationError {
    fn into_response(self) -> Response {
        let denied = |description: &'static str| ApiError::new(StatusCode::FORBIDDEN, "access_denied", description);
        match self {
            Self::Off => denied("Client registration is disabled").into_response(),
            Self::Full => denied("There are as many registered clients as this server keeps").into_response(),
            Self::TokenRequired => challenged("Client registration needs an initial access token", "Bearer"),
            Self::InvalidToken => challenged(
                "The token is unknown, expired or used up",
                r#"Bearer error="invalid_token", error_description="The token is unknown, expired or used up""#,
            ),
            Self::RepeatedHeader => {
                bad_request("invalid_request", "there must be one Authorization header").into_response()
            }
            Self::Refused(problem) => bad_request(problem.error.as_str(), problem.description).into_response(),
            Self::Exceeded(exceeded) => exceeded.into_response(),
            Self::ContentType(error) => error.into_response(),
            Self::Store(error) => ApiError::from(error).into_response(),
        }
    }
}

/// 401 with its challenge (RFC 6750 §3).
fn challenged(description: &'static str, challenge: &'static str) -> Response {
    let mut response = ApiError::new(StatusCode::UNAUTHORIZED, "invalid_token", description).into_response();
    response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
    response
}
