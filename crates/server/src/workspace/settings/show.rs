//! `GET /api/v1/workspace`: the caller's workspace.

use axum::Json;
use axum::extract::State;
use utoipa_axum::routes;

use crate::http::Endpoint;
use crate::state::AppState;
use crate::workspace::POLICY;
use crate::workspace::caller::WorkspaceCaller;
use crate::workspace::error::WorkspaceError;
use crate::workspace::settings::WorkspaceView;
use crate::workspace::state::WorkspaceState;

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
