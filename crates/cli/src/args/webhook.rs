//! Arguments of `sigma webhook`.

use clap::Subcommand;

use super::{Page, Sure};

/// `sigma webhook`.
#[derive(Debug, Subcommand)]
pub enum WebhookCommand {
    /// List the webhooks, oldest first.
    #[command(after_help = "Examples:\n  sigma --server https://id.example.org webhook list")]
    List(Page),
    /// Show a webhook.
    #[command(after_help = "Examples:\n  sigma --server https://id.example.org webhook show whk_0199…")]
    Show {
        /// Its id.
        id: String,
    },
    /// Create a webhook, and print the secret that its receiver verifies with.
    #[command(after_help = "\
Examples:
  sigma --server https://id.example.org webhook add https://ops.example.org/hook --event user.sign_in_failed --event 'app.*'")]
    Add {
        /// The address that events are posted to.
        url: String,
        /// An action of the audit trail, or a group such as user.*; everything without it. Repeatable.
        #[arg(long = "event", value_name = "NAME")]
        events: Vec<String>,
        /// What it is for.
        #[arg(long, default_value = "", hide_default_value = true)]
        description: String,
        /// Sign with Ed25519 instead of HMAC.
        #[arg(long)]
        ed25519: bool,
    },
    /// Send a test event.
    #[command(after_help = "Examples:\n  sigma --server https://id.example.org webhook test whk_0199…")]
    Test {
        /// Its id.
        id: String,
    },
    /// List what was delivered, the latest first.
    #[command(after_help = "Examples:\n  sigma --server https://id.example.org webhook deliveries whk_0199… --failed")]
    Deliveries {
        /// Its id.
        id: String,
        /// Only those that failed.
        #[arg(long)]
        failed: bool,
        #[command(flatten)]
        page: Page,
    },
    /// Remove a webhook.
    #[command(after_help = "Examples:\n  sigma --server https://id.example.org webhook remove whk_0199… --yes")]
    Remove {
        /// Its id.
        id: String,
        #[command(flatten)]
        sure: Sure,
    },
}
