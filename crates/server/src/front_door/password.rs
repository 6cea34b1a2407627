//! `POST /login/password`: signs a user in by e-mail address and password.

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use secrecy::{ExposeSecret as _, SecretString};
use sigma_core::actor::Actor;
use sigma_core::email;
use sigma_core::interaction::Entrance;
use sigma_core::params::Params;
use sigma_store::password;

use super::method::remember_method;
use super::page::{Attempt, language_of, render};
use super::provider::Departure;
use super::{Arrival, PASSWORD_PATH, SignInMethod, domain, provider};
use crate::extract::{Browser, NewBrowserSession, SignedIn};
use crate::hashing::HashingError;
use crate::http::{ApiError, Endpoint, RequestContext};
use crate::interaction::with_cookie;
use crate::pages::not_found;
use crate::pages::policy::{PAGE, PASSWORD_FORM};
use crate::passwords::{PasswordCheck, authenticate, device};
use crate::paths::LOGIN_PATH;
use crate::state::AppState;

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 2] {
    [Endpoint::get(PAGE, PASSWORD_PATH, show), Endpoint::post(PASSWORD_FORM, PASSWORD_PATH, log_in)]
}

/// A GET of the form's address returns the page with the form.
async fn show(RawQuery(query): RawQuery) -> Redirect {
    Redirect::to(&query.map_or_else(|| LOGIN_PATH.to_owned(), |query| format!("{LOGIN_PATH}?{query}")))
}

async fn log_in(
    State(sigma): State<AppState>,
    context: RequestContext,
    browser: Browser,
    RawQuery(query): RawQuery,
    body: Bytes,
) -> Result<Response, Response> {
    if !sigma.settings.sign_in.methods.contains(&SignInMethod::Password) {
        return Ok(not_found());
    }
    let arrival = Arrival::find(&sigma, &browser, query.as_deref()).await?;
    let form = Params::parse_form(&body);
    let address = form.raw("email").unwrap_or_default().trim().to_owned();
    let secret = SecretString::from(form.raw("password").unwrap_or_default());
    if let Some(provider) = domain::provider_of(&sigma, &address).await? {
        return go_to_provider(&sigma, &context, &browser, &arrival, (&provider, address)).await;
    }
    if secret.expose_secret().is_empty() {
        let refusal = language_of(&sigma, &browser, &arrival).text("login-password-missing").to_string();
        let (method, status) = (Some(SignInMethod::Password), StatusCode::UNAUTHORIZED);
        let attempt = Attempt { method, email: address, refusal: Some(refusal), status };
        return render(&sigma, &context, &browser, &arrival, attempt).await;
    }
    let folded = email::fold(&address);
    let device = device::shown(&sigma, &browser, &folded);
    let verdict = authenticate(&sigma, &context, &address, secret, device).await;
    let attempt = |status, refusal: String| Attempt {
        method: Some(SignInMethod::Password),
        email: address.clone(),
        refusal: Some(refusal),
        status,
    };
    let language = language_of(&sigma, &browser, &arrival);
    let wrong = || attempt(StatusCode::UNAUTHORIZED, language.text("login-wrong").to_string());
    let person = match verdict.map_err(|error| ApiError::from(error).into_response())? {
        PasswordCheck::Authenticated(person) => person,
        PasswordCheck::Wrong => return render(&sigma, &context, &browser, &arrival, wrong()).await,
        // Too many failures, perhaps of somebody else: a mailed link lets the user skip the delay.
        PasswordCheck::Delayed(exceeded) => {
            let wait = exceeded.retry_after;
            let refusal = language.text("login-delayed").with("seconds", wait).to_string();
            let attempt = attempt(StatusCode::TOO_MANY_REQUESTS, refusal);
            let mut response = render(&sigma, &context, &browser, &arrival, attempt).await?;
            exceeded.write(response.headers_mut());
            return Ok(response);
        }
        PasswordCheck::Busy => return Err(ApiError::from(HashingError::Busy).into_response()),
    };
    let chosen_at = person.proof.chosen_at();
    let session = NewBrowserSession::of(&sigma, &context, &browser);
    let new = session.new.clone();
    let store = sigma.store_for(&context, Actor::Anonymous);
    let begun = store.write(move |tx| password::sign_in(tx, &person.proof, &new)).await;
    let Some(begun) = begun.map_err(|error| ApiError::from(error).into_response())? else {
        return render(&sigma, &context, &browser, &arrival, wrong()).await;
    };
    let next = arrival.next(&sigma, &begun).await?;
    let response = arrival.with_cookie(Redirect::to(&next).into_response());
    let response = session.set_cookies(&sigma, response);
    let response = with_cookie(response, Some(&device::remember(&sigma, &browser, &folded, chosen_at)));
    Ok(with_cookie(response, Some(&remember_method(SignInMethod::Password, &sigma))))
}

/// The org of the domain of the address has a provider of its own sign in its people.
async fn go_to_provider(
    sigma: &AppState,
    context: &RequestContext,
    browser: &Browser,
    arrival: &Arrival,
    (provider, address): (&str, String),
) -> Result<Response, Response> {
    let signed_in = SignedIn::find(sigma, browser).await.map_err(IntoResponse::into_response)?;
    let entrance = arrival.entrance(sigma, browser, signed_in.as_ref()).await?;
    let anew = entrance == Entrance::Reauthenticate && !arrival.switches;
    provider::leave(sigma, context, browser, arrival, Departure { provider, anew, login_hint: Some(address) }).await
}
