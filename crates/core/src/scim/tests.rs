//! Filters, paths, PATCH and projections, case by case.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;
use crate::time::Timestamp;

const USER: ResourceType = ResourceType::User;

fn object(value: Value) -> Map<String, Value> {
    let Value::Object(members) = value else { panic!("{value}") };
    members
}

fn ada() -> Map<String, Value> {
    object(json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", ENTERPRISE],
        "id": "scu_1",
        "userName": "ada@example.org",
        "externalId": "A-1",
        "name": {"familyName": "Lovelace", "givenName": "Ada"},
        "active": true,
        "emails": [
            {"value": "ada@example.org", "type": "work", "primary": true},
            {"value": "ada@home.example", "type": "home"},
        ],
        "meta": {"resourceType": "User", "created": "2026-03-01T12:00:30.123Z", "lastModified": "2026-03-02T00:00:00.000Z"},
        ENTERPRISE: {"department": "Engines", "manager": {"value": "scu_2"}},
    }))
}

#[test]
fn filters_select_as_rfc_7644_says() {
    let cases = [
        (r#"userName eq "ADA@example.org""#, true),
        (r#"USERNAME Eq "ada@example.org""#, true),
        (r#"userName ne "ada@example.org""#, false),
        (r#"userName co "@example""#, true),
        (r#"userName sw "ada" and userName ew ".org""#, true),
        (r#"externalId eq "a-1""#, false),
        (r#"externalId eq "A-1""#, true),
        (r#"urn:ietf:params:scim:schemas:core:2.0:User:userName eq "ada@example.org""#, true),
        (r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department eq "engines""#, true),
        (r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager eq "scu_2""#, true),
        (r#"name.familyName gt "L" and name.familyName lt "M""#, true),
        ("title pr", false),
        ("not (title pr)", true),
        ("name pr", true),
        ("nickName eq null", true),
        ("active eq true", true),
        (r#"active eq "True""#, true),
        ("active ne true", false),
        (r#"emails eq "ada@home.example""#, true),
        (r#"emails.type eq "other""#, false),
        (r#"emails[type eq "home" and value co "home"]"#, true),
        (r#"emails[type eq "work" and value co "home"]"#, false),
        (r#"emails[not (type eq "work")]"#, true),
        (r#"emails[type eq "work"].value eq "ada@example.org""#, true),
        (r#"emails[type eq "work"].value co "home" or title pr"#, false),
        (r#"meta.created ge "2026-03-01T13:00:30.123+01:00""#, true),
        (r#"meta.created gt "2026-03-01T12:00:30.123Z""#, false),
        (r#"meta.lastModified lt "2026-03-03T00:00:00Z""#, true),
        // "and" binds more than "or".
        ("title pr and active eq true or userName pr", true),
        ("title pr and (active eq true or userName pr)", false),
        (r#"userName eq "a \"quoted) ] and\" b""#, false),
        ("userName eq 5", false),
    ];
    for (text, expected) in cases {
        let filter = Filter::parse(USER, text).unwrap_or_else(|problem| panic!("{text}: {problem}"));
        assert_eq!(filter.matches(&ada()), expected, "{text}");
    }
}

#[test]
fn malformed_filters_are_refused() {
    let bad = [
        "",
        " ",
        "userName",
        "userName eq",
        "userName eq ada",
        r#"userName is "ada""#,
        r#"userName eq "ada"#,
        r#"userName eq "ada" and"#,
        r#"userName eq "ada" title pr"#,
        r#"userName eq "a\u0000""#,
        "userName pr)",
        "(userName pr",
        "not userName pr",
        "unknown pr",
        "emails.unknown pr",
        "userName.value pr",
        "urn:ietf:params:scim:schemas:core:2.0:Group:displayName pr",
        r#"name eq "Ada""#,
        "active gt true",
        r#"active sw "t""#,
        "userName gt 5",
        "userName co true",
        r#"emails[type eq "work""#,
        r#"emails[emails[type eq "work"]]"#,
        r#"userName[value eq "x"]"#,
        "emails[] pr",
        r#"emails[type eq "work"].unknown pr"#,
        r#"emails[type eq "work"].value"#,
        "userName eq {}",
        "userName eq [1]",
    ];
    for text in bad {
        let problem = Filter::parse(USER, text).map(|_| ()).unwrap_err();
        assert_eq!(problem.kind.scim_type(), Some("invalidFilter"), "{text}: {problem}");
    }
}

#[test]
fn filters_are_bounded() {
    let terms = |count: usize| vec!["title pr"; count].join(" or ");
    assert!(Filter::parse(USER, &terms(MOST_TERMS)).is_ok());
    assert!(Filter::parse(USER, &terms(MOST_TERMS + 1)).is_err());
    assert!(Filter::parse(USER, &terms(10_000)).is_err());
    let nested = |depth: usize| format!("{}title pr{}", "(".repeat(depth), ")".repeat(depth));
    assert!(Filter::parse(USER, &nested(10)).is_ok());
    assert!(Filter::parse(USER, &nested(11)).is_err());
    assert!(Filter::parse(USER, &nested(100_000)).is_err());
    assert!(Filter::parse(USER, &format!("title eq \"{}\"", "x".repeat(9_000))).is_err());
}

#[test]
fn an_index_serves_what_a_filter_demands() {
    let demanded = |text: &str| Filter::parse(USER, text).unwrap().demands("userName", None).map(str::to_owned);
    assert_eq!(demanded(r#"userName eq "a""#).as_deref(), Some("a"));
    assert_eq!(demanded(r#"active eq true and userName eq "a""#).as_deref(), Some("a"));
    for other in
        [r#"userName ne "a""#, r#"userName eq "a" or active eq true"#, r#"not (userName eq "a")"#, "userName pr"]
    {
        assert_eq!(demanded(other), None, "{other}");
    }
}

fn document(value: &Value) -> Document {
    let mut body = object(value.clone());
    body.insert("schemas".to_owned(), json!([USER.schema()]));
    body.entry("userName").or_insert(json!("ada"));
    Document::of_body(USER, &body).unwrap()
}

fn patched(before: &Value, operations: &Value) -> Result<Value, Problem> {
    let body = object(json!({"schemas": [PATCH], "Operations": operations}));
    let patch = Patch::parse(USER, &body)?;
    patch.apply(&document(before)).map(|document| serde_json::from_str(&document.to_stored()).unwrap())
}

#[test]
fn patches_change_what_they_say() {
    let work = json!({"emails": [{"type": "work", "value": "a@x"}, {"type": "home", "value": "b@x", "primary": true}]});
    let company = json!({ENTERPRISE: {"department": "Engines"}});
    let cases = [
        (json!({}), json!([{"op": "add", "path": "title", "value": "Countess"}]), json!({"title": "Countess"})),
        (json!({"title": "x"}), json!([{"op": "Replace", "path": "title", "value": "y"}]), json!({"title": "y"})),
        (json!({"title": "x"}), json!([{"op": "Remove", "path": "title"}]), json!({})),
        (json!({"title": "x"}), json!([{"op": "replace", "path": "title", "value": null}]), json!({})),
        (json!({"title": "x"}), json!([{"op": "remove", "path": "nickName"}]), json!({"title": "x"})),
        // Without a path, members are paths; those that only the server writes are ignored.
        (
            json!({}),
            json!([{"op": "replace", "value": {"id": "x", "active": false, "name.familyName": "Lovelace"}}]),
            json!({"active": false, "name": {"familyName": "Lovelace"}}),
        ),
        (json!({}), json!([{"op": "Replace", "path": "active", "value": "False"}]), json!({"active": false})),
        // Complex attributes keep what is not named.
        (
            json!({"name": {"givenName": "Ada"}}),
            json!([{"op": "replace", "path": "name", "value": {"familyName": "King"}}]),
            json!({"name": {"familyName": "King", "givenName": "Ada"}}),
        ),
        (
            json!({"name": {"givenName": "Ada", "familyName": "King"}}),
            json!([{"op": "remove", "path": "name.familyName"}]),
            json!({"name": {"givenName": "Ada"}}),
        ),
        // Entries.
        (
            work.clone(),
            json!([{"op": "Replace", "path": "emails[type eq \"work\"].value", "value": "c@x"}]),
            json!({"emails": [{"type": "work", "value": "c@x"}, {"type": "home", "value": "b@x", "primary": true}]}),
        ),
        (
            json!({}),
            json!([{"op": "Add", "path": "emails[type eq \"work\"].value", "value": "c@x"}]),
            json!({"emails": [{"type": "work", "value": "c@x"}]}),
        ),
        (
            work.clone(),
            json!([{"op": "add", "path": "emails", "value": [{"value": "c@x", "primary": true}]}]),
            json!({"emails": [{"type": "work", "value": "a@x"}, {"type": "home", "value": "b@x", "primary": false},
                {"value": "c@x", "primary": true}]}),
        ),
        (
            work.clone(),
            json!([{"op": "add", "path": "emails", "value": {"type": "work", "value": "a@x"}}]),
            work.clone(),
        ),
        (
            work.clone(),
            json!([{"op": "remove", "path": "emails[value eq \"a@x\"]"}]),
            json!({"emails": [{"type": "home", "value": "b@x", "primary": true}]}),
        ),
        (
            work.clone(),
            json!([{"op": "Remove", "path": "emails", "value": [{"value": "a@x"}]}]),
            json!({"emails": [{"type": "home", "value": "b@x", "primary": true}]}),
        ),
        (work.clone(), json!([{"op": "remove", "path": "emails"}]), json!({})),
        (work.clone(), json!([{"op": "remove", "path": "emails[type eq \"other\"]"}]), work.clone()),
        (
            work.clone(),
            json!([{"op": "replace", "path": "emails[type eq \"work\"].primary", "value": true}]),
            json!({"emails": [{"type": "work", "value": "a@x", "primary": true}, {"type": "home", "value": "b@x", "primary": false}]}),
        ),
        // Extensions.
        (
            json!({}),
            json!([{"op": "Add", "path": format!("{ENTERPRISE}:department"), "value": "Engines"}]),
            company.clone(),
        ),
        (json!({}), json!([{"op": "add", "value": {ENTERPRISE: {"department": "Engines"}}}]), company.clone()),
        (json!({}), json!([{"op": "add", "value": {format!("{ENTERPRISE}:department"): "Engines"}}]), company.clone()),
        (company.clone(), json!([{"op": "remove", "path": format!("{ENTERPRISE}:department")}]), json!({})),
        (company, json!([{"op": "remove", "path": ENTERPRISE}]), json!({})),
        (
            json!({}),
            json!([{"op": "Add", "path": format!("{ENTERPRISE}:manager"), "value": "scu_9"}]),
            json!({ENTERPRISE: {"manager": {"value": "scu_9"}}}),
        ),
    ];
    for (before, operations, after) in cases {
        let mut after = object(after);
        after.entry("userName").or_insert(json!("ada"));
        assert_eq!(patched(&before, &operations), Ok(Value::Object(after)), "{before} {operations}");
    }
}

#[test]
fn patches_that_cannot_be_applied_say_why() {
    let cases = [
        (json!([]), "invalidSyntax"),
        (json!([{"op": "move", "path": "title"}]), "invalidSyntax"),
        (json!([{"op": "remove"}]), "noTarget"),
        (json!([{"op": "add", "path": "title"}]), "invalidValue"),
        (json!([{"op": "add", "path": "unknown", "value": 1}]), "invalidPath"),
        (json!([{"op": "add", "path": "title.value", "value": "x"}]), "invalidPath"),
        (json!([{"op": "add", "path": "emails[type eq", "value": "x"}]), "invalidFilter"),
        (json!([{"op": "add", "path": "emails[type eq \"work\"]x", "value": "x"}]), "invalidPath"),
        (json!([{"op": "add", "path": "name[givenName eq \"x\"]", "value": "x"}]), "invalidPath"),
        (json!([{"op": "replace", "path": "emails[type eq \"work\"].value", "value": "x"}]), "noTarget"),
        (json!([{"op": "add", "path": "emails[value co \"x\"].type", "value": "work"}]), "noTarget"),
        (json!([{"op": "replace", "path": "id", "value": "x"}]), "mutability"),
        (json!([{"op": "replace", "path": "meta.created", "value": "x"}]), "mutability"),
        (json!([{"op": "add", "path": "groups", "value": [{"value": "x"}]}]), "mutability"),
        (json!([{"op": "remove", "path": "userName"}]), "invalidValue"),
        (json!([{"op": "replace", "path": "active", "value": "perhaps"}]), "invalidValue"),
        (json!([{"op": "replace", "path": "title", "value": ["x"]}]), "invalidValue"),
        (json!([{"op": "replace", "path": "title", "value": "x".repeat(1_001)}]), "invalidValue"),
        (json!([{"op": "replace", "value": "x"}]), "invalidValue"),
        (
            json!([{"op": "add", "path": "emails", "value": (0..51).map(|n| json!({"value": n.to_string()})).collect::<Vec<_>>()}]),
            "invalidValue",
        ),
        (
            json!([{"op": "add", "path": "emails", "value": [{"value": "a", "primary": true}, {"value": "b", "primary": true}]}]),
            "invalidValue",
        ),
        (Value::Array(vec![json!({"op": "remove", "path": "title"}); 101]), "tooMany"),
    ];
    for (operations, expected) in cases {
        let problem = patched(&json!({}), &operations).unwrap_err();
        assert_eq!(problem.kind.scim_type(), Some(expected), "{operations}: {problem}");
    }
}

#[test]
fn bodies_are_checked_against_the_schema() {
    let refused = |body: Value| Document::of_body(USER, &object(body)).unwrap_err().kind.scim_type().unwrap();
    let schemas = json!([USER.schema()]);
    assert_eq!(refused(json!({"userName": "a"})), "invalidSyntax");
    assert_eq!(refused(json!({"userName": "a", "schemas": [ResourceType::Group.schema()]})), "invalidSyntax");
    assert_eq!(refused(json!({"schemas": schemas})), "invalidValue");
    assert_eq!(refused(json!({"schemas": schemas, "userName": " "})), "invalidValue");
    assert_eq!(refused(json!({"schemas": schemas, "userName": "a", "emails": 1})), "invalidValue");
    let large: Vec<Value> = (0..30).map(|n| json!({"value": format!("{n}{}", "x".repeat(900))})).collect();
    assert_eq!(refused(json!({"schemas": schemas, "userName": "a", "emails": large})), "invalidValue");
    let body = json!({
        "schemas": schemas, "USERNAME": "a", "id": "mine", "meta": {"version": "x"}, "unknown": 1, "groups": [{"value": "x"}],
        "name": {"familyname": "L", "unknown": 1}, "title": null, "emails": [],
    });
    let read = Document::of_body(USER, &object(body)).unwrap();
    assert_eq!(
        serde_json::from_str::<Value>(&read.to_stored()).unwrap(),
        json!({"userName": "a", "name": {"familyName": "L"}})
    );
}

#[test]
fn the_invited_address_is_the_primary_one_or_the_first_of_type_work() {
    let email = |value: Value| document(&value).email().map(|email| email.address().to_owned());
    let entry = |value: &str, kind: &str, primary: bool| json!({"value": value, "type": kind, "primary": primary});
    let both = json!({"emails": [entry("a@x.example", "home", true), entry("b@x.example", "work", false)]});
    assert_eq!(email(both).as_deref(), Some("a@x.example"));
    let neither = json!({"emails": [entry("a@x.example", "home", false), entry("b@x.example", "work", false)]});
    assert_eq!(email(neither).as_deref(), Some("b@x.example"));
    assert_eq!(email(json!({"userName": "c@x.example"})).as_deref(), Some("c@x.example"));
    assert_eq!(email(json!({"userName": "ada"})), None);
}

#[test]
fn answers_show_what_was_asked_for() {
    let shown = |attributes: &[&str], excluded: &[&str]| {
        let projection = Projection::parse(USER, attributes, excluded).unwrap();
        let mut shown = projection.apply(USER, ada());
        shown.remove("schemas").unwrap();
        assert_eq!(shown.remove("id").unwrap(), json!("scu_1"));
        Value::Object(shown)
    };
    assert_eq!(shown(&["userName"], &[]), json!({"userName": "ada@example.org"}));
    assert_eq!(shown(&["USERNAME", "unknown"], &[]), json!({"userName": "ada@example.org"}));
    assert_eq!(
        shown(&["emails.value", "emails.type", "name.givenName"], &[]),
        json!({
            "name": {"givenName": "Ada"},
            "emails": [{"value": "ada@example.org", "type": "work"}, {"value": "ada@home.example", "type": "home"}],
        })
    );
    assert_eq!(shown(&[&format!("{ENTERPRISE}:department")], &[]), json!({ENTERPRISE: {"department": "Engines"}}));
    assert_eq!(
        shown(&[], &["emails", "name.givenName", "meta", "active", "externalId", ENTERPRISE, "id", "schemas"]),
        json!({"userName": "ada@example.org", "name": {"familyName": "Lovelace"}})
    );
    assert!(Projection::parse(USER, &["userName"], &["emails"]).is_err());
    assert!(Projection::parse(USER, &["userName"; 51], &[]).is_err());
}

#[test]
fn lists_are_sorted_without_case_and_what_lacks_the_attribute_comes_last() {
    let resource = |name: Option<&str>| object(name.map_or_else(|| json!({}), |name| json!({"title": name})));
    let mut all = vec![resource(Some("b")), resource(None), resource(Some("A")), resource(Some("C"))];
    Sort::parse(USER, "title", None).unwrap().apply(&mut all, |members| members);
    let titles = |all: &[Map<String, Value>]| -> Vec<Option<String>> {
        all.iter().map(|members| members.get("title").and_then(Value::as_str).map(str::to_owned)).collect()
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(titles(&all), [some("A"), some("b"), some("C"), None]);
    Sort::parse(USER, "title", Some("descending")).unwrap().apply(&mut all, |members| members);
    assert_eq!(titles(&all), [None, some("C"), some("b"), some("A")]);
    assert!(Sort::parse(USER, "unknown", None).is_err() && Sort::parse(USER, "title", Some("up")).is_err());
}

#[test]
fn a_version_follows_the_content_alone() {
    let resource = Resource {
        of: USER,
        id: "scu_1".to_owned(),
        document: document(&json!({"title": "x"})),
        related: Some(Vec::new()),
        created_at: Timestamp::from_seconds(1),
        updated_at: Timestamp::from_seconds(1),
    };
    let later = Resource { updated_at: Timestamp::from_seconds(2), ..resource.clone() };
    assert_eq!(resource.version(), later.version());
    let other = Resource { document: document(&json!({"title": "y"})), ..resource.clone() };
    assert_ne!(resource.version(), other.version());
    let version = resource.version();
    assert!(version.is_named_by("*") && version.is_named_by(version.as_str()));
    assert!(version.is_named_by(&format!("\"x\", {}", version.as_str().trim_start_matches("W/"))));
    assert!(!version.is_named_by("\"x\"") && version.require(Some("\"x\"")).is_err() && version.require(None).is_ok());
}

#[test]
fn described_schemas_are_those_that_are_applied() {
    for of in ResourceType::ALL {
        let described = schema(of.schema(), "").unwrap();
        let names: Vec<_> = described["attributes"].as_array().unwrap().iter().map(|one| &one["name"]).collect();
        for name in names {
            assert!(of.find(name.as_str().unwrap()).is_some(), "{name}");
        }
    }
    assert!(schema(ENTERPRISE, "").is_some() && schema("urn:x", "").is_none());
}

proptest! {
    #[test]
    fn no_filter_panics(text in r#"(userName|emails|name|\[|\]|\(|\)| |eq|and|or|not|pr|"|\\|a|\.|true){0,30}"#) {
        if let Ok(filter) = Filter::parse(USER, &text) {
            filter.matches(&ada());
        }
    }

    #[test]
    fn no_path_panics(text in r#"(emails|name|\[|\]|type|eq|"work"| |\.|value|urn:|:){0,12}"#) {
        drop(PatchPath::parse(USER, &text));
    }

    #[test]
    fn no_text_panics(text in "\\PC{0,80}") {
        drop(Filter::parse(USER, &text));
        drop(PatchPath::parse(USER, &text));
    }
}
