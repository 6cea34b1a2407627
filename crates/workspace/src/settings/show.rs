//! `GET /api/v1/workspace`: the caller's workspace.

use axum::Json;
use axum::extract::State;

use crate::POLICY;
use crate::caller::WorkspaceCaller;
use crate::error::WorkspaceError;
use crate::settings::WorkspaceView;
use crate::state::WorkspaceState;
use sigma_platform::http::{Endpoint, routes};
use sigma_platform::state::AppState;

/// This endpoint.
pub fn endpoint() -> Endpoint<WorkspaceState> {
    Endpoint::new(POLICY, routes!(show))
}

/// Returns the workspace. API keys need `read`.
#[utoipa::path(
    get,
    path = "/api/v1/workspace",
    operation_id = "getWorkspace",
    tag = "Workspaces",
    security(("workspace_token" = []), ("api_key" = [])),
    responses(
        (status = 200, description = "The workspace", body = WorkspaceView),
        (status = 400, description = "Two credentials at once"),
        (status = 401, description = "No credential, or one that does not work"),
        (status = 403, description = "The API key lacks `read`"),
    )
)]
pub async fn show(
    State(sigma): State<AppState>,
    WorkspaceCaller(caller): WorkspaceCaller,
) -> Result<Json<WorkspaceView>, WorkspaceError> {
    caller.authority().require_read()?;
    let cached = sigma.find_org(&caller.org_id).await?.ok_or(WorkspaceError::BadToken)?;
    Ok(Json((&cached.org).into()))
}
