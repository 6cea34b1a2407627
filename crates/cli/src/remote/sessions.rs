//! `sigma session`: where people are signed in on a server elsewhere.

use serde_json::{Value, json};

use super::client::Client;
use super::people::{MOST, find};
use super::{Members as _, one, print_list, text};
use crate::args::SessionCommand;
use crate::confirm::confirm;
use crate::failure::Failure;
use crate::output::{Output, table};

/// Runs the command.
pub fn run(client: &Client, output: Output, command: SessionCommand) -> Result<(), Failure> {
    match command {
        SessionCommand::List { user, page } => {
            let person = user.map(|user| find(client, &user)).transpose()?;
            let person = person.map(|person| text(person.at("id"))).unwrap_or_default();
            let limit = page.limit.min(MOST).to_string();
            let query = [("limit", limit.as_str()), ("after", &page.after), ("person", &person)];
            let found = client.get("sessions", &query)?;
            print_list(output, &found, "sigma session list", "There are no sessions.", |sessions| {
                let names = ["id", "person", "name", "address", "created_at", "last_used_at"];
                let row = |session: &Value| names.map(|name| text(session.at(name)));
                let rows: Vec<_> = sessions.iter().map(row).collect();
                table(["ID", "PERSON", "NAME", "FROM", "CREATED", "LAST USED"], &rows)
            })
        }
        SessionCommand::End { id, sure } => end(client, output, &id, sure.yes),
    }
}

/// Ends a session after confirmation.
pub fn end(client: &Client, output: Output, id: &str, yes: bool) -> Result<(), Failure> {
    confirm(yes, &format!("the session {id} ends, with the tokens that were issued in it"))?;
    client.delete(&one("sessions", id))?;
    output.answer(&json!({"ended": id}), |_| format!("Ended {id}."))
}
