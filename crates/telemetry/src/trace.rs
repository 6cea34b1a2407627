//! Spans: what was done for a request, when, and for how long. Nothing is recorded, and no clock is read, unless a [`Tracer`] is
//! installed and the trace is sampled.
//!
//! The trace of a request is known while its future is polled ([`within`]). Spans that end wait in a bounded queue for
//! whoever sends them; one that is full drops them and counts that, so a collector that hangs costs neither time nor memory.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use sigma_core::random::{Rng, bytes};
use sigma_core::time::{Clock, Timestamp};
use tokio::sync::Notify;

use crate::stopwatch::Stopwatch;

/// The most spans that wait to be sent: some two MiB.
pub const MOST_WAITING: usize = 4_096;
/// The most spans that are sent at once.
pub const BATCH: usize = 512;
/// The most attributes of a span.
const MOST_ATTRIBUTES: usize = 12;

static TRACER: OnceLock<Tracer> = OnceLock::new();

tokio::task_local! {
    static CURRENT: Context;
}

/// A position in a trace (W3C Trace Context).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Context {
    /// The trace.
    pub trace_id: u128,
    /// The span.
    pub span_id: u64,
    /// Whether its spans are recorded.
    pub sampled: bool,
}

impl Context {
    /// That of a `traceparent` header (W3C Trace Context §3.2).
    pub fn parse(header: &str) -> Option<Self> {
        let mut fields = header.split('-');
        let mut field = |length| {
            let is_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
            fields.next().filter(|field| field.len() == length && field.bytes().all(is_hex))
        };
        let (version, trace, span, flags) = (field(2)?, field(32)?, field(16)?, field(2)?);
        // Later versions may have more fields.
        if version == "ff" || (version == "00" && fields.next().is_some()) {
            return None;
        }
        let trace_id = u128::from_str_radix(trace, 16).ok().filter(|id| *id != 0)?;
        let span_id = u64::from_str_radix(span, 16).ok().filter(|id| *id != 0)?;
        let sampled = u8::from_str_radix(flags, 16).ok()? & 1 == 1;
        Some(Self { trace_id, span_id, sampled })
    }

    /// The `traceparent` header.
    pub fn header(&self) -> String {
        format!("00-{:032x}-{:016x}-{:02x}", self.trace_id, self.span_id, u8::from(self.sampled))
    }
}

/// What a span is, as OpenTelemetry counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpanKind {
    /// Work of this process.
    Internal,
    /// The answer to a request.
    Server,
    /// A request to something else.
    Client,
}

/// The value of an attribute. None comes from a body, a query or a credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attribute {
    /// A text.
    Text(Cow<'static, str>),
    /// A number.
    Number(i64),
}

impl From<&'static str> for Attribute {
    fn from(text: &'static str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Attribute {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

impl From<u16> for Attribute {
    fn from(number: u16) -> Self {
        Self::Number(number.into())
    }
}

/// A span that has ended.
#[derive(Clone, Debug)]
pub struct Span {
    /// What was done.
    pub name: Cow<'static, str>,
    /// Its kind.
    pub kind: SpanKind,
    /// Its position.
    pub context: Context,
    /// The span that it is part of; 0 if none.
    pub parent: u64,
    /// When it began.
    pub began: Timestamp,
    /// How long it took.
    pub took: Duration,
    /// What is known of it.
    pub attributes: Vec<(&'static str, Attribute)>,
    /// Whether it failed.
    pub failed: bool,
}

/// Which traces are recorded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sampling {
    /// The share of the traces that begin here, from 0 to 1.
    pub share: f64,
    /// Whether a caller's trace is recorded if the caller says so, and only then.
    pub follow_callers: bool,
}

/// Records spans.
pub struct Tracer {
    sampling: Sampling,
    /// A trace is sampled if its random number is below.
    threshold: u64,
    clock: Arc<dyn Clock>,
    seeds: [u64; 3],
    count: AtomicU64,
    waiting: Mutex<VecDeque<Span>>,
    filled: Notify,
}

impl Tracer {
    /// Records spans in this process from now on. The first call counts.
    pub fn install(sampling: Sampling, clock: Arc<dyn Clock>, rng: &dyn Rng) -> &'static Self {
        TRACER.get_or_init(|| Self::new(sampling, clock, rng))
    }

    /// The one that records, if any.
    pub fn installed() -> Option<&'static Self> {
        TRACER.get()
    }

    fn new(sampling: Sampling, clock: Arc<dyn Clock>, rng: &dyn Rng) -> Self {
        let seed = || u64::from_le_bytes(bytes::<8>(rng));
        Self {
            sampling,
            threshold: threshold(sampling.share),
            clock,
            seeds: [seed(), seed(), seed()],
            count: AtomicU64::new(0),
            waiting: Mutex::default(),
            filled: Notify::new(),
        }
    }

    /// A number that is not 0 and does not repeat soon (`SplitMix64`). Ids are no secrets: they may be predicted, and need no system call.
    fn number(&self, seed: usize) -> u64 {
        let step = self.count.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let mut word = self.seeds.get(seed).copied().unwrap_or_default().wrapping_add(step);
        word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (word ^ (word >> 31)).max(1)
    }

    /// Where a span below `parent` is, or one that begins a trace.
    fn position(&self, parent: Option<Context>) -> Context {
        let trace_id = parent
            .map_or_else(|| (u128::from(self.number(0)) << 64) | u128::from(self.number(1)), |parent| parent.trace_id);
        let sampled = match parent {
            Some(parent) if self.sampling.follow_callers => parent.sampled,
            _ => self.number(2) <= self.threshold,
        };
        Context { trace_id, span_id: self.number(0), sampled }
    }

    fn begin(
        &'static self,
        name: impl Into<Cow<'static, str>>,
        kind: SpanKind,
        context: Context,
        parent: u64,
    ) -> Recording {
        // Without a span no clock is read.
        let span = context.sampled.then(|| {
            let span = Span {
                name: name.into(),
                kind,
                context,
                parent,
                began: self.clock.now(),
                took: Duration::ZERO,
                attributes: Vec::new(),
                failed: false,
            };
            Box::new((span, Stopwatch::start()))
        });
        Recording { tracer: self, context, span }
    }

    fn push(&self, span: Span) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() >= MOST_WAITING {
            drop(waiting);
            count_dropped(1);
            return;
        }
        waiting.push_back(span);
        let is_batch = waiting.len() == BATCH;
        drop(waiting);
        if is_batch {
            self.filled.notify_one();
        }
    }

    /// Waits until a whole batch is there.
    pub async fn filled(&self) {
        self.filled.notified().await;
    }

    /// Takes the oldest spans that wait, at most [`BATCH`].
    pub fn take(&self) -> Vec<Span> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let count = waiting.len().min(BATCH);
        waiting.drain(..count).collect()
    }
}

impl fmt::Debug for Tracer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tracer").field("sampling", &self.sampling).finish_non_exhaustive()
    }
}

/// Counts spans that no collector will see.
pub fn count_dropped(spans: u64) {
    metrics::counter!("sigma_telemetry_spans_total", "outcome" => "dropped").increment(spans);
}

/// The number up to which a random one belongs to `share` of all.
fn threshold(share: f64) -> u64 {
    // In billionths, which integers hold exactly.
    let billionths = Duration::try_from_secs_f64(share).unwrap_or_default().as_nanos();
    match u64::try_from(billionths).unwrap_or(u64::MAX) {
        1_000_000_000.. => u64::MAX,
        billionths => u64::MAX / 1_000_000_000 * billionths,
    }
}

/// A span in progress. It ends when this is dropped.
pub struct Recording {
    tracer: &'static Tracer,
    context: Context,
    /// None if the trace is not sampled.
    span: Option<Box<(Span, Stopwatch)>>,
}

impl Recording {
    /// Its position, which its parts name as their parent.
    pub fn context(&self) -> Context {
        self.context
    }

    /// Whether it is recorded: whoever is not need not compute attributes.
    pub fn is_sampled(&self) -> bool {
        self.span.is_some()
    }

    /// Names it anew.
    pub fn rename(&mut self, name: impl Into<Cow<'static, str>>) {
        if let Some(span) = self.span_mut() {
            span.name = name.into();
        }
    }

    /// Adds an attribute.
    pub fn set(&mut self, name: &'static str, value: impl Into<Attribute>) {
        if let Some(span) = self.span_mut().filter(|span| span.attributes.len() < MOST_ATTRIBUTES) {
            span.attributes.push((name, value.into()));
        }
    }

    /// Marks it as failed.
    pub fn fail(&mut self) {
        if let Some(span) = self.span_mut() {
            span.failed = true;
        }
    }

    fn span_mut(&mut self) -> Option<&mut Span> {
        self.span.as_mut().map(|recorded| &mut recorded.0)
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        if let Some(recorded) = self.span.take() {
            let (span, watch) = *recorded;
            self.tracer.push(Span { took: watch.elapsed(), ..span });
        }
    }
}

impl fmt::Debug for Recording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recording").field("context", &self.context).finish_non_exhaustive()
    }
}

/// Begins the span of a request whose caller is at `parent`.
pub fn request(parent: Option<Context>) -> Option<Recording> {
    let tracer = TRACER.get()?;
    let context = tracer.position(parent);
    Some(tracer.begin("request", SpanKind::Server, context, parent.map_or(0, |parent| parent.span_id)))
}

/// Begins a part of what this task does now; nothing if that is not recorded.
pub fn part(name: &'static str, kind: SpanKind) -> Option<Box<Recording>> {
    let tracer = TRACER.get()?;
    let parent = current().filter(|parent| parent.sampled)?;
    let context = Context { span_id: tracer.number(0), ..parent };
    Some(Box::new(tracer.begin(name, kind, context, parent.span_id)))
}

/// Begins what the server does by itself: a trace of its own.
pub fn background(name: &'static str, kind: SpanKind) -> Option<Recording> {
    let tracer = TRACER.get()?;
    Some(tracer.begin(name, kind, tracer.position(None), 0))
}

/// Begins a part of what this task does now, or a trace of its own if no request asked for it.
pub fn part_or_background(name: &'static str, kind: SpanKind) -> Option<Box<Recording>> {
    if current().is_some() { part(name, kind) } else { background(name, kind).map(Box::new) }
}

/// Where this task is now.
pub fn current() -> Option<Context> {
    TRACER.get()?;
    CURRENT.try_with(|context| *context).ok()
}

/// Runs `poll` at `context`.
fn entered<R>(context: Option<Context>, poll: impl FnOnce() -> R) -> R {
    match context {
        Some(context) => CURRENT.sync_scope(context, poll),
        None => poll(),
    }
}

/// `future`, at `context` whenever it is polled.
pub async fn within<F: Future>(context: Option<Context>, future: F) -> F::Output {
    let mut future = pin!(future);
    poll_fn(|waker| entered(context, || future.as_mut().poll(waker))).await
}

#[cfg(test)]
mod tests {
    use sigma_core::random::SeededRng;
    use sigma_core::time::ManualClock;

    use super::*;

    const HEADER: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn tracer(share: f64, follow_callers: bool) -> &'static Tracer {
        let sampling = Sampling { share, follow_callers };
        Box::leak(Box::new(Tracer::new(sampling, Arc::new(ManualClock::default()), &SeededRng::new(7))))
    }

    #[test]
    fn only_valid_headers_name_a_trace() {
        let context = Context::parse(HEADER).unwrap();
        assert_eq!((context.header().as_str(), context.sampled), (HEADER, true));
        assert!(!Context::parse(&HEADER.replace("-01", "-00")).unwrap().sampled);
        assert!(Context::parse(&HEADER.replace("00-4", "01-4").replace("-01", "-01-more")).is_some());
        for bad in [
            "",
            "00",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-+0f067aa0ba902b7-01",
        ] {
            assert_eq!(Context::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn callers_continue_their_trace_and_decide_whether_it_is_recorded_only_if_they_may() {
        let parent = Context::parse(HEADER).unwrap();
        let unsampled = Context { sampled: false, ..parent };
        for (share, follow, parent, expected) in [
            (0.0, false, parent, false),
            (0.0, true, parent, true),
            (1.0, false, unsampled, true),
            (1.0, true, unsampled, false),
        ] {
            let position = tracer(share, follow).position(Some(parent));
            assert_eq!((position.trace_id, position.sampled), (parent.trace_id, expected));
            assert_ne!(position.span_id, parent.span_id);
        }
    }

    #[test]
    fn the_share_that_is_asked_for_is_recorded() {
        for (share, least, most) in [(0.0, 0, 0), (0.1, 900, 1_100), (0.5, 4_800, 5_200), (1.0, 10_000, 10_000)] {
            let tracer = tracer(share, false);
            let sampled = (0..10_000).filter(|_| tracer.position(None).sampled).count();
            assert!((least..=most).contains(&sampled), "{share}: {sampled}");
        }
    }

    #[test]
    fn spans_that_nobody_takes_are_dropped_and_counted() {
        let (tracer, registry) = (tracer(1.0, false), crate::Registry::new());
        metrics::with_local_recorder(&registry, || {
            for _ in 0..MOST_WAITING + 5 {
                let mut recording = tracer.begin("work", SpanKind::Internal, tracer.position(None), 0);
                (0..2 * MOST_ATTRIBUTES).for_each(|_| recording.set("number", 7_u16));
            }
        });
        let text = crate::prometheus::text(&registry.read());
        assert!(text.contains("sigma_telemetry_spans_total{outcome=\"dropped\"} 5\n"), "{text}");
        let taken = tracer.take();
        assert_eq!((taken.len(), taken[0].attributes.len()), (BATCH, MOST_ATTRIBUTES));
        let rest: usize = std::iter::from_fn(|| Some(tracer.take().len()).filter(|count| *count > 0)).sum();
        assert_eq!(rest, MOST_WAITING - BATCH);
    }

    #[test]
    fn a_trace_that_is_not_sampled_records_nothing() {
        let tracer = tracer(0.0, false);
        let mut recording = tracer.begin("work", SpanKind::Internal, tracer.position(None), 0);
        recording.set("number", 7_u16);
        recording.fail();
        assert!(!recording.is_sampled());
        drop(recording);
        assert!(tracer.take().is_empty());
    }
}
