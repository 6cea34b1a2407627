//! What can be typed after `sigma user`.

use clap::{Args, Subcommand};

use super::{Page, Sure};

/// `sigma user`.
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Make an account that is signed in to by e-mail address and password.
    #[command(after_help = "\
You vouch for the address: it counts as verified. On a terminal the password is asked for; elsewhere, or with --link, a
link is printed by which the person sets it within one hour. With --workspace they are a member at once; who has an
account already can be put into a workspace so.

Examples:
  sigma user add --email ada@example.org --name 'Ada Lovelace' --workspace org_bakery --role Admin
  sigma user add --email ada@example.org --link --json | jq -r .link
  pass show ada | sigma user add --email ada@example.org --password-stdin")]
    Add(AddUser),
    /// Print a link by which somebody sets a new password.
    #[command(after_help = "\
The link works once, within one hour. Whoever opens it gets into the account: give it to its person alone. Using it ends
all their sessions.

Examples:
  sigma user reset ada@example.org")]
    Reset {
        /// Its id, its e-mail address, or a public key that it signed with.
        user: String,
    },
    /// List the accounts, the oldest first.
    #[command(after_help = "Examples:\n  sigma user list --limit 10")]
    List(Page),
    /// Show an account and its identities.
    #[command(after_help = "Examples:\n  sigma user show user_0199…\n  sigma user show 02ab…")]
    Show {
        /// Its id, its e-mail address, or a public key that it signed with.
        user: String,
    },
    /// Switch an account off: nothing that was issued to it works. API keys that it made are switched off for ever, with those
    /// that these made.
    #[command(
        after_help = "Examples:\n  sigma user disable user_0199… --yes\n  sigma user disable user_0199… --keep-keys --yes"
    )]
    Disable {
        /// Its id, its e-mail address, or a public key that it signed with.
        user: String,
        /// Leave the API keys that it made in workspaces as they are.
        #[arg(long)]
        keep_keys: bool,
        #[command(flatten)]
        sure: Sure,
    },
    /// Switch an account on again.
    #[command(after_help = "Examples:\n  sigma user enable user_0199…")]
    Enable {
        /// Its id, its e-mail address, or a public key that it signed with.
        user: String,
    },
    /// List the browsers where someone is signed in, or end sessions.
    #[command(
        after_help = "Examples:\n  sigma user sessions user_0199…\n  sigma user sessions user_0199… --end-all --yes"
    )]
    Sessions {
        /// Its id, its e-mail address, or a public key that it signed with.
        user: String,
        /// End this session.
        #[arg(long, value_name = "SESSION", conflicts_with = "end_all")]
        end: Option<String>,
        /// End every session.
        #[arg(long)]
        end_all: bool,
        #[command(flatten)]
        sure: Sure,
    },
}

/// `sigma user add`.
#[derive(Args, Debug)]
pub struct AddUser {
    /// The address to sign in with.
    #[arg(long, value_name = "ADDRESS")]
    pub email: String,
    /// What the person is called; what stands before the @ without it.
    #[arg(long)]
    pub name: Option<String>,
    /// Read the password from the first line of standard input.
    #[arg(long, conflicts_with = "link")]
    pub password_stdin: bool,
    /// Print a link by which the person sets the password.
    #[arg(long)]
    pub link: bool,
    /// Make them a member of this workspace.
    #[arg(long, value_name = "ID")]
    pub workspace: Option<String>,
    /// Their role there, by name or id; Member without it.
    #[arg(long, value_name = "NAME", requires = "workspace")]
    pub role: Option<String>,
}
