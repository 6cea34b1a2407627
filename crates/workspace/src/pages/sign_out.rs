//! `POST /workspace/sign-out`: ends the session that opens the pages of workspaces.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use sigma_core::actor::Actor;
use sigma_store::session;

use super::outcome::PageError;
use sigma_platform::extract::{Browser, SignedIn, expired_session_cookie};
use sigma_platform::http::{Endpoint, RequestContext};
use sigma_platform::interaction::with_cookie;
use sigma_platform::pages::policy::FORM;
use sigma_platform::quick::QuickSession;
use sigma_platform::state::AppState;

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::post(FORM, "/workspace/sign-out", sign_out)
}

/// Ends both the quick login and the browser's session: neither is left to whoever uses the browser next.
async fn sign_out(
    State(sigma): State<AppState>,
    context: RequestContext,
    browser: Browser,
) -> Result<Response, PageError> {
    let quick = QuickSession::end_of(&sigma, &context, &browser).await?;
    if let Some(signed_in) = SignedIn::find(&sigma, &browser).await.map_err(PageError::of)? {
        let (user_id, id, now) = (signed_in.account.user.id.clone(), signed_in.session.id.clone(), sigma.now());
        let store = sigma.store_for(&context, Actor::User(user_id.clone()));
        store.write(move |tx| session::end(tx, &user_id, &id, now)).await?;
    }
    let to = with_cookie(Redirect::to("/workspace/login").into_response(), Some(&expired_session_cookie(&sigma)));
    Ok(with_cookie(to, quick.as_deref()))
}
