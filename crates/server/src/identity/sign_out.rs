//! `POST /api/auth/sign-out`: ends the session of this browser, and every grant bound to it
//! (`docs/spec/tokens.md#grants`).

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use sigma_core::actor::Actor;
use sigma_store::session;
use utoipa::ToSchema;

use crate::error::API;
use crate::extract::{Browser, MaybeSignedIn, expired_session_cookie};
use crate::http::{ApiError, Endpoint, RequestContext, routes};
use crate::interaction::with_cookie;
use crate::quick::QuickSession;
use crate::state::AppState;

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::new(API, routes!(sign_out))
}

/// The confirmation.
#[derive(Debug, Serialize, ToSchema)]
pub struct SignedOutAnswer {
    /// Always true.
    pub success: bool,
}

/// Signs this browser out. It is not an error if nobody is signed in.
#[utoipa::path(
    post,
    path = "/api/auth/sign-out",
    operation_id = "signOut",
    tag = "Sign-in",
    responses(
        (status = 200, description = "Signed out; the session cookie is cleared", body = SignedOutAnswer),
        (status = 403, description = "From another origin"),
    )
)]
pub async fn sign_out(
    State(sigma): State<AppState>,
    context: RequestContext,
    browser: Browser,
    MaybeSignedIn(signed_in): MaybeSignedIn,
) -> Result<Response, ApiError> {
    if let Some(signed_in) = signed_in {
        let (user_id, id, now) = (signed_in.account.user.id.clone(), signed_in.session.id.clone(), sigma.now());
        let store = sigma.store_for(&context, Actor::User(user_id.clone()));
        store.write(move |tx| session::end(tx, &user_id, &id, now)).await?;
    }
    let quick = QuickSession::end_of(&sigma, &context, &browser).await?;
    let response = Json(SignedOutAnswer { success: true }).into_response();
    Ok(with_cookie(with_cookie(response, Some(&expired_session_cookie(&sigma))), quick.as_deref()))
}
