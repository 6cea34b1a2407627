//! The settings of connections and middleware. Each field has a default that suits one machine behind one proxy.

use std::path::PathBuf;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

pub use crate::limits::shared::{NoAddress, RedisAddress};

/// Everything that this crate can be told.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The public origin, `https://id.example.org`: no path, no trailing slash.
    pub issuer: String,
    /// Further origins whose pages may send our cookies.
    pub trusted_origins: Vec<String>,
    /// Certificate and key, for serving TLS directly.
    pub tls: Option<Tls>,
    /// Connections and bodies.
    pub http: Http,
    /// Rate limits.
    pub limits: Limits,
    /// What may be held and done at once.
    pub budgets: Budgets,
    /// Whether each request is logged.
    pub access_log: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            issuer: "http://localhost:8080".to_owned(),
            trusted_origins: Vec::new(),
            tls: None,
            http: Http::default(),
            limits: Limits::default(),
            budgets: Budgets::default(),
            access_log: true,
        }
    }
}

/// Files of a TLS certificate chain and its key, both PEM. They are reloaded when they change, and on SIGHUP.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// The certificate chain, leaf first.
    pub certificate: PathBuf,
    /// The private key.
    pub key: PathBuf,
}

/// Connections and bodies.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Http {
    /// Concurrent connections. Beyond that, the longest idle one is closed.
    pub connections: usize,
    /// Concurrent connections per address, or per IPv6 /64; trusted proxies are exempt.
    pub connections_per_address: usize,
    /// Concurrent connections per IPv6 /48.
    pub connections_per_ipv6_site: usize,
    /// Seconds for a request head.
    pub header_seconds: u32,
    /// Seconds that a connection may be idle between requests.
    pub idle_seconds: u32,
    /// The interval in seconds in which a client with a large response must have read 16 kB per second.
    pub send_seconds: u32,
    /// Seconds for a request body.
    pub body_seconds: u32,
    /// The largest body, in bytes.
    pub body_bytes: usize,
    /// Seconds after SIGTERM in which the server keeps answering, while `/readyz` returns 503 and load balancers look
    /// elsewhere.
    pub drain_seconds: u32,
    /// Seconds for requests in flight to finish at shutdown.
    pub shutdown_seconds: u32,
    /// Proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are trusted.
    pub trusted_proxies: Vec<IpNet>,
}

impl Default for Http {
    fn default() -> Self {
        Self {
            connections: 10_000,
            connections_per_address: 256,
            connections_per_ipv6_site: 1_024,
            header_seconds: 10,
            idle_seconds: 75,
            send_seconds: 30,
            body_seconds: 10,
            body_bytes: 65_536,
            drain_seconds: 5,
            shutdown_seconds: 20,
            trusted_proxies: Vec::new(),
        }
    }
}

/// Rate limits, in requests per minute; 0 switches one off (`docs/spec/limits.md`).
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Enables limits.
    pub enabled: bool,
    /// A Redis or Valkey server by which all instances share their counters; without one each counts alone.
    pub redis: Option<RedisAddress>,
    /// PEM certificates of the authorities to trust for it, instead of the system's.
    pub redis_certificate_authority: Option<PathBuf>,
    /// How long a request waits for its word, in milliseconds; without it the instance decides alone.
    pub redis_wait_milliseconds: u64,
    /// Token and revocation endpoints: refusals per app and address, for failed authentication and for public apps.
    pub token: u32,
    /// Token, revocation and introspection endpoints: per authenticated app.
    pub app: u32,
    /// Authorization endpoint, per address: generous, since a whole office may share one.
    pub authorize: u32,
    /// The same, for requests without a valid app or redirect URI.
    pub authorize_failures: u32,
    /// Invalid signatures per address, and wrong passwords per account and address or browser.
    pub sign_in: u32,
    /// Wrong passwords per address, for any accounts: generous, since a whole office may share one.
    pub passwords: u32,
    /// `/sigma/authorize`, an address.
    pub direct: u32,
    /// Userinfo, a user.
    pub userinfo: u32,
    /// Profile, identities, wallets and backups: a user, and again through each app.
    pub own_apis: u32,
    /// Encrypted backups handed out, a user.
    pub backup_reads: u32,
    /// Encrypted backups stored, a user.
    pub backup_writes: u32,
    /// Failed attempts to restore a backup by way of a provider.
    pub restores: u32,
    /// All requests of a workspace.
    pub workspace: u32,
    /// A workspace's `verify` and `forward` requests.
    pub workspace_checks: u32,
    /// Failures of those, per address.
    pub checks: u32,
    /// Requests of an app to the API of merits.
    pub merits_app: u32,
    /// Requests of all apps to the API of merits that act for one org.
    pub merits_org: u32,
    /// Requests of all directories that provision one org.
    pub scim: u32,
    /// Devices that ask for a code, per address: a household or an office shares one.
    pub device_codes: u32,
    /// User codes of devices that do not exist, per address.
    pub user_codes: u32,
    /// Credentials of other issuers that are verified, an address.
    pub foreign_credentials: u32,
    /// Request objects (`request_uri`) that are fetched, per address that arrives with one …
    pub request_objects: u32,
    /// … and per host that they are fetched from.
    pub request_objects_per_host: u32,
    /// Discovery, JWKS, pages and everything else, per address.
    pub other: u32,
    /// Consecutive failures delay further attempts. Invalid signatures from an address: 3 to 5 for 30 s, 6 to 10 for 2
    /// min, then 10 min. Wrong passwords for an account from one network or browser: 1 s after the third, doubling to 5
    /// min; from all networks together: 1 s after the twentieth, doubling to a minute.
    pub delays: bool,
    /// New accounts, and sign-ups by e-mail that begin, an hour, an address.
    pub sign_ups_per_hour: u32,
    /// Registrations of apps, and failed ones, an hour, an address.
    pub registrations_per_hour: u32,
    /// Invitations per hour and workspace: each sends a mail.
    pub invitations_per_hour: u32,
    /// Client metadata documents that one user's sign-ins, or one app's requests for tokens, make us fetch, an hour.
    pub client_documents_per_hour: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            enabled: true,
            redis: None,
            redis_certificate_authority: None,
            redis_wait_milliseconds: 5,
            token: 10,
            app: 600,
            authorize: 300,
            authorize_failures: 20,
            sign_in: 5,
            passwords: 60,
            direct: 5,
            userinfo: 100,
            own_apis: 100,
            backup_reads: 20,
            backup_writes: 10,
            restores: 10,
            workspace: 12_000,
            workspace_checks: 600_000,
            checks: 6_000,
            merits_app: 6_000,
            merits_org: 12_000,
            scim: 6_000,
            device_codes: 60,
            user_codes: 10,
            foreign_credentials: 10,
            request_objects: 30,
            request_objects_per_host: 120,
            other: 600,
            delays: true,
            sign_ups_per_hour: 20,
            registrations_per_hour: 60,
            invitations_per_hour: 1_000,
            client_documents_per_hour: 30,
        }
    }
}

/// What may be held and done at once, by all callers together, by an address (IPv6 by its /64) and by a workspace.
/// Exhausting one's own budget is 429, and affects no other caller.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Budgets {
    /// Bytes of all request bodies being read or processed.
    pub body_bytes: usize,
    /// Bytes of all responses not read yet.
    pub answer_bytes: usize,
    /// Concurrent requests per address. Trusted proxies that name their clients are exempt.
    pub address_requests: usize,
    /// Bytes of its request bodies.
    pub address_body_bytes: usize,
    /// Bytes of its responses not read yet.
    pub address_answer_bytes: usize,
    /// Concurrent requests per workspace …
    pub org_requests: usize,
    /// … and those that may wait.
    pub org_waiting: usize,
    /// Bytes of its responses not read yet.
    pub org_answer_bytes: usize,
}

impl Default for Budgets {
    fn default() -> Self {
        const MEBIBYTE: usize = 1024 * 1024;
        Self {
            body_bytes: 64 * MEBIBYTE,
            answer_bytes: 256 * MEBIBYTE,
            address_requests: 256,
            address_body_bytes: 8 * MEBIBYTE,
            address_answer_bytes: 32 * MEBIBYTE,
            org_requests: 32,
            org_waiting: 60,
            org_answer_bytes: 16 * MEBIBYTE,
        }
    }
}
