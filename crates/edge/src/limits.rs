//! Rate limits (`docs/spec/limits.md#rate-limits`), in a bounded amount of memory.
//!
//! Each counter is one number, the theoretical arrival time of GCRA (ITU-T I.371): a caller may use its whole quota at
//! once, and it refills evenly over the period. Counters are in a table of fixed size. If the slots of a caller are all
//! in use, the one closest to expiry is replaced, so a flood of new names or addresses costs others some precision,
//! never memory. Several instances share counters by a server of their own ([`shared`]).

mod quota;
mod rule;
pub mod shared;

use std::hash::{BuildHasher as _, RandomState};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use aws_lc_rs::hmac;
use sigma_core::time::{Clock, Timestamp};

use self::quota::{Network, Quota, Scope, micros};
pub use self::rule::Rule;
use self::shared::{Debts, Order, RedisAddress, Refused, Shared, Task};
use crate::client::ClientAddr;
use crate::settings::Limits;

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
    shared: OnceLock<Shared>,
}

impl Limiter {
    /// A limiter without any counters.
    pub fn new(limits: &Limits, clock: Arc<dyn Clock>) -> Self {
        // Zeroed memory is allocated on first touch: an idle server does not hold it.
        let shards = (0..SHARDS).map(|_| Mutex::new(vec![[0, 0]; SETS * WAYS])).collect();
        Self { limits: limits.clone(), clock, hasher: RandomState::new(), shards, shared: OnceLock::new() }
    }

    /// Shares its counters with other instances by the server at `address`, as soon as [`keep_sharing`](Self::keep_sharing) runs. `key`
    /// is known to all of them, and to nobody else.
    pub fn share(&self, address: RedisAddress, authority: Option<PathBuf>, key: hmac::Key) {
        self.shared.get_or_init(|| {
            Shared::new(address, authority, key, Duration::from_millis(self.limits.redis_wait_milliseconds))
        });
    }

    /// Carries counts to that server and back, for as long as it is polled.
    pub async fn keep_sharing(&self) {
        match self.shared.get() {
            Some(shared) => shared.run(self).await,
            None => std::future::pending().await,
        }
    }

    /// Whether other instances count along; `None` if they need not.
    pub fn is_shared(&self) -> Option<bool> {
        self.shared.get().map(Shared::is_there)
    }

    /// Counts one request, or rejects it without counting. Other instances learn of it within moments.
    pub fn charge<'k>(&self, rule: Rule, key: impl Into<Key<'k>>) -> Admission {
        self.charge_at(rule, key.into(), self.clock.now())
    }

    /// As [`charge`](Self::charge), but asks what other instances counted, and waits for it for a few milliseconds.
    pub async fn charge_shared<'k>(&self, rule: Rule, key: impl Into<Key<'k>>) -> Admission {
        self.charge_shared_at(rule, key.into(), self.clock.now()).await
    }

    pub(super) async fn charge_shared_at(&self, rule: Rule, key: Key<'_>, now: Timestamp) -> Admission {
        let Some(quota) = self.quota(rule) else { return Ok(None) };
        let Some(shared) = self.shared() else { return self.charge_here(rule, key, quota, now).map(Some) };
        // Whoever is known to be over the quota is not worth a question.
        let remaining = self.charge_here(rule, key, quota, now)?;
        let told = shared.ask(shared.order(self, Task::Try, rule, key, quota)).await;
        self.judged(rule, quota, told).unwrap_or(Ok(remaining)).map(Some)
    }

    /// As [`peek`](Self::peek), but asks what other instances counted.
    pub async fn peek_shared<'k>(&self, rule: Rule, key: impl Into<Key<'k>>) -> Admission {
        let key = key.into();
        let remaining = self.peek(rule, key)?;
        let (Some(quota), Some(shared)) = (self.quota(rule), self.shared()) else { return Ok(remaining) };
        let told = shared.ask(shared.order(self, Task::Look, rule, key, quota)).await;
        self.judged(rule, quota, told).map_or(Ok(remaining), |judged| judged.map(Some))
    }

    /// What the shared counters say, if they said it in time.
    fn judged(&self, rule: Rule, quota: Quota, told: Option<Debts>) -> Option<Result<Remaining, Exceeded>> {
        let (debts, now) = (told?, micros(self.clock.now()));
        let (quota, owed) = match debts.refused {
            None => return Some(Ok(quota.remaining(now, now.saturating_add(debts.own)))),
            Some(Refused::Own) => (quota, debts.own),
            Some(Refused::Site) => (quota.of_site(), debts.site),
        };
        let wait = owed.saturating_add(quota.interval).saturating_sub(quota.period);
        Some(Err(quota.exceeded(rule, now.saturating_add(owed), wait)))
    }

    /// The way to other instances, while it is open.
    fn shared(&self) -> Option<&Shared> {
        self.shared.get().filter(|shared| shared.is_there())
    }

    /// Remembers what shared counters say. What this process counted itself stands beside that, so a server that forgets lets nobody
    /// exceed the quota of one instance.
    fn learn(&self, order: &Order, debts: Debts) {
        let now = micros(self.clock.now());
        let set = |hash, owed: u64| {
            self.with_place(learned(hash), |place| place[1] = if owed > 0 { now.saturating_add(owed) } else { 0 });
        };
        if let Some(site) = order.site {
            set(site.hash, debts.site);
        }
        set(order.own.hash, debts.own);
    }

    /// Tells other instances of what was accepted or taken back here.
    fn tell(&self, count: i32, rule: Rule, key: Key<'_>, quota: Quota) {
        if let Some(shared) = self.shared() {
            shared.send(shared.order(self, Task::Add(count), rule, key, quota));
        }
    }

    /// What [`charge`](Self::charge) would return, without counting.
    pub fn peek<'k>(&self, rule: Rule, key: impl Into<Key<'k>>) -> Admission {
        let Some(quota) = self.quota(rule) else { return Ok(None) };
        let (key, now) = (key.into(), micros(self.clock.now()));
        let look = |scope, quota: Quota| {
            let hash = self.hash(rule, scope);
            let tat = self.with_place(hash, |place| place[1]).max(self.told(hash));
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
        let tat = self.give_back(rule, key.scope(), quota);
        self.tell(-1, rule, key, quota);
        Some(quota.remaining(now, tat))
    }

    fn give_back(&self, rule: Rule, scope: Scope<'_>, quota: Quota) -> u64 {
        let hash = self.hash(rule, scope);
        let less = |place: &mut Place| {
            place[1] = place[1].saturating_sub(quota.interval);
            place[1]
        };
        let own = self.with_place(hash, less);
        if self.shared.get().is_some() { own.max(self.with_place(learned(hash), less)) } else { own }
    }

    /// What shared counters said of this one.
    fn told(&self, hash: u64) -> u64 {
        self.shared.get().map_or(0, |_| self.with_place(learned(hash), |place| place[1]))
    }

    pub(super) fn charge_at(&self, rule: Rule, key: Key<'_>, now: Timestamp) -> Admission {
        let Some(quota) = self.quota(rule) else { return Ok(None) };
        let remaining = self.charge_here(rule, key, quota, now)?;
        self.tell(1, rule, key, quota);
        Ok(Some(remaining))
    }

    /// Charges the counters of this process.
    fn charge_here(&self, rule: Rule, key: Key<'_>, quota: Quota, now: Timestamp) -> Result<Remaining, Exceeded> {
        let now = micros(now);
        let Some(site) = key.site() else { return self.spend(rule, key.scope(), quota, now) };
        self.spend(rule, site, quota.of_site(), now)?;
        let spent = self.spend(rule, key.scope(), quota, now);
        if spent.is_err() {
            self.give_back(rule, site, quota.of_site());
        }
        spent
    }

    fn spend(&self, rule: Rule, scope: Scope<'_>, quota: Quota, now: u64) -> Result<Remaining, Exceeded> {
        let hash = self.hash(rule, scope);
        let told = self.told(hash);
        let more = quota.admit(now, told).map_err(|wait| quota.exceeded(rule, told, wait))?;
        let own = self.with_place(hash, |place| match quota.admit(now, place[1]) {
            Ok(tat) => {
                place[1] = tat;
                Ok(tat)
            }
            Err(wait) => Err(quota.exceeded(rule, place[1], wait)),
        })?;
        if told <= now {
            return Ok(quota.remaining(now, own));
        }
        // Until the next answer, which counts it.
        self.with_place(learned(hash), |place| place[1] = more);
        Ok(quota.remaining(now, own.max(more)))
    }

    fn quota(&self, rule: Rule) -> Option<Quota> {
        if !self.limits.enabled {
            return None;
        }
        let (limit, period) = rule.quota(&self.limits);
        Quota::new(limit, period)
    }

    fn hash(&self, rule: Rule, scope: Scope<'_>) -> u64 {
        self.hasher.hash_one((rule, scope))
    }

    /// Runs `change` on the counter of this hash, or on a new one in the slot closest to expiry.
    fn with_place<R>(&self, hash: u64, change: impl FnOnce(&mut Place) -> R) -> R {
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

/// Where the word of shared counters is kept, beside the counter of this process.
const fn learned(hash: u64) -> u64 {
    !hash
}

#[cfg(test)]
mod tests;
