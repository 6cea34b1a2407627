//! The arguments of `sigma export` and `sigma import`: what is here in text that another server, or a person, can read.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{ApplyArgs, ImportPeople, Sure};

/// `sigma export`.
#[derive(Debug, Subcommand)]
pub enum ExportCommand {
    /// Print apps, resources, workspaces, roles, providers and the look of the server as a file that `sigma apply` takes.
    #[command(after_help = "\
Applied to the same installation, the file changes nothing; applied to another, it declares what is here there. Not in it are \
secrets, logos, members of workspaces, and apps that registered themselves. With --json it is JSON, else YAML.

Examples:
  sigma export config > sigma.yaml
  sigma export config | sigma apply -f - --dry-run")]
    Config,
    /// Print everybody who has an address, one JSON object per line: the same as `sigma people export`.
    #[command(
        after_help = "Examples:\n  sigma export people > people.ndjson\n  sigma export people --hashes > people.ndjson"
    )]
    People {
        /// Print the hashes of passwords, too. Whoever reads them can try to guess the passwords.
        #[arg(long)]
        hashes: bool,
    },
}

/// `sigma import`.
#[derive(Debug, Subcommand)]
pub enum ImportCommand {
    /// Bring this installation to the state that a file declares: the same as `sigma apply`.
    #[command(after_help = "Examples:\n  sigma import config sigma.yaml\n  sigma import config - --yes < sigma.yaml")]
    Config(ImportConfig),
    /// Add the people of a file, with their passwords: the same as `sigma people import`.
    #[command(
        after_help = "Examples:\n  sigma import people people.ndjson --dry-run\n  sigma import people realm.json --from keycloak"
    )]
    People(ImportPeople),
}

/// `sigma import config`.
#[derive(Args, Debug)]
pub struct ImportConfig {
    /// YAML or JSON file, or - for standard input.
    pub file: PathBuf,
    /// Only show what would change.
    #[arg(long, conflicts_with = "yes")]
    pub dry_run: bool,
    #[command(flatten)]
    pub sure: Sure,
}

impl From<ImportConfig> for ApplyArgs {
    fn from(args: ImportConfig) -> Self {
        Self { files: vec![args.file], dry_run: args.dry_run, sure: args.sure }
    }
}
