//! `POST /workspace/sign-out`: ends the session that opens the pages of workspaces.

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::post;
use sigma_core::actor::Actor;
use sigma_store::session;

use super::outcome::PageError;
use super::quick::QuickSession;
use crate::extract::{Browser, SignedIn, expired_session_cookie};
use crate::http::RequestContext;
use crate::interaction::with_cookie;
use crate::state::AppState;

/// The routes of this form.
pub fn router() -> Router<AppState> {
    Router::new().route("/workspace/sign-out", post(sign_out))
}

/// Ends the quick login if there is one, else the browser's session.
async fn sign_out(
    State(sigma): State<AppState>,
    context: RequestContext,
    browser: Browser,
) -> Result<Response, PageError> {
    let to = || Redirect::to("/workspace/login").into_response();
    if let Some(quick) = QuickSession::of(&sigma, &browser) {
        let state = sigma.clone();
        sigma.store_for(&context, Actor::Anonymous).write(move |tx| quick.end(tx, &state)).await?;
        return Ok(with_cookie(to(), Some(&QuickSession::expired_cookie(&sigma))));
    }
    if let Some(signed_in) = SignedIn::find(&sigma, &browser).await.map_err(PageError::of)? {
        let (user_id, id, now) = (signed_in.account.user.id.clone(), signed_in.session.id.clone(), sigma.now());
        let store = sigma.store_for(&context, Actor::User(user_id.clone()));
        store.write(move |tx| session::end(tx, &user_id, &id, now)).await?;
    }
    Ok(with_cookie(to(), Some(&expired_session_cookie(&sigma))))
}
