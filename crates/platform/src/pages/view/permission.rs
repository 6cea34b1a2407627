//! What API keys and apps may do in an org, in words: keys of the catalogue.

use sigma_core::merits::OrgPermission;
use sigma_core::org::KeyPermission;

/// How pages describe a permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PermissionWords {
    /// Its name in the API.
    pub name: &'static str,
    /// What its holder may do.
    pub title: &'static str,
    /// The particulars.
    pub detail: &'static str,
}

/// The words for a permission of an API key.
pub const fn key_permission_words(permission: KeyPermission) -> PermissionWords {
    let (title, detail) = match permission {
        KeyPermission::Read => ("workspace-permission-read", "workspace-permission-read-detail"),
        KeyPermission::UpdateData => ("workspace-permission-update-data", "workspace-permission-update-data-detail"),
        KeyPermission::DeleteData => ("workspace-permission-delete-data", "workspace-permission-delete-data-detail"),
        KeyPermission::UpdateModel => ("workspace-permission-update-model", "workspace-permission-update-model-detail"),
        KeyPermission::DeleteModel => ("workspace-permission-delete-model", "workspace-permission-delete-model-detail"),
    };
    PermissionWords { name: permission.as_str(), title, detail }
}

/// The words for what an app may do for an org.
pub const fn org_permission_words(permission: OrgPermission) -> PermissionWords {
    let (title, detail) = match permission {
        OrgPermission::ManageOrg => ("merits-may-manage", "merits-may-manage-detail"),
        OrgPermission::EditOrg => ("merits-may-edit", "merits-may-edit-detail"),
        OrgPermission::ManageTemplates => ("merits-may-templates", "merits-may-templates-detail"),
        OrgPermission::Send => ("merits-may-send", "merits-may-send-detail"),
        OrgPermission::Propose => ("merits-may-propose", "merits-may-propose-detail"),
    };
    PermissionWords { name: permission.as_str(), title, detail }
}
