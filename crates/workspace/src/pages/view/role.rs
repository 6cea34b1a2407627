//! `/workspace/{id}/roles/new` and `/workspace/{id}/roles/{role}`: the permissions of one role. The form is complete
//! without script: it ends with empty lines, and "more lines" adds further ones without saving.

use askama::Template;
use axum::response::Response;
use http::StatusCode;

use super::{Frame, Notice};
use sigma_platform::pages::view::csp::ContentSecurityPolicy;
use sigma_platform::pages::view::{PageContext, page};

/// One role. Fields are posted in page order: `schema` starts a schema, followed by its `default` and pairs of
/// `attribute` and `level`; `catalog` starts a catalog, followed by `can_view` and `can_assign`.
#[derive(Clone, Debug)]
pub struct RoleForm {
    /// Its id; `None` for a new one.
    pub id: Option<String>,
    /// Display name.
    pub name: String,
    /// Its description.
    pub description: String,
    /// What its members may manage.
    pub switches: Vec<SwitchLine>,
    /// Rules for schemas.
    pub schemas: Vec<SchemaRow>,
    /// Rules for catalogs.
    pub catalogs: Vec<CatalogRow>,
    /// What it allows in apps: a name on each line.
    pub names: String,
    /// Whether the viewer may change it.
    pub editing: Editing,
}

/// Whether the viewer may change a role.
#[derive(Clone, Debug)]
pub enum Editing {
    /// It can.
    Open,
    /// No, and why.
    Locked(String),
}

/// One switch of a role, in plain words: keys of the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SwitchLine {
    /// Its name in the API.
    pub field: &'static str,
    /// In a word or two.
    pub short: &'static str,
    /// What it lets members do.
    pub title: &'static str,
    /// Explanation for the user.
    pub detail: &'static str,
    /// It is on.
    pub on: bool,
    /// The viewer may not grant it.
    pub locked: bool,
}

/// What a role may do with the attributes of a schema.
#[derive(Clone, Debug, Default)]
pub struct SchemaRow {
    /// Its id.
    pub id: String,
    /// The level of unlisted attributes: `write`, `read` or `hidden`.
    pub default: String,
    /// Attribute overrides.
    pub attributes: Vec<AttributeRow>,
}

/// The level of one attribute.
#[derive(Clone, Debug, Default)]
pub struct AttributeRow {
    /// Display name.
    pub name: String,
    /// `write`, `read` or `hidden`.
    pub level: String,
}

/// What a role may do with a catalog.
#[derive(Clone, Debug, Default)]
pub struct CatalogRow {
    /// Its id.
    pub id: String,
    /// May view the catalog.
    pub can_view: bool,
    /// May assign from the catalog.
    pub can_assign: bool,
}

/// The levels with their labels: keys of the catalogue.
const LEVELS: [(&str, &str); 3] =
    [("write", "workspace-level-write"), ("read", "workspace-level-read"), ("hidden", "workspace-level-hidden")];

impl SwitchLine {
    /// Every switch, off and enabled, in display order.
    pub fn all() -> Vec<Self> {
        let line = |field, short, title, detail| Self { field, short, title, detail, on: false, locked: false };
        vec![
            line(
                "canManageUsers",
                "workspace-switch-users",
                "workspace-switch-users-title",
                "workspace-switch-users-detail",
            ),
            line(
                "canManageRoles",
                "workspace-switch-roles",
                "workspace-switch-roles-title",
                "workspace-switch-roles-detail",
            ),
            line(
                "canManageApiKeys",
                "workspace-switch-keys",
                "workspace-switch-keys-title",
                "workspace-switch-keys-detail",
            ),
            line(
                "canManageSchemas",
                "workspace-switch-schemas",
                "workspace-switch-schemas-title",
                "workspace-switch-schemas-detail",
            ),
            line(
                "canManageDimensions",
                "workspace-switch-dimensions",
                "workspace-switch-dimensions-title",
                "workspace-switch-dimensions-detail",
            ),
            line(
                "canManageOptionLists",
                "workspace-switch-lists",
                "workspace-switch-lists-title",
                "workspace-switch-lists-detail",
            ),
            line(
                "canImport",
                "workspace-switch-import",
                "workspace-switch-import-title",
                "workspace-switch-import-detail",
            ),
            line(
                "canExport",
                "workspace-switch-export",
                "workspace-switch-export-title",
                "workspace-switch-export-detail",
            ),
        ]
    }
}

impl RoleForm {
    /// The same with empty lines to fill in: one at the end of each list, and `more` on top.
    #[must_use]
    pub fn with_empty_lines(mut self, more: usize) -> Self {
        for schema in &mut self.schemas {
            schema.attributes.extend(std::iter::repeat_n(AttributeRow::empty(), 1 + more));
        }
        let empty = SchemaRow {
            id: String::new(),
            default: "read".to_owned(),
            attributes: vec![AttributeRow::empty(), AttributeRow::empty()],
        };
        self.schemas.push(empty);
        self.catalogs.extend(std::iter::repeat_n(CatalogRow::default(), 1 + more));
        self
    }

    fn heading(&self, context: &PageContext<'_>) -> String {
        match self.id {
            Some(_) => self.name.clone(),
            None => context.text("workspace-role-create").to_string(),
        }
    }

    const fn is_locked(&self) -> bool {
        matches!(self.editing, Editing::Locked(_))
    }
}

impl AttributeRow {
    fn empty() -> Self {
        Self { name: String::new(), level: "read".to_owned() }
    }
}

#[derive(Template)]
#[template(path = "workspace/role.html")]
struct RolePage<'a> {
    context: &'a PageContext<'a>,
    frame: &'a Frame,
    view: &'a RoleForm,
    levels: [(&'static str, &'static str); 3],
}

impl RoleForm {
    /// The page.
    pub fn render(&self, status: StatusCode, frame: &Frame, context: &PageContext<'_>) -> Response {
        let template = RolePage { context, frame, view: self, levels: LEVELS };
        page(status, &template, ContentSecurityPolicy::Strict)
    }
}
