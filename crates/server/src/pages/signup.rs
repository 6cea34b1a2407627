//! `/signup`: create a key in the browser, keep its backup, and an account with it.

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use sigma_core::interaction::{Continuation, Entrance};

use crate::extract::{Browser, SignedIn};
use crate::front_door::{Arrival, LOGIN_PATH};
use crate::pages::view::{PageContext, SignUp};
use crate::state::AppState;

/// The routes of this page.
pub fn router() -> Router<AppState> {
    Router::new().route("/signup", get(signup))
}

async fn signup(
    State(sigma): State<AppState>,
    browser: Browser,
    RawQuery(query): RawQuery,
) -> Result<Response, Response> {
    let arrival = Arrival::find(&sigma, &browser, query.as_deref()).await?;
    // Whoever came by themselves may want another account.
    if !arrival.switches && *arrival.continuation() != Continuation::Home {
        let signed_in = SignedIn::find(&sigma, &browser).await.map_err(IntoResponse::into_response)?;
        if arrival.entrance(&sigma, &browser, signed_in.as_ref()).await? == Entrance::GoOn {
            return Ok(arrival.with_cookie(Redirect::to(&arrival.way_on()).into_response()));
        }
    }
    let page = SignUp { app: arrival.app(), continue_url: arrival.way_on(), sign_in_url: arrival.at(LOGIN_PATH) };
    Ok(arrival.with_cookie(page.render(&PageContext { issuer: sigma.issuer() })))
}
