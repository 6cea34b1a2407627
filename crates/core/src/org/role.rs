//! Roles: what a member may do with a workspace and with the data of its product.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use serde::{Deserialize, Serialize};

use crate::ids::{OrgId, RoleId};
use crate::org::permission::{KeyPermission, KeyPermissions};
use crate::org::text::{self, TextProblem};
use crate::time::Timestamp;

/// The most roles of a workspace.
pub const MOST_ROLES: usize = 100;
/// The most bytes of a role's permissions as JSON, approximately.
pub const MOST_BYTES: usize = 128 * 1024;
/// The most names of permissions of a role.
pub const MOST_NAMES: usize = 100;
/// The longest name of a permission, in bytes.
pub const LONGEST_NAME: usize = 64;
/// The most bytes of all roles of a workspace: a list of them is one response.
pub const MOST_BYTES_IN_ALL: i64 = 1024 * 1024;

/// A role's access to an attribute, in ascending order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Not even its existence.
    Hidden,
    /// Its value.
    #[default]
    Read,
    /// Its value, which may be changed.
    Write,
}

impl Level {
    /// Every level, in ascending order.
    pub const ALL: [Self; 3] = [Self::Hidden, Self::Read, Self::Write];

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hidden => "hidden",
            Self::Read => "read",
            Self::Write => "write",
        }
    }

    /// The level with exactly this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.as_str() == name)
    }
}

/// A general permission of a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Switch {
    /// `canManageSchemas`.
    ManageSchemas,
    /// `canManageRoles`.
    ManageRoles,
    /// `canManageDimensions`.
    ManageDimensions,
    /// `canManageOptionLists`.
    ManageOptionLists,
    /// `canExport`.
    Export,
    /// `canImport`.
    Import,
    /// `canManageUsers`.
    ManageUsers,
    /// `canManageApiKeys`.
    ManageApiKeys,
}

impl Switch {
    /// Every switch, in listing order.
    pub const ALL: [Self; 8] = [
        Self::ManageSchemas,
        Self::ManageRoles,
        Self::ManageDimensions,
        Self::ManageOptionLists,
        Self::Export,
        Self::Import,
        Self::ManageUsers,
        Self::ManageApiKeys,
    ];

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ManageSchemas => "canManageSchemas",
            Self::ManageRoles => "canManageRoles",
            Self::ManageDimensions => "canManageDimensions",
            Self::ManageOptionLists => "canManageOptionLists",
            Self::Export => "canExport",
            Self::Import => "canImport",
            Self::ManageUsers => "canManageUsers",
            Self::ManageApiKeys => "canManageApiKeys",
        }
    }

    const fn bit(self) -> u8 {
        match self {
            Self::ManageSchemas => 1,
            Self::ManageRoles => 2,
            Self::ManageDimensions => 4,
            Self::ManageOptionLists => 8,
            Self::Export => 16,
            Self::Import => 32,
            Self::ManageUsers => 64,
            Self::ManageApiKeys => 128,
        }
    }
}

/// A set of switches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Switches(u8);

impl Switches {
    /// All of them.
    pub const ALL: Self = Self(u8::MAX);

    /// Switches that manage something: roles with any of them have no quick login.
    pub const MANAGING: Self = Self(
        Switch::ManageSchemas.bit()
            | Switch::ManageRoles.bit()
            | Switch::ManageDimensions.bit()
            | Switch::ManageOptionLists.bit()
            | Switch::ManageUsers.bit()
            | Switch::ManageApiKeys.bit(),
    );

    /// Switches that together manage the workspace itself: see [`RolePermissions::manages_workspace`].
    pub const WORKSPACE: Self =
        Self(Switch::ManageUsers.bit() | Switch::ManageRoles.bit() | Switch::ManageApiKeys.bit());

    /// Whether the switch is on.
    pub const fn is_on(self, switch: Switch) -> bool {
        self.0 & switch.bit() != 0
    }

    /// This set plus that switch.
    #[must_use]
    pub const fn with(self, switch: Switch) -> Self {
        Self(self.0 | switch.bit())
    }

    /// Whether any managing switch is on.
    pub const fn manage_anything(self) -> bool {
        self.0 & Self::MANAGING.0 != 0
    }

    /// Whether all of `other` are on.
    pub const fn covers(self, other: Self) -> bool {
        other.0 & !self.0 == 0
    }

    /// The stored form.
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// The stored set; `None` if it contains unknown switches.
    pub fn from_bits(bits: i64) -> Option<Self> {
        u8::try_from(bits).ok().map(Self)
    }
}

impl FromIterator<Switch> for Switches {
    fn from_iter<I: IntoIterator<Item = Switch>>(switches: I) -> Self {
        switches.into_iter().fold(Self::default(), Self::with)
    }
}

/// A role's access to one schema of the product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct SchemaPermission {
    /// The product's id of the schema.
    pub schema_id: String,
    /// Level of attributes that are not listed: `write`, `read` or `hidden`.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "read"))]
    pub default: Level,
    /// Levels of the listed attributes.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = BTreeMap<String, String>))]
    pub attributes: BTreeMap<String, Level>,
}

/// A role's access to one catalog of the product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct CatalogPermission {
    /// The product's id of the catalog.
    pub catalog_id: String,
    /// May view the catalog.
    #[serde(default)]
    pub can_view: bool,
    /// May assign from the catalog.
    #[serde(default)]
    pub can_assign: bool,
}

/// All permissions of a role.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RolePermissions {
    /// As a whole.
    pub switches: Switches,
    /// Schema permissions, one per schema.
    pub schemas: Vec<SchemaPermission>,
    /// Catalog permissions, one per catalog.
    pub catalogs: Vec<CatalogPermission>,
    /// What it allows in apps, by names of the workspace's own, such as `invoices:approve`. Sigma hands them on and knows no meaning.
    pub names: BTreeSet<String>,
}

impl RolePermissions {
    /// Full access: every switch on, nothing hidden.
    pub fn admin() -> Self {
        Self { switches: Switches::ALL, ..Self::default() }
    }

    /// The level of a schema's attribute: its own, else the schema's default, else `write` for a role that manages
    /// schemas and `read` for others.
    pub fn level(&self, schema_id: &str, attribute: &str) -> Level {
        self.levels(schema_id)(attribute)
    }

    /// Like [`RolePermissions::level`], for many attributes of one schema.
    pub fn levels<'r>(&'r self, schema_id: &str) -> impl Fn(&str) -> Level + use<'r> {
        let schema = self.schemas.iter().find(|schema| schema.schema_id == schema_id);
        move |attribute| {
            schema.map_or_else(
                || self.unlisted(),
                |schema| schema.attributes.get(attribute).copied().unwrap_or(schema.default),
            )
        }
    }

    /// Whether the catalog can be viewed. Unlisted ones can.
    pub fn may_view(&self, catalog_id: &str) -> bool {
        self.catalog(catalog_id).is_none_or(|catalog| catalog.can_view)
    }

    /// Whether one can assign from the catalog. For unlisted ones, roles that manage dimensions can.
    pub fn may_assign(&self, catalog_id: &str) -> bool {
        self.catalog(catalog_id).map_or(self.switches.is_on(Switch::ManageDimensions), |catalog| catalog.can_assign)
    }

    /// Whether it can manage users, roles and API keys: an admin, of whom a workspace always has one.
    pub fn manages_workspace(&self) -> bool {
        self.switches.covers(Switches::WORKSPACE)
    }

    /// Whether it manages anything at all: such roles have no quick login.
    pub fn manages_anything(&self) -> bool {
        self.switches.manage_anything()
    }

    /// Whether this allows everything that `other` allows, for every existing and future schema and catalog. A role with every
    /// switch allows whatever apps call a permission.
    pub fn covers(&self, other: &Self) -> bool {
        let (own, others) = (Index::of(self), Index::of(other));
        self.switches.covers(other.switches)
            && (self.switches == Switches::ALL || self.names.is_superset(&other.names))
            && own.unlisted >= others.unlisted
            && own.schemas.keys().chain(others.schemas.keys()).all(|id| own.covers_schema(&others, id))
            && own.catalogs.keys().chain(others.catalogs.keys()).all(|id| own.covers_catalog(&others, id))
    }

    /// The rights of its members in terms of API key permissions: `read` only if nothing is hidden, `update-data` and
    /// `delete-data` only if they may write and assign everything, `update-model` with `canManageSchemas`, and
    /// `delete-model` only with every switch, since a key with all five permissions manages the workspace itself.
    pub fn key_permissions(&self) -> KeyPermissions {
        let sees_all = self.lowest() >= Level::Read && self.catalogs.iter().all(|catalog| catalog.can_view);
        let assigns_all =
            self.switches.is_on(Switch::ManageDimensions) && self.catalogs.iter().all(|catalog| catalog.can_assign);
        let writes_all = self.lowest() == Level::Write && assigns_all;
        KeyPermission::ALL
            .into_iter()
            .filter(|permission| match permission {
                KeyPermission::Read => sees_all,
                KeyPermission::UpdateData | KeyPermission::DeleteData => writes_all,
                KeyPermission::UpdateModel => self.switches.is_on(Switch::ManageSchemas),
                KeyPermission::DeleteModel => self.switches == Switches::ALL,
            })
            .collect()
    }

    /// Its lowest level anywhere.
    fn lowest(&self) -> Level {
        let listed = self.schemas.iter().flat_map(|schema| schema.attributes.values().copied().chain([schema.default]));
        listed.chain([self.unlisted()]).min().unwrap_or_default()
    }

    fn unlisted(&self) -> Level {
        if self.switches.is_on(Switch::ManageSchemas) { Level::Write } else { Level::Read }
    }

    fn catalog(&self, catalog_id: &str) -> Option<&CatalogPermission> {
        self.catalogs.iter().find(|catalog| catalog.catalog_id == catalog_id)
    }
}

/// A role's lists indexed by id, so that comparing two long roles takes linear time.
struct Index<'r> {
    unlisted: Level,
    assigns: bool,
    schemas: BTreeMap<&'r str, &'r SchemaPermission>,
    catalogs: BTreeMap<&'r str, &'r CatalogPermission>,
}

impl<'r> Index<'r> {
    fn of(role: &'r RolePermissions) -> Self {
        Self {
            unlisted: role.unlisted(),
            assigns: role.switches.is_on(Switch::ManageDimensions),
            schemas: role.schemas.iter().map(|schema| (schema.schema_id.as_str(), schema)).collect(),
            catalogs: role.catalogs.iter().map(|catalog| (catalog.catalog_id.as_str(), catalog)).collect(),
        }
    }

    fn covers_schema(&self, other: &Self, id: &str) -> bool {
        let (own, others) = (self.schemas.get(id), other.schemas.get(id));
        let default = |index: &Self, schema: Option<&&SchemaPermission>| schema.map_or(index.unlisted, |it| it.default);
        let (own_default, others_default) = (default(self, own), default(other, others));
        let level = |schema: Option<&&SchemaPermission>, default, name| {
            schema.and_then(|schema| schema.attributes.get(name)).copied().unwrap_or(default)
        };
        let mut named = own.into_iter().chain(others).flat_map(|schema| schema.attributes.keys());
        own_default >= others_default
            && named.all(|name| level(own, own_default, name) >= level(others, others_default, name))
    }

    fn covers_catalog(&self, other: &Self, id: &str) -> bool {
        let may = |index: &Self| {
            index.catalogs.get(id).map_or((true, index.assigns), |catalog| (catalog.can_view, catalog.can_assign))
        };
        let ((view, assign), (others_view, others_assign)) = (may(self), may(other));
        view >= others_view && assign >= others_assign
    }
}

/// Whether a text can name a permission: it needs no quotes anywhere, and no space separates it from others.
fn is_permission(name: &str) -> bool {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || b"._-:/".contains(&byte);
    name.len() <= LONGEST_NAME
        && name.bytes().all(known)
        && name.bytes().next().is_some_and(|first| first.is_ascii_alphanumeric())
}

/// A validated role to create or replace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleDraft {
    name: String,
    description: String,
    permissions: RolePermissions,
}

/// Why a role is invalid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RoleProblem {
    /// A text is invalid.
    #[error("{field} {problem}")]
    Text {
        /// The field name on the wire.
        field: &'static str,
        /// What is wrong.
        problem: TextProblem,
    },
    /// A schema or catalog is listed twice.
    #[error("{0} must list each id once")]
    Repeated(&'static str),
    /// A name of a permission is not one.
    #[error("permissions must be names of 1 to 64 letters, digits and . _ - : /, beginning with a letter or digit")]
    NotAName,
    /// There are more than [`MOST_NAMES`] of them.
    #[error("permissions must name at most 100")]
    TooManyNames,
    /// The permissions take more than [`MOST_BYTES`].
    #[error("the permissions must take at most 128 KiB")]
    TooLarge,
}

impl RoleDraft {
    /// Validates a role.
    ///
    /// # Errors
    /// [`RoleProblem`]
    pub fn new(name: &str, description: &str, permissions: RolePermissions) -> Result<Self, RoleProblem> {
        let text = |field| move |problem| RoleProblem::Text { field, problem };
        let name = text::name(name).map_err(text("name"))?;
        let description = text::description(description).map_err(text("description"))?;
        let mut bytes = 0_usize;
        for schema in &permissions.schemas {
            text::foreign_id(&schema.schema_id).map_err(text("schemaId"))?;
            bytes += schema.schema_id.len() + 48;
            for name in schema.attributes.keys() {
                text::foreign_id(name).map_err(text("attributes"))?;
                bytes += name.len() + 12;
            }
        }
        for catalog in &permissions.catalogs {
            text::foreign_id(&catalog.catalog_id).map_err(text("catalogId"))?;
            bytes += catalog.catalog_id.len() + 56;
        }
        if permissions.names.len() > MOST_NAMES {
            return Err(RoleProblem::TooManyNames);
        }
        if !permissions.names.iter().all(|name| is_permission(name)) {
            return Err(RoleProblem::NotAName);
        }
        if bytes > MOST_BYTES {
            return Err(RoleProblem::TooLarge);
        }
        let schemas: HashSet<&str> = permissions.schemas.iter().map(|schema| schema.schema_id.as_str()).collect();
        let catalogs: HashSet<&str> = permissions.catalogs.iter().map(|catalog| catalog.catalog_id.as_str()).collect();
        if schemas.len() != permissions.schemas.len() {
            return Err(RoleProblem::Repeated("schemaPermissions"));
        }
        if catalogs.len() != permissions.catalogs.len() {
            return Err(RoleProblem::Repeated("catalogPermissions"));
        }
        Ok(Self { name, description, permissions })
    }

    /// The name, unique in its workspace ignoring case.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The description.
    pub fn description(&self) -> &str {
        &self.description
    }

    /// Its permissions.
    pub fn permissions(&self) -> &RolePermissions {
        &self.permissions
    }
}

/// A role of a workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// Its workspace.
    pub org_id: OrgId,
    /// `roleId` on the wire.
    pub id: RoleId,
    /// Display name.
    pub name: String,
    /// The description.
    pub description: String,
    /// Its permissions.
    pub permissions: RolePermissions,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

#[cfg(test)]
mod tests;
