//! `sigma scim` on a server elsewhere: what the operator sees and ends. Tokens are shown where the database is, and to the org itself.

use serde_json::{Value, json};

use super::client::Client;
use super::{items, no_api, one, orgs, print_list, text};
use crate::args::ScimCommand;
use crate::confirm::confirm;
use crate::failure::Failure;
use crate::output::{Output, table};
use crate::remote::Members as _;

/// Runs the command.
pub fn run(client: &Client, output: Output, command: ScimCommand) -> Result<(), Failure> {
    match command {
        ScimCommand::List { workspace } => list(client, output, &workspace),
        ScimCommand::Remove { id, workspace, sure } => remove(client, output, (&workspace, &id), sure.yes),
        ScimCommand::Add(_) | ScimCommand::Rotate { .. } => Err(no_api()),
    }
}

fn list(client: &Client, output: Output, workspace: &str) -> Result<(), Failure> {
    let path = format!("{}/directories", one("orgs", &orgs::find(client, workspace)?));
    let found = client.get(&path, &[])?;
    print_list(output, &found, "sigma scim list", "No directory provisions the workspace.", |directories| {
        let row =
            |one: &Value| ["id", "name", "created_at", "last_used_at", "maker_left"].map(|name| text(one.at(name)));
        table(["ID", "NAME", "CREATED", "LAST USED", "MAKER LEFT"], &directories.iter().map(row).collect::<Vec<_>>())
    })
}

fn remove(client: &Client, output: Output, (workspace, id): (&str, &str), yes: bool) -> Result<(), Failure> {
    let directories = format!("{}/directories", one("orgs", &orgs::find(client, workspace)?));
    let found = client.get(&directories, &[])?;
    if !items(&found).iter().any(|one| one.at("id").as_str() == Some(id)) {
        return Err(Failure::NotFound(format!("there is no connection \"{id}\"")));
    }
    confirm(yes, &format!("removing {id} ends its tokens"))?;
    client.delete(&one(&directories, id))?;
    output.answer(&json!({ "removed": id }), |_| format!("{id} was removed."))
}
