//! Responses to authorization requests: to the app by redirect or form, to a script by JSON, or as a page of ours.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;
use sigma_core::authorize::{AuthorizeError, ErrorResponse, ResponseMode, ReturnAddress, Untrusted};
use utoipa::ToSchema;

use crate::app_trial::Ticket;
use crate::extract::{Browser, SignedIn};
use crate::http::{ApiError, Refused, RequestContext, RequestId};
use crate::interaction::request::Requested;
use crate::oauth::view::FormPost;
use crate::state::AppState;

/// The response to a script, in place of a redirect.
#[derive(Debug, Serialize, ToSchema)]
pub struct Redirection {
    /// Always true.
    pub redirect: bool,
    /// The URL to go to.
    pub url: String,
}

/// Redirects to `url` with 303, so that a POST becomes a GET; scripts get the address as JSON.
pub fn go(browser: &Browser, url: String) -> Response {
    if browser.wants_json() {
        return Json(Redirection { redirect: true, url }).into_response();
    }
    match HeaderValue::from_str(&url) {
        Ok(location) => (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response(),
        Err(_) => StatusCode::BAD_REQUEST.into_response(),
    }
}

/// Refuses HEAD where GET has effects, as the standards require: mail scanners and link previews must not use up or end
/// a sign-in.
pub async fn refuse_head() -> (StatusCode, [(HeaderName, &'static str); 1]) {
    (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET, POST")])
}

/// Sends `fields` to the app, with `state` and `iss` (RFC 9207).
fn send<'a>(
    sigma: &'a AppState,
    browser: &Browser,
    address: &'a ReturnAddress,
    mut fields: Vec<(&'a str, &'a str)>,
) -> Response {
    if let Some(state) = &address.state {
        fields.push(("state", state));
    }
    fields.push(("iss", sigma.issuer()));
    match address.response_mode {
        ResponseMode::Query => go(browser, address.redirect_uri.with_params(fields)),
        ResponseMode::FormPost => {
            let fields = fields.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
            let page = FormPost { action: address.redirect_uri.as_str().to_owned(), fields };
            page.render(&sigma.page_in(sigma.language_for(browser, None)))
        }
    }
}

/// Sends the code.
pub fn send_code(sigma: &AppState, browser: &Browser, address: &ReturnAddress, code: &str) -> Response {
    send(sigma, browser, address, vec![("code", code)])
}

/// Sends an error.
pub fn send_refusal(sigma: &AppState, browser: &Browser, requested: &Requested, refusal: &ErrorResponse) -> Response {
    if let Some(test) = Ticket::of(sigma, requested) {
        return match test.refused_at(sigma, refusal) {
            Ok(url) => go(browser, url),
            Err(error) => error.into_response(),
        };
    }
    let fields = vec![("error", refusal.error.as_str()), ("error_description", refusal.description.as_str())];
    let refused = Refused::new(refusal.error.as_str(), refusal.description.clone());
    let refused = refused.app(Some(requested.app.client_id.as_str()));
    let is_expected = matches!(
        refusal.error,
        AuthorizeError::LoginRequired
            | AuthorizeError::ConsentRequired
            | AuthorizeError::AccountSelectionRequired
            | AuthorizeError::InteractionRequired
            | AuthorizeError::AccessDenied
    );
    let refused = if is_expected { refused.expected() } else { refused };
    refused.with(send(sigma, browser, &requested.address, fields))
}

/// Refuses a request that has just arrived: to the app, or to whoever opened it where nobody is signed in and anybody may have
/// registered the address (RFC 9700 §4.11).
///
/// # Errors
/// The store does not answer who is signed in.
pub async fn refuse(
    sigma: &AppState,
    context: &RequestContext,
    browser: &Browser,
    requested: &Requested,
    refusal: &ErrorResponse,
) -> Result<Response, ApiError> {
    if requested.app.takes_early_errors() || SignedIn::find(sigma, browser).await?.is_some() {
        return Ok(send_refusal(sigma, browser, requested, refusal));
    }
    let (code, client_id) = (refusal.error.as_str(), Some(requested.app.client_id.as_str()));
    let refused = Refused::new(code, refusal.description.clone()).app(client_id);
    Ok(refused.with(show_error(browser, context.request_id(), code, &refusal.description, client_id)))
}

/// Shows the error to the user, since no address can be trusted. The page shows the request id under which the log has
/// the cause.
pub fn show_untrusted(
    browser: &Browser,
    request_id: &RequestId,
    error: Untrusted,
    client_id: Option<&str>,
) -> Response {
    show_error(browser, request_id, error.code(), &error.to_string(), client_id)
}

/// The same for any `error`, with the cause for developers.
pub fn show_error(
    browser: &Browser,
    request_id: &RequestId,
    error: &str,
    description: &str,
    client_id: Option<&str>,
) -> Response {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query
        .append_pair("error", error)
        .append_pair("error_description", description)
        .append_pair("request_id", request_id.as_str());
    // By it the page finds the way back; what is longer is no app's.
    if let Some(client_id) = client_id.filter(|id| id.len() <= 100) {
        query.append_pair("client_id", client_id);
    }
    go(browser, format!("/error?{}", query.finish()))
}
