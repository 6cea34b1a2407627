//! `GET` and `POST` `/api/auth/oauth2/end-session`: sign-out requested by an app (OpenID Connect RP-Initiated Logout
//! 1.0, `docs/spec/oidc.md#sign-out`).

use axum::Json;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use serde::Serialize;
use sigma_core::actor::Actor;
use sigma_core::app::App;
use sigma_core::authentication::CredentialKind;
use sigma_core::ids::{SessionId, UserId};
use sigma_core::params::Params;
use sigma_core::redirect::MatchedRedirectUri;
use sigma_core::token::{Audience, IdClaims};
use sigma_store::session;
use std::sync::Arc;
use utoipa::ToSchema;

use crate::error::API;
use crate::error::bad_request;
use crate::extract::{Browser, FORM, SignedIn, expired_session_cookie, is_content_type, wrong_content_type};
use crate::http::policy::{Cookies, ErrorPages};
use crate::http::{ApiError, Endpoint, Policy, RequestContext, routes};
use crate::interaction::request::read_hint;
use crate::interaction::with_cookie;
use crate::oauth::answer::{go, refuse_head};
use crate::oauth::forms::{EndSessionConfirmation, EndSessionForm};
use crate::oauth::view::{LogOutConfirm, SignedOut};
use crate::paths::END_SESSION_PATH;
use crate::quick::QuickSession;
use crate::state::AppState;

/// A form of an app posts its user's ID token here, which authenticates; without one the user is asked.
const POLICY: Policy = Policy { cookies: Cookies::FromAnywhere, error_pages: ErrorPages::ForBrowsers, ..API };
const CONFIRM: Policy = Policy { error_pages: ErrorPages::ForBrowsers, ..API };

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 4] {
    [
        Endpoint::new(POLICY, routes!(end_session)),
        Endpoint::new(POLICY, routes!(end_session_by_form)),
        Endpoint::head(POLICY, END_SESSION_PATH, refuse_head),
        Endpoint::new(CONFIRM, routes!(confirm)),
    ]
}

/// The response for scripts.
#[derive(Debug, Serialize, ToSchema)]
pub struct Ended {
    /// Always true.
    success: bool,
}

/// Signs the user out at the request of an app.
///
/// With the user's ID token this is immediate, and the browser is redirected to the registered
/// `post_logout_redirect_uri`; otherwise the user is asked, and not redirected.
#[utoipa::path(
    get,
    path = END_SESSION_PATH,
    operation_id = "endSession",
    tag = "OpenID Connect",
    params(
        ("id_token_hint" = Option<String>, Query, description = "An ID token of this server, expired or not"),
        ("client_id" = Option<String>, Query, description = "The app"),
        ("post_logout_redirect_uri" = Option<String>, Query, description = "A registered post-logout redirect URI"),
        ("state" = Option<String>, Query, description = "Returned unchanged"),
    ),
    responses(
        (status = 200, description = "A page that asks, or a confirmation; `{success:true}` for scripts", body = Ended),
        (status = 303, description = "To the app"),
        (status = 400, description = "For scripts: `invalid_client`, or the user has to confirm"),
        (status = 401, description = "For scripts: `invalid_token`"),
    )
)]
pub async fn end_session(
    State(sigma): State<AppState>,
    context: RequestContext,
    browser: Browser,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    answer(&sigma, &context, &browser, &Params::parse(query.as_deref().unwrap_or_default())).await
}

/// Signs the user out by form.
#[utoipa::path(
    post,
    path = END_SESSION_PATH,
    operation_id = "endSessionByForm",
    tag = "OpenID Connect",
    request_body(content_type = "application/x-www-form-urlencoded", content = EndSessionForm, description = "The parameters of the GET"),
    responses(
        (status = 200, description = "As for GET", body = Ended),
        (status = 303, description = "To the app"),
        (status = 400, description = "For scripts: `invalid_client`, or the user has to confirm"),
        (status = 401, description = "For scripts: `invalid_token`"),
        (status = 403, description = "With a cookie from another origin"),
        (status = 415, description = "Not a form"),
    )
)]
pub async fn end_session_by_form(
    State(sigma): State<AppState>,
    context: RequestContext,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, ApiError> {
    if !body.is_empty() && !is_content_type(&headers, FORM) {
        return Err(wrong_content_type("the body must be application/x-www-form-urlencoded"));
    }
    answer(&sigma, &context, &Browser::of(&headers), &Params::parse(&String::from_utf8_lossy(&body))).await
}

/// Takes the user's answer on the sign-out page.
#[utoipa::path(
    post,
    path = "/api/auth/oauth2/end-session/confirm",
    operation_id = "confirmEndSession",
    tag = "OpenID Connect",
    request_body(content_type = "application/x-www-form-urlencoded", content = EndSessionConfirmation, description = "`confirm=true` or `false`"),
    responses(
        (status = 200, description = "A confirmation page; `{success:true}` for scripts", body = Ended),
        (status = 303, description = "Not confirmed: to the home page"),
        (status = 403, description = "From another origin"),
    )
)]
pub async fn confirm(
    State(sigma): State<AppState>,
    context: RequestContext,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, ApiError> {
    let browser = Browser::of(&headers);
    let form = Params::parse(&String::from_utf8_lossy(&body));
    if form.get("confirm") != Some("true") {
        return Ok(go(&browser, "/".to_owned()));
    }
    if let Some(signed_in) = SignedIn::find(&sigma, &browser).await? {
        end(&sigma, &context, &signed_in.account.user.id, &signed_in.session.id).await?;
    }
    let quick = QuickSession::end_of(&sigma, &context, &browser).await?;
    let app = match form.get("client_id") {
        Some(id) => sigma.find_named_app(id).await?,
        None => None,
    };
    Ok(with_cookie(signed_out(&sigma, &browser, None, app.as_deref(), None), quick.as_deref()))
}

/// The state of the `id_token_hint`.
enum Hint {
    /// No hint was sent.
    Absent,
    /// It proves nothing, for this reason.
    Bad(&'static str),
    /// An ID token of ours, and the app it was issued to.
    Good { claims: Box<IdClaims>, app: Arc<App> },
}

async fn answer(
    sigma: &AppState,
    context: &RequestContext,
    browser: &Browser,
    params: &Params,
) -> Result<Response, ApiError> {
    let signed_in = SignedIn::find(sigma, browser).await?;
    if params.repeated().is_some() {
        if browser.wants_json() {
            return Err(bad_request("invalid_request", "parameters must not be repeated"));
        }
        return ask(sigma, browser, params, signed_in, Some("sign-out-fault-repeated")).await;
    }
    let uri = params.get("post_logout_redirect_uri");
    let (claims, app) = match read(sigma, browser, params).await? {
        Hint::Good { claims, app } => (*claims, app),
        Hint::Bad(fault) => return ask(sigma, browser, params, signed_in, Some(fault)).await,
        Hint::Absent => {
            let fault = uri.map(|_| "sign-out-fault-no-hint");
            return ask(sigma, browser, params, signed_in, fault).await;
        }
    };
    let session_user = signed_in.as_ref().map(|signed_in| signed_in.account.user.id.as_str());
    if session_user.is_some_and(|user| user != claims.sub) {
        let fault = "sign-out-fault-other-user";
        return ask(sigma, browser, params, signed_in, Some(fault)).await;
    }
    let target = uri.map(|uri| app.post_logout_redirect_uris.find(uri, app.application_type));
    if let Some(None) = target {
        let fault = "sign-out-fault-unregistered";
        return ask(sigma, browser, params, signed_in, Some(fault)).await;
    }
    // A form posted by another site carries no cookie: the ID token still names the session.
    let session = signed_in.map_or_else(|| SessionId::from_text(claims.sid), |signed_in| signed_in.session.id.clone());
    end(sigma, context, &UserId::from_text(claims.sub), &session).await?;
    let quick = QuickSession::end_of(sigma, context, browser).await?;
    let response = match target.flatten() {
        Some(target) => {
            let response = go(browser, with_state(&target, params));
            with_cookie(response, Some(&expired_session_cookie(sigma)))
        }
        None => signed_out(sigma, browser, params.get("ui_locales"), Some(&app), None),
    };
    Ok(with_cookie(response, quick.as_deref()))
}

/// Reads the hint. Scripts get an error for an invalid one at once.
async fn read(sigma: &AppState, browser: &Browser, params: &Params) -> Result<Hint, ApiError> {
    let bad = |fault: &'static str| {
        let invalid = || ApiError::new(StatusCode::UNAUTHORIZED, "invalid_token", "The id_token_hint is invalid");
        if browser.wants_json() { Err(invalid()) } else { Ok(Hint::Bad(fault)) }
    };
    let Some(text) = params.get("id_token_hint") else { return Ok(Hint::Absent) };
    let Some(claims) = read_hint(sigma, text).await? else {
        return bad("sign-out-fault-invalid");
    };
    let audience = match &claims.aud {
        Audience::One(one) => one.clone(),
        Audience::Many(_) => return bad("sign-out-fault-several"),
    };
    let app = sigma.find_named_app(&audience).await?;
    let is_audience = |named: &str| named == audience || app.as_ref().is_some_and(|app| app.is_called(named));
    if params.get("client_id").is_some_and(|named| !is_audience(named)) {
        return bad("sign-out-fault-other-app");
    }
    match app.filter(|app| !app.disabled) {
        Some(app) => Ok(Hint::Good { claims: Box::new(claims), app }),
        None if browser.wants_json() => Err(bad_request("invalid_client", "The logout client does not exist")),
        None => bad("sign-out-fault-unknown-app"),
    }
}

/// Asks the user, if signed in, and reports what is wrong with the request; never redirects to an unregistered address.
async fn ask(
    sigma: &AppState,
    browser: &Browser,
    params: &Params,
    signed_in: Option<SignedIn>,
    fault: Option<&'static str>,
) -> Result<Response, ApiError> {
    if browser.wants_json() {
        return Err(bad_request("invalid_request", "User confirmation is required to complete logout"));
    }
    let app = match params.get("client_id") {
        Some(id) => sigma.find_named_app(id).await?,
        None => None,
    };
    let ui_locales = params.get("ui_locales");
    if signed_in.is_none() && QuickSession::of(sigma, browser).is_none() {
        return Ok(signed_out(sigma, browser, ui_locales, app.as_deref(), fault));
    }
    let fields = app.iter().map(|app| ("client_id".to_owned(), app.client_id.to_string())).collect();
    let page = LogOutConfirm {
        app: app.map(|app| app.name.clone()),
        fault,
        person: signed_in.as_ref().map(|signed_in| signed_in.account.user.name.clone()),
        has_key: signed_in.as_ref().is_some_and(|it| it.account.credentials.contains(&CredentialKind::Key)),
        fields,
    };
    let language = signed_in.map_or_else(
        || sigma.language_for(browser, ui_locales),
        |signed_in| sigma.language_of(&signed_in.account.user, browser, ui_locales),
    );
    Ok(page.render(&sigma.page_in(language)))
}

async fn end(
    sigma: &AppState,
    context: &RequestContext,
    user_id: &UserId,
    session_id: &SessionId,
) -> Result<(), ApiError> {
    let store = sigma.store_for(context, Actor::User(user_id.clone()));
    let (user_id, session_id, now) = (user_id.clone(), session_id.clone(), sigma.now());
    store.write(move |tx| session::end(tx, &user_id, &session_id, now)).await?;
    Ok(())
}

fn signed_out(
    sigma: &AppState,
    browser: &Browser,
    ui_locales: Option<&str>,
    app: Option<&App>,
    fault: Option<&'static str>,
) -> Response {
    let response = if browser.wants_json() {
        Json(Ended { success: true }).into_response()
    } else {
        SignedOut { app: app.map(|app| app.name.clone()), fault }
            .render(&sigma.page_in(sigma.language_for(browser, ui_locales)))
    };
    with_cookie(response, Some(&expired_session_cookie(sigma)))
}

fn with_state(target: &MatchedRedirectUri, params: &Params) -> String {
    target.with_params(params.raw("state").map(|state| ("state", state)))
}
