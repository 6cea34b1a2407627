//! What one tenant, one address and everybody together may have the server hold and do at once. A budget that is spent
//! refuses its owner, and nobody else notices.
//!
//! [`TenantBudget`] is the one place for what a tenant can make the server do: what else it will be able to (mails, webhooks,
//! stored files) gets a [`Meter`] there.

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

use crate::http::{ApiError, ClientAddr};
use crate::settings;

/// How long a request waits for those of its tenant before it.
const TURN: Duration = Duration::from_secs(5);

/// An amount of something that is held at the moment, and how much of it may be.
#[derive(Debug)]
pub struct Meter {
    used: AtomicUsize,
    most: usize,
}

impl Meter {
    /// A meter of which nothing is used.
    pub fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { used: AtomicUsize::new(0), most })
    }

    /// Holds `amount` until the guard is dropped; nothing if that is more than there may be.
    pub fn hold(self: &Arc<Self>, amount: usize) -> Option<Held> {
        let mut held = Held { meter: Arc::clone(self), amount: 0 };
        held.grow(amount).then_some(held)
    }

    /// As [`Meter::hold`], but something that alone is more than there may be is let through when nothing else is held.
    fn hold_alone_or(self: &Arc<Self>, amount: usize) -> Option<Held> {
        self.hold(amount).or_else(|| {
            let alone = self.used.compare_exchange(0, amount, Ordering::Relaxed, Ordering::Relaxed);
            alone.ok().map(|_| Held { meter: Arc::clone(self), amount })
        })
    }

    /// How much is held.
    pub fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }

    fn is_full(&self) -> bool {
        self.used() >= self.most
    }
}

/// Something that is held; given back when this is dropped.
#[derive(Debug)]
pub struct Held {
    meter: Arc<Meter>,
    amount: usize,
}

impl Held {
    /// Holds `more` besides, if there may be so much.
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
        self.meter.used.fetch_sub(self.amount, Ordering::Relaxed);
    }
}

/// A budget that is spent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OverBudget {
    /// More requests at once than an address may send.
    AddressRequests,
    /// More bytes of bodies than an address may send at once.
    AddressBodies,
    /// More bytes of answers than an address may leave unread.
    AddressAnswers,
    /// More requests at once than a tenant may send.
    TenantRequests,
    /// More bytes of answers than a tenant may leave unread.
    TenantAnswers,
    /// More bytes of bodies than the server holds.
    Bodies,
    /// More bytes of unread answers than the server holds.
    Answers,
}

impl OverBudget {
    /// The name in metrics.
    fn as_str(self) -> &'static str {
        match self {
            Self::AddressRequests => "address_requests",
            Self::AddressBodies => "address_bodies",
            Self::AddressAnswers => "address_answers",
            Self::TenantRequests => "tenant_requests",
            Self::TenantAnswers => "tenant_answers",
            Self::Bodies => "bodies",
            Self::Answers => "answers",
        }
    }
}

/// 429 to whoever spent a budget of their own, 503 to those who met that of everybody; both say when to come back.
impl IntoResponse for OverBudget {
    fn into_response(self) -> Response {
        metrics::counter!("sigma_http_over_budget_total", "budget" => self.as_str()).increment(1);
        let description = match self {
            Self::Bodies | Self::Answers => {
                return ApiError::unavailable(format_args!("the budget {} is spent", self.as_str())).into_response();
            }
            Self::AddressRequests | Self::TenantRequests => "Too many requests at once. Please try again later.",
            Self::AddressBodies => "Too many bodies at once. Please try again later.",
            Self::AddressAnswers | Self::TenantAnswers => "Too many unread responses. Please try again later.",
        };
        let error = ApiError::new(StatusCode::TOO_MANY_REQUESTS, "rate_limit_exceeded", description);
        let mut response = error.into_response();
        let second = HeaderValue::from_static("1");
        response.headers_mut().insert(RETRY_AFTER, second.clone());
        response.headers_mut().insert(HeaderName::from_static("x-retry-after"), second);
        response
    }
}

/// What an address may hold.
#[derive(Debug)]
pub struct AddressBudget {
    requests: Arc<Meter>,
    bodies: Arc<Meter>,
    answers: Arc<Meter>,
}

/// What a tenant may hold.
#[derive(Debug)]
pub struct TenantBudget {
    /// Its requests that are being answered.
    running: Arc<Semaphore>,
    /// Those that wait for them.
    waiting: Arc<Meter>,
    /// Bytes of its answers that are not read yet.
    answers: Arc<Meter>,
}

impl TenantBudget {
    /// A turn for one request, when those before it leave room.
    ///
    /// # Errors
    /// Too many wait already, or it waited too long, or too much of what was answered is not read.
    async fn turn(self: &Arc<Self>) -> Result<OwnedSemaphorePermit, OverBudget> {
        let turn = if let Ok(turn) = Arc::clone(&self.running).try_acquire_owned() {
            turn
        } else {
            let _waits = self.waiting.hold(1).ok_or(OverBudget::TenantRequests)?;
            let turn = tokio::time::timeout(TURN, Arc::clone(&self.running).acquire_owned()).await;
            turn.ok().and_then(Result::ok).ok_or(OverBudget::TenantRequests)?
        };
        // Before any work is done for an answer that could not be sent.
        if self.answers.is_full() { Err(OverBudget::TenantAnswers) } else { Ok(turn) }
    }
}

/// A tenant's request on its way.
#[derive(Debug)]
pub struct Turn {
    budget: Arc<TenantBudget>,
    _permit: OwnedSemaphorePermit,
}

/// Everybody's budgets.
#[derive(Debug)]
pub struct Budgets {
    settings: settings::Budgets,
    bodies: Arc<Meter>,
    answers: Arc<Meter>,
    addresses: Owners<u128, AddressBudget>,
    tenants: Owners<OrgId, TenantBudget>,
    /// Proxies speak for many: what they hold counts for everybody alone.
    proxies: Arc<AddressBudget>,
}

impl Budgets {
    /// Budgets of which nothing is spent.
    pub fn new(settings: &settings::Budgets) -> Arc<Self> {
        let unbounded = || Meter::new(usize::MAX);
        Arc::new(Self {
            bodies: Meter::new(settings.body_bytes),
            answers: Meter::new(settings.answer_bytes),
            addresses: Owners::default(),
            tenants: Owners::default(),
            proxies: Arc::new(AddressBudget { requests: unbounded(), bodies: unbounded(), answers: unbounded() }),
            settings: settings.clone(),
        })
    }

    /// The budget of an address, IPv6 by its /64.
    pub fn of_address(&self, address: ClientAddr) -> Arc<AddressBudget> {
        self.addresses.get(&address.network_bits(), || AddressBudget {
            requests: Meter::new(self.settings.address_requests),
            bodies: Meter::new(self.settings.address_body_bytes),
            answers: Meter::new(self.settings.address_answer_bytes),
        })
    }

    /// The budget of a proxy that names nobody.
    pub fn of_proxy(&self) -> Arc<AddressBudget> {
        Arc::clone(&self.proxies)
    }

    /// The budget of a tenant.
    pub fn of_tenant(&self, tenant: &OrgId) -> Arc<TenantBudget> {
        self.tenants.get(tenant, || TenantBudget {
            running: Arc::new(Semaphore::new(self.settings.tenant_requests.clamp(1, Semaphore::MAX_PERMITS))),
            waiting: Meter::new(self.settings.tenant_waiting),
            answers: Meter::new(self.settings.tenant_answer_bytes),
        })
    }

    /// Room for one more request of an address, whose budget the caller keeps meanwhile.
    ///
    /// # Errors
    /// It has too many already.
    pub fn request(&self, address: &AddressBudget) -> Result<Held, OverBudget> {
        address.requests.hold(1).ok_or(OverBudget::AddressRequests)
    }

    /// A turn for a request of a tenant.
    ///
    /// # Errors
    /// It has too many already, or leaves too much unread.
    pub async fn turn(&self, tenant: &OrgId) -> Result<Turn, OverBudget> {
        let budget = self.of_tenant(tenant);
        let permit = budget.turn().await?;
        Ok(Turn { budget, _permit: permit })
    }

    /// Room for bytes of a body.
    pub fn body(&self, address: &Arc<AddressBudget>) -> HeldBody {
        let nothing = |meter: &Arc<Meter>| Held { meter: Arc::clone(meter), amount: 0 };
        let (all, own) = (nothing(&self.bodies), nothing(&address.bodies));
        HeldBody { all, own, _owner: Arc::clone(address) }
    }

    /// Room for an answer of `bytes`, until they are sent.
    ///
    /// # Errors
    /// The tenant, the address or all together leave too much unread.
    pub fn answer(
        &self,
        bytes: usize,
        address: &Arc<AddressBudget>,
        turn: Option<&Turn>,
    ) -> Result<HeldAnswer, OverBudget> {
        let tenants = match turn {
            Some(turn) => Some(turn.budget.answers.hold_alone_or(bytes).ok_or(OverBudget::TenantAnswers)?),
            None => None,
        };
        let own = address.answers.hold_alone_or(bytes).ok_or(OverBudget::AddressAnswers)?;
        let all = self.answers.hold_alone_or(bytes).ok_or(OverBudget::Answers)?;
        let owners = (Arc::clone(address), turn.map(|turn| Arc::clone(&turn.budget)));
        Ok(HeldAnswer { _held: (all, own, tenants), _owners: owners })
    }

    /// Bytes of all bodies, and of all answers, that are held at the moment.
    pub fn held(&self) -> (usize, usize) {
        (self.bodies.used(), self.answers.used())
    }
}

/// Bytes of each body that do not count to what all may hold together. Requests and connections bound them.
const UNCOUNTED: usize = 4 * 1_024;

/// Bytes of a body that are held.
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
    /// The address, or all together, have sent too many.
    pub fn grow(&mut self, more: usize) -> Result<(), OverBudget> {
        if !self.own.grow(more) {
            return Err(OverBudget::AddressBodies);
        }
        // Sign-ins and token requests are small: they pass however many bytes others have under way.
        let beyond = self.own.amount.saturating_sub(UNCOUNTED).saturating_sub(self.all.amount);
        if self.all.grow(beyond) { Ok(()) } else { Err(OverBudget::Bodies) }
    }
}

/// Bytes of an answer that are held.
#[derive(Debug)]
pub struct HeldAnswer {
    _held: (Held, Held, Option<Held>),
    /// Who is not forgotten while anything of theirs is held.
    _owners: (Arc<AddressBudget>, Option<Arc<TenantBudget>>),
}

/// What each owner has, for as long as anybody uses it.
#[derive(Debug)]
struct Owners<K, V> {
    hasher: RandomState,
    shards: Vec<Mutex<Shard<K, V>>>,
}

#[derive(Debug)]
struct Shard<K, V> {
    known: HashMap<K, Arc<V>>,
    /// At this size those that nobody uses are forgotten.
    full: usize,
}

impl<K, V> Default for Owners<K, V> {
    fn default() -> Self {
        const SHARDS: usize = 32;
        let shard = || Mutex::new(Shard { known: HashMap::new(), full: LEAST });
        Self { hasher: RandomState::new(), shards: std::iter::repeat_with(shard).take(SHARDS).collect() }
    }
}

/// Owners that are kept in a shard before any is forgotten.
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
            // What is held keeps its owner; one that is forgotten holds nothing.
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
    async fn a_tenant_over_its_budget_waits_without_affecting_others() {
        let budgets = budgets(|budgets| {
            budgets.tenant_requests = 2;
            budgets.tenant_waiting = 1;
        });
        let (busy, calm) = (OrgId::from_text("org_busy"), OrgId::from_text("org_calm"));
        let (one, two) = (budgets.turn(&busy).await.unwrap(), budgets.turn(&busy).await.unwrap());
        let waits = tokio::spawn({
            let (budgets, busy) = (Arc::clone(&budgets), busy.clone());
            async move { budgets.turn(&busy).await.map(drop) }
        });
        while budgets.of_tenant(&busy).waiting.used() == 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(budgets.turn(&busy).await.err(), Some(OverBudget::TenantRequests));
        assert!(budgets.turn(&calm).await.is_ok());
        drop(one);
        assert_eq!(waits.await.unwrap(), Ok(()));
        drop(two);
        assert!(budgets.turn(&busy).await.is_ok());
    }

    #[tokio::test]
    async fn unread_responses_count_against_their_tenant() {
        let budgets = budgets(|budgets| {
            budgets.tenant_answer_bytes = 1_000;
            budgets.address_answer_bytes = 10_000;
        });
        let (busy, calm) = (OrgId::from_text("org_busy"), OrgId::from_text("org_calm"));
        let here = budgets.of_address(address("192.0.2.1"));
        let turn = budgets.turn(&busy).await.unwrap();
        let unread = budgets.answer(900, &here, Some(&turn)).unwrap();
        assert_eq!(budgets.answer(101, &here, Some(&turn)).err(), Some(OverBudget::TenantAnswers));
        let rest = budgets.answer(100, &here, Some(&turn)).unwrap();
        assert_eq!(budgets.turn(&busy).await.err(), Some(OverBudget::TenantAnswers), "no work is done for it");
        let other = budgets.turn(&calm).await.unwrap();
        assert!(budgets.answer(900, &here, Some(&other)).is_ok());
        drop((unread, rest));
        assert_eq!(budgets.held(), (0, 0));
        // What is larger than the budget goes out alone.
        let large = budgets.answer(5_000, &here, Some(&turn)).unwrap();
        assert_eq!(budgets.answer(1, &here, Some(&turn)).err(), Some(OverBudget::TenantAnswers));
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
        let request = budgets.request(&here).unwrap();
        let same = budgets.of_address(address("2001:db8::ffff"));
        assert_eq!(budgets.request(&same).err(), Some(OverBudget::AddressRequests));
        assert!(budgets.request(&budgets.of_address(address("2001:db8:0:1::1"))).is_ok());
        assert!(budgets.request(&budgets.of_address(address("192.0.2.1"))).is_ok());
        drop(request);
        assert!(budgets.request(&same).is_ok());

        let mut body = budgets.body(&here);
        body.grow(10_000).unwrap();
        assert_eq!(body.grow(1), Err(OverBudget::AddressBodies));
        let other = budgets.of_address(address("192.0.2.1"));
        // Of each, what every body may have does not count.
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
        let held = budgets.request(&kept).unwrap();
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
