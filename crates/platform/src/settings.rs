//! All settings. Each field has a default that suits one machine behind one proxy; unknown keys prevent the start.
//! Secrets are masked in output.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use sigma_edge::settings as edge;
pub use sigma_edge::settings::{Budgets, Http, Limits, RedisAddress, Tls};

mod authorization;
mod client_documents;
mod dns;
mod id_jag;
mod mask;
mod origin;
mod provider;
mod registration;
mod resolver;
mod security_txt;
mod sign_in;
mod storage;
mod telemetry;
mod webhooks;
mod workload;

pub use crate::i18n::Language;
pub use authorization::Authorization;
pub use client_documents::ClientDocuments;
pub use dns::Dns;
pub use id_jag::{IdJag, IdJagSource, IdJagSourceApp, IdJagTarget, IdJagTargetApp, READABLE as ID_JAG_SCOPES};
pub use origin::{Origin, Origins, Setting};
pub(crate) use provider::ELSEWHERE;
pub use provider::{
    ClaimMapping, GITHUB, GOOGLE, GroupRole, MembershipMapping, Provider, ProviderKind, ProviderProblem, ProviderSignUp,
};
pub use registration::{Registration, RegistrationMode};
pub use resolver::ResolverSettings;
pub use security_txt::SecurityTxt;
pub use sign_in::{Links, Passwords, SignIn, SignInMethod, SignUp};
pub use storage::{MasterKeySettings, Objects, Pooler, S3, StoreSettings};
pub use telemetry::Telemetry;
pub use webhooks::Webhooks;
pub use workload::{GITHUB_ACTIONS, WorkloadIssuer, WorkloadRule};

/// The whole configuration of one server.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The public origin, `https://id.example.org`: no path, no trailing slash. `iss` in every token.
    pub issuer: String,
    /// The address to listen on.
    pub listen: SocketAddr,
    /// Certificate and key, for serving TLS directly.
    pub tls: Option<Tls>,
    /// The database.
    pub store: StoreSettings,
    /// The key that seals recoverable secrets.
    pub master_key: MasterKeySettings,
    /// Who may sign in, and how.
    pub sign_in: SignIn,
    /// How people make accounts.
    pub sign_up: SignUp,
    /// Who may register apps besides the operator.
    pub registration: Registration,
    /// The server that knows the published records of identities.
    pub resolver: ResolverSettings,
    /// Where records of domains are looked up.
    pub dns: Dns,
    /// Servers elsewhere that people sign in with.
    pub providers: Vec<Provider>,
    /// Servers elsewhere whose tokens workloads exchange.
    pub workloads: Vec<WorkloadIssuer>,
    /// Identity assertions of and for other authorization servers. Experimental.
    pub id_jag: IdJag,
    /// The cost of password hashing.
    pub passwords: Passwords,
    /// How mails are sent.
    pub mail: Mail,
    /// How long the links in mails work.
    pub links: Links,
    /// The languages of pages and mails.
    pub languages: Languages,
    /// How pages and mails look.
    pub branding: Branding,
    /// Where people report vulnerabilities.
    pub security_txt: SecurityTxt,
    /// Where logos are kept.
    pub objects: Objects,
    /// Requests to addresses that apps registered.
    pub outbound: Outbound,
    /// What orgs issue to people.
    pub merits: Merits,
    /// Addresses that are told of events.
    pub webhooks: Webhooks,
    /// Where files of others are served.
    pub content: Content,
    /// Apps that describe themselves.
    pub client_documents: ClientDocuments,
    /// The page that signs for apps on other origins.
    pub signer: Signer,
    /// Lifetimes of tokens and codes.
    pub tokens: Tokens,
    /// Authorization requests and proofs of possession.
    pub authorization: Authorization,
    /// Connections and bodies.
    pub http: Http,
    /// Rate limits and delays.
    pub limits: Limits,
    /// What may be held and done at once.
    pub budgets: Budgets,
    /// Tenants and their members.
    pub workspaces: Workspaces,
    /// Prometheus metrics.
    pub metrics: Metrics,
    /// Traces and metrics for a collector.
    pub telemetry: Telemetry,
    /// What is recorded.
    pub audit: Audit,
    /// Encrypted backups of keys.
    pub backups: Backups,
    /// Accounts of users.
    pub accounts: Accounts,
    /// What is logged.
    pub log: Log,
    /// Where each of these comes from.
    #[serde(skip)]
    pub origins: Origins,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            issuer: "http://localhost:8080".to_owned(),
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            tls: None,
            store: StoreSettings::default(),
            master_key: MasterKeySettings::default(),
            sign_in: SignIn::default(),
            sign_up: SignUp::default(),
            registration: Registration::default(),
            resolver: ResolverSettings::default(),
            dns: Dns::default(),
            providers: Vec::new(),
            workloads: Vec::new(),
            id_jag: IdJag::default(),
            passwords: Passwords::default(),
            mail: Mail::default(),
            links: Links::default(),
            languages: Languages::default(),
            branding: Branding::default(),
            security_txt: SecurityTxt::default(),
            objects: Objects::default(),
            outbound: Outbound::default(),
            merits: Merits::default(),
            webhooks: Webhooks::default(),
            content: Content::default(),
            client_documents: ClientDocuments::default(),
            signer: Signer::default(),
            tokens: Tokens::default(),
            authorization: Authorization::default(),
            http: Http::default(),
            limits: Limits::default(),
            budgets: Budgets::default(),
            workspaces: Workspaces::default(),
            metrics: Metrics::default(),
            telemetry: Telemetry::default(),
            audit: Audit::default(),
            backups: Backups::default(),
            accounts: Accounts::default(),
            log: Log::default(),
            origins: Origins::default(),
        }
    }
}

impl Settings {
    /// Whether anything reads metrics.
    pub fn counts(&self) -> bool {
        self.metrics.listen.is_some() || self.telemetry.endpoint.is_some()
    }

    /// Those of connections and middleware.
    pub fn edge(&self) -> edge::Settings {
        edge::Settings {
            issuer: self.issuer.clone(),
            trusted_origins: self.sign_in.trusted_origins.clone(),
            tls: self.tls.clone(),
            http: self.http.clone(),
            limits: self.limits.clone(),
            budgets: self.budgets.clone(),
            access_log: self.log.access,
        }
    }
}

/// What an org may have others do for it (`docs/spec/merits.md#budgets`).
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Merits {
    /// Merits that an org may send a day.
    pub sends_per_day: u32,
    /// MiB of attachments that an org may upload a day.
    pub upload_mebibytes_per_day: u32,
}

impl Default for Merits {
    fn default() -> Self {
        Self { sends_per_day: 100_000, upload_mebibytes_per_day: 1_024 }
    }
}

/// Files that people and orgs uploaded: an origin of their own keeps them apart from our pages.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Content {
    /// An origin that leads to this server, such as `https://files.example.org`; the issuer by default.
    pub url: Option<String>,
}

/// The audit trail, for `sigma audit` and the pages of recent activity.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Audit {
    /// Days that events, and counts of tokens, are kept; 0 keeps them for ever.
    pub keep_days: u32,
}

impl Default for Audit {
    fn default() -> Self {
        Self { keep_days: 365 }
    }
}

impl Audit {
    /// How long events are kept; `None` means forever.
    pub fn keep(&self) -> Option<Duration> {
        (self.keep_days > 0).then(|| Duration::from_hours(u64::from(self.keep_days) * 24))
    }
}

/// Accounts of users.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Accounts {
    /// Days between a user's request to delete their account and its deletion, within which they can keep it.
    pub deletion_grace_days: u32,
}

impl Default for Accounts {
    fn default() -> Self {
        Self { deletion_grace_days: 7 }
    }
}

impl Accounts {
    /// The time between request and deletion.
    pub fn deletion_grace(&self) -> Duration {
        Duration::from_hours(u64::from(self.deletion_grace_days) * 24)
    }
}

/// Encrypted backups of keys, which their owners store here.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Backups {
    /// Years that a backup is kept after it was last stored and somebody last signed in to its account; 0 keeps it forever.
    pub keep_years: u32,
}

impl Default for Backups {
    fn default() -> Self {
        Self { keep_years: 10 }
    }
}

impl Backups {
    /// How long backups of abandoned accounts are kept; `None` means forever.
    pub fn keep(&self) -> Option<Duration> {
        (self.keep_years > 0).then(|| Duration::from_hours(u64::from(self.keep_years) * 365 * 24))
    }
}

/// How mails are sent: by SMTP, or into a folder if no server is configured.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Mail {
    /// `smtps://user:password@host:465`, or `smtp://user:password@host:587`, where STARTTLS is required.
    #[serde(serialize_with = "mask::masked_address")]
    pub smtp: Option<SecretString>,
    /// The sender, `Sigma <sigma@example.org>`; by default `sigma@` the issuer's host.
    pub from: Option<String>,
    /// The folder for mails without `smtp`, one file each.
    pub folder: PathBuf,
    /// A PEM certificate to trust for the mail server, in addition to the system's.
    pub certificate_authority: Option<PathBuf>,
}

impl Default for Mail {
    fn default() -> Self {
        Self { smtp: None, from: None, folder: PathBuf::from("sigma-mails"), certificate_authority: None }
    }
}

/// The languages of pages and mails.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Languages {
    /// For mails to people who did not ask for them in a browser, and for browsers that want none of those offered.
    pub default: Language,
    /// What pages are offered in: an app's `ui_locales` or the browser chooses.
    pub offered: Vec<Language>,
}

impl Default for Languages {
    fn default() -> Self {
        Self { default: Language::English, offered: vec![Language::English] }
    }
}

/// How pages and mails of this server look. Orgs and apps have an accent, a logo and links of their own.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Branding {
    /// The name of the server.
    pub name: String,
    /// A PNG, JPEG, WebP or GIF file.
    pub logo: Option<PathBuf>,
    /// The colour of buttons and links, `#3d46c2`; made darker or lighter where it could not be read.
    pub accent: Option<String>,
    /// The terms of service.
    pub terms_url: Option<String>,
    /// The privacy policy.
    pub privacy_url: Option<String>,
    /// Where people get help, also `mailto:`.
    pub support_url: Option<String>,
    /// What the sign-in page says first, by the tags of languages.
    pub welcome: BTreeMap<String, String>,
}

impl Default for Branding {
    fn default() -> Self {
        Self {
            name: "Sigma".to_owned(),
            logo: None,
            accent: None,
            terms_url: None,
            privacy_url: None,
            support_url: None,
            welcome: BTreeMap::new(),
        }
    }
}

/// The page that signs for apps on other origins.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Signer {
    /// How many of the declared origins are named to a page that hides its own.
    pub listed_origins: u32,
}

impl Default for Signer {
    fn default() -> Self {
        Self { listed_origins: 20 }
    }
}

/// Requests to addresses that apps registered: only public ones, unless they are in these networks.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Outbound {
    /// Networks that may be called although they are private, for apps that the operator registered and providers that were declared.
    pub allow: Vec<IpNet>,
    /// The same for apps that registered themselves, and for tenants.
    pub allow_tenants: Vec<IpNet>,
}

/// Lifetimes in seconds, for apps without their own.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tokens {
    /// Access tokens: 30 days.
    pub access_seconds: u32,
    /// Id tokens: 10 hours.
    pub id_seconds: u32,
    /// Refresh tokens: 90 days after their last use.
    pub refresh_seconds: u32,
    /// Authorization codes: 60, at most 600.
    pub code_seconds: u32,
    /// Codes of devices that wait to be let in: 15 minutes.
    pub device_code_seconds: u32,
    /// An authorization request during sign-in and consent.
    pub interaction_seconds: u32,
    /// Age at which signing keys are replaced, in days.
    pub key_rotation_days: u32,
}

impl Default for Tokens {
    fn default() -> Self {
        Self {
            access_seconds: 2_592_000,
            id_seconds: 36_000,
            refresh_seconds: 7_776_000,
            code_seconds: 60,
            device_code_seconds: 900,
            interaction_seconds: 3_600,
            key_rotation_days: 90,
        }
    }
}

/// Tenants and their members.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Workspaces {
    /// Networks whose browsers may use quick login, where the workspace and the member allow it. Without any, it is
    /// disabled.
    pub allow_quick_logins: Vec<IpNet>,
    /// Backends behind proxies that ask `/api/v1/auth/forward`: the possible audiences of their `X-Sigma-Token`.
    pub forward_audiences: Vec<String>,
    /// This is a demonstration: quick logins are open to everybody, including admins. Only `sigma demo` sets it.
    #[serde(skip)]
    pub demo: bool,
}

impl Workspaces {
    /// Whether callers at `address` may use quick login.
    pub fn allows_quick_logins_of(&self, address: std::net::IpAddr) -> bool {
        self.demo || self.allow_quick_logins.iter().any(|network| network.contains(&address))
    }
}

/// Prometheus metrics, on a port of their own so that no proxy exposes them by mistake.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Metrics {
    /// Where `/metrics` is served; nowhere by default.
    pub listen: Option<SocketAddr>,
}

/// Logging, to standard error.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// The filter: `info`, `sigma=debug,warn`, ….
    pub filter: String,
    /// For people or for machines.
    pub format: LogFormat,
    /// One line per request.
    pub access: bool,
}

impl Default for Log {
    fn default() -> Self {
        Self { filter: "info".to_owned(), format: LogFormat::Text, access: true }
    }
}

/// The format of a log line.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// One readable line.
    Text,
    /// One JSON object.
    Json,
}
