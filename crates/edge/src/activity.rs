//! Tracks what a connection does and its deadlines. Only requests count: bytes and PINGs keep nothing alive.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Context;
use std::time::Duration;

use futures_util::task::AtomicWaker;
use tokio::time::Instant;

/// Deadlines of a connection's phases.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadlines {
    /// A request head, from its first byte; for the first request, from the start of the connection.
    pub(super) head: Duration,
    /// Between two requests.
    pub(super) idle: Duration,
    /// The interval in which a client with a large response must read at the rate of [`SLOWEST`].
    pub(super) send: Duration,
}

/// The slowest accepted read rate, in bytes per millisecond: 16 kB per second.
const SLOWEST: u64 = 16;
/// How much longer than at [`SLOWEST`] a response may take beside others, in multiples of [`Deadlines::send`].
const PATIENCE: u64 = 4;

/// What an overdue connection was waiting for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Overdue {
    /// The rest of a request head.
    Head,
    /// Another request.
    Request,
    /// The client to read its response.
    Reader,
}

impl Overdue {
    /// The name in metrics and logs.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Head => "head",
            Self::Request => "idle",
            Self::Reader => "send",
        }
    }
}

/// The activity of a connection. Times are milliseconds since it was opened.
#[derive(Debug)]
pub(super) struct Activity {
    opened: Instant,
    /// HTTP/2: concurrent requests among other frames.
    is_multiplexed: AtomicBool,
    /// Whether a first request arrived.
    is_used: AtomicBool,
    /// Requests in progress …
    answering: AtomicU32,
    /// … and those of them that wait for their body.
    reading: AtomicU32,
    /// When the arriving request head began, plus one; 0 if none is arriving.
    head_began: AtomicU64,
    /// When the last request arrived or was answered.
    rests_since: AtomicU64,
    /// Large responses being sent …
    sending: AtomicU32,
    /// … and their deadlines.
    send_until: Mutex<Vec<u64>>,
    /// Bytes that the client has read, the number at the last check, and the time of that check.
    written: AtomicU64,
    looked_at: AtomicU64,
    looked: AtomicU64,
    /// Whether the listener takes no more requests.
    finishes: AtomicBool,
    /// Whether the connection must end at once.
    ends: AtomicBool,
    /// The connection's task. Its polls read the two flags, which costs less than a channel that all connections share.
    task: AtomicWaker,
}

impl Activity {
    pub(super) fn new(opened: Instant) -> Arc<Self> {
        Arc::new(Self {
            opened,
            is_multiplexed: AtomicBool::new(false),
            is_used: AtomicBool::new(false),
            answering: AtomicU32::new(0),
            reading: AtomicU32::new(0),
            head_began: AtomicU64::new(0),
            rests_since: AtomicU64::new(0),
            sending: AtomicU32::new(0),
            send_until: Mutex::new(Vec::new()),
            written: AtomicU64::new(0),
            looked_at: AtomicU64::new(0),
            looked: AtomicU64::new(0),
            finishes: AtomicBool::new(false),
            ends: AtomicBool::new(false),
            task: AtomicWaker::new(),
        })
    }

    fn now(&self) -> u64 {
        millis(self.opened.elapsed())
    }

    /// Records received bytes: if no request is in progress, the next one begins with them. Empty lines before a
    /// request do not count (RFC 9112 §2.2).
    pub(super) fn received(&self, bytes: &[u8]) {
        let may_begin = self.head_began.load(Ordering::Relaxed) == 0
            && self.answering.load(Ordering::Relaxed) == 0
            && !self.is_multiplexed.load(Ordering::Relaxed);
        if may_begin && bytes.iter().any(|byte| !matches!(byte, b'\r' | b'\n')) {
            self.head_began.store(self.now() + 1, Ordering::Relaxed);
        }
    }

    /// Records sent bytes.
    pub(super) fn sent(&self, bytes: usize) {
        self.written.fetch_add(u64::try_from(bytes).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// Counts a request as in progress until the guard is dropped.
    pub(super) fn request(self: &Arc<Self>, multiplexed: bool) -> Answering {
        self.is_multiplexed.store(multiplexed, Ordering::Relaxed);
        self.is_used.store(true, Ordering::Relaxed);
        let since = match self.head_began.swap(0, Ordering::Relaxed) {
            0 => self.now(),
            began => began - 1,
        };
        self.rests_since.store(since, Ordering::Relaxed);
        self.answering.fetch_add(1, Ordering::Relaxed);
        Answering(Arc::clone(self))
    }

    /// Marks a request's body as arriving until the guard is dropped.
    pub(super) fn body(self: &Arc<Self>) -> Reading {
        self.reading.fetch_add(1, Ordering::Relaxed);
        Reading(Arc::clone(self))
    }

    /// Marks a response of `bytes` as being sent until the guard is dropped.
    pub(super) fn answer(self: &Arc<Self>, bytes: u64, deadlines: &Deadlines) -> Sending {
        let now = self.now();
        let until = now + PATIENCE * millis(deadlines.send) + bytes / SLOWEST;
        self.send_until.lock().unwrap_or_else(PoisonError::into_inner).push(until);
        if self.sending.fetch_add(1, Ordering::Relaxed) == 0 {
            self.look(now);
        }
        Sending { activity: Arc::clone(self), until }
    }

    /// The next deadline of the connection and what it would have waited for; `None` while a request is in progress.
    pub(super) fn due(&self, deadlines: &Deadlines) -> Option<(Instant, Overdue)> {
        let at = |since: u64, allowed: Duration| self.opened + Duration::from_millis(since) + allowed;
        if self.sending.load(Ordering::Relaxed) > 0 {
            let until = self.send_until.lock().unwrap_or_else(PoisonError::into_inner).iter().min().copied();
            if let Some(until) = until {
                let look = at(self.looked_at.load(Ordering::Relaxed), deadlines.send);
                return Some((look.min(at(until, Duration::ZERO)), Overdue::Reader));
            }
        }
        if self.answering.load(Ordering::Relaxed) > 0 {
            return None;
        }
        if !self.is_used.load(Ordering::Relaxed) {
            return Some((at(0, deadlines.head), Overdue::Head));
        }
        match self.head_began.load(Ordering::Relaxed) {
            0 => Some((at(self.rests_since.load(Ordering::Relaxed), deadlines.idle), Overdue::Request)),
            began => Some((at(began - 1, deadlines.head), Overdue::Head)),
        }
    }

    fn look(&self, now: u64) {
        self.looked_at.store(now, Ordering::Relaxed);
        self.looked.store(self.written.load(Ordering::Relaxed), Ordering::Relaxed);
    }

    /// Whether the client reads its responses at the required rate, when a check is due.
    pub(super) fn keeps_up(&self, deadlines: &Deadlines) -> bool {
        let now = self.now();
        let is_late = |until: &u64| *until <= now;
        if self.send_until.lock().unwrap_or_else(PoisonError::into_inner).iter().any(is_late) {
            return false;
        }
        let taken = self.written.load(Ordering::Relaxed) - self.looked.load(Ordering::Relaxed);
        self.look(now);
        taken >= millis(deadlines.send).saturating_mul(SLOWEST)
    }

    /// Since when the connection only waits for its client; `None` while a request is in progress.
    pub(super) fn waits_since(&self) -> Option<Instant> {
        let is_busy = self.answering.load(Ordering::Relaxed) > self.reading.load(Ordering::Relaxed);
        (!is_busy).then(|| self.opened + Duration::from_millis(self.rests_since.load(Ordering::Relaxed)))
    }

    /// Makes the connection finish its requests and take no more.
    pub(super) fn finish(&self) {
        self.finishes.store(true, Ordering::Release);
        self.task.wake();
    }

    /// Whether the connection takes no more requests.
    pub(super) fn must_finish(&self) -> bool {
        self.finishes.load(Ordering::Acquire)
    }

    /// Ends the connection: it makes room for another one, or the server stops.
    pub(super) fn end(&self) {
        self.ends.store(true, Ordering::Release);
        self.task.wake();
    }

    /// Whether the connection must end. Otherwise the task of `cx` is woken when that changes, or
    /// [`must_finish`](Self::must_finish).
    pub(super) fn must_end(&self, cx: &Context<'_>) -> bool {
        self.task.register(cx.waker());
        self.ends.load(Ordering::Acquire)
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// A request in progress.
#[derive(Debug)]
pub(super) struct Answering(Arc<Activity>);

impl Drop for Answering {
    fn drop(&mut self) {
        self.0.rests_since.store(self.0.now(), Ordering::Relaxed);
        self.0.answering.fetch_sub(1, Ordering::Relaxed);
    }
}

/// An arriving body.
#[derive(Debug)]
pub(super) struct Reading(Arc<Activity>);

impl Drop for Reading {
    fn drop(&mut self) {
        self.0.reading.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A response being sent.
#[derive(Debug)]
pub(super) struct Sending {
    activity: Arc<Activity>,
    until: u64,
}

impl Drop for Sending {
    fn drop(&mut self) {
        let mut all = self.activity.send_until.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(index) = all.iter().position(|until| *until == self.until) {
            all.swap_remove(index);
        }
        drop(all);
        self.activity.rests_since.store(self.activity.now(), Ordering::Relaxed);
        self.activity.sending.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEADLINES: Deadlines =
        Deadlines { head: Duration::from_secs(10), idle: Duration::from_secs(75), send: Duration::from_secs(30) };

    /// A connection opened this many seconds ago.
    fn opened(seconds: u64) -> (Arc<Activity>, Instant) {
        let opened = Instant::now().checked_sub(Duration::from_secs(seconds)).unwrap();
        (Activity::new(opened), opened)
    }

    /// The next deadline, in whole seconds since the opening.
    fn due(activity: &Activity, opened: Instant) -> Option<(u64, Overdue)> {
        activity.due(&DEADLINES).map(|(at, what)| ((at - opened).as_millis().div_ceil(1000).try_into().unwrap(), what))
    }

    #[test]
    fn the_first_request_is_due_from_the_opening_whatever_arrives() {
        let (activity, start) = opened(5);
        assert_eq!(due(&activity, start), Some((10, Overdue::Head)));
        activity.received(b"GET / HT");
        assert_eq!(due(&activity, start), Some((10, Overdue::Head)));
        assert!(activity.waits_since().is_some());
    }

    #[test]
    fn an_answered_connection_may_rest_for_longer_than_a_head_takes() {
        let (activity, start) = opened(100);
        let answering = activity.request(false);
        assert_eq!(due(&activity, start), None);
        assert_eq!(activity.waits_since(), None);
        drop(answering);
        let (at, what) = due(&activity, start).unwrap();
        assert_eq!(what, Overdue::Request);
        assert!((175..235).contains(&at), "{at}");
        // An empty line is not a request and does not keep the connection.
        activity.received(b"\r\n");
        assert_eq!(due(&activity, start).unwrap().1, Overdue::Request);
        activity.received(b"P");
        let (at, what) = due(&activity, start).unwrap();
        assert_eq!(what, Overdue::Head);
        assert!((110..170).contains(&at), "{at}");
        // Further bytes of the head do not extend its deadline.
        activity.received(b"OST / HTTP/1.1");
        assert_eq!(due(&activity, start).unwrap(), (at, what));
        drop(activity.request(false));
        assert_eq!(due(&activity, start).unwrap().1, Overdue::Request);
    }

    #[test]
    fn http_2_frames_without_a_request_do_not_keep_a_connection() {
        let (activity, start) = opened(100);
        drop(activity.request(true));
        let before = due(&activity, start);
        let ping = [0, 0, 8, 6, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8];
        for _ in 0..10 {
            activity.received(&ping);
        }
        assert_eq!(due(&activity, start), before);
        assert_eq!(before.unwrap().1, Overdue::Request);
    }

    #[test]
    fn clients_must_read_responses_at_a_minimum_rate() {
        let (activity, start) = opened(0);
        let answering = activity.request(true);
        let large = activity.answer(16_000_000, &DEADLINES);
        drop(answering);
        let look = due(&activity, start);
        assert!(look.is_some_and(|(at, what)| (30..90).contains(&at) && what == Overdue::Reader), "{look:?}");
        activity.sent(480_000);
        assert!(activity.keeps_up(&DEADLINES));
        activity.sent(479_999);
        assert!(!activity.keeps_up(&DEADLINES));
        // A concurrent request changes nothing.
        let answering = activity.request(true);
        assert_eq!(due(&activity, start), look);
        drop((large, answering));
        assert_eq!(due(&activity, start).unwrap().1, Overdue::Request);
    }

    #[test]
    fn an_abandoned_response_becomes_overdue() {
        let (activity, _) = opened(0);
        let left = activity.answer(16_000, &DEADLINES);
        assert!((121_000..181_000).contains(activity.send_until.lock().unwrap().first().unwrap()));
        drop(left);
        assert!(activity.send_until.lock().unwrap().is_empty());
        let (late, _) = opened(0);
        late.send_until.lock().unwrap().push(0);
        late.sent(10_000_000);
        assert!(!late.keeps_up(&DEADLINES));
    }

    #[test]
    fn a_connection_waits_for_its_client_while_a_body_arrives() {
        let (activity, _) = opened(0);
        let answering = activity.request(false);
        let reading = activity.body();
        assert!(activity.waits_since().is_some());
        drop(reading);
        assert!(activity.waits_since().is_none());
        drop(answering);
        assert!(activity.waits_since().is_some());
    }
}
