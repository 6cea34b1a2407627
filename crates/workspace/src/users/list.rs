//! `GET /api/v1/users`: the members of the workspace.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use sigma_core::org::Right;
use sigma_store::org::membership;
use utoipa::ToSchema;

use crate::POLICY;
use crate::body::Page;
use crate::caller::WorkspaceCaller;
use crate::error::WorkspaceError;
use crate::state::WorkspaceState;
use crate::users::UserView;
use sigma_platform::http::{Endpoint, routes};
use sigma_platform::state::AppState;

/// This endpoint.
pub fn endpoint() -> Endpoint<WorkspaceState> {
    Endpoint::new(POLICY, routes!(list))
}

/// A page of members.
#[derive(Debug, Serialize, ToSchema)]
pub struct UserPage {
    items: Vec<UserView>,
    /// Total number of entries.
    total: u64,
    offset: u64,
    limit: u32,
}

/// Lists the workspace's members, roughly in the order of joining. All pages cost the same.
#[utoipa::path(
    get,
    path = "/api/v1/users",
    operation_id = "listUsers",
    tag = "Workspaces",
    security(("workspace_token" = []), ("api_key" = [])),
    params(
        ("offset" = Option<u64>, Query, description = "Number of entries to skip; default 0"),
        ("limit" = Option<u32>, Query, description = "Page size; default 50, at most 200"),
    ),
    responses(
        (status = 200, description = "A page", body = UserPage),
        (status = 400, description = "offset or limit is not a number, or two credentials at once"),
        (status = 401, description = "No credential, or one that does not work"),
        (status = 403, description = "The caller may not manage users"),
    )
)]
pub async fn list(
    State(sigma): State<AppState>,
    WorkspaceCaller(caller): WorkspaceCaller,
    Page { offset, limit }: Page,
) -> Result<Json<UserPage>, WorkspaceError> {
    caller.authority().require(Right::Users)?;
    let org_id = caller.org_id.clone();
    let page = sigma.store.read(move |tx| membership::list(tx, &org_id, offset, limit)).await?;
    Ok(Json(UserPage { items: page.items.iter().map(UserView::from).collect(), total: page.total, offset, limit }))
}
