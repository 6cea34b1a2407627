//! `GET /api/v1/auth/me`: the caller and their permissions.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use sigma_store::org::{api_key, role};
use utoipa::ToSchema;

use crate::POLICY;
use crate::api_keys::ApiKeyView;
use crate::caller::{Who, WorkspaceCaller};
use crate::error::WorkspaceError;
use crate::role::RoleView;
use crate::state::WorkspaceState;
use sigma_platform::http::{Endpoint, routes};
use sigma_platform::state::AppState;

/// This endpoint.
pub fn endpoint() -> Endpoint<WorkspaceState> {
    Endpoint::new(POLICY, routes!(me))
}

/// The caller.
#[derive(Debug, Serialize, ToSchema)]
pub struct MeAnswer {
    /// `user` or `key`.
    kind: &'static str,
    /// The user.
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<MeUser>,
    /// The key.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<ApiKeyView>,
    /// The workspace.
    workspace: MeWorkspace,
    /// The user's role.
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<RoleView>,
    /// Permissions, in terms of API keys.
    permissions: Vec<&'static str>,
}

/// A user, as seen by themselves.
#[derive(Debug, Serialize, ToSchema)]
pub struct MeUser {
    id: String,
    email: Option<String>,
    name: String,
}

/// The workspace, as its callers see it.
#[derive(Debug, Serialize, ToSchema)]
pub struct MeWorkspace {
    id: String,
    name: String,
}

/// Returns the caller, its workspace, role and permissions.
#[utoipa::path(
    get,
    path = "/api/v1/auth/me",
    operation_id = "getMe",
    tag = "Workspaces",
    security(("workspace_token" = []), ("api_key" = [])),
    responses(
        (status = 200, description = "The caller", body = MeAnswer),
        (status = 400, description = "Two credentials at once"),
        (status = 401, description = "No credential, or one that does not work"),
    )
)]
pub async fn me(
    State(sigma): State<AppState>,
    WorkspaceCaller(caller): WorkspaceCaller,
) -> Result<Json<MeAnswer>, WorkspaceError> {
    let cached = sigma.find_org(&caller.org_id).await?.ok_or(WorkspaceError::BadToken)?;
    let workspace = MeWorkspace { id: cached.org.id.to_string(), name: cached.org.name.clone() };
    let permissions = caller.permissions.names();
    let org_id = caller.org_id.clone();
    let answer = match &caller.who {
        Who::Person { user_id, role_id, .. } => {
            let account = sigma.find_account(user_id).await?.ok_or(WorkspaceError::BadToken)?;
            let user = &account.user;
            let user = MeUser { id: user.id.to_string(), email: user.email.clone(), name: user.name.clone() };
            let role_id = role_id.clone();
            let role = sigma.store.read(move |tx| role::find(tx, &org_id, &role_id)).await?;
            let role = role.as_ref().map(RoleView::from);
            MeAnswer { kind: "user", user: Some(user), key: None, workspace, role, permissions }
        }
        Who::Key { id, .. } => {
            let id = id.clone();
            let key = sigma.store.read(move |tx| api_key::find(tx, &org_id, &id)).await?;
            let key = key.as_ref().map(ApiKeyView::from);
            MeAnswer { kind: "key", user: None, key, workspace, role: None, permissions }
        }
    };
    Ok(Json(answer))
}
