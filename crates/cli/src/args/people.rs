//! Arguments of `sigma people`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::choices;
use crate::commands::people::Format;

/// `sigma people`.
#[derive(Debug, Subcommand)]
pub enum PeopleCommand {
    /// Bring people along from another server, with their passwords.
    #[command(after_help = "\
A person whose address has an account already is left alone, so the same file may be imported again. Passwords stay as they are \
hashed (bcrypt, scrypt, PBKDF2, argon2) until their owner signs in.

Nobody signs in with an address that is not verified. With --vouch all of them are: say so only if the other server has made sure.

Formats:
  lines        one JSON object per line: {\"email\", \"email_verified\", \"name\", \"password_hash\", \"disabled\"}
  keycloak     a realm as Keycloak exports it, with its users
  auth0        the lines that Auth0 exports, with passwordHash
  better-auth  {\"user\": […], \"account\": […]}: the rows of these tables

Examples:
  sigma people import people.ndjson --dry-run
  sigma people import realm.json --from keycloak
  gunzip < users.ndjson.gz | sigma people import - --from auth0 --vouch")]
    Import(ImportPeople),
    /// Print everybody who has an address, one JSON object per line.
    #[command(
        after_help = "Examples:\n  sigma people export > people.ndjson\n  sigma people export --hashes > people.ndjson"
    )]
    Export {
        /// Print the hashes of passwords, too. Whoever reads them can try to guess the passwords.
        #[arg(long)]
        hashes: bool,
    },
}

/// `sigma people import`.
#[derive(Debug, Args)]
pub struct ImportPeople {
    /// The file; `-` for standard input.
    pub file: PathBuf,
    /// What made it.
    #[arg(long, value_enum, default_value = "lines")]
    pub from: FormatArg,
    /// Take all addresses as verified.
    #[arg(long)]
    pub vouch: bool,
    /// Read and check everything, and add nobody.
    #[arg(long)]
    pub dry_run: bool,
}

choices! {
    /// `--from`.
    FormatArg => Format {
        /// One JSON object per line.
        Lines = "lines",
        /// An exported realm.
        Keycloak = "keycloak",
        /// The lines of an export with password hashes.
        Auth0 = "auth0",
        /// The rows of the tables `user` and `account`.
        BetterAuth = "better-auth",
    }
}
