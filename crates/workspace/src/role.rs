//! A role in JSON, as sent and returned.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use sigma_core::org::role::RoleProblem;
use sigma_core::org::{CatalogPermission, Role, RoleDraft, RolePermissions, SchemaPermission, Switch, Switches};
use utoipa::ToSchema;

use crate::body::{Wanted, objects};
use crate::error::WorkspaceError;

/// The permissions of a role. Omitted switches are off.
#[derive(Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
#[expect(clippy::struct_excessive_bools, reason = "the wire has a field for each switch")]
pub struct Allowed {
    can_manage_schemas: bool,
    can_manage_roles: bool,
    can_manage_dimensions: bool,
    can_manage_option_lists: bool,
    can_export: bool,
    can_import: bool,
    can_manage_users: bool,
    can_manage_api_keys: bool,
    /// Schemas that are not listed: `write` for a role with `canManageSchemas`, else `read`.
    #[serde(deserialize_with = "objects")]
    schema_permissions: Vec<SchemaPermission>,
    /// Catalogs that are not listed can be viewed, and with `canManageDimensions` also assigned from.
    #[serde(deserialize_with = "objects")]
    catalog_permissions: Vec<CatalogPermission>,
    /// What the role allows in apps, by names of your own: at most 100, each of 1 to 64 letters, digits and `. _ - : /`. Left out
    /// where there are none.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    permissions: BTreeSet<String>,
}

/// A role to create or replace.
#[derive(Debug, Deserialize, ToSchema)]
pub struct RoleBody {
    /// Optional id of a new role: 1 to 64 letters, digits, `_` and `-`; generated if omitted. For an existing role, the id in
    /// the path.
    #[serde(default)]
    pub id: Option<String>,
    /// Unique in the workspace, ignoring case.
    name: String,
    /// Description of its purpose.
    #[serde(default)]
    description: Option<String>,
    #[serde(flatten)]
    allowed: Allowed,
}

impl Wanted for RoleBody {}

impl RoleBody {
    /// The role, checked.
    ///
    /// # Errors
    /// 400.
    pub fn draft(self) -> Result<RoleDraft, WorkspaceError> {
        let description = self.description.unwrap_or_default();
        let draft = RoleDraft::new(&self.name, &description, self.allowed.into());
        draft.map_err(|problem: RoleProblem| WorkspaceError::invalid(problem.to_string()))
    }
}

/// A role in responses.
#[derive(Debug, Serialize, ToSchema)]
pub struct RoleView {
    id: String,
    name: String,
    description: String,
    #[serde(flatten)]
    allowed: Allowed,
}

impl From<&Role> for RoleView {
    fn from(role: &Role) -> Self {
        Self {
            id: role.id.to_string(),
            name: role.name.clone(),
            description: role.description.clone(),
            allowed: (&role.permissions).into(),
        }
    }
}

impl From<Allowed> for RolePermissions {
    fn from(allowed: Allowed) -> Self {
        let switches: Switches = [
            (Switch::ManageSchemas, allowed.can_manage_schemas),
            (Switch::ManageRoles, allowed.can_manage_roles),
            (Switch::ManageDimensions, allowed.can_manage_dimensions),
            (Switch::ManageOptionLists, allowed.can_manage_option_lists),
            (Switch::Export, allowed.can_export),
            (Switch::Import, allowed.can_import),
            (Switch::ManageUsers, allowed.can_manage_users),
            (Switch::ManageApiKeys, allowed.can_manage_api_keys),
        ]
        .into_iter()
        .filter_map(|(switch, on)| on.then_some(switch))
        .collect();
        Self {
            switches,
            schemas: allowed.schema_permissions,
            catalogs: allowed.catalog_permissions,
            names: allowed.permissions,
        }
    }
}

impl From<&RolePermissions> for Allowed {
    fn from(permissions: &RolePermissions) -> Self {
        let on = |switch| permissions.switches.is_on(switch);
        Self {
            can_manage_schemas: on(Switch::ManageSchemas),
            can_manage_roles: on(Switch::ManageRoles),
            can_manage_dimensions: on(Switch::ManageDimensions),
            can_manage_option_lists: on(Switch::ManageOptionLists),
            can_export: on(Switch::Export),
            can_import: on(Switch::Import),
            can_manage_users: on(Switch::ManageUsers),
            can_manage_api_keys: on(Switch::ManageApiKeys),
            schema_permissions: permissions.schemas.clone(),
            catalog_permissions: permissions.catalogs.clone(),
            permissions: permissions.names.clone(),
        }
    }
}
