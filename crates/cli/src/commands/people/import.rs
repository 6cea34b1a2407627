//! `sigma people import`.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

use serde::Serialize;
use sigma_core::people::ImportedPerson;
use sigma_store::people_import::{self, Newcomer, Outcome};

use super::source::{self, Found};
use crate::args::ImportPeople;
use crate::failure::Failure;
use crate::opened::Opened;
use crate::output::{Output, fields};

/// People of one transaction. A server beside waits for it: some 100 ms.
const TOGETHER: usize = 2_500;
/// The most that are named of those who were refused.
const MOST_NAMED: usize = 100;

/// What became of a file, as printed.
#[derive(Debug, Default, Serialize)]
pub struct Report {
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
    let mut report = Report::new(args.dry_run);
    for batch in batches(args)? {
        let mut people = Vec::with_capacity(TOGETHER);
        for found in batch {
            people.extend(report.note(found?, args.vouch));
        }
        add(&opened, people, &mut report)?;
    }
    report.print(output)
}

/// The people of the file, read and checked by a thread of its own while those before them are stored. At most two batches wait.
pub fn batches(args: &ImportPeople) -> Result<Receiver<Vec<Result<Found, Failure>>>, Failure> {
    let (format, file) = (args.from.into(), read(&args.file)?);
    let (batches, read) = sync_channel(1);
    let reader = move || {
        let mut people: Box<dyn Iterator<Item = Result<Found, Failure>>> = match source::people(format, file) {
            Ok(people) => people,
            Err(failure) => Box::new(std::iter::once(Err(failure))),
        };
        loop {
            let batch: Vec<_> = people.by_ref().take(TOGETHER).collect();
            // Nobody receives any more once something failed.
            if batch.is_empty() || batches.send(batch).is_err() {
                return;
            }
        }
    };
    let spawned = thread::Builder::new().name("sigma-people".to_owned()).spawn(reader);
    spawned.map_err(|error| Failure::Failed(format!("cannot start a thread: {error}")))?;
    Ok(read)
}

fn read(path: &Path) -> Result<Box<dyn BufRead + Send>, Failure> {
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
    let newcomers = Newcomer::all(people, now, opened.rng.as_ref());
    let outcomes = opened.write(move |tx| people_import::add(tx, &newcomers, now))?;
    let added = outcomes.iter().filter(|outcome| **outcome == Outcome::Added).count();
    report.count(added, outcomes.len() - added);
    Ok(())
}

impl Report {
    /// Of a file of which nothing was read.
    pub fn new(dry_run: bool) -> Self {
        Self { dry_run, ..Self::default() }
    }

    /// Counts a person; returns them if they can be taken.
    pub fn note(&mut self, (place, person): Found, vouch: bool) -> Option<ImportedPerson> {
        self.read += 1;
        match person {
            Ok(person) => Some(ImportedPerson { email_verified: person.email_verified || vouch, ..person }),
            Err(problem) => {
                self.refuse(place, problem);
                None
            }
        }
    }

    /// Counts somebody who cannot be taken.
    pub fn refuse(&mut self, place: usize, problem: String) {
        self.refused += 1;
        if self.problems.len() < MOST_NAMED {
            self.problems.push(Problem { place, problem });
        }
    }

    /// Counts people who have an account now, and those who had one.
    pub fn count(&mut self, added: usize, known: usize) {
        self.added += added;
        self.known += known;
    }

    /// People who were added so far.
    pub fn added(&self) -> usize {
        self.added
    }

    /// Prints it, and fails if somebody was refused.
    pub fn print(&self, output: Output) -> Result<(), Failure> {
        output.answer(self, Self::text)?;
        if self.refused == 0 { Ok(()) } else { Err(Failure::Reported) }
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
