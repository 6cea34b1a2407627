//! `POST /login/passkey`: signs a user in with a passkey, or raises their session by one. The page's script asks for a
//! challenge first.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use sigma_core::actor::Actor;
use sigma_core::interaction::Entrance;
use sigma_core::webauthn::{Ceremony, ClientData, PasskeyKey};
use sigma_store::passkey::{self, Proof, Proven};

use super::method::remember_method;
use super::page::language_of;
use super::{Arrival, SignInMethod};
use crate::extract::{Browser, NewBrowserSession, SignedIn};
use crate::factors::challenge::{Purpose, issue, redeem};
use crate::factors::passkeys::{Assertion, Descriptor, PasskeyError, read, request_options};
use crate::http::{ApiError, Endpoint, RequestContext};
use crate::interaction::with_cookie;
use crate::pages::policy::FORM;
use crate::state::AppState;

/// Takes the proof of a passkey.
pub const PASSKEY_PATH: &str = "/login/passkey";
/// Returns the options for one.
pub const OPTIONS_PATH: &str = "/login/passkey/options";

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 2] {
    [Endpoint::post(FORM, OPTIONS_PATH, options), Endpoint::post(FORM, PASSKEY_PATH, sign_in)]
}

async fn options(
    State(sigma): State<AppState>,
    browser: Browser,
    RawQuery(query): RawQuery,
) -> Result<Response, Response> {
    let arrival = Arrival::find(&sigma, &browser, query.as_deref()).await?;
    let Some(party) = sigma.relying_party() else {
        return Err(PasskeyError::Unavailable.respond(language_of(&sigma, &browser, &arrival)));
    };
    let (signed_in, entrance) = who(&sigma, &browser, &arrival).await?;
    let again = signed_in.filter(|_| matches!(entrance, Entrance::StepUp(_) | Entrance::Reauthenticate));
    let allowed = match again {
        Some(signed_in) => {
            let user_id = signed_in.account.user.id.clone();
            let own = sigma.store.read(move |tx| passkey::list(tx, &user_id)).await;
            Descriptor::list(&own.map_err(|error| ApiError::from(error).into_response())?)
        }
        None => Vec::new(),
    };
    Ok(arrival.with_cookie(request_options(&party, &issue(&sigma, &browser, Purpose::SignIn), allowed)))
}

/// Who is signed in, unless they want another account, and what they have to prove.
async fn who(sigma: &AppState, browser: &Browser, arrival: &Arrival) -> Result<(Option<SignedIn>, Entrance), Response> {
    let signed_in = SignedIn::find_partial(sigma, browser).await.map_err(IntoResponse::into_response)?;
    let entrance = arrival.entrance(sigma, browser, signed_in.as_ref()).await?;
    Ok((signed_in.filter(|_| !arrival.switches), entrance))
}

/// Where the script continues.
#[derive(Serialize)]
struct Answer {
    #[serde(rename = "continue")]
    continue_url: String,
}

async fn sign_in(
    State(sigma): State<AppState>,
    context: RequestContext,
    browser: Browser,
    RawQuery(query): RawQuery,
    body: Bytes,
) -> Result<Response, Response> {
    let arrival = Arrival::find(&sigma, &browser, query.as_deref()).await?;
    let language = language_of(&sigma, &browser, &arrival);
    let refuse = |error: PasskeyError| error.respond(language);
    let party = sigma.relying_party().ok_or_else(|| refuse(PasskeyError::Unavailable))?;
    let (signed_in, entrance) = who(&sigma, &browser, &arrival).await?;
    let is_step_up = signed_in.is_some() && matches!(entrance, Entrance::StepUp(_));
    if !is_step_up && !sigma.settings.sign_in.methods.contains(&SignInMethod::Passkey) {
        return Err(refuse(PasskeyError::Unavailable));
    }
    let credential = read::<Assertion>(&body).map_err(refuse)?;
    let response = credential.response;
    let client_data = ClientData::read(&party, Ceremony::Authentication, &response.client_data.0);
    let client_data = client_data.map_err(|error| refuse(error.into()))?;
    let once = redeem(&sigma, &browser, Purpose::SignIn, client_data.challenge());
    let once = once.map_err(|error| refuse(error.into()))?;
    let (id, wanted) = (credential.id.to_text(), credential.id.to_text());
    let stored = sigma.store.read(move |tx| passkey::find(tx, &wanted)).await;
    let stored = stored.map_err(|error| ApiError::from(error).into_response())?;
    let stored = stored.ok_or_else(|| refuse(PasskeyError::Unknown))?;
    let key = PasskeyKey::from_stored(&stored.public_key)
        .ok_or_else(|| ApiError::internal("the key of a passkey is damaged").into_response())?;
    let asserted = client_data.verify(&party, &key, &response.authenticator_data.0, &response.signature.0);
    let session = NewBrowserSession::of(&sigma, &context, &browser);
    let proof = Proof {
        id,
        user_id: stored.user_id,
        public_key: stored.public_key,
        user_handle: response.user_handle.map(|handle| handle.to_text()),
        asserted: asserted.map_err(|error| refuse(error.into()))?,
        once,
        session: session.new.clone(),
        is_step_up,
    };
    let store = sigma.store_for(&context, Actor::Anonymous);
    let proven = store.write(move |tx| passkey::sign_in(tx, &proof)).await;
    let begun = match proven.map_err(|error| ApiError::from(error).into_response())? {
        Proven::SignedIn(begun) => begun,
        Proven::Unknown => return Err(refuse(PasskeyError::Unknown)),
        Proven::Replayed => return Err(refuse(PasskeyError::Expired)),
        Proven::Cloned => return Err(refuse(PasskeyError::Cloned)),
        Proven::Disabled => return Err(refuse(PasskeyError::Disabled)),
        Proven::OtherAccount => return Err(refuse(PasskeyError::OtherAccount)),
    };
    let answer = Answer { continue_url: arrival.next(&sigma, &begun).await? };
    let response = session.set_cookies(&sigma, arrival.with_cookie(Json(answer).into_response()));
    Ok(with_cookie(response, Some(&remember_method(SignInMethod::Passkey, &sigma))))
}
