//! `sigma user` on a server elsewhere.

use serde_json::{Value, json};
use sigma_core::email;
use sigma_core::ids::UserId;

use super::client::Client;
use super::{Members as _, print_list, text};
use crate::args::{AddUser, Page, SetUser};
use crate::confirm::confirm;
use crate::failure::Failure;
use crate::output::{Output, fields, table};

/// The most entries of a page there.
pub const MOST: u32 = 200;

/// Lists a page of accounts, newest first.
pub fn list(client: &Client, output: Output, page: &Page) -> Result<(), Failure> {
    let limit = page.limit.min(MOST).to_string();
    let found = client.get("people", &[("limit", &limit), ("after", &page.after)])?;
    print_list(output, &found, "sigma user list", "There are no accounts.", |people| {
        let row = |person: &Value| ["id", "name", "email", "disabled", "created_at"].map(|name| text(person.at(name)));
        let rows: Vec<_> = people.iter().map(row).collect();
        table(["ID", "NAME", "E-MAIL", "DISABLED", "CREATED"], &rows)
    })
}

/// Creates an account, and prints the link to set its password unless that is mailed or not wanted.
pub fn add(client: &Client, output: Output, user: &AddUser) -> Result<(), Failure> {
    let link = match (user.remote.mail, user.remote.no_password) {
        (true, _) => "mail",
        (_, true) => "none",
        _ => "show",
    };
    let mut new =
        serde_json::Map::from_iter([("email".to_owned(), json!(user.email)), ("link".to_owned(), json!(link))]);
    for (name, value) in [("name", &user.name), ("org", &user.workspace), ("role", &user.role)] {
        new.extend(value.as_ref().map(|value| (name.to_owned(), json!(value))));
    }
    let added = client.post("people", &Value::Object(new))?;
    output.answer(&added, |added| {
        let about = fields(&[
            ("id", text(added.at("id"))),
            ("name", text(added.at("name"))),
            ("address", text(added.at("email"))),
            ("workspace", text(added.at("org"))),
            ("role", text(added.at("role"))),
        ]);
        match (added.at("link").as_str(), link) {
            (Some(url), _) => format!(
                "{about}\n\nAnyone with this link can set the password, once, until {}. Give it only to the user:\n{url}",
                text(added.at("link_expires_at"))
            ),
            (None, "mail") => format!("{about}\n\nA link to set the password is on its way to {}.", text(added.at("email"))),
            (None, _) => about,
        }
    })
}

/// Shows an account.
pub fn show(client: &Client, output: Output, user: &str) -> Result<(), Failure> {
    let person = find(client, user)?;
    print(output, &person)
}

/// Prints an account.
pub fn print(output: Output, person: &Value) -> Result<(), Failure> {
    output.answer(person, |person| {
        let lines = |name: &str, line: &dyn Fn(&Value) -> String| {
            let entries = person.at(name).as_array().map(Vec::as_slice).unwrap_or_default();
            entries.iter().map(line).collect::<Vec<_>>().join("\n")
        };
        let email = |email: &Value| {
            let verified = if email.at("verified").as_bool() == Some(true) { "" } else { " (not verified)" };
            let primary = if email.at("primary").as_bool() == Some(true) { ", primary" } else { "" };
            format!("{}{verified}{primary}", text(email.at("address")))
        };
        let credential = |credential: &Value| {
            format!("{} (added {})", text(credential.at("kind")), text(credential.at("created_at")))
        };
        let session = |session: &Value| {
            format!(
                "{} {} since {}",
                text(session.at("id")),
                text(session.at("address")),
                text(session.at("created_at"))
            )
        };
        let app = |app: &Value| format!("{} ({})", text(app.at("app_id")), text(app.at("scope")));
        fields(&[
            ("id", text(person.at("id"))),
            ("name", text(person.at("name"))),
            ("role", text(person.at("role"))),
            ("public key", text(person.at("pubkey"))),
            ("addresses", lines("emails", &email)),
            ("credentials", lines("credentials", &credential)),
            ("sessions", lines("sessions", &session)),
            ("apps", lines("apps", &app)),
            ("workspaces", text(person.at("workspaces"))),
            ("disabled", text(person.at("disabled"))),
            ("created", text(person.at("created_at"))),
            ("deleted on", text(person.at("deletes_at"))),
        ])
    })
}

/// Disables an account after confirmation.
pub fn disable(client: &Client, output: Output, user: &str, keep_keys: bool, yes: bool) -> Result<(), Failure> {
    let person = find(client, user)?;
    let more = if keep_keys { "" } else { ", and the API keys that they created stop working permanently" };
    let id = text(person.at("id"));
    confirm(yes, &format!("everything issued to {id} stops working until it is enabled again{more}"))?;
    let body = if keep_keys { json!({}) } else { json!({"keys": "deactivate"}) };
    act(client, output, &person, ("disable", &body))
}

/// Enables an account.
pub fn enable(client: &Client, output: Output, user: &str) -> Result<(), Failure> {
    act(client, output, &find(client, user)?, ("enable", &json!({})))
}

/// Changes the name or the primary address of an account.
pub fn set(client: &Client, output: Output, fields: &SetUser) -> Result<(), Failure> {
    let given = [("name", &fields.name), ("email", &fields.email)];
    let given = given.into_iter().filter_map(|(name, value)| Some((name.to_owned(), json!(value.as_ref()?))));
    let change: serde_json::Map<String, Value> = given.collect();
    if change.is_empty() {
        return Err(Failure::Usage("nothing to change: give --name or --email".to_owned()));
    }
    let id = text(find(client, &fields.user)?.at("id"));
    print(output, &client.patch(&format!("people/{id}"), &Value::Object(change))?)
}

fn act(client: &Client, output: Output, person: &Value, (what, body): (&str, &Value)) -> Result<(), Failure> {
    let id = text(person.at("id"));
    client.post(&format!("people/{id}/{what}"), body)?;
    print(output, &client.get(&format!("people/{id}"), &[])?)
}

/// Lists the sessions of an account, or ends everything that it is signed in with.
pub fn sessions(client: &Client, output: Output, user: &str, end_all: bool, yes: bool) -> Result<(), Failure> {
    let person = find(client, user)?;
    if end_all {
        let id = text(person.at("id"));
        confirm(yes, &format!("{id} is signed out everywhere"))?;
        let ended = client.post(&format!("people/{id}/sign-out"), &json!({}))?;
        return output.answer(&ended, |ended| format!("Ended {} sessions and grants.", text(ended.at("ended"))));
    }
    let list = json!({"items": person.at("sessions"), "next": null});
    print_list(output, &list, "", "There are no sessions.", |sessions| {
        let row = |session: &Value| ["id", "address", "created_at", "expires_at"].map(|name| text(session.at(name)));
        table(["ID", "FROM", "CREATED", "ENDS"], &sessions.iter().map(row).collect::<Vec<_>>())
    })
}

/// The account in full that is called so: by its id, an address or a public key.
pub fn find(client: &Client, user: &str) -> Result<Value, Failure> {
    let unknown = || Failure::NotFound(format!("there is no account \"{user}\""));
    if let Some(id) = UserId::parse(user) {
        return client.get(&format!("people/{id}"), &[]).map_err(|failure| match failure {
            Failure::NotFound(_) => unknown(),
            failure => failure,
        });
    }
    // What is nobody's address or key is searched for as a name, which may be anybody's.
    let is_key = sigma_bitcoin::PublicKey::parse(user).is_ok();
    if !is_key && !user.contains('@') {
        return Err(unknown());
    }
    let found = client.get("people", &[("q", user), ("limit", "1")])?;
    let id = super::items(&found).first().map(|person| text(person.at("id"))).ok_or_else(unknown)?;
    let person = client.get(&format!("people/{id}"), &[])?;
    let has_address = person
        .at("emails")
        .as_array()
        .is_some_and(|all| all.iter().any(|one| email::fold(&text(one.at("address"))) == email::fold(user)));
    if is_key || has_address { Ok(person) } else { Err(unknown()) }
}
