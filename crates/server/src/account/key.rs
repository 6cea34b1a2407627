//! `/account/key`: adds a key to the account, by the wallet in the browser. The new key signs that it is to be this account's;
//! the session says whose account that is.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use sigma_core::actor::Actor;
use sigma_store::key_addition::{self, KeyAdded, NewKey};

use super::overview::{PATH, first, refuse_change};
use crate::account::password::end_the_rest;
use crate::account::view::AddKey;
use crate::error::bad_request;
use crate::extract::{Browser, KeyToken, SignedIn, read_object, unauthorized};
use crate::http::{ApiError, Endpoint, RequestContext};
use crate::mail::AccountChange;
use crate::pages::policy::{FORM, PAGE};
use crate::state::AppState;

/// The path of the page, and the one that the new key signs.
const KEY_PATH: &str = "/account/key";
/// The header with the signature of the new key.
const PROOF: &str = "x-sigma-enrollment-proof";

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 2] {
    [Endpoint::get(PAGE, KEY_PATH, show), Endpoint::post(FORM, KEY_PATH, add)]
}

async fn show(State(sigma): State<AppState>, browser: Browser) -> Result<Response, ApiError> {
    let Some(signed_in) = SignedIn::find(&sigma, &browser).await? else { return first(&sigma, &browser) };
    if let Some(refused) = refuse_change(&sigma, &browser, &signed_in).await? {
        return Ok(refused);
    }
    let user = &signed_in.account.user;
    let view = AddKey { user_id: user.id.to_string(), has_key: user.pubkey.is_some(), continue_url: PATH.to_owned() };
    Ok(view.render(&sigma.page_in(sigma.language_of(user, &browser, None))))
}

/// What the new key signs.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wanted {
    /// The account: a signature for another one is refused.
    user_id: String,
    /// Whether the other keys are lost.
    #[serde(default)]
    retire_others: bool,
}

/// The account with its new key.
#[derive(Serialize)]
struct Answer {
    pubkey: String,
}

async fn add(
    State(sigma): State<AppState>,
    context: RequestContext,
    browser: Browser,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Response> {
    let fail = |error: ApiError| error.into_response();
    let signed_in = SignedIn::find(&sigma, &browser).await.map_err(fail)?.ok_or_else(|| fail(unauthorized()))?;
    if !signed_in.may_change_credentials(&sigma) {
        let error = ApiError::new(StatusCode::FORBIDDEN, "access_denied", "Sign in again first");
        return Err(fail(error.with_code("SIGN_IN_AGAIN")));
    }
    let token = KeyToken::of_header(&sigma, &headers, PROOF, KEY_PATH, &body).map_err(|error| fail(error.into()))?;
    if !token.body_bound || !token.origin_bound {
        return Err(fail(bad_request("invalid_request", "The signature must cover the body and name this server")));
    }
    let wanted = read_object::<Wanted>(&body).ok_or_else(|| fail(bad_request("invalid_request", "Invalid body")))?;
    let user_id = signed_in.account.user.id.clone();
    if wanted.user_id != user_id.as_str() {
        return Err(fail(bad_request("invalid_request", "The signature is for another account")));
    }
    let new = NewKey {
        user_id: user_id.clone(),
        pubkey: token.pubkey,
        once: token.once,
        retires_others: wanted.retire_others,
        notices: sigma.notices(&signed_in.account.user, AccountChange::KeyAdded).map_err(fail)?,
        now: sigma.now(),
    };
    let store = sigma.store_for(&context, Actor::User(user_id.clone()));
    let added = store.write(move |tx| key_addition::add(tx, &new)).await.map_err(|error| fail(error.into()))?;
    let conflict = |code: &'static str, words: &'static str| {
        fail(ApiError::new(StatusCode::CONFLICT, "invalid_request", words).with_code(code))
    };
    match added {
        KeyAdded::Added => {
            sigma.mail_was_promised();
            if wanted.retire_others {
                end_the_rest(&sigma, &context, &user_id, &signed_in.session.id).await?;
            }
            Ok((StatusCode::CREATED, Json(Answer { pubkey: token.pubkey.to_hex() })).into_response())
        }
        KeyAdded::Replayed => {
            Err(fail(ApiError::new(StatusCode::UNAUTHORIZED, "invalid_token", "This signature was used before")))
        }
        KeyAdded::Taken => Err(conflict("KEY_TAKEN", "This key belongs to an account already, or did before")),
        KeyAdded::TooMany => Err(conflict("TOO_MANY_KEYS", "This account has as many keys as it can")),
    }
}
