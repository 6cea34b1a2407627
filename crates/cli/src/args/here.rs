//! Arguments of commands about this program and the server on this machine.

use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;

/// `sigma completions`.
#[derive(Args, Debug)]
pub struct CompletionsArgs {
    /// The shell.
    #[arg(value_enum)]
    pub shell: Shell,
}

/// `sigma man`.
#[derive(Args, Debug)]
pub struct ManArgs {
    /// Write the page of each command into this directory, which is made if it does not exist.
    #[arg(long, value_name = "DIR")]
    pub to: Option<PathBuf>,
}

/// `sigma health`.
#[derive(Args, Debug)]
pub struct HealthArgs {
    /// Ask whether the process responds, whatever the state of its database.
    #[arg(long)]
    pub live: bool,
    /// Ask the server at this address [default: the one that `listen` names on this machine]
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
    /// Seconds to wait for the answer.
    #[arg(long, value_name = "SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=60))]
    pub timeout: u32,
}
