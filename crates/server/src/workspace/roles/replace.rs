//! `PUT /api/v1/roles/:id`: another text in a role's place.

use axum::Json;
use axum::extract::State;
use sigma_core::ids::RoleId;
use sigma_store::workspace::role;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;
use crate::workspace::body::{Body, Id, KeysChoice};
use crate::workspace::caller::WorkspaceCaller;
use crate::workspace::decide::decide;
use crate::workspace::error::WorkspaceError;
use crate::workspace::role::{RoleBody, RoleView};

/// The routes of this endpoint.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(replace))
}

/// Replaces a role whole: what is not sent is off, or empty. It takes effect at once for everybody who has it.
///
/// API keys that can do more than the people who made them may from now on are deactivated with those that these made,
/// unless `keys=keep` is said.
///
/// Nobody edits a role that holds, or would hold, more than they do; somebody who manages the workspace must be left.
#[utoipa::path(
    put,
    path = "/api/v1/roles/{id}",
    operation_id = "replaceRole",
    tag = "Workspaces",
    security(("workspace_token" = []), ("api_key" = [])),
    params(
        ("id" = String, Path, description = "The role"),
        ("keys" = Option<String>, Query, description = "What becomes of API keys that can do more than who made them may now: `deactivate`, the default, or `keep`"),
    ),
    request_body = RoleBody,
    responses(
        (status = 200, description = "The role", body = RoleView),
        (status = 400, description = "A field is missing or malformed, or two credentials at once"),
        (status = 401, description = "No credential, or one that does not work"),
        (status = 403, description = "The caller may not manage roles, or the role holds more than they do"),
        (status = 404, description = "No such role in this workspace"),
        (status = 409, description = "The name is taken, the roles of the workspace would take more than 1 MiB in all, or nobody would be left to manage it"),
        (status = 413, description = "More than 1 MiB"),
        (status = 415, description = "Not JSON"),
        (status = 429, description = "Too many failures"),
        (status = 503, description = "The store does not answer"),
    )
)]
pub async fn replace(
    State(sigma): State<AppState>,
    WorkspaceCaller(caller): WorkspaceCaller,
    Id(id): Id,
    KeysChoice(keys): KeysChoice,
    Body(body): Body<RoleBody>,
) -> Result<Json<RoleView>, WorkspaceError> {
    let draft = body.draft()?;
    let (org_id, actor, id, now) = (caller.org_id.clone(), caller.actor(), RoleId::from_text(id), sigma.now());
    let role = decide(&sigma, move |tx| role::replace(tx, &org_id, &actor, &id, &draft, keys, now)).await?;
    Ok(Json((&role).into()))
}
