use proptest::prelude::*;

use super::*;

fn schema(id: &str, default: Level, attributes: &[(&str, Level)]) -> SchemaPermission {
    let attributes = attributes.iter().map(|(name, level)| ((*name).to_owned(), *level)).collect();
    SchemaPermission { schema_id: id.to_owned(), default, attributes }
}

#[test]
fn unlisted_attributes_take_the_default_and_unlisted_schemas_what_the_role_manages() {
    let role = RolePermissions {
        schemas: vec![schema("orders", Level::Hidden, &[("total", Level::Read), ("note", Level::Write)])],
        ..RolePermissions::default()
    };
    assert_eq!(role.level("orders", "total"), Level::Read);
    assert_eq!(role.level("orders", "note"), Level::Write);
    assert_eq!(role.level("orders", "secret"), Level::Hidden);
    assert_eq!(role.level("parts", "name"), Level::Read);
    let modeller = RolePermissions { switches: [Switch::ManageSchemas].into_iter().collect(), ..role };
    assert_eq!(modeller.level("parts", "name"), Level::Write);
    assert_eq!(modeller.level("orders", "secret"), Level::Hidden);
}

#[test]
fn a_role_covers_what_it_holds_and_nothing_more() {
    let reader = RolePermissions::default();
    let admin = RolePermissions::admin();
    assert!(admin.covers(&reader) && !reader.covers(&admin) && admin.covers(&admin));
    let blinkered = RolePermissions { schemas: vec![schema("hr", Level::Hidden, &[])], ..RolePermissions::admin() };
    assert!(admin.covers(&blinkered));
    assert!(!blinkered.covers(&admin), "what is hidden from somebody they cannot give");
    assert!(!blinkered.covers(&reader), "an unlisted schema is read");
    let writer = RolePermissions { schemas: vec![schema("a", Level::Write, &[])], ..RolePermissions::default() };
    assert!(!reader.covers(&writer) && writer.covers(&reader));
}

#[test]
fn a_role_holds_the_key_permissions_that_it_could_use_itself() {
    assert_eq!(RolePermissions::admin().key_permissions(), KeyPermissions::ALL);
    assert_eq!(RolePermissions::default().key_permissions().names(), ["read"]);
    let modeller = RolePermissions { switches: [Switch::ManageSchemas].into_iter().collect(), ..Default::default() };
    assert_eq!(modeller.key_permissions().names(), ["read", "update-model"]);
    let writer = RolePermissions {
        switches: [Switch::ManageSchemas, Switch::ManageDimensions].into_iter().collect(),
        ..Default::default()
    };
    assert_eq!(writer.key_permissions().names(), ["read", "update-data", "delete-data", "update-model"]);
    let blinkered = RolePermissions { schemas: vec![schema("hr", Level::Hidden, &[])], ..RolePermissions::admin() };
    assert_eq!(blinkered.key_permissions().names(), ["update-model", "delete-model"]);
}

#[test]
fn what_is_listed_twice_empty_or_too_long_is_refused() {
    let twice = RolePermissions {
        schemas: vec![schema("a", Level::Read, &[]), schema("a", Level::Write, &[])],
        ..Default::default()
    };
    assert_eq!(RoleDraft::new("x", "", twice), Err(RoleProblem::Repeated("schemaPermissions")));
    assert!(matches!(
        RoleDraft::new(" ", "", RolePermissions::default()),
        Err(RoleProblem::Text { field: "name", .. })
    ));
    let many = (0..6_000).map(|n| schema(&format!("schema-{n}"), Level::Read, &[])).collect();
    let large = RolePermissions { schemas: many, ..Default::default() };
    assert_eq!(RoleDraft::new("x", "", large), Err(RoleProblem::TooLarge));
}

/// Counts comparisons instead of time: scanning one list per line of the other would take forty million.
#[test]
fn two_long_roles_are_compared_line_by_line() {
    let long = |default| RolePermissions {
        catalogs: (0..6_000)
            .map(|n| CatalogPermission { catalog_id: n.to_string(), can_view: true, can_assign: default })
            .collect(),
        ..RolePermissions::admin()
    };
    let (strong, weak) = (long(true), long(false));
    for _ in 0..20 {
        assert!(strong.covers(&weak) && !weak.covers(&strong));
    }
}

fn permissions() -> impl Strategy<Value = RolePermissions> {
    let level = prop_oneof![Just(Level::Hidden), Just(Level::Read), Just(Level::Write)];
    let attributes = prop::collection::btree_map("[xy]", level.clone(), 0..2);
    let schemas = prop::collection::btree_map("[ab]", (level, attributes), 0..3);
    let catalogs = prop::collection::btree_map("[cd]", any::<(bool, bool)>(), 0..3);
    let names = prop::collection::btree_set("[ef]", 0..2);
    (any::<u8>(), schemas, catalogs, names).prop_map(|(bits, schemas, catalogs, names)| RolePermissions {
        names,
        switches: Switches(bits),
        schemas: schemas
            .into_iter()
            .map(|(schema_id, (default, attributes))| SchemaPermission { schema_id, default, attributes })
            .collect(),
        catalogs: catalogs
            .into_iter()
            .map(|(catalog_id, (can_view, can_assign))| CatalogPermission { catalog_id, can_view, can_assign })
            .collect(),
    })
}

proptest! {
    #[test]
    fn covering_is_having_no_less_anywhere(one in permissions(), other in permissions()) {
        let no_less = one.switches.covers(other.switches)
            && (one.switches == Switches::ALL || ["e", "f"].iter().all(|name| one.names.contains(*name) >= other.names.contains(*name)))
            && ["a", "b", "elsewhere"].iter().all(|schema| {
                ["x", "y", "else"].iter().all(|name| one.level(schema, name) >= other.level(schema, name))
            })
            && ["c", "d", "elsewhere"].iter().all(|catalog| {
                one.may_view(catalog) >= other.may_view(catalog) && one.may_assign(catalog) >= other.may_assign(catalog)
            });
        prop_assert_eq!(one.covers(&other), no_less);
    }

    #[test]
    fn covering_a_role_implies_its_key_permissions(one in permissions(), other in permissions()) {
        if one.covers(&other) {
            prop_assert!(one.key_permissions().covers(other.key_permissions()));
        }
    }

    #[test]
    fn only_every_switch_together_gives_all_five_permissions(role in permissions()) {
        if role.key_permissions() == KeyPermissions::ALL {
            prop_assert_eq!(role.switches, Switches::ALL);
        }
    }
}

#[test]
fn names_of_permissions_are_bounded_and_nobody_grants_what_they_lack() {
    let with = |names: &[&str]| RolePermissions {
        names: names.iter().map(|name| (*name).to_owned()).collect(),
        ..RolePermissions::default()
    };
    let draft = |permissions| RoleDraft::new("Clerk", "", permissions).map(drop);
    assert_eq!(draft(with(&["invoices:approve", "a/b.c_d-e", "7"])), Ok(()));
    let long = "x".repeat(65);
    for name in ["", " ", "a b", ":a", "ä", "a\"b", long.as_str()] {
        assert_eq!(draft(with(&[name])), Err(RoleProblem::NotAName), "{name}");
    }
    let many: Vec<String> = (0..=100).map(|number| format!("p{number}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(draft(with(&many)), Err(RoleProblem::TooManyNames));
    assert!(with(&["a", "b"]).covers(&with(&["a"])) && !with(&["a"]).covers(&with(&["a", "b"])));
    assert!(RolePermissions::admin().covers(&with(&["a"])));
}
