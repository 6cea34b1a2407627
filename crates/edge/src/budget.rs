//! Limits on what one org, one address and all callers together may make the server hold and do at once. An
//! exhausted budget turns away its own owner only.
//!
//! [`OrgBudget`] collects everything that an org can make the server do: further kinds of work (mails, webhooks,
//! stored files) get their [`Meter`] there.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::response::{IntoResponse, Response};
use http::header::{HeaderName, RETRY_AFTER};
use http::{HeaderValue, StatusCode};
use sigma_core::ids::OrgId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::settings;
use crate::{ApiError, ClientAddr};

/// How long a request waits for earlier requests of its org.
const TURN: Duration = Duration::from_secs(5);

/// The amount of something currently held, and its upper limit.
#[derive(Debug)]
pub struct Meter {
    used: AtomicUsize,
    most: usize,
}

impl Meter {
    /// A meter with nothing held.
    pub fn new(most: usize) -> Arc<Self> {
        Arc::new(Self::of(most))
    }

    fn of(most: usize) -> Self {
        Self { used: AtomicUsize::new(0), most }
    }

    /// Holds `amount` until the guard is dropped; `None` if that would exceed the limit.
    pub fn hold(self: &Arc<Self>, amount: usize) -> Option<Held> {
        let mut held = Held { meter: Arc::clone(self), amount: 0 };
        held.grow(amount).then_some(held)
    }

    /// Like [`Meter::hold`], but lets an amount above the limit through when nothing else is held.
    fn hold_alone_or(self: &Arc<Self>, amount: usize) -> Option<Held> {
        self.hold(amount).or_else(|| {
            let alone = self.used.compare_exchange(0, amount, Ordering::Relaxed, Ordering::Relaxed);
            alone.ok().map(|_| Held { meter: Arc::clone(self), amount })
        })
    }

    /// Holds one more, to be given back by [`Meter::release_one`]; whether the limit allows it.
    fn hold_one(&self) -> bool {
        let is_held = self.used.fetch_add(1, Ordering::Relaxed) < self.most;
        if !is_held {
            self.release_one();
        }
        is_held
    }

    fn release_one(&self) {
        self.used.fetch_sub(1, Ordering::Relaxed);
    }

    /// The amount currently held.
    pub fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }

    fn is_full(&self) -> bool {
        self.used() >= self.most
    }
}

/// A held amount, given back on drop.
#[derive(Debug)]
pub struct Held {
    meter: Arc<Meter>,
    amount: usize,
}

impl Held {
    /// Holds `more` in addition, if the limit allows.
    pub fn grow(&mut self, more: usize) -> bool {
        let grown = |used: usize| used.checked_add(more).filter(|used| *used <= self.meter.most);
        let is_held = self.meter.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, grown).is_ok();
        if is_held {
            self.amount += more;
        }
        is_held
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if self.amount > 0 {
            self.meter.used.fetch_sub(self.amount, Ordering::Relaxed);
        }
    }
}

/// An exhausted budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OverBudget {
    /// The address has too many concurrent requests.
    AddressRequests,
    /// The address has too many bytes of request bodies in flight.
    AddressBodies,
    /// The address leaves too many bytes of responses unread.
    AddressAnswers,
    /// The org has too many concurrent requests.
    OrgRequests,
    /// The org leaves too many bytes of responses unread.
    OrgAnswers,
    /// All callers together have too many bytes of request bodies in flight.
    Bodies,
    /// All callers together leave too many bytes of responses unread.
    Answers,
}

impl OverBudget {
    /// The label in metrics.
    fn as_str(self) -> &'static str {
        match self {
            Self::AddressRequests => "address_requests",
            Self::AddressBodies => "address_bodies",
            Self::AddressAnswers => "address_answers",
            Self::OrgRequests => "org_requests",
            Self::OrgAnswers => "org_answers",
            Self::Bodies => "bodies",
            Self::Answers => "answers",
        }
    }
}

/// 429 for a caller's own budget, 503 for the shared one; both with `Retry-After`.
impl IntoResponse for OverBudget {
    fn into_response(self) -> Response {
        metrics::counter!("sigma_http_over_budget_total", "budget" => self.as_str()).increment(1);
        let description = match self {
            Self::Bodies | Self::Answers => {
                return ApiError::unavailable(format_args!("the budget {} is spent", self.as_str())).into_response();
            }
            Self::AddressRequests | Self::OrgRequests => "Too many requests at once. Please try again later.",
            Self::AddressBodies => "Too many bodies at once. Please try again later.",
            Self::AddressAnswers | Self::OrgAnswers => "Too many unread responses. Please try again later.",
        };
        let error = ApiError::new(StatusCode::TOO_MANY_REQUESTS, "rate_limit_exceeded", description);
        let mut response = error.into_response();
        let second = HeaderValue::from_static("1");
        response.headers_mut().insert(RETRY_AFTER, second.clone());
        response.headers_mut().insert(HeaderName::from_static("x-retry-after"), second);
        response
    }
}

/// The budget of an address.
#[derive(Debug)]
pub struct AddressBudget {
    requests: Meter,
    bodies: Arc<Meter>,
    answers: Arc<Meter>,
}

/// A request of an address.
#[derive(Debug)]
pub struct AddressRequest {
    budget: Arc<AddressBudget>,
    is_counted: bool,
}

impl AddressRequest {
    /// A request that does not count yet.
    pub fn of(budget: Arc<AddressBudget>) -> Self {
        Self { budget, is_counted: false }
    }

    /// Counts this request until it is dropped.
    ///
    /// # Errors
    /// The address has too many already.
    pub fn count(&mut self) -> Result<(), OverBudget> {
        if !self.is_counted {
            self.is_counted = self.budget.requests.hold_one();
        }
        if self.is_counted { Ok(()) } else { Err(OverBudget::AddressRequests) }
    }

    /// The budget of the address.
    pub fn budget(&self) -> &Arc<AddressBudget> {
        &self.budget
    }
}

impl Drop for AddressRequest {
    fn drop(&mut self) {
        if self.is_counted {
            self.budget.requests.release_one();
        }
    }
}

/// The budget of an org.
#[derive(Debug)]
pub struct OrgBudget {
    /// Requests being answered.
    running: Arc<Semaphore>,
    /// Requests waiting for a turn.
    waiting: Arc<Meter>,
    /// Bytes of its responses not read yet.
    answers: Arc<Meter>,
}

impl OrgBudget {
    /// A turn for one request, once earlier ones leave room.
    ///
    /// # Errors
    /// Too many requests wait already, this one waited too long, or too many response bytes are unread.
    async fn turn(self: &Arc<Self>) -> Result<OwnedSemaphorePermit, OverBudget> {
        let turn = if let Ok(turn) = Arc::clone(&self.running).try_acquire_owned() {
            turn
        } else {
            let _waits = self.waiting.hold(1).ok_or(OverBudget::OrgRequests)?;
            let turn = tokio::time::timeout(TURN, Arc::clone(&self.running).acquire_owned()).await;
            turn.ok().and_then(Result::ok).ok_or(OverBudget::OrgRequests)?
        };
        // Checked before any work goes into a response that could not be sent.
        if self.answers.is_full() { Err(OverBudget::OrgAnswers) } else { Ok(turn) }
    }
}

/// An org's request in progress.
#[derive(Debug)]
pub struct Turn {
    budget: Arc<OrgBudget>,
    _permit: OwnedSemaphorePermit,
}

/// Everybody's budgets.
#[derive(Debug)]
pub struct Budgets {
    settings: settings::Budgets,
    bodies: Arc<Meter>,
    answers: Arc<Meter>,
    addresses: Owners<u128, AddressBudget>,
    orgs: Owners<OrgId, OrgBudget>,
    /// A proxy speaks for many clients: what it holds counts only towards the shared budget.
    proxies: Arc<AddressBudget>,
}

impl Budgets {
    /// Budgets with nothing spent.
    pub fn new(settings: &settings::Budgets) -> Arc<Self> {
        let unbounded = || Meter::new(usize::MAX);
        Arc::new(Self {
            bodies: Meter::new(settings.body_bytes),
            answers: Meter::new(settings.answer_bytes),
            addresses: Owners::default(),
            orgs: Owners::default(),
            proxies: Arc::new(AddressBudget {
                requests: Meter::of(usize::MAX),
                bodies: unbounded(),
                answers: unbounded(),
            }),
            settings: settings.clone(),
        })
    }

    /// The budget of an address; IPv6 addresses share one per /64.
    pub fn of_address(&self, address: ClientAddr) -> Arc<AddressBudget> {
        self.addresses.get(&address.network_bits(), || AddressBudget {
            requests: Meter::of(self.settings.address_requests),
            bodies: Meter::new(self.settings.address_body_bytes),
            answers: Meter::new(self.settings.address_answer_bytes),
        })
    }

    /// The budget of a proxy that names no client.
    pub fn of_proxy(&self) -> Arc<AddressBudget> {
        Arc::clone(&self.proxies)
    }

    /// The budget of an org.
    pub fn of_org(&self, org: &OrgId) -> Arc<OrgBudget> {
        self.orgs.get(org, || OrgBudget {
            running: Arc::new(Semaphore::new(self.settings.org_requests.clamp(1, Semaphore::MAX_PERMITS))),
            waiting: Meter::new(self.settings.org_waiting),
            answers: Meter::new(self.settings.org_answer_bytes),
        })
    }

    /// A turn for a request of an org.
    ///
    /// # Errors
    /// The org has too many already, or leaves too much unread.
    pub async fn turn(&self, org: &OrgId) -> Result<Turn, OverBudget> {
        let budget = self.of_org(org);
        let permit = budget.turn().await?;
        Ok(Turn { budget, _permit: permit })
    }

    /// Room for bytes of a request body.
    pub fn body(&self, address: &Arc<AddressBudget>) -> HeldBody {
        let nothing = |meter: &Arc<Meter>| Held { meter: Arc::clone(meter), amount: 0 };
        let (all, own) = (nothing(&self.bodies), nothing(&address.bodies));
        HeldBody { all, own, _owner: Arc::clone(address) }
    }

    /// Room for a response of `bytes`, until it is sent.
    ///
    /// # Errors
    /// The org, the address or all callers together leave too much unread.
    pub fn answer(
        &self,
        bytes: usize,
        address: &Arc<AddressBudget>,
        turn: Option<&Turn>,
    ) -> Result<HeldAnswer, OverBudget> {
        let orgs = match turn {
            Some(turn) => Some(turn.budget.answers.hold_alone_or(bytes).ok_or(OverBudget::OrgAnswers)?),
            None => None,
        };
        let own = address.answers.hold_alone_or(bytes).ok_or(OverBudget::AddressAnswers)?;
        let all = self.answers.hold_alone_or(bytes).ok_or(OverBudget::Answers)?;
        let owners = (Arc::clone(address), turn.map(|turn| Arc::clone(&turn.budget)));
        Ok(HeldAnswer { _held: (all, own, orgs), _owners: owners })
    }

    /// Bytes currently held: of all request bodies, and of all responses.
    pub fn held(&self) -> (usize, usize) {
        (self.bodies.used(), self.answers.used())
    }
}

/// The first bytes of each body that do not count towards the shared limit: the limits on requests and connections
/// bound them.
const UNCOUNTED: usize = 4 * 1_024;

/// Held bytes of a request body.
#[derive(Debug)]
pub struct HeldBody {
    all: Held,
    own: Held,
    _owner: Arc<AddressBudget>,
}

impl HeldBody {
    /// Holds `more` bytes.
    ///
    /// # Errors
    /// The address, or all callers together, sent too many.
    pub fn grow(&mut self, more: usize) -> Result<(), OverBudget> {
        if !self.own.grow(more) {
            return Err(OverBudget::AddressBodies);
        }
        // Sign-ins and token requests are small: they pass no matter how many bytes others have in flight.
        let beyond = self.own.amount.saturating_sub(UNCOUNTED).saturating_sub(self.all.amount);
        if self.all.grow(beyond) { Ok(()) } else { Err(OverBudget::Bodies) }
    }
}

/// Held bytes of a response.
#[derive(Debug)]
pub struct HeldAnswer {
    _held: (Held, Held, Option<Held>),
    /// Owners that must not be evicted while they hold anything.
    _owners: (Arc<AddressBudget>, Option<Arc<OrgBudget>>),
}

/// The budget of each owner, kept as long as it is in use.
#[derive(Debug)]
struct Owners<K, V> {
    hasher: RandomState,
    shards: Vec<Mutex<Shard<K, V>>>,
}

#[derive(Debug)]
struct Shard<K, V> {
    known: HashMap<K, Arc<V>>,
    /// The size at which unused budgets are evicted.
    full: usize,
}

impl<K, V> Default for Owners<K, V> {
    fn default() -> Self {
        const SHARDS: usize = 32;
        let shard = || Mutex::new(Shard { known: HashMap::new(), full: LEAST });
        Self { hasher: RandomState::new(), shards: std::iter::repeat_with(shard).take(SHARDS).collect() }
    }
}

/// Owners kept in a shard before any is evicted.
const LEAST: usize = 64;

impl<K: Clone + Eq + Hash, V> Owners<K, V> {
    fn get(&self, owner: &K, make: impl FnOnce() -> V) -> Arc<V> {
        let hash = usize::try_from(self.hasher.hash_one(owner) >> 32).unwrap_or(0);
        let Some(shard) = self.shards.get(hash % self.shards.len().max(1)) else { return Arc::new(make()) };
        let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = shard.known.get(owner) {
            return Arc::clone(known);
        }
        if shard.known.len() >= shard.full {
            // A guard keeps its owner's budget alive; an evicted budget holds nothing.
            shard.known.retain(|_, value| Arc::strong_count(value) > 1);
            shard.full = (shard.known.len() * 2).max(LEAST);
        }
        let new = Arc::new(make());
        shard.known.insert(owner.clone(), Arc::clone(&new));
        new
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    fn budgets(change: impl FnOnce(&mut settings::Budgets)) -> Arc<Budgets> {
        let mut settings = settings::Budgets::default();
        change(&mut settings);
        Budgets::new(&settings)
    }

    fn address(text: &str) -> ClientAddr {
        ClientAddr::from(text.parse::<IpAddr>().unwrap())
    }

    #[tokio::test]
    async fn an_org_over_its_budget_waits_without_affecting_others() {
        let budgets = budgets(|budgets| {
            budgets.org_requests = 2;
            budgets.org_waiting = 1;
        });
        let (busy, calm) = (OrgId::from_text("org_busy"), OrgId::from_text("org_calm"));
        let (one, two) = (budgets.turn(&busy).await.unwrap(), budgets.turn(&busy).await.unwrap());
        let waits = tokio::spawn({
            let (budgets, busy) = (Arc::clone(&budgets), busy.clone());
            async move { budgets.turn(&busy).await.map(drop) }
        });
        while budgets.of_org(&busy).waiting.used() == 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(budgets.turn(&busy).await.err(), Some(OverBudget::OrgRequests));
        assert!(budgets.turn(&calm).await.is_ok());
        drop(one);
        assert_eq!(waits.await.unwrap(), Ok(()));
        drop(two);
        assert!(budgets.turn(&busy).await.is_ok());
    }

    #[tokio::test]
    async fn unread_responses_count_against_their_org() {
        let budgets = budgets(|budgets| {
            budgets.org_answer_bytes = 1_000;
            budgets.address_answer_bytes = 10_000;
        });
        let (busy, calm) = (OrgId::from_text("org_busy"), OrgId::from_text("org_calm"));
        let here = budgets.of_address(address("192.0.2.1"));
        let turn = budgets.turn(&busy).await.unwrap();
        let unread = budgets.answer(900, &here, Some(&turn)).unwrap();
        assert_eq!(budgets.answer(101, &here, Some(&turn)).err(), Some(OverBudget::OrgAnswers));
        let rest = budgets.answer(100, &here, Some(&turn)).unwrap();
        assert_eq!(budgets.turn(&busy).await.err(), Some(OverBudget::OrgAnswers), "no work is done for it");
        let other = budgets.turn(&calm).await.unwrap();
        assert!(budgets.answer(900, &here, Some(&other)).is_ok());
        drop((unread, rest));
        assert_eq!(budgets.held(), (0, 0));
        // A response larger than the budget is sent when nothing else is held.
        let large = budgets.answer(5_000, &here, Some(&turn)).unwrap();
        assert_eq!(budgets.answer(1, &here, Some(&turn)).err(), Some(OverBudget::OrgAnswers));
        drop(large);
        assert!(budgets.answer(1, &here, Some(&turn)).is_ok());
    }

    #[test]
    fn an_address_has_a_budget_and_an_ipv6_network_shares_one() {
        let budgets = budgets(|budgets| {
            budgets.address_requests = 1;
            budgets.address_body_bytes = 10_000;
            budgets.body_bytes = 8_000;
        });
        let here = budgets.of_address(address("2001:db8::1"));
        let request = |from: &str| AddressRequest::of(budgets.of_address(address(from)));
        let mut first = request("2001:db8::1");
        assert_eq!((first.count(), first.count()), (Ok(()), Ok(())), "a request counts once");
        let mut same = request("2001:db8::ffff");
        assert_eq!(same.count(), Err(OverBudget::AddressRequests));
        assert_eq!(request("2001:db8:0:1::1").count(), Ok(()));
        assert_eq!(request("192.0.2.1").count(), Ok(()));
        drop(first);
        assert_eq!(same.count(), Ok(()));

        let mut body = budgets.body(&here);
        body.grow(10_000).unwrap();
        assert_eq!(body.grow(1), Err(OverBudget::AddressBodies));
        let other = budgets.of_address(address("192.0.2.1"));
        // The uncounted first bytes of each body are not included.
        assert_eq!(budgets.held().0, 10_000 - UNCOUNTED);
        assert_eq!(budgets.body(&other).grow(2_097 + UNCOUNTED), Err(OverBudget::Bodies));
        let mut others = budgets.body(&other);
        others.grow(2_096 + UNCOUNTED).unwrap();
        assert!(budgets.body(&budgets.of_address(address("203.0.113.1"))).grow(UNCOUNTED).is_ok());
        drop((body, others));
        assert_eq!(budgets.held(), (0, 0));
    }

    #[test]
    fn idle_addresses_are_forgotten() {
        let budgets = budgets(|_| {});
        let kept = budgets.of_address(address("192.0.2.1"));
        let mut held = AddressRequest::of(kept);
        held.count().unwrap();
        let elsewhere = address("203.0.113.1");
        let unread = budgets.answer(7, &budgets.of_address(elsewhere), None).unwrap();
        for number in 0..100_000_u32 {
            budgets.of_address(address(&std::net::Ipv4Addr::from(number).to_string()));
        }
        let known: usize = budgets.addresses.shards.iter().map(|shard| shard.lock().unwrap().known.len()).sum();
        assert!(known <= 32 * LEAST, "{known}");
        assert_eq!(budgets.of_address(address("192.0.2.1")).requests.used(), 1);
        assert_eq!(budgets.of_address(elsewhere).answers.used(), 7, "an unread answer keeps its address known");
        drop((held, unread));
    }
}
