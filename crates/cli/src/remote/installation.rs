//! What a server elsewhere says of itself: its settings, its providers, and what is wrong with it.

use serde_json::{Value, json};

use super::client::Client;
use super::{Members as _, items, one, text};
use crate::args::ProviderCommand;
use crate::commands::provider::consequence;
use crate::confirm::confirm;
use crate::failure::Failure;
use crate::output::{Output, table};

/// Prints the settings in force, and where each comes from.
pub fn settings(client: &Client, output: Output) -> Result<(), Failure> {
    output.answer(&client.get("settings", &[])?, |settings| {
        let row = |setting: &Value| {
            let source = [text(setting.at("source")), text(setting.at("source_name"))].join(" ");
            [text(setting.at("key")), value(setting.at("value")), source.trim_end().to_owned()]
        };
        table(["SETTING", "VALUE", "FROM"], &items(settings).iter().map(row).collect::<Vec<_>>())
    })
}

/// A value of a setting, on one line.
fn value(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Prints what is wrong with the installation, as the server sees it; exit code 1 if something is.
pub fn doctor(client: &Client, output: Output) -> Result<(), Failure> {
    let found = client.get("doctor", &[])?;
    output.answer(&found, |found| {
        let checks = found.at("checks").as_array().map(Vec::as_slice).unwrap_or_default();
        let row = |check: &Value| ["check", "status", "message"].map(|name| text(check.at(name)));
        table(["CHECK", "STATUS", "MESSAGE"], &checks.iter().map(row).collect::<Vec<_>>())
    })?;
    if found.at("ok").as_bool() == Some(true) { Ok(()) } else { Err(Failure::Reported) }
}

/// `sigma provider`.
pub fn providers(client: &Client, output: Output, command: ProviderCommand) -> Result<(), Failure> {
    match command {
        ProviderCommand::List => print(output, &client.get("providers", &[])?),
        ProviderCommand::Remove { id, sure } => {
            confirm(sure.yes, &consequence(&id))?;
            client.delete(&one("providers", &id))?;
            output.answer(&json!({ "removed": id }), |_| format!("{id} was removed."))
        }
        ProviderCommand::Check { id } => {
            let found = client.post(&format!("{}/check", one("providers", &id)), &json!({}))?;
            print(output, &json!({"items": [found]}))?;
            if found.at("state").as_str() == Some("fails") { Err(Failure::Reported) } else { Ok(()) }
        }
    }
}

fn print(output: Output, providers: &Value) -> Result<(), Failure> {
    output.answer(providers, |providers| {
        let found = items(providers);
        if found.is_empty() {
            return "No provider is configured.".to_owned();
        }
        let row = |one: &Value| ["id", "label", "issuer", "state", "redirect_uri"].map(|name| text(one.at(name)));
        table(["ID", "LABEL", "ISSUER", "STATE", "CALLBACK URL"], &found.iter().map(row).collect::<Vec<_>>())
    })
}
