//! `DELETE /api/v1/api-keys/:id`: deletes a key.

use axum::extract::State;
use http::StatusCode;
use sigma_core::ids::ApiKeyId;
use sigma_platform::http::{Endpoint, RequestContext, routes};
use sigma_store::org::api_key;

use crate::POLICY;
use crate::body::Id;
use crate::caller::WorkspaceCaller;
use crate::decide::decide;
use crate::error::WorkspaceError;
use crate::state::WorkspaceState;
use sigma_platform::state::AppState;

/// This endpoint.
pub fn endpoint() -> Endpoint<WorkspaceState> {
    Endpoint::new(POLICY, routes!(remove))
}

/// Deletes a key, and deactivates every key that it created.
#[utoipa::path(
    delete,
    path = "/api/v1/api-keys/{id}",
    operation_id = "deleteApiKey",
    tag = "Workspaces",
    security(("workspace_token" = []), ("api_key" = [])),
    params(("id" = String, Path, description = "The key")),
    responses(
        (status = 204, description = "Removed"),
        (status = 400, description = "Two credentials at once"),
        (status = 401, description = "No credential, or one that does not work"),
        (status = 403, description = "The caller may not manage API keys, or the key has more rights than the caller"),
        (status = 404, description = "No such key in this workspace"),
    )
)]
pub async fn remove(
    State(sigma): State<AppState>,
    context: RequestContext,
    WorkspaceCaller(caller): WorkspaceCaller,
    Id(id): Id,
) -> Result<StatusCode, WorkspaceError> {
    let (org_id, actor, id, now) = (caller.org_id.clone(), caller.actor(), ApiKeyId::from_text(id), sigma.now());
    decide(&sigma, &context, move |tx| api_key::remove(tx, &org_id, &actor, &id, now)).await?;
    Ok(StatusCode::NO_CONTENT)
}
