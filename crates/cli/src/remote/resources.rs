//! `sigma resource` on a server elsewhere.

use serde_json::{Value, json};
use sigma_core::resource::ResourceSettings;

use super::client::Client;
use super::people::MOST;
use super::{Members as _, one, print_list, text};
use crate::args::ResourceCommand;
use crate::commands::resource::settings;
use crate::confirm::confirm;
use crate::failure::Failure;
use crate::output::{Output, fields, table};

/// Runs the command.
pub fn run(client: &Client, output: Output, command: ResourceCommand) -> Result<(), Failure> {
    match command {
        ResourceCommand::Add { uri, fields } => {
            let settings = ResourceSettings { uri: Some(uri), ..settings(&fields)? };
            print(output, &client.post("resources", &body(&settings)?)?)
        }
        ResourceCommand::List(page) => {
            let limit = page.limit.min(MOST).to_string();
            let found = client.get("resources", &[("limit", &limit), ("after", &page.after)])?;
            print_list(output, &found, "sigma resource list", "There are no APIs.", |resources| {
                let row = |one: &Value| ["uri", "name", "org"].map(|name| text(one.at(name)));
                table(["URI", "NAME", "OWNER"], &resources.iter().map(row).collect::<Vec<_>>())
            })
        }
        ResourceCommand::Show { uri } => print(output, &client.get(&one("resources", &uri), &[])?),
        ResourceCommand::Set { uri, fields } => {
            print(output, &client.patch(&one("resources", &uri), &body(&settings(&fields)?)?)?)
        }
        ResourceCommand::Remove { uri, sure } => {
            confirm(sure.yes, &format!("no more tokens are issued for {uri}"))?;
            client.delete(&one("resources", &uri))?;
            output.answer(&json!({"removed": uri}), |_| format!("{uri} was removed."))
        }
    }
}

fn body(settings: &ResourceSettings) -> Result<Value, Failure> {
    serde_json::to_value(settings).map_err(|error| Failure::Failed(error.to_string()))
}

fn print(output: Output, resource: &Value) -> Result<(), Failure> {
    output.answer(resource, |resource| {
        let scope = |scope: &Value| format!("{}  {}", text(scope.at("name")), text(scope.at("description")));
        let scopes: Vec<String> = resource.at("scopes").as_array().into_iter().flatten().map(scope).collect();
        fields(&[
            ("URI", text(resource.at("uri"))),
            ("name", text(resource.at("name"))),
            ("owner", text(resource.at("org"))),
            ("scopes", scopes.join("\n")),
            ("open to any app", text(resource.at("open"))),
            ("served by", text(resource.at("servers"))),
            ("registered", text(resource.at("created_at"))),
        ])
    })
}
