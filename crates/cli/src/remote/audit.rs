//! `sigma audit` on a server elsewhere.

mod follow;

use serde_json::Value;

use super::client::Client;
use super::people::MOST;
use super::{Members as _, one, print_list, text};
use crate::args::AuditArgs;
use crate::commands::audit::moment;
use crate::failure::Failure;
use crate::output::{Output, table};
use crate::system::SystemClock;
use sigma_core::actor::Actor;
use sigma_core::slug::Slug;
use sigma_core::time::Clock as _;

/// Prints a page of the trail, or follows it.
pub fn audit(client: &Client, output: Output, args: &AuditArgs) -> Result<(), Failure> {
    let now = SystemClock.now();
    let time = |option: &str, given: &Option<String>| -> Result<String, Failure> {
        given.as_deref().map_or(Ok(String::new()), |text| Ok(moment(option, text, now)?.to_string()))
    };
    let (since, until) = (time("--since", &args.since)?, time("--until", &args.until)?);
    let wanted = Wanted { args, actor: args.actor.as_deref().map(|name| actor_id(client, name)).transpose()? };
    if args.follow {
        return follow::follow(client, output, &wanted, &since);
    }
    let limit = args.limit.min(MOST).to_string();
    let found = page(client, &wanted, (&since, &until), (args.after.as_deref().unwrap_or_default(), &limit))?;
    print_list(output, &found, "sigma audit", "No matching events.", |events| {
        table(["TIME", "ACTION", "BY", "TO", "WORKSPACE", "FROM"], &events.iter().map(row).collect::<Vec<_>>())
    })
}

/// What the command asks for.
struct Wanted<'a> {
    args: &'a AuditArgs,
    /// The id or kind of whoever did it.
    actor: Option<String>,
}

/// The id of the actor called `name`, or the kind. An app may be called by its client id.
fn actor_id(client: &Client, name: &str) -> Result<String, Failure> {
    if Actor::KINDS.contains(&name) || Slug::parse(name).is_none() {
        return Ok(name.to_owned());
    }
    Ok(text(client.get(&one("apps", name), &[])?.at("id")))
}

/// A page of the trail, by the filters of the command.
fn page(
    client: &Client,
    wanted: &Wanted<'_>,
    (since, until): (&str, &str),
    (after, limit): (&str, &str),
) -> Result<Value, Failure> {
    let Wanted { args, actor } = wanted;
    let actor = actor.as_deref().unwrap_or_default();
    let query = [
        ("person", args.user.as_deref().unwrap_or_default()),
        ("org", args.org.as_deref().unwrap_or_default()),
        ("action", &args.actions.join(",")),
        ("actor", actor),
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
