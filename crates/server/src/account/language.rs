//! `POST /account/language`: the language of a user's pages and mails.

use axum::body::Bytes;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use sigma_core::actor::Actor;
use sigma_core::params::Params;
use sigma_store::user;

use super::overview::{done, first, render};
use crate::account::view::OwnAccount;
use crate::extract::{Browser, SignedIn};
use crate::http::{ApiError, Endpoint, RequestContext};
use crate::i18n::Language;
use crate::pages::policy::FORM;
use crate::state::AppState;

/// This form.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::post(FORM, "/account/language", choose)
}

/// Takes `language`: a tag, or nothing for the language of the browser.
async fn choose(
    State(sigma): State<AppState>,
    context: RequestContext,
    browser: Browser,
    body: Bytes,
) -> Result<Response, ApiError> {
    let Some(signed_in) = SignedIn::find(&sigma, &browser).await? else { return first(&sigma, &browser) };
    let form = Params::parse(&String::from_utf8_lossy(&body));
    let offered = &sigma.settings.languages.offered;
    let chosen = match form.raw("language").unwrap_or_default() {
        "" => None,
        tag => {
            let Some(language) = Language::parse(tag).filter(|language| offered.contains(language)) else {
                let language = sigma.language_of(&signed_in.account.user, &browser, None);
                let words = language.text("account-language-unknown").to_string();
                let answer = OwnAccount { refusal: Some(words), ..OwnAccount::default() };
                return render(&sigma, &browser, &signed_in, answer, StatusCode::BAD_REQUEST).await;
            };
            Some(language.tag())
        }
    };
    let (user_id, now) = (signed_in.account.user.id.clone(), sigma.now());
    let store = sigma.store_for(&context, Actor::User(user_id.clone()));
    store.write(move |tx| user::set_language(tx, &user_id, chosen, now)).await?;
    Ok(done("language"))
}
