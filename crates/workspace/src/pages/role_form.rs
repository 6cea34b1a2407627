//! The submitted form of a role: fields in page order, so that its lists need no numbered names. `schema` starts a
//! schema, followed by its `default` and pairs of `attribute` and `level`; `catalog` starts a catalog.

use std::collections::BTreeMap;

use sigma_core::org::role::RoleProblem;
use sigma_core::org::{CatalogPermission, Level, Role, RoleDraft, RolePermissions, SchemaPermission, Switch, Switches};

use super::form::Form;
use super::outcome::text_problem;
use crate::pages::view::{AttributeRow, CatalogRow, SchemaRow};
use sigma_platform::i18n::Language;

/// A role as entered.
#[derive(Debug, Default)]
pub struct Entered {
    /// Display name.
    pub name: String,
    /// Its description.
    pub description: String,
    /// Its switches.
    pub switches: Switches,
    /// Rules for schemas, without empty lines.
    pub schemas: Vec<SchemaRow>,
    /// Rules for catalogs, without empty lines.
    pub catalogs: Vec<CatalogRow>,
    /// What it allows in apps: a name on each line.
    pub names: String,
}

impl Entered {
    /// Reads the form.
    pub fn read(form: &Form) -> Self {
        let mut entered = Self {
            name: form.text("name"),
            description: form.text("description"),
            names: form.text("permissions"),
            ..Self::default()
        };
        for (field, value) in form.0.pairs() {
            entered.take(field, value.trim());
        }
        for schema in &mut entered.schemas {
            schema.attributes.retain(|attribute| !attribute.name.is_empty());
        }
        entered.schemas.retain(|schema| !schema.id.is_empty() || !schema.attributes.is_empty());
        entered.catalogs.retain(|catalog| !catalog.id.is_empty());
        entered
    }

    /// An existing role, as the form shows it.
    pub fn of(role: &Role) -> Self {
        let schema = |schema: &SchemaPermission| SchemaRow {
            id: schema.schema_id.clone(),
            default: schema.default.as_str().to_owned(),
            attributes: schema
                .attributes
                .iter()
                .map(|(name, level)| AttributeRow { name: name.clone(), level: level.as_str().to_owned() })
                .collect(),
        };
        let catalog = |catalog: &CatalogPermission| CatalogRow {
            id: catalog.catalog_id.clone(),
            can_view: catalog.can_view,
            can_assign: catalog.can_assign,
        };
        Self {
            name: role.name.clone(),
            description: role.description.clone(),
            switches: role.permissions.switches,
            schemas: role.permissions.schemas.iter().map(schema).collect(),
            catalogs: role.permissions.catalogs.iter().map(catalog).collect(),
            names: role.permissions.names.iter().map(String::as_str).collect::<Vec<_>>().join("\n"),
        }
    }

    /// How many rules it has, which are lines on the page.
    pub fn lines(&self) -> usize {
        let attributes: usize = self.schemas.iter().map(|schema| schema.attributes.len()).sum();
        self.schemas.len() + attributes + self.catalogs.len()
    }

    fn take(&mut self, field: &str, value: &str) {
        match field {
            "switch" => {
                if let Some(switch) = Switch::ALL.into_iter().find(|switch| switch.as_str() == value) {
                    self.switches = self.switches.with(switch);
                }
            }
            "schema" => self.schemas.push(SchemaRow { id: value.to_owned(), ..SchemaRow::default() }),
            "catalog" => self.catalogs.push(CatalogRow { id: value.to_owned(), ..CatalogRow::default() }),
            "can_view" => self.catalogs.last_mut().into_iter().for_each(|catalog| catalog.can_view = true),
            "can_assign" => self.catalogs.last_mut().into_iter().for_each(|catalog| catalog.can_assign = true),
            _ => {
                let Some(schema) = self.schemas.last_mut() else { return };
                match field {
                    "default" => value.clone_into(&mut schema.default),
                    "attribute" => {
                        schema.attributes.push(AttributeRow { name: value.to_owned(), level: String::new() });
                    }
                    "level" => {
                        schema.attributes.last_mut().into_iter().for_each(|row| value.clone_into(&mut row.level));
                    }
                    _ => {}
                }
            }
        }
    }

    /// The role that this describes.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn draft(&self, language: Language) -> Result<RoleDraft, String> {
        let permissions = RolePermissions {
            switches: self.switches,
            schemas: self.schemas.iter().map(|row| schema(row, language)).collect::<Result<_, _>>()?,
            catalogs: self.catalogs.iter().map(catalog).collect(),
            names: self.names.split_whitespace().map(str::to_owned).collect(),
        };
        RoleDraft::new(&self.name, &self.description, permissions).map_err(|problem| words(&problem, language))
    }
}

/// What is wrong, in the terms of the page.
fn words(problem: &RoleProblem, language: Language) -> String {
    match problem {
        RoleProblem::Text { field, problem } => {
            let what = match *field {
                "schemaId" => "schema",
                "attributes" => "attribute",
                "catalogId" => "catalog",
                "description" => "description",
                _ => "name",
            };
            text_problem(language, what, *problem).to_string()
        }
        RoleProblem::Repeated(_) => language.text("workspace-role-repeated").to_string(),
        RoleProblem::NotAName => language.text("workspace-role-no-permission").to_string(),
        RoleProblem::TooManyNames => language.text("workspace-role-many-permissions").to_string(),
        RoleProblem::TooLarge => language.text("workspace-role-too-large").to_string(),
    }
}

fn schema(row: &SchemaRow, language: Language) -> Result<SchemaPermission, String> {
    if row.id.is_empty() {
        return Err(language.text("workspace-role-nameless").to_string());
    }
    let mut attributes = BTreeMap::new();
    for attribute in &row.attributes {
        if attributes.insert(attribute.name.clone(), level(&attribute.level, language)?).is_some() {
            let twice = language.text("workspace-role-twice").with("attribute", attribute.name.as_str());
            return Err(twice.with("schema", row.id.as_str()).to_string());
        }
    }
    Ok(SchemaPermission { schema_id: row.id.clone(), default: level(&row.default, language)?, attributes })
}

fn catalog(row: &CatalogRow) -> CatalogPermission {
    CatalogPermission { catalog_id: row.id.clone(), can_view: row.can_view, can_assign: row.can_assign }
}

fn level(name: &str, language: Language) -> Result<Level, String> {
    Level::parse(name).ok_or_else(|| language.text("workspace-role-no-level").to_string())
}

#[cfg(test)]
mod tests {
    use sigma_core::ids::{OrgId, RoleId};
    use sigma_core::params::Params;
    use sigma_core::time::Timestamp;

    use super::*;

    fn entered(form: &str) -> Entered {
        Entered::read(&Form(Params::parse(form)))
    }

    const WHOLE: &str = "name=+Editor+&description=Writes&permissions=parts:order%0D%0A+invoices:approve%0D%0A&switch=canExport&switch=nothing\
        &schema=invoices&default=write&attribute=margin&level=hidden&attribute=&level=read\
        &schema=&default=read&attribute=&level=read\
        &catalog=parts&can_view=true&catalog=&catalog=places&can_assign=true";

    #[test]
    fn a_role_is_read_line_by_line_and_empty_lines_are_left_out() {
        let draft = entered(WHOLE).draft(Language::English).unwrap();
        insta::assert_debug_snapshot!(draft, @r#"
        RoleDraft {
            name: "Editor",
            description: "Writes",
            permissions: RolePermissions {
                switches: Switches(
                    16,
                ),
                schemas: [
                    SchemaPermission {
                        schema_id: "invoices",
                        default: Write,
                        attributes: {
                            "margin": Hidden,
                        },
                    },
                ],
                catalogs: [
                    CatalogPermission {
                        catalog_id: "parts",
                        can_view: true,
                        can_assign: false,
                    },
                    CatalogPermission {
                        catalog_id: "places",
                        can_view: false,
                        can_assign: true,
                    },
                ],
                names: {
                    "invoices:approve",
                    "parts:order",
                },
            },
        }
        "#);
    }

    #[test]
    fn what_the_form_shows_of_a_role_is_what_it_sends_back() {
        let draft = entered(WHOLE).draft(Language::English).unwrap();
        let role = Role {
            org_id: OrgId::from_text("org_1"),
            id: RoleId::from_text("role_1"),
            name: draft.name().to_owned(),
            description: draft.description().to_owned(),
            permissions: draft.permissions().clone(),
            created_at: Timestamp::from_seconds(0),
            updated_at: Timestamp::from_seconds(0),
        };
        assert_eq!(Entered::of(&role).draft(Language::English).unwrap(), draft);
    }

    #[test]
    fn problems_with_a_role_are_explained() {
        let problems = [
            "name=",
            "name=a&schema=&default=read&attribute=x&level=read",
            "name=a&schema=s&default=all",
            "name=a&schema=s&default=read&attribute=x&level=",
            "name=a&schema=s&default=read&attribute=x&level=read&attribute=x&level=write",
            "name=a&schema=s&default=read&schema=s&default=read",
            "name=a&catalog=c&catalog=c",
            "name=a%0Ab",
            "name=a&permissions=%C3%A4",
        ]
        .map(|form| entered(form).draft(Language::English).unwrap_err());
        insta::assert_snapshot!(problems.join("\n"), @r"
        the name must not be empty
        attributes are listed for a schema whose id is empty
        a level is missing
        a level is missing
        the attribute “x” is listed twice for the schema “s”
        each schema and each catalog can be listed only once
        each schema and each catalog can be listed only once
        the name must not contain control characters
        a permission is not a name of 1 to 64 letters, digits and . _ - : /, beginning with a letter or digit
        ");
    }
}
