//! `/account/password`: a signed-in user changes their password, or sets a first one.

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use secrecy::SecretString;
use sigma_core::actor::Actor;
use sigma_core::interaction::{AccountPage, Continuation, is_strongest};
use sigma_core::params::Params;
use sigma_core::time::Timestamp;
use sigma_store::password::{self, Device};
use sigma_store::password_change::{Change, change};

use super::end_the_rest;
use crate::account::view::{AccountPassword, PasswordState};
use crate::extract::{Browser, SignedIn};
use crate::hashing::Lane;
use crate::http::{ApiError, Endpoint, RequestContext};
use crate::interaction::{begin, sign_in_first, with_cookie};
use crate::pages::policy::{PAGE, PASSWORD_FORM};
use crate::passwords::chosen::{chosen, hash, remember};
use crate::passwords::{PasswordCheck, authenticate};
use crate::paths::{LOGIN_PATH, login_url};
use crate::state::AppState;

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 2] {
    [Endpoint::get(PAGE, "/account/password", show), Endpoint::post(PASSWORD_FORM, "/account/password", save)]
}

async fn show(
    State(sigma): State<AppState>,
    browser: Browser,
    RawQuery(query): RawQuery,
) -> Result<Response, Response> {
    let params = Params::parse(query.as_deref().unwrap_or_default());
    let Some((signed_in, state, _)) = find(&sigma, &browser).await? else {
        return first(&sigma, &browser).map_err(IntoResponse::into_response);
    };
    let mut view = AccountPassword { saved: params.get("saved").is_some(), ..view(&signed_in, state) };
    let mut cookie = None;
    if state == PasswordState::SignInAgain {
        let continuation = Continuation::Account { page: AccountPage::FirstPassword };
        let begun = begin(&sigma, &browser, continuation, sigma.now()).map_err(IntoResponse::into_response)?;
        (view.sign_in_url, cookie) = (login_url(&begun.name), begun.set_cookie);
    }
    let context = sigma.page_in(sigma.language_of(&signed_in.account.user, &browser, None));
    Ok(with_cookie(view.render(StatusCode::OK, &context), cookie.as_deref()))
}

async fn save(
    State(sigma): State<AppState>,
    context: RequestContext,
    browser: Browser,
    body: Bytes,
) -> Result<Response, Response> {
    let Some((signed_in, state, chosen_at)) = find(&sigma, &browser).await? else {
        return first(&sigma, &browser).map_err(IntoResponse::into_response);
    };
    let language = sigma.language_of(&signed_in.account.user, &browser, None);
    let refuse = |refusal: Option<String>, status: StatusCode| {
        let view = AccountPassword { refusal, ..view(&signed_in, state) };
        view.render(status, &sigma.page_in(language))
    };
    let user = &signed_in.account.user;
    let form = Params::parse(&String::from_utf8_lossy(&body));
    let Some(email) = user.email.clone() else { return Ok(refuse(None, StatusCode::FORBIDDEN)) };
    let proof = match state {
        PasswordState::NoAddress | PasswordState::SignInAgain | PasswordState::ByMail => {
            return Ok(refuse(None, StatusCode::FORBIDDEN));
        }
        PasswordState::None => None,
        PasswordState::Set => {
            let current = SecretString::from(form.raw("current").unwrap_or_default());
            // The session itself counts: failures of others at the account do not affect a signed-in user.
            let device = chosen_at.map(|chosen_at| Device { name: signed_in.session.id.to_string(), chosen_at });
            let verdict = authenticate(&sigma, &context, &email, current, device).await;
            let verdict = verdict.map_err(|error| ApiError::from(error).into_response())?;
            if let Some(refusal) = verdict.refusal() {
                return Err(refusal);
            }
            match verdict {
                PasswordCheck::Authenticated(person) if person.user.id == user.id => Some(person.proof),
                _ => {
                    return Ok(refuse(
                        Some(language.text("account-password-wrong").to_string()),
                        StatusCode::UNAUTHORIZED,
                    ));
                }
            }
        }
    };
    let new = match chosen(language, &form) {
        Ok(new) => new,
        Err(words) => return Ok(refuse(Some(words), StatusCode::BAD_REQUEST)),
    };
    let notice = sigma.composer_for(user).password_changed(&email);
    let wanted = Change {
        user_id: user.id.clone(),
        proof,
        hash: hash(&sigma, Lane::Known, new).await?,
        kept: signed_in.session.id.clone(),
        network: context.client().network(),
        notice: notice.map_err(|error| ApiError::internal(error).into_response())?,
    };
    let store = sigma.store_for(&context, Actor::User(user.id.clone()));
    let changed = store.write(move |tx| change(tx, &wanted)).await;
    if !changed.map_err(|error| ApiError::from(error).into_response())? {
        return Ok(refuse(Some(language.text("account-password-meanwhile").to_string()), StatusCode::CONFLICT));
    }
    sigma.mail_was_promised();
    end_the_rest(&sigma, &context, &user.id, &signed_in.session.id).await?;
    let to = Redirect::to("/account/password?saved=1").into_response();
    Ok(with_cookie(to, remember(&sigma, &browser, &user.id, &email).await?.as_deref()))
}

/// The signed-in user, what they may do about a password, and when they chose the current one.
async fn find(
    sigma: &AppState,
    browser: &Browser,
) -> Result<Option<(SignedIn, PasswordState, Option<Timestamp>)>, Response> {
    let signed_in = SignedIn::find(sigma, browser).await.map_err(IntoResponse::into_response)?;
    let Some(signed_in) = signed_in else { return Ok(None) };
    let user_id = signed_in.account.user.id.clone();
    let stored = sigma.store.read(move |tx| password::find(tx, &user_id)).await;
    let chosen_at = stored.map_err(|error| ApiError::from(error).into_response())?.map(|stored| stored.chosen_at);
    let may_change = signed_in.may_change_credentials(sigma);
    // Entering the current password is a sign-in of this moment.
    let is_strongest = is_strongest(&signed_in.session.facts(), &signed_in.account.credentials);
    let state = match signed_in.account.user.email {
        None => PasswordState::NoAddress,
        // A password signs in with a proven address only.
        Some(_) if !signed_in.account.user.email_verified => PasswordState::NoAddress,
        Some(_) if chosen_at.is_some() && is_strongest => PasswordState::Set,
        Some(_) if signed_in.session.methods.is_federated_alone() => PasswordState::ByMail,
        Some(_) if may_change => PasswordState::None,
        Some(_) => PasswordState::SignInAgain,
    };
    Ok(Some((signed_in, state, chosen_at)))
}

fn view(signed_in: &SignedIn, state: PasswordState) -> AccountPassword {
    AccountPassword {
        email: signed_in.account.user.email.clone().unwrap_or_default(),
        state,
        saved: false,
        refusal: None,
        sign_in_url: LOGIN_PATH.to_owned(),
    }
}

/// To the sign-in page, and back here.
fn first(sigma: &AppState, browser: &Browser) -> Result<Response, ApiError> {
    sign_in_first(sigma, browser, Continuation::Account { page: AccountPage::Password })
}
