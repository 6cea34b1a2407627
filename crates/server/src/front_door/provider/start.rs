//! `POST /login/provider`: sends the browser to a provider.

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use sigma_core::interaction::{Continuation, Entrance};
use sigma_core::params::Params;

use super::PROVIDER_PATH;
use crate::extract::{Browser, SignedIn};
use crate::front_door::page::{Attempt, language_of, render};
use crate::front_door::{Arrival, SignInMethod};
use crate::http::{Endpoint, RequestContext};
use crate::interaction::with_cookie;
use crate::pages::not_found;
use crate::pages::policy::{FORM, PAGE};
use crate::paths::LOGIN_PATH;
use crate::providers::{Aim, NewFlow, ProviderFailure, begin};
use crate::state::AppState;

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 2] {
    [Endpoint::get(PAGE, PROVIDER_PATH, show), Endpoint::post(FORM, PROVIDER_PATH, start)]
}

/// A GET of the form's address returns the page with the form.
async fn show(RawQuery(query): RawQuery) -> Redirect {
    Redirect::to(&query.map_or_else(|| LOGIN_PATH.to_owned(), |query| format!("{LOGIN_PATH}?{query}")))
}

async fn start(
    State(sigma): State<AppState>,
    context: RequestContext,
    browser: Browser,
    RawQuery(query): RawQuery,
    body: Bytes,
) -> Result<Response, Response> {
    if !sigma.settings.sign_in.methods.contains(&SignInMethod::Provider) {
        return Ok(not_found());
    }
    let arrival = Arrival::find(&sigma, &browser, query.as_deref()).await?;
    let form = Params::parse(&String::from_utf8_lossy(&body));
    let signed_in = SignedIn::find(&sigma, &browser).await.map_err(IntoResponse::into_response)?;
    let entrance = arrival.entrance(&sigma, &browser, signed_in.as_ref()).await?;
    let anew = entrance == Entrance::Reauthenticate && !arrival.switches;
    let place = Departure { provider: form.get("provider").unwrap_or_default(), anew, login_hint: None };
    leave(&sigma, &context, &browser, &arrival, place).await
}

/// Where a browser is sent.
pub struct Departure<'a> {
    /// The id of the provider.
    pub provider: &'a str,
    /// Its user has to authenticate there again.
    pub anew: bool,
    /// The address that they gave.
    pub login_hint: Option<String>,
}

/// Sends the browser to a provider.
///
/// # Errors
/// The page that says why not.
pub async fn leave(
    sigma: &AppState,
    context: &RequestContext,
    browser: &Browser,
    arrival: &Arrival,
    Departure { provider, anew, login_hint }: Departure<'_>,
) -> Result<Response, Response> {
    let begun = match sigma.providers.find(provider) {
        Some(provider) => {
            let ongoing = arrival.ongoing_or_home(sigma, browser).map_err(IntoResponse::into_response)?;
            let restores = ongoing.stored.continuation == Continuation::Restore;
            let aim = if restores { Aim::Restore } else { Aim::SignIn };
            let begun = begin(sigma, &provider, ongoing, NewFlow { anew, login_hint, ..NewFlow::of(aim) }).await;
            begun.map_err(IntoResponse::into_response)?
        }
        None => Err(ProviderFailure::ProviderNotFound),
    };
    match begun {
        Ok(begun) => Ok(with_cookie(Redirect::to(&begun.url).into_response(), begun.set_cookie.as_deref())),
        Err(failure) => {
            let refusal = language_of(sigma, browser, arrival).text(failure.text()).to_string();
            let attempt = Attempt {
                method: Some(SignInMethod::Provider),
                refusal: Some(refusal),
                status: StatusCode::BAD_REQUEST,
                ..Attempt::default()
            };
            render(sigma, context, browser, arrival, attempt).await
        }
    }
}
