//! Why a workspace does not do what it was asked: each is one error of `docs/spec/workspaces.md#errors`.

/// A refusal. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Whoever asks is no longer a member, or the key no longer works: 401.
    #[error("Invalid or expired token")]
    Unauthorized,
    /// The role or key may not: 403.
    #[error("{0}")]
    Denied(&'static str),
    /// This workspace has no such thing, whoever else may have it: 404.
    #[error("{kind} {id:?} was not found")]
    NotFound {
        /// What was looked for: `Role`, `User`, `API key`.
        kind: &'static str,
        /// Its id, as the caller wrote it.
        id: String,
    },
    /// It is there already, still needed, or the last of its kind: 409.
    #[error("{0}")]
    Conflict(&'static str),
}

impl Refusal {
    /// There is no such thing in this workspace.
    pub fn not_found(kind: &'static str, id: impl Into<String>) -> Self {
        Self::NotFound { kind, id: id.into() }
    }

    /// Nobody gives, edits, assigns or takes away more than they hold.
    pub const BEYOND_OWN: Self = Self::Denied("You cannot grant, change or revoke more rights than you hold");
    /// Somebody must be left who can manage the workspace.
    pub const LAST_ADMIN: Self =
        Self::Conflict("The workspace must keep a member who can manage users, roles and API keys");
}
