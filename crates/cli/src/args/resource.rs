//! What can be typed after `sigma resource`.

use clap::{Args, Subcommand};

use super::{Page, Sure};

/// `sigma resource`.
#[derive(Debug, Subcommand)]
pub enum ResourceCommand {
    /// Register an API: apps that are allowed it ask for access tokens by `resource`.
    #[command(after_help = "\
An app may ask for it once it is listed (`sigma app set ID --resource URI`), or any app if it is --open. Tokens for an open
API need a person's consent, and are never good at this server too.

Examples:
  sigma resource add https://api.example.org --name 'Example API' --server api \\
    --scope 'notes:read=Read your notes' --scope 'notes:write=Change your notes'
  sigma resource add https://mcp.example.org --name 'Example MCP server' --open")]
    Add {
        /// An absolute URI without fragment: `aud` of the tokens.
        uri: String,
        /// What it is registered with.
        #[command(flatten)]
        fields: ResourceFields,
    },
    /// List the APIs.
    #[command(after_help = "Examples:\n  sigma resource list")]
    List(Page),
    /// Show an API and its scopes.
    #[command(after_help = "Examples:\n  sigma resource show https://api.example.org")]
    Show {
        /// Its URI.
        uri: String,
    },
    /// Change an API. Lists are replaced as a whole; one empty value empties them.
    #[command(after_help = "\
Examples:
  sigma resource set https://api.example.org --scope 'notes:read=Read your notes'
  sigma resource set https://api.example.org --server api --server gateway
  sigma resource set https://api.example.org --server ''     nobody may introspect its tokens but the apps that hold them")]
    Set {
        /// Its URI.
        uri: String,
        /// What changes.
        #[command(flatten)]
        fields: ResourceFields,
    },
    /// Remove an API: no more tokens are made for it.
    #[command(after_help = "Examples:\n  sigma resource remove https://api.example.org --yes")]
    Remove {
        /// Its URI.
        uri: String,
        #[command(flatten)]
        sure: Sure,
    },
}

/// What a resource is registered with.
#[derive(Args, Debug, Default)]
pub struct ResourceFields {
    /// What people are told it is called; its host without it.
    #[arg(long)]
    pub name: Option<String>,
    /// A scope of its own, and what people read when an app asks for it. Repeatable.
    #[arg(long = "scope", value_name = "NAME=DESCRIPTION")]
    pub scopes: Vec<String>,
    /// Any app may ask a person for it.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    pub open: Option<bool>,
    /// An app that serves it: it may introspect the tokens for this API. Repeatable.
    #[arg(long = "server", value_name = "APP")]
    pub servers: Vec<String>,
}
