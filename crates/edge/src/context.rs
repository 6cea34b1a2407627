//! What is known about a request before its handler runs.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{HeaderMap, HeaderValue};
use sigma_core::actor::{Actor, Initiator, USER_AGENT_LENGTH};
use sigma_core::ids::OrgId;
use sigma_core::random::{Rng, bytes};
use sigma_core::time::Timestamp;
use sigma_telemetry::Written;
use sigma_telemetry::trace::Context;

use crate::api_error::ApiError;
use crate::body::Unread;
use crate::budget::{AddressBudget, AddressRequest, Budgets, HeldAnswer, OverBudget, Turn};
use crate::client::{ClientAddr, Origin};
use crate::limits::{Exceeded, Key, Limiter, Remaining, Rule};

/// `req_` and 24 letters: identifies a request in responses, logs and traces. Always generated here.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RequestId([u8; 28]);

impl RequestId {
    /// The id as sent.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("req_")
    }

    /// Whether `text` has the form of a request id.
    pub fn is_well_formed(text: &str) -> bool {
        let letters = text.strip_prefix("req_").filter(|letters| letters.len() == 24);
        letters.is_some_and(|letters| letters.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'2'..=b'7')))
    }

    pub(super) fn header(&self) -> HeaderValue {
        HeaderValue::from_bytes(&self.0).unwrap_or(HeaderValue::from_static("req_"))
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Generates request ids: a counter mixed with a random start (`SplitMix64`), so that they are unique and do not reveal
/// their number. They are not secrets, and need no system call.
#[derive(Debug)]
pub(super) struct RequestIds {
    high: u64,
    low: u64,
    count: AtomicU64,
}

impl RequestIds {
    pub(super) fn new(rng: &dyn Rng) -> Self {
        let seed = |rng| u64::from_le_bytes(bytes::<8>(rng));
        Self { high: seed(rng), low: seed(rng), count: AtomicU64::new(0) }
    }

    pub(super) fn next(&self) -> RequestId {
        const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
        let step = self.count.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let words = [mix(self.high.wrapping_add(step)), mix(self.low.wrapping_sub(step))];
        let mut id = *b"req_000000000000000000000000";
        for (letters, mut word) in id.get_mut(4..).unwrap_or_default().chunks_exact_mut(12).zip(words) {
            for letter in letters {
                let index = usize::try_from(word & 31).unwrap_or(0);
                *letter = ALPHABET.get(index).copied().unwrap_or(b'a');
                word >>= 5;
            }
        }
        RequestId(id)
    }
}

fn mix(mut word: u64) -> u64 {
    word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    word ^ (word >> 31)
}

/// What the middleware knows about a request; a request extension and an extractor.
#[derive(Clone)]
pub struct RequestContext(Arc<Known>);

struct Known {
    request_id: RequestId,
    origin: Origin,
    host: Option<HeaderValue>,
    user_agent: Option<HeaderValue>,
    started: Timestamp,
    counters: Arc<Counters>,
    counted: Mutex<Option<Remaining>>,
    address: AddressRequest,
    /// The turn in the org's budget.
    turn: OnceLock<Turn>,
    /// The org whose turn it takes once its body has arrived.
    owed: OnceLock<OrgId>,
    app: Mutex<Option<String>>,
    written: OnceLock<Written>,
}

/// What requests are counted by, everybody's in one place: each request holds a reference.
pub(super) struct Counters {
    pub(super) limiter: Arc<Limiter>,
    pub(super) budgets: Arc<Budgets>,
}

impl Counters {
    /// The budget of the sender.
    pub(super) fn budget_of(&self, origin: Origin) -> Arc<AddressBudget> {
        if origin.is_proxy { self.budgets.of_proxy() } else { self.budgets.of_address(origin.client) }
    }
}

impl RequestContext {
    pub(super) fn new(
        request_id: RequestId,
        origin: Origin,
        host: Option<HeaderValue>,
        user_agent: Option<HeaderValue>,
        started: Timestamp,
        counters: Arc<Counters>,
        address: AddressRequest,
    ) -> Self {
        let (counted, turn, owed) = (Mutex::new(None), OnceLock::new(), OnceLock::new());
        let (app, written) = (Mutex::default(), OnceLock::new());
        Self(Arc::new(Known {
            request_id,
            origin,
            host,
            user_agent,
            started,
            counters,
            counted,
            address,
            turn,
            owed,
            app,
            written,
        }))
    }

    /// The budget of the client address.
    pub(super) fn address_budget(&self) -> &Arc<AddressBudget> {
        self.0.address.budget()
    }

    /// Counts this request against the budget of `org` until it ends; waits while others of the org are in
    /// progress.
    ///
    /// # Errors
    /// The org's budget is exhausted.
    pub async fn take_turn(&self, org: &OrgId) -> Result<(), OverBudget> {
        if self.0.turn.get().is_none() {
            let turn = self.0.counters.budgets.turn(org).await?;
            // Nobody else answers this request, so the slot is still free.
            let _ = self.0.turn.set(turn);
        }
        Ok(())
    }

    /// Like [`RequestContext::take_turn`], for a request whose body may be large: its turn begins when the body was
    /// read, so that missing bodies block nobody.
    ///
    /// # Errors
    /// The org's budget is exhausted.
    pub async fn take_turn_of(&self, org: &OrgId, parts: &Parts) -> Result<(), OverBudget> {
        if parts.extensions.get::<Unread>().is_none() {
            return self.take_turn(org).await;
        }
        // The first call counts.
        let _ = self.0.owed.set(org.clone());
        Ok(())
    }

    /// Takes the turn that was deferred until the body arrived.
    ///
    /// # Errors
    /// The org's budget is exhausted.
    pub async fn take_owed_turn(&self) -> Result<(), OverBudget> {
        match self.0.owed.get() {
            Some(org) => self.take_turn(org).await,
            None => Ok(()),
        }
    }

    /// Reserves room for a response of this size, until it was sent.
    pub(super) fn hold_answer(&self, bytes: u64) -> Result<HeldAnswer, OverBudget> {
        let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
        self.0.counters.budgets.answer(bytes, self.address_budget(), self.0.turn.get())
    }

    /// The request id.
    pub fn request_id(&self) -> &RequestId {
        &self.0.request_id
    }

    /// The client, as far as trusted proxies reveal it.
    pub fn client(&self) -> ClientAddr {
        self.0.origin.client
    }

    /// Whether that is the client itself, and not an undeclared proxy, whose forwarding headers are not believed.
    pub fn is_client_known(&self) -> bool {
        self.0.origin.is_known
    }

    /// Whether the client's connection was encrypted.
    pub fn is_secure(&self) -> bool {
        self.0.origin.is_secure
    }

    /// The host that the request names.
    pub fn host(&self) -> Option<&HeaderValue> {
        self.0.host.as_ref()
    }

    /// On whose behalf the store does what the request asks for, once it is known that `actor` sent it.
    pub fn initiator(&self, actor: Actor) -> Initiator {
        let agent = self.0.user_agent.as_ref().and_then(|value| value.to_str().ok());
        Initiator {
            actor,
            address: Some(self.client().ip().to_string()),
            user_agent: agent.filter(|agent| !agent.is_empty()).map(|agent| {
                // A header may contain tabs.
                agent.chars().take(USER_AGENT_LENGTH).map(|char| if char.is_control() { ' ' } else { char }).collect()
            }),
            request_id: Some(self.0.request_id.to_string()),
        }
    }

    /// Where the store notes the events that this request writes, for the log.
    pub fn written(&self) -> &Written {
        self.0.written.get_or_init(Written::default)
    }

    /// The events that it wrote.
    pub(super) fn events(&self) -> Option<String> {
        self.0.written.get()?.listed()
    }

    /// When it arrived.
    pub fn started(&self) -> Timestamp {
        self.0.started
    }

    /// Counts this request under `rule` for `key`, which the response reports in `X-RateLimit-*` headers.
    pub fn charge<'k>(&self, rule: Rule, key: impl Into<Key<'k>>) -> Result<(), Exceeded> {
        self.note(self.0.counters.limiter.charge_at(rule, key.into(), self.0.started)?);
        Ok(())
    }

    /// As [`charge`](Self::charge), but asks first what other instances counted, if they share it: for whatever may be guessed.
    ///
    /// # Errors
    /// The quota is exhausted, here or by all instances together.
    pub async fn charge_shared<'k>(&self, rule: Rule, key: impl Into<Key<'k>>) -> Result<(), Exceeded> {
        self.note(self.0.counters.limiter.charge_shared_at(rule, key.into(), self.0.started).await?);
        Ok(())
    }

    /// As [`peek`](Self::peek), but asks what other instances counted.
    ///
    /// # Errors
    /// The quota is exhausted, here or by all instances together.
    pub async fn peek_shared<'k>(&self, rule: Rule, key: impl Into<Key<'k>>) -> Result<(), Exceeded> {
        self.note(self.0.counters.limiter.peek_shared(rule, key).await?);
        Ok(())
    }

    /// Whether another request under `rule` would be accepted; counts nothing.
    pub fn peek<'k>(&self, rule: Rule, key: impl Into<Key<'k>>) -> Result<(), Exceeded> {
        self.note(self.0.counters.limiter.peek(rule, key)?);
        Ok(())
    }

    /// Reverts one [`charge`](Self::charge).
    pub fn refund<'k>(&self, rule: Rule, key: impl Into<Key<'k>>) {
        self.note(self.0.counters.limiter.refund(rule, key));
    }

    fn note(&self, remaining: Option<Remaining>) {
        if remaining.is_some() {
            *self.0.counted.lock().unwrap_or_else(PoisonError::into_inner) = remaining;
        }
    }

    /// Records the app that the request claims to be from, for the log.
    pub fn name_app(&self, client_id: &str) {
        *self.0.app.lock().unwrap_or_else(PoisonError::into_inner) = Some(client_id.to_owned());
    }

    /// Which app asks.
    pub(super) fn app(&self) -> Option<String> {
        self.0.app.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The last counter, for the response headers.
    pub(super) fn counted(&self) -> Option<Remaining> {
        *self.0.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for RequestContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestContext")
            .field("request_id", &self.0.request_id)
            .field("client", &self.0.origin.client)
            .finish_non_exhaustive()
    }
}

impl<S: Sync> FromRequestParts<S> for RequestContext {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let context = parts.extensions.get::<Self>().cloned();
        context.ok_or_else(|| ApiError::internal("the router was reached around its middleware"))
    }
}

/// The trace that the caller continues (W3C Trace Context §3.2).
pub(super) fn traceparent(headers: &HeaderMap) -> Option<Context> {
    Context::parse(headers.get("traceparent")?.to_str().ok()?)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use sigma_core::random::SeededRng;

    use super::*;

    #[test]
    fn request_ids_are_letters_and_never_the_same() {
        let ids = RequestIds::new(&SeededRng::new(1));
        let made: HashSet<_> = (0..10_000).map(|_| ids.next().to_string()).collect();
        assert_eq!(made.len(), 10_000);
        assert!(made.iter().all(|id| RequestId::is_well_formed(id)));
        for other in ["", "req_", "req_a", "req_aaaaaaaaaaaaaaaaaaaaaaa<", "REQ_aaaaaaaaaaaaaaaaaaaaaaaa"] {
            assert!(!RequestId::is_well_formed(other), "{other}");
        }
    }
}
