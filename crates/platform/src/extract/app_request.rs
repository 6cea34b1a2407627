//! A request from an app: its body is read once, the app is authenticated over the raw bytes, and only then is the body
//! parsed.

use std::sync::Arc;

use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::HeaderMap;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sigma_core::app::App;
use sigma_core::json::{Members, is_repetition};
use sigma_core::params::Params;
use sigma_store::replay_guard::Once;

use crate::error::bad_request;
use crate::extract::client_credentials;
use crate::extract::form::from_params;
use crate::extract::{FORM, JSON, body, is_content_type, wrong_content_type};
use crate::http::{ApiError, Key, RequestContext, Rule};
use crate::state::AppState;

/// The parameters that may repeat (RFC 8707 §2, RFC 8693 §2.1).
const REPEATABLE: [&str; 2] = ["resource", "audience"];

/// An authenticated app, or a public one identified by its `client_id`.
#[derive(Clone, Debug)]
pub struct AuthenticatedApp {
    /// The app.
    pub app: Arc<App>,
    /// The one-time credential it authenticated with, if any.
    pub once: Option<Once>,
}

/// A request from an app, with its parameters as the endpoint declares them; only `resource` and `audience` ones may repeat.
#[derive(Clone, Debug)]
pub struct AppRequest<T> {
    /// The authenticated app.
    pub caller: AuthenticatedApp,
    /// The parameters.
    pub form: T,
}

impl<T: DeserializeOwned> FromRequest<AppState> for AppRequest<T> {
    type Rejection = Response;

    async fn from_request(mut request: Request, sigma: &AppState) -> Result<Self, Response> {
        let context = request.extensions().get::<RequestContext>().cloned();
        let context = context.ok_or_else(|| ApiError::internal("no request context").into_response())?;
        let path = request.uri().path().to_owned();
        let headers = std::mem::take(request.headers_mut());
        let body = body(request).await?;
        let (caller, params) = match identify(sigma, &context, &headers, &path, &body).await {
            Ok(identified) => identified,
            Err((claimed, refusal)) => return Err(count_refusal(&context, &claimed, refusal)),
        };
        let app_id = caller.app.id.as_str();
        if caller.app.auth_method.is_confidential() {
            context.charge(Rule::App, app_id).map_err(IntoResponse::into_response)?;
        } else {
            // Only for the rate-limit headers of the response: earlier failures do not block a valid request.
            let _ = context.peek(Rule::Token, Key::At(context.client(), app_id));
        }
        let form = from_params(&params);
        let form = form.map_err(|error| bad_request("invalid_request", error.to_string()).into_response())?;
        Ok(Self { caller, form })
    }
}

impl AuthenticatedApp {
    /// Turns a refusal into its response, and counts it if it may be part of a guessing attack; refusals of public apps
    /// count by the caller's address.
    pub fn refuse(&self, context: &RequestContext, refusal: impl IntoResponse) -> Response {
        let (app, refusal) = (&self.app, refusal.into_response());
        if app.auth_method.is_confidential() { refusal } else { count_refusal(context, app.id.as_str(), refusal) }
    }
}

/// Counts a refusal against the app and the caller's address; 429 once there were too many. Codes, tokens, secrets and
/// signatures are cheap to check and infeasible to guess, so each is checked before the count is.
fn count_refusal(context: &RequestContext, app: &str, refusal: Response) -> Response {
    if !refusal.status().is_client_error() {
        return refusal;
    }
    match context.charge(Rule::Token, Key::At(context.client(), app)) {
        Ok(()) => refusal,
        Err(exceeded) => exceeded.into_response(),
    }
}

/// Reads the parameters and authenticates the app, or returns the id of the app it claims to be, or the claim if there is
/// none, and why it was refused.
async fn identify(
    sigma: &AppState,
    context: &RequestContext,
    headers: &HeaderMap,
    path: &str,
    body: &Bytes,
) -> Result<(AuthenticatedApp, Params), (String, Response)> {
    let params = read_params(headers, body).map_err(|error| (String::new(), error.into_response()))?;
    match client_credentials::authenticate(sigma, headers, path, body, &params).await {
        Ok(caller) => {
            context.name_app(caller.app.client_id.as_str());
            Ok((caller, params))
        }
        Err(refused) => {
            let claimed = client_credentials::claimed_id(headers, &params).unwrap_or_default();
            context.name_app(&claimed);
            let counted = refused.app.as_ref().map_or(claimed, |app| app.id.to_string());
            Err((counted, refused.into_response()))
        }
    }
}

/// The parameters of a form, or of a JSON object of strings.
///
/// # Errors
/// 415 for another content type; 400 `invalid_request` for a malformed body, a repeated parameter or a NUL character.
pub fn read_params(headers: &HeaderMap, body: &Bytes) -> Result<Params, ApiError> {
    if is_content_type(headers, FORM) {
        return read_form(body);
    }
    if is_content_type(headers, JSON) {
        return single(Params::from_pairs(json_pairs(body)?));
    }
    Err(wrong_content_type("the body must be application/x-www-form-urlencoded or application/json"))
}

/// The parameters of a form.
///
/// # Errors
/// 400 `invalid_request` for a malformed body, a repeated parameter or a NUL character.
pub fn read_form(body: &[u8]) -> Result<Params, ApiError> {
    let text = std::str::from_utf8(body).map_err(|_| bad_request("invalid_request", "the body is not a form"))?;
    single(Params::parse(text))
}

fn repeated() -> ApiError {
    bad_request("invalid_request", "parameters must not be repeated")
}

/// These parameters, if none repeats and none contains NUL.
fn single(params: Params) -> Result<Params, ApiError> {
    if params.repeated_except(&REPEATABLE).is_some() {
        return Err(repeated());
    }
    if params.with_nul().is_some() {
        return Err(bad_request("invalid_request", "parameters must not hold NUL"));
    }
    Ok(params)
}

/// The members of a JSON object, in the order received. What may repeat may be an array.
fn json_pairs(body: &[u8]) -> Result<Vec<(String, String)>, ApiError> {
    let no_object = || bad_request("invalid_request", "the body must be a JSON object of strings");
    let members = serde_json::from_slice(body);
    let Members(members) = members.map_err(|error| if is_repetition(&error) { repeated() } else { no_object() })?;
    let mut pairs = Vec::with_capacity(members.len());
    for (name, value) in members {
        match value {
            Value::String(text) => pairs.push((name, text)),
            Value::Number(number) => pairs.push((name, number.to_string())),
            Value::Bool(flag) => pairs.push((name, flag.to_string())),
            Value::Null => {}
            Value::Array(items) if REPEATABLE.contains(&name.as_str()) => {
                for item in items {
                    pairs.push((name.clone(), item.as_str().ok_or_else(no_object)?.to_owned()));
                }
            }
            Value::Array(_) | Value::Object(_) => return Err(no_object()),
        }
    }
    Ok(pairs)
}
