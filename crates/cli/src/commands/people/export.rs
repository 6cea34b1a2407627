//! `sigma people export`.

use std::path::Path;

use sigma_store::people_import;

use crate::failure::Failure;
use crate::opened::Opened;
use crate::output::print_on;

/// People of one transaction.
const TOGETHER: u32 = 1_000;

/// Prints everybody who has an address, a line of JSON each.
pub fn export(file: Option<&Path>, hashes: bool) -> Result<(), Failure> {
    let opened = Opened::open(file)?;
    let mut after = String::new();
    loop {
        let from = after.clone();
        let (people, next) = opened.read(move |tx| people_import::page(tx, &from, TOGETHER))?;
        let line = |person: &sigma_core::people::ImportedPerson| serde_json::to_string(&person.line(hashes));
        let lines: Result<Vec<String>, _> = people.iter().map(line).collect();
        let lines = lines.map_err(|error| Failure::Failed(error.to_string()))?;
        if !lines.is_empty() && !print_on(&lines.join("\n"))? {
            return Ok(());
        }
        match next {
            Some(last) => last.as_str().clone_into(&mut after),
            None => return Ok(()),
        }
    }
}
