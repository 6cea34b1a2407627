//! Bounded memory of values by key.

use std::any::Any;
use std::fmt;
use std::hash::{Hash, RandomState};
use std::marker::PhantomData;
use std::sync::Arc;

use quick_cache::sync::{Cache, DefaultLifecycle, GuardResult};
use quick_cache::{Equivalent, Weighter};

/// Values by key, as many as fit: the least used give way. Cheap to clone.
#[derive(Clone)]
pub struct Memory<K, V> {
    entries: Arc<Entries<K>>,
    values: PhantomData<fn() -> V>,
}

/// Compiled once for each kind of key, whatever the values are.
type Entries<K> = Cache<K, Kept, ByWeight, RandomState, DefaultLifecycle<K, Kept>>;

/// A value with its weight.
#[derive(Clone)]
struct Kept {
    weight: usize,
    value: Arc<dyn Any + Send + Sync>,
}

/// Takes the weight that was given at insertion.
#[derive(Clone)]
struct ByWeight;

impl<K> Weighter<K, Kept> for ByWeight {
    fn weight(&self, _: &K, kept: &Kept) -> u64 {
        wide(kept.weight)
    }
}

fn wide(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

/// A cache of so few values is not split. Each part of a split one would hold only its share of the weight.
const UNSPLIT: usize = 32;

impl<K: Hash + Eq, V: Clone + Send + Sync + 'static> Memory<K, V> {
    /// At most `most` values.
    pub fn new(most: usize) -> Self {
        Self::of(most, most)
    }

    /// Values that weigh at most `most` together. A single one may weigh nearly as much.
    pub fn weighed(most: usize) -> Self {
        Self::of(UNSPLIT, most)
    }

    /// The same for some `values` that each weigh little: none may weigh more than a part of a split cache.
    pub fn weighed_for(values: usize, most: usize) -> Self {
        Self::of(values, most)
    }

    fn of(values: usize, most: usize) -> Self {
        let entries = Cache::with(values, wide(most), ByWeight, RandomState::new(), DefaultLifecycle::default());
        Self { entries: Arc::new(entries), values: PhantomData }
    }

    /// The value of `key`.
    pub fn get<Q: Hash + Equivalent<K> + ?Sized>(&self, key: &Q) -> Option<V> {
        self.entries.get(key)?.value.downcast_ref::<V>().cloned()
    }

    /// The value of `key`, made if there is none. Callers at the same time get the same one.
    pub fn get_or_insert<Q>(&self, key: &Q, make: impl Fn() -> V) -> V
    where
        Q: Hash + Equivalent<K> + ToOwned<Owned = K> + ?Sized,
    {
        let value = match self.entries.get_value_or_guard(key, None) {
            GuardResult::Value(kept) => kept.value.downcast_ref::<V>().cloned(),
            GuardResult::Guard(guard) => {
                let new = make();
                // It fails if somebody removed the key meanwhile.
                let _ = guard.insert(Kept { weight: 1, value: Arc::new(new.clone()) });
                Some(new)
            }
            GuardResult::Timeout => None,
        };
        value.unwrap_or_else(make)
    }

    /// Whether there is a value of `key`.
    pub fn contains<Q: Hash + Equivalent<K> + ?Sized>(&self, key: &Q) -> bool {
        self.entries.contains_key(key)
    }

    /// How many values are remembered.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Remembers a value.
    pub fn insert(&self, key: K, value: V) {
        self.insert_weighed(key, value, 1);
    }

    /// Remembers a value of that weight.
    pub fn insert_weighed(&self, key: K, value: V, weight: usize) {
        self.entries.insert(key, Kept { weight, value: Arc::new(value) });
    }

    /// Forgets the value of `key`.
    pub fn remove<Q: Hash + Equivalent<K> + ?Sized>(&self, key: &Q) {
        self.entries.remove(key);
    }

    /// Forgets all values.
    pub fn clear(&self) {
        self.entries.clear();
    }
}

impl<K, V> fmt::Debug for Memory<K, V> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Memory").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_remembered_until_they_are_removed() {
        let memory: Memory<String, Arc<str>> = Memory::new(10);
        memory.insert("a".to_owned(), "first".into());
        memory.insert("a".to_owned(), "second".into());
        assert_eq!(memory.get("a").as_deref(), Some("second"));
        memory.remove("a");
        assert_eq!((memory.get("a"), memory.contains("a")), (None, false));
        memory.insert("b".to_owned(), "other".into());
        memory.clear();
        assert!(!memory.contains("b"));
    }

    #[test]
    fn a_value_is_made_once() {
        let memory: Memory<u32, Arc<u32>> = Memory::new(10);
        let made = memory.get_or_insert(&1, || Arc::new(7));
        assert!(Arc::ptr_eq(&made, &memory.get_or_insert(&1, || Arc::new(8))));
    }

    #[test]
    fn no_more_is_remembered_than_fits() {
        let memory: Memory<u32, ()> = Memory::new(100);
        (0..10_000).for_each(|number| memory.insert(number, ()));
        let count = (0..10_000).filter(|number| memory.contains(number)).count();
        assert!((50..=100).contains(&count), "{count}");

        let bytes: Memory<u32, ()> = Memory::weighed(100);
        bytes.insert_weighed(1, (), 90);
        assert!(bytes.contains(&1));
        bytes.insert_weighed(2, (), 101);
        bytes.insert_weighed(3, (), 60);
        bytes.insert_weighed(4, (), 60);
        assert!(!bytes.contains(&2));
        assert!((1..=4).filter(|number| bytes.contains(number)).count() <= 1);
    }
}
