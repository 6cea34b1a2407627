//! `/password/reset`: a new password, by the mailed link. The link works once, and its use ends every session.

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use sigma_core::actor::Actor;
use sigma_core::digest::Digest;
use sigma_core::params::Params;
use sigma_store::password_change::{Reset, find_reset, reset};
use sigma_store::user::User;

use super::end_the_rest;
use crate::account::view::ResetPassword;
use crate::extract::{Browser, NewBrowserSession};
use crate::hashing::Lane;
use crate::http::{ApiError, Endpoint, RequestContext};
use crate::interaction::with_cookie;
use crate::pages::policy::{FORM, PAGE};
use crate::pages::view::{ErrorPage, Link};
use crate::passwords::chosen::{chosen, hash, remember};
use crate::state::AppState;

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 2] {
    [Endpoint::get(PAGE, "/password/reset", show), Endpoint::post(FORM, "/password/reset", set)]
}

async fn show(
    State(sigma): State<AppState>,
    browser: Browser,
    RawQuery(query): RawQuery,
) -> Result<Response, Response> {
    let params = Params::parse(query.as_deref().unwrap_or_default());
    let token = params.raw("token").unwrap_or_default();
    match find(&sigma, token).await? {
        Some(user) => Ok(page(&sigma, &browser, token, &user, None, StatusCode::OK)),
        None => Ok(gone(&sigma, &browser)),
    }
}

async fn set(
    State(sigma): State<AppState>,
    context: RequestContext,
    browser: Browser,
    body: Bytes,
) -> Result<Response, Response> {
    let form = Params::parse(&String::from_utf8_lossy(&body));
    let token = form.raw("token").unwrap_or_default();
    // Checked before hashing: requests without a valid link cause no work.
    let Some(user) = find(&sigma, token).await? else { return Ok(gone(&sigma, &browser)) };
    let password = match chosen(sigma.language_of(&user, &browser, None), &form) {
        Ok(password) => password,
        Err(words) => return Ok(page(&sigma, &browser, token, &user, Some(words), StatusCode::BAD_REQUEST)),
    };
    let session = NewBrowserSession::of(&sigma, &context, &browser);
    let notice = sigma.composer_for(&user).password_changed(user.email.as_deref().unwrap_or_default());
    let wanted = Reset {
        link: Digest::of(token),
        hash: hash(&sigma, Lane::Known, password).await?,
        network: context.client().network(),
        notice: notice.map_err(|error| ApiError::internal(error).into_response())?,
        session: session.new.clone(),
    };
    let began = sigma.store_for(&context, Actor::Anonymous).write(move |tx| reset(tx, &wanted)).await;
    let Some(began) = began.map_err(|error| ApiError::from(error).into_response())? else {
        return Ok(gone(&sigma, &browser));
    };
    sigma.mail_was_promised();
    end_the_rest(&sigma, &context, &user.id, &began.id).await?;
    let to = Redirect::to("/account/password?saved=1").into_response();
    let known = remember(&sigma, &browser, &user.id, user.email.as_deref().unwrap_or_default()).await?;
    Ok(with_cookie(session.set_cookies(&sigma, to), known.as_deref()))
}

async fn find(sigma: &AppState, token: &str) -> Result<Option<User>, Response> {
    let (link, now) = (Digest::of(token), sigma.now());
    let found = sigma.store.read(move |tx| find_reset(tx, &link, now)).await;
    found.map_err(|error| ApiError::from(error).into_response())
}

fn page(
    sigma: &AppState,
    browser: &Browser,
    token: &str,
    user: &User,
    refusal: Option<String>,
    status: StatusCode,
) -> Response {
    let view = ResetPassword { token: token.to_owned(), email: user.email.clone().unwrap_or_default(), refusal };
    view.render(status, &sigma.page_in(sigma.language_of(user, browser, None)))
}

/// The page for a link that was used, has expired, or never existed.
fn gone(sigma: &AppState, browser: &Browser) -> Response {
    let language = sigma.language_for(browser, None);
    let page = ErrorPage {
        status: StatusCode::NOT_FOUND,
        title: language.text("reset-gone").to_string(),
        code: None,
        description: language.text("reset-gone-about").to_string(),
        request_id: None,
        links: vec![Link { href: "/password/forgot".to_owned(), label: language.text("reset-again").to_string() }],
    };
    page.render(&sigma.page_in(language))
}
