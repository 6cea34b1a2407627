//! `/password/forgot`: requests a reset link by mail. The response is the same for any address.

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use sigma_core::actor::Actor;
use sigma_core::email::Email;
use sigma_core::params::Params;
use sigma_store::email;
use sigma_store::password_change::{ResetRequest, request_reset};

use crate::account::view::ForgotPassword;
use crate::extract::Browser;
use crate::http::{ApiError, Endpoint, RequestContext, Rule};
use crate::i18n::Language;
use crate::pages::policy::{FORM, PAGE};
use crate::passwords::bucket;
use crate::state::AppState;

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 2] {
    [Endpoint::get(PAGE, "/password/forgot", show), Endpoint::post(FORM, "/password/forgot", send)]
}

async fn show(State(sigma): State<AppState>, browser: Browser, RawQuery(query): RawQuery) -> Response {
    let params = Params::parse(query.as_deref().unwrap_or_default());
    let sent = params.get("sent").is_some();
    let language = sigma.language_for(&browser, None);
    let view = ForgotPassword { sent, interaction: interaction(&params), ..view(&sigma, language) };
    view.render(StatusCode::OK, &sigma.page_in(language))
}

async fn send(
    State(sigma): State<AppState>,
    context: RequestContext,
    browser: Browser,
    RawQuery(query): RawQuery,
    body: Bytes,
) -> Result<Response, Response> {
    let interaction = interaction(&Params::parse(query.as_deref().unwrap_or_default()));
    let language = sigma.language_for(&browser, None);
    let form = Params::parse(&String::from_utf8_lossy(&body));
    let typed = form.raw("email").unwrap_or_default();
    let Ok(email) = Email::parse(typed) else {
        let view = ForgotPassword { email: typed.to_owned(), refusal: true, interaction, ..view(&sigma, language) };
        return Ok(view.render(StatusCode::BAD_REQUEST, &sigma.page_in(language)));
    };
    // Each is a mail to a user who may not have asked for it. It is also the way around a delay, so wrong passwords do
    // not count here.
    context.charge_shared(Rule::Link, context.client()).await.map_err(IntoResponse::into_response)?;
    // Two spellings that fold to one address may be two mailboxes: the link goes to the account's.
    let folded = email.folded().to_owned();
    let own = sigma.store.read(move |tx| email::find_spelling(tx, &folded)).await;
    let own = own.map_err(|error| ApiError::from(error).into_response())?;
    // Written and sealed for any address, so that it always takes the same time.
    let composer = sigma.composer_to(email.folded(), language).await;
    let mail = composer
        .map_err(|error| ApiError::from(error).into_response())?
        .reset(own.as_deref().unwrap_or(email.address()))
        .map_err(|error| ApiError::internal(error).into_response())?;
    let bucket = bucket(&sigma, email.folded());
    let request = ResetRequest { email: email.folded().to_owned(), bucket, mail };
    let promised = sigma.store_for(&context, Actor::Anonymous).write(move |tx| request_reset(tx, &request)).await;
    if promised.map_err(|error| ApiError::from(error).into_response())? {
        sigma.mail_was_promised();
    }
    let on = interaction.map(|name| format!("&interaction={name}")).unwrap_or_default();
    Ok(Redirect::to(&format!("/password/forgot?sent=1{on}")).into_response())
}

/// The interaction that the person comes back to at the sign-in page: its name, if it can be one.
fn interaction(query: &Params) -> Option<String> {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    query.get("interaction").filter(|name| name.bytes().all(is_letter)).map(str::to_owned)
}

fn view(sigma: &AppState, language: Language) -> ForgotPassword {
    ForgotPassword { life: language.duration(sigma.settings.links.reset()), ..ForgotPassword::default() }
}
