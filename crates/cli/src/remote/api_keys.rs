//! `sigma api-key` on a server elsewhere.

use std::time::Duration;

use serde_json::{Value, json};
use sigma_core::time::Clock as _;

use super::client::Client;
use super::people::MOST;
use super::{Members as _, items, one, orgs, print_list, text};
use crate::args::{AddApiKey, ApiKeyCommand, NamedApiKey};
use crate::commands::api_key::permissions;
use crate::confirm::confirm;
use crate::failure::Failure;
use crate::output::{Output, fields, table};
use crate::system::SystemClock;

/// Runs the command.
pub fn run(client: &Client, output: Output, command: ApiKeyCommand) -> Result<(), Failure> {
    match command {
        ApiKeyCommand::Add(key) => add(client, output, &key),
        ApiKeyCommand::List { workspace } => list(client, output, &workspace),
        ApiKeyCommand::Deactivate(named) => deactivate(client, output, &named),
        ApiKeyCommand::Remove(named) => remove(client, output, &named),
    }
}

fn add(client: &Client, output: Output, args: &AddApiKey) -> Result<(), Failure> {
    let expires_at = args.days.map(|days| SystemClock.now().plus(Duration::from_hours(24) * days).to_string());
    let new = json!({"name": args.name, "permissions": permissions(args).names(), "expires_at": expires_at});
    let made = client.post(&keys_of(client, &args.workspace)?, &new)?;
    output.answer(&made, |key| {
        let maker = key.at("made_by");
        fields(&[
            ("key", format!("{}\nshown only once", text(key.at("key")))),
            ("id", text(key.at("id"))),
            ("name", text(key.at("name"))),
            ("permissions", text(key.at("permissions"))),
            ("created by", text(maker.at("name"))),
            ("created", text(key.at("created_at"))),
            ("expires", text(key.at("expires_at"))),
        ])
    })
}

/// Lists all keys, newest first: an org has few.
fn list(client: &Client, output: Output, workspace: &str) -> Result<(), Failure> {
    let (path, limit) = (keys_of(client, workspace)?, MOST.to_string());
    let (mut all, mut after) = (Vec::new(), String::new());
    loop {
        let page = client.get(&path, &[("limit", &limit), ("after", &after)])?;
        all.extend_from_slice(items(&page));
        match page.at("next").as_str() {
            Some(next) => next.clone_into(&mut after),
            None => break,
        }
    }
    let found = json!({"items": all, "next": null});
    print_list(output, &found, "sigma api-key list", "The workspace has no keys.", |keys| {
        let row = |key: &Value| {
            let is_active = key.at("active").as_bool() == Some(true);
            let off = if is_active { text(key.at("expires_at")) } else { "deactivated".to_owned() };
            let used = key.at("last_used_at").as_str().unwrap_or("never").to_owned();
            [text(key.at("id")), text(key.at("name")), text(key.at("permissions")).replace('\n', " "), used, off]
        };
        table(["ID", "NAME", "PERMISSIONS", "LAST USED", "EXPIRES"], &keys.iter().map(row).collect::<Vec<_>>())
    })
}

fn deactivate(client: &Client, output: Output, named: &NamedApiKey) -> Result<(), Failure> {
    let path = confirmed(client, named)?;
    let key = client.post(&format!("{path}/deactivate"), &json!({}))?;
    output.answer(&key, |key| format!("{} ({}) is deactivated.", text(key.at("id")), text(key.at("name"))))
}

fn remove(client: &Client, output: Output, named: &NamedApiKey) -> Result<(), Failure> {
    client.delete(&confirmed(client, named)?)?;
    output.answer(&json!({ "removed": named.id }), |_| format!("{} was removed.", named.id))
}

/// The path of a key that is there, after confirmation.
fn confirmed(client: &Client, named: &NamedApiKey) -> Result<String, Failure> {
    let path = one(&keys_of(client, &named.workspace)?, &named.id);
    let key = client.get(&path, &[]).map_err(|failure| match failure {
        Failure::NotFound(_) => {
            Failure::NotFound(format!("there is no key \"{}\"; see `sigma api-key list`", named.id))
        }
        failure => failure,
    })?;
    let (id, name) = (text(key.at("id")), text(key.at("name")));
    confirm(named.sure.yes, &format!("the key {id} ({name}) and the keys that it created stop working permanently"))?;
    Ok(path)
}

fn keys_of(client: &Client, workspace: &str) -> Result<String, Failure> {
    Ok(format!("{}/api-keys", one("orgs", &orgs::find(client, workspace)?)))
}
