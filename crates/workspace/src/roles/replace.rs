//! `PUT /api/v1/roles/:id`: replaces a role.

use axum::Json;
use axum::extract::State;
use sigma_core::ids::RoleId;
use sigma_platform::http::policy::BodyLimit;
use sigma_platform::http::{Endpoint, Policy, RequestContext, routes};
use sigma_store::org::role;

use crate::body::{Body, Id, KeysChoice};
use crate::caller::WorkspaceCaller;
use crate::decide::decide;
use crate::error::WorkspaceError;
use crate::role::{RoleBody, RoleView};
use crate::state::WorkspaceState;
use sigma_platform::state::AppState;

/// A role names the attributes of many schemas.
const POLICY: Policy = Policy { body: BodyLimit::Large, ..crate::POLICY };

/// This endpoint.
pub fn endpoint() -> Endpoint<WorkspaceState> {
    Endpoint::new(POLICY, routes!(replace))
}

/// Replaces a role: omitted members are off or empty. Takes effect immediately for all its members.
///
/// API keys that exceed their creators' remaining rights are deactivated, along with the keys that they created, unless
/// `keys=keep` is set.
///
/// A role cannot have more rights than the caller, before or after the change; the workspace must keep an admin.
#[utoipa::path(
    put,
    path = "/api/v1/roles/{id}",
    operation_id = "replaceRole",
    tag = "Workspaces",
    security(("workspace_token" = []), ("api_key" = [])),
    params(
        ("id" = String, Path, description = "The role"),
        ("keys" = Option<String>, Query, description = "What happens to API keys that exceed their creators' remaining rights: `deactivate` (default) or `keep`"),
    ),
    request_body = RoleBody,
    responses(
        (status = 200, description = "The role", body = RoleView),
        (status = 400, description = "Missing or malformed field, or two credentials at once"),
        (status = 401, description = "No credential, or one that does not work"),
        (status = 403, description = "The caller may not manage roles, or the role has more rights than the caller"),
        (status = 404, description = "No such role in this workspace"),
        (status = 409, description = "The name is taken, the roles would exceed 1 MiB in total, or nobody could manage the workspace any more"),
        (status = 413, description = "More than 1 MiB"),
        (status = 415, description = "Not JSON"),
    )
)]
pub async fn replace(
    State(sigma): State<AppState>,
    context: RequestContext,
    WorkspaceCaller(caller): WorkspaceCaller,
    Id(id): Id,
    KeysChoice(keys): KeysChoice,
    Body(body): Body<RoleBody>,
) -> Result<Json<RoleView>, WorkspaceError> {
    let draft = body.draft()?;
    let (org_id, actor, id, now) = (caller.org_id.clone(), caller.actor(), RoleId::from_text(id), sigma.now());
    let role = decide(&sigma, &context, move |tx| role::replace(tx, &org_id, &actor, &id, &draft, keys, now)).await?;
    Ok(Json((&role).into()))
}
