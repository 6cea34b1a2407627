//! Workspaces (`docs/spec/workspaces.md`): an org as its own software sees it. Roles, sessions and API keys, and their
//! permissions.

pub mod api_key;
pub mod api_key_draft;
pub mod authority;
pub mod permission;
pub mod quota;
pub mod refusal;
pub mod role;
pub mod session_token;
pub mod text;

pub use api_key::ApiKeySecret;
pub use api_key_draft::{ApiKeyDraft, ApiKeyProblem};
pub use authority::{Authority, Right};
pub use permission::{KeyPermission, KeyPermissions};
pub use quota::{OrgQuota, OrgQuotas, QuotaChange, QuotaProblem};
pub use refusal::{Reason, Refusal};
pub use role::{CatalogPermission, Level, Role, RoleDraft, RolePermissions, SchemaPermission, Switch, Switches};
pub use session_token::{
    MemberTokenClaims, QUICK_SESSION_SECONDS, SESSION_SECONDS, SessionKey, SessionTokenError, TOKEN_SECONDS,
    UnverifiedSession,
};
