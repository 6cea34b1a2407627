//! Whether anything of some kinds changed, for values computed from many cached ones and kept as a whole.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::feed::Forget;
use crate::store::Store;

/// Counters that changes are spread over: two subjects rarely share one, and then only cause false invalidations.
const STRIPES: usize = 1 << 14;

/// Counts the changes of several kinds by subject: the part of the key before a `/`, or all of it. A value computed
/// under one generation of its subjects is valid while that is current; its maker takes the generation of a subject, or the
/// moment, *before* it reads anything about it.
///
/// The feed notifies every [`Cache`](crate::Cache) before any watch, so that a reader who sees the new generation finds
/// no old value in a cache.
#[derive(Clone)]
pub struct Watch {
    store: Store,
    counts: Arc<Counts>,
}

struct Counts {
    /// How many changes there were.
    changes: AtomicU64,
    /// Which of them was the last of each stripe.
    stripes: Vec<AtomicU64>,
    hasher: RandomState,
    /// How often everything may have changed.
    epoch: AtomicU64,
}

/// The last change to something about a subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Generation {
    epoch: u64,
    stripe: usize,
    last: u64,
}

/// What had changed before a read began whose subjects are known only once it has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    epoch: u64,
    changes: u64,
}

impl Watch {
    /// Watches what [`Tx::changed`](crate::Tx::changed) reports as one of `kinds`.
    pub fn new(store: &Store, kinds: &[&'static str]) -> Self {
        let stripes = (0..STRIPES).map(|_| AtomicU64::new(0)).collect();
        let (changes, epoch) = (AtomicU64::new(0), AtomicU64::new(0));
        let counts = Arc::new(Counts { changes, stripes, hasher: RandomState::new(), epoch });
        for kind in kinds {
            let weak = Arc::downgrade(&counts);
            store.feed().watch(kind, weak);
        }
        Self { store: store.clone(), counts }
    }

    /// The last change to something about `subject`; `None` while the change feed is stale, when that is unknown.
    pub fn generation(&self, subject: &str) -> Option<Generation> {
        if !self.store.feed().is_fresh() {
            return None;
        }
        let stripe = self.counts.stripe(subject);
        Some(Generation { epoch: self.counts.epoch(), stripe, last: self.counts.last(stripe) })
    }

    /// Now, for [`Watch::generation_at`]; `None` while the change feed is stale.
    pub fn moment(&self) -> Option<Moment> {
        let moment = || Moment { epoch: self.counts.epoch(), changes: self.counts.changes.load(Ordering::Acquire) };
        self.store.feed().is_fresh().then(moment)
    }

    /// The generation that `subject` had at `moment`; `None` if something about it changed since, or the change feed is stale.
    pub fn generation_at(&self, moment: Moment, subject: &str) -> Option<Generation> {
        let generation = self.generation(subject)?;
        (generation.epoch == moment.epoch && generation.last <= moment.changes).then_some(generation)
    }

    /// Whether nothing about the subjects of `generations` changed since; false while the change feed is stale.
    pub fn are_current(&self, generations: &[Generation]) -> bool {
        self.store.feed().is_fresh() && {
            let epoch = self.counts.epoch();
            generations
                .iter()
                .all(|generation| generation.epoch == epoch && generation.last == self.counts.last(generation.stripe))
        }
    }
}

impl Counts {
    fn stripe(&self, subject: &str) -> usize {
        let stripes = u64::try_from(STRIPES).unwrap_or(1);
        usize::try_from(self.hasher.hash_one(subject) % stripes).unwrap_or(0)
    }

    fn last(&self, stripe: usize) -> u64 {
        self.stripes.get(stripe).map_or(0, |last| last.load(Ordering::Acquire))
    }

    fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::Acquire)
    }
}

impl Forget for Counts {
    fn forget(&self, key: &str) {
        let subject = key.split_once('/').map_or(key, |(subject, _)| subject);
        let number = self.changes.fetch_add(1, Ordering::AcqRel).saturating_add(1);
        if let Some(last) = self.stripes.get(self.stripe(subject)) {
            last.fetch_max(number, Ordering::AcqRel);
        }
    }

    fn forget_all(&self) {
        self.epoch.fetch_add(1, Ordering::AcqRel);
    }
}
