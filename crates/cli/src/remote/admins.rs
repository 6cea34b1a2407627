//! `sigma admin` on a server elsewhere.

use serde_json::{Value, json};
use sigma_core::operator::OperatorRole;

use super::client::Client;
use super::{Members as _, one, people, print_list, text};
use crate::confirm::confirm;
use crate::failure::Failure;
use crate::output::{Output, table};

/// Lists the people with a role.
pub fn list(client: &Client, output: Output) -> Result<(), Failure> {
    let found = client.get("admins", &[])?;
    print_list(output, &found, "", "Nobody may use the console.", |admins| {
        let row = |admin: &Value| {
            let off = if admin.at("active").as_bool() == Some(true) { "" } else { "disabled" };
            [
                text(admin.at("id")),
                text(admin.at("name")),
                text(admin.at("email")),
                text(admin.at("role")),
                off.to_owned(),
            ]
        };
        table(["ID", "NAME", "ADDRESS", "ROLE", ""], &admins.iter().map(row).collect::<Vec<_>>())
    })
}

/// Gives a person a role, in place of the one that they have.
pub fn add(client: &Client, output: Output, user: &str, role: OperatorRole) -> Result<(), Failure> {
    let id = text(people::find(client, user)?.at("id"));
    let appointed = client.put(&one("admins", &id), &json!({ "role": role.as_str() }))?;
    output.answer(&appointed, |admin| {
        format!("{} may use the console as {}.", text(admin.at("name")), text(admin.at("role")))
    })
}

/// Takes a person's role away after confirmation.
pub fn remove(client: &Client, output: Output, user: &str, yes: bool) -> Result<(), Failure> {
    let id = text(people::find(client, user)?.at("id"));
    let path = one("admins", &id);
    let admin = client.get(&path, &[]).map_err(|failure| match failure {
        Failure::NotFound(_) => Failure::NotFound(format!("{user} may not use the console; see `sigma admin list`")),
        failure => failure,
    })?;
    confirm(yes, &format!("{user} can no longer use the console"))?;
    client.delete(&path)?;
    output.answer(&admin, |admin| format!("{} may no longer use the console.", text(admin.at("name"))))
}
