//! `sigma api-key`: the keys of workspaces' servers.

use std::path::Path;
use std::time::Duration;

use serde::Serialize;
use sigma_core::actor::Actor;
use sigma_core::ids::{ApiKeyId, OrgId};
use sigma_core::org::{ApiKeySecret, KeyPermission, KeyPermissions, Refusal, text};
use sigma_core::time::Timestamp;
use sigma_store::org;
use sigma_store::org::api_key::{self, ApiKey, NewApiKey};

use super::{Listed, named};
use crate::args::{AddApiKey, NamedApiKey};
use crate::confirm::confirm;
use crate::failure::Failure;
use crate::opened::Opened;
use crate::output::{Output, fields, table};

/// An API key as printed, with the member names of the API. `key` is set only for a new key.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct KeyView {
    id: String,
    name: String,
    permissions: Vec<&'static str>,
    active: bool,
    made_by: Option<MakerView>,
    created_at: String,
    last_used_at: Option<String>,
    expires_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
}

/// The creator of a key; null for the operator.
#[derive(Debug, Serialize)]
struct MakerView {
    id: String,
    name: String,
}

impl KeyView {
    fn of(key: &ApiKey) -> Self {
        let time = |time: Option<Timestamp>| time.map(|time| time.to_string());
        Self {
            id: key.id.to_string(),
            name: key.name.clone(),
            permissions: key.permissions.names(),
            active: key.active,
            made_by: key
                .made_by
                .as_ref()
                .map(|maker| MakerView { id: maker.id.as_str().to_owned(), name: maker.name.clone() }),
            created_at: key.created_at.to_string(),
            last_used_at: time(key.last_used_at),
            expires_at: time(key.expires_at),
            key: None,
        }
    }

    fn text(&self) -> String {
        fields(&[
            ("key", self.key.as_ref().map(|key| format!("{key}\nshown only once")).unwrap_or_default()),
            ("id", self.id.clone()),
            ("name", self.name.clone()),
            ("permissions", self.permissions.join("\n")),
            ("deactivated", if self.active { String::new() } else { "yes".to_owned() }),
            ("created by", self.made_by.as_ref().map(|by| format!("{} ({})", by.name, by.id)).unwrap_or_default()),
            ("created", self.created_at.clone()),
            ("last used", self.last_used_at.clone().unwrap_or_default()),
            ("expires", self.expires_at.clone().unwrap_or_default()),
        ])
    }

    fn row(&self) -> [String; 5] {
        let off = if self.active { self.expires_at.clone().unwrap_or_default() } else { "deactivated".to_owned() };
        let used = self.last_used_at.clone().unwrap_or_else(|| "never".to_owned());
        [self.id.clone(), self.name.clone(), self.permissions.join(" "), used, off]
    }
}

/// What the options let a key do.
pub fn permissions(args: &AddApiKey) -> KeyPermissions {
    if args.admin {
        KeyPermissions::ALL
    } else {
        args.permissions.iter().map(|permission| KeyPermission::from(*permission)).collect()
    }
}

/// Creates a key and prints it, only this once.
pub fn add(file: Option<&Path>, output: Output, args: &AddApiKey) -> Result<(), Failure> {
    let name = text::name(&args.name).map_err(|problem| Failure::Usage(format!("the name {problem}")))?;
    let opened = Opened::open(file)?;
    let (org_id, now) = (named::org_id(&opened, &args.workspace)?, opened.now());
    let secret = ApiKeySecret::generate(opened.rng.as_ref());
    let new = NewApiKey {
        id: ApiKeyId::new(now, opened.rng.as_ref()),
        name,
        hash: secret.digest(),
        permissions: permissions(args),
        expires_at: args.days.map(|days| now.plus(Duration::from_hours(24) * days)),
    };
    let made = opened.decide(move |tx| api_key::add(tx, &org_id, &Actor::Operator, &new, now))?;
    let view = KeyView { key: Some(secret.expose().to_owned()), ..KeyView::of(&made) };
    output.answer(&view, KeyView::text)
}

/// Lists the API keys of a workspace.
pub fn list(file: Option<&Path>, output: Output, workspace: &str) -> Result<(), Failure> {
    let opened = Opened::open(file)?;
    let org_id = named::org_id(&opened, workspace)?;
    let keys = opened.read(move |tx| match org::find(tx, &org_id)? {
        Some(_) => api_key::list(tx, &org_id).map(Some),
        None => Ok(None),
    })?;
    let keys = keys.ok_or_else(|| Refusal::not_found("Workspace", workspace))?;
    let views: Vec<KeyView> = keys.iter().map(KeyView::of).collect();
    let limit = u32::try_from(views.len()).unwrap_or(u32::MAX);
    Listed::new(views, limit, |view: &KeyView| view.id.clone()).print(
        output,
        "sigma api-key list",
        "The workspace has no keys yet. `sigma api-key add --help` shows how to create one.",
        |views| {
            let rows: Vec<_> = views.iter().map(KeyView::row).collect();
            table(["ID", "NAME", "PERMISSIONS", "LAST USED", "EXPIRES"], &rows)
        },
    )
}

/// Deactivates a key after confirmation.
pub fn deactivate(file: Option<&Path>, output: Output, args: &NamedApiKey) -> Result<(), Failure> {
    let opened = Opened::open(file)?;
    confirm_end(&opened, args)?;
    let (org_id, id, now) = key_of(&opened, args)?;
    let key = opened.decide(move |tx| api_key::deactivate(tx, &org_id, &Actor::Operator, &id, now))?;
    output.answer(&KeyView::of(&key), |view| format!("{} ({}) is deactivated.", view.id, view.name))
}

/// Removes a key after confirmation.
pub fn remove(file: Option<&Path>, output: Output, args: &NamedApiKey) -> Result<(), Failure> {
    let opened = Opened::open(file)?;
    confirm_end(&opened, args)?;
    let (org_id, id, now) = key_of(&opened, args)?;
    opened.decide(move |tx| api_key::remove(tx, &org_id, &Actor::Operator, &id, now))?;
    output.answer(&serde_json::json!({ "removed": args.id }), |_| format!("{} was removed.", args.id))
}

/// Asks for confirmation if the key exists.
fn confirm_end(opened: &Opened, args: &NamedApiKey) -> Result<(), Failure> {
    let (org_id, id, _) = key_of(opened, args)?;
    let key = opened.read(move |tx| Ok(api_key::list(tx, &org_id)?.into_iter().find(|key| key.id == id)))?;
    match key {
        Some(key) => confirm(
            args.sure.yes,
            &format!("the key {} ({}) and the keys that it created stop working permanently", key.id, key.name),
        ),
        None => Ok(()),
    }
}

fn key_of(opened: &Opened, args: &NamedApiKey) -> Result<(OrgId, ApiKeyId, Timestamp), Failure> {
    Ok((named::org_id(opened, &args.workspace)?, ApiKeyId::from_text(&args.id), opened.now()))
}
