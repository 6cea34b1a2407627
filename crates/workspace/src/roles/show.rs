//! `GET /api/v1/roles/:id`: one role.

use axum::Json;
use axum::extract::State;
use sigma_core::ids::RoleId;
use sigma_store::org::role;

use crate::POLICY;
use crate::body::Id;
use crate::caller::WorkspaceCaller;
use crate::decide::look_up;
use crate::error::WorkspaceError;
use crate::role::RoleView;
use crate::state::WorkspaceState;
use sigma_platform::http::{Endpoint, routes};
use sigma_platform::state::AppState;

/// This endpoint.
pub fn endpoint() -> Endpoint<WorkspaceState> {
    Endpoint::new(POLICY, routes!(show))
}

/// Returns a role. API keys need `read`.
#[utoipa::path(
    get,
    path = "/api/v1/roles/{id}",
    operation_id = "getRole",
    tag = "Workspaces",
    security(("workspace_token" = []), ("api_key" = [])),
    params(("id" = String, Path, description = "The role")),
    responses(
        (status = 200, description = "The role", body = RoleView),
        (status = 400, description = "Two credentials at once"),
        (status = 401, description = "No credential, or one that does not work"),
        (status = 403, description = "The API key lacks `read`"),
        (status = 404, description = "No such role in this workspace"),
    )
)]
pub async fn show(
    State(sigma): State<AppState>,
    WorkspaceCaller(caller): WorkspaceCaller,
    Id(id): Id,
) -> Result<Json<RoleView>, WorkspaceError> {
    caller.authority().require_read()?;
    let (org_id, id) = (caller.org_id.clone(), RoleId::from_text(id));
    let role = look_up(&sigma, move |tx| role::load(tx, &org_id, &id)).await?;
    Ok(Json((&role).into()))
}
