//! `GET /api/v1/auth/quick-logins`: the members who may use quick login (`docs/spec/workspaces.md#quick-logins`).

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use sigma_store::org::quick;
use utoipa::ToSchema;

use crate::error::WorkspaceError;
use crate::state::WorkspaceState;
use sigma_platform::http::policy::{Cookies, CorsPolicy, Limit};
use sigma_platform::http::{Endpoint, Policy, RequestContext, Rule, routes};
use sigma_platform::quick::allowed;
use sigma_platform::state::AppState;

/// Nobody authenticates here, so the calling page matters: ours, or one that the operator trusts.
const POLICY: Policy =
    Policy { limit: Limit::Each(Rule::Other), cors: CorsPolicy::Trusted, cookies: Cookies::SignIn, ..crate::POLICY };

/// This endpoint.
pub fn endpoint() -> Endpoint<WorkspaceState> {
    Endpoint::new(POLICY, routes!(quick_logins))
}

/// A workspace with the members who may use quick login.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct QuickLogins {
    workspace_id: String,
    name: String,
    users: Vec<QuickUser>,
}

/// A member who may use quick login.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct QuickUser {
    id: String,
    email: Option<String>,
    name: String,
    role_id: String,
}

/// Lists the members who may use quick login: none, unless the server allows it for the caller's network, the workspace
/// enabled it and the member is marked for it.
#[utoipa::path(
    get,
    path = "/api/v1/auth/quick-logins",
    operation_id = "listQuickLogins",
    tag = "Workspaces",
    responses(
        (status = 200, description = "The workspaces and their members, at most 50 workspaces and 20 members each", body = [QuickLogins]),
    )
)]
pub async fn quick_logins(
    State(sigma): State<AppState>,
    context: RequestContext,
) -> Result<Json<Vec<QuickLogins>>, WorkspaceError> {
    let Some(managers) = allowed(&sigma, &context) else { return Ok(Json(Vec::new())) };
    let found = sigma.store.read(move |tx| quick::list(tx, None, managers)).await?;
    let view = |quick: quick::QuickLogins| QuickLogins {
        workspace_id: quick.workspace.id.to_string(),
        name: quick.workspace.name,
        users: quick
            .members
            .into_iter()
            .map(|quick::QuickMember { member, .. }| QuickUser {
                id: member.user_id.to_string(),
                email: member.email,
                name: member.name,
                role_id: member.role_id.to_string(),
            })
            .collect(),
    };
    Ok(Json(found.into_iter().map(view).collect()))
}
