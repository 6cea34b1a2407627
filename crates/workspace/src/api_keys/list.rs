//! `GET /api/v1/api-keys`: the keys of the workspace.

use axum::Json;
use axum::extract::State;
use sigma_core::org::Right;
use sigma_store::org::api_key;

use crate::POLICY;
use crate::api_keys::ApiKeyView;
use crate::caller::WorkspaceCaller;
use crate::error::WorkspaceError;
use crate::state::WorkspaceState;
use sigma_platform::http::{Endpoint, routes};
use sigma_platform::state::AppState;

/// This endpoint.
pub fn endpoint() -> Endpoint<WorkspaceState> {
    Endpoint::new(POLICY, routes!(list))
}

/// Lists the workspace's API keys, newest first.
#[utoipa::path(
    get,
    path = "/api/v1/api-keys",
    operation_id = "listApiKeys",
    tag = "Workspaces",
    security(("workspace_token" = []), ("api_key" = [])),
    responses(
        (status = 200, description = "The keys, at most 500", body = [ApiKeyView]),
        (status = 400, description = "Two credentials at once"),
        (status = 401, description = "No credential, or one that does not work"),
        (status = 403, description = "The caller may not manage API keys"),
    )
)]
pub async fn list(
    State(sigma): State<AppState>,
    WorkspaceCaller(caller): WorkspaceCaller,
) -> Result<Json<Vec<ApiKeyView>>, WorkspaceError> {
    caller.authority().require(Right::ApiKeys)?;
    let org_id = caller.org_id.clone();
    let keys = sigma.store.read(move |tx| api_key::list(tx, &org_id)).await?;
    Ok(Json(keys.iter().map(ApiKeyView::from).collect()))
}
