//! `/signup/email/check`: the browser that started a sign-up waits for the address to be confirmed. It accepts the
//! code, or continues by itself once the link was opened elsewhere.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use serde::Serialize;
use sigma_core::actor::Actor;
use sigma_core::params::Params;
use sigma_store::email_sign_up::{self, EmailSignUp, MOST_GUESSES, Proven};

use super::{SignUpSecret, go_on, gone, proving, taken};
use crate::extract::{Browser, NewBrowserSession};
use crate::front_door::view::EmailSignUpCheck;
use crate::http::{ApiError, Endpoint, RequestContext};
use crate::pages::policy::{FORM, PAGE};
use crate::state::AppState;

/// The path of this page.
pub(super) const PATH: &str = "/signup/email/check";

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 3] {
    [
        Endpoint::get(PAGE, PATH, show),
        Endpoint::post(FORM, PATH, take_code),
        Endpoint::get(PAGE, "/signup/email/state", state),
    ]
}

async fn show(State(sigma): State<AppState>, context: RequestContext, browser: Browser) -> Result<Response, Response> {
    let found = find(&sigma, &browser).await.map_err(IntoResponse::into_response)?;
    let Some((secret, waiting)) = found else { return Ok(over(&sigma, &browser)) };
    if waiting.user_id.is_none() {
        return Ok(page(&sigma, &browser, &waiting, None, StatusCode::OK));
    }
    let session = NewBrowserSession::of(&sigma, &context, &browser);
    let (digest, new) = (secret.digest(), session.new.clone());
    let finished =
        sigma.store_for(&context, Actor::Anonymous).write(move |tx| email_sign_up::finish(tx, &digest, &new)).await;
    match finished.map_err(|error| ApiError::from(error).into_response())? {
        Some(signed_up) => go_on(&sigma, &browser, &session, &signed_up).await,
        None => Ok(over(&sigma, &browser)),
    }
}

async fn take_code(
    State(sigma): State<AppState>,
    context: RequestContext,
    browser: Browser,
    body: Bytes,
) -> Result<Response, Response> {
    let form = Params::parse(&String::from_utf8_lossy(&body));
    let typed = form.raw("code").unwrap_or_default();
    // Codes may be pasted with their space, or with more.
    let code: String = typed.chars().filter(char::is_ascii_digit).take(64).collect();
    let Some(secret) = SignUpSecret::of(&sigma, &browser) else { return Ok(over(&sigma, &browser)) };
    let (proving, session) = proving(&sigma, &context, &browser);
    let code = secret.code_digest(&sigma, &code);
    let proven = sigma
        .store_for(&context, Actor::Anonymous)
        .write(move |tx| email_sign_up::prove_by_code(tx, &code, &proving))
        .await;
    match proven.map_err(|error| ApiError::from(error).into_response())? {
        Proven::SignedIn(signed_up) => go_on(&sigma, &browser, &session, &signed_up).await,
        Proven::Taken => Ok(taken(&sigma, sigma.language_for(&browser, None))),
        Proven::WrongCode(left) => {
            let found = find(&sigma, &browser).await.map_err(IntoResponse::into_response)?;
            let Some((_, waiting)) = found else { return Ok(over(&sigma, &browser)) };
            let words = sigma.language_for(&browser, None).text("check-wrong").with("left", left).to_string();
            Ok(page(&sigma, &browser, &waiting, Some(words), StatusCode::UNAUTHORIZED))
        }
        // The link may have been opened meanwhile, or there were too many attempts: the page itself explains.
        Proven::Elsewhere | Proven::Gone => show(State(sigma), context, browser).await,
    }
}

/// Whether the page may continue by itself.
#[derive(Serialize)]
struct SignUpState {
    done: bool,
}

/// Tells the page's script whether the link was opened, or nothing is awaited any more.
async fn state(State(sigma): State<AppState>, browser: Browser) -> Result<Response, ApiError> {
    if browser.navigates() {
        return Ok(Redirect::to(PATH).into_response());
    }
    let found = find(&sigma, &browser).await?;
    let done = found.is_none_or(|(_, waiting)| waiting.user_id.is_some());
    Ok(Json(SignUpState { done }).into_response())
}

async fn find(sigma: &AppState, browser: &Browser) -> Result<Option<(SignUpSecret, EmailSignUp)>, ApiError> {
    let Some(secret) = SignUpSecret::of(sigma, browser) else { return Ok(None) };
    let (digest, now) = (secret.digest(), sigma.now());
    let found = sigma.store.read(move |tx| email_sign_up::find(tx, &digest, now)).await?;
    Ok(found.map(|waiting| (secret, waiting)))
}

fn page(
    sigma: &AppState,
    browser: &Browser,
    waiting: &EmailSignUp,
    refusal: Option<String>,
    status: StatusCode,
) -> Response {
    let language = sigma.language_for(browser, None);
    let again = waiting.interaction.as_deref().map(|interaction| format!("/signup/email?interaction={interaction}"));
    let view = EmailSignUpCheck {
        email: waiting.email.clone(),
        life: language.duration(sigma.settings.links.sign_up()),
        takes_codes: waiting.guesses < MOST_GUESSES,
        again_url: again.unwrap_or_else(|| "/signup/email".to_owned()),
        refusal,
    };
    view.render(status, &sigma.page_in(language))
}

fn over(sigma: &AppState, browser: &Browser) -> Response {
    gone(sigma, sigma.language_for(browser, None), "sign-up-ended")
}
