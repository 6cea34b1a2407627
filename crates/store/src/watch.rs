//! Whether anything of some kinds changed: for what is made of many cached values and remembered as a whole.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::feed::Forget;
use crate::store::Store;

/// Counts the changes of several kinds. What was made under one generation holds while that is still the generation; a
/// maker reads the generation *before* it reads anything else.
///
/// The feed tells every [`Cache`](crate::Cache) before any watch, so that who sees the new generation finds no old value
/// in a cache.
#[derive(Clone)]
pub struct Watch {
    store: Store,
    count: Arc<Count>,
}

#[derive(Default)]
struct Count(AtomicU64);

impl Watch {
    /// Watches what [`Tx::changed`](crate::Tx::changed) names as one of `kinds`.
    pub fn new(store: &Store, kinds: &[&'static str]) -> Self {
        let count = Arc::new(Count::default());
        for kind in kinds {
            let weak = Arc::downgrade(&count);
            store.feed().watch(kind, weak);
        }
        Self { store: store.clone(), count }
    }

    /// How many changes there were; nothing while the change feed is stale, when nobody can say.
    pub fn generation(&self) -> Option<u64> {
        self.store.feed().is_fresh().then(|| self.count.0.load(Ordering::Acquire))
    }
}

impl Forget for Count {
    fn forget(&self, _: &str) {
        self.forget_all();
    }

    fn forget_all(&self) {
        self.0.fetch_add(1, Ordering::AcqRel);
    }
}
