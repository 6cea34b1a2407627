//! Rate limits (`docs/spec/limits.md#rate-limits`), in a bounded amount of memory.
//!
//! Each counter is one number, the theoretical arrival time of GCRA (ITU-T I.371): a caller may use its whole quota at
//! once, and it refills evenly over the period. Counters are in a table of fixed size. If the slots of a caller are all
//! in use, the one closest to expiry is replaced, so a flood of new names or addresses costs others some precision,
//! never memory.

use std::hash::{BuildHasher as _, Hash, RandomState};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sigma_core::time::{Clock, Timestamp};

use crate::client::ClientAddr;
use crate::settings::Limits;

/// A counted event. Each rule has its own counters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rule {
    /// Token, revocation and introspection endpoints: failures per app and address.
    Token,
    /// The same endpoints: requests per authenticated app.
    App,
    /// Authorization endpoint: requests per address.
    Authorize,
    /// Authorization endpoint: requests with an unknown app or unregistered redirect URI, per address.
    AuthorizeFailure,
    /// Failed sign-ins and sign-ups: invalid signatures per address; wrong passwords per account and address, or per
    /// known browser.
    SignIn,
    /// Wrong passwords per address, for any account.
    Password,
    /// Requested password reset links per address.
    Link,
    /// Failures at `/sigma/authorize` per address.
    Direct,
    /// Userinfo: a user.
    Userinfo,
    /// The server's own APIs, such as profile and wallets: a user, by their own means or through one app.
    OwnApi,
    /// Encrypted backups handed out: a user.
    BackupRead,
    /// Encrypted backups stored: a user.
    BackupWrite,
    /// Failed attempts to restore a backup by way of a provider, per address.
    Restore,
    /// Accounts that an address makes with a key, and sign-ups by e-mail that it begins, an hour.
    SignUp,
    /// Registrations of apps per address and hour.
    Registration,
    /// Invitations per workspace and hour.
    Invitation,
    /// All requests of a workspace, whether they succeed or not.
    Workspace,
    /// A workspace's calls of `verify` and `forward`, which are answered from memory.
    WorkspaceCheck,
    /// Failures at `verify` and `forward` per address.
    Check,
    /// Merits: requests of an app.
    MeritsApp,
    /// Merits: requests of all apps that act for an org.
    MeritsOrg,
    /// SCIM: requests of all directories of an org.
    Scim,
    /// Devices that ask for a code, per address.
    DeviceCode,
    /// User codes that do not exist, per address.
    UserCode,
    /// Credentials of other issuers that are verified, per address: each makes the server fetch documents.
    ForeignCredential,
    /// Discovery, JWKS and the OpenAPI document, per address.
    Discovery,
    /// Client metadata documents that are fetched: a user who signs in, or an app that asks for tokens; an hour.
    ClientDocument,
    /// Request objects that are fetched, per address that arrives with one's `request_uri`.
    RequestObject,
    /// The same, per host that they are fetched from.
    RequestObjectHost,
    /// Everything else, per address.
    Other,
}

impl Rule {
    /// The name in metrics and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::App => "app",
            Self::Authorize => "authorize",
            Self::AuthorizeFailure => "authorize_failure",
            Self::SignIn => "sign_in",
            Self::Password => "password",
            Self::Link => "link",
            Self::Direct => "direct",
            Self::Userinfo => "userinfo",
            Self::OwnApi => "own_api",
            Self::BackupRead => "backup_read",
            Self::BackupWrite => "backup_write",
            Self::Restore => "restore",
            Self::SignUp => "sign_up",
            Self::Registration => "registration",
            Self::Invitation => "invitation",
            Self::Workspace => "workspace",
            Self::WorkspaceCheck => "workspace_check",
            Self::Check => "check",
            Self::MeritsApp => "merits_app",
            Self::MeritsOrg => "merits_org",
            Self::Scim => "scim",
            Self::DeviceCode => "device_code",
            Self::UserCode => "user_code",
            Self::ForeignCredential => "foreign_credential",
            Self::Discovery => "discovery",
            Self::ClientDocument => "client_document",
            Self::RequestObject => "request_object",
            Self::RequestObjectHost => "request_object_host",
            Self::Other => "other",
        }
    }

    /// The number of requests per period; 0 means unlimited.
    fn quota(self, limits: &Limits) -> (u32, Duration) {
        let minute = Duration::from_mins(1);
        match self {
            Self::Token => (limits.token, minute),
            Self::App => (limits.app, minute),
            Self::Authorize => (limits.authorize, minute),
            Self::AuthorizeFailure => (limits.authorize_failures, minute),
            Self::SignIn => (limits.sign_in, minute),
            Self::Password | Self::Link => (limits.passwords, minute),
            Self::Direct => (limits.direct, minute),
            Self::Userinfo => (limits.userinfo, minute),
            Self::OwnApi => (limits.own_apis, minute),
            Self::BackupRead => (limits.backup_reads, minute),
            Self::BackupWrite => (limits.backup_writes, minute),
            Self::Restore => (limits.restores, minute),
            Self::SignUp => (limits.sign_ups_per_hour, Duration::from_hours(1)),
            Self::Registration => (limits.registrations_per_hour, Duration::from_hours(1)),
            Self::Invitation => (limits.invitations_per_hour, Duration::from_hours(1)),
            Self::Workspace => (limits.workspace, minute),
            Self::WorkspaceCheck => (limits.workspace_checks, minute),
            Self::Check => (limits.checks, minute),
            Self::MeritsApp => (limits.merits_app, minute),
            Self::MeritsOrg => (limits.merits_org, minute),
            Self::Scim => (limits.scim, minute),
            Self::DeviceCode => (limits.device_codes, minute),
            Self::UserCode => (limits.user_codes, minute),
            Self::ClientDocument => (limits.client_documents_per_hour, Duration::from_hours(1)),
            Self::RequestObject => (limits.request_objects, minute),
            Self::RequestObjectHost => (limits.request_objects_per_host, minute),
            Self::ForeignCredential => (limits.foreign_credentials, minute),
            Self::Discovery | Self::Other => (limits.other, minute),
        }
    }
}

/// The subject of a counter. An IPv6 address counts by its /64, the usual assignment of a customer, and again by its
/// /48, the largest one, with 16 times the quota.
#[derive(Clone, Copy, Debug)]
pub enum Key<'a> {
    /// A client's address.
    Address(ClientAddr),
    /// An account or app at an address: others there are not affected by its failures.
    At(ClientAddr, &'a str),
    /// An app or user id.
    Id(&'a str),
}

/// How many /64s of a /48 may use their whole quota at once.
const SITE: u32 = 16;

impl Key<'_> {
    fn scope(&self) -> Scope<'_> {
        match self {
            Self::Address(address) => Scope::Address(Network::of(*address)),
            Self::At(address, id) => Scope::At(Network::of(*address), id),
            Self::Id(id) => Scope::Id(id),
        }
    }

    /// The /48 of an IPv6 address.
    fn site(&self) -> Option<Scope<'_>> {
        match self {
            Self::Address(address) => Network::site_of(*address).map(Scope::Address),
            Self::At(address, id) => Network::site_of(*address).map(|site| Scope::At(site, id)),
            Self::Id(_) => None,
        }
    }
}

impl From<ClientAddr> for Key<'_> {
    fn from(address: ClientAddr) -> Self {
        Self::Address(address)
    }
}

impl<'a> From<&'a str> for Key<'a> {
    fn from(id: &'a str) -> Self {
        Self::Id(id)
    }
}

/// The remaining quota of a caller under a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remaining {
    /// Requests per period.
    pub limit: u32,
    /// Requests that may follow immediately.
    pub remaining: u32,
    /// When the whole quota is available again, in seconds since the epoch.
    pub reset: i64,
}

/// A rule's quota is exhausted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exceeded {
    /// The rule.
    pub rule: Rule,
    /// Requests per period.
    pub limit: u32,
    /// Whole seconds until the next request is accepted, at least one.
    pub retry_after: u32,
    /// When the whole quota is available again, in seconds since the epoch.
    pub reset: i64,
}

impl Exceeded {
    /// An account must wait until `until`, because of too many failures.
    pub fn delayed(until: Timestamp, now: Timestamp) -> Self {
        let wait = until.since(now).as_secs().saturating_add(1);
        Self {
            rule: Rule::SignIn,
            limit: 0,
            retry_after: u32::try_from(wait).unwrap_or(u32::MAX),
            reset: until.seconds(),
        }
    }
}

/// The result of counting; `None` if the rule is disabled.
pub type Admission = Result<Option<Remaining>, Exceeded>;

/// Shards, to avoid lock contention; a power of two.
const SHARDS: usize = 64;
/// Slots that a key may use.
const WAYS: usize = 8;
/// Sets of slots per shard; a power of two. 64 × 128 × 8 counters of 16 bytes are 1 MiB.
const SETS: usize = 128;

/// A counter: the tag of its key and the theoretical arrival time in microseconds since the epoch; zeros if free.
type Place = [u64; 2];

/// All counters of this process.
#[derive(Debug)]
pub struct Limiter {
    limits: Limits,
    clock: Arc<dyn Clock>,
    hasher: RandomState,
    shards: Vec<Mutex<Vec<Place>>>,
}

impl Limiter {
    /// A limiter without any counters.
    pub fn new(limits: &Limits, clock: Arc<dyn Clock>) -> Self {
        // Zeroed memory is allocated on first touch: an idle server does not hold it.
        let shards = (0..SHARDS).map(|_| Mutex::new(vec![[0, 0]; SETS * WAYS])).collect();
        Self { limits: limits.clone(), clock, hasher: RandomState::new(), shards }
    }

    /// Counts one request, or rejects it without counting.
    pub fn charge<'k>(&self, rule: Rule, key: impl Into<Key<'k>>) -> Admission {
        self.charge_at(rule, key.into(), self.clock.now())
    }

    /// What [`charge`](Self::charge) would return, without counting.
    pub fn peek<'k>(&self, rule: Rule, key: impl Into<Key<'k>>) -> Admission {
        let Some(quota) = self.quota(rule) else { return Ok(None) };
        let (key, now) = (key.into(), micros(self.clock.now()));
        let look = |scope, quota: Quota| {
            let tat = self.with_place(rule, scope, |place| place[1]);
            quota
                .admit(now, tat)
                .map(|_| Some(quota.remaining(now, tat)))
                .map_err(|wait| quota.exceeded(rule, tat, wait))
        };
        if let Some(site) = key.site() {
            look(site, quota.of_site())?;
        }
        look(key.scope(), quota)
    }

    /// Reverts one [`charge`](Self::charge), if it was not a failure after all.
    pub fn refund<'k>(&self, rule: Rule, key: impl Into<Key<'k>>) -> Option<Remaining> {
        let quota = self.quota(rule)?;
        let (key, now) = (key.into(), micros(self.clock.now()));
        if let Some(site) = key.site() {
            self.give_back(rule, site, quota.of_site());
        }
        Some(quota.remaining(now, self.give_back(rule, key.scope(), quota)))
    }

    fn give_back(&self, rule: Rule, scope: Scope<'_>, quota: Quota) -> u64 {
        self.with_place(rule, scope, |place| {
            place[1] = place[1].saturating_sub(quota.interval);
            place[1]
        })
    }

    pub(super) fn charge_at(&self, rule: Rule, key: Key<'_>, now: Timestamp) -> Admission {
        let Some(quota) = self.quota(rule) else { return Ok(None) };
        let now = micros(now);
        let Some(site) = key.site() else { return self.spend(rule, key.scope(), quota, now).map(Some) };
        self.spend(rule, site, quota.of_site(), now)?;
        let spent = self.spend(rule, key.scope(), quota, now);
        if spent.is_err() {
            self.give_back(rule, site, quota.of_site());
        }
        spent.map(Some)
    }

    fn spend(&self, rule: Rule, scope: Scope<'_>, quota: Quota, now: u64) -> Result<Remaining, Exceeded> {
        self.with_place(rule, scope, |place| match quota.admit(now, place[1]) {
            Ok(tat) => {
                place[1] = tat;
                Ok(quota.remaining(now, tat))
            }
            Err(wait) => Err(quota.exceeded(rule, place[1], wait)),
        })
    }

    fn quota(&self, rule: Rule) -> Option<Quota> {
        if !self.limits.enabled {
            return None;
        }
        let (limit, period) = rule.quota(&self.limits);
        Quota::new(limit, period)
    }

    /// Runs `change` on the counter of `scope`, or on a new one in the slot closest to expiry.
    fn with_place<R>(&self, rule: Rule, scope: Scope<'_>, change: impl FnOnce(&mut Place) -> R) -> R {
        let hash = self.hasher.hash_one((rule, scope));
        // The low bits select the slots, all of them are the tag; 0 marks a free slot.
        let tag = hash | (1 << 63);
        let low = usize::try_from(hash & 0xFFFF).unwrap_or(0);
        let set = low / SHARDS % SETS;
        let Some(shard) = self.shards.get(low % SHARDS) else { return change(&mut [0, 0]) };
        let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        let places = shard.iter_mut().skip(set * WAYS).take(WAYS);
        let mut oldest: Option<&mut Place> = None;
        for place in places {
            if place[0] == tag {
                return change(place);
            }
            if oldest.as_ref().is_none_or(|oldest| place[1] < oldest[1]) {
                oldest = Some(place);
            }
        }
        let mut fresh = [tag, 0];
        let answer = change(&mut fresh);
        // A counter without information (from a peek) needs no slot.
        if let Some(oldest) = oldest.filter(|_| fresh[1] > 0) {
            *oldest = fresh;
        }
        answer
    }
}

/// The key of a counter under a rule.
#[derive(Clone, Copy, Hash)]
enum Scope<'a> {
    Address(Network),
    At(Network, &'a str),
    Id(&'a str),
}

/// The counted part of an address.
#[derive(Clone, Copy, Hash)]
enum Network {
    V4([u8; 4]),
    V6([u16; 4]),
    Site([u16; 3]),
}

impl Network {
    fn of(address: ClientAddr) -> Self {
        match address.ip() {
            IpAddr::V4(v4) => Self::V4(v4.octets()),
            IpAddr::V6(v6) => {
                let [a, b, c, d, ..] = v6.segments();
                Self::V6([a, b, c, d])
            }
        }
    }

    fn site_of(address: ClientAddr) -> Option<Self> {
        match address.ip() {
            IpAddr::V4(_) => None,
            IpAddr::V6(v6) => {
                let [a, b, c, ..] = v6.segments();
                Some(Self::Site([a, b, c]))
            }
        }
    }
}

fn micros(now: Timestamp) -> u64 {
    u64::try_from(now.micros()).unwrap_or(0)
}

/// A rule as numbers; times in microseconds.
#[derive(Clone, Copy)]
struct Quota {
    limit: u32,
    period: u64,
    interval: u64,
}

impl Quota {
    fn new(limit: u32, period: Duration) -> Option<Self> {
        let period = u64::try_from(period.as_micros()).ok()?;
        Some(Self { limit, period, interval: period.checked_div(u64::from(limit))?.max(1) })
    }

    /// The quota of a whole /48.
    fn of_site(self) -> Self {
        let interval = self.interval.checked_div(u64::from(SITE)).unwrap_or(0).max(1);
        Self { limit: self.limit.saturating_mul(SITE), interval, ..self }
    }

    /// The arrival time after one more request, or how long it must wait.
    fn admit(self, now: u64, tat: u64) -> Result<u64, u64> {
        let next = tat.max(now) + self.interval;
        let debt = next - now;
        if debt > self.period { Err(debt - self.period) } else { Ok(next) }
    }

    fn remaining(self, now: u64, tat: u64) -> Remaining {
        let free = self.period.saturating_sub(tat.saturating_sub(now)) / self.interval;
        Remaining {
            limit: self.limit,
            remaining: u32::try_from(free).unwrap_or(u32::MAX).min(self.limit),
            reset: seconds_up(tat.max(now)),
        }
    }

    fn exceeded(self, rule: Rule, tat: u64, wait: u64) -> Exceeded {
        let retry_after = u32::try_from(wait.div_ceil(1_000_000)).unwrap_or(u32::MAX).max(1);
        Exceeded { rule, limit: self.limit, retry_after, reset: seconds_up(tat) }
    }
}

fn seconds_up(micros: u64) -> i64 {
    i64::try_from(micros.div_ceil(1_000_000)).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
