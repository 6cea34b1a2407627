//! `sigma people import`.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use serde::Serialize;
use sigma_core::ids::UserId;
use sigma_core::people::ImportedPerson;
use sigma_store::people_import::{self, Newcomer, Outcome};

use super::source::{self, Found};
use crate::args::ImportPeople;
use crate::failure::Failure;
use crate::opened::Opened;
use crate::output::{Output, fields};

/// People of one transaction.
const TOGETHER: usize = 1_000;
/// The most that are named of those who were refused.
const MOST_NAMED: usize = 100;

/// What became of a file, as printed.
#[derive(Debug, Default, Serialize)]
struct Report {
    read: usize,
    added: usize,
    /// Those whose address had an account.
    known: usize,
    refused: usize,
    /// The first hundred of them.
    problems: Vec<Problem>,
    dry_run: bool,
}

/// A person who was refused, as printed.
#[derive(Debug, Serialize)]
struct Problem {
    /// The number of the line, or of the entry in the list of people, from 1.
    place: usize,
    problem: String,
}

/// Adds the people of a file. Whoever cannot be taken is reported, and the others are added all the same.
pub fn import(file: Option<&Path>, output: Output, args: &ImportPeople) -> Result<(), Failure> {
    let opened = Opened::open(file)?;
    let mut report = Report { dry_run: args.dry_run, ..Report::default() };
    let mut waiting = Vec::with_capacity(TOGETHER);
    for found in source::people(args.from.into(), read(&args.file)?)? {
        if let Some(person) = report.note(found?, args.vouch) {
            waiting.push(person);
        }
        if waiting.len() == TOGETHER {
            add(&opened, std::mem::take(&mut waiting), &mut report)?;
        }
    }
    add(&opened, waiting, &mut report)?;
    output.answer(&report, Report::text)?;
    if report.refused == 0 { Ok(()) } else { Err(Failure::Reported) }
}

fn read(path: &Path) -> Result<Box<dyn BufRead>, Failure> {
    if path == Path::new("-") {
        return Ok(Box::new(BufReader::new(io::stdin())));
    }
    let file = File::open(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Failure::NotFound(format!("there is no file {}", path.display())),
        _ => Failure::Failed(format!("{} cannot be read: {error}", path.display())),
    })?;
    Ok(Box::new(BufReader::new(file)))
}

fn add(opened: &Opened, people: Vec<ImportedPerson>, report: &mut Report) -> Result<(), Failure> {
    if report.dry_run || people.is_empty() {
        return Ok(());
    }
    let now = opened.now();
    let newcomer = |person| Newcomer { id: UserId::new(now, opened.rng.as_ref()), person };
    let newcomers: Vec<Newcomer> = people.into_iter().map(newcomer).collect();
    let outcomes = opened.write(move |tx| people_import::add(tx, &newcomers, now))?;
    for outcome in outcomes {
        match outcome {
            Outcome::Added => report.added += 1,
            Outcome::Known => report.known += 1,
        }
    }
    Ok(())
}

impl Report {
    /// Counts a person; returns them if they can be taken.
    fn note(&mut self, (place, person): Found, vouch: bool) -> Option<ImportedPerson> {
        self.read += 1;
        match person {
            Ok(person) => Some(ImportedPerson { email_verified: person.email_verified || vouch, ..person }),
            Err(problem) => {
                self.refused += 1;
                if self.problems.len() < MOST_NAMED {
                    self.problems.push(Problem { place, problem });
                }
                None
            }
        }
    }

    fn text(&self) -> String {
        let counts = fields(&[
            ("read", self.read.to_string()),
            ("added", self.added.to_string()),
            ("already here", self.known.to_string()),
            ("refused", self.refused.to_string()),
        ]);
        let problems = self.problems.iter().map(|refused| format!("{}: {}", refused.place, refused.problem));
        let mut lines: Vec<String> = std::iter::once(counts).chain(problems).collect();
        if self.dry_run {
            lines.push("Nobody was added, because of --dry-run.".to_owned());
        }
        lines.join("\n")
    }
}
