//! Arguments of `sigma user`.

use clap::{Args, Subcommand};

use super::{Page, Sure};

/// `sigma user`.
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Create an account that signs in with e-mail address and password.
    #[command(after_help = "\
You vouch for the address: it is marked as verified. On a terminal the command prompts for the password; otherwise, or with \
--link, it prints a link to set one within links.reset_minutes (an hour). With --workspace the user becomes a member \
immediately; this also adds an existing account to a workspace. With --server there is no prompt, and an existing account is refused.

Examples:
  sigma user add --email ada@example.org --name 'Ada Lovelace' --workspace bakery --role Admin
  sigma user add --email ada@example.org --link --json | jq -r .link
  pass show ada | sigma user add --email ada@example.org --password-stdin
  sigma --server https://id.example.org user add --email ada@example.org --mail")]
    Add(AddUser),
    /// Print a link to set a new password.
    #[command(after_help = "\
The link works once, within links.reset_minutes (an hour). Anyone with the link can take over the account: give it only to the user. \
Using it ends all their sessions. With --server nobody but the user sees it: say --mail.

Examples:
  sigma user reset ada@example.org
  sigma --server https://id.example.org user reset ada@example.org --mail")]
    Reset {
        /// User id, e-mail address, or a public key of the account.
        user: String,
        /// With --server: mail the link to the primary address of the user instead of printing it.
        #[arg(long)]
        mail: bool,
    },
    /// List accounts, oldest first.
    #[command(after_help = "Examples:\n  sigma user list --limit 10")]
    List(Page),
    /// Show an account with its identities, addresses and credentials.
    #[command(after_help = "Examples:\n  sigma user show user_0199…\n  sigma user show 02ab…")]
    Show {
        /// User id, e-mail address, or a public key of the account.
        user: String,
    },
    /// Disable an account: everything issued to it stops working. API keys that it created are deactivated permanently, along
    /// with the keys that these created.
    #[command(
        after_help = "Examples:\n  sigma user disable user_0199… --yes\n  sigma user disable user_0199… --keep-keys --yes"
    )]
    Disable {
        /// User id, e-mail address, or a public key of the account.
        user: String,
        /// Keep the API keys that it created in workspaces.
        #[arg(long)]
        keep_keys: bool,
        #[command(flatten)]
        sure: Sure,
    },
    /// Let a user act as other users, or no longer.
    #[command(after_help = "\
An app that may exchange tokens gets a token about another user with the user's own, recently obtained one: for an hour, marked \
in the token and on the other user's account page, and only for what that user let the app do. With --workspace it concerns the \
apps and members of that workspace, never members with more rights.

Examples:
  sigma user impersonation ada@example.org --workspace bakery --allow
  sigma user impersonation ada@example.org --workspace bakery --deny
  sigma user impersonation ada@example.org --allow     as anybody, at every app")]
    Impersonation {
        /// User id, e-mail address, or a public key of the account.
        user: String,
        /// Only at the apps of this workspace.
        #[arg(long, value_name = "WORKSPACE")]
        workspace: Option<String>,
        /// Allow it.
        #[arg(long, conflicts_with = "deny")]
        allow: bool,
        /// Deny it, and end what is going on.
        #[arg(long)]
        deny: bool,
    },
    /// Enable an account again.
    #[command(after_help = "Examples:\n  sigma user enable user_0199…")]
    Enable {
        /// User id, e-mail address, or a public key of the account.
        user: String,
    },
    /// Change the name or the primary e-mail address of an account.
    #[command(after_help = "\
You vouch for the address: it is marked as verified, and becomes the primary one. The other addresses are kept.

Examples:
  sigma user set user_0199… --name 'Ada Lovelace'
  sigma user set ada@example.org --email ada@example.net")]
    Set(SetUser),
    /// Remove an account at once, with everything stored about it.
    #[command(after_help = "\
The user is replaced by a pseudonym in the audit trail. API keys that they created are deactivated. The only administrator of a \
workspace cannot be removed: appoint another one, or remove the workspace. With --server only an owner removes accounts at once.

Examples:
  sigma user remove user_0199… --yes
  sigma --server https://id.example.org user remove user_0199… --later --yes")]
    Remove {
        /// User id, e-mail address, or a public key of the account.
        user: String,
        /// With --server: only after the grace period, in which the user, who is told by mail, can keep the account.
        #[arg(long)]
        later: bool,
        #[command(flatten)]
        sure: Sure,
    },
    /// Print everything stored about an account as JSON, without secrets.
    #[command(after_help = "Examples:\n  sigma user export user_0199… > ada.json")]
    Export {
        /// User id, e-mail address, or a public key of the account.
        user: String,
    },
    /// List the credentials of an account, or retire one.
    #[command(after_help = "\
Retiring a credential ends all sessions of the user. The last way to sign in to the account is kept.

Examples:
  sigma user credentials user_0199…
  sigma user credentials user_0199… --retire 02ab… --yes
  sigma user credentials ada@example.org --retire password --yes")]
    Credentials {
        /// User id, e-mail address, or a public key of the account.
        user: String,
        /// Retire this credential: its id, or its kind if there is only one.
        #[arg(long, value_name = "CREDENTIAL")]
        retire: Option<String>,
        #[command(flatten)]
        sure: Sure,
    },
    /// List or end the browser sessions of a user.
    #[command(
        after_help = "Examples:\n  sigma user sessions user_0199…\n  sigma user sessions user_0199… --end ses_0199… --yes\n  sigma user sessions user_0199… --end-all --yes"
    )]
    Sessions {
        /// User id, e-mail address, or a public key of the account.
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

/// `sigma user set`.
#[derive(Args, Debug)]
pub struct SetUser {
    /// User id, e-mail address, or a public key of the account.
    pub user: String,
    /// Display name.
    #[arg(long)]
    pub name: Option<String>,
    /// E-mail address, which becomes the primary one.
    #[arg(long, value_name = "ADDRESS")]
    pub email: Option<String>,
}

/// `sigma user add`.
#[derive(Args, Debug)]
pub struct AddUser {
    /// E-mail address to sign in with.
    #[arg(long, value_name = "ADDRESS")]
    pub email: String,
    #[arg(long, help = "Display name [default: the part before the @]")]
    pub name: Option<String>,
    /// Read the password from the first line of standard input.
    #[arg(long, conflicts_with = "link")]
    pub password_stdin: bool,
    /// Print a link to set the password.
    #[arg(long)]
    pub link: bool,
    #[command(flatten)]
    pub remote: RemoteUser,
    /// Add the user to this workspace, by id or slug.
    #[arg(long, value_name = "WORKSPACE")]
    pub workspace: Option<String>,
    /// Role in the workspace, by name or id [default: Member]
    #[arg(long, value_name = "NAME", requires = "workspace")]
    pub role: Option<String>,
}

/// How the user of `sigma --server URL user add` gets a password, unless by a link that is printed.
#[derive(Args, Debug)]
pub struct RemoteUser {
    /// With --server: mail the link to the user instead of printing it.
    #[arg(long, conflicts_with_all = ["link", "password_stdin"])]
    pub mail: bool,
    /// With --server: no password; the user signs in another way.
    #[arg(long, conflicts_with_all = ["link", "mail", "password_stdin"])]
    pub no_password: bool,
}
