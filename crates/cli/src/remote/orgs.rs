//! `sigma workspace` on a server elsewhere.

use serde_json::{Map, Value, json};

use super::client::Client;
use super::people::MOST;
use super::{Members as _, items, look, one, print_list, text};
use crate::args::{Page, SetWorkspace};
use crate::confirm::confirm;
use crate::failure::Failure;
use crate::output::{Output, fields, table};

/// Lists a page of workspaces.
pub fn list(client: &Client, output: Output, page: &Page) -> Result<(), Failure> {
    let limit = page.limit.min(MOST).to_string();
    let found = client.get("orgs", &[("limit", &limit), ("after", &page.after)])?;
    print_list(output, &found, "sigma workspace list", "There are no workspaces.", |orgs| {
        let row = |org: &Value| ["id", "slug", "name", "verified", "created_at"].map(|name| text(org.at(name)));
        table(["ID", "SLUG", "NAME", "VERIFIED", "CREATED"], &orgs.iter().map(row).collect::<Vec<_>>())
    })
}

/// Shows a workspace.
pub fn show(client: &Client, output: Output, named: &str) -> Result<(), Failure> {
    let id = find(client, named)?;
    print(output, &client.get(&one("orgs", &id), &[])?)
}

/// Creates a workspace.
pub fn add(client: &Client, output: Output, name: &str, slug: Option<&str>) -> Result<(), Failure> {
    let made = client.post("orgs", &json!({ "name": name, "slug": slug }))?;
    print(output, &client.get(&one("orgs", &text(made.at("id"))), &[])?)
}

/// Removes a workspace after confirmation.
pub fn remove(client: &Client, output: Output, named: &str, yes: bool) -> Result<(), Failure> {
    let id = find(client, named)?;
    let name = text(client.get(&one("orgs", &id), &[])?.at("name"));
    confirm(yes, &format!("removing {named} ({name}) ends its sessions and keys and deletes its roles"))?;
    client.delete(&one("orgs", &id))?;
    output.answer(&json!({ "removed": named }), |_| format!("{named} was removed."))
}

/// Changes a workspace and how it looks.
pub fn set(client: &Client, output: Output, change: &SetWorkspace) -> Result<(), Failure> {
    let path = one("orgs", &find(client, &change.id)?);
    let look = look::changes(client, &path, &change.branding)?;
    let mut settings = Map::new();
    let texts = [("name", &change.name), ("slug", &change.slug)];
    settings.extend(texts.into_iter().filter_map(|(name, value)| Some((name.to_owned(), json!(value.as_ref()?)))));
    let flags = [
        ("quick_logins", change.quick_logins),
        ("require_second_factor", change.require_second_factor),
        ("verified", change.verified),
    ];
    settings.extend(flags.into_iter().filter_map(|(name, value)| Some((name.to_owned(), json!(value?)))));
    let quotas: Map<String, Value> =
        change.quotas()?.into_iter().map(|(name, most)| (name.to_owned(), json!(most))).collect();
    if !quotas.is_empty() {
        settings.insert("quotas".to_owned(), Value::Object(quotas));
    }
    if !settings.is_empty() {
        client.patch(&path, &Value::Object(settings))?;
    }
    look::send(client, &path, look)?;
    print(output, &client.get(&path, &[])?)
}

/// The id of the workspace with that id or slug.
pub fn find(client: &Client, named: &str) -> Result<String, Failure> {
    // The search finds parts of names too.
    let found = client.get("orgs", &[("q", named), ("limit", &MOST.to_string())])?;
    let is_it = |org: &&Value| [org.at("id"), org.at("slug")].iter().any(|name| name.as_str() == Some(named));
    let unknown = || Failure::NotFound(format!("there is no workspace \"{named}\""));
    items(&found).iter().find(is_it).map(|org| text(org.at("id"))).ok_or_else(unknown)
}

fn print(output: Output, org: &Value) -> Result<(), Failure> {
    output.answer(org, |org| {
        let all = |name: &str, line: &dyn Fn(&Value) -> String| {
            let entries = org.at(name).as_array().map(Vec::as_slice).unwrap_or_default();
            entries.iter().map(line).collect::<Vec<_>>().join("\n")
        };
        let own = org.at("quotas").as_object().into_iter().flatten().filter(|(_, most)| !most.is_null());
        let own: Vec<String> = own.map(|(name, most)| format!("{name} {}", text(most))).collect();
        let usage = org.at("usage");
        fields(&[
            ("id", text(org.at("id"))),
            ("slug", text(org.at("slug"))),
            ("name", text(org.at("name"))),
            ("quick logins", text(org.at("quick_logins"))),
            ("second factor", text(org.at("require_second_factor"))),
            ("verified", text(org.at("verified"))),
            ("admins", all("admins", &|admin| format!("{} {}", text(admin.at("id")), text(admin.at("name"))))),
            ("roles", all("roles", &|role| format!("{} {}", text(role.at("id")), text(role.at("name"))))),
            ("members", text(usage.at("members"))),
            ("quotas", own.join("\n")),
            ("apps", text(usage.at("apps"))),
            ("created", text(org.at("created_at"))),
        ])
    })
}
