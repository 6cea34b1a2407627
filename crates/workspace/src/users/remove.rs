//! `DELETE /api/v1/users/:id`: ends a membership. The user keeps their account.

use axum::extract::State;
use http::StatusCode;
use sigma_core::ids::UserId;
use sigma_platform::http::{Endpoint, RequestContext, routes};
use sigma_store::org::membership;

use crate::POLICY;
use crate::body::{Id, KeysChoice};
use crate::caller::WorkspaceCaller;
use crate::decide::decide;
use crate::error::WorkspaceError;
use crate::state::WorkspaceState;
use sigma_platform::state::AppState;

/// This endpoint.
pub fn endpoint() -> Endpoint<WorkspaceState> {
    Endpoint::new(POLICY, routes!(remove))
}

/// Ends a membership or cancels an invitation. All sessions of the user in this workspace end; their account stays. API keys
/// that they created are deactivated, along with the keys that these created, unless `keys=keep` is set.
#[utoipa::path(
    delete,
    path = "/api/v1/users/{id}",
    operation_id = "removeUser",
    tag = "Workspaces",
    security(("workspace_token" = []), ("api_key" = [])),
    params(
        ("id" = String, Path, description = "The user, or their membership until they accept the invitation"),
        ("keys" = Option<String>, Query, description = "What happens to API keys that the member created: `deactivate` (default) or `keep`"),
    ),
    responses(
        (status = 204, description = "The membership was ended"),
        (status = 400, description = "keys is neither `deactivate` nor `keep`, or two credentials at once"),
        (status = 401, description = "No credential, or one that does not work"),
        (status = 403, description = "The caller may not manage users, or the user has more rights than the caller"),
        (status = 404, description = "No such user in this workspace"),
        (status = 409, description = "Nobody could manage the workspace any more"),
    )
)]
pub async fn remove(
    State(sigma): State<AppState>,
    context: RequestContext,
    WorkspaceCaller(caller): WorkspaceCaller,
    Id(id): Id,
    KeysChoice(keys): KeysChoice,
) -> Result<StatusCode, WorkspaceError> {
    let (org_id, actor, id, now) = (caller.org_id.clone(), caller.actor(), UserId::from_text(id), sigma.now());
    decide(&sigma, &context, move |tx| membership::remove(tx, &org_id, &actor, &id, keys, now)).await?;
    Ok(StatusCode::NO_CONTENT)
}
