//! `PATCH /api/v1/workspace`: renames the workspace, switches quick logins on or off.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use sigma_core::org::text;
use sigma_platform::http::{Endpoint, RequestContext, routes};
use sigma_store::org::{self, Change};
use utoipa::ToSchema;

use crate::POLICY;
use crate::body::{Body, Wanted};
use crate::caller::WorkspaceCaller;
use crate::decide::decide;
use crate::error::WorkspaceError;
use crate::settings::WorkspaceView;
use crate::state::WorkspaceState;
use sigma_platform::state::AppState;

/// This endpoint.
pub fn endpoint() -> Endpoint<WorkspaceState> {
    Endpoint::new(POLICY, routes!(change))
}

/// The changes; omitted members stay as they are.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkspaceChange {
    /// The new name.
    #[serde(default)]
    name: Option<String>,
    /// Whether members who are marked for it may use quick login, if the server allows it.
    #[serde(default)]
    quick_logins: Option<bool>,
    /// Whether members need a second factor to sign in.
    #[serde(default)]
    require_second_factor: Option<bool>,
}

impl Wanted for WorkspaceChange {}

/// Changes the workspace, for callers who manage users, roles and API keys.
#[utoipa::path(
    patch,
    path = "/api/v1/workspace",
    operation_id = "updateWorkspace",
    tag = "Workspaces",
    security(("workspace_token" = []), ("api_key" = [])),
    request_body = WorkspaceChange,
    responses(
        (status = 200, description = "The workspace", body = WorkspaceView),
        (status = 400, description = "Missing or malformed field, or two credentials at once"),
        (status = 401, description = "No credential, or one that does not work"),
        (status = 403, description = "The caller may not manage the workspace"),
        (status = 415, description = "Not JSON"),
    )
)]
pub async fn change(
    State(sigma): State<AppState>,
    context: RequestContext,
    WorkspaceCaller(caller): WorkspaceCaller,
    Body(body): Body<WorkspaceChange>,
) -> Result<Json<WorkspaceView>, WorkspaceError> {
    let name = body.name.map(|name| text::name(&name)).transpose();
    let name = name.map_err(|problem| WorkspaceError::invalid(format!("name {problem}")))?;
    let change =
        Change { name, quick_logins: body.quick_logins, require_second_factor: body.require_second_factor, slug: None };
    let (org_id, actor, now) = (caller.org_id.clone(), caller.actor(), sigma.now());
    let workspace = decide(&sigma, &context, move |tx| org::change(tx, &org_id, &actor, &change, now)).await?;
    Ok(Json((&workspace).into()))
}
