//! The arguments of `sigma audit`.

use clap::Args;

/// `sigma audit`.
#[derive(Args, Debug)]
pub struct AuditArgs {
    /// Only actions by this user, API key (by id) or app (by id or client id), or by operator, system or anonymous.
    #[arg(long, value_name = "ACTOR")]
    pub actor: Option<String>,
    /// Only these actions, by name (app.create) or group (app). May be repeated.
    #[arg(long = "action", value_name = "NAME")]
    pub actions: Vec<String>,
    /// Only events in this workspace, by id or slug.
    #[arg(long, value_name = "WORKSPACE")]
    pub org: Option<String>,
    /// Only actions of this user, or on their account or memberships.
    #[arg(long, value_name = "ID")]
    pub user: Option<String>,
    /// Only from this time on: 2026-11-26, 2026-11-26T06:00:00Z, or a duration ago such as 90m, 24h or 7d.
    #[arg(long, value_name = "TIME")]
    pub since: Option<String>,
    /// Only before this time.
    #[arg(long, value_name = "TIME", conflicts_with = "follow")]
    pub until: Option<String>,
    /// Maximum number of events, 1 to 500.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=500))]
    pub limit: u32,
    /// Continue after this position: `next` of the previous page.
    #[arg(long, value_name = "POSITION", conflicts_with = "follow")]
    pub after: Option<String>,
    /// Print the latest events, then new ones, until interrupted.
    #[arg(long)]
    pub follow: bool,
}
