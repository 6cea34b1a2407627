//! Files of people, by what made them.

mod auth0;
mod better_auth;
mod keycloak;

use std::io::{BufRead, Read as _};

use sigma_core::people::{ImportedPerson, LONGEST_LINE};

use crate::failure::Failure;

/// What made a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// This server, or a script.
    Lines,
    /// Keycloak.
    Keycloak,
    /// Auth0.
    Auth0,
    /// Better Auth.
    BetterAuth,
}

/// A person of a file, or why they cannot be taken. Their place is the number of their line, or of their entry in a list, from 1.
pub type Found = (usize, Result<ImportedPerson, String>);

/// The people of a file, one after the other.
///
/// # Errors
/// The file cannot be read as a whole.
pub fn people(
    format: Format,
    file: Box<dyn BufRead>,
) -> Result<Box<dyn Iterator<Item = Result<Found, Failure>>>, Failure> {
    Ok(match format {
        Format::Lines => {
            Box::new(lines(file, |line| ImportedPerson::parse(line).map_err(|problem| problem.to_string())))
        }
        Format::Auth0 => Box::new(lines(file, auth0::person)),
        Format::Keycloak => Box::new(keycloak::people(file)?.into_iter().map(Ok)),
        Format::BetterAuth => Box::new(better_auth::people(file)?.into_iter().map(Ok)),
    })
}

/// The people of a file with one on each line. Empty lines are skipped.
fn lines(
    mut file: Box<dyn BufRead>,
    parse: fn(&str) -> Result<ImportedPerson, String>,
) -> impl Iterator<Item = Result<Found, Failure>> {
    let mut number = 0;
    let mut line = Vec::new();
    std::iter::from_fn(move || {
        loop {
            line.clear();
            match read_line(&mut *file, &mut line) {
                Ok(0) => return None,
                Ok(_) => number += 1,
                Err(error) => return Some(Err(Failure::Failed(format!("the file cannot be read: {error}")))),
            }
            if line.len() > LONGEST_LINE {
                return Some(Ok((number, Err(format!("the line is longer than {LONGEST_LINE} bytes")))));
            }
            let Ok(text) = std::str::from_utf8(&line) else {
                return Some(Ok((number, Err("the line is not UTF-8".to_owned()))));
            };
            // A byte order mark, as editors on Windows write it.
            let text = text.trim_start_matches('\u{feff}').trim();
            if !text.is_empty() {
                return Some(Ok((number, parse(text))));
            }
        }
    })
}

/// Reads a line and skips what is too long of it, so that no line takes much memory. Returns 0 at the end of the file.
fn read_line(file: &mut dyn BufRead, line: &mut Vec<u8>) -> std::io::Result<usize> {
    let limit = u64::try_from(LONGEST_LINE).unwrap_or(u64::MAX).saturating_add(1);
    let read = file.take(limit).read_until(b'\n', line)?;
    if read > LONGEST_LINE && line.last() != Some(&b'\n') {
        file.skip_until(b'\n')?;
    }
    Ok(read)
}
