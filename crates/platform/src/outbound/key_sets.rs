//! The key sets that apps publish (`jwks_uri`), fetched and cached.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use sigma_core::jose::JwkSet;
use sigma_core::time::Timestamp;
use sigma_store::Memory;
use tokio::sync::Mutex;

use super::Fetcher;

/// How long a key set is used before it is fetched again.
const FRESH: Duration = Duration::from_mins(10);
/// How often an unknown `kid` may trigger an earlier fetch.
const AGAIN: Duration = Duration::from_mins(1);

/// Fetches and caches key sets.
pub struct KeySets {
    fetcher: Arc<Fetcher>,
    published: Memory<String, Arc<Published>>,
}

/// The document of one address.
#[derive(Default)]
struct Published {
    latest: RwLock<Option<Fetched>>,
    /// Held by the one request that fetches; the others wait for its result.
    fetching: Mutex<()>,
}

#[derive(Clone)]
struct Fetched {
    keys: Option<Arc<JwkSet>>,
    at: Timestamp,
}

impl KeySets {
    /// An empty cache.
    pub fn new(fetcher: &Arc<Fetcher>) -> Self {
        Self { fetcher: Arc::clone(fetcher), published: Memory::new(1_000) }
    }

    /// The key set at `uri`; `None` if it cannot be fetched. `is_known` tells whether a set holds the required key: one
    /// that does not is fetched again, at most once a minute.
    pub async fn find(&self, uri: &str, now: Timestamp, is_known: impl Fn(&JwkSet) -> bool) -> Option<Arc<JwkSet>> {
        let published = self.published.get_or_insert(uri, Arc::default);
        let fetch = || async {
            let fetched = self.fetcher.get(uri).await;
            fetched.inspect_err(|error| tracing::info!(uri, %error, "a key set could not be fetched")).ok()
        };
        published.keys(now, is_known, fetch).await
    }
}

impl Published {
    /// The keys: the cached ones if they suffice, else those from `fetch`.
    async fn keys<F: Future<Output = Option<Vec<u8>>>>(
        &self,
        now: Timestamp,
        is_known: impl Fn(&JwkSet) -> bool,
        fetch: impl FnOnce() -> F,
    ) -> Option<Arc<JwkSet>> {
        if let Some(fetched) = self.at_hand(now, &is_known) {
            return fetched.keys;
        }
        let _fetching = self.fetching.lock().await;
        // Another request may have fetched the required keys while this one waited.
        if let Some(fetched) = self.at_hand(now, &is_known) {
            return fetched.keys;
        }
        let keys = fetch().await.and_then(|body| JwkSet::parse(&body).ok()).map(Arc::new);
        let mut latest = self.latest.write().unwrap_or_else(PoisonError::into_inner);
        // Known keys stay in use while the app's server is away.
        let keys = keys.or_else(|| latest.take().and_then(|fetched| fetched.keys));
        *latest = Some(Fetched { keys: keys.clone(), at: now });
        keys
    }

    /// The keys fetched last, if they suffice or are too recent to be fetched again.
    fn at_hand(&self, now: Timestamp, is_known: &impl Fn(&JwkSet) -> bool) -> Option<Fetched> {
        let latest = self.latest.read().unwrap_or_else(PoisonError::into_inner);
        let fetched = latest.as_ref()?;
        let age = now.since(fetched.at);
        let is_good = age < FRESH && fetched.keys.as_ref().is_some_and(|keys| is_known(keys));
        (is_good || age < AGAIN).then(|| fetched.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SET: &[u8] = br#"{"keys":[]}"#;

    /// Asks at `seconds`; returns how many fetches that caused, and whether there are keys.
    async fn ask(published: &Published, seconds: i64, known: bool, answer: Option<&[u8]>) -> (u32, bool) {
        let fetches = std::cell::Cell::new(0);
        let fetch = || async {
            fetches.set(fetches.get() + 1);
            answer.map(<[u8]>::to_vec)
        };
        let keys = published.keys(Timestamp::from_seconds(seconds), |_| known, fetch).await;
        (fetches.get(), keys.is_some())
    }

    #[tokio::test]
    async fn a_key_set_is_fetched_when_it_is_old_and_for_an_unknown_key_once_a_minute() {
        let published = Published::default();
        assert_eq!(ask(&published, 1_000, true, Some(SET)).await, (1, true));
        assert_eq!(ask(&published, 1_599, true, Some(SET)).await, (0, true));
        assert_eq!(ask(&published, 1_600, true, Some(SET)).await, (1, true));
        assert_eq!(ask(&published, 1_659, false, Some(SET)).await, (0, true));
        assert_eq!(ask(&published, 1_660, false, Some(SET)).await, (1, true));
        assert_eq!(ask(&published, 1_719, false, Some(SET)).await, (0, true));
    }

    #[tokio::test]
    async fn a_fetched_key_set_stays_in_use_while_fetching_fails() {
        let published = Published::default();
        assert_eq!(ask(&published, 1_000, true, None).await, (1, false));
        assert_eq!(ask(&published, 1_059, true, None).await, (0, false));
        assert_eq!(ask(&published, 1_060, true, Some(SET)).await, (1, true));
        for wrong in [None, Some(&b"no keys"[..])] {
            assert!(ask(&published, 9_000, true, wrong).await.1);
        }
    }

    #[tokio::test]
    async fn many_who_need_the_same_keys_fetch_them_once() {
        let published = Published::default();
        let fetches = std::cell::Cell::new(0);
        let one = || async {
            let fetch = || async {
                fetches.set(fetches.get() + 1);
                tokio::task::yield_now().await;
                Some(SET.to_vec())
            };
            published.keys(Timestamp::from_seconds(1_000), |_| false, fetch).await.is_some()
        };
        let answers = futures_util::future::join_all((0..16).map(|_| one())).await;
        assert_eq!((answers, fetches.get()), (vec![true; 16], 1));
    }
}
