//! `sigma audit` on a server elsewhere.

mod follow;

use serde_json::Value;

use super::client::Client;
use super::people::MOST;
use super::{Members as _, print_list, text};
use crate::args::AuditArgs;
use crate::commands::audit::moment;
use crate::failure::Failure;
use crate::output::{Output, table};
use crate::system::SystemClock;
use sigma_core::time::Clock as _;

/// Prints a page of the trail, or follows it.
pub fn audit(client: &Client, output: Output, args: &AuditArgs) -> Result<(), Failure> {
    if args.actor.is_some() || args.actions.len() > 1 {
        let words = "the management API filters by one --action, and by --user and --org: leave --actor and further actions out, or \
                     run the command where the database is, without --server";
        return Err(Failure::NoApi(words.to_owned()));
    }
    let now = SystemClock.now();
    let time = |option: &str, given: &Option<String>| -> Result<String, Failure> {
        given.as_deref().map_or(Ok(String::new()), |text| Ok(moment(option, text, now)?.to_string()))
    };
    let (since, until) = (time("--since", &args.since)?, time("--until", &args.until)?);
    if args.follow {
        return follow::follow(client, output, args, &since);
    }
    let limit = args.limit.min(MOST).to_string();
    let found = page(client, args, (&since, &until), (args.after.as_deref().unwrap_or_default(), &limit))?;
    print_list(output, &found, "sigma audit", "No matching events.", |events| {
        table(["TIME", "ACTION", "BY", "TO", "WORKSPACE", "FROM"], &events.iter().map(row).collect::<Vec<_>>())
    })
}

/// A page of the trail, by the filters of the command.
fn page(
    client: &Client,
    args: &AuditArgs,
    (since, until): (&str, &str),
    (after, limit): (&str, &str),
) -> Result<Value, Failure> {
    let query = [
        ("person", args.user.as_deref().unwrap_or_default()),
        ("org", args.org.as_deref().unwrap_or_default()),
        ("action", args.actions.first().map(String::as_str).unwrap_or_default()),
        ("since", since),
        ("until", until),
        ("after", after),
        ("limit", limit),
    ];
    client.get("events", &query)
}

fn row(event: &Value) -> [String; 6] {
    let named = |value: &Value, name: &str| value.get(name).map(text).filter(|text| !text.is_empty());
    let times = event.at("count").as_u64().filter(|count| *count > 1);
    let times = times.map(|count| format!(" ({count} times)")).unwrap_or_default();
    let by = named(event.at("actor"), "id").or_else(|| named(event.at("actor"), "kind")).unwrap_or_default();
    let to = named(event.at("target"), "id").or_else(|| named(event, "user_id")).unwrap_or_default();
    let action = format!("{}{times}", text(event.at("action")));
    [text(event.at("at")), action, by, to, text(event.at("org_id")), text(event.at("address"))]
}
