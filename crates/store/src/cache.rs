//! A read-through cache, invalidated by the change feed.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use metrics::{Counter, counter};

use crate::error::StoreError;
use crate::feed::Forget;
use crate::memory::Memory;
use crate::store::Store;
use crate::tx::Tx;

/// Locks that order insertion and invalidation; two keys that share one only contend.
const STRIPES: usize = 256;

/// Values of one kind by key. A value is inserted only if its key did not change since the read began, and values are
/// not used while the change feed is stale: the store is asked instead. Absence is not cached.
#[derive(Clone)]
pub struct Cache<V> {
    store: Store,
    table: Arc<Table<V>>,
}

struct Table<V> {
    entries: Memory<String, Entry<V>>,
    weigh: fn(&V) -> usize,
    /// How often a key of each stripe was invalidated.
    stripes: Vec<Mutex<u64>>,
    hasher: RandomState,
    /// How often everything was invalidated.
    epoch: AtomicU64,
    hits: Counter,
    misses: Counter,
}

#[derive(Clone)]
struct Entry<V> {
    epoch: u64,
    value: V,
}

/// The generation of a key when its read began.
#[derive(Clone, Copy)]
struct Version {
    epoch: u64,
    forgotten: u64,
}

impl<V: Clone + Send + Sync + 'static> Cache<V> {
    /// A cache of at most `capacity` values, invalidated by what [`Tx::changed`] reports as `kind`.
    pub fn new(store: &Store, kind: &'static str, capacity: usize) -> Self {
        Self::of(store, kind, Memory::new(capacity), |_| 1)
    }

    /// A cache of values that weigh at most `most` together.
    pub fn weighed(store: &Store, kind: &'static str, most: usize, weigh: fn(&V) -> usize) -> Self {
        Self::of(store, kind, Memory::weighed(most), weigh)
    }

    fn of(store: &Store, kind: &'static str, entries: Memory<String, Entry<V>>, weigh: fn(&V) -> usize) -> Self {
        let reads = |outcome: &'static str| counter!("sigma_cache_reads_total", "cache" => kind, "outcome" => outcome);
        let table = Arc::new(Table {
            entries,
            weigh,
            stripes: (0..STRIPES).map(|_| Mutex::new(0)).collect(),
            hasher: RandomState::new(),
            epoch: AtomicU64::new(0),
            hits: reads("hit"),
            misses: reads("miss"),
        });
        let weak = Arc::downgrade(&table);
        store.feed().subscribe(kind, weak);
        Self { store: store.clone(), table }
    }

    /// The value, if cached and usable.
    pub fn get(&self, key: &str) -> Option<V> {
        let found = self.find(key);
        if found.is_some() { &self.table.hits } else { &self.table.misses }.increment(1);
        found
    }

    fn find(&self, key: &str) -> Option<V> {
        if !self.store.feed().is_fresh() {
            return None;
        }
        let entry = self.table.entries.get(key)?;
        (entry.epoch == self.table.epoch.load(Ordering::Acquire)).then_some(entry.value)
    }

    /// The value, read on a miss by the operation that `prepare` makes: what that owns is not copied for a hit.
    pub async fn get_or_load<O>(&self, key: &str, prepare: impl FnOnce() -> O) -> Result<Option<V>, StoreError>
    where
        O: Fn(&mut dyn Tx) -> Result<Option<V>, StoreError> + Send + 'static,
    {
        match self.get(key) {
            Some(value) => Ok(Some(value)),
            // Rare, and large as a future.
            None => Box::pin(self.load(key, prepare())).await,
        }
    }

    /// The value as it is in the store now, bypassing the cache.
    pub async fn load(
        &self,
        key: &str,
        operation: impl Fn(&mut dyn Tx) -> Result<Option<V>, StoreError> + Send + 'static,
    ) -> Result<Option<V>, StoreError> {
        let version = self.table.version(key);
        let loaded = self.store.read(operation).await?;
        if let Some(value) = &loaded {
            self.table.insert(key, version, value.clone());
        }
        Ok(loaded)
    }
}

impl<V: Clone + Send + Sync + 'static> Table<V> {
    fn stripe(&self, key: &str) -> Option<&Mutex<u64>> {
        let stripes = u64::try_from(STRIPES).unwrap_or(1);
        self.stripes.get(usize::try_from(self.hasher.hash_one(key) % stripes).unwrap_or(0))
    }

    fn version(&self, key: &str) -> Option<Version> {
        let epoch = self.epoch.load(Ordering::Acquire);
        let forgotten = *self.stripe(key)?.lock().unwrap_or_else(PoisonError::into_inner);
        Some(Version { epoch, forgotten })
    }

    /// The lock is held during insertion, so that no invalidation can come between check and insertion.
    fn insert(&self, key: &str, read_at: Option<Version>, value: V) {
        let (Some(version), Some(stripe)) = (read_at, self.stripe(key)) else { return };
        let forgotten = stripe.lock().unwrap_or_else(PoisonError::into_inner);
        if *forgotten == version.forgotten {
            let weight = (self.weigh)(&value);
            self.entries.insert_weighed(key.to_owned(), Entry { epoch: version.epoch, value }, weight);
        }
    }
}

impl<V: Clone + Send + Sync + 'static> Forget for Table<V> {
    fn forget(&self, key: &str) {
        let Some(stripe) = self.stripe(key) else { return };
        let mut forgotten = stripe.lock().unwrap_or_else(PoisonError::into_inner);
        *forgotten += 1;
        self.entries.remove(key);
    }

    fn entries(&self) -> Option<usize> {
        Some(self.entries.len())
    }

    /// Values of an earlier epoch are never returned again.
    fn forget_all(&self) {
        self.epoch.fetch_add(1, Ordering::AcqRel);
        self.entries.clear();
    }
}
