//! `POST /sign-out` and `/sessions/revoke`: the forms of the front page.

use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use sigma_core::actor::Actor;
use sigma_core::ids::SessionId;
use sigma_core::params::Params;
use sigma_store::session;

use crate::extract::{Browser, SignedIn, expired_session_cookie};
use crate::http::{ApiError, Endpoint, RequestContext};
use crate::interaction::with_cookie;
use crate::pages::policy::FORM;
use crate::quick::QuickSession;
use crate::state::AppState;

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 2] {
    [Endpoint::post(FORM, "/sign-out", sign_out), Endpoint::post(FORM, "/sessions/revoke", revoke)]
}

async fn sign_out(
    State(sigma): State<AppState>,
    context: RequestContext,
    browser: Browser,
) -> Result<Response, ApiError> {
    if let Some(signed_in) = SignedIn::find(&sigma, &browser).await? {
        end(&sigma, &context, &signed_in, signed_in.session.id.clone()).await?;
    }
    let quick = QuickSession::end_of(&sigma, &context, &browser).await?;
    let to = with_cookie(Redirect::to("/").into_response(), Some(&expired_session_cookie(&sigma)));
    Ok(with_cookie(to, quick.as_deref()))
}

async fn revoke(
    State(sigma): State<AppState>,
    context: RequestContext,
    browser: Browser,
    body: Bytes,
) -> Result<Response, ApiError> {
    let form = Params::parse(&String::from_utf8_lossy(&body));
    if let (Some(signed_in), Some(id)) = (SignedIn::find(&sigma, &browser).await?, form.get("id")) {
        end(&sigma, &context, &signed_in, SessionId::from_text(id)).await?;
    }
    Ok(Redirect::to("/").into_response())
}

async fn end(sigma: &AppState, context: &RequestContext, signed_in: &SignedIn, id: SessionId) -> Result<(), ApiError> {
    let (user_id, now) = (signed_in.account.user.id.clone(), sigma.now());
    let store = sigma.store_for(context, Actor::User(user_id.clone()));
    store.write(move |tx| session::end(tx, &user_id, &id, now)).await?;
    Ok(())
}
