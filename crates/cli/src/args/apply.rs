//! `sigma apply`.

use std::path::PathBuf;

use clap::Args;

use super::Sure;

/// `sigma apply`.
#[derive(Args, Debug)]
pub struct ApplyArgs {
    /// YAML or JSON file, or - for standard input. Repeatable: all files are applied together.
    #[arg(short = 'f', long = "file", value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// Only show what would change.
    #[arg(long, conflicts_with = "yes")]
    pub dry_run: bool,
    /// Confirmation.
    #[command(flatten)]
    pub sure: Sure,
}
