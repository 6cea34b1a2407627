//! `/oauth-restore`: a new device, on which nobody is signed in. The provider says whose account it is; its callback leaves a
//! restore ticket and begins nothing else. The script fetches the backup with it, opens it with its password in the
//! browser, signs in with the key, and continues to what the person was in the middle of.

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use sigma_core::interaction::Continuation;
use sigma_core::params::Params;

use crate::backup::view::{OauthRestore, ProvenAccount};
use crate::extract::Browser;
use crate::http::Endpoint;
use crate::interaction::{self, Ongoing, stopped, way_on, with_cookie};
use crate::pages::policy::{FORM, PAGE};
use crate::pages::view::ProviderButton;
use crate::paths::{LOGIN_PATH, RESTORE_PATH, restore_url, switch_url};
use crate::providers::{Aim, NewFlow, ProviderFailure, begin};
use crate::restore_ticket::RestoreTicket;
use crate::settings::SignInMethod;
use crate::state::AppState;

/// The page, and the form that leads to a provider.
pub fn endpoints() -> [Endpoint<AppState>; 2] {
    [Endpoint::get(PAGE, RESTORE_PATH, show), Endpoint::post(FORM, RESTORE_PATH, leave)]
}

async fn show(
    State(sigma): State<AppState>,
    browser: Browser,
    RawQuery(query): RawQuery,
) -> Result<Response, Response> {
    let query = Params::parse(query.as_deref().unwrap_or_default());
    let waiting = waiting(&sigma, &browser, &query).await?;
    let language = sigma.language_for(&browser, None);
    let failure = query.get("error").and_then(ProviderFailure::parse);
    let ticket = RestoreTicket::of(&sigma, &browser).filter(|_| failure.is_none());
    let account =
        ticket.map(|ticket| ProvenAccount { oauth_id: ticket.oauth_id(), email: ticket.vouched.email.clone() });
    let offered = sigma.settings.sign_in.methods.contains(&SignInMethod::Provider);
    let providers = if offered { ProviderButton::all(&sigma) } else { Vec::new() };
    let page = OauthRestore {
        account,
        providers,
        refused: failure.map(ProviderFailure::text),
        url: url(waiting.as_ref()),
        continue_url: waiting.as_ref().map_or_else(|| "/".to_owned(), way_on_of),
        use_key_url: waiting.as_ref().map_or_else(|| format!("{LOGIN_PATH}?switch=1"), |it| switch_url(&it.name)),
    };
    let cookie = waiting.and_then(|waiting| waiting.set_cookie);
    Ok(with_cookie(page.render(&sigma.page_in(language)), cookie.as_deref()))
}

async fn leave(
    State(sigma): State<AppState>,
    browser: Browser,
    RawQuery(query): RawQuery,
    body: Bytes,
) -> Result<Response, Response> {
    let query = Params::parse(query.as_deref().unwrap_or_default());
    let waiting = waiting(&sigma, &browser, &query).await?;
    let form = Params::parse(&String::from_utf8_lossy(&body));
    let offered = sigma.settings.sign_in.methods.contains(&SignInMethod::Provider);
    let provider = form.get("provider").filter(|_| offered).and_then(|id| sigma.providers.find(id));
    let page = url(waiting.as_ref());
    let begun = match provider {
        Some(provider) => {
            let ongoing = match waiting {
                Some(waiting) => Ok(waiting),
                None => interaction::begin(&sigma, &browser, Continuation::Restore, sigma.now()),
            };
            let ongoing = ongoing.map_err(IntoResponse::into_response)?;
            begin(&sigma, &provider, ongoing, NewFlow::of(Aim::Restore)).await.map_err(IntoResponse::into_response)?
        }
        None => Err(ProviderFailure::ProviderNotFound),
    };
    Ok(match begun {
        Ok(begun) => with_cookie(Redirect::to(&begun.url).into_response(), begun.set_cookie.as_deref()),
        Err(failure) => Redirect::to(&with_error(&page, failure.code())).into_response(),
    })
}

/// What the person was in the middle of when they came to restore their key, if the query names it.
async fn waiting(sigma: &AppState, browser: &Browser, query: &Params) -> Result<Option<Ongoing>, Response> {
    let Some(name) = query.get("interaction") else { return Ok(None) };
    match interaction::find_or_restart(sigma, browser, name).await {
        Ok(ongoing) => Ok(Some(ongoing)),
        Err(reason) => Err(stopped(sigma, browser, reason).await),
    }
}

/// This page, for what waits.
fn url(waiting: Option<&Ongoing>) -> String {
    waiting.map_or_else(|| RESTORE_PATH.to_owned(), |waiting| restore_url(&waiting.name))
}

/// Where they continue once the key signed in.
fn way_on_of(waiting: &Ongoing) -> String {
    match &waiting.stored.continuation {
        Continuation::Restore => "/".to_owned(),
        continuation => way_on(continuation, &waiting.name),
    }
}

/// `url` with an error code.
fn with_error(url: &str, code: &str) -> String {
    let separator = if url.contains('?') { '&' } else { '?' };
    format!("{url}{separator}error={code}")
}
