//! What is known about a valid credential, as `verify` answers it.

use bytes::Bytes;
use serde::Serialize;
use sigma_core::ids::OrgId;
use sigma_core::org::KeyPermissions;
use utoipa::ToSchema;

use crate::caller::{Credential, Who};

/// The result.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Verified {
    /// Whether the credential is valid and has the permission.
    valid: bool,
    /// The reason otherwise: `UNAUTHORIZED`, or `PERMISSION_DENIED` for a valid credential that lacks the permission.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    /// `user` for a token, `key` for a key.
    kind: &'static str,
    /// The token's user.
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<String>,
    /// The calling workspace.
    workspace_id: String,
    /// The user's current role.
    #[serde(skip_serializing_if = "Option::is_none")]
    role_id: Option<String>,
    /// Its permissions, in terms of API keys.
    permissions: Vec<&'static str>,
}

impl Verified {
    /// Facts about a valid credential.
    pub fn valid(org_id: &OrgId, who: &Who, permissions: KeyPermissions) -> Self {
        let (kind, user_id, role_id) = match who {
            Who::Person { user_id, role_id, .. } => ("user", Some(user_id.to_string()), Some(role_id.to_string())),
            Who::Key { .. } => ("key", None, None),
        };
        let permissions = permissions.names();
        Self { valid: true, code: None, kind, user_id, workspace_id: org_id.to_string(), role_id, permissions }
    }

    /// The answer for a credential of another workspace, or one that does not work.
    pub fn refused(org_id: &OrgId, credential: Credential<'_>) -> Self {
        let kind = match credential {
            Credential::Token(_) => "user",
            Credential::Key(_) => "key",
        };
        let code = Some("UNAUTHORIZED");
        let workspace_id = org_id.to_string();
        Self { valid: false, code, kind, user_id: None, workspace_id, role_id: None, permissions: Vec::new() }
    }

    /// The same credential, which lacks the permission that was asked for.
    pub fn denied(self) -> Self {
        Self { valid: false, code: Some("PERMISSION_DENIED"), ..self }
    }

    /// The answer's body.
    pub fn to_json(&self) -> Bytes {
        serde_json::to_vec(self).unwrap_or_default().into()
    }
}
