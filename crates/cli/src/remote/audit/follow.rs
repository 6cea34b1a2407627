//! `sigma audit --follow` on a server elsewhere.

use std::time::Duration;

use serde_json::Value;
use sigma_core::ids::EventId;
use sigma_core::time::{Clock as _, Timestamp};
use sigma_store::event::Follower;

use super::{Wanted, page, row};
use crate::commands::audit::{line, moment};
use crate::failure::Failure;
use crate::output::{Output, print_on};
use crate::remote::client::Client;
use crate::remote::people::MOST;
use crate::remote::{Members as _, items, text};
use crate::system::SystemClock;
use crate::terminal;

/// How often it polls: as often as the console does.
const INTERVAL: Duration = Duration::from_secs(3);

/// Prints the latest events and then new ones, until the output is closed. No event before `since` is printed; empty for any.
pub fn follow(client: &Client, output: Output, wanted: &Wanted<'_>, since: &str) -> Result<(), Failure> {
    let mut follower = Follower::beginning_at(newest(client)?);
    // Existing events are printed now or not at all.
    let existing = read(client, wanted, &from(&follower, since)?, usize::MAX)?;
    take(&mut follower, existing)?;
    let limit = usize::try_from(wanted.args.limit).unwrap_or(usize::MAX);
    let mut latest = read(client, wanted, since, limit)?;
    take(&mut follower, latest.clone())?;
    loop {
        for event in &latest {
            let line = if output.json { event.to_string() } else { line(row(event)) };
            if !print_on(&line)? {
                return Ok(());
            }
        }
        std::thread::sleep(INTERVAL);
        latest = match more(client, wanted, &mut follower, since) {
            // A server that is restarted answers again, and nothing is missed until then.
            Err(Failure::Store(words)) => {
                terminal::write_err(&format!("sigma: {words}; trying again"));
                Vec::new()
            }
            found => found?,
        };
    }
}

/// What is new since the last time.
fn more(client: &Client, wanted: &Wanted<'_>, follower: &mut Follower, since: &str) -> Result<Vec<Value>, Failure> {
    // Asked first: what is recorded meanwhile is read again on the next pass. A filter may match nothing for long.
    let newest = newest(client)?;
    let found = read(client, wanted, &from(follower, since)?, usize::MAX)?;
    let latest = take(follower, found)?;
    follower.reach(newest);
    Ok(latest)
}

/// When the newest event of all was recorded.
fn newest(client: &Client) -> Result<Timestamp, Failure> {
    let newest = client.get("events", &[("limit", "1")])?;
    items(&newest).first().map_or(Ok(Timestamp::from_micros(0)), at)
}

/// Where the next read begins.
fn from(follower: &Follower, since: &str) -> Result<String, Failure> {
    let begins = follower.since();
    let asked = if since.is_empty() { begins } else { moment("--since", since, SystemClock.now())? };
    Ok(begins.max(asked).to_string())
}

/// At most `limit` events since then, the latest ones, oldest first.
fn read(client: &Client, wanted: &Wanted<'_>, since: &str, limit: usize) -> Result<Vec<Value>, Failure> {
    let (mut found, mut after) = (Vec::new(), String::new());
    let length = limit.min(usize::try_from(MOST).unwrap_or(usize::MAX)).to_string();
    loop {
        let page = page(client, wanted, (since, ""), (&after, &length))?;
        found.extend_from_slice(items(&page));
        match page.at("next").as_str() {
            Some(next) if found.len() < limit => next.clone_into(&mut after),
            _ => break,
        }
    }
    found.truncate(limit);
    found.reverse();
    Ok(found)
}

/// Those that are new, or whose count has grown.
fn take(follower: &mut Follower, events: Vec<Value>) -> Result<Vec<Value>, Failure> {
    let known: Vec<(Value, Timestamp)> =
        events.into_iter().map(|event| at(&event).map(|at| (event, at))).collect::<Result<_, _>>()?;
    let key = |(event, at): &(Value, Timestamp)| {
        (EventId::from_text(text(event.at("id"))), *at, event.at("count").as_u64().unwrap_or(1))
    };
    Ok(follower.take_by(known, key).into_iter().map(|(event, _)| event).collect())
}

fn at(event: &Value) -> Result<Timestamp, Failure> {
    moment("at", &text(event.at("at")), SystemClock.now())
}
