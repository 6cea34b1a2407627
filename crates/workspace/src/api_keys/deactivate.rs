//! `POST /api/v1/api-keys/:id/deactivate`: deactivates a key permanently.

use axum::Json;
use axum::extract::State;
use sigma_core::ids::ApiKeyId;
use sigma_platform::http::{Endpoint, RequestContext, routes};
use sigma_store::org::api_key;

use crate::POLICY;
use crate::api_keys::ApiKeyView;
use crate::body::Id;
use crate::caller::WorkspaceCaller;
use crate::decide::decide;
use crate::error::WorkspaceError;
use crate::state::WorkspaceState;
use sigma_platform::state::AppState;

/// This endpoint.
pub fn endpoint() -> Endpoint<WorkspaceState> {
    Endpoint::new(POLICY, routes!(deactivate))
}

/// Deactivates a key permanently, everywhere within a second, along with every key that it created.
#[utoipa::path(
    post,
    path = "/api/v1/api-keys/{id}/deactivate",
    operation_id = "deactivateApiKey",
    tag = "Workspaces",
    security(("workspace_token" = []), ("api_key" = [])),
    params(("id" = String, Path, description = "The key")),
    responses(
        (status = 200, description = "The deactivated key", body = ApiKeyView),
        (status = 400, description = "Two credentials at once"),
        (status = 401, description = "No credential, or one that does not work"),
        (status = 403, description = "The caller may not manage API keys, or the key has more rights than the caller"),
        (status = 404, description = "No such key in this workspace"),
    )
)]
pub async fn deactivate(
    State(sigma): State<AppState>,
    context: RequestContext,
    WorkspaceCaller(caller): WorkspaceCaller,
    Id(id): Id,
) -> Result<Json<ApiKeyView>, WorkspaceError> {
    let (org_id, actor, id, now) = (caller.org_id.clone(), caller.actor(), ApiKeyId::from_text(id), sigma.now());
    let key = decide(&sigma, &context, move |tx| api_key::deactivate(tx, &org_id, &actor, &id, now)).await?;
    Ok(Json((&key).into()))
}
