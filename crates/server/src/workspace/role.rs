//! A role in JSON, as sent and returned.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sigma_core::org::role::RoleProblem;
use sigma_core::org::{self, Level, Role, RoleDraft, RolePermissions, Switch, Switches};
use utoipa::ToSchema;

use crate::workspace::body::{Wanted, objects};
use crate::workspace::error::WorkspaceError;

/// A role's access to one schema of the product.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SchemaPermission {
    /// The product's id of the schema.
    schema_id: String,
    /// Level of attributes that are not listed: `write`, `read` or `hidden`.
    #[serde(default)]
    #[schema(value_type = String, example = "read")]
    default: Level,
    /// Levels of the listed attributes.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, String>)]
    attributes: BTreeMap<String, Level>,
}

/// A role's access to one catalog of the product.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CatalogPermission {
    /// The product's id of the catalog.
    catalog_id: String,
    /// May view the catalog.
    #[serde(default)]
    can_view: bool,
    /// May assign from the catalog.
    #[serde(default)]
    can_assign: bool,
}

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
        let schemas = allowed.schema_permissions.into_iter().map(|schema| org::SchemaPermission {
            schema_id: schema.schema_id,
            default: schema.default,
            attributes: schema.attributes,
        });
        let catalogs = allowed.catalog_permissions.into_iter().map(|catalog| org::CatalogPermission {
            catalog_id: catalog.catalog_id,
            can_view: catalog.can_view,
            can_assign: catalog.can_assign,
        });
        Self { switches, schemas: schemas.collect(), catalogs: catalogs.collect() }
    }
}

impl From<&RolePermissions> for Allowed {
    fn from(permissions: &RolePermissions) -> Self {
        let on = |switch| permissions.switches.is_on(switch);
        let schemas = permissions.schemas.iter().map(|schema| SchemaPermission {
            schema_id: schema.schema_id.clone(),
            default: schema.default,
            attributes: schema.attributes.clone(),
        });
        let catalogs = permissions.catalogs.iter().map(|catalog| CatalogPermission {
            catalog_id: catalog.catalog_id.clone(),
            can_view: catalog.can_view,
            can_assign: catalog.can_assign,
        });
        Self {
            can_manage_schemas: on(Switch::ManageSchemas),
            can_manage_roles: on(Switch::ManageRoles),
            can_manage_dimensions: on(Switch::ManageDimensions),
            can_manage_option_lists: on(Switch::ManageOptionLists),
            can_export: on(Switch::Export),
            can_import: on(Switch::Import),
            can_manage_users: on(Switch::ManageUsers),
            can_manage_api_keys: on(Switch::ManageApiKeys),
            schema_permissions: schemas.collect(),
            catalog_permissions: catalogs.collect(),
        }
    }
}
