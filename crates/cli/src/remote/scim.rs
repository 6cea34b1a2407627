//! `sigma scim` on a server elsewhere.

use serde_json::{Value, json};

use super::client::Client;
use super::{items, one, orgs, print_list, text};
use crate::args::{AddScim, ScimCommand};
use crate::confirm::confirm;
use crate::failure::Failure;
use crate::output::{Output, fields, table};
use crate::remote::Members as _;

/// Runs the command.
pub fn run(client: &Client, output: Output, command: ScimCommand) -> Result<(), Failure> {
    match command {
        ScimCommand::List { workspace } => list(client, output, &workspace),
        ScimCommand::Remove { id, workspace, sure } => remove(client, output, (&workspace, &id), sure.yes),
        ScimCommand::Add(directory) => add(client, output, &directory),
        ScimCommand::Rotate { id, workspace, end_old, sure } => {
            rotate(client, output, (&workspace, &id), end_old, sure.yes)
        }
    }
}

fn add(client: &Client, output: Output, args: &AddScim) -> Result<(), Failure> {
    let path = format!("{}/directories", one("orgs", &orgs::find(client, &args.workspace)?));
    let new = json!({"name": args.name, "role": args.role, "groups_give_roles": args.groups_give_roles});
    print(output, &client.post(&path, &new)?)
}

fn rotate(
    client: &Client,
    output: Output,
    (workspace, id): (&str, &str),
    end_old: bool,
    yes: bool,
) -> Result<(), Failure> {
    let path = one(&format!("{}/directories", one("orgs", &orgs::find(client, workspace)?)), id);
    if end_old {
        confirm(yes, &format!("the present tokens of {id} stop working immediately"))?;
    }
    let rotated = client.post(&format!("{path}/rotate"), &json!({ "end_old": end_old }));
    print(
        output,
        &rotated.map_err(|failure| match failure {
            Failure::NotFound(_) => Failure::NotFound(format!("there is no connection \"{id}\"")),
            failure => failure,
        })?,
    )
}

/// Prints a connection with its token.
fn print(output: Output, directory: &Value) -> Result<(), Failure> {
    output.answer(directory, |directory| {
        fields(&[
            ("token", format!("{}\nshown only once", text(directory.at("token")))),
            ("address", text(directory.at("url"))),
            ("id", text(directory.at("id"))),
            ("name", text(directory.at("name"))),
            ("role", text(directory.at("role_id"))),
            ("groups give roles", text(directory.at("groups_give_roles"))),
            ("created", text(directory.at("created_at"))),
            ("rotated", text(directory.at("rotated_at"))),
        ])
    })
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
