//! Permissions as requests name them.

use serde::{Deserialize, Serialize};
use sigma_core::merits::{MemberPermissions, RequestedPermission};
use utoipa::ToSchema;

/// One permission.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Permission {
    /// Its name.
    pub permission_type: String,
    /// The org, of `CanViewAllStandardMeritsFromOrg`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub org_id: Option<String>,
}

/// As the core takes them.
pub fn requested(permissions: &[Permission]) -> Vec<RequestedPermission<'_>> {
    let mut requested = Vec::with_capacity(permissions.len());
    for Permission { permission_type, org_id } in permissions {
        requested.push(RequestedPermission { name: permission_type, org_id: org_id.as_deref() });
    }
    requested
}

/// What a member granted.
pub fn granted(permissions: &MemberPermissions) -> Vec<Permission> {
    let one = |(name, org): (&'static str, Option<&sigma_core::ids::OrgId>)| Permission {
        permission_type: name.to_owned(),
        org_id: org.map(|org| org.digits().to_owned()),
    };
    permissions.names().into_iter().map(one).collect()
}
