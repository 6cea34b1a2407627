//! `POST /api/v1/roles`: creates a role.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use sigma_core::ids::RoleId;
use sigma_core::org::text;
use sigma_platform::http::policy::BodyLimit;
use sigma_platform::http::{Endpoint, Policy, RequestContext, routes};
use sigma_store::org::role;

use crate::body::Body;
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
    Endpoint::new(POLICY, routes!(create))
}

/// Creates a role with at most the caller's own rights.
#[utoipa::path(
    post,
    path = "/api/v1/roles",
    operation_id = "createRole",
    tag = "Workspaces",
    security(("workspace_token" = []), ("api_key" = [])),
    request_body = RoleBody,
    responses(
        (status = 201, description = "The role", body = RoleView),
        (status = 400, description = "Missing or malformed field, or two credentials at once"),
        (status = 401, description = "No credential, or one that does not work"),
        (status = 403, description = "The caller may not manage roles, or the role has more rights than the caller"),
        (status = 409, description = "The id or name is taken, there are 100 roles already, or they would exceed 1 MiB in total"),
        (status = 413, description = "More than 1 MiB"),
        (status = 415, description = "Not JSON"),
    )
)]
pub async fn create(
    State(sigma): State<AppState>,
    context: RequestContext,
    WorkspaceCaller(caller): WorkspaceCaller,
    Body(body): Body<RoleBody>,
) -> Result<(StatusCode, Json<RoleView>), WorkspaceError> {
    let now = sigma.now();
    let id = match &body.id {
        None => RoleId::new(now, &*sigma.rng),
        Some(chosen) => {
            text::chosen_id(chosen).map_err(|problem| WorkspaceError::invalid(format!("id {problem}")))?;
            RoleId::from_text(chosen)
        }
    };
    let draft = body.draft()?;
    let (org_id, actor) = (caller.org_id.clone(), caller.actor());
    let role = decide(&sigma, &context, move |tx| role::add(tx, &org_id, &actor, &id, &draft, now)).await?;
    Ok((StatusCode::CREATED, Json((&role).into())))
}
