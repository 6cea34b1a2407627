//! `PATCH /api/v1/users/:id`: another role, quick login on or off, active or not.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use sigma_core::ids::{RoleId, UserId};
use sigma_store::workspace::membership::{self, Change};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;
use crate::workspace::body::{Body, Id, KeysChoice, Wanted};
use crate::workspace::caller::WorkspaceCaller;
use crate::workspace::decide::decide;
use crate::workspace::error::WorkspaceError;
use crate::workspace::users::UserView;

/// The routes of this endpoint.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(change))
}

/// What is to be changed; what is not sent stays. The name and the address are the person's own.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UserChange {
    /// Another role.
    #[serde(default)]
    role_id: Option<String>,
    /// Whether they may log in by a click, where that is allowed.
    #[serde(default)]
    quick_login: Option<bool>,
    /// Whether they may log in. Off, they are logged out at once.
    #[serde(default)]
    active: Option<bool>,
    /// What becomes of API keys that they made and that can do more than they may from now on: `deactivate`, the default, or
    /// `keep`. Somebody who is not active may do nothing.
    #[serde(default)]
    keys: Option<String>,
}

impl Wanted for UserChange {}

/// Changes a membership: it takes effect at once, also for tokens that are out.
///
/// Nobody touches somebody who holds more than they do, or gives a role that does; somebody who manages the workspace
/// must be left.
#[utoipa::path(
    patch,
    path = "/api/v1/users/{id}",
    operation_id = "updateUser",
    tag = "Workspaces",
    security(("workspace_token" = []), ("api_key" = [])),
    params(("id" = String, Path, description = "The user; before they accept, their membership")),
    request_body = UserChange,
    responses(
        (status = 200, description = "The user", body = UserView),
        (status = 400, description = "A field is missing or malformed, or two credentials at once"),
        (status = 401, description = "No credential, or one that does not work"),
        (status = 403, description = "The caller may not manage users, or the user or the role holds more than they do"),
        (status = 404, description = "No such user or role in this workspace"),
        (status = 409, description = "Nobody would be left to manage the workspace, or the invitation is not accepted yet"),
        (status = 413, description = "More than 64 KiB"),
        (status = 415, description = "Not JSON"),
        (status = 429, description = "Too many failures"),
        (status = 503, description = "The store does not answer"),
    )
)]
pub async fn change(
    State(sigma): State<AppState>,
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
    let member = decide(&sigma, move |tx| membership::change(tx, &org_id, &actor, &id, &change, now)).await?;
    Ok(Json((&member).into()))
}
