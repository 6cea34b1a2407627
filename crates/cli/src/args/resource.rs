//! Arguments of `sigma resource`.

use clap::{Args, Subcommand};

use super::{Page, Sure};

/// `sigma resource`.
#[derive(Debug, Subcommand)]
pub enum ResourceCommand {
    /// Register an API: apps request access tokens for it with the `resource` parameter.
    #[command(after_help = "\
An app may request it once it is listed (`sigma app set ID --resource URI`); any app may if it is --open. Tokens for an \
open API need the user's consent, and are never valid at this server.

Examples:
  sigma resource add https://api.example.org --name 'Example API' --server api \\
    --scope 'notes:read=Read your notes' --scope 'notes:write=Change your notes'
  sigma resource add https://mcp.example.org --name 'Example MCP server' --open")]
    Add {
        /// Absolute URI without fragment: the `aud` of its tokens.
        uri: String,
        /// Its properties.
        #[command(flatten)]
        fields: ResourceFields,
    },
    /// List APIs.
    #[command(after_help = "Examples:\n  sigma resource list")]
    List(Page),
    /// Show an API and its scopes.
    #[command(after_help = "Examples:\n  sigma resource show https://api.example.org")]
    Show {
        /// URI of the API.
        uri: String,
    },
    /// Change an API. List options replace the whole list; an empty value clears it.
    #[command(after_help = "\
Examples:
  sigma resource set https://api.example.org --scope 'notes:read=Read your notes'
  sigma resource set https://api.example.org --server api --server gateway
  sigma resource set https://api.example.org --server ''     only the apps that hold its tokens may introspect them")]
    Set {
        /// URI of the API.
        uri: String,
        /// The properties to change.
        #[command(flatten)]
        fields: ResourceFields,
    },
    /// Remove an API: no more tokens are issued for it.
    #[command(after_help = "Examples:\n  sigma resource remove https://api.example.org --yes")]
    Remove {
        /// URI of the API.
        uri: String,
        #[command(flatten)]
        sure: Sure,
    },
}

/// The properties of a resource.
#[derive(Args, Debug, Default)]
pub struct ResourceFields {
    /// Workspace that owns the API, by id or slug; tokens for its members and API keys may be for its own APIs alone [default:
    /// the operator's]
    #[arg(long, visible_alias = "org", value_name = "WORKSPACE")]
    pub workspace: Option<String>,
    /// Display name [default: the host of the URI]
    #[arg(long)]
    pub name: Option<String>,
    /// Scope of the API, and its description on the consent page. Repeatable.
    #[arg(long = "scope", value_name = "NAME=DESCRIPTION")]
    pub scopes: Vec<String>,
    /// Let any app request it with the user's consent.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    pub open: Option<bool>,
    /// App that serves the API and may introspect its tokens. Repeatable.
    #[arg(long = "server", value_name = "APP")]
    pub servers: Vec<String>,
}
