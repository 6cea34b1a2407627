//! `POST /api/v1/workspace/secret/rotate`: rotates the secret that signs the workspace's tokens.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use sigma_core::org::Reason;
use sigma_platform::http::{Endpoint, RequestContext, routes};
use sigma_store::org::secret;
use utoipa::ToSchema;

use crate::POLICY;
use crate::caller::{Who, WorkspaceCaller};
use crate::decide::decide;
use crate::error::WorkspaceError;
use crate::state::WorkspaceState;
use sigma_platform::state::AppState;

/// This endpoint.
pub fn endpoint() -> Endpoint<WorkspaceState> {
    Endpoint::new(POLICY, routes!(rotate))
}

/// The current signing secret.
#[derive(Debug, Serialize, ToSchema)]
pub struct RotateAnswer {
    /// Its key id in token headers.
    kid: String,
}

/// Rotates the workspace's secret. Nobody is logged out: the old secret verifies until its last token has expired.
#[utoipa::path(
    post,
    path = "/api/v1/workspace/secret/rotate",
    operation_id = "rotateWorkspaceSecret",
    tag = "Workspaces",
    security(("workspace_token" = [])),
    responses(
        (status = 200, description = "The key id of the new secret", body = RotateAnswer),
        (status = 400, description = "Two credentials at once"),
        (status = 401, description = "No credential, or one that does not work"),
        (status = 403, description = "The user may not manage the workspace, or the caller is an API key"),
        (status = 409, description = "Rotated too often today"),
    )
)]
pub async fn rotate(
    State(sigma): State<AppState>,
    context: RequestContext,
    WorkspaceCaller(caller): WorkspaceCaller,
) -> Result<Json<RotateAnswer>, WorkspaceError> {
    if let Who::Key { .. } = caller.who {
        return Err(WorkspaceError::denied(Reason::OnlyUsersRotate));
    }
    let (org_id, actor, now) = (caller.org_id.clone(), caller.actor(), sigma.now());
    let made = secret::make(&org_id, &sigma.master_key, &*sigma.rng);
    let (kid, sealed) = made.map_err(|error| WorkspaceError::Internal(error.to_string()))?;
    let named = kid.clone();
    decide(&sigma, &context, move |tx| secret::rotate(tx, &org_id, &actor, &named, &sealed, now)).await?;
    Ok(Json(RotateAnswer { kid }))
}
