//! `POST /account/providers/link`: sends the browser to a provider, to link an account there.

use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use sigma_core::interaction::{AccountPage, Continuation};
use sigma_core::params::Params;

use super::overview::{first, render};
use crate::account::view::OwnAccount;
use crate::extract::{Browser, SignedIn};
use crate::http::{ApiError, Endpoint};
use crate::interaction::{self, with_cookie};
use crate::pages::policy::FORM;
use crate::providers::{Aim, NewFlow, ProviderFailure, begin};
use crate::state::AppState;

/// This form.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::post(FORM, "/account/providers/link", link)
}

async fn link(State(sigma): State<AppState>, browser: Browser, body: Bytes) -> Result<Response, ApiError> {
    let Some(signed_in) = SignedIn::find(&sigma, &browser).await? else { return first(&sigma, &browser) };
    let form = Params::parse(&String::from_utf8_lossy(&body));
    let provider = sigma.providers.find(form.get("provider").unwrap_or_default());
    let refused = if signed_in.may_change_credentials(&sigma) {
        let begun = match provider {
            Some(provider) => {
                let continuation = Continuation::Account { page: AccountPage::Overview };
                let ongoing = interaction::begin(&sigma, &browser, continuation, sigma.now())?;
                let (user_id, session_id) = (signed_in.account.user.id.clone(), signed_in.session.id.clone());
                begin(&sigma, &provider, ongoing, NewFlow::of(Aim::Link { user_id, session_id })).await?
            }
            None => Err(ProviderFailure::ProviderNotFound),
        };
        match begun {
            Ok(begun) => {
                return Ok(with_cookie(Redirect::to(&begun.url).into_response(), begun.set_cookie.as_deref()));
            }
            Err(failure) => failure,
        }
    } else {
        ProviderFailure::UnableToLink
    };
    let words = sigma.language_of(&signed_in.account.user, &browser, None).text(refused.text()).to_string();
    let answer = OwnAccount { refusal: Some(words), ..OwnAccount::default() };
    let status = if refused == ProviderFailure::UnableToLink { StatusCode::FORBIDDEN } else { StatusCode::BAD_REQUEST };
    render(&sigma, &browser, &signed_in, answer, status).await
}
