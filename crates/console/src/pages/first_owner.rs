//! `/console/first-owner`: the target of the link that the server prints while it has no owner. Viewing changes nothing;
//! confirming consumes the link.

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::StatusCode;
use sigma_core::actor::Actor;
use sigma_core::digest::Digest;
use sigma_core::interaction::{Continuation, LinkSecret};
use sigma_core::params::Params;
use sigma_platform::extract::{Browser, SignedIn};
use sigma_platform::http::{ApiError, Endpoint, RequestContext};
use sigma_platform::i18n::Language;
use sigma_platform::interaction::{begin, sign_in_first, with_cookie};
use sigma_platform::pages::links::front_page;
use sigma_platform::pages::policy::{FORM, PAGE};
use sigma_platform::pages::view::ErrorPage;
use sigma_platform::paths::{CONSOLE_PATH, FIRST_OWNER_PATH, switch_url};
use sigma_platform::state::AppState;
use sigma_store::operator::first_owner;
use sigma_store::operator::role::Workspace;

use crate::outcome::{Done, PageError};
use crate::view::FirstOwnerPage;

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 2] {
    [Endpoint::get(PAGE, FIRST_OWNER_PATH, show), Endpoint::post(FORM, FIRST_OWNER_PATH, take)]
}

async fn show(
    State(sigma): State<AppState>,
    browser: Browser,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let query = Params::parse(query.as_deref().unwrap_or_default());
    let token = query.raw("token").unwrap_or_default().to_owned();
    let language = sigma.language_for(&browser, None);
    let (link, now) = (Digest::of(&token), sigma.now());
    if !sigma.store.read(move |tx| first_owner::is_valid(tx, &link, now)).await? {
        return Ok(gone(&sigma, language));
    }
    let came_for = Continuation::FirstOwner { token: LinkSecret::new(token.clone()) };
    let Some(signed_in) = SignedIn::find(&sigma, &browser).await? else {
        return sign_in_first(&sigma, &browser, came_for).map_err(PageError::of);
    };
    let language = sigma.language_of(&signed_in.account.user, &browser, None);
    let begun = begin(&sigma, &browser, came_for, now)?;
    let user = &signed_in.account.user;
    let view = FirstOwnerPage {
        token,
        name: user.name.clone(),
        email: user.email.clone(),
        switch_url: switch_url(&begun.name),
    };
    Ok(with_cookie(view.render(&sigma.page_in(language)), begun.set_cookie.as_deref()))
}

async fn take(
    State(sigma): State<AppState>,
    context: RequestContext,
    browser: Browser,
    body: Bytes,
) -> Result<Response, PageError> {
    let form = Params::parse_form(&body);
    let token = form.raw("token").unwrap_or_default().to_owned();
    let Some(signed_in) = SignedIn::find(&sigma, &browser).await? else {
        let came_for = Continuation::FirstOwner { token: LinkSecret::new(token) };
        return sign_in_first(&sigma, &browser, came_for).map_err(PageError::of);
    };
    let (link, user_id, now) = (Digest::of(&token), signed_in.account.user.id.clone(), sigma.now());
    let workspace = Workspace::new(&sigma.master_key, &*sigma.rng)
        .map_err(|error| ApiError::internal(format!("the secret of the operator's org: {error}")))?;
    let store = sigma.store_for(&context, Actor::User(user_id.clone()));
    if store.write(move |tx| first_owner::take(tx, &link, &user_id, &workspace, now)).await? {
        return Ok(Done::Owner.at(CONSOLE_PATH));
    }
    Ok(gone(&sigma, sigma.language_of(&signed_in.account.user, &browser, None)))
}

/// The page for a link that was used, has expired, or never existed.
fn gone(sigma: &AppState, language: Language) -> Response {
    let page = ErrorPage {
        status: StatusCode::NOT_FOUND,
        title: language.text("console-first-gone").to_string(),
        code: None,
        description: language.text("console-first-gone-about").to_string(),
        request_id: None,
        links: vec![front_page(language)],
    };
    page.render(&sigma.page_in(language))
}
