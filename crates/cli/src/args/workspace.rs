//! What can be typed after `sigma workspace` and `sigma api-key`.

use clap::{ArgGroup, Args, Subcommand, ValueEnum};
use sigma_core::workspace::KeyPermission;

use super::{Page, Sure, choices};

/// `sigma workspace`.
#[derive(Debug, Subcommand)]
pub enum WorkspaceCommand {
    /// Make a workspace, with the roles Admin and Member and a secret of its own.
    #[command(after_help = "\
Examples:
  sigma workspace add --name Bakery
  sigma workspace add --id org_bakery --name Bakery --json | jq -r .id
  sigma user add --email ada@example.org --workspace org_bakery --role Admin     its first admin")]
    Add {
        /// What people are told it is called.
        #[arg(long)]
        name: String,
        /// Its id, up to 64 letters, digits, _ and -; made up without it.
        #[arg(long)]
        id: Option<String>,
    },
    /// List the workspaces.
    #[command(
        after_help = "Examples:\n  sigma workspace list --limit 10\n  sigma workspace list --json | jq -r '.items[].id'"
    )]
    List(Page),
    /// Show a workspace, its roles, and how many people and keys it has.
    #[command(after_help = "Examples:\n  sigma workspace show org_bakery")]
    Show {
        /// Its id.
        id: String,
    },
    /// Change a workspace.
    #[command(after_help = "\
Quick logins let people who are marked for it log in without a password. They work where the server allows them:
workspaces.allow_quick_logins names the networks.

Examples:
  sigma workspace set org_bakery --name 'The bakery'
  sigma workspace set org_bakery --quick-logins false")]
    Set(SetWorkspace),
    /// Print the secrets that tokens of a workspace are verified with, for a service that does it by itself.
    #[command(after_help = "\
Whoever holds them can make tokens that this service believes: they belong into a file that nobody else reads, and to
services of this workspace alone. The one that signs stands first. Rotating logs nobody out: the old one verifies until
the last token that it signed has expired, 25 hours later.

Examples:
  (umask 077 && sigma workspace secret org_bakery --json > bakery.secrets.json)
  sigma workspace secret org_bakery --rotate --json > bakery.secrets.json")]
    Secret {
        /// Its id.
        id: String,
        /// Make a new one first.
        #[arg(long)]
        rotate: bool,
    },
    /// Remove a workspace: its sessions and keys end at once. People keep their accounts.
    #[command(after_help = "Examples:\n  sigma workspace remove org_bakery --yes")]
    Remove {
        /// Its id.
        id: String,
        #[command(flatten)]
        sure: Sure,
    },
}

/// `sigma workspace set`.
#[derive(Args, Debug)]
#[command(group(ArgGroup::new("change").required(true).multiple(true).args(["name", "quick_logins"])))]
pub struct SetWorkspace {
    /// Its id.
    pub id: String,
    /// What people are told it is called.
    #[arg(long)]
    pub name: Option<String>,
    /// Whether people who are marked for it log in without a password.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    pub quick_logins: Option<bool>,
}

/// `sigma api-key`.
#[derive(Debug, Subcommand)]
pub enum ApiKeyCommand {
    /// Make a key for a server of a workspace. The key is shown this once.
    #[command(after_help = "\
Examples:
  sigma api-key add --workspace org_bakery --name Importer --permission read --permission update-data
  sigma api-key add --workspace org_bakery --name CI --permission read --days 90
  sigma api-key add --workspace org_bakery --name Backoffice --admin --json | jq -r .key")]
    Add(AddApiKey),
    /// List the keys of a workspace, the newest first. The keys themselves are not known any more.
    #[command(after_help = "Examples:\n  sigma api-key list --workspace org_bakery")]
    List {
        /// Whose.
        #[arg(long, value_name = "ID")]
        workspace: String,
    },
    /// Switch a key off for ever, and with it the keys that it made. Every server refuses them within a second.
    #[command(after_help = "Examples:\n  sigma api-key deactivate --workspace org_bakery key_0199… --yes")]
    Deactivate(NamedApiKey),
    /// Remove a key from the list. It stops working, and so do the keys that it made.
    #[command(after_help = "Examples:\n  sigma api-key remove --workspace org_bakery key_0199… --yes")]
    Remove(NamedApiKey),
}

/// `sigma api-key add`.
#[derive(Args, Debug)]
#[command(group(ArgGroup::new("allowed").required(true).args(["permissions", "admin"])))]
pub struct AddApiKey {
    /// Whose.
    #[arg(long, value_name = "ID")]
    pub workspace: String,
    /// What it is for.
    #[arg(long)]
    pub name: String,
    /// What it may do. Repeatable.
    #[arg(long = "permission", value_enum, value_name = "PERMISSION")]
    pub permissions: Vec<PermissionArg>,
    /// Everything: all five permissions. Only such a key manages people, roles and keys.
    #[arg(long)]
    pub admin: bool,
    /// It stops working after this many days; never without it.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=36_500))]
    pub days: Option<u32>,
}

/// A key of a workspace.
#[derive(Args, Debug)]
pub struct NamedApiKey {
    /// Its id, as `sigma api-key list` shows it.
    pub id: String,
    /// Whose.
    #[arg(long, value_name = "ID")]
    pub workspace: String,
    #[command(flatten)]
    pub sure: Sure,
}

choices! {
    /// `--permission`.
    PermissionArg => KeyPermission {
        /// Read data and model.
        Read = "read",
        /// Make and change data.
        UpdateData = "update-data",
        /// Delete data.
        DeleteData = "delete-data",
        /// Make and change the model.
        UpdateModel = "update-model",
        /// Delete of the model.
        DeleteModel = "delete-model",
    }
}
