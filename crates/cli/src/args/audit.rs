//! What can be typed after `sigma audit`.

use clap::Args;

/// `sigma audit`.
#[derive(Args, Debug)]
pub struct AuditArgs {
    /// Only what these did: the id of a person, an API key or an app, or operator, system or anonymous.
    #[arg(long, value_name = "WHO")]
    pub actor: Option<String>,
    /// Only these actions, by name (app.create) or by group (app). Repeatable.
    #[arg(long = "action", value_name = "NAME")]
    pub actions: Vec<String>,
    /// Only what happened in this workspace.
    #[arg(long, value_name = "ID")]
    pub org: Option<String>,
    /// Only what this person did, or was done to their account.
    #[arg(long, value_name = "ID")]
    pub user: Option<String>,
    /// Only from this time on: 2026-11-26, 2026-11-26T06:00:00Z, or how long ago, such as 90m, 24h or 7d.
    #[arg(long, value_name = "TIME")]
    pub since: Option<String>,
    /// Only before this time.
    #[arg(long, value_name = "TIME", conflicts_with = "follow")]
    pub until: Option<String>,
    /// At most this many, 1 to 500.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=500))]
    pub limit: u32,
    /// Only what comes after this one: `next` of the page before.
    #[arg(long, value_name = "PLACE", conflicts_with = "follow")]
    pub after: Option<String>,
    /// Print the latest, then what comes, until interrupted.
    #[arg(long)]
    pub follow: bool,
}
