//! `sigma app` on a server elsewhere.

use serde_json::Value;

use super::client::Client;
use super::people::MOST;
use super::{Members as _, items, print_list, text};
use crate::args::ListApps;
use crate::failure::Failure;
use crate::output::{Output, fields, table};

/// Lists a page of apps, oldest first.
pub fn list(client: &Client, output: Output, list: &ListApps) -> Result<(), Failure> {
    if list.unverified {
        let words = "the management API lists all apps: run the command where the database is, or without --unverified";
        return Err(Failure::NoApi(words.to_owned()));
    }
    let limit = list.page.limit.min(MOST).to_string();
    let found = client.get("apps", &[("limit", &limit), ("after", &list.page.after)])?;
    print_list(output, &found, "sigma app list", "There are no apps.", |apps| {
        let row = |app: &Value| {
            ["id", "client_id", "name", "token_endpoint_auth_method", "disabled"].map(|name| text(app.at(name)))
        };
        table(["ID", "CLIENT ID", "NAME", "AUTHENTICATION", "DISABLED"], &apps.iter().map(row).collect::<Vec<_>>())
    })
}

/// Shows the app of that id or client id.
pub fn show(client: &Client, output: Output, name: &str) -> Result<(), Failure> {
    output.answer(&find(client, name)?, |app| {
        fields(&[
            ("id", text(app.at("id"))),
            ("client id", text(app.at("client_id"))),
            ("name", text(app.at("name"))),
            ("workspace", text(app.at("org_id"))),
            ("type", text(app.at("application_type"))),
            ("authentication", text(app.at("token_endpoint_auth_method"))),
            ("grant types", text(app.at("grant_types"))),
            ("redirect URIs", text(app.at("redirect_uris"))),
            ("after sign-out", text(app.at("post_logout_redirect_uris"))),
            ("scope", text(app.at("scope"))),
            ("resources", text(app.at("resources"))),
            ("unverified", text(app.at("unverified"))),
            ("disabled", text(app.at("disabled"))),
            ("created", text(app.at("created_at"))),
        ])
    })
}

/// Looks through the list, page by page.
fn find(client: &Client, name: &str) -> Result<Value, Failure> {
    let mut after = String::new();
    loop {
        let page = client.get("apps", &[("limit", &MOST.to_string()), ("after", &after)])?;
        if let Some(app) = items(&page)
            .iter()
            .find(|app| app.at("id").as_str() == Some(name) || app.at("client_id").as_str() == Some(name))
        {
            return Ok(app.clone());
        }
        match page.at("next").as_str() {
            Some(next) => next.clone_into(&mut after),
            None => return Err(Failure::NotFound(format!("there is no app \"{name}\""))),
        }
    }
}
