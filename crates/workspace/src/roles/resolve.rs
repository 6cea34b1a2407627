//! `POST /api/v1/roles/:id/resolve`: a role's access to the attributes of a schema.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use sigma_core::ids::RoleId;
use sigma_core::org::Level;
use sigma_store::org::role;
use utoipa::ToSchema;

use crate::POLICY;
use crate::body::{Body, Id, Wanted};
use crate::caller::WorkspaceCaller;
use crate::decide::look_up;
use crate::error::WorkspaceError;
use crate::state::WorkspaceState;
use sigma_platform::http::{Endpoint, routes};
use sigma_platform::state::AppState;

/// This endpoint.
pub fn endpoint() -> Endpoint<WorkspaceState> {
    Endpoint::new(POLICY, routes!(resolve))
}

/// The attributes to resolve.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ResolveBody {
    /// The product's id of the schema.
    schema_id: String,
    /// The attributes of the schema.
    attributes: Vec<String>,
}

impl Wanted for ResolveBody {
    const NEEDS: Option<&'static str> = Some("schemaId and a list of attributes are required");
}

/// The role's access.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Resolved {
    schema_id: String,
    /// For each attribute `write`, `read` or `hidden`.
    #[schema(value_type = BTreeMap<String, String>)]
    attributes: BTreeMap<String, Level>,
}

/// Resolves a role's access to attributes: what the role lists, else the schema's default, else `write` with
/// `canManageSchemas` and `read` without. API keys need `read`.
#[utoipa::path(
    post,
    path = "/api/v1/roles/{id}/resolve",
    operation_id = "resolveRole",
    tag = "Workspaces",
    security(("workspace_token" = []), ("api_key" = [])),
    params(("id" = String, Path, description = "The role")),
    request_body = ResolveBody,
    responses(
        (status = 200, description = "A level for each attribute", body = Resolved),
        (status = 400, description = "Missing or malformed field, or two credentials at once"),
        (status = 401, description = "No credential, or one that does not work"),
        (status = 403, description = "The API key lacks `read`"),
        (status = 404, description = "No such role in this workspace"),
        (status = 415, description = "Not JSON"),
    )
)]
pub async fn resolve(
    State(sigma): State<AppState>,
    WorkspaceCaller(caller): WorkspaceCaller,
    Id(id): Id,
    Body(body): Body<ResolveBody>,
) -> Result<Json<Resolved>, WorkspaceError> {
    caller.authority().require_read()?;
    let (org_id, id) = (caller.org_id.clone(), RoleId::from_text(id));
    let role = look_up(&sigma, move |tx| role::load(tx, &org_id, &id)).await?;
    let ResolveBody { schema_id, attributes } = body;
    let level = role.permissions.levels(&schema_id);
    let attributes = attributes.into_iter().map(|name| {
        let level = level(&name);
        (name, level)
    });
    let attributes = attributes.collect();
    Ok(Json(Resolved { schema_id, attributes }))
}
