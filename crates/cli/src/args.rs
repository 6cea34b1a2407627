//! The command line: arguments and help.

mod admin;
mod app;
mod apply;
mod audit;
mod backup;
mod branding;
mod client;
mod here;
mod invite;
mod link;
mod people;
mod portable;
mod remote;
mod remote_only;
mod resource;
mod scim;
mod security;
mod user;
mod webhook;
mod workspace;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use sigma_core::app::{ApplicationType, AuthMethod, GrantType};
use sigma_core::jose::Algorithm;

pub use admin::AdminCommand;
pub use app::{AddApp, AppCommand, AppFields, ListApps, ListDocuments, RotateSecret, SetApp};
pub use apply::ApplyArgs;
pub use audit::AuditArgs;
pub use backup::{BackupArgs, BackupFile, MigrateArgs, RestoreArgs};
pub use branding::{BrandingCommand, BrandingFields, SetBranding};
pub use client::ClientFields;
pub use here::{CompletionsArgs, HealthArgs, ManArgs};
pub use invite::InviteApps;
pub use link::{AddLink, LinkCommand};
pub use people::{ImportPeople, PeopleCommand};
pub use portable::{ExportCommand, ImportCommand};
pub use remote::RemoteArgs;
pub use remote_only::{MailCommand, ProviderCommand, SessionCommand};
pub use resource::{ResourceCommand, ResourceFields};
pub use scim::{AddScim, ScimCommand};
pub use security::SecurityFields;
pub use user::{AddUser, SetUser, UserCommand};
pub use webhook::WebhookCommand;
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

Settings come, each before the next, from the environment (SIGMA__SECTION__KEY, for example SIGMA__STORE__URL), from an
environment file (--env-file FILE, or /etc/sigma/env), and from a configuration file: --config FILE, or sigma.toml here, or
/etc/sigma/sigma.toml. /etc/sigma/env belongs to the last of these and is not read beside the others. `sigma config show`
prints all settings.

What cannot be undone asks on a terminal, and needs --yes elsewhere. Output is coloured on a terminal, unless NO_COLOR is set.

Exit codes:
  0  done
  1  failed, or a check found a problem
  2  invalid command line
  3  not found
  4  refused: it already exists, or would break a rule
  5  invalid configuration
  6  the store, or the server of --server, cannot be reached, opened or written
  7  a part of the server crashed and ended the server
  8  with --server: the management API has no such operation"
)]
pub struct Cli {
    /// Configuration file [default: sigma.toml if it exists, else /etc/sigma/sigma.toml]
    #[arg(long, global = true, value_name = "FILE", env = "SIGMA_CONFIG")]
    pub config: Option<PathBuf>,
    /// File of variables, as systemd reads them; variables of the environment take precedence.
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "SIGMA_ENV_FILE",
        help = "File of variables, NAME=value, as systemd reads them [default: /etc/sigma/env, with /etc/sigma/sigma.toml]"
    )]
    pub env_file: Option<PathBuf>,
    /// Print one JSON value, for scripts.
    #[arg(long, global = true)]
    pub json: bool,
    /// A server elsewhere.
    #[command(flatten)]
    pub remote: RemoteArgs,
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
    /// Bring apps, resources, workspaces and roles to the state that files declare.
    #[command(after_help = "\
Shows what would change and asks; what the files do not name stays as it is, and so do members that an entry leaves out. All
changes are made in one transaction, after everything was checked. Exit code 0 if all is as declared, 1 if --dry-run found
changes, 4 if the files declare something that cannot be.

Examples:
  sigma apply -f sigma.yaml                       shows the changes and asks
  sigma apply -f apps.yaml -f orgs.json --yes
  sigma apply -f sigma.yaml --dry-run             exit code 1: the installation differs from the file
  envsubst < sigma.yaml | sigma apply -f - --yes")]
    Apply(ApplyArgs),
    /// Print what is here as text that another server takes: the configuration, or people.
    #[command(subcommand)]
    Export(ExportCommand),
    /// Take what another server exported: its configuration, or people.
    #[command(subcommand)]
    Import(ImportCommand),
    /// Manage links: apps that act for orgs which do not own them.
    #[command(subcommand)]
    Link(LinkCommand),
    /// Manage user accounts.
    #[command(subcommand)]
    User(UserCommand),
    /// Move people here from another server, or away.
    #[command(subcommand)]
    People(PeopleCommand),
    /// Manage who may use the console, and as what.
    #[command(subcommand)]
    Admin(AdminCommand),
    /// Manage workspaces: the tenants of a product's own API.
    #[command(subcommand)]
    Workspace(WorkspaceCommand),
    /// Manage the API keys of workspaces.
    #[command(subcommand)]
    ApiKey(ApiKeyCommand),
    /// Manage the directories that provision the people of workspaces (SCIM 2.0).
    #[command(subcommand)]
    Scim(ScimCommand),
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
    /// Back the database up into a file or a bucket, while the server runs.
    #[command(after_help = "\
The backup shows one moment of the database, whichever engine it has, and can be restored on either. It appears under its \
name once it is complete. The master key and the objects (logos, pictures, attachments) are not in it: keep copies of both.

Examples:
  sigma backup --to /var/backups/sigma --keep 30
  sigma backup --to s3://backups.example.org/sigma --keep 30        with AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, …
  sigma backup --to /var/backups/sigma --age age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p")]
    Backup(BackupArgs),
    /// Restore a backup into the empty database of the settings, while no server runs.
    #[command(after_help = "\
Everything is checked first: a backup that is damaged, newer than this program or sealed under another master key changes \
nothing. A database that has rows is never overwritten.

Examples:
  sigma restore /var/backups/sigma/sigma-20261127T030000Z.backup
  sigma restore s3://backups.example.org/sigma/sigma-20261127T030000Z.backup
  sigma restore sigma-20261127T030000Z.backup.age --identity key.txt --revoke-since 2026-11-26T18:00:00Z")]
    Restore(RestoreArgs),
    /// Restore a backup into a temporary database and sign in on it.
    #[command(after_help = "\
Needs the master key, and room for the database in the temporary folder. Nothing is sent, and the real database is not touched.

Examples:
  sigma verify-backup /var/backups/sigma/sigma-20261127T030000Z.backup
  sigma verify-backup sigma-20261127T030000Z.backup.age --identity key.txt")]
    VerifyBackup(BackupFile),
    /// Move the database from SQLite to PostgreSQL, or back, while servers go on reading.
    #[command(after_help = "\
First everything is copied while servers read and write. Then the database takes no writes any more: servers on it go on \
reading, and answer 503 to what has to be written, until what changed meanwhile is copied too and both databases have the same \
rows and checksums. Interrupted at any point, the same command continues. Afterwards name the new database in store.url and \
restart the servers.

Examples:
  sigma migrate --to postgres://sigma@db.example.org/sigma
  sigma migrate --to sqlite:/var/lib/sigma/sigma.sqlite
  sigma migrate --cancel                  keep the database that was to be moved")]
    Migrate(MigrateArgs),
    /// Show how a server is doing: people, apps, sessions, what waits. Only with --server.
    #[command(after_help = "Examples:\n  sigma --server https://id.example.org overview")]
    Overview,
    /// Manage the operator's webhooks. Only with --server.
    #[command(subcommand)]
    Webhook(WebhookCommand),
    /// See where people are signed in, and end sessions. Only with --server.
    #[command(subcommand)]
    Session(SessionCommand),
    /// See the mails that wait, test, resend and drop them. Only with --server.
    #[command(subcommand)]
    Mail(MailCommand),
    /// Remove upstream providers that were declared; with --server, also see all of them and whether they answer.
    #[command(subcommand)]
    Provider(ProviderCommand),
    /// Show the background jobs: when each ran, runs next, and why it failed.
    #[command(after_help = "\
Recurring jobs run once per interval, on one of the instances that share the database. Queued ones are listed until they are
done, and for a week if they were given up.

Examples:
  sigma jobs
  sigma jobs --json | jq '.items[] | select(.error != null)'")]
    Jobs,
    /// Show live metrics of a running server.
    #[command(after_help = "\
Asks the address of metrics.listen, or that of --metrics. On a terminal it refreshes until Ctrl-C; in a pipe, with --once or \
--json it prints once, for the time of --seconds.

Examples:
  sigma top
  sigma top --metrics 10.0.0.7:9090 --seconds 5
  sigma top --once --seconds 0      averages since the start of the server
  sigma top --json | jq .requests")]
    Top(TopArgs),
    /// Show and change how the server looks.
    #[command(subcommand)]
    Branding(BrandingCommand),
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
    /// Ask the server on this machine whether it works, for the health check of a container.
    #[command(after_help = "\
Asks /readyz, or /livez with --live. Exit code 0 if it answers well, 1 if not.

Examples:
  sigma health
  sigma health --live --timeout 2
  HEALTHCHECK CMD [\"/sigma\", \"health\"]")]
    Health(HealthArgs),
    /// Print completions for a shell.
    #[command(after_help = "\
Examples:
  sigma completions bash > /usr/share/bash-completion/completions/sigma
  sigma completions zsh > ~/.zfunc/_sigma
  sigma completions fish > ~/.config/fish/completions/sigma.fish")]
    Completions(CompletionsArgs),
    /// Print the manual page of sigma, or write those of all commands.
    #[command(after_help = "\
Examples:
  sigma man | man -l -
  sigma man --to /usr/local/share/man/man1")]
    Man(ManArgs),
    /// Print the OpenAPI document of the server.
    #[command(after_help = "Examples:\n  sigma openapi > sigma.openapi.json")]
    Openapi,
}

/// `sigma top`.
#[derive(Args, Debug)]
pub struct TopArgs {
    /// Host and port that serve /metrics [default: metrics.listen of the configuration]
    #[arg(long, value_name = "HOST:PORT")]
    pub metrics: Option<String>,
    /// How long to measure before each picture.
    #[arg(long, value_name = "SECONDS", default_value_t = 2, value_parser = clap::value_parser!(u16).range(0..=3600))]
    pub seconds: u16,
    /// Print once, also on a terminal.
    #[arg(long)]
    pub once: bool,
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
    /// Replace the master key: everything is sealed under a new one, while no server runs.
    #[command(after_help = "\
All of it happens in one transaction. The new key takes the place of the old one in master_key.file, and the old one stays \
beside it: backups made before need it. If the key does not come from a file, --new-key names the file for the new one, which \
is created unless it exists. Interrupted, the same command finishes what was begun.

Examples:
  sigma keys rekey
  sigma keys rekey --new-key new.key --yes")]
    Rekey {
        /// The file of the new key [default: made beside `master_key.file`, and moved to its place]
        #[arg(long, value_name = "FILE")]
        new_key: Option<PathBuf>,
        #[command(flatten)]
        sure: Sure,
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
    use std::collections::BTreeSet;

    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    /// What cannot be undone, or ends what others are doing.
    const CONFIRMED: [&str; 26] = [
        "admin remove",
        "api-key deactivate",
        "api-key remove",
        "app block",
        "app end-secret",
        "app remove",
        "app rotate-secret",
        "app uninvite",
        "apply",
        "import config",
        "keys rekey",
        "keys revoke",
        "link remove",
        "mail drop",
        "migrate",
        "provider remove",
        "resource remove",
        "scim remove",
        "scim rotate",
        "session end",
        "user credentials",
        "user disable",
        "user remove",
        "user sessions",
        "webhook remove",
        "workspace remove",
    ];

    /// Names that commands have only if they take something away.
    const VERBS: [&str; 12] = [
        "block",
        "clear",
        "deactivate",
        "delete",
        "disable",
        "drop",
        "end",
        "end-secret",
        "purge",
        "remove",
        "revoke",
        "uninvite",
    ];

    #[test]
    fn what_cannot_be_undone_takes_yes_and_is_documented() {
        fn walk(command: &clap::Command, path: &str, found: &mut Vec<(String, bool)>) {
            for next in command.get_subcommands().filter(|next| next.get_name() != "help") {
                let path = format!("{path} {}", next.get_name());
                walk(next, &path, found);
                if next.get_subcommands().next().is_none() {
                    let takes_yes = next.get_arguments().any(|argument| argument.get_long() == Some("yes"));
                    found.push((path.trim_start().to_owned(), takes_yes));
                }
            }
        }
        let mut found = Vec::new();
        walk(&Cli::command(), "", &mut found);
        for (path, takes_yes) in &found {
            let verb = path.rsplit(' ').next().unwrap_or_default();
            assert!(*takes_yes || !VERBS.contains(&verb), "{path} does not take --yes");
        }
        let page = include_str!("../../../docs/command-line.md");
        let taking: BTreeSet<_> = found.iter().filter(|(_, takes)| *takes).map(|(path, _)| path.as_str()).collect();
        assert_eq!(taking, BTreeSet::from(CONFIRMED));
        for path in CONFIRMED {
            assert!(page.contains(&format!("| `{path}` |")), "docs/command-line.md does not list {path}");
        }
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
