//! `/signup/email/confirm`: the target of the mailed link. Viewing changes nothing, since mail scanners follow links
//! too; the button confirms the address. In a browser other than the one that started the sign-up, it signs nobody in.

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use sigma_core::actor::Actor;
use sigma_core::digest::Digest;
use sigma_core::params::Params;
use sigma_store::email_sign_up::{self, EmailSignUp, Proven};

use super::{SignUpSecret, go_on, gone, proving, taken};
use crate::extract::Browser;
use crate::front_door::view::{ConfirmEmail, ConfirmState};
use crate::http::{ApiError, Endpoint, RequestContext};
use crate::pages::policy::{FORM, PAGE};
use crate::state::AppState;

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 2] {
    [Endpoint::get(PAGE, "/signup/email/confirm", show), Endpoint::post(FORM, "/signup/email/confirm", confirm)]
}

async fn show(
    State(sigma): State<AppState>,
    browser: Browser,
    RawQuery(query): RawQuery,
) -> Result<Response, Response> {
    let params = Params::parse(query.as_deref().unwrap_or_default());
    let token = params.raw("token").unwrap_or_default();
    let Some(waiting) = find(&sigma, token).await? else { return Ok(over(&sigma, &browser)) };
    let is_own = SignUpSecret::of(&sigma, &browser).is_some_and(|secret| secret.digest() == waiting.browser);
    let state = if is_own { ConfirmState::Here } else { ConfirmState::Elsewhere };
    Ok(page(&sigma, &browser, token, &waiting, state))
}

async fn confirm(
    State(sigma): State<AppState>,
    context: RequestContext,
    browser: Browser,
    body: Bytes,
) -> Result<Response, Response> {
    let form = Params::parse(&String::from_utf8_lossy(&body));
    let token = form.raw("token").unwrap_or_default();
    let Some(waiting) = find(&sigma, token).await? else { return Ok(over(&sigma, &browser)) };
    let (proving, session) = proving(&sigma, &context, &browser);
    let link = Digest::of(token);
    let proven = sigma
        .store_for(&context, Actor::Anonymous)
        .write(move |tx| email_sign_up::prove_by_link(tx, &link, &proving))
        .await;
    match proven.map_err(|error| ApiError::from(error).into_response())? {
        Proven::SignedIn(signed_up) => go_on(&sigma, &browser, &session, &signed_up).await,
        Proven::Elsewhere => Ok(page(&sigma, &browser, token, &waiting, ConfirmState::Done)),
        Proven::Taken => Ok(taken(&sigma, sigma.language_for(&browser, None))),
        Proven::WrongCode(_) | Proven::Gone => Ok(over(&sigma, &browser)),
    }
}

async fn find(sigma: &AppState, token: &str) -> Result<Option<EmailSignUp>, Response> {
    let (link, now) = (Digest::of(token), sigma.now());
    let found = sigma.store.read(move |tx| email_sign_up::find_by_link(tx, &link, now)).await;
    found.map_err(|error| ApiError::from(error).into_response())
}

fn page(sigma: &AppState, browser: &Browser, token: &str, waiting: &EmailSignUp, state: ConfirmState) -> Response {
    let (email, name) = (waiting.email.clone(), waiting.name.clone());
    let view = ConfirmEmail { token: token.to_owned(), email, name, state };
    view.render(StatusCode::OK, &sigma.page_in(sigma.language_for(browser, None)))
}

fn over(sigma: &AppState, browser: &Browser) -> Response {
    gone(sigma, sigma.language_for(browser, None), "sign-up-link-ended")
}
