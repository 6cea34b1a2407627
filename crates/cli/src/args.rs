//! The command line: what can be typed, and the help for it.

mod resource;
mod user;
mod workspace;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use sigma_core::app::{ApplicationType, AuthMethod, GrantType};
use sigma_core::jose::Algorithm;

pub use resource::{ResourceCommand, ResourceFields};
pub use user::{AddUser, UserCommand};
pub use workspace::{AddApiKey, ApiKeyCommand, NamedApiKey, SetWorkspace, WorkspaceCommand};

/// An identity server: OpenID Connect for apps, keys for people.
#[derive(Debug, Parser)]
#[command(
    name = "sigma",
    version,
    propagate_version = true,
    arg_required_else_help = true,
    after_help = "\
Examples:
  sigma demo                                  try everything on this machine
  SIGMA__ISSUER=https://id.example.org sigma serve
  sigma app add --name Shop --redirect-uri https://shop.example.org/callback
  sigma doctor                                what is wrong here, and how to mend it

Settings come from sigma.toml or --config FILE, and from the environment, which wins: SIGMA__SECTION__KEY, for
example SIGMA__STORE__URL. `sigma config show` prints them all.

Exit codes:
  0  done
  1  failed, or a check found a fault
  2  the command line makes no sense
  3  what was named is not there
  4  refused: it is there already, or would break a rule
  5  the configuration cannot be used
  6  the store cannot be reached, opened or written
  7  a part of the server ended by a fault, and the server with it"
)]
pub struct Cli {
    /// The configuration file; without it sigma.toml, if there is one.
    #[arg(long, global = true, value_name = "FILE", env = "SIGMA_CONFIG")]
    pub config: Option<PathBuf>,
    /// Answer with one JSON value, for scripts.
    #[arg(long, global = true)]
    pub json: bool,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the server until it is told to stop (SIGTERM or Ctrl-C).
    #[command(after_help = "\
Examples:
  sigma serve --config /etc/sigma.toml
  SIGMA__ISSUER=https://id.example.org SIGMA__LISTEN=0.0.0.0:8080 sigma serve

At its first start it makes the database and the master key. SIGHUP reads the certificate and log.filter again; SIGTERM
ends it when balancers have had time to notice, and a second one at once.")]
    Serve(ServeArgs),
    /// Try everything on this machine: a server with two workspaces, and an app to sign in to.
    #[command(after_help = "\
Examples:
  sigma demo                    on http://localhost:8080, or the next port that is free
  sigma demo --data ./demo      keep the database for the next time")]
    Demo(DemoArgs),
    /// Register and change apps (OAuth clients).
    #[command(subcommand)]
    App(Box<AppCommand>),
    /// Register the APIs that access tokens may be for (RFC 8707).
    #[command(subcommand)]
    Resource(ResourceCommand),
    /// Look after people's accounts.
    #[command(subcommand)]
    User(UserCommand),
    /// Look after workspaces: the tenants of a product's own API.
    #[command(subcommand)]
    Workspace(WorkspaceCommand),
    /// Look after the API keys of workspaces.
    #[command(subcommand)]
    ApiKey(ApiKeyCommand),
    /// Look after the keys that sign tokens.
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Look at the configuration.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Say what is wrong with this installation, and how to mend it.
    #[command(after_help = "\
Checks the configuration, the master key, the store, the signing keys, the clock, the disk, and, if the issuer
answers, what the world sees. Exit code 1 when something is wrong.

Examples:
  sigma doctor
  sigma doctor --json | jq '.checks[] | select(.status == \"wrong\")'")]
    Doctor,
    /// Print the OpenAPI document of the server.
    #[command(after_help = "Examples:\n  sigma openapi > sigma.openapi.json")]
    Openapi,
}

/// `sigma serve`.
#[derive(Args, Debug)]
pub struct ServeArgs {
    /// Make an empty database although the master key has been used for one that is not there.
    #[arg(long)]
    pub new: bool,
}

/// `sigma demo`.
#[derive(Args, Debug)]
pub struct DemoArgs {
    /// The server's port; without it 8080, or the next that is free.
    #[arg(long)]
    pub port: Option<u16>,
    /// The Playground's port; without it the server's plus one, or the next that is free.
    #[arg(long)]
    pub playground_port: Option<u16>,
    /// Where the database is kept; without it in a directory that is deleted at the end.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
}

/// One page of a list.
#[derive(Args, Debug)]
pub struct Page {
    /// At most this many, 1 to 500.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=500))]
    pub limit: u32,
    /// Only what comes after this one: `next` of the page before.
    #[arg(long, value_name = "ID", default_value = "", hide_default_value = true)]
    pub after: String,
}

/// The word that a command needs which cannot be taken back; at a terminal it asks instead.
#[derive(Args, Debug)]
pub struct Sure {
    /// Yes: do it without asking.
    #[arg(long)]
    pub yes: bool,
}

/// `sigma app`.
#[derive(Debug, Subcommand)]
pub enum AppCommand {
    /// Register an app. A secret that is made is shown this once.
    #[command(after_help = "\
Examples:
  sigma app add --name Shop --redirect-uri https://shop.example.org/callback
  sigma app add --name 'Single page' --auth none --redirect-uri https://spa.example.org/callback
  sigma app add --name Phone --type native --auth none --redirect-uri org.example.phone:/callback
  sigma app add --name Plugin --pubkey 02ab… --redirect-uri https://app.example.org/auth/sigma/callback
  sigma app add --name Job --grant-type client_credentials")]
    Add(AddApp),
    /// List the apps.
    #[command(
        after_help = "Examples:\n  sigma app list --limit 10\n  sigma app list --json | jq -r '.items[].client_id'"
    )]
    List(Page),
    /// Show an app.
    #[command(after_help = "Examples:\n  sigma app show shop")]
    Show {
        /// Its client id.
        id: String,
    },
    /// Change an app. Lists are replaced as a whole.
    #[command(after_help = "\
Examples:
  sigma app set shop --name 'The shop' --redirect-uri https://shop.example.org/callback
  sigma app set shop --auth private_key_jwt --jwks @keys.json
  sigma app set shop --resource https://api.example.org
  sigma app set shop --disable")]
    Set(SetApp),
    /// Make a new secret, shown this once. The old one stops working at once.
    #[command(after_help = "Examples:\n  sigma app rotate-secret shop --yes")]
    RotateSecret {
        /// Its client id.
        id: String,
        #[command(flatten)]
        sure: Sure,
    },
    /// Remove an app. Its tokens end with it, and its id is never given out again.
    #[command(after_help = "Examples:\n  sigma app remove shop --yes")]
    Remove {
        /// Its client id.
        id: String,
        #[command(flatten)]
        sure: Sure,
    },
}

/// `sigma app add`.
#[derive(Args, Debug)]
pub struct AddApp {
    /// Its client id, 3 to 64 of a-z, 0-9 and hyphen; made up without it.
    #[arg(long)]
    pub id: Option<String>,
    /// What it may do and how.
    #[command(flatten)]
    pub fields: AppFields,
}

/// `sigma app set`.
#[derive(Args, Debug)]
pub struct SetApp {
    /// Its client id.
    pub id: String,
    /// What changes.
    #[command(flatten)]
    pub fields: AppFields,
    /// Switch it off: nothing works until it is switched on again.
    #[arg(long, conflicts_with = "enable")]
    pub disable: bool,
    /// Switch it on again.
    #[arg(long)]
    pub enable: bool,
}

/// What an app is registered with.
#[derive(Args, Debug, Default, PartialEq, Eq)]
pub struct AppFields {
    /// What people are told it is called.
    #[arg(long)]
    pub name: Option<String>,
    /// Where it runs: on a server or in a browser (web), or installed on a device (native).
    #[arg(long = "type", value_enum)]
    pub application_type: Option<TypeArg>,
    /// How it proves who it is.
    #[arg(
        long = "auth",
        alias = "auth-method",
        value_enum,
        value_name = "METHOD",
        help = "How it proves who it is; by default what its keys allow, else client_secret"
    )]
    pub auth_method: Option<AuthArg>,
    /// Its account key.
    #[arg(long, value_name = "HEX", help = "Its account key, 66 hex digits, for sigma_bitcoin_auth")]
    pub pubkey: Option<String>,
    /// Its public keys.
    #[arg(
        long,
        value_name = "JSON",
        conflicts_with = "jwks_uri",
        help = "Its public keys for private_key_jwt: a JWK set, or @FILE"
    )]
    pub jwks: Option<String>,
    /// Where its public keys are fetched from instead.
    #[arg(long, value_name = "URL")]
    pub jwks_uri: Option<String>,
    /// Where people come back to, exactly as it will be sent. Repeatable.
    #[arg(long = "redirect-uri", value_name = "URI")]
    pub redirect_uris: Vec<String>,
    /// Where people come back to after they signed out. Repeatable.
    #[arg(long = "post-logout-redirect-uri", value_name = "URI")]
    pub post_logout_redirect_uris: Vec<String>,
    /// What it may exchange for tokens; by default codes and refresh tokens. Repeatable.
    #[arg(long = "grant-type", value_enum, value_name = "GRANT")]
    pub grant_types: Vec<GrantArg>,
    /// What it may ask people for.
    #[arg(
        long,
        value_name = "SCOPES",
        help = "What it may ask people for, in one argument; by default \"openid profile email offline_access\""
    )]
    pub scope: Option<String>,
    /// An API that it may ask for; '' for none. Repeatable.
    #[arg(long = "resource", value_name = "URI")]
    pub resources: Vec<String>,
    /// What its id tokens are signed with; by default RS256, ES256 for a Bitcoin key.
    #[arg(long, value_enum, value_name = "ALG")]
    pub id_token_alg: Option<AlgArg>,
    /// How long its access tokens live, in seconds; 0 for as long as the server says.
    #[arg(long, value_name = "SECONDS")]
    pub access_seconds: Option<u32>,
    /// PKCE even though it has a secret.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    pub require_pkce: Option<bool>,
    /// People without a verified address get a made-up one.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    pub placeholder_email: Option<bool>,
    /// Its id tokens carry the claims of the granted scopes, for software that never asks userinfo.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    pub id_token_claims: Option<bool>,
    /// The workspace that it belongs to; with the scope `roles` it learns of people's roles there.
    #[arg(long, value_name = "ID")]
    pub workspace: Option<String>,
    /// Its home page.
    #[arg(long, value_name = "URL")]
    pub client_uri: Option<String>,
}

/// `sigma keys`.
#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// List the keys that sign, will sign or have signed.
    #[command(after_help = "Examples:\n  sigma keys list")]
    List,
    /// Make new keys before their time. They are published first and sign a day later.
    #[command(after_help = "\
Examples:
  sigma keys rotate
  sigma keys rotate --now --alg ES256     sign with a new key from this moment")]
    Rotate {
        /// Sign with the new keys at once. Apps that cache the key set must fetch it again.
        #[arg(long)]
        now: bool,
        /// Only keys of this algorithm. Repeatable.
        #[arg(long, value_enum, value_name = "ALG")]
        alg: Vec<AlgArg>,
    },
    /// Delete a key that leaked: every token that it signed is dead at once.
    #[command(after_help = "\
A key that signs cannot be revoked: rotate it first.

Examples:
  sigma keys rotate --now --alg ES256
  sigma keys revoke K2Pb5k_vLq0xT3aW --yes     the key that leaked; apps that cache the key set may trust it a while longer")]
    Revoke {
        /// The key id, as `sigma keys list` shows it.
        kid: String,
        #[command(flatten)]
        sure: Sure,
    },
}

/// `sigma config`.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Print every setting in force, secrets masked.
    #[command(after_help = "Examples:\n  sigma config show > sigma.toml      a file to begin with")]
    Show,
    /// Say what is wrong with these settings, the certificate included.
    #[command(after_help = "Examples:\n  sigma config check --config /etc/sigma.toml")]
    Check,
}

macro_rules! choices {
    ($(#[$doc:meta])* $name:ident => $core:ty { $($(#[$vdoc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
        pub enum $name {
            $($(#[$vdoc])* #[value(name = $text)] $variant,)*
        }

        impl From<$name> for $core {
            fn from(choice: $name) -> Self {
                match choice { $($name::$variant => Self::$variant,)* }
            }
        }
    };
}

use choices;

choices! {
    /// `--auth`.
    AuthArg => AuthMethod {
        /// A public app: PKCE alone.
        None = "none",
        /// Id and secret, in the Authorization header or in the body.
        ClientSecret = "client_secret",
        /// Id and secret in the Authorization header alone.
        ClientSecretBasic = "client_secret_basic",
        /// Id and secret in the body alone.
        ClientSecretPost = "client_secret_post",
        /// A JWT signed with the app's own key.
        PrivateKeyJwt = "private_key_jwt",
        /// A signature with the app's Bitcoin key.
        SigmaBitcoinAuth = "sigma_bitcoin_auth",
    }
}

choices! {
    /// `--type`.
    TypeArg => ApplicationType {
        /// On a server, or in a page from one.
        Web = "web",
        /// Installed on a device.
        Native = "native",
    }
}

choices! {
    /// `--grant-type`.
    GrantArg => GrantType {
        /// Codes, when people sign in.
        AuthorizationCode = "authorization_code",
        /// Refresh tokens.
        RefreshToken = "refresh_token",
        /// Its own credentials, without a person.
        ClientCredentials = "client_credentials",
    }
}

choices! {
    /// `--alg`.
    AlgArg => Algorithm {
        /// RSA.
        RS256 = "RS256",
        /// P-256.
        ES256 = "ES256",
        /// Ed25519.
        EdDSA = "EdDSA",
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_has_examples() {
        fn check(command: &clap::Command) {
            if command.get_name() == "help" {
                return;
            }
            if command.get_subcommands().next().is_none() {
                let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
                assert!(help.contains("Examples:"), "{} has no example", command.get_name());
            }
            command.get_subcommands().for_each(check);
        }
        check(&Cli::command());
    }
}
