//! `sigma user impersonation` on a server elsewhere.

use serde_json::{Value, json};
use sigma_core::ids::OrgId;

use super::client::Client;
use super::people::find;
use super::{Members as _, items, one, orgs, text};
use crate::commands::user::{Permission, said};
use crate::failure::Failure;
use crate::output::Output;

/// Lets a user act as others at the apps of a workspace, or at every app without one; or takes that back.
pub fn impersonation(
    client: &Client,
    output: Output,
    user: &str,
    workspace: Option<&str>,
    permission: Permission,
) -> Result<(), Failure> {
    let id = text(find(client, user)?.at("id"));
    let org = match workspace {
        Some(name) => orgs::find(client, name)?,
        None => OrgId::operator().to_string(),
    };
    let list = format!("{}/impersonators", one("orgs", &org));
    let is_listed = |client: &Client| -> Result<bool, Failure> {
        let found = client.get(&list, &[])?;
        Ok(items(&found).iter().any(|one: &Value| one.at("id").as_str() == Some(&id)))
    };
    match permission {
        Permission::Allow => drop(client.put(&one(&list, &id), &json!({}))?),
        // What is not there need not be taken back.
        Permission::Deny if is_listed(client)? => drop(client.delete(&one(&list, &id))?),
        Permission::Deny | Permission::Show => {}
    }
    let allowed = is_listed(client)?;
    output.answer(&json!({ "user": id, "org": org, "allowed": allowed }), |_| said(&id, workspace, allowed))
}
