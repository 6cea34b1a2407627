//! The members of a workspace.

pub mod change;
pub mod invite;
pub mod invite_again;
pub mod list;
pub mod remove;
pub mod show;

use serde::Serialize;
use sigma_store::org::membership::{Member, State};
use utoipa::ToSchema;

/// A member, as seen by the workspace's admins.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = WorkspaceUser)]
pub struct UserView {
    /// The user's account, `user_…`; until they accept, their membership, `mem_…`, which remains a valid id afterwards.
    id: String,
    /// Until they accept, the invited address.
    email: Option<String>,
    /// Until they accept, the name from the invitation.
    name: String,
    role_id: String,
    /// Whether the member may log in.
    active: bool,
    /// `invited`, `active` or `inactive`.
    status: &'static str,
    /// Whether the member may use quick login, where it is allowed.
    quick_login: bool,
    /// When they were invited or added, ISO 8601.
    created_at: String,
}

impl From<&Member> for UserView {
    fn from(member: &Member) -> Self {
        Self {
            id: member.user_id.to_string(),
            email: member.email.clone(),
            name: member.name.clone(),
            role_id: member.role_id.to_string(),
            active: member.state == State::Active,
            status: member.state.as_str(),
            quick_login: member.quick_login,
            created_at: member.created_at.iso8601(),
        }
    }
}
