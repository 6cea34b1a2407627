//! Error messages and exit codes of failed commands.

use std::process::ExitCode;

use serde::Serialize;
use sigma_store::transfer::TransferError;

use crate::style::Style;
use crate::terminal;

/// Why a command failed. Each kind has its exit code, which scripts may rely on.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// An external failure, or a check found a problem: 1.
    #[error("{0}")]
    Failed(String),
    /// The command line makes no sense: 2, as clap leaves.
    #[error("{0}")]
    Usage(String),
    /// Not found: 3.
    #[error("{0}")]
    NotFound(String),
    /// It would break a rule, or already exists: 4.
    #[error("{0}")]
    Refused(String),
    /// Invalid configuration: 5.
    #[error("{0}")]
    Config(String),
    /// The store cannot be reached, opened or written: 6.
    #[error("{0}")]
    Store(String),
    /// A part of the server crashed and ended the server: 7. A supervisor restarts it.
    #[error("{0}")]
    Died(String),
    /// The management API does not do that: 8.
    #[error("{0}")]
    NoApi(String),
    /// Everything has been printed; only the exit code remains: 1.
    #[error("")]
    Reported,
}

impl From<TransferError> for Failure {
    fn from(error: TransferError) -> Self {
        let said = error.to_string();
        match error {
            TransferError::Open(_) | TransferError::Database { .. } => Self::Store(said),
            TransferError::NotEmpty(..) | TransferError::NewerFormat { .. } | TransferError::NewerSchema { .. } => {
                Self::Refused(said)
            }
            TransferError::OtherMasterKey => Self::Config(said),
            TransferError::File { .. }
            | TransferError::NotABackup
            | TransferError::Damaged(_)
            | TransferError::Age(_)
            | TransferError::Differs { .. } => Self::Failed(said),
        }
    }
}

/// A failure as JSON.
#[derive(Serialize)]
struct Report<'a> {
    error: &'a str,
    message: String,
}

impl Failure {
    /// The name of the kind, for scripts, and its exit code.
    const fn kind(&self) -> (&'static str, u8) {
        match self {
            Self::Failed(_) | Self::Reported => ("failed", 1),
            Self::Usage(_) => ("usage", 2),
            Self::NotFound(_) => ("not_found", 3),
            Self::Refused(_) => ("refused", 4),
            Self::Config(_) => ("config", 5),
            Self::Store(_) => ("store", 6),
            Self::Died(_) => ("died", 7),
            Self::NoApi(_) => ("no_api", 8),
        }
    }

    /// Prints the failure on standard error and returns the exit code.
    pub fn report(&self, json: bool) -> ExitCode {
        let (error, code) = self.kind();
        let said = match self {
            Self::Reported => return ExitCode::from(code),
            _ if json => {
                let report = Report { error, message: self.to_string() };
                serde_json::to_string(&report).unwrap_or_default()
            }
            _ => format!("{} {self}", Style::Bad.on("sigma:")),
        };
        // The exit code is enough if nobody reads the message.
        terminal::write_err(&said);
        ExitCode::from(code)
    }
}

/// What the last of the causes of an error is: the others say that a request failed.
pub fn innermost(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;
    use crate::args::Cli;

    #[test]
    fn every_exit_code_is_in_the_help_and_in_the_documentation() {
        let text = String::new;
        let failures = [
            Failure::Failed(text()),
            Failure::Usage(text()),
            Failure::NotFound(text()),
            Failure::Refused(text()),
            Failure::Config(text()),
            Failure::Store(text()),
            Failure::Died(text()),
            Failure::NoApi(text()),
        ];
        let help = Cli::command().render_long_help().to_string();
        let page = include_str!("../../../docs/command-line.md");
        let mut codes: Vec<u8> = failures.iter().map(|failure| failure.kind().1).collect();
        assert_eq!(codes, (1..=8).collect::<Vec<u8>>());
        codes.push(0);
        for code in codes {
            assert!(help.contains(&format!("\n  {code}  ")), "{code}: {help}");
            assert!(page.contains(&format!("\n| {code} | ")), "{code}");
        }
        for failure in failures {
            assert!(page.contains(&format!("`{}`", failure.kind().0)), "{failure:?}");
        }
    }
}
