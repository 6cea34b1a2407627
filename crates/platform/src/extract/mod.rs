//! Callers: each extractor proves who calls, so that a handler taking one cannot be reached without that proof.

mod app_keys;
mod app_request;
mod authorization;
mod bearer;
mod browser;
mod client_credentials;
mod form;
mod key_token;
mod mark;
mod new_session;
mod own_api;
mod sent_proof;
mod sent_token;
mod signed_in;
mod upload;

pub use app_keys::keys_of;
pub use app_request::{AppRequest, AuthenticatedApp, read_form};
pub use authorization::{Repeated, Scheme, access_token, bearer_token};
pub use bearer::{Bearer, BearerError, LiveAccess, load_live, load_live_grant, verify_access};
pub use browser::cookie;
pub use browser::{Browser, expired_session_cookie, session_cookie};
pub use client_credentials::ClientAuthError;
pub use form::distinct;
pub use key_token::{KeyToken, KeyTokenError, SIGN_IN_PATH, fallback_token, once};
pub use mark::MARK_COOKIES;
pub use new_session::NewBrowserSession;
pub use own_api::{Area, Caller, Means, OwnApi, rejected};
pub use sent_proof::SentProof;
pub use sent_token::SentToken;
pub use signed_in::{MaybeSignedIn, SECRET_LENGTH, SignedIn, unauthorized};
pub use upload::Upload;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName};

use crate::http::{ApiError, RequestContext, Unread};

/// The value of a header, if present once and readable.
pub fn header(headers: &HeaderMap, name: impl Into<HeaderName>) -> Option<&str> {
    let mut values = headers.get_all(name.into()).into_iter();
    let value = values.next()?;
    if values.next().is_none() { value.to_str().ok() } else { None }
}

/// The whole body. Most bodies were read and bounded before the handler; one that may be large is read here, after the
/// sender has authenticated.
///
/// # Errors
/// The response to a body that was cut off, too large or too slow.
pub async fn body(mut request: Request) -> Result<Bytes, Response> {
    if let Some(unread) = request.extensions_mut().remove::<Unread>() {
        let context = request.extensions().get::<RequestContext>().cloned();
        let body = unread.read(request.into_body()).await?;
        if let Some(context) = context {
            context.take_owed_turn().await.map_err(IntoResponse::into_response)?;
        }
        return Ok(body);
    }
    Bytes::from_request(request, &()).await.map_err(IntoResponse::into_response)
}

/// Whether the content type is `wanted`, ignoring parameters.
pub fn is_content_type(headers: &HeaderMap, wanted: &str) -> bool {
    header(headers, http::header::CONTENT_TYPE)
        .and_then(|value| value.split(';').next())
        .is_some_and(|media| media.trim().eq_ignore_ascii_case(wanted))
}

/// The media type of a form.
pub const FORM: &str = "application/x-www-form-urlencoded";
/// The media type of JSON.
pub const JSON: &str = "application/json";

/// A JSON object; serde would also accept an array of the members' values.
pub fn read_object<T: serde::de::DeserializeOwned>(body: &[u8]) -> Option<T> {
    if !body.trim_ascii_start().starts_with(b"{") {
        return None;
    }
    serde_json::from_slice(body).ok()
}

/// The response to a body of the wrong content type.
pub fn wrong_content_type(description: &'static str) -> ApiError {
    ApiError::new(http::StatusCode::UNSUPPORTED_MEDIA_TYPE, "invalid_request", description)
}
