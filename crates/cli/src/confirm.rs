//! Confirmation of commands that cannot be undone.

use std::io::{self, BufRead as _, IsTerminal as _};

use crate::failure::Failure;
use crate::terminal;

/// Continues if `yes` was given or the user confirms on the terminal. `consequence` is a sentence without its full
/// stop.
///
/// # Errors
/// Refused: not confirmed.
pub fn confirm(yes: bool, consequence: &str) -> Result<(), Failure> {
    if yes {
        return Ok(());
    }
    if io::stdin().is_terminal() && io::stderr().is_terminal() {
        return ask(consequence);
    }
    Err(Failure::Refused(format!("{consequence}; confirm with --yes")))
}

fn ask(consequence: &str) -> Result<(), Failure> {
    let failed = |error: io::Error| Failure::Failed(format!("cannot prompt on the terminal: {error}"));
    terminal::ask(&format!("{}. Continue? [y/N] ", capitalized(consequence))).map_err(failed)?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer).map_err(failed)?;
    match answer.trim().to_ascii_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => Err(Failure::Refused("nothing was changed".to_owned())),
    }
}

fn capitalized(sentence: &str) -> String {
    let mut characters = sentence.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}
