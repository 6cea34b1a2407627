//! Arguments of `sigma workspace` and `sigma api-key`.

use clap::{ArgGroup, Args, Subcommand, ValueEnum};
use sigma_core::org::KeyPermission;

use super::{BrandingFields, Page, Sure, choices};
use crate::failure::Failure;

/// `sigma workspace`.
#[derive(Debug, Subcommand)]
pub enum WorkspaceCommand {
    /// Create a workspace, with the roles Admin and Member and its own secret.
    #[command(after_help = "\
Examples:
  sigma workspace add --name Bakery
  sigma workspace add --slug bakery --name Bakery --json | jq -r .id
  sigma user add --email ada@example.org --workspace bakery --role Admin     its first admin")]
    Add {
        /// Display name.
        #[arg(long)]
        name: String,
        /// Short name to use in URLs and commands instead of the id: 3 to 64 characters of a-z, 0-9 and hyphen.
        #[arg(long)]
        slug: Option<String>,
    },
    /// List workspaces.
    #[command(
        after_help = "Examples:\n  sigma workspace list --limit 10\n  sigma workspace list --json | jq -r '.items[].id'"
    )]
    List(Page),
    /// Show a workspace, its roles, and its numbers of members and keys.
    #[command(after_help = "Examples:\n  sigma workspace show bakery")]
    Show {
        /// Workspace, by id or slug.
        #[arg(value_name = "WORKSPACE")]
        id: String,
    },
    /// Change a workspace.
    #[command(after_help = "\
Quick logins let members who are marked for it log in without a password, from the networks listed in \
workspaces.allow_quick_logins.

Examples:
  sigma workspace set bakery --name 'The bakery'
  sigma workspace set bakery --slug harbour-bakery
  sigma workspace set bakery --quick-logins false
  sigma workspace set bakery --verified
  sigma workspace set bakery --quota members=50 --quota webhooks=default
  sigma workspace set bakery --logo bakery.png --accent '#8a4b08'")]
    Set(SetWorkspace),
    /// Print the secrets that verify a workspace's tokens, for services that do so offline.
    #[command(after_help = "\
Anyone who holds them can forge tokens that such a service accepts: store them in a file that nobody else can read, and \
give them only to services of this workspace. The signing secret comes first. Rotating logs nobody out: the old secret \
verifies for another 25 hours, until its last token has expired.

Examples:
  (umask 077 && sigma workspace secret bakery --json > bakery.secrets.json)
  sigma workspace secret bakery --rotate --json > bakery.secrets.json")]
    Secret {
        /// Workspace, by id or slug.
        #[arg(value_name = "WORKSPACE")]
        id: String,
        /// Generate a new secret first.
        #[arg(long)]
        rotate: bool,
    },
    /// List the keys that sign a workspace's portable merits, optionally after a rotation.
    #[command(after_help = "\
A new key is published for two minutes before it signs, so that no verifier meets a signature whose key it has not read. Earlier \
keys stay published: credentials that they signed remain valid. The status lists are signed with the current key.

Examples:
  sigma workspace credential-keys bakery
  sigma workspace credential-keys bakery --rotate")]
    CredentialKeys {
        /// Workspace, by id or slug.
        #[arg(value_name = "WORKSPACE")]
        id: String,
        /// Create a new key first.
        #[arg(long)]
        rotate: bool,
    },
    /// Remove a workspace: its sessions and keys end immediately. Users keep their accounts.
    #[command(after_help = "Examples:\n  sigma workspace remove bakery --yes")]
    Remove {
        /// Workspace, by id or slug.
        #[arg(value_name = "WORKSPACE")]
        id: String,
        #[command(flatten)]
        sure: Sure,
    },
}

/// `sigma workspace set`.
#[derive(Args, Debug)]
#[command(group(ArgGroup::new("change").required(true).multiple(true).args(["name", "slug", "quick_logins", "require_second_factor", "verified", "quotas", "logo", "accent", "terms_url", "privacy_url", "support_url", "welcome"])))]
pub struct SetWorkspace {
    /// Workspace, by id or slug.
    #[arg(value_name = "WORKSPACE")]
    pub id: String,
    /// Display name.
    #[arg(long)]
    pub name: Option<String>,
    /// Short name to use in URLs and commands instead of the id; empty for none. The old one stops working, and no other
    /// workspace can take it.
    #[arg(long)]
    pub slug: Option<String>,
    /// Whether members who are marked for it may log in without a password.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    pub quick_logins: Option<bool>,
    /// Require a second factor of members. Quick logins stop working.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    pub require_second_factor: Option<bool>,
    /// Whether the org was verified: only then can people outside it accept its merits.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    pub verified: Option<bool>,
    #[arg(
        long = "quota",
        value_name = "NAME=NUMBER",
        help = "What it may have at most: members, api_keys, webhooks, merits_per_day or upload_mebibytes_per_day, with a number, or \
                `default` for what the settings say. Repeatable"
    )]
    pub quotas: Vec<String>,
    /// How it looks, and its apps that have no branding of their own.
    #[command(flatten)]
    pub branding: BrandingFields,
}

impl SetWorkspace {
    /// The quotas by name; `None` for what the settings say.
    pub fn quotas(&self) -> Result<Vec<(&str, Option<u64>)>, Failure> {
        let malformed = |text: &str| Failure::Usage(format!("--quota {text}: NAME=NUMBER, or NAME=default"));
        let parsed = self.quotas.iter().map(|text| {
            let (name, most) = text.split_once('=').ok_or_else(|| malformed(text))?;
            let most = match most {
                "default" => None,
                number => Some(number.parse::<u64>().map_err(|_| malformed(text))?),
            };
            Ok((name, most))
        });
        parsed.collect()
    }
}

/// `sigma api-key`.
#[derive(Debug, Subcommand)]
pub enum ApiKeyCommand {
    /// Create a key for a server of a workspace. The key is shown only once.
    #[command(after_help = "\
Examples:
  sigma api-key add --workspace bakery --name Importer --permission read --permission update-data
  sigma api-key add --workspace bakery --name CI --permission read --days 90
  sigma api-key add --workspace bakery --name Backoffice --admin --json | jq -r .key")]
    Add(AddApiKey),
    /// List the keys of a workspace, newest first. The keys themselves are not stored.
    #[command(after_help = "Examples:\n  sigma api-key list --workspace bakery")]
    List {
        /// Workspace, by id or slug.
        #[arg(long, value_name = "WORKSPACE")]
        workspace: String,
    },
    /// Deactivate a key permanently, along with the keys that it created. Every server rejects them within a second.
    #[command(after_help = "Examples:\n  sigma api-key deactivate --workspace bakery key_0199… --yes")]
    Deactivate(NamedApiKey),
    /// Remove a key from the list. It stops working, and so do the keys that it created.
    #[command(after_help = "Examples:\n  sigma api-key remove --workspace bakery key_0199… --yes")]
    Remove(NamedApiKey),
}

/// `sigma api-key add`.
#[derive(Args, Debug)]
#[command(group(ArgGroup::new("allowed").required(true).args(["permissions", "admin"])))]
pub struct AddApiKey {
    /// Workspace, by id or slug.
    #[arg(long, value_name = "WORKSPACE")]
    pub workspace: String,
    /// Display name.
    #[arg(long)]
    pub name: String,
    /// Permission. Repeatable.
    #[arg(long = "permission", value_enum, value_name = "PERMISSION")]
    pub permissions: Vec<PermissionArg>,
    /// Grant all five permissions. Only such a key can manage members, roles and keys.
    #[arg(long)]
    pub admin: bool,
    /// Days until the key expires [default: never]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=36_500))]
    pub days: Option<u32>,
}

/// A key of a workspace.
#[derive(Args, Debug)]
pub struct NamedApiKey {
    /// Key id, as shown by `sigma api-key list`.
    pub id: String,
    /// Workspace, by id or slug.
    #[arg(long, value_name = "WORKSPACE")]
    pub workspace: String,
    #[command(flatten)]
    pub sure: Sure,
}

choices! {
    /// `--permission`.
    PermissionArg => KeyPermission {
        /// Read data and model.
        Read = "read",
        /// Create and change data.
        UpdateData = "update-data",
        /// Delete data.
        DeleteData = "delete-data",
        /// Create and change the model.
        UpdateModel = "update-model",
        /// Delete from the model.
        DeleteModel = "delete-model",
    }
}
