//! Rate limits (`docs/spec/limits.md#rate-limits`), in memory and in bounded memory.
//!
//! Each counter is one number, the theoretical arrival time of GCRA (ITU-T I.371): a caller may send its whole quota at
//! once, and then gets it back evenly over the period. Counters live in a table of fixed size. When the few places
//! that a caller may take are all in use, the one nearest to being forgotten is given up, so that a flood of new names or
//! addresses costs others some precision, never memory.

use std::hash::{BuildHasher as _, Hash, RandomState};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sigma_core::time::{Clock, Timestamp};

use crate::http::client::ClientAddr;
use crate::settings::Limits;

/// What is counted. Each rule has its own counters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rule {
    /// Token, revocation and introspection endpoints: what fails of one app at an address.
    Token,
    /// The same endpoints: an app that has authenticated.
    App,
    /// Authorization endpoint: an address.
    Authorize,
    /// The same endpoint: requests of an address that name no app or no registered redirect URI.
    AuthorizeFailure,
    /// Failures to sign in or up: signatures of an address, passwords for one account at an address or from one browser.
    SignIn,
    /// Wrong passwords of an address, for whichever accounts.
    Password,
    /// Links for a new password that an address asks for.
    Link,
    /// Failures of an address at `/sigma/authorize`.
    Direct,
    /// Userinfo: a user.
    Userinfo,
    /// Accounts that an address makes, an hour.
    SignUp,
    /// Invitations that a workspace sends, an hour.
    Invitation,
    /// Everything that a workspace asks for, whether it succeeds or not.
    Workspace,
    /// What a workspace has checked: by `verify` and `forward`, which are answered from memory.
    WorkspaceCheck,
    /// Failures of an address at the same.
    Check,
    /// Discovery, JWKS and the OpenAPI document: an address.
    Discovery,
    /// Everything else: an address.
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
            Self::SignUp => "sign_up",
            Self::Invitation => "invitation",
            Self::Workspace => "workspace",
            Self::WorkspaceCheck => "workspace_check",
            Self::Check => "check",
            Self::Discovery => "discovery",
            Self::Other => "other",
        }
    }

    /// How many requests in which period; 0 is no limit.
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
            Self::SignUp => (limits.sign_ups_per_hour, Duration::from_hours(1)),
            Self::Invitation => (limits.invitations_per_hour, Duration::from_hours(1)),
            Self::Workspace => (limits.workspace, minute),
            Self::WorkspaceCheck => (limits.workspace_checks, minute),
            Self::Check => (limits.checks, minute),
            Self::Discovery | Self::Other => (limits.other, minute),
        }
    }
}

/// Who is counted. An IPv6 address counts by its /64, since that is what one customer gets, and again by its /48, with
/// 16 times the quota, since that is what one customer may get.
#[derive(Clone, Copy, Debug)]
pub enum Key<'a> {
    /// A client's address.
    Address(ClientAddr),
    /// One account or app at an address: what fails for others there is not held against it.
    At(ClientAddr, &'a str),
    /// The id of an app or a user.
    Id(&'a str),
}

/// How many /64s of one /48 may spend their whole quota at once.
const SITE: u32 = 16;

impl Key<'_> {
    fn scope(&self) -> Scope<'_> {
        match self {
            Self::Address(address) => Scope::Address(Network::of(*address)),
            Self::At(address, id) => Scope::At(Network::of(*address), id),
            Self::Id(id) => Scope::Id(id),
        }
    }

    /// The /48 that an IPv6 address is of.
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

/// What a caller may still send under a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remaining {
    /// Requests in a period.
    pub limit: u32,
    /// Requests that may follow at once.
    pub remaining: u32,
    /// When the whole quota is there again, in seconds since the epoch.
    pub reset: i64,
}

/// A rule's quota is spent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exceeded {
    /// The rule.
    pub rule: Rule,
    /// Requests in a period.
    pub limit: u32,
    /// Whole seconds until the next request is taken, at least one.
    pub retry_after: u32,
    /// When the whole quota is there again, in seconds since the epoch.
    pub reset: i64,
}

impl Exceeded {
    /// An account has to wait until `until`, for it failed too often.
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

/// What counting says: nothing where the rule is switched off.
pub type Verdict = Result<Option<Remaining>, Exceeded>;

/// Shards, so that threads rarely wait for each other; a power of two.
const SHARDS: usize = 64;
/// Places that one key may take.
const WAYS: usize = 8;
/// Sets of places in a shard; a power of two. 64 × 128 × 8 counters of 16 bytes are 1 MiB.
const SETS: usize = 128;

/// One counter: the tag of its key and the theoretical arrival time in microseconds since the epoch; zeros when free.
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
    /// A limiter with no counter in use.
    pub fn new(limits: &Limits, clock: Arc<dyn Clock>) -> Self {
        // Zeroed memory is taken from the system when it is first touched: an idle server does not hold it.
        let shards = (0..SHARDS).map(|_| Mutex::new(vec![[0, 0]; SETS * WAYS])).collect();
        Self { limits: limits.clone(), clock, hasher: RandomState::new(), shards }
    }

    /// Counts one request, or refuses it (and then counts nothing).
    pub fn charge<'k>(&self, rule: Rule, key: impl Into<Key<'k>>) -> Verdict {
        self.charge_at(rule, key.into(), self.clock.now())
    }

    /// What [`charge`](Self::charge) would say, counting nothing.
    pub fn peek<'k>(&self, rule: Rule, key: impl Into<Key<'k>>) -> Verdict {
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

    /// Takes back what one [`charge`](Self::charge) counted: it was not a failure after all.
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

    pub(super) fn charge_at(&self, rule: Rule, key: Key<'_>, now: Timestamp) -> Verdict {
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

    /// Runs `change` on the counter of `scope`; on a new one in the place that is nearest to being forgotten if it has
    /// none.
    fn with_place<R>(&self, rule: Rule, scope: Scope<'_>, change: impl FnOnce(&mut Place) -> R) -> R {
        let hash = self.hasher.hash_one((rule, scope));
        // The low bits choose the place, all of them are the tag; 0 would be a free place.
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
        // A counter that says nothing (a peek made it) needs no place.
        if let Some(oldest) = oldest.filter(|_| fresh[1] > 0) {
            *oldest = fresh;
        }
        answer
    }
}

/// What has one counter under a rule.
#[derive(Clone, Copy, Hash)]
enum Scope<'a> {
    Address(Network),
    At(Network, &'a str),
    Id(&'a str),
}

/// What of an address is counted.
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

/// A rule in numbers; times in microseconds.
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
