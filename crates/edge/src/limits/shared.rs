//! Counters that all instances share, on a Redis or Valkey server (`docs/spec/limits.md#rate-limits`).
//!
//! Each instance decides by its own counters, which learn what the server's say. What is charged is sent in the background, in batches;
//! where guessing is at stake the request asks and waits, for a few milliseconds at most. Without the server each instance counts alone.

mod address;
mod connection;
pub mod resp;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use aws_lc_rs::hmac;
use metrics::{counter, gauge};
use tokio::sync::{Mutex, mpsc, oneshot};

pub use self::address::{NoAddress, RedisAddress};
pub use self::connection::Away;
use self::connection::Connection;
use super::quota::{Network, Quota, Scope};
use super::{Key, Limiter, Rule};

/// How long a batch may take until the server counts as away, if no request waits longer.
const HUNG: Duration = Duration::from_millis(250);
/// Orders that may wait: more are not sent, so a slow server costs no memory.
const MOST_WAITING: usize = 4_096;
/// Orders in a batch.
const BATCH: usize = 256;
/// Pauses between attempts to reach the server: the first, and the longest.
const PAUSES: [Duration; 2] = [Duration::from_millis(100), Duration::from_secs(2)];
/// Bytes of a counter's name.
const NAME_BYTES: usize = 16;

/// A counter on the server.
#[derive(Clone, Copy)]
pub(super) struct Counter {
    name: [u8; NAME_BYTES],
    pub(super) quota: Quota,
    /// Where it is in this process.
    pub(super) hash: u64,
}

/// What an order is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Task {
    /// Count one, unless that exceeds the quota.
    Try,
    /// Count so many, which were accepted already; a negative number takes back.
    Add(i32),
    /// Only look.
    Look,
}

/// What the server is asked.
pub(super) struct Order {
    pub(super) task: Task,
    /// That of the address's /48, if it has one.
    pub(super) site: Option<Counter>,
    pub(super) own: Counter,
    answer: Option<oneshot::Sender<Debts>>,
}

impl Order {
    fn counters(&self) -> impl Iterator<Item = Counter> {
        self.site.into_iter().chain([self.own])
    }

    /// Appends the command.
    fn write(&self, to: &mut Vec<u8>, script: &[u8]) {
        let (task, count) = match self.task {
            Task::Try => ("try", 1),
            Task::Add(count) => ("add", count),
            Task::Look => ("look", 1),
        };
        let names = self.counters().map(|counter| format!("sigma:limit:{:032x}", u128::from_be_bytes(counter.name)));
        let mut words = names.collect::<Vec<_>>();
        let keys = words.len().to_string();
        words.push(task.to_owned());
        for Counter { quota, .. } in self.counters() {
            words.extend([quota.period.to_string(), quota.interval.to_string(), count.to_string()]);
        }
        let command: Vec<&[u8]> =
            [b"EVALSHA", script, keys.as_bytes()].into_iter().chain(words.iter().map(String::as_bytes)).collect();
        resp::command(to, &command);
    }
}

/// What counters on the server say: arrival times, in microseconds from now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Debts {
    pub(super) site: u64,
    pub(super) own: u64,
    /// Whose quota is exhausted.
    pub(super) refused: Option<Refused>,
}

/// Whose quota is exhausted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    Site,
    Own,
}

impl Debts {
    fn read(order: &Order, numbers: &[i64]) -> Option<Self> {
        let owed = |number: &i64| u64::try_from(*number).ok();
        let (refused, site, own) = match (order.site, numbers) {
            (None, [refused, own]) => (refused, 0, owed(own)?),
            (Some(_), [refused, site, own]) => (refused, owed(site)?, owed(own)?),
            _ => return None,
        };
        let refused = match (refused, order.site) {
            (0, _) => None,
            (1, Some(_)) => Some(Refused::Site),
            _ => Some(Refused::Own),
        };
        Some(Self { site, own, refused })
    }
}

/// Whether the server answers.
const UNKNOWN: u8 = 0;
const THERE: u8 = 1;
const AWAY: u8 = 2;

/// The way to the server.
pub(super) struct Shared {
    address: RedisAddress,
    authority: Option<PathBuf>,
    key: hmac::Key,
    /// How long a request waits for the server's word.
    patience: Duration,
    state: AtomicU8,
    sender: mpsc::Sender<Order>,
    waiting: Mutex<mpsc::Receiver<Order>>,
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Shared {
    /// Counters are named by `key`, which all instances have and the server does not: neither addresses nor users can be read there.
    pub(super) fn new(address: RedisAddress, authority: Option<PathBuf>, key: hmac::Key, patience: Duration) -> Self {
        let (sender, waiting) = mpsc::channel(MOST_WAITING);
        let waiting = Mutex::new(waiting);
        Self { address, authority, key, patience, state: AtomicU8::new(UNKNOWN), sender, waiting }
    }

    pub(super) fn is_there(&self) -> bool {
        self.state.load(Ordering::Relaxed) == THERE
    }

    /// The order of `task` for `key`.
    pub(super) fn order(&self, limiter: &Limiter, task: Task, rule: Rule, key: Key<'_>, quota: Quota) -> Order {
        let counter = |scope: Scope<'_>, quota| {
            let hash = limiter.hash(rule, scope);
            Counter { name: self.name(rule, scope), quota, hash }
        };
        let site = key.site().map(|site| counter(site, quota.of_site()));
        Order { task, site, own: counter(key.scope(), quota), answer: None }
    }

    /// Sends it in the background.
    pub(super) fn send(&self, order: Order) {
        if self.sender.try_send(order).is_err() {
            count("dropped");
        }
    }

    /// What the server says; `None` if it does not in time.
    pub(super) async fn ask(&self, mut order: Order) -> Option<Debts> {
        let (answer, answered) = oneshot::channel();
        order.answer = Some(answer);
        if self.sender.try_send(order).is_err() {
            count("dropped");
            return None;
        }
        match tokio::time::timeout(self.patience, answered).await {
            Ok(Ok(debts)) => Some(debts),
            Ok(Err(_)) => None,
            Err(_) => {
                count("late");
                None
            }
        }
    }

    fn name(&self, rule: Rule, scope: Scope<'_>) -> [u8; NAME_BYTES] {
        let mut context = hmac::Context::with_key(&self.key);
        context.update(rule.as_str().as_bytes());
        let network = |context: &mut hmac::Context, network: Network| match network {
            Network::V4(octets) => {
                context.update(b"/32");
                context.update(&octets);
            }
            Network::V6(segments) => {
                context.update(b"/64");
                for segment in segments {
                    context.update(&segment.to_be_bytes());
                }
            }
            Network::Site(segments) => {
                context.update(b"/48");
                for segment in segments {
                    context.update(&segment.to_be_bytes());
                }
            }
        };
        match scope {
            Scope::Address(address) => network(&mut context, address),
            Scope::At(address, id) => {
                network(&mut context, address);
                context.update(b"@");
                context.update(id.as_bytes());
            }
            Scope::Id(id) => {
                context.update(b"=");
                context.update(id.as_bytes());
            }
        }
        context.sign().as_ref().first_chunk().copied().unwrap_or_default()
    }

    /// Carries out orders, and connects anew whenever the server was away.
    pub(super) async fn run(&self, limiter: &Limiter) {
        let mut waiting = self.waiting.lock().await;
        let [first, longest] = PAUSES;
        let mut pause = first;
        loop {
            let away = match Connection::open(&self.address, self.authority.as_deref()).await {
                Ok(mut connection) => {
                    pause = first;
                    self.came();
                    match self.serve(&mut connection, &mut waiting, limiter).await {
                        Ok(()) => return,
                        Err(away) => away,
                    }
                }
                Err(away) => away,
            };
            self.went(&away);
            // Whoever waits for these decides alone.
            while waiting.try_recv().is_ok() {}
            tokio::time::sleep(pause).await;
            pause = pause.saturating_mul(2).min(longest);
        }
    }

    async fn serve(
        &self,
        connection: &mut Connection,
        waiting: &mut mpsc::Receiver<Order>,
        limiter: &Limiter,
    ) -> Result<(), Away> {
        loop {
            let mut orders = Vec::new();
            tokio::select! {
                count = waiting.recv_many(&mut orders, BATCH) => if count == 0 { return Ok(()) },
                away = connection.broken() => return Err(away),
            }
            merge(&mut orders);
            let mut carried: u64 = 0;
            let told = |order: Order, debts: Debts| {
                carried += 1;
                limiter.learn(&order, debts);
                if let Some(answer) = order.answer {
                    // The request may have gone on without.
                    let _ = answer.send(debts);
                }
            };
            let outcome = tokio::time::timeout(HUNG.max(self.patience), connection.carry_out(orders, told)).await;
            counter!("sigma_limits_shared_total", "outcome" => "answered").increment(carried);
            outcome.unwrap_or(Err(Away::Late))?;
        }
    }

    fn came(&self) {
        let before = self.state.swap(THERE, Ordering::Relaxed);
        gauge!("sigma_limits_shared").set(1.0);
        match before {
            UNKNOWN => tracing::info!(server = %self.address, "rate limits are shared by all instances"),
            AWAY => tracing::info!(server = %self.address, "rate limits are shared again"),
            _ => {}
        }
    }

    fn went(&self, away: &Away) {
        gauge!("sigma_limits_shared").set(0.0);
        if self.state.swap(AWAY, Ordering::Relaxed) != AWAY {
            let error = away.to_string();
            tracing::warn!(server = %self.address, error, "rate limits are not shared: each instance counts alone (limits.redis)");
        }
    }
}

/// Orders in the background that concern the same counter become one.
fn merge(orders: &mut Vec<Order>) {
    let mut merged: Vec<Order> = Vec::with_capacity(orders.len());
    let mut places = std::collections::HashMap::new();
    for order in orders.drain(..) {
        if let Task::Add(more) = order.task {
            let place = places.entry(order.own.name).or_insert(merged.len());
            if let Some(Order { task: Task::Add(count), .. }) = merged.get_mut(*place) {
                *count = count.saturating_add(more);
                continue;
            }
        }
        merged.push(order);
    }
    *orders = merged;
}

fn count(outcome: &'static str) {
    counter!("sigma_limits_shared_total", "outcome" => outcome).increment(1);
}

/// Connects as the server does, and counts once.
///
/// # Errors
/// Rate limits would not be shared, for this reason.
pub async fn probe(address: &RedisAddress, authority: Option<&Path>) -> Result<(), Away> {
    Connection::open(address, authority).await.map(drop)
}

#[cfg(test)]
mod tests;
