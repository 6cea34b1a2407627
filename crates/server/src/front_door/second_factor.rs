//! The step after the first factor: the page that asks for a second one, or to add one, and `POST /login/second-factor`, which
//! takes a code. A passkey goes to `/login/passkey`.

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use sigma_core::actor::Actor;
use sigma_core::authentication::CredentialKind;
use sigma_core::params::Params;
use sigma_store::second_factor::{Attempt, Code, Entered, enter};

use super::Arrival;
use super::passkey::{OPTIONS_PATH, PASSKEY_PATH};
use super::view::{AddSecondFactor, PasskeyHints, SecondFactorPage};
use crate::extract::{Browser, NewBrowserSession, SignedIn};
use crate::factors::codes::{read_totp, recovery_digest};
use crate::http::{ApiError, Endpoint, Exceeded, RequestContext};
use crate::mail::AccountChange;
use crate::pages::person_view;
use crate::pages::policy::{FORM, PAGE};
use crate::paths::{ADD_TOTP_PATH, LOGIN_PATH, PASSKEYS_PATH};
use crate::state::AppState;

/// Takes a code.
pub const SECOND_FACTOR_PATH: &str = "/login/second-factor";

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 2] {
    [Endpoint::get(PAGE, SECOND_FACTOR_PATH, show), Endpoint::post(FORM, SECOND_FACTOR_PATH, take)]
}

/// A GET of the form's address returns the page with the form.
async fn show(RawQuery(query): RawQuery) -> Redirect {
    Redirect::to(&query.map_or_else(|| LOGIN_PATH.to_owned(), |query| format!("{LOGIN_PATH}?{query}")))
}

/// A code that was refused.
#[derive(Default)]
pub struct Refused {
    /// Why.
    pub words: Option<String>,
    /// Whether it was a recovery code.
    pub is_recovery: bool,
    /// The status of the response.
    pub status: StatusCode,
}

/// The page that asks for one of `factors`.
pub fn ask(
    sigma: &AppState,
    browser: &Browser,
    arrival: &Arrival,
    signed_in: &SignedIn,
    factors: &[CredentialKind],
    refused: Refused,
) -> Response {
    let has = |kind| factors.contains(&kind);
    let page = SecondFactorPage {
        app: arrival.app(),
        person: person_view(&signed_in.account, signed_in.session.bap_id.as_ref()),
        passkey: (has(CredentialKind::Passkey) && sigma.relying_party().is_some()).then(|| hints(arrival)),
        has_totp: has(CredentialKind::Totp),
        has_recovery: has(CredentialKind::Recovery),
        is_recovery: refused.is_recovery,
        refusal: refused.words,
        url: arrival.at(SECOND_FACTOR_PATH),
        switch_url: arrival.switch_url(),
    };
    let context = sigma.page_in(sigma.language_of(&signed_in.account.user, browser, arrival.parameter("ui_locales")));
    arrival.with_cookie(page.render(refused.status, &context.with_look(arrival.look(sigma))))
}

/// Where the script of the page asks for options, and sends the proof of a passkey.
pub fn hints(arrival: &Arrival) -> PasskeyHints {
    PasskeyHints { options_url: arrival.at(OPTIONS_PATH), url: arrival.at(PASSKEY_PATH) }
}

/// The page on which the user adds one of `kinds`.
pub fn enrol(
    sigma: &AppState,
    browser: &Browser,
    arrival: &Arrival,
    signed_in: &SignedIn,
    kinds: &[CredentialKind],
) -> Response {
    let page = AddSecondFactor {
        app: arrival.app(),
        person: person_view(&signed_in.account, signed_in.session.bap_id.as_ref()),
        passkeys_url: (kinds.contains(&CredentialKind::Passkey) && sigma.relying_party().is_some())
            .then(|| PASSKEYS_PATH.to_owned()),
        totp_url: arrival.at(ADD_TOTP_PATH),
        continue_url: arrival.way_on(),
        switch_url: arrival.switch_url(),
    };
    let context = sigma.page_in(sigma.language_of(&signed_in.account.user, browser, arrival.parameter("ui_locales")));
    arrival.with_cookie(page.render(&context.with_look(arrival.look(sigma))))
}

async fn take(
    State(sigma): State<AppState>,
    context: RequestContext,
    browser: Browser,
    RawQuery(query): RawQuery,
    body: Bytes,
) -> Result<Response, Response> {
    let arrival = Arrival::find(&sigma, &browser, query.as_deref()).await?;
    let signed_in = SignedIn::find_partial(&sigma, &browser).await.map_err(IntoResponse::into_response)?;
    let Some(signed_in) = signed_in else {
        return Ok(arrival.with_cookie(Redirect::to(&arrival.at(LOGIN_PATH)).into_response()));
    };
    let form = Params::parse(&String::from_utf8_lossy(&body));
    let entered = form.raw("code").unwrap_or_default();
    let is_recovery = form.get("kind") == Some("recovery");
    let user_id = signed_in.account.user.id.clone();
    let code = if is_recovery {
        Some(Code::Recovery(recovery_digest(&sigma, &user_id, entered)))
    } else {
        read_totp(&sigma, &user_id, entered).await.map_err(IntoResponse::into_response)?
    };
    let language = sigma.language_of(&signed_in.account.user, &browser, arrival.parameter("ui_locales"));
    let refuse = |status, words: String| {
        let refused = Refused { words: Some(words), is_recovery, status };
        let factors: Vec<_> =
            signed_in.account.credentials.iter().copied().filter(|kind| kind.is_second_factor()).collect();
        ask(&sigma, &browser, &arrival, &signed_in, &factors, refused)
    };
    let wrong = || refuse(StatusCode::UNAUTHORIZED, language.text("second-factor-wrong").to_string());
    let Some(code) = code else { return Ok(wrong()) };
    let session = NewBrowserSession::of(&sigma, &context, &browser);
    let attempt = Attempt {
        user_id: user_id.clone(),
        delays: sigma.settings.limits.delays,
        session: session.new.clone(),
        notices: match code {
            Code::Recovery(_) => sigma
                .notices(&signed_in.account.user, AccountChange::RecoveryCodeUsed)
                .map_err(IntoResponse::into_response)?,
            Code::Totp { .. } => Vec::new(),
        },
        code,
    };
    let store = sigma.store_for(&context, Actor::User(user_id));
    let outcome = store.write(move |tx| enter(tx, &attempt)).await;
    let begun = match outcome.map_err(|error| ApiError::from(error).into_response())? {
        Entered::Raised(begun) => {
            sigma.mail_was_promised();
            begun
        }
        Entered::Wrong => return Ok(wrong()),
        Entered::Delayed(until) => {
            let exceeded = Exceeded::delayed(until, sigma.now());
            let words = language.text("second-factor-delayed").with("seconds", exceeded.retry_after).to_string();
            let mut response = refuse(StatusCode::TOO_MANY_REQUESTS, words);
            exceeded.write(response.headers_mut());
            return Ok(response);
        }
        Entered::SignedOut => {
            return Ok(arrival.with_cookie(Redirect::to(&arrival.at(LOGIN_PATH)).into_response()));
        }
    };
    let next = arrival.next(&sigma, &begun).await?;
    Ok(session.set_cookies(&sigma, arrival.with_cookie(Redirect::to(&next).into_response())))
}
