//! `sigma user reset`, `credentials`, `export` and `remove` on a server elsewhere.

use serde_json::{Value, json};

use super::client::Client;
use super::people::{find, print};
use super::{Members as _, text};
use crate::confirm::confirm;
use crate::failure::Failure;
use crate::output::{self, Output, table};

/// Mails a person a link to set a new password.
pub fn reset(client: &Client, output: Output, user: &str) -> Result<(), Failure> {
    let person = find(client, user)?;
    let id = text(person.at("id"));
    client.post(&format!("people/{id}/reset"), &json!({}))?;
    let email = text(person.at("email"));
    output.answer(&json!({ "id": id, "email": email }), |_| {
        format!("A link to set a new password is on its way to {email}.")
    })
}

/// Lists the credentials of an account; retires one of them first, after confirmation.
pub fn credentials(
    client: &Client,
    output: Output,
    user: &str,
    retire: Option<&str>,
    yes: bool,
) -> Result<(), Failure> {
    let mut person = find(client, user)?;
    if let Some(wanted) = retire {
        confirm(yes, &format!("{user} can no longer sign in with {wanted}, and is signed out"))?;
        let path = format!("people/{}/credentials/retire", text(person.at("id")));
        person = client.post(&path, &json!({ "credential": wanted })).map_err(|failure| match failure {
            Failure::NotFound(_) => Failure::NotFound(format!("{user} has no credential {wanted}")),
            failure => failure,
        })?;
    }
    output.answer(person.at("credentials"), |credentials| {
        let names = ["kind", "created_at", "last_used_at", "retired_at", "id"];
        let row = |credential: &Value| names.map(|name| text(credential.at(name)));
        let rows: Vec<_> = credentials.as_array().into_iter().flatten().map(row).collect();
        table(["KIND", "ADDED", "LAST USED", "RETIRED", "ID"], &rows)
    })
}

/// Prints what is stored about an account, as JSON.
pub fn export(client: &Client, user: &str) -> Result<(), Failure> {
    let data = client.get(&format!("people/{}/export", text(find(client, user)?.at("id"))), &[])?;
    output::print(&serde_json::to_string_pretty(&data).map_err(|error| Failure::Failed(error.to_string()))?)
}

/// Removes an account after confirmation: at once, or once the grace period is over.
pub fn remove(client: &Client, output: Output, user: &str, later: bool, yes: bool) -> Result<(), Failure> {
    let id = text(find(client, user)?.at("id"));
    let (path, deletion) = (format!("people/{id}"), format!("people/{id}/delete"));
    if later {
        confirm(yes, &format!("{user} is signed out, told by mail, and deleted unless they keep the account"))?;
        client.post(&deletion, &json!({}))?;
        return print(output, &client.get(&path, &[])?);
    }
    confirm(yes, &format!("the account {user} and everything stored about it is deleted, and cannot be restored"))?;
    client.post(&deletion, &json!({ "now": true }))?;
    output.answer(&json!({ "id": id, "removed": true }), |_| format!("{id} is removed."))
}
