//! `GET` and `POST` `/oauth2/authorize` (the gate) and `/api/auth/oauth2/authorize`: the authorization request (RFC
//! 6749 §4.1.1, `docs/spec/oidc.md#authorization-request`). Both paths are one handler; the request goes as far as it
//! can without a person, and to a page of ours where it cannot.

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use sigma_core::authorize::{ErrorResponse, Untrusted};
use sigma_core::params::Params;

use crate::error::API;
use crate::extract::{Browser, FORM, is_content_type, wrong_content_type};
use crate::http::policy::{Cookies, ErrorPages, Limit};
use crate::http::{Endpoint, Policy, Refused, RequestContext, Rule, routes};
use crate::interaction::request::{Requested, Unanswerable};
use crate::interaction::{Arrival, Continuation, Found, arrive, begin_unbound, find, query_of, stopped};
use crate::oauth::answer::{Redirection, go, refuse, refuse_head, show_untrusted};
use crate::oauth::described::{self, Stage};
use crate::oauth::flow::proceed;
use crate::oauth::forms::AuthorizationForm;
use crate::paths::{GATE_PATH, INNER_PATH};
use crate::state::AppState;

/// Its aliases.
const ALIASES: [&str; 2] = [INNER_PATH, "/authorize"];

/// Apps of all origins send their users here, and some by a form.
const POLICY: Policy = Policy {
    limit: Limit::Each(Rule::Authorize),
    cookies: Cookies::FromAnywhere,
    error_pages: ErrorPages::ForBrowsers,
    ..API
};

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 3] {
    [
        Endpoint::new(POLICY, routes!(authorize)).aliases(ALIASES),
        Endpoint::new(POLICY, routes!(authorize_by_form)).aliases(ALIASES),
        Endpoint::head(POLICY, GATE_PATH, refuse_head).aliases(ALIASES),
    ]
}

/// Starts an authorization request.
///
/// Redirects to the app with a code or an error, to a page that asks for sign-in or consent, or to `/error` if the app or
/// its redirect URI is unknown. Scripts (`Accept: application/json` or `Sec-Fetch-Mode: cors`) get the URL as JSON instead.
#[utoipa::path(
    get,
    path = GATE_PATH,
    operation_id = "authorize",
    tag = "OpenID Connect",
    params(
        ("client_id" = String, Query, description = "The app"),
        ("redirect_uri" = Option<String>, Query, description = "A registered redirect URI"),
        ("response_type" = Option<String>, Query, description = "`code`"),
        ("scope" = Option<String>, Query, description = "`openid profile email org roles offline_access …`, and scopes of the requested resources"),
        ("state" = Option<String>, Query, description = "Returned unchanged"),
        ("nonce" = Option<String>, Query, description = "Returned in the ID token"),
        ("code_challenge" = Option<String>, Query, description = "RFC 7636, 43 characters"),
        ("code_challenge_method" = Option<String>, Query, description = "`S256`"),
        ("response_mode" = Option<String>, Query, description = "`query` or `form_post`"),
        ("prompt" = Option<String>, Query, description = "`none`, or any of `login consent select_account create`"),
        ("max_age" = Option<u32>, Query, description = "Maximum seconds since the last authentication"),
        ("login_hint" = Option<String>, Query, description = "A hint about the user; a BAP id preselects an identity"),
        ("id_token_hint" = Option<String>, Query, description = "An ID token of this server"),
        ("claims" = Option<String>, Query, description = "OpenID Connect Core §5.5"),
        ("resource" = Option<Vec<String>>, Query, description = "APIs that the access token is for (RFC 8707)"),
        ("bap_id" = Option<String>, Query, description = "An identity to preselect"),
        ("org" = Option<String>, Query, description = "The id or slug of the org that the user is to act for; adds the scope `org`"),
        ("dpop_jkt" = Option<String>, Query, description = "The thumbprint of the key that the code is bound to (RFC 9449 §10)"),
        ("request_uri" = Option<String>, Query, description = "From the pushed authorization request endpoint; with `client_id` it replaces all other parameters"),
        ("request" = Option<String>, Query, description = "A request object signed by the app (RFC 9101); with `client_id` it replaces all other parameters"),
    ),
    responses(
        (status = 200, description = "For scripts: the URL. With `response_mode=form_post`: the form", body = Redirection),
        (status = 303, description = "To the app, or to a page of this server"),
        (status = 400, description = "The interaction has ended"),
    )
)]
pub async fn authorize(
    State(sigma): State<AppState>,
    context: RequestContext,
    browser: Browser,
    RawQuery(query): RawQuery,
) -> Response {
    let params = Params::parse(query.as_deref().unwrap_or_default());
    if let (Some(id), None) = (params.get("interaction"), params.get("client_id")) {
        return resume(&sigma, &context, &browser, id).await;
    }
    if let Some(url) = described::url_of(&sigma, &params) {
        return described::proceed(&sigma, &context, &browser, &params, &url, None, Stage::Arrived).await;
    }
    match arrive(&sigma, &context, params).await {
        Ok(Arrival::Taken(requested)) => match requested.check_length() {
            Ok(()) => proceed(&sigma, &context, &browser, &requested, None).await,
            Err(refusal) => refused(&sigma, &context, &browser, &requested, &refusal).await,
        },
        Ok(Arrival::Refused(requested, refusal)) => refused(&sigma, &context, &browser, &requested, &refusal).await,
        Err(error) => unanswerable(&context, &browser, error),
    }
}

/// Starts an authorization request by form. The browser continues with GET.
#[utoipa::path(
    post,
    path = GATE_PATH,
    operation_id = "authorizeByForm",
    tag = "OpenID Connect",
    request_body(content_type = "application/x-www-form-urlencoded", content = AuthorizationForm, description = "The parameters of the GET"),
    responses(
        (status = 200, description = "For scripts: the URL. With `response_mode=form_post`: the form", body = Redirection),
        (status = 303, description = "To the same path by GET, to the app with an error, or to a page of this server"),
        (status = 415, description = "Not a form"),
    )
)]
pub async fn authorize_by_form(
    State(sigma): State<AppState>,
    context: RequestContext,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let browser = Browser::of(&headers);
    if !is_content_type(&headers, FORM) {
        return wrong_content_type("the body must be application/x-www-form-urlencoded").into_response();
    }
    let params = Params::parse(&String::from_utf8_lossy(&body));
    if described::url_of(&sigma, &params).is_some() {
        return described::by_form(&sigma, &context, &browser, &params);
    }
    let requested = match arrive(&sigma, &context, params).await {
        Ok(Arrival::Taken(requested)) => requested,
        Ok(Arrival::Refused(requested, refusal)) => {
            return refused(&sigma, &context, &browser, &requested, &refusal).await;
        }
        Err(error) => return unanswerable(&context, &browser, error),
    };
    if let Err(refusal) = requested.check_length() {
        return refused(&sigma, &context, &browser, &requested, &refusal).await;
    }
    match requested.parse(&sigma).await {
        Ok(Ok(_)) => {}
        Ok(Err(refusal)) => return refused(&sigma, &context, &browser, &requested, &refusal).await,
        Err(error) => return error.into_response(),
    }
    // Another site's page may have sent this: the request belongs to the browser that continues it.
    let continuation = Continuation::Authorization { query: requested.params.to_query() };
    match begin_unbound(&sigma, continuation, sigma.now()) {
        Ok(name) => go(&browser, format!("{GATE_PATH}?interaction={name}")),
        Err(error) => error.into_response(),
    }
}

async fn refused(
    sigma: &AppState,
    context: &RequestContext,
    browser: &Browser,
    requested: &Requested,
    refusal: &ErrorResponse,
) -> Response {
    refuse(sigma, context, browser, requested, refusal).await.unwrap_or_else(IntoResponse::into_response)
}

async fn resume(sigma: &AppState, context: &RequestContext, browser: &Browser, name: &str) -> Response {
    let (continuation, ongoing) = match find(sigma, browser, name).await {
        Ok(Found::Ongoing(ongoing)) => (ongoing.stored.continuation.clone(), Some(*ongoing)),
        Ok(Found::Unbound(continuation)) => (continuation, None),
        Err(reason) => return stopped(sigma, browser, reason).await,
    };
    let query = match query_of(&continuation) {
        Ok(query) => query,
        Err(reason) => return stopped(sigma, browser, reason).await,
    };
    // The app may have changed since: its request is validated again, as if it arrived now.
    let params = Params::parse(query);
    // Before somebody signed in, nothing of a request was looked at whose app a document describes.
    let is_stored = ongoing.as_ref().is_some_and(|ongoing| ongoing.is_stored);
    if let Some(url) = described::url_of(sigma, &params).filter(|_| !is_stored) {
        return described::proceed(sigma, context, browser, &params, &url, ongoing, Stage::Arrived).await;
    }
    match Requested::read(sigma, params).await {
        Ok(requested) => proceed(sigma, context, browser, &requested, ongoing).await,
        Err(error) => unanswerable(context, browser, error),
    }
}

/// Shows the error, and counts it against the address, which limits probing for apps and addresses.
pub fn unanswerable(context: &RequestContext, browser: &Browser, error: Unanswerable) -> Response {
    let (error, client_id, redirect_uri) = match error {
        Unanswerable::Untrusted { error, client_id, redirect_uri } => (error, client_id, redirect_uri),
        Unanswerable::Unread(url) => (Untrusted::UnknownApp, Some(url.to_string()), None),
        Unanswerable::TooMany(exceeded) => return exceeded.into_response(),
        Unanswerable::Internal(error) => return error.into_response(),
    };
    let refused = Refused::new(error.code(), error.to_string());
    let refused = refused.app(client_id.as_deref()).redirect_uri(redirect_uri.as_deref());
    refused.with(match context.charge(Rule::AuthorizeFailure, context.client()) {
        Ok(()) => show_untrusted(browser, context.request_id(), error, client_id.as_deref()),
        Err(exceeded) => exceeded.into_response(),
    })
}
