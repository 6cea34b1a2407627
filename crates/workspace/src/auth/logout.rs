//! `POST /api/v1/auth/logout`: ends the current session with all its tokens.

use axum::extract::State;
use http::StatusCode;
use sigma_core::org::Reason;
use sigma_platform::http::{Endpoint, RequestContext, routes};
use sigma_store::org::session;

use crate::POLICY;
use crate::caller::{Who, WorkspaceCaller};
use crate::error::WorkspaceError;
use crate::state::WorkspaceState;
use sigma_platform::state::AppState;

/// This endpoint.
pub fn endpoint() -> Endpoint<WorkspaceState> {
    Endpoint::new(POLICY, routes!(logout))
}

/// Ends this session.
#[utoipa::path(
    post,
    path = "/api/v1/auth/logout",
    operation_id = "logout",
    tag = "Workspaces",
    security(("workspace_token" = [])),
    responses(
        (status = 204, description = "All tokens of this session are revoked"),
        (status = 400, description = "Two credentials at once"),
        (status = 401, description = "Missing or invalid token"),
        (status = 403, description = "An API key has no session"),
    )
)]
pub async fn logout(
    State(sigma): State<AppState>,
    context: RequestContext,
    WorkspaceCaller(caller): WorkspaceCaller,
) -> Result<StatusCode, WorkspaceError> {
    let Who::Person { jti, .. } = &caller.who else {
        return Err(WorkspaceError::denied(Reason::KeyHasNoSession));
    };
    let (org_id, jti, now) = (caller.org_id.clone(), jti.clone(), sigma.now());
    sigma.store_for(&context, caller.actor()).write(move |tx| session::end(tx, &org_id, &jti, now)).await?;
    Ok(StatusCode::NO_CONTENT)
}
