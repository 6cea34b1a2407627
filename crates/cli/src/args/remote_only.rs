//! Arguments of commands most of which only a running server can answer.

use clap::Subcommand;

use super::{Page, Sure};

/// `sigma session`.
#[derive(Debug, Subcommand)]
pub enum SessionCommand {
    /// List the browsers in which somebody is signed in, newest first.
    #[command(after_help = "\
Examples:
  sigma --server https://id.example.org session list
  sigma --server https://id.example.org session list --user ada@example.org")]
    List {
        /// Of this person: user id, e-mail address, or a public key of the account.
        #[arg(long)]
        user: Option<String>,
        #[command(flatten)]
        page: Page,
    },
    /// End a session, with the tokens that were issued in it.
    #[command(after_help = "Examples:\n  sigma --server https://id.example.org session end ses_0199… --yes")]
    End {
        /// Its id.
        id: String,
        #[command(flatten)]
        sure: Sure,
    },
}

/// `sigma mail`.
#[derive(Debug, Subcommand)]
pub enum MailCommand {
    /// List the mails that were not delivered yet, newest first.
    #[command(after_help = "Examples:\n  sigma --server https://id.example.org mail list --failing")]
    List {
        /// Only those whose last attempt failed.
        #[arg(long)]
        failing: bool,
        #[command(flatten)]
        page: Page,
    },
    /// Send a test mail to the verified address of the person whose token it is.
    #[command(after_help = "Examples:\n  SIGMA_TOKEN=… sigma --server https://id.example.org mail test")]
    Test,
    /// Send a queued mail again now.
    #[command(after_help = "Examples:\n  sigma --server https://id.example.org mail resend mail_0199…")]
    Resend {
        /// Its id.
        id: String,
    },
    /// Delete a queued mail unsent.
    #[command(after_help = "Examples:\n  sigma --server https://id.example.org mail drop mail_0199… --yes")]
    Drop {
        /// Its id.
        id: String,
        #[command(flatten)]
        sure: Sure,
    },
}

/// `sigma provider`.
#[derive(Debug, Subcommand)]
pub enum ProviderCommand {
    /// List the configured providers, and whether each answered when the server last asked.
    #[command(after_help = "Examples:\n  sigma --server https://id.example.org provider list")]
    List,
    /// Ask a provider now whether it answers. Exit code 1 if it does not.
    #[command(after_help = "Examples:\n  sigma --server https://id.example.org provider check google")]
    Check {
        /// Its id.
        id: String,
    },
    /// Remove a provider that `sigma apply` declared. Those of the settings are removed there.
    #[command(after_help = "Examples:\n  sigma provider remove acme --yes")]
    Remove {
        /// Its id.
        id: String,
        #[command(flatten)]
        sure: Sure,
    },
}
