//! The people of a workspace.

pub mod change;
pub mod invite;
pub mod invite_again;
pub mod list;
pub mod remove;
pub mod show;

use serde::Serialize;
use sigma_store::workspace::membership::{Member, State};
use utoipa::ToSchema;

/// A person, as the workspace's admins see them.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = WorkspaceUser)]
pub struct UserView {
    /// The person's account, `user_…`; until they accept, their membership, `mem_…`, which goes on naming them afterwards.
    id: String,
    /// Until they accept, the address that was invited.
    email: Option<String>,
    /// Until they accept, the name that was written in the invitation.
    name: String,
    role_id: String,
    /// They may log in.
    active: bool,
    /// `invited`, `active` or `inactive`.
    status: &'static str,
    /// They may log in by a click, where that is allowed.
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
