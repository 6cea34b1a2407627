//! The command line: arguments and help.

mod audit;
mod branding;
mod client;
mod invite;
mod link;
mod resource;
mod security;
mod user;
mod workspace;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use sigma_core::app::{ApplicationType, AuthMethod, GrantType};
use sigma_core::jose::Algorithm;

pub use audit::AuditArgs;
pub use branding::BrandingFields;
pub use client::ClientFields;
pub use invite::InviteApps;
pub use link::{AddLink, LinkCommand};
pub use resource::{ResourceCommand, ResourceFields};
#[cfg(test)]
pub use security::ProfileArg;
pub use security::SecurityFields;
pub use user::{AddUser, SetUser, UserCommand};
pub use workspace::{AddApiKey, ApiKeyCommand, NamedApiKey, SetWorkspace, WorkspaceCommand};

/// Self-hosted identity server: OpenID Connect for apps, sign-in with keys and passwords for users.
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
  sigma app add --name Shop --client-id shop --redirect-uri https://shop.example.org/callback
  sigma doctor                                diagnose this installation

Settings come from sigma.toml or --config FILE, and from the environment, which takes precedence:
SIGMA__SECTION__KEY, for example SIGMA__STORE__URL. `sigma config show` prints them all.

Exit codes:
  0  done
  1  failed, or a check found a problem
  2  invalid command line
  3  not found
  4  refused: it already exists, or would break a rule
  5  invalid configuration
  6  the store cannot be reached, opened or written
  7  a part of the server crashed and ended the server"
)]
pub struct Cli {
    /// Configuration file [default: sigma.toml, if it exists]
    #[arg(long, global = true, value_name = "FILE", env = "SIGMA_CONFIG")]
    pub config: Option<PathBuf>,
    /// Print one JSON value, for scripts.
    #[arg(long, global = true)]
    pub json: bool,
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the server until SIGTERM or Ctrl-C.
    #[command(after_help = "\
Examples:
  sigma serve --config /etc/sigma.toml
  SIGMA__ISSUER=https://id.example.org SIGMA__LISTEN=0.0.0.0:8080 sigma serve

On first start it creates the database and the master key. SIGHUP reloads the certificate and log.filter. SIGTERM shuts
down after load balancers have had time to notice; a second one stops immediately.")]
    Serve(ServeArgs),
    /// Run a local demo: a server with two workspaces, and an app to sign in to.
    #[command(after_help = "\
Examples:
  sigma demo                    on http://localhost:8080, or the next free port
  sigma demo --data ./demo      keep the database")]
    Demo(DemoArgs),
    /// Manage apps (OAuth clients).
    #[command(subcommand)]
    App(Box<AppCommand>),
    /// Manage resources: the APIs that access tokens can be issued for (RFC 8707).
    #[command(subcommand)]
    Resource(ResourceCommand),
    /// Manage links: apps that act for orgs which do not own them.
    #[command(subcommand)]
    Link(LinkCommand),
    /// Manage user accounts.
    #[command(subcommand)]
    User(UserCommand),
    /// Manage workspaces: the tenants of a product's own API.
    #[command(subcommand)]
    Workspace(WorkspaceCommand),
    /// Manage the API keys of workspaces.
    #[command(subcommand)]
    ApiKey(ApiKeyCommand),
    /// Manage token signing keys.
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Show the audit trail, newest first.
    #[command(after_help = "\
With --follow the oldest comes first, and --json prints one JSON value per line. A failure that happens again within its \
minute is printed again with the same id and a higher count.

Examples:
  sigma audit
  sigma audit --since 24h --action user.sign_in_failed
  sigma audit --org bakery --action member --action role
  sigma audit --actor operator --json | jq -r '.items[] | [.at, .action, .target.id] | @tsv'
  sigma audit --follow --json >> /var/log/sigma-audit.jsonl")]
    Audit(AuditArgs),
    /// Show the background jobs: when each ran, runs next, and why it failed.
    #[command(after_help = "\
Recurring jobs run once per interval, on one of the instances that share the database. Queued ones are listed until they are
done, and for a week if they were given up.

Examples:
  sigma jobs
  sigma jobs --json | jq '.items[] | select(.error != null)'")]
    Jobs,
    /// Show or check the configuration.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Diagnose this installation and suggest fixes.
    #[command(after_help = "\
Checks the configuration, the master key, the store, the signing keys, the clock, the disk, and, if the issuer can be \
reached, what it serves. Exit code 1 if something is wrong.

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
    /// Create an empty database even though the master key was used with another one, which is missing.
    #[arg(long)]
    pub new: bool,
}

/// `sigma demo`.
#[derive(Args, Debug)]
pub struct DemoArgs {
    /// Port of the server [default: 8080, or the next free port]
    #[arg(long)]
    pub port: Option<u16>,
    /// Port of the Playground [default: the server's port plus one, or the next free port]
    #[arg(long)]
    pub playground_port: Option<u16>,
    /// Directory of the database, the key and the mails [default: a temporary one that is deleted on exit]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// An empty PostgreSQL database to use instead of a SQLite file, postgres://…; a variable of the environment is not enough
    #[arg(long, value_name = "URL")]
    pub postgres: Option<String>,
}

/// One page of a list.
#[derive(Args, Debug)]
pub struct Page {
    /// Page size, 1 to 500.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=500))]
    pub limit: u32,
    /// Start after this entry: `next` of the previous page.
    #[arg(long, value_name = "ID", default_value = "", hide_default_value = true)]
    pub after: String,
}

/// Confirmation of a command that cannot be undone; on a terminal it prompts instead.
#[derive(Args, Debug)]
pub struct Sure {
    /// Do not ask for confirmation.
    #[arg(long)]
    pub yes: bool,
}

/// `sigma app`.
#[derive(Debug, Subcommand)]
pub enum AppCommand {
    /// Register an app. If it gets a secret, it is shown only once.
    #[command(after_help = "\
Examples:
  sigma app add --name Shop --client-id shop --redirect-uri https://shop.example.org/callback
  sigma app add --name 'Single page' --auth none --redirect-uri https://spa.example.org/callback
  sigma app add --name Phone --type native --auth none --redirect-uri org.example.phone:/callback
  sigma app add --name Plugin --pubkey 02ab… --redirect-uri https://app.example.org/auth/sigma/callback
  sigma app add --name Job --grant-type client_credentials
  sigma app add --name TV --type native --auth none --grant-type device_code --grant-type refresh_token
  sigma app add --name Badges --org bakery --site-url https://badges.example.org")]
    Add(AddApp),
    /// List the apps that you registered or approved.
    #[command(after_help = "\
Examples:
  sigma app list --limit 10
  sigma app list --json | jq -r '.items[].client_id'
  sigma app list --unverified          apps that registered themselves or that people made")]
    List(ListApps),
    /// Show an app.
    #[command(after_help = "Examples:\n  sigma app show shop")]
    Show {
        /// Client id or id.
        #[arg(value_name = "APP")]
        id: String,
    },
    /// Change an app. List options replace the whole list.
    #[command(after_help = "\
Examples:
  sigma app set shop --name 'The shop' --redirect-uri https://shop.example.org/callback
  sigma app set shop --auth private_key_jwt --jwks @keys.json
  sigma app set shop --resource https://api.example.org
  sigma app set bank --profile fapi2
  sigma app set shop --backchannel-logout-uri https://shop.example.org/backchannel-logout
  sigma app set shop --signer-origin https://shop.example.org
  sigma app set shop --logo shop.png --accent '#0a7d4b' --terms-url https://shop.example.org/terms
  sigma app set shop --disable
  sigma app set app_019a… --approve")]
    Set(SetApp),
    /// Generate a new secret, shown only once. The old one stops working immediately.
    #[command(after_help = "Examples:\n  sigma app rotate-secret shop --yes")]
    RotateSecret {
        /// Client id or id.
        #[arg(value_name = "APP")]
        id: String,
        #[command(flatten)]
        sure: Sure,
    },
    /// Make an initial access token, with which apps register themselves (RFC 7591). It is shown only once.
    #[command(after_help = "\
The token goes into the Authorization header of the registration. The server accepts it if registration.mode is \"token\" or \
\"open\".

Examples:
  sigma app invite --name 'Bakery, build server'
  sigma app invite --uses 20 --days 30 --json | jq -r .token")]
    Invite(InviteApps),
    /// List initial access tokens, without the tokens.
    #[command(after_help = "Examples:\n  sigma app invitations")]
    Invitations(Page),
    /// Remove an initial access token. Apps that were registered with it stay.
    #[command(after_help = "Examples:\n  sigma app uninvite ainv_019a… --yes")]
    Uninvite {
        /// Id, as shown by `sigma app invitations`.
        #[arg(value_name = "ID")]
        id: String,
        #[command(flatten)]
        sure: Sure,
    },
    /// List the apps that documents elsewhere describe (their client id is the document's address).
    #[command(after_help = "\
Examples:
  sigma app documents
  sigma app documents --host claude.ai --json | jq -r '.items[].client_id'")]
    Documents(ListDocuments),
    /// Block apps that documents describe: one document, or all of a host. Their tokens stop working, and nothing is fetched.
    #[command(after_help = "\
Examples:
  sigma app block tools.example.net --yes
  sigma app block https://tools.example.net/oauth/client.json --yes")]
    Block {
        /// Name of the host, or address of the document.
        #[arg(value_name = "HOST|URL")]
        subject: String,
        #[command(flatten)]
        sure: Sure,
    },
    /// Take a block back.
    #[command(after_help = "Examples:\n  sigma app unblock tools.example.net")]
    Unblock {
        /// Host or address, as shown by `sigma app blocks`.
        #[arg(value_name = "HOST|URL")]
        subject: String,
    },
    /// List the hosts and documents that you blocked.
    #[command(after_help = "Examples:\n  sigma app blocks")]
    Blocks(Page),
    /// Remove an app. This revokes its tokens; its client id is never reused.
    #[command(after_help = "Examples:\n  sigma app remove shop --yes")]
    Remove {
        /// Client id or id.
        #[arg(value_name = "APP")]
        id: String,
        #[command(flatten)]
        sure: Sure,
    },
}

/// `sigma app list`.
#[derive(Args, Debug)]
pub struct ListApps {
    /// Only apps that nobody vouches for: they registered themselves, or people made them.
    #[arg(long)]
    pub unverified: bool,
    /// The page.
    #[command(flatten)]
    pub page: Page,
}

/// `sigma app documents`.
#[derive(Args, Debug)]
pub struct ListDocuments {
    /// Only documents of this host.
    #[arg(long, value_name = "NAME")]
    pub host: Option<String>,
    /// The page.
    #[command(flatten)]
    pub page: Page,
}

/// `sigma app add`.
#[derive(Args, Debug)]
pub struct AddApp {
    /// Client id of your choice, 3 to 64 characters of a-z, 0-9 and hyphen. It cannot be changed later [default: generated]
    #[arg(long, value_name = "NAME")]
    pub client_id: Option<String>,
    /// Its properties.
    #[command(flatten)]
    pub fields: AppFields,
}

/// `sigma app set`.
#[derive(Args, Debug)]
pub struct SetApp {
    /// Client id or id.
    #[arg(value_name = "APP")]
    pub id: String,
    /// The properties to change.
    #[command(flatten)]
    pub fields: AppFields,
    /// How it looks.
    #[command(flatten)]
    pub branding: BrandingFields,
    /// Disable the app: nothing works until it is enabled again.
    #[arg(long, conflicts_with = "enable")]
    pub disable: bool,
    /// Enable the app.
    #[arg(long)]
    pub enable: bool,
    /// Vouch for an app that registered itself or that a person made: it is no longer shown as unverified, and stays when
    /// unused.
    #[arg(long)]
    pub approve: bool,
}

/// The properties of an app.
#[derive(Args, Debug, Default, PartialEq, Eq)]
pub struct AppFields {
    /// Display name.
    #[arg(long)]
    pub name: Option<String>,
    /// Where the app runs: on a server or in a browser (web), or installed on a device (native).
    #[arg(long = "type", value_enum)]
    pub application_type: Option<TypeArg>,
    /// Client authentication method.
    #[arg(
        long = "auth",
        alias = "auth-method",
        value_enum,
        value_name = "METHOD",
        help = "Client authentication method [default: implied by its keys, else client_secret]"
    )]
    pub auth_method: Option<AuthArg>,
    /// The Bitcoin public key of the app.
    #[arg(long, value_name = "HEX", help = "Bitcoin public key, 66 hex digits, for sigma_bitcoin_auth")]
    pub pubkey: Option<String>,
    /// The public keys of the app.
    #[arg(
        long,
        value_name = "JSON",
        conflicts_with = "jwks_uri",
        help = "Public keys for private_key_jwt: a JWK set, or @FILE"
    )]
    pub jwks: Option<String>,
    #[arg(long, value_name = "URL", help = "URL of the public keys for private_key_jwt")]
    pub jwks_uri: Option<String>,
    /// Redirect URI, compared byte for byte. Repeatable.
    #[arg(long = "redirect-uri", value_name = "URI")]
    pub redirect_uris: Vec<String>,
    /// Redirect URI after sign-out. Repeatable.
    #[arg(long = "post-logout-redirect-uri", value_name = "URI")]
    pub post_logout_redirect_uris: Vec<String>,
    /// URL that is told, server to server, when a session of one of the app's users ends; '' for none.
    #[arg(long, value_name = "URL")]
    pub backchannel_logout_uri: Option<String>,
    /// Whether the app needs the session id when it is told; every logout token has it.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    pub backchannel_logout_session_required: Option<bool>,
    #[arg(
        long = "grant-type",
        value_enum,
        value_name = "GRANT",
        help = "Grant type [default: authorization_code and refresh_token]. Repeatable"
    )]
    pub grant_types: Vec<GrantArg>,
    /// Scopes that the app may request.
    #[arg(
        long,
        value_name = "SCOPES",
        help = "Scopes that the app may request, space-separated [default: \"openid profile email offline_access\"]"
    )]
    pub scope: Option<String>,
    /// Resource that the app may request; '' for none. Repeatable.
    #[arg(long = "resource", value_name = "URI")]
    pub resources: Vec<String>,
    /// Origin whose pages may embed the signer and ask for signatures; '' for none. Repeatable.
    #[arg(long = "signer-origin", value_name = "ORIGIN")]
    pub signer_origins: Vec<String>,
    /// Signing algorithm of ID tokens [default: RS256; ES256 with a Bitcoin key]
    #[arg(long, value_enum, value_name = "ALG")]
    pub id_token_alg: Option<AlgArg>,
    /// Lifetime of access tokens in seconds; 0 for the server's default.
    #[arg(long, value_name = "SECONDS")]
    pub access_seconds: Option<u32>,
    /// Require PKCE even with client authentication.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    pub require_pkce: Option<bool>,
    /// Give users without a verified e-mail address a placeholder.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    pub placeholder_email: Option<bool>,
    /// Include the claims of the granted scopes in ID tokens, for software that does not call userinfo.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    pub id_token_claims: Option<bool>,
    /// Require a second factor of users who sign in to the app.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    pub require_second_factor: Option<bool>,
    /// What its requests and tokens must satisfy.
    #[command(flatten)]
    pub security: SecurityFields,
    /// Refresh tokens and answers.
    #[command(flatten)]
    pub client: ClientFields,
    /// Workspace that owns the app, by id or slug; with the scope `roles` the app sees its members' roles there.
    #[arg(long, visible_alias = "org", value_name = "WORKSPACE")]
    pub workspace: Option<String>,
    /// Site of the app, to which "Login with Sigma" returns; '' for none.
    #[arg(long, value_name = "URL")]
    pub site_url: Option<String>,
    /// Home page of the app, linked when a sign-in cannot continue.
    #[arg(long, value_name = "URL")]
    pub home_page: Option<String>,
}

/// `sigma keys`.
#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// List current, future and past signing keys.
    #[command(after_help = "Examples:\n  sigma keys list")]
    List,
    /// Rotate keys early. New keys are published first and sign a day later.
    #[command(after_help = "\
Examples:
  sigma keys rotate
  sigma keys rotate --now --alg ES256     sign with a new key immediately")]
    Rotate {
        /// Sign with the new keys immediately. Apps that cache the key set have to fetch it again.
        #[arg(long)]
        now: bool,
        /// Rotate only keys of this algorithm. Repeatable.
        #[arg(long, value_enum, value_name = "ALG")]
        alg: Vec<AlgArg>,
    },
    /// Delete a leaked key: every token that it signed becomes invalid immediately.
    #[command(after_help = "\
The current signing key cannot be revoked: rotate it first.

Examples:
  sigma keys rotate --now --alg ES256
  sigma keys revoke K2Pb5k_vLq0xT3aW --yes     apps that cache the key set may trust it a while longer")]
    Revoke {
        /// Key id, as shown by `sigma keys list`.
        #[arg(allow_hyphen_values = true)]
        kid: String,
        #[command(flatten)]
        sure: Sure,
    },
}

/// `sigma config`.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Print the effective settings, secrets masked.
    #[command(after_help = "Examples:\n  sigma config show > sigma.toml      a template for your file")]
    Show,
    /// Check the settings, including the certificate.
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
        /// Public app: PKCE only.
        None = "none",
        /// Id and secret, in the Authorization header or in the body.
        ClientSecret = "client_secret",
        /// Id and secret in the Authorization header only.
        ClientSecretBasic = "client_secret_basic",
        /// Id and secret in the body only.
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
        /// On a server, or in a browser.
        Web = "web",
        /// Installed on a device.
        Native = "native",
    }
}

choices! {
    /// `--grant-type`.
    GrantArg => GrantType {
        /// Authorization codes, when users sign in.
        AuthorizationCode = "authorization_code",
        /// Refresh tokens.
        RefreshToken = "refresh_token",
        /// The app's own credentials, without a user.
        ClientCredentials = "client_credentials",
        /// Codes of devices without a browser, let in by a user elsewhere.
        DeviceCode = "device_code",
        /// Other tokens, which it exchanges for less.
        TokenExchange = "token_exchange",
        /// Identity assertions of another server, where the configuration trusts one.
        JwtBearer = "jwt_bearer",
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
