//! Callers by credential. Each `verify` or `forward` looks up one or two of them, so this is a plain table behind
//! locks: a cache that tracks recency costs several times as much per lookup.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Arc, PoisonError, RwLock};

use sigma_core::digest::Digest;

use crate::caller::Known;

/// Parts with a lock each; a power of two.
const SHARDS: usize = 16;
/// Callers per part, at most. They take about a kilobyte each.
const MOST: usize = 640;

/// Callers by the SHA-256 of the whole token or key.
pub struct CallerCache {
    shards: Vec<RwLock<HashMap<Digest, Arc<Known>>>>,
    hasher: RandomState,
}

impl Default for CallerCache {
    fn default() -> Self {
        Self { shards: (0..SHARDS).map(|_| RwLock::default()).collect(), hasher: RandomState::new() }
    }
}

impl CallerCache {
    fn shard(&self, digest: &Digest) -> Option<&RwLock<HashMap<Digest, Arc<Known>>>> {
        let hash = usize::try_from(self.hasher.hash_one(digest) & 0xFFFF).unwrap_or(0);
        self.shards.get(hash % SHARDS)
    }

    /// The caller of that digest.
    pub fn get(&self, digest: &Digest) -> Option<Arc<Known>> {
        let shard = self.shard(digest)?.read().unwrap_or_else(PoisonError::into_inner);
        shard.get(digest).cloned()
    }

    /// Caches a caller; a full part evicts any other.
    pub fn insert(&self, digest: Digest, known: Arc<Known>) {
        let Some(shard) = self.shard(&digest) else { return };
        let mut shard = shard.write().unwrap_or_else(PoisonError::into_inner);
        if shard.len() >= MOST
            && !shard.contains_key(&digest)
            && let Some(other) = shard.keys().next().copied()
        {
            shard.remove(&other);
        }
        shard.insert(digest, known);
    }
}
