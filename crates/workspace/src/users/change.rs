//! `PATCH /api/v1/users/:id`: changes a member's role, quick login or state.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use sigma_core::ids::{RoleId, UserId};
use sigma_platform::http::{Endpoint, RequestContext, routes};
use sigma_store::org::membership::{self, Change};
use utoipa::ToSchema;

use crate::POLICY;
use crate::body::{Body, Id, KeysChoice, Wanted};
use crate::caller::WorkspaceCaller;
use crate::decide::decide;
use crate::error::WorkspaceError;
use crate::state::WorkspaceState;
use crate::users::UserView;
use sigma_platform::state::AppState;

/// This endpoint.
pub fn endpoint() -> Endpoint<WorkspaceState> {
    Endpoint::new(POLICY, routes!(change))
}

/// The changes; omitted members stay as they are. Name and address belong to the user.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UserChange {
    /// The new role.
    #[serde(default)]
    role_id: Option<String>,
    /// Whether the member may use quick login, where it is allowed.
    #[serde(default)]
    quick_login: Option<bool>,
    /// Whether the member may log in. Setting it to false logs them out immediately.
    #[serde(default)]
    active: Option<bool>,
    /// What happens to API keys of the member that exceed their remaining rights: `deactivate` (default) or `keep`. An
    /// inactive member has no rights.
    #[serde(default)]
    keys: Option<String>,
}

impl Wanted for UserChange {}

/// Changes a membership. Takes effect immediately, also for issued tokens.
///
/// Neither the member nor the new role can have more rights than the caller; the workspace must keep an admin.
#[utoipa::path(
    patch,
    path = "/api/v1/users/{id}",
    operation_id = "updateUser",
    tag = "Workspaces",
    security(("workspace_token" = []), ("api_key" = [])),
    params(("id" = String, Path, description = "The user, or their membership until they accept the invitation")),
    request_body = UserChange,
    responses(
        (status = 200, description = "The user", body = UserView),
        (status = 400, description = "Missing or malformed field, or two credentials at once"),
        (status = 401, description = "No credential, or one that does not work"),
        (status = 403, description = "The caller may not manage users, or the user or role has more rights than the caller"),
        (status = 404, description = "No such user or role in this workspace"),
        (status = 409, description = "Nobody could manage the workspace any more, or the invitation has not been accepted yet"),
        (status = 415, description = "Not JSON"),
    )
)]
pub async fn change(
    State(sigma): State<AppState>,
    context: RequestContext,
    WorkspaceCaller(caller): WorkspaceCaller,
    Id(id): Id,
    Body(body): Body<UserChange>,
) -> Result<Json<UserView>, WorkspaceError> {
    let change = Change {
        role_id: body.role_id.map(RoleId::from_text),
        quick_login: body.quick_login,
        active: body.active,
        keys: KeysChoice::parse(body.keys.as_deref())?,
    };
    let (org_id, actor, id, now) = (caller.org_id.clone(), caller.actor(), UserId::from_text(id), sigma.now());
    let member = decide(&sigma, &context, move |tx| membership::change(tx, &org_id, &actor, &id, &change, now)).await?;
    Ok(Json((&member).into()))
}
