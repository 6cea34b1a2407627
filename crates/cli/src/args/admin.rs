//! Arguments of `sigma admin`.

use clap::{Subcommand, ValueEnum};
use sigma_core::operator::OperatorRole;

use super::{Sure, choices};

/// `sigma admin`.
#[derive(Debug, Subcommand)]
pub enum AdminCommand {
    /// List the people who may use the console, with their roles.
    #[command(after_help = "Examples:\n  sigma admin list")]
    List,
    /// Let a person use the console, or change their role.
    #[command(after_help = "\
Owners may do everything, admins everything but what concerns owners, support sees people and signs them out, auditors see \
everything and change nothing.

Examples:
  sigma admin add ada@example.org --role owner
  sigma admin add user_0199… --role auditor")]
    Add {
        /// User id, e-mail address, or a public key of the account.
        user: String,
        /// Their role.
        #[arg(long, value_enum)]
        role: RoleArg,
    },
    /// Take a person's access to the console away. Their account stays.
    #[command(after_help = "Examples:\n  sigma admin remove ada@example.org --yes")]
    Remove {
        /// User id, e-mail address, or a public key of the account.
        user: String,
        #[command(flatten)]
        sure: Sure,
    },
}

choices! {
    /// `--role`.
    RoleArg => OperatorRole {
        /// Everything.
        Owner = "owner",
        /// Everything but what concerns owners.
        Admin = "admin",
        /// Sees people and signs them out.
        Support = "support",
        /// Sees everything, changes nothing.
        Auditor = "auditor",
    }
}
