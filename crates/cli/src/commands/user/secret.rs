//! Reads the password of a new account, and hashes it.

use std::io::{self, BufRead as _, IsTerminal as _};
use std::sync::Arc;

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use secrecy::{ExposeSecret as _, SecretString};
use sigma_core::password::{LONGEST, NewPassword};
use sigma_server::hashing::{Hasher, Lane};
use sigma_server::settings::Passwords;

use crate::failure::Failure;
use crate::opened::Opened;
use crate::serve::runtime;
use crate::terminal;

/// The source of a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The first line of standard input.
    Stdin,
    /// Typed twice on the terminal.
    Prompt,
    /// Set by the user with a link.
    Link,
}

impl Source {
    /// The source that the options name; by default the terminal if there is one.
    pub fn of(stdin: bool, link: bool) -> Self {
        match (stdin, link) {
            (true, _) => Self::Stdin,
            (false, false) if io::stdin().is_terminal() => Self::Prompt,
            _ => Self::Link,
        }
    }

    /// Reads the password; `None` if the user sets it with a link.
    pub fn read(self) -> Result<Option<NewPassword>, Failure> {
        let text = match self {
            Self::Link => return Ok(None),
            Self::Stdin => read_line()?,
            Self::Prompt => {
                let first = ask("Password (leave empty to get a link for the user to set it): ")?;
                if first.expose_secret().is_empty() {
                    return Ok(None);
                }
                let again = ask("Repeat password: ")?;
                if again.expose_secret() != first.expose_secret() {
                    return Err(Failure::Refused("The passwords do not match.".to_owned()));
                }
                first
            }
        };
        NewPassword::parse(text).map(Some).map_err(|refused| Failure::Refused(refused.to_string()))
    }
}

/// Hashes a password as the server does.
pub fn hash(opened: &Opened, password: NewPassword) -> Result<String, Failure> {
    let settings = Passwords { threads: 1, ..opened.settings.passwords.clone() };
    let failed = |error: sigma_server::hashing::HashingError| Failure::Failed(error.to_string());
    let hasher = Hasher::new(&settings, Arc::clone(&opened.rng)).map_err(failed)?;
    runtime()?.block_on(hasher.hash(Lane::Known, password.into_secret())).map_err(failed)
}

/// Prompts on the terminal without echo.
fn ask(question: &str) -> Result<SecretString, Failure> {
    let failed = |error: io::Error| Failure::Failed(format!("cannot prompt on the terminal: {error}"));
    // Turn echo off before prompting, so that early input is neither shown nor lost.
    let silent = Silent::new().map_err(failed)?;
    terminal::ask(question).map_err(failed)?;
    let line = read_line();
    drop(silent);
    terminal::answered().map_err(failed)?;
    line
}

fn read_line() -> Result<SecretString, Failure> {
    let mut line = String::with_capacity(LONGEST * 4 + 2);
    let failed = |error: io::Error| Failure::Failed(format!("cannot read the password: {error}"));
    io::stdin().lock().read_line(&mut line).map_err(failed)?;
    let end = line.trim_end_matches(['\r', '\n']).len();
    line.truncate(end);
    Ok(SecretString::from(line))
}

/// Keeps terminal echo off until it is dropped.
struct Silent(Termios);

impl Silent {
    fn new() -> io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut quiet = before.clone();
        quiet.local_modes.remove(LocalModes::ECHO);
        tcsetattr(io::stdin(), OptionalActions::Flush, &quiet)?;
        Ok(Self(before))
    }
}

impl Drop for Silent {
    fn drop(&mut self) {
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.0);
    }
}
