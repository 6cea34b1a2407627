//! What is here, as a document that declares it.

use serde_json::{Map, Value, json};
use sigma_core::app::{App, AppSettings};
use sigma_core::branding::Branding;
use sigma_core::ids::OrgId;
use sigma_store::branding::{self, Branded};
use sigma_store::org::{quotas, role};
use sigma_store::resource::manage::Managed;
use sigma_store::{StoreError, Tx, app, provider, resource, signer_origin};

use super::step::{Members, is_nothing, members, telling};
use super::{org, role as declared_role};

/// The member that names a thing, which comes first.
pub const NAMES: [&str; 5] = ["id", "client_id", "uri", "org", "name"];
/// Things of one query.
const TOGETHER: u32 = 500;

/// The document of this moment, without secrets and logos. Members that are off, empty or 0 are left out, as they are by default.
///
/// # Errors
/// The store fails.
pub fn export(tx: &mut dyn Tx) -> Result<Value, StoreError> {
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

fn orgs(tx: &mut dyn Tx) -> Result<Value, StoreError> {
    let (mut entries, mut after) = (Vec::new(), String::new());
    loop {
        let page = sigma_store::org::list(tx, &after, TOGETHER)?;
        let Some(last) = page.last() else { return Ok(sorted(entries)) };
        last.id.as_str().clone_into(&mut after);
        for org in &page {
            let roles = role::list(tx, &org.id)?;
            let roles: Vec<_> =
                roles.iter().map(|role| declared_role::view(role).map(said)).collect::<Result<_, _>>()?;
            let own: Map<_, _> = quotas::list(tx, &org.id)?
                .all()
                .into_iter()
                .filter_map(|(name, most)| Some((name.to_owned(), json!(most?))))
                .collect();
            entries.push(said(members(&json!({
                "org": org::name_of(org),
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
    if *org_id == OrgId::operator() { Ok(None) } else { org::find_name(tx, org_id).map(Some) }
}

fn resources(tx: &mut dyn Tx) -> Result<Value, StoreError> {
    let (mut entries, mut after) = (Vec::new(), String::new());
    loop {
        let page = resource::list(tx, &after, TOGETHER)?;
        let Some(last) = page.last() else { return Ok(sorted(entries)) };
        after.clone_from(&last.uri);
        for resource in page {
            let owner = owner(tx, &resource.org_id)?;
            let mut entry = members(&Managed::of(tx, resource)?.settings())?;
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

/// An entry with the members that say something.
fn said(members: Members) -> Value {
    Value::Object(telling(members))
}
