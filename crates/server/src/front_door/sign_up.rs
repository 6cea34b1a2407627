//! `/signup`: create a key in the browser, keep its backup, and an account with it.

use axum::extract::{RawQuery, State};
use axum::response::Response;

use super::page::language_of;
use super::provider::FINISH_PATH;
use crate::extract::Browser;
use crate::front_door::Arrival;
use crate::front_door::view::SignUp;
use crate::http::Endpoint;
use crate::pages::policy::PAGE;
use crate::paths::{EMAIL_SIGN_UP_PATH, LOGIN_PATH};
use crate::providers::PendingLink;
use crate::state::AppState;

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::get(PAGE, "/signup", signup)
}

async fn signup(
    State(sigma): State<AppState>,
    browser: Browser,
    RawQuery(query): RawQuery,
) -> Result<Response, Response> {
    let arrival = Arrival::find(&sigma, &browser, query.as_deref()).await?;
    if let Some(response) = arrival.go_on_if_signed_in(&sigma, &browser).await? {
        return Ok(response);
    }
    let page = SignUp {
        app: arrival.app(),
        continue_url: match PendingLink::of(&sigma, &browser) {
            Some(_) => arrival.at(FINISH_PATH),
            None => arrival.way_on(),
        },
        sign_in_url: arrival.at(LOGIN_PATH),
        email_url: sigma.settings.sign_up.email.then(|| arrival.at(EMAIL_SIGN_UP_PATH)),
    };
    let context = sigma.page_in(language_of(&sigma, &browser, &arrival)).with_look(arrival.look(&sigma));
    Ok(arrival.with_cookie(page.render(&context)))
}
