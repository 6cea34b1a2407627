//! `GET /api/auth/list-sessions`: the user's sessions.

use axum::Json;
use axum::extract::State;
use sigma_store::session;

use super::get_session::SessionView;
use crate::error::API;
use crate::extract::SignedIn;
use crate::http::{ApiError, Endpoint, routes};
use crate::state::AppState;

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::new(API, routes!(list_sessions))
}

/// Lists the user's live sessions, newest first. `token` is the session's id, which `revoke-session` takes; only the
/// session's own browser knows its secret.
#[utoipa::path(
    get,
    path = "/api/auth/list-sessions",
    operation_id = "listSessions",
    tag = "Sign-in",
    responses(
        (status = 200, description = "The sessions", body = Vec<SessionView>),
        (status = 401, description = "Nobody is signed in"),
    )
)]
pub async fn list_sessions(
    State(sigma): State<AppState>,
    signed_in: SignedIn,
) -> Result<Json<Vec<SessionView>>, ApiError> {
    let (user_id, now) = (signed_in.account.user.id.clone(), sigma.now());
    let sessions = sigma.store.read(move |tx| session::list_live(tx, &user_id, now)).await?;
    let view = |session| SessionView::of(session, &signed_in.account, session.id.as_str());
    Ok(Json(sessions.iter().map(view).collect()))
}
