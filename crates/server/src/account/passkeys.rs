//! `POST /account/passkeys`: adds a passkey, by the script of a page; `…/options` returns what the browser needs for it, and
//! `…/rename` gives one another name.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use serde::Serialize;
use sigma_core::actor::Actor;
use sigma_core::params::Params;
use sigma_core::random::bytes;
use sigma_core::webauthn::{ALGORITHMS, Ceremony, ClientData, RelyingParty};
use sigma_store::passkey::{self, Added, NewPasskey};

use super::overview::{done, first, refuse_change};
use crate::account::view::OwnAccount;
use crate::extract::{Browser, NewBrowserSession, SignedIn, unauthorized};
use crate::factors::challenge::{LIFE, Purpose, issue, redeem};
use crate::factors::passkeys::{Attestation, Descriptor, PasskeyError, read};
use crate::http::{ApiError, Endpoint, RequestContext};
use crate::i18n::Language;
use crate::interaction::with_cookie;
use crate::mail::AccountChange;
use crate::pages::policy::FORM;
use crate::pages::view::device;
use crate::paths::PASSKEYS_PATH;
use crate::state::AppState;

/// The longest name of a passkey, in characters.
const LONGEST_NAME: usize = 60;

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 3] {
    [
        Endpoint::post(FORM, "/account/passkeys/options", options),
        Endpoint::post(FORM, PASSKEYS_PATH, add),
        Endpoint::post(FORM, "/account/passkeys/rename", rename),
    ]
}

/// The options for a new passkey (WebAuthn §5.4), as the script reads them.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CreationOptions<'a> {
    challenge: &'a str,
    rp: Party<'a>,
    user: User<'a>,
    algorithms: [i64; 3],
    timeout: u128,
    exclude_credentials: Vec<Descriptor>,
}

#[derive(Serialize)]
struct Party<'a> {
    id: &'a str,
    name: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct User<'a> {
    /// Random, so that authenticators learn nothing about the account (§14.6.1).
    id: &'a str,
    name: &'a str,
    display_name: &'a str,
}

/// Who may add a passkey now.
async fn allowed(
    sigma: &AppState,
    browser: &Browser,
    language: Language,
) -> Result<(SignedIn, RelyingParty), Response> {
    let refuse = |error: PasskeyError| error.respond(language);
    let party = sigma.relying_party().ok_or_else(|| refuse(PasskeyError::Unavailable))?;
    let signed_in = SignedIn::find(sigma, browser).await.map_err(IntoResponse::into_response)?;
    let signed_in = signed_in.ok_or_else(|| unauthorized().into_response())?;
    if !signed_in.may_change_credentials(sigma) {
        return Err(refuse(PasskeyError::SignInAgain));
    }
    Ok((signed_in, party))
}

async fn options(
    State(sigma): State<AppState>,
    context: RequestContext,
    browser: Browser,
) -> Result<Response, Response> {
    let language = sigma.language_for(&browser, None);
    let (signed_in, party) = allowed(&sigma, &browser, language).await?;
    let (user, new) = (&signed_in.account.user, URL_SAFE_NO_PAD.encode(bytes::<32>(&*sigma.rng)));
    let user_id = user.id.clone();
    let store = sigma.store_for(&context, Actor::User(user_id.clone()));
    let known =
        store.write(move |tx| Ok((passkey::handle_of(tx, &user_id, &new)?, passkey::list(tx, &user_id)?))).await;
    let (handle, passkeys) = known.map_err(|error| ApiError::from(error).into_response())?;
    let issued = issue(&sigma, &browser, Purpose::Register(&user.id));
    let name = user.email.as_deref().unwrap_or(&user.name);
    let page = sigma.page_in(language);
    let options = CreationOptions {
        challenge: &issued.challenge,
        rp: Party { id: party.id(), name: page.host() },
        user: User { id: &handle, name, display_name: &user.name },
        algorithms: ALGORITHMS,
        timeout: LIFE.as_millis(),
        exclude_credentials: Descriptor::list(&passkeys),
    };
    Ok(with_cookie(Json(options).into_response(), issued.set_cookie.as_deref()))
}

/// What was added.
#[derive(Serialize)]
struct Answer {
    id: String,
    name: String,
}

async fn add(
    State(sigma): State<AppState>,
    context: RequestContext,
    browser: Browser,
    body: Bytes,
) -> Result<Response, Response> {
    let language = sigma.language_for(&browser, None);
    let refuse = |error: PasskeyError| error.respond(language);
    let (signed_in, party) = allowed(&sigma, &browser, language).await?;
    let credential = read::<Attestation>(&body).map_err(refuse)?;
    let client_data = ClientData::read(&party, Ceremony::Registration, &credential.response.client_data.0);
    let client_data = client_data.map_err(|error| refuse(error.into()))?;
    let user_id = signed_in.account.user.id.clone();
    let once = redeem(&sigma, &browser, Purpose::Register(&user_id), client_data.challenge());
    let once = once.map_err(|error| refuse(error.into()))?;
    let new = client_data.register(&party, &credential.response.attestation_object.0);
    let new = new.map_err(|error| refuse(error.into()))?;
    if new.id != credential.id.0 {
        return Err(refuse(PasskeyError::Malformed));
    }
    let name = name_of(credential.name.as_deref()).unwrap_or_else(|| device::name(&browser.user_agent()));
    let answer = Answer { id: credential.id.to_text(), name: name.clone() };
    let session = NewBrowserSession::of(&sigma, &context, &browser);
    let notices = sigma.notices(&signed_in.account.user, AccountChange::PasskeyAdded);
    let wanted = NewPasskey {
        user_id: user_id.clone(),
        id: answer.id.clone(),
        name,
        public_key: new.key.to_stored(),
        sign_count: new.sign_count,
        is_backed_up: new.is_backed_up,
        once,
        notices: notices.map_err(IntoResponse::into_response)?,
        session: session.new.clone(),
    };
    let store = sigma.store_for(&context, Actor::User(user_id));
    let added = store.write(move |tx| passkey::add(tx, &wanted)).await;
    match added.map_err(|error| ApiError::from(error).into_response())? {
        Added::Added(_) => {
            sigma.mail_was_promised();
            Ok(session.set_cookies(&sigma, (StatusCode::CREATED, Json(answer)).into_response()))
        }
        Added::Replayed => Err(refuse(PasskeyError::Expired)),
        Added::Known => Err(refuse(PasskeyError::Known)),
        Added::TooMany => Err(refuse(PasskeyError::TooMany)),
        Added::SignedOut => Err(unauthorized().into_response()),
    }
}

/// A name that a user gives, in one line.
fn name_of(entered: Option<&str>) -> Option<String> {
    let name: String = entered?.trim().chars().filter(|letter| !letter.is_control()).take(LONGEST_NAME).collect();
    (!name.is_empty()).then_some(name)
}

async fn rename(
    State(sigma): State<AppState>,
    context: RequestContext,
    browser: Browser,
    body: Bytes,
) -> Result<Response, ApiError> {
    let Some(signed_in) = SignedIn::find(&sigma, &browser).await? else { return first(&sigma, &browser) };
    if let Some(refused) = refuse_change(&sigma, &browser, &signed_in).await? {
        return Ok(refused);
    }
    let form = Params::parse(&String::from_utf8_lossy(&body));
    let id = form.raw("id").unwrap_or_default().replace('\0', "");
    let (user_id, now) = (signed_in.account.user.id.clone(), sigma.now());
    let language = sigma.language_of(&signed_in.account.user, &browser, None);
    let answer = |key| OwnAccount { refusal: Some(language.text(key).to_string()), ..OwnAccount::default() };
    let Some(name) = name_of(form.raw("name")) else {
        let answer = answer("account-refused-name");
        return super::overview::render(&sigma, &browser, &signed_in, answer, StatusCode::BAD_REQUEST).await;
    };
    let store = sigma.store_for(&context, Actor::User(user_id.clone()));
    if store.write(move |tx| passkey::rename(tx, &user_id, &id, &name, now)).await? {
        return Ok(done("renamed"));
    }
    let answer = answer("account-refused-passkey");
    super::overview::render(&sigma, &browser, &signed_in, answer, StatusCode::CONFLICT).await
}
