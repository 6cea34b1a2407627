//! `sigma mail`: the outbox of a server elsewhere.

use serde_json::{Value, json};

use super::client::Client;
use super::people::MOST;
use super::{Members as _, one, print_list, text};
use crate::args::MailCommand;
use crate::confirm::confirm;
use crate::failure::Failure;
use crate::output::{Output, table};

/// Runs the command.
pub fn run(client: &Client, output: Output, command: MailCommand) -> Result<(), Failure> {
    match command {
        MailCommand::List { failing, page } => {
            let (limit, state) = (page.limit.min(MOST).to_string(), if failing { "failing" } else { "" });
            let query = [("limit", limit.as_str()), ("after", &page.after), ("state", state)];
            let found = client.get("mails", &query)?;
            print_list(output, &found, "sigma mail list", "No mail waits.", |mails| {
                let names = ["id", "to", "subject", "state", "attempts", "error"];
                let row = |mail: &Value| names.map(|name| text(mail.at(name)));
                let rows: Vec<_> = mails.iter().map(row).collect();
                table(["ID", "TO", "SUBJECT", "STATE", "ATTEMPTS", "ERROR"], &rows)
            })
        }
        MailCommand::Test => {
            client.post("mails/test", &json!({}))?;
            output.answer(&json!({"queued": true}), |_| "A test is on its way.".to_owned())
        }
        MailCommand::Resend { id } => {
            client.post(&format!("{}/resend", one("mails", &id)), &json!({}))?;
            output.answer(&json!({"resent": id}), |_| format!("{id} is sent next."))
        }
        MailCommand::Drop { id, sure } => {
            confirm(sure.yes, &format!("the mail {id} is deleted unsent"))?;
            client.delete(&one("mails", &id))?;
            output.answer(&json!({"dropped": id}), |_| format!("Dropped {id}."))
        }
    }
}
