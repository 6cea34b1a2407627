//! `sigma link` on a server elsewhere.

use serde_json::{Value, json};

use super::client::Client;
use super::{Members as _, items, one, orgs, text};
use crate::args::{AddLink, LinkCommand};
use crate::commands::link::permissions;
use crate::confirm::confirm;
use crate::failure::Failure;
use crate::output::{Output, fields, table};

/// Runs the command.
pub fn run(client: &Client, output: Output, command: LinkCommand) -> Result<(), Failure> {
    match command {
        LinkCommand::Add(link) => add(client, output, &link),
        LinkCommand::List { org } => list(client, output, &org),
        LinkCommand::Remove { app, org, sure } => remove(client, output, (&app, &org), sure.yes),
    }
}

fn add(client: &Client, output: Output, args: &AddLink) -> Result<(), Failure> {
    permissions(&args.permissions)?;
    let path = one(&links_of(client, &args.org)?, &args.app);
    let link = client.put(&path, &json!({ "permissions": args.permissions })).map_err(|failure| match failure {
        Failure::NotFound(_) => Failure::NotFound(format!("there is no app {}; see `sigma app list`", args.app)),
        failure => failure,
    })?;
    output.answer(&link, |link| {
        fields(&[
            ("org", text(link.at("org_id"))),
            ("app", text(link.at("app_id"))),
            ("name", text(link.at("app_name"))),
            ("permissions", text(link.at("permissions"))),
            ("linked", text(link.at("created_at"))),
        ])
    })
}

fn list(client: &Client, output: Output, org: &str) -> Result<(), Failure> {
    let found = client.get(&links_of(client, org)?, &[])?;
    output.answer(found.at("items"), |_| {
        let links = items(&found);
        if links.is_empty() {
            return format!("{org} linked no app.");
        }
        let row = |link: &Value| {
            let permissions = text(link.at("permissions")).replace('\n', " ");
            [text(link.at("app_id")), text(link.at("app_name")), permissions]
        };
        table(["APP", "NAME", "PERMISSIONS"], &links.iter().map(row).collect::<Vec<_>>())
    })
}

fn remove(client: &Client, output: Output, (app, org): (&str, &str), yes: bool) -> Result<(), Failure> {
    let path = one(&links_of(client, org)?, app);
    let unknown = |failure| match failure {
        Failure::NotFound(_) => Failure::NotFound(format!("{org} did not link {app}; see `sigma link list`")),
        failure => failure,
    };
    client.get(&path, &[]).map_err(unknown)?;
    confirm(yes, &format!("{app} can no longer act for {org}"))?;
    client.delete(&path).map_err(unknown)?;
    output.answer(&json!({ "removed": app, "org": org }), |_| format!("{app} was unlinked from {org}."))
}

fn links_of(client: &Client, org: &str) -> Result<String, Failure> {
    Ok(format!("{}/links", one("orgs", &orgs::find(client, org)?)))
}
