//! `GET /api/v1/roles`: the roles of the workspace.

use axum::Json;
use axum::extract::State;
use sigma_store::org::role;

use crate::POLICY;
use crate::caller::WorkspaceCaller;
use crate::error::WorkspaceError;
use crate::role::RoleView;
use crate::state::WorkspaceState;
use sigma_platform::http::{Endpoint, routes};
use sigma_platform::state::AppState;

/// This endpoint.
pub fn endpoint() -> Endpoint<WorkspaceState> {
    Endpoint::new(POLICY, routes!(list))
}

/// Lists the workspace's roles, oldest first. API keys need `read`.
#[utoipa::path(
    get,
    path = "/api/v1/roles",
    operation_id = "listRoles",
    tag = "Workspaces",
    security(("workspace_token" = []), ("api_key" = [])),
    responses(
        (status = 200, description = "The roles, at most 100 and 1 MiB", body = [RoleView]),
        (status = 400, description = "Two credentials at once"),
        (status = 401, description = "No credential, or one that does not work"),
        (status = 403, description = "The API key lacks `read`"),
    )
)]
pub async fn list(
    State(sigma): State<AppState>,
    WorkspaceCaller(caller): WorkspaceCaller,
) -> Result<Json<Vec<RoleView>>, WorkspaceError> {
    caller.authority().require_read()?;
    let org_id = caller.org_id.clone();
    let roles = sigma.store.read(move |tx| role::list(tx, &org_id)).await?;
    Ok(Json(roles.iter().map(RoleView::from).collect()))
}
