//! What a command that did not succeed says, and the exit code it leaves.

use std::io::{self, Write as _};
use std::process::ExitCode;

use serde::Serialize;

/// Why a command did not do what it was asked. Each kind has its exit code, which scripts may rely on.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// Something outside went wrong, or a check found a fault: 1.
    #[error("{0}")]
    Failed(String),
    /// The command line makes no sense: 2, as clap leaves.
    #[error("{0}")]
    Usage(String),
    /// What was named is not there: 3.
    #[error("{0}")]
    NotFound(String),
    /// It would break a rule, or is there already: 4.
    #[error("{0}")]
    Refused(String),
    /// The configuration cannot be used: 5.
    #[error("{0}")]
    Config(String),
    /// The store cannot be reached, opened or written: 6.
    #[error("{0}")]
    Store(String),
    /// A part of the server ended by a fault, and the server with it: 7. A supervisor starts it again.
    #[error("{0}")]
    Died(String),
    /// The command has printed all there is to say; the exit code alone is left: 1.
    #[error("")]
    Reported,
}

/// The form of a failure under `--json`.
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
        }
    }

    /// Says on standard error what went wrong and gives the code to leave with.
    pub fn report(&self, json: bool) -> ExitCode {
        let (error, code) = self.kind();
        let said = match self {
            Self::Reported => return ExitCode::from(code),
            _ if json => {
                let report = Report { error, message: self.to_string() };
                serde_json::to_string(&report).unwrap_or_default()
            }
            _ => format!("sigma: {self}"),
        };
        // The code tells as much to whoever reads no more.
        let _ = writeln!(io::stderr(), "{said}");
        ExitCode::from(code)
    }
}
