//! The change feed: how this process learns of changes made by others.
//!
//! Every change is a row of `changes`, written in the transaction of the change itself. Every 500 ms, each process
//! reads the rows of the last 10 s by the time of the database, except its own, and recognizes by id those that it has
//! seen. A sequence number would lose rows that are numbered early and committed late; the overlap does not, since no
//! transaction lasts longer than it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, Weak};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError};
use sigma_core::time::Timestamp;

use crate::changes::Change;
use crate::error::StoreError;
use crate::moving::Fence;
use crate::row::Row;
use crate::stopwatch;

/// How long the id of a change is remembered: longer than the feed can return it.
const REMEMBERED: Duration = Duration::from_secs(30);
/// A gap between two reads, in microseconds of the database, after which a change may have been missed: the overlap of
/// 10 s less the longest transaction.
const GAP: i64 = 4_000_000;

/// A recipient of changes.
pub(crate) trait Forget: Send + Sync {
    /// Forgets one key.
    fn forget(&self, key: &str);
    /// Forgets everything.
    fn forget_all(&self);

    /// How many values it holds, if it is a cache.
    fn entries(&self) -> Option<usize> {
        None
    }
}

/// The last 10 s of the feed.
#[derive(Debug)]
pub(crate) struct Recent {
    /// The time of the database, in microseconds.
    pub(crate) now: i64,
    /// What was changed.
    pub(crate) changes: Vec<Change>,
}

/// The source of the feed, read through a connection of its own.
pub(crate) trait Source: Send {
    /// Reads the last 10 s.
    fn recent(&mut self) -> Result<Recent, StoreError>;

    /// Whether the database is being moved to another one.
    fn is_leaving(&mut self) -> Result<bool, StoreError>;
}

/// What this process knows of the feed.
pub(crate) struct Feed {
    origin: Instant,
    stale_after: Duration,
    /// When it was last read: microseconds after `origin`; 0 is never.
    read_at: AtomicU64,
    /// The time of the database at `origin`, according to the last read, in microseconds; `i64::MIN` is unknown.
    database_origin: AtomicI64,
    progress: Mutex<Progress>,
    caches: Subscribers,
    /// Notified after all caches.
    watches: Subscribers,
    fence: Fence,
}

/// The recipients by kind of change.
type Subscribers = RwLock<HashMap<&'static str, Vec<Weak<dyn Forget>>>>;

#[derive(Default)]
struct Progress {
    seen: HashMap<String, Instant>,
    database_time: Option<i64>,
}

impl Feed {
    pub(crate) fn new(stale_after: Duration) -> Self {
        // One millisecond in the past, so that the first read is never at 0.
        let now = stopwatch::now();
        let origin = now.checked_sub(Duration::from_millis(1)).unwrap_or(now);
        Self {
            origin,
            stale_after,
            read_at: AtomicU64::new(0),
            database_origin: AtomicI64::new(i64::MIN),
            progress: Mutex::default(),
            caches: Subscribers::default(),
            watches: Subscribers::default(),
            fence: Fence::default(),
        }
    }

    /// Whether this process may write.
    pub(crate) fn fence(&self) -> &Fence {
        &self.fence
    }

    /// Notifies `cache` of changes of `kind` from now on.
    pub(crate) fn subscribe(&self, kind: &'static str, cache: Weak<dyn Forget>) {
        subscribe(&self.caches, kind, cache);
    }

    /// Notifies `watch` of changes of `kind` from now on, always after every cache.
    pub(crate) fn watch(&self, kind: &'static str, watch: Weak<dyn Forget>) {
        subscribe(&self.watches, kind, watch);
    }

    /// Whether caches may be used: the feed was read recently.
    pub(crate) fn is_fresh(&self) -> bool {
        let read_at = self.read_at.load(Ordering::Acquire);
        read_at != 0 && stopwatch::now() < self.origin + Duration::from_micros(read_at) + self.stale_after
    }

    /// The time since the last read; `None` before the first.
    pub(crate) fn age(&self) -> Option<Duration> {
        let read_at = self.read_at.load(Ordering::Acquire);
        let read_at = self.origin + Duration::from_micros(read_at);
        (read_at != self.origin).then(|| stopwatch::now().saturating_duration_since(read_at))
    }

    /// The time by the clock of the database: that of the last read plus the time passed since. `None` before the
    /// first.
    pub(crate) fn database_now(&self) -> Option<Timestamp> {
        let origin = self.database_origin.load(Ordering::Acquire);
        let passed = stopwatch::now().saturating_duration_since(self.origin);
        (origin != i64::MIN).then(|| Timestamp::from_micros(origin).plus(passed))
    }

    /// Invalidates what this process itself changed, which it does not read back.
    pub(crate) fn forget(&self, changes: &[Change]) {
        for change in changes {
            self.fence.note(change);
            self.tell(&change.kind, |cache| cache.forget(&change.key));
        }
    }

    /// Processes the result of a query sent at `asked_at`.
    pub(crate) fn absorb(&self, asked_at: Instant, recent: Recent) {
        let mut progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        let gap = progress.database_time.map(|before| recent.now - before);
        progress.database_time = Some(recent.now);
        progress.seen.retain(|_, seen_at| asked_at.saturating_duration_since(*seen_at) < REMEMBERED);
        let changes = recent.changes.into_iter();
        let new: Vec<_> =
            changes.filter(|change| progress.seen.insert(change.id.clone(), asked_at).is_none()).collect();
        drop(progress);
        if gap.is_some_and(|gap| !(-1_000_000..GAP).contains(&gap)) {
            tracing::warn!(gap_micros = gap, "the change feed was not read for a while: all caches are emptied");
            self.tell_all();
            self.fence.doubt();
        }
        for change in new {
            self.fence.note(&change);
            self.tell(&change.kind, |cache| cache.forget(&change.key));
        }
        let asked_after = asked_at.saturating_duration_since(self.origin);
        self.database_origin.store(Timestamp::from_micros(recent.now).minus(asked_after).micros(), Ordering::Release);
        let read_at = u64::try_from(asked_after.as_micros()).unwrap_or(u64::MAX);
        self.read_at.fetch_max(read_at, Ordering::AcqRel);
    }

    /// How many values each cache holds. Caches of one kind count as one.
    pub(crate) fn cache_entries(&self) -> Vec<(&'static str, usize)> {
        let caches = self.caches.read().unwrap_or_else(PoisonError::into_inner);
        let entries = caches.iter().filter_map(|(kind, caches)| {
            let counts: Vec<_> = caches.iter().filter_map(Weak::upgrade).filter_map(|cache| cache.entries()).collect();
            (!counts.is_empty()).then(|| (*kind, counts.iter().sum()))
        });
        entries.collect()
    }

    fn tell(&self, kind: &str, forget: impl Fn(&dyn Forget)) {
        for subscribers in [&self.caches, &self.watches] {
            let subscribers = subscribers.read().unwrap_or_else(PoisonError::into_inner);
            subscribers.get(kind).into_iter().flatten().filter_map(Weak::upgrade).for_each(|one| forget(one.as_ref()));
        }
    }

    fn tell_all(&self) {
        for subscribers in [&self.caches, &self.watches] {
            let subscribers = subscribers.read().unwrap_or_else(PoisonError::into_inner);
            subscribers.values().flatten().filter_map(Weak::upgrade).for_each(|one| one.forget_all());
        }
    }
}

fn subscribe(subscribers: &Subscribers, kind: &'static str, one: Weak<dyn Forget>) {
    let mut subscribers = subscribers.write().unwrap_or_else(PoisonError::into_inner);
    let of_kind = subscribers.entry(kind).or_default();
    of_kind.retain(|other| other.strong_count() > 0);
    of_kind.push(one);
}

/// Reads the feed every `interval` until `stop` is closed. After a failed read, the feed grows stale.
pub(crate) fn follow(feed: &Arc<Feed>, source: &mut dyn Source, interval: Duration, stop: &Receiver<()>) {
    let mut failing = false;
    while let Err(RecvTimeoutError::Timeout) = stop.recv_timeout(interval) {
        let outcome = read(feed, source);
        if let Err(error) = &outcome
            && !failing
        {
            tracing::error!(%error, "the change feed cannot be read: caches are not used until it can");
        } else if failing && outcome.is_ok() {
            tracing::info!("the change feed can be read again");
        }
        failing = outcome.is_err();
    }
}

/// Reads the feed once.
pub(crate) fn read(feed: &Feed, source: &mut dyn Source) -> Result<(), StoreError> {
    let asked_at = stopwatch::now();
    source.recent().map(|recent| feed.absorb(asked_at, recent))?;
    if feed.fence.is_in_doubt() {
        feed.fence.settle(source.is_leaving()?);
    }
    Ok(())
}

/// The rows of the feed: each has the time, and each a change, except the single row of an empty feed.
pub(crate) fn recent(rows: &[Row]) -> Result<Recent, StoreError> {
    let now = rows.first().ok_or_else(|| StoreError::Corrupt("the change feed has no time".to_owned()))?.int(0)?;
    let mut changes = Vec::new();
    for row in rows {
        if let Some(id) = row.opt_text(1)? {
            changes.push(Change { id, kind: row.text(2)?, key: row.text(3)? });
        }
    }
    Ok(Recent { now, changes })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Reported(Mutex<Vec<String>>);

    impl Forget for Reported {
        fn forget(&self, key: &str) {
            self.0.lock().unwrap().push(key.to_owned());
        }

        fn forget_all(&self) {
            self.forget("everything");
        }
    }

    impl Reported {
        fn taken(&self) -> Vec<String> {
            std::mem::take(&mut *self.0.lock().unwrap())
        }
    }

    fn feed() -> (Feed, Arc<Reported>) {
        let feed = Feed::new(Duration::from_secs(2));
        let reported = Arc::new(Reported::default());
        let cache: Arc<dyn Forget> = reported.clone();
        feed.subscribe("thing", Arc::downgrade(&cache));
        (feed, reported)
    }

    fn change(id: &str) -> Change {
        Change { id: id.to_owned(), kind: "thing".to_owned(), key: format!("key of {id}") }
    }

    fn read(feed: &Feed, now: i64, ids: &[&str]) {
        let changes = ids.iter().map(|id| change(id)).collect();
        feed.absorb(stopwatch::now(), Recent { now, changes });
    }

    #[test]
    fn each_change_is_delivered_once_even_if_committed_late() {
        let (feed, reported) = feed();
        read(&feed, 1_000_000, &["b"]);
        assert_eq!(reported.taken(), ["key of b"]);
        read(&feed, 1_500_000, &["b"]);
        assert_eq!(reported.taken(), [""; 0]);
        // `a` was written before `b` and committed after the feed was read.
        read(&feed, 2_000_000, &["a", "b"]);
        assert_eq!(reported.taken(), ["key of a"]);
    }

    #[test]
    fn own_changes_are_delivered_immediately() {
        let (feed, reported) = feed();
        feed.forget(&[change("a"), change("b")]);
        assert_eq!(reported.taken(), ["key of a", "key of b"]);
    }

    #[test]
    fn a_watch_is_notified_after_every_cache() {
        #[derive(Clone)]
        struct Named(&'static str, Arc<Reported>);

        impl Forget for Named {
            fn forget(&self, _: &str) {
                Forget::forget(self.1.as_ref(), self.0);
            }

            fn forget_all(&self) {
                Forget::forget(self.1.as_ref(), self.0);
            }
        }

        let (feed, order) = (Feed::new(Duration::from_secs(2)), Arc::new(Reported::default()));
        let watch: Arc<dyn Forget> = Arc::new(Named("watch", order.clone()));
        let cache: Arc<dyn Forget> = Arc::new(Named("cache", order.clone()));
        feed.watch("thing", Arc::downgrade(&watch));
        feed.subscribe("thing", Arc::downgrade(&cache));
        feed.forget(&[change("a")]);
        assert_eq!(order.taken(), ["cache", "watch"]);
        feed.tell_all();
        assert_eq!(order.taken(), ["cache", "watch"]);
    }

    #[test]
    fn after_a_gap_or_a_jump_of_the_database_clock_everything_is_forgotten() {
        let (feed, reported) = feed();
        for (now, expected) in [
            (100_000_000, &[][..]),
            (103_900_000, &[]),
            (107_900_000, &["everything"]),
            (108_400_000, &[]),
            (107_600_000, &[]),
            (106_000_000, &["everything"]),
        ] {
            read(&feed, now, &[]);
            assert_eq!(reported.taken(), expected, "at {now}");
        }
    }

    #[test]
    fn the_time_of_the_database_is_that_of_the_last_reading_and_goes_on() {
        let (feed, _) = feed();
        assert_eq!(feed.database_now(), None);
        for said in [5_000_000_000, 7_000_000_000, 6_000_000_000] {
            read(&feed, said, &[]);
            let now = feed.database_now().unwrap().micros();
            assert!((said..said + 60_000_000).contains(&now), "{said} {now}");
        }
    }

    #[test]
    fn a_feed_that_was_never_read_is_stale() {
        let (feed, _) = feed();
        assert!(!feed.is_fresh());
        read(&feed, 1, &[]);
        assert!(feed.is_fresh());
    }
}
