//! Arguments of `sigma app invite`.

use clap::Args;

/// `sigma app invite`.
#[derive(Args, Debug)]
pub struct InviteApps {
    /// Whom it is for, a note of yours.
    #[arg(long, value_name = "NOTE", default_value = "", hide_default_value = true)]
    pub name: String,
    /// How many apps it lets register, 1 to 10000.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub uses: u32,
    /// How long it can be used, 1 to 365 days.
    #[arg(long, value_name = "DAYS", default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..=365))]
    pub days: u32,
}
