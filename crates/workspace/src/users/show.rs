//! `GET /api/v1/users/:id`: one member of the workspace.

use axum::Json;
use axum::extract::State;
use sigma_core::ids::UserId;
use sigma_core::org::Right;
use sigma_store::org::membership;

use crate::POLICY;
use crate::body::Id;
use crate::caller::{Who, WorkspaceCaller};
use crate::decide::look_up;
use crate::error::WorkspaceError;
use crate::state::WorkspaceState;
use crate::users::UserView;
use sigma_platform::http::{Endpoint, routes};
use sigma_platform::state::AppState;

/// This endpoint.
pub fn endpoint() -> Endpoint<WorkspaceState> {
    Endpoint::new(POLICY, routes!(show))
}

/// Returns a member. Everyone may read their own entry.
#[utoipa::path(
    get,
    path = "/api/v1/users/{id}",
    operation_id = "getUser",
    tag = "Workspaces",
    security(("workspace_token" = []), ("api_key" = [])),
    params(("id" = String, Path, description = "The user, or their membership until they accept the invitation")),
    responses(
        (status = 200, description = "The user", body = UserView),
        (status = 400, description = "Two credentials at once"),
        (status = 401, description = "No credential, or one that does not work"),
        (status = 403, description = "The caller may not manage users"),
        (status = 404, description = "No such user in this workspace"),
    )
)]
pub async fn show(
    State(sigma): State<AppState>,
    WorkspaceCaller(caller): WorkspaceCaller,
    Id(id): Id,
) -> Result<Json<UserView>, WorkspaceError> {
    let is_self = matches!(&caller.who, Who::Person { user_id, .. } if user_id.as_str() == id);
    if !is_self {
        caller.authority().require(Right::Users)?;
    }
    let (org_id, id) = (caller.org_id.clone(), UserId::from_text(id));
    let member = look_up(&sigma, move |tx| membership::load(tx, &org_id, &id)).await?;
    Ok(Json((&member).into()))
}
