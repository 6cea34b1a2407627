//! Arguments of `sigma link`.

use clap::{Args, Subcommand};

use super::Sure;

/// `sigma link`.
#[derive(Debug, Subcommand)]
pub enum LinkCommand {
    /// Let an app act for an org that does not own it; a former link is replaced, and its tokens end.
    #[command(after_help = "\
Permissions: CanManageOrg (all of them), CanEditOrg, CanManageAllMeritTemplates, CanSendAllMeritTemplates, \
CanProposeAllMeritTemplates.

Examples:
  sigma link add badges --org harbour --permission CanSendAllMeritTemplates
  sigma link add badges --org harbour --permission CanManageOrg")]
    Add(AddLink),
    /// List the apps that an org linked.
    #[command(after_help = "Examples:\n  sigma link list --org harbour")]
    List {
        /// Org, by id or slug.
        #[arg(long, value_name = "ORG")]
        org: String,
    },
    /// Unlink an app: its next request is refused.
    #[command(after_help = "Examples:\n  sigma link remove badges --org harbour --yes")]
    Remove {
        /// App, by id or client id.
        #[arg(value_name = "APP")]
        app: String,
        /// Org, by id or slug.
        #[arg(long, value_name = "ORG")]
        org: String,
        #[command(flatten)]
        sure: Sure,
    },
}

/// `sigma link add`.
#[derive(Args, Debug)]
pub struct AddLink {
    /// App, by id or client id.
    #[arg(value_name = "APP")]
    pub app: String,
    /// Org, by id or slug.
    #[arg(long, value_name = "ORG")]
    pub org: String,
    /// What the app may do. Repeatable.
    #[arg(long = "permission", value_name = "PERMISSION", required = true)]
    pub permissions: Vec<String>,
}
