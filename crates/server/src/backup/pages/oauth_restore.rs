//! `/oauth-restore`: a new device, on which nobody is signed in. The provider says whose account it is; its callback leaves a
//! restore ticket and begins nothing else. The script fetches the backup with it, opens it with its password in the
//! browser, and signs in with the key.

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use sigma_core::interaction::Continuation;
use sigma_core::params::Params;

use crate::backup::view::{OauthRestore, ProvenAccount};
use crate::extract::Browser;
use crate::http::{ApiError, Endpoint};
use crate::interaction::{self, with_cookie};
use crate::pages::policy::{FORM, PAGE};
use crate::pages::view::ProviderButton;
use crate::paths::RESTORE_PATH;
use crate::providers::{Aim, NewFlow, ProviderFailure, begin};
use crate::restore_ticket::RestoreTicket;
use crate::settings::SignInMethod;
use crate::state::AppState;

/// The page, and the form that leads to a provider.
pub fn endpoints() -> [Endpoint<AppState>; 2] {
    [Endpoint::get(PAGE, RESTORE_PATH, show), Endpoint::post(FORM, RESTORE_PATH, leave)]
}

async fn show(State(sigma): State<AppState>, browser: Browser, RawQuery(query): RawQuery) -> Response {
    let language = sigma.language_for(&browser, None);
    let failure = Params::parse(query.as_deref().unwrap_or_default()).get("error").and_then(ProviderFailure::parse);
    let ticket = RestoreTicket::of(&sigma, &browser).filter(|_| failure.is_none());
    let account =
        ticket.map(|ticket| ProvenAccount { oauth_id: ticket.oauth_id(), email: ticket.vouched.email.clone() });
    let offered = sigma.settings.sign_in.methods.contains(&SignInMethod::Provider);
    let providers = if offered { ProviderButton::all(&sigma) } else { Vec::new() };
    let page = OauthRestore { account, providers, refused: failure.map(ProviderFailure::text) };
    page.render(&sigma.page_in(language))
}

async fn leave(State(sigma): State<AppState>, browser: Browser, body: Bytes) -> Result<Response, ApiError> {
    let form = Params::parse(&String::from_utf8_lossy(&body));
    let offered = sigma.settings.sign_in.methods.contains(&SignInMethod::Provider);
    let provider = form.get("provider").filter(|_| offered).and_then(|id| sigma.providers.find(id));
    let begun = match provider {
        Some(provider) => {
            let ongoing = interaction::begin(&sigma, &browser, Continuation::Restore, sigma.now())?;
            begin(&sigma, provider, ongoing, NewFlow::of(Aim::Restore)).await?
        }
        None => Err(ProviderFailure::ProviderNotFound),
    };
    Ok(match begun {
        Ok(begun) => with_cookie(Redirect::to(&begun.url).into_response(), begun.set_cookie.as_deref()),
        Err(failure) => Redirect::to(&format!("{RESTORE_PATH}?error={}", failure.code())).into_response(),
    })
}
