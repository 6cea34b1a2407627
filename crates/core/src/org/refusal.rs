//! Why a workspace operation is refused: each is one error of `docs/spec/workspaces.md#errors`.

use std::fmt;

/// A refusal. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The caller is no longer a member, or the key no longer works: 401.
    #[error("Invalid or expired token")]
    Unauthorized,
    /// The role or key lacks the permission: 403.
    #[error("{0}")]
    Denied(Reason),
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
    Conflict(Reason),
}

impl Refusal {
    /// Not found in this workspace.
    pub fn not_found(kind: &'static str, id: impl Into<String>) -> Self {
        Self::NotFound { kind, id: id.into() }
    }

    /// Nobody grants, edits, assigns or revokes more rights than they hold.
    pub const BEYOND_OWN: Self = Self::Denied(Reason::BeyondOwn);
    /// The workspace must keep somebody who can manage it.
    pub const LAST_ADMIN: Self = Self::Conflict(Reason::LastAdmin);
}

macro_rules! reasons {
    ($($(#[$doc:meta])* $reason:ident = $message:literal, $key:literal;)+) => {
        /// Why a rule refuses something.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Reason {
            $($(#[$doc])* $reason,)+
        }

        impl Reason {
            /// Every reason.
            pub const ALL: &[Self] = &[$(Self::$reason,)+];

            /// The message of the API, which is English.
            pub const fn message(self) -> &'static str {
                match self { $(Self::$reason => $message,)+ }
            }

            /// The text of pages, as a key of the catalogue. Those that no page of a workspace meets share one.
            pub const fn key(self) -> &'static str {
                match self { $(Self::$reason => $key,)+ }
            }
        }
    };
}

reasons! {
    /// Nobody grants, edits, assigns or revokes more rights than they hold.
    BeyondOwn = "You cannot grant, change or revoke more rights than you hold", "workspace-refused-beyond-own";
    /// The workspace must keep somebody who can manage it.
    LastAdmin = "The workspace must keep a member who can manage users, roles and API keys", "workspace-refused-last-admin";
    /// The role lacks that switch.
    NoApiKeys = "The role may not manage API keys", "workspace-refused-keys";
    /// The role lacks that switch.
    NoUsers = "The role may not manage users", "workspace-refused-users";
    /// The role lacks that switch.
    NoRoles = "The role may not manage roles", "workspace-refused-roles";
    /// The role lacks one of the three switches.
    NoWorkspace = "The role may not manage users, roles and API keys", "workspace-refused-workspace";
    /// There is nothing to send again.
    Accepted = "The invitation has already been accepted", "workspace-refused-accepted";
    /// Nobody is activated who was only invited.
    NotAccepted = "The invitation has not been accepted yet", "workspace-refused-not-accepted";
    /// More would be a nuisance.
    ManyMails = "This address has received too many invitations within the hour. Try again later", "workspace-refused-mails";
    /// There is room for no more.
    ManyKeys = "The workspace has the maximum number of API keys", "workspace-refused-many-keys";
    /// There is room for no more.
    ManyMembers = "The workspace has the maximum number of members", "workspace-refused-many-members";
    /// There is room for no more.
    ManyRoles = "The workspace has the maximum number of roles", "workspace-refused-many-roles";
    /// An address is invited once.
    MemberAlready = "This e-mail address already belongs to a member", "workspace-refused-member";
    /// Roles have different names.
    SameName = "A role with this name already exists", "workspace-refused-same-name";
    /// Roles have different ids.
    SameId = "A role with this id already exists", "workspace-refused-other";
    /// It decides who opens the console.
    FixedRole = "This role of the operator cannot be changed or removed", "workspace-refused-fixed";
    /// There is room for no more.
    LargeRoles = "The roles of the workspace would exceed 1 MiB in total", "workspace-refused-large";
    /// Members have it.
    RoleInUse = "The role is in use", "workspace-refused-in-use";
    /// Old secrets stay valid for a while, so there cannot be many.
    Rotated = "The secret has been rotated too often today", "workspace-refused-rotated";
    /// The key lacks one of the five permissions.
    KeyManagesNothing = "Only an API key with all five permissions manages a workspace", "workspace-refused-other";
    /// The key lacks the permission.
    KeyReadsNothing = "The API key has no permission \"read\"", "workspace-refused-other";
    /// Keys do not log in.
    KeyHasNoSession = "An API key has no session to log out of", "workspace-refused-other";
    /// People do not verify credentials.
    OnlyKeysVerify = "Only an API key may verify", "workspace-refused-other";
    /// A request that was asked about is not allowed.
    MayNot = "The role or key may not do that", "workspace-refused-other";
    /// Keys do not rotate the secret.
    OnlyUsersRotate = "Only users can rotate the secret", "workspace-refused-other";
    /// Another org has it.
    DomainTaken = "Another org has proven this domain", "workspace-refused-other";
    /// DNS does not say so.
    DomainUnproven = "The record was not found", "workspace-refused-other";
    /// There is room for no more.
    ManyDomains = "The org has the maximum number of domains", "workspace-refused-other";
    /// Old links would lead to another org.
    SlugTaken = "Another org has or had this slug", "workspace-refused-other";
    /// Without it nobody opens the console.
    OperatorStays = "The operator's own org cannot be removed", "workspace-refused-other";
    /// They would belong to nobody.
    OwnsApps = "Apps or resources belong to the org: remove them first", "workspace-refused-other";
    /// A directory does not decide who opens the console.
    NotProvisioned = "The operator's own org is not provisioned", "workspace-refused-other";
    /// There is room for no more.
    ManyConnections = "The org has the maximum number of connections", "workspace-refused-other";
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}
