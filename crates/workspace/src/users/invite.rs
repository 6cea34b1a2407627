//! `POST /api/v1/users`: invites a user.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use serde::Deserialize;
use sigma_core::ids::RoleId;
use utoipa::ToSchema;

use crate::POLICY;
use crate::body::{Body, Wanted};
use crate::caller::WorkspaceCaller;
use crate::error::WorkspaceError;
use crate::invitations::{self, Invitee};
use crate::state::WorkspaceState;
use crate::users::UserView;
use sigma_platform::http::{Endpoint, RequestContext, routes};
use sigma_platform::state::AppState;

/// This endpoint.
pub fn endpoint() -> Endpoint<WorkspaceState> {
    Endpoint::new(POLICY, routes!(invite))
}

/// The invitation.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct InviteBody {
    /// E-mail address.
    email: String,
    /// Display name. Existing users keep their own name.
    name: String,
    /// The member's role.
    role_id: String,
    /// The app to which they are led once they have accepted, by its id or client id: one of the workspace's own, or one that it is
    /// linked with.
    app_id: Option<String>,
}

impl Wanted for InviteBody {
    const NEEDS: Option<&'static str> = Some("email, name and roleId are required");
}

/// Invites a user by mail. They can log in once they have accepted. The response does not reveal whether the address has an
/// account: it identifies the pending membership.
#[utoipa::path(
    post,
    path = "/api/v1/users",
    operation_id = "inviteUser",
    tag = "Workspaces",
    security(("workspace_token" = []), ("api_key" = [])),
    request_body = InviteBody,
    responses(
        (status = 201, description = "The user with status `invited`; a mail was queued", body = UserView),
        (status = 400, description = "Missing or malformed field, or two credentials at once"),
        (status = 401, description = "No credential, or one that does not work"),
        (status = 403, description = "The caller may not manage users, or the role has more rights than the caller"),
        (status = 404, description = "No such role in this workspace, or no such app"),
        (status = 409, description = "The address is already a member or invited, or has received ten invitations within the hour"),
        (status = 415, description = "Not JSON"),
        (status = 429, description = "Too many failures, or too many invitations of this workspace"),
    )
)]
pub async fn invite(
    State(sigma): State<AppState>,
    WorkspaceCaller(caller): WorkspaceCaller,
    context: RequestContext,
    Body(body): Body<InviteBody>,
) -> Result<(StatusCode, Json<UserView>), WorkspaceError> {
    let InviteBody { email, name, role_id, app_id } = body;
    let invitee = Invitee { email: &email, name: &name, role_id: RoleId::from_text(role_id), app: app_id.as_deref() };
    let member = invitations::invite(&sigma, &context, &caller.org_id, caller.actor(), invitee).await?;
    Ok((StatusCode::CREATED, Json((&member).into())))
}
