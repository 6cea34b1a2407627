//! `POST /account/emails/…`: adds an address by a mailed code, makes one primary, removes one.

use aws_lc_rs::hmac;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use sigma_core::actor::Actor;
use sigma_core::digest::Digest;
use sigma_core::email::{self, Email};
use sigma_core::ids::UserId;
use sigma_core::params::Params;
use sigma_core::random::{bytes, digits};
use sigma_store::email_change::{self, Begun, Confirmed, NewAddition, Removal};
use sigma_store::outbox::NewMail;

use super::overview::{PATH, done, first, render};
use crate::account::view::OwnAccount;
use crate::extract::{Browser, SignedIn};
use crate::http::{ApiError, Endpoint, RequestContext, Rule};
use crate::mail::AccountChange;
use crate::pages::policy::FORM;
use crate::passwords::counted_as;
use crate::state::AppState;

/// Digits of a code: with five attempts for each of five codes an hour, one in four million succeeds.
const CODE_LENGTH: usize = 8;

/// These forms.
pub fn endpoints() -> [Endpoint<AppState>; 5] {
    [
        Endpoint::post(FORM, "/account/emails/add", add),
        Endpoint::post(FORM, "/account/emails/confirm", confirm),
        Endpoint::post(FORM, "/account/emails/cancel", cancel),
        Endpoint::post(FORM, "/account/emails/primary", make_primary),
        Endpoint::post(FORM, "/account/emails/remove", remove),
    ]
}

async fn add(
    State(sigma): State<AppState>,
    context: RequestContext,
    browser: Browser,
    body: Bytes,
) -> Result<Response, Response> {
    let fail = |error: ApiError| error.into_response();
    let Some(signed_in) = SignedIn::find(&sigma, &browser).await.map_err(fail)? else {
        return first(&sigma, &browser).map_err(fail);
    };
    let form = Params::parse(&String::from_utf8_lossy(&body));
    let entered = form.raw("email").unwrap_or_default();
    let refuse = async |key: &'static str, status: StatusCode| {
        let words = sigma.language_of(&signed_in.account.user, &browser, None).text(key).to_string();
        let answer = OwnAccount { refusal: Some(words), entered: entered.to_owned(), ..OwnAccount::default() };
        render(&sigma, &browser, &signed_in, answer, status).await.map_err(fail)
    };
    if !signed_in.may_change_credentials(&sigma) {
        return refuse("backup-refused-old", StatusCode::FORBIDDEN).await;
    }
    let Ok(email) = Email::parse(entered) else {
        return refuse("sign-up-bad-email", StatusCode::BAD_REQUEST).await;
    };
    // Each is a mail to somebody who may not have asked for it.
    context.charge_shared(Rule::Link, context.client()).await.map_err(IntoResponse::into_response)?;
    let new = prepare(&sigma, &signed_in, email).await.map_err(fail)?;
    let store = sigma.store_for(&context, Actor::User(new.user_id.clone()));
    let begun = store.write(move |tx| email_change::begin(tx, &new)).await;
    match begun.map_err(|error| fail(error.into()))? {
        Begun::Waiting { mailed } => {
            if mailed {
                sigma.mail_was_promised();
            }
            Ok(Redirect::to(PATH).into_response())
        }
        Begun::Own => refuse("account-refused-own", StatusCode::CONFLICT).await,
        Begun::TooMany => refuse("account-refused-many", StatusCode::CONFLICT).await,
    }
}

/// The request with both its mails, one of which is sent: both are always written and sealed, so that it takes the same
/// time.
async fn prepare(sigma: &AppState, signed_in: &SignedIn, email: Email) -> Result<NewAddition, ApiError> {
    // Two spellings that fold to one address may be two mailboxes: an account gets its mail at its own.
    let folded = email.folded().to_owned();
    let own = sigma.store.read(move |tx| sigma_store::email::find_spelling(tx, &folded)).await?;
    let user = &signed_in.account.user;
    let (code, now) = (digits(&*sigma.rng, CODE_LENGTH), sigma.now());
    let composer = sigma.composer_for(user);
    let (first, second) = code.split_at_checked(CODE_LENGTH / 2).unwrap_or((&code, ""));
    let confirmation = composer.confirm_new_address(email.address(), &format!("{first} {second}"));
    let known = sigma.composer().address_taken(own.as_deref().unwrap_or(email.address()));
    Ok(NewAddition {
        user_id: user.id.clone(),
        code: code_digest(sigma, &user.id, &code),
        no_code: Digest::of(bytes::<32>(&*sigma.rng)),
        counted_as: counted_as(sigma, email.folded()),
        confirmation: confirmation.map_err(ApiError::internal)?,
        known: known.map_err(ApiError::internal)?,
        email,
        now,
        expires_at: now.plus(sigma.settings.links.sign_up()),
    })
}

/// A code is short, so its digest is keyed: a reader of the database cannot try them all.
fn code_digest(sigma: &AppState, user_id: &UserId, code: &str) -> Digest {
    Digest::of(hmac::sign(&sigma.cookie_key, format!("new-address-code\n{user_id}\n{code}").as_bytes()))
}

async fn confirm(
    State(sigma): State<AppState>,
    context: RequestContext,
    browser: Browser,
    body: Bytes,
) -> Result<Response, ApiError> {
    let Some(signed_in) = SignedIn::find(&sigma, &browser).await? else { return first(&sigma, &browser) };
    if !signed_in.may_change_credentials(&sigma) {
        return refused(&sigma, &browser, &signed_in, "backup-refused-old", StatusCode::FORBIDDEN).await;
    }
    let form = Params::parse(&String::from_utf8_lossy(&body));
    // Codes may be pasted with their space, or with more.
    let typed = form.raw("code").unwrap_or_default();
    let code: String = typed.chars().filter(char::is_ascii_digit).take(64).collect();
    let user_id = signed_in.account.user.id.clone();
    let (code, now) = (code_digest(&sigma, &user_id, &code), sigma.now());
    let notices = sigma.notices(&signed_in.account.user, AccountChange::AddressAdded)?;
    let store = sigma.store_for(&context, Actor::User(user_id.clone()));
    let language = sigma.language_of(&signed_in.account.user, &browser, None);
    let words = match store.write(move |tx| email_change::confirm(tx, &user_id, &code, &notices, now)).await? {
        Confirmed::Added => {
            sigma.mail_was_promised();
            return Ok(done("added"));
        }
        Confirmed::WrongCode(left) => language.text("check-wrong").with("left", left).to_string(),
        Confirmed::Gone => language.text("account-refused-code").to_string(),
    };
    let answer = OwnAccount { refusal: Some(words), ..OwnAccount::default() };
    render(&sigma, &browser, &signed_in, answer, StatusCode::UNAUTHORIZED).await
}

async fn cancel(
    State(sigma): State<AppState>,
    context: RequestContext,
    browser: Browser,
) -> Result<Response, ApiError> {
    let Some(signed_in) = SignedIn::find(&sigma, &browser).await? else { return first(&sigma, &browser) };
    let user_id = signed_in.account.user.id.clone();
    let store = sigma.store_for(&context, Actor::User(user_id.clone()));
    store.write(move |tx| email_change::cancel_addition(tx, &user_id)).await?;
    Ok(Redirect::to(PATH).into_response())
}

async fn make_primary(
    State(sigma): State<AppState>,
    context: RequestContext,
    browser: Browser,
    body: Bytes,
) -> Result<Response, ApiError> {
    let Some(signed_in) = SignedIn::find(&sigma, &browser).await? else { return first(&sigma, &browser) };
    if !signed_in.may_change_credentials(&sigma) {
        return refused(&sigma, &browser, &signed_in, "backup-refused-old", StatusCode::FORBIDDEN).await;
    }
    let (folded, notices) = chosen(&sigma, &signed_in, &body, AccountChange::PrimaryChanged).await?;
    let user_id = signed_in.account.user.id.clone();
    let store = sigma.store_for(&context, Actor::User(user_id.clone()));
    if store.write(move |tx| email_change::make_primary(tx, &user_id, &folded, &notices)).await? {
        sigma.mail_was_promised();
        return Ok(done("primary"));
    }
    refused(&sigma, &browser, &signed_in, "account-refused-primary", StatusCode::CONFLICT).await
}

async fn remove(
    State(sigma): State<AppState>,
    context: RequestContext,
    browser: Browser,
    body: Bytes,
) -> Result<Response, ApiError> {
    let Some(signed_in) = SignedIn::find(&sigma, &browser).await? else { return first(&sigma, &browser) };
    if !signed_in.may_change_credentials(&sigma) {
        return refused(&sigma, &browser, &signed_in, "backup-refused-old", StatusCode::FORBIDDEN).await;
    }
    let (folded, notices) = chosen(&sigma, &signed_in, &body, AccountChange::AddressRemoved).await?;
    let user_id = signed_in.account.user.id.clone();
    let store = sigma.store_for(&context, Actor::User(user_id.clone()));
    let key = match store.write(move |tx| email_change::remove(tx, &user_id, &folded, &notices)).await? {
        Removal::Removed => {
            sigma.mail_was_promised();
            return Ok(done("removed"));
        }
        Removal::NotFound => "account-refused-address",
        Removal::Primary => "account-refused-is-primary",
        Removal::NeededForPassword => "account-refused-needed",
    };
    refused(&sigma, &browser, &signed_in, key, StatusCode::CONFLICT).await
}

/// The address that a form chooses, folded, and what tells the user of the change: also at that address, if it is theirs, as
/// they wrote it, since another spelling may be another mailbox.
async fn chosen(
    sigma: &AppState,
    signed_in: &SignedIn,
    body: &[u8],
    change: AccountChange,
) -> Result<(String, Vec<NewMail>), ApiError> {
    let form = Params::parse(&String::from_utf8_lossy(body));
    let folded = email::fold(form.raw("email").unwrap_or_default());
    let user_id = signed_in.account.user.id.clone();
    let all = sigma.store.read(move |tx| sigma_store::email::list(tx, &user_id)).await?;
    let own = all.into_iter().find(|own| own.is_proven() && own.folded == folded).map(|own| own.address);
    let notices = sigma.notices_also_to(&signed_in.account.user, change, own.as_deref())?;
    Ok((folded, notices))
}

async fn refused(
    sigma: &AppState,
    browser: &Browser,
    signed_in: &SignedIn,
    key: &'static str,
    status: StatusCode,
) -> Result<Response, ApiError> {
    let words = sigma.language_of(&signed_in.account.user, browser, None).text(key).to_string();
    let answer = OwnAccount { refusal: Some(words), ..OwnAccount::default() };
    render(sigma, browser, signed_in, answer, status).await
}
