//! The workspace itself.

pub mod change;
pub mod rotate;
pub mod show;

use serde::Serialize;
use sigma_store::org::Org;
use utoipa::ToSchema;

/// The workspace, as its members see it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkspaceView {
    id: String,
    name: String,
    /// Whether members who are marked for it may use quick login, if the server allows it.
    quick_logins: bool,
    /// Whether members need a second factor to sign in.
    require_second_factor: bool,
    /// ISO 8601.
    created_at: String,
}

impl From<&Org> for WorkspaceView {
    fn from(workspace: &Org) -> Self {
        Self {
            id: workspace.id.to_string(),
            name: workspace.name.clone(),
            quick_logins: workspace.quick_logins,
            require_second_factor: workspace.require_second_factor,
            created_at: workspace.created_at.iso8601(),
        }
    }
}
