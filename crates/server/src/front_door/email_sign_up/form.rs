//! `/signup/email`: name, address and password. The response is the same for any address.

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use sigma_core::actor::Actor;
use sigma_core::email::Email;
use sigma_core::org::text;
use sigma_core::params::Params;
use sigma_core::random::digits;
use sigma_store::SealError;
use sigma_store::email;
use sigma_store::email_sign_up::{self, NewEmailSignUp};

use super::SignUpSecret;
use crate::extract::Browser;
use crate::front_door::page::language_of;
use crate::front_door::view::EmailSignUpForm;
use crate::front_door::{Arrival, SignInMethod};
use crate::hashing::Lane;
use crate::http::{ApiError, Endpoint, RequestContext, Rule};
use crate::interaction::with_cookie;
use crate::pages::not_found;
use crate::pages::policy::{FORM, PAGE};
use crate::passwords::chosen::{chosen, hash};
use crate::passwords::counted_as;
use crate::paths::{EMAIL_SIGN_UP_PATH, LOGIN_PATH};
use crate::state::AppState;

/// Digits of a code: with five attempts for each of ten mails an hour, one in two million succeeds.
const CODE_LENGTH: usize = 8;

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 2] {
    [Endpoint::get(PAGE, EMAIL_SIGN_UP_PATH, show), Endpoint::post(FORM, EMAIL_SIGN_UP_PATH, begin)]
}

async fn show(
    State(sigma): State<AppState>,
    browser: Browser,
    RawQuery(query): RawQuery,
) -> Result<Response, Response> {
    if !sigma.settings.sign_up.email {
        return Ok(not_found());
    }
    let arrival = Arrival::find(&sigma, &browser, query.as_deref()).await?;
    if let Some(response) = arrival.go_on_if_signed_in(&sigma, &browser).await? {
        return Ok(response);
    }
    let view = view(&sigma, &arrival);
    Ok(arrival.with_cookie(view.render(StatusCode::OK, &sigma.page_in(language_of(&sigma, &browser, &arrival)))))
}

async fn begin(
    State(sigma): State<AppState>,
    context: RequestContext,
    browser: Browser,
    RawQuery(query): RawQuery,
    body: Bytes,
) -> Result<Response, Response> {
    if !sigma.settings.sign_up.email {
        return Ok(not_found());
    }
    let form = Params::parse(&String::from_utf8_lossy(&body));
    let arrival = Arrival::find(&sigma, &browser, query.as_deref()).await?;
    let language = language_of(&sigma, &browser, &arrival);
    let (typed_name, typed_email) = (form.raw("name").unwrap_or_default(), form.raw("email").unwrap_or_default());
    let refused = |words: String| {
        let view = EmailSignUpForm {
            name: typed_name.to_owned(),
            email: typed_email.to_owned(),
            refusal: Some(words),
            ..view(&sigma, &arrival)
        };
        arrival.with_cookie(view.render(StatusCode::BAD_REQUEST, &sigma.page_in(language)))
    };
    let Ok(person) = text::name(typed_name) else {
        return Ok(refused(language.text("sign-up-bad-name").with("most", text::NAME_LENGTH).to_string()));
    };
    let Ok(email) = Email::parse(typed_email) else {
        return Ok(refused(language.text("sign-up-bad-email").to_string()));
    };
    let password = match chosen(language, &form) {
        Ok(password) => password,
        Err(words) => return Ok(refused(words)),
    };
    // Each is a mail to a user who may not have asked for it.
    context.charge_shared(Rule::SignUp, context.client()).await.map_err(IntoResponse::into_response)?;
    let password_hash = hash(&sigma, Lane::Stranger, password).await?;
    let (secret, new) =
        prepare(&sigma, &context, &browser, &email, person, password_hash, arrival.interaction()).await?;
    let promised = sigma.store_for(&context, Actor::Anonymous).write(move |tx| email_sign_up::begin(tx, &new)).await;
    if promised.map_err(|error| ApiError::from(error).into_response())? {
        sigma.mail_was_promised();
    }
    let to = arrival.with_cookie(Redirect::to(super::check::PATH).into_response());
    Ok(with_cookie(to, Some(&secret.set_cookie(&sigma))))
}

/// The sign-up with both its mails, one of which is sent: both are always written and sealed, so that it takes the same
/// time.
async fn prepare(
    sigma: &AppState,
    context: &RequestContext,
    browser: &Browser,
    email: &Email,
    name: String,
    password_hash: String,
    interaction: Option<&str>,
) -> Result<(SignUpSecret, NewEmailSignUp), Response> {
    let folded = email.folded().to_owned();
    // Two spellings that fold to one address may be two mailboxes: an account gets its mail at its own.
    let own = sigma.store.read(move |tx| email::find_spelling(tx, &folded)).await;
    let own = own.map_err(|error| ApiError::from(error).into_response())?;
    let secret = SignUpSecret::generate(sigma);
    let code = digits(&*sigma.rng, CODE_LENGTH);
    let composer = sigma.composer().in_language(sigma.language_for(browser, None));
    let sealing = |error: SealError| ApiError::internal(error).into_response();
    let (link, confirmation) = composer.confirm_address(email.address(), &spaced(&code)).map_err(sealing)?;
    let known = composer.account_exists(own.as_deref().unwrap_or(email.address())).map_err(sealing)?;
    let now = sigma.now();
    let new = NewEmailSignUp {
        browser: secret.digest(),
        replaces: SignUpSecret::of(sigma, browser).map(|secret| secret.digest()),
        link,
        code: secret.code_digest(sigma, &code),
        email: email.clone(),
        name,
        password_hash,
        interaction: interaction.map(str::to_owned),
        counted_as: counted_as(sigma, email.folded()),
        counted_here_as: counted_as(sigma, &format!("{}\n{}", email.folded(), context.client().network())),
        confirmation,
        known,
        now,
        expires_at: now.plus(sigma.settings.links.sign_up()),
    };
    Ok((secret, new))
}

/// The code as people read it: in two halves.
fn spaced(code: &str) -> String {
    let (first, second) = code.split_at_checked(CODE_LENGTH / 2).unwrap_or((code, ""));
    format!("{first} {second}")
}

/// The empty page.
fn view(sigma: &AppState, arrival: &Arrival) -> EmailSignUpForm {
    let takes_keys = sigma.settings.sign_in.methods.contains(&SignInMethod::Key) && sigma.settings.sign_in.sign_up;
    EmailSignUpForm {
        app: arrival.app(),
        action: arrival.at(EMAIL_SIGN_UP_PATH),
        sign_in_url: arrival.at(LOGIN_PATH),
        key_url: takes_keys.then(|| arrival.at("/signup")),
        ..EmailSignUpForm::default()
    }
}
