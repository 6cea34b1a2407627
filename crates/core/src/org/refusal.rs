//! Why a workspace operation is refused: each is one error of `docs/spec/workspaces.md#errors`.

/// A refusal. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The caller is no longer a member, or the key no longer works: 401.
    #[error("Invalid or expired token")]
    Unauthorized,
    /// The role or key lacks the permission: 403.
    #[error("{0}")]
    Denied(&'static str),
    /// Not found in this workspace, whether or not it exists elsewhere: 404.
    #[error("{kind} {id:?} was not found")]
    NotFound {
        /// The resource type: `Role`, `User`, `API key`.
        kind: &'static str,
        /// The id, as the caller sent it.
        id: String,
    },
    /// It already exists, is still in use, or is the last of its kind: 409.
    #[error("{0}")]
    Conflict(&'static str),
}

impl Refusal {
    /// Not found in this workspace.
    pub fn not_found(kind: &'static str, id: impl Into<String>) -> Self {
        Self::NotFound { kind, id: id.into() }
    }

    /// Nobody grants, edits, assigns or revokes more rights than they hold.
    pub const BEYOND_OWN: Self = Self::Denied("You cannot grant, change or revoke more rights than you hold");
    /// The workspace must keep somebody who can manage it.
    pub const LAST_ADMIN: Self =
        Self::Conflict("The workspace must keep a member who can manage users, roles and API keys");
}
