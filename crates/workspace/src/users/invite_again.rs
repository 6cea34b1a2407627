//! `POST /api/v1/users/:id/invitation`: resends an invitation.

use axum::extract::State;
use http::StatusCode;
use sigma_core::ids::UserId;

use crate::POLICY;
use crate::body::Id;
use crate::caller::WorkspaceCaller;
use crate::error::WorkspaceError;
use crate::invitations;
use crate::state::WorkspaceState;
use sigma_platform::http::{Endpoint, RequestContext, routes};
use sigma_platform::state::AppState;

/// This endpoint.
pub fn endpoint() -> Endpoint<WorkspaceState> {
    Endpoint::new(POLICY, routes!(invite_again))
}

/// Resends an invitation with a new link; earlier links stop working.
#[utoipa::path(
    post,
    path = "/api/v1/users/{id}/invitation",
    operation_id = "resendInvitation",
    tag = "Workspaces",
    security(("workspace_token" = []), ("api_key" = [])),
    params(("id" = String, Path, description = "The user, or their membership until they accept the invitation")),
    responses(
        (status = 204, description = "A mail was queued"),
        (status = 400, description = "Two credentials at once"),
        (status = 401, description = "No credential, or one that does not work"),
        (status = 403, description = "The caller may not manage users, or the user has more rights than the caller"),
        (status = 404, description = "No such user in this workspace"),
        (status = 409, description = "The invitation has already been accepted"),
        (status = 429, description = "Too many failures, or too many invitations of this workspace"),
    )
)]
pub async fn invite_again(
    State(sigma): State<AppState>,
    WorkspaceCaller(caller): WorkspaceCaller,
    context: RequestContext,
    Id(id): Id,
) -> Result<StatusCode, WorkspaceError> {
    let (actor, user_id) = (caller.actor(), UserId::from_text(id));
    invitations::send_again(&sigma, &context, &caller.org_id, actor, user_id).await?;
    Ok(StatusCode::NO_CONTENT)
}
