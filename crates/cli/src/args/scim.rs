//! Arguments of `sigma scim`.

use clap::{Args, Subcommand};

use super::Sure;

/// `sigma scim`.
#[derive(Debug, Subcommand)]
pub enum ScimCommand {
    /// Make a connection by which a directory provisions the people of a workspace. Its token is shown only once.
    #[command(after_help = "\
The directory needs the address and the token that are printed. People whom it provisions are invited by mail.

Examples:
  sigma scim add --workspace bakery --name Entra
  sigma scim add --workspace bakery --name Okta --role Member --groups-give-roles
  sigma scim add --workspace bakery --name CI --json | jq -r .token")]
    Add(AddScim),
    /// List the connections of a workspace. The tokens themselves are not stored.
    #[command(after_help = "Examples:\n  sigma scim list --workspace bakery")]
    List {
        /// Workspace, by id or slug.
        #[arg(long, value_name = "WORKSPACE")]
        workspace: String,
    },
    /// Give a connection another token. The old one works for another 24 hours.
    #[command(
        after_help = "Examples:\n  sigma scim rotate --workspace bakery scim_0199…\n  sigma scim rotate --workspace bakery scim_0199… --end-old --yes"
    )]
    Rotate {
        /// Connection id, as shown by `sigma scim list`.
        id: String,
        /// Workspace, by id or slug.
        #[arg(long, value_name = "WORKSPACE")]
        workspace: String,
        /// End the old token now, because somebody may have kept it.
        #[arg(long)]
        end_old: bool,
        #[command(flatten)]
        sure: Sure,
    },
    /// Remove a connection: its tokens stop working immediately. Whom it provisioned stays a member.
    #[command(after_help = "Examples:\n  sigma scim remove --workspace bakery scim_0199… --yes")]
    Remove {
        /// Connection id, as shown by `sigma scim list`.
        id: String,
        /// Workspace, by id or slug.
        #[arg(long, value_name = "WORKSPACE")]
        workspace: String,
        #[command(flatten)]
        sure: Sure,
    },
}

/// `sigma scim add`.
#[derive(Args, Debug)]
pub struct AddScim {
    /// Workspace, by id or slug.
    #[arg(long, value_name = "WORKSPACE")]
    pub workspace: String,
    /// Display name.
    #[arg(long)]
    pub name: String,
    /// The role of people whom no group gives another, by name.
    #[arg(long, default_value = "Member")]
    pub role: String,
    /// Whether groups give the roles that are called like them.
    #[arg(long)]
    pub groups_give_roles: bool,
}
