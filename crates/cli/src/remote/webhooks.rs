//! `sigma webhook`: the operator's webhooks on a server elsewhere.

use serde_json::{Value, json};

use super::client::Client;
use super::people::MOST;
use super::{Members as _, one, print_list, text};
use crate::args::WebhookCommand;
use crate::confirm::confirm;
use crate::failure::Failure;
use crate::output::{Output, fields, table};

/// Runs the command.
pub fn run(client: &Client, output: Output, command: WebhookCommand) -> Result<(), Failure> {
    match command {
        WebhookCommand::List(page) => {
            let limit = page.limit.min(MOST).to_string();
            let found = client.get("webhooks", &[("limit", &limit), ("after", &page.after)])?;
            print_list(output, &found, "sigma webhook list", "There are no webhooks.", |webhooks| {
                let row =
                    |webhook: &Value| ["id", "url", "enabled", "failing_since"].map(|name| text(webhook.at(name)));
                table(["ID", "ADDRESS", "ENABLED", "FAILING SINCE"], &webhooks.iter().map(row).collect::<Vec<_>>())
            })
        }
        WebhookCommand::Show { id } => print(output, &client.get(&one("webhooks", &id), &[])?),
        WebhookCommand::Add { url, events, description, ed25519 } => {
            let signature = if ed25519 { "ed25519" } else { "hmac" };
            let body = json!({"url": url, "events": events, "description": description, "signature": signature});
            print(output, &client.post("webhooks", &body)?)
        }
        WebhookCommand::Test { id } => {
            let sent = client.post(&format!("{}/test", one("webhooks", &id)), &json!({}))?;
            output.answer(&sent, |_| "A test is on its way: see sigma webhook deliveries.".to_owned())
        }
        WebhookCommand::Deliveries { id, failed, page } => {
            let (limit, state) = (page.limit.min(MOST).to_string(), if failed { "failed" } else { "" });
            let query = [("limit", limit.as_str()), ("after", &page.after), ("state", state)];
            let found = client.get(&format!("{}/deliveries", one("webhooks", &id)), &query)?;
            let command = format!("sigma webhook deliveries {id}");
            print_list(output, &found, &command, "There are no deliveries.", |deliveries| {
                let names = ["created_at", "action", "state", "attempts", "status", "error"];
                let row = |delivery: &Value| names.map(|name| text(delivery.at(name)));
                let rows: Vec<_> = deliveries.iter().map(row).collect();
                table(["TIME", "ACTION", "STATE", "ATTEMPTS", "STATUS", "ERROR"], &rows)
            })
        }
        WebhookCommand::Remove { id, sure } => {
            confirm(sure.yes, &format!("the webhook {id} is removed, and its log with it"))?;
            client.delete(&one("webhooks", &id))?;
            output.answer(&json!({"removed": id}), |_| format!("Removed {id}."))
        }
    }
}

fn print(output: Output, webhook: &Value) -> Result<(), Failure> {
    output.answer(webhook, |webhook| {
        fields(&[
            ("id", text(webhook.at("id"))),
            ("address", text(webhook.at("url"))),
            ("description", text(webhook.at("description"))),
            ("events", text(webhook.at("events"))),
            ("signature", text(webhook.at("signature"))),
            ("secret", text(webhook.at("secret"))),
            ("enabled", text(webhook.at("enabled"))),
            ("failing since", text(webhook.at("failing_since"))),
            ("switched off for", text(webhook.at("disabled_reason"))),
            ("created", text(webhook.at("created_at"))),
        ])
    })
}
