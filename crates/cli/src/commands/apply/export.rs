//! `sigma export config`: what is here, as a file that declares it.

use std::path::Path;

use serde_json::{Map, Value, json};
use sigma_core::app::{App, AppSettings};
use sigma_core::branding::Branding;
use sigma_core::ids::OrgId;
use sigma_store::branding::{self, Branded};
use sigma_store::org::{self, Org, quotas, role};
use sigma_store::resource::manage::Managed;
use sigma_store::{StoreError, Tx, app, provider, resource, signer_origin};

use super::org::view_role;
use super::step::{Members, is_nothing, members};
use crate::commands::resource::ResourceView;
use crate::failure::Failure;
use crate::opened::Opened;
use crate::output::{Output, print};

/// Things of one query.
const TOGETHER: u32 = 500;
/// The member that names a thing, which comes first.
const NAMES: [&str; 5] = ["id", "client_id", "uri", "org", "name"];
/// What a reader of YAML may take for something else than a text; `no` is Norwegian.
const WORDS: [&str; 9] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];

/// Prints the file, of one moment.
pub fn export(config: Option<&Path>, output: Output) -> Result<(), Failure> {
    let document = Opened::open(config)?.read(document)?;
    if output.json {
        let text = serde_json::to_string_pretty(&document).map_err(|error| Failure::Failed(error.to_string()))?;
        return print(&text);
    }
    let about = "# Secrets, logos and members of workspaces are not in this file.";
    print(&[about.to_owned()].into_iter().chain(yaml(&document)).collect::<Vec<_>>().join("\n"))
}

fn document(tx: &mut dyn Tx) -> Result<Value, StoreError> {
    let mut document = Members::new();
    let mut add = |name: &str, value: Value| {
        if !is_nothing(&value) {
            document.insert(name.to_owned(), value);
        }
    };
    add("branding", look(&branding::find(tx, &Branded::Server)?));
    add("orgs", orgs(tx)?);
    add("resources", resources(tx)?);
    add("apps", apps(tx)?);
    add("providers", providers(tx)?);
    Ok(Value::Object(document))
}

/// The name by which files know a workspace. That of the operator may not be there yet where they are applied, and by its id it is made.
fn name_of(org: &Org) -> String {
    if org.id == OrgId::operator() {
        return org.id.to_string();
    }
    org.slug.as_ref().map_or_else(|| org.id.to_string(), ToString::to_string)
}

fn orgs(tx: &mut dyn Tx) -> Result<Value, StoreError> {
    let (mut entries, mut after) = (Vec::new(), String::new());
    loop {
        let page = org::list(tx, &after, TOGETHER)?;
        let Some(last) = page.last() else { return Ok(sorted(entries)) };
        last.id.as_str().clone_into(&mut after);
        for org in &page {
            let roles = role::list(tx, &org.id)?;
            let roles: Vec<_> = roles.iter().map(|role| view_role(role).map(said)).collect::<Result<_, _>>()?;
            let own: Map<_, _> = quotas::list(tx, &org.id)?
                .all()
                .into_iter()
                .filter_map(|(name, most)| Some((name.to_owned(), json!(most?))))
                .collect();
            entries.push(said(members(&json!({
                "org": name_of(org),
                "name": org.name,
                "quick_logins": org.quick_logins,
                "require_second_factor": org.require_second_factor,
                "verified": org.verified,
                "quotas": own,
                "branding": look(&branding::find(tx, &Branded::Org(org.id.clone()))?),
                "roles": sorted(roles),
            }))?));
        }
    }
}

fn apps(tx: &mut dyn Tx) -> Result<Value, StoreError> {
    let (mut entries, mut after) = (Vec::new(), String::new());
    loop {
        let page = app::list_verified(tx, true, &after, TOGETHER)?;
        let Some(last) = page.last() else { return Ok(sorted(entries)) };
        last.id.as_str().clone_into(&mut after);
        for app in &page {
            entries.push(entry_of(tx, app)?);
        }
    }
}

fn entry_of(tx: &mut dyn Tx, app: &App) -> Result<Value, StoreError> {
    let settings = AppSettings::of(app, &signer_origin::of_app(tx, &app.id)?);
    let mut entry = members(&settings)?;
    // What is not verified is not declared.
    entry.remove("unverified");
    // A new app has more scopes than none.
    let (scope, rotation) = (entry.remove("scope"), entry.remove("refresh_rotation"));
    if entry.get("security_profile").and_then(Value::as_str) == Some("none") {
        entry.remove("security_profile");
    }
    entry.insert("client_id".to_owned(), app.client_id.as_str().into());
    if let Some(owner) = owner(tx, &app.org_id)? {
        entry.insert("org".to_owned(), owner.into());
    }
    entry.insert("branding".to_owned(), look(&branding::find(tx, &Branded::App(app.id.clone(), app.org_id.clone()))?));
    let mut entry = said(entry);
    if let Value::Object(entry) = &mut entry {
        let kept = [("scope", scope), ("refresh_rotation", rotation)];
        entry.extend(
            kept.into_iter()
                .filter_map(|(name, value)| Some((name.to_owned(), value.filter(|value| !value.is_null())?))),
        );
    }
    Ok(entry)
}

/// The org that owns something, as files name it; none for the operator's own.
fn owner(tx: &mut dyn Tx, org_id: &OrgId) -> Result<Option<String>, StoreError> {
    if *org_id == OrgId::operator() {
        return Ok(None);
    }
    Ok(Some(org::find(tx, org_id)?.map_or_else(|| org_id.to_string(), |org| name_of(&org))))
}

fn resources(tx: &mut dyn Tx) -> Result<Value, StoreError> {
    let (mut entries, mut after) = (Vec::new(), String::new());
    loop {
        let page = resource::list(tx, &after, TOGETHER)?;
        let Some(last) = page.last() else { return Ok(sorted(entries)) };
        after.clone_from(&last.uri);
        for resource in page {
            let owner = owner(tx, &resource.org_id)?;
            let mut entry = members(&ResourceView::of(&Managed::of(tx, resource)?))?;
            entry.remove("created_at");
            entry.remove("org");
            if let Some(owner) = owner {
                entry.insert("org".to_owned(), owner.into());
            }
            entries.push(said(entry));
        }
    }
}

fn providers(tx: &mut dyn Tx) -> Result<Value, StoreError> {
    let mut entries = Vec::new();
    for provider in provider::list(tx)? {
        let settings: Value = serde_json::from_str(&provider.settings).unwrap_or_default();
        let mut entry = members(&settings)?;
        entry.insert("id".to_owned(), provider.id.as_str().into());
        entries.push(Value::Object(entry));
    }
    Ok(sorted(entries))
}

/// A list by the names of its entries, so that two files can be compared.
fn sorted(mut entries: Vec<Value>) -> Value {
    let name = |entry: &Value| NAMES.into_iter().find_map(|name| entry.get(name)?.as_str().map(str::to_owned));
    entries.sort_by_key(name);
    entries.into()
}

/// How something looks, but for its logo, which is a file.
fn look(branding: &Branding) -> Value {
    let entry = json!({
        "name": branding.name,
        "accent": branding.accent.map(|accent| accent.to_string()),
        "terms_url": branding.terms_url,
        "privacy_url": branding.privacy_url,
        "support_url": branding.support_url,
        "welcome": branding.welcome,
    });
    if let Value::Object(entry) = entry { said(entry) } else { entry }
}

/// The members that say something: what is off, empty or 0 is so by default.
fn said(members: Members) -> Value {
    // A quota of 0 says that there may be none.
    let inside = |name: &str, value: Value| match value {
        Value::Object(members) if name != "quotas" => said(members),
        value => value,
    };
    let members = members.into_iter().map(|(name, value)| (name.clone(), inside(&name, value)));
    Value::Object(members.filter(|(_, value)| !is_nothing(value) && *value != json!(0)).collect())
}

/// The lines of a value in YAML. Texts are quoted as in JSON, which YAML reads the same whatever they contain.
fn yaml(value: &Value) -> Vec<String> {
    let below = |value: &Value, first: &str| {
        let lines = yaml(value).into_iter().enumerate();
        lines.map(|(number, line)| format!("{}{line}", if number == 0 { first } else { "  " })).collect::<Vec<_>>()
    };
    match value {
        Value::Object(entry) if !entry.is_empty() => {
            let first = NAMES.into_iter().find_map(|name| entry.get_key_value(name));
            let others = entry.iter().filter(|(name, _)| first.is_none_or(|(first, _)| first != *name));
            first
                .into_iter()
                .chain(others)
                .flat_map(|(name, value)| {
                    let name = if is_plain(name) { name.clone() } else { Value::from(name.as_str()).to_string() };
                    if is_block(value) {
                        [vec![format!("{name}:")], below(value, "  ")].concat()
                    } else {
                        vec![format!("{name}: {value}")]
                    }
                })
                .collect()
        }
        Value::Array(items) if !items.is_empty() => items.iter().flat_map(|item| below(item, "- ")).collect(),
        _ => vec![value.to_string()],
    }
}

fn is_block(value: &Value) -> bool {
    match value {
        Value::Object(entry) => !entry.is_empty(),
        Value::Array(items) => !items.is_empty(),
        _ => false,
    }
}

/// Whether a name needs no quotes.
fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_') && !WORDS.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yaml_is_read_as_what_it_was_made_of() {
        let value = json!({
            "orgs": [
                {"name": "No: \"yes\" # \u{2028}é", "org": "bakery", "quotas": {"members": 5, "on": 1}, "roles": [{"name": "~", "permissions": ["- a", ""]}]},
                {"org": "on", "lists": [["a", ["b"]], [], {}], "none": null, "flag": false},
            ],
            "welcome": {"de": "Grüße\nan alle", "no": "1e3"},
        });
        let text = yaml(&value).join("\n");
        let read: Value = serde_saphyr::from_str(&text).unwrap();
        assert_eq!(read, value, "{text}");
        assert!(text.starts_with("orgs:\n  - org: \"bakery\"\n    name: "), "{text}");
        assert_eq!(yaml(&json!({})), ["{}"]);
    }

    #[test]
    fn what_is_off_or_empty_is_left_out() {
        let Value::Object(entry) = json!({"a": 0, "b": "", "c": {"d": false}, "e": [], "f": {"g": 1}, "h": null})
        else {
            panic!()
        };
        assert_eq!(said(entry), json!({"f": {"g": 1}}));
    }
}
