//! `sigma people import` and `export` on a server elsewhere.

use serde_json::Value;

use super::Members as _;
use super::client::Client;
use crate::args::ImportPeople;
use crate::commands::people::{Report, batches};
use crate::failure::Failure;
use crate::output::{Output, print_on};

/// Where each line of a request came from in the file.
type Places = Vec<usize>;

/// Adds the people of a file. The file is read and checked here, so that each format is taken, and sent piece by piece.
pub fn import(client: &Client, output: Output, args: &ImportPeople) -> Result<(), Failure> {
    let mut report = Report::new(args.dry_run);
    for batch in batches(args)? {
        let (mut lines, mut places) = (Vec::new(), Places::new());
        for found in batch {
            let found = found?;
            let place = found.0;
            if let Some(person) = report.note(found, args.vouch) {
                let line =
                    serde_json::to_vec(&person.line(true)).map_err(|error| Failure::Failed(error.to_string()))?;
                lines.extend(line);
                lines.push(b'\n');
                places.push(place);
            }
        }
        if !places.is_empty() {
            send(client, args.dry_run, lines, &places, &mut report)?;
        }
    }
    report.print(output)
}

fn send(client: &Client, dry_run: bool, lines: Vec<u8>, places: &Places, report: &mut Report) -> Result<(), Failure> {
    let query: &[(&str, &str)] = if dry_run { &[("dry_run", "true")] } else { &[] };
    let answer = client.post_lines("people/import", query, lines)?;
    for line in &answer {
        if let Some(problem) = line.at("problem").as_str() {
            let line = line.at("line").as_u64().and_then(|line| usize::try_from(line).ok()).unwrap_or_default();
            let place = places.get(line.saturating_sub(1)).copied().unwrap_or_default();
            report.refuse(place, problem.to_owned());
        }
    }
    let last = answer.iter().rev().find(|line| line.get("through").is_some()).unwrap_or(&Value::Null);
    let number =
        |name: &str| last.at(name).as_u64().and_then(|number| usize::try_from(number).ok()).unwrap_or_default();
    report.count(number("added"), number("known"));
    if last.at("complete").as_bool() == Some(true) {
        return Ok(());
    }
    let words = last.at("error").as_str().unwrap_or("the server ended its answer early");
    let added = report.added();
    Err(Failure::Store(format!("{words}; {added} people were added: the same file may be imported again")))
}

/// Prints everybody who has an address, a line of JSON each, as the server sends them.
pub fn export(client: &Client, hashes: bool) -> Result<(), Failure> {
    let query: &[(&str, &str)] = if hashes { &[("hashes", "true")] } else { &[] };
    let mut held: Vec<u8> = Vec::new();
    client.get_lines("people/export", query, |piece| {
        held.extend_from_slice(piece);
        // Whole lines alone: a piece may end within a character.
        let Some(end) = held.iter().rposition(|byte| *byte == b'\n') else { return Ok(true) };
        let rest = held.split_off(end + 1);
        let lines = std::mem::replace(&mut held, rest);
        print_on(String::from_utf8_lossy(&lines).trim_end())
    })
}
