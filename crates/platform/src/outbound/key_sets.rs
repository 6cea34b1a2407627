//! The key sets that apps publish (`jwks_uri`), fetched and cached.

use std::sync::Arc;
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

/// The bytes that cached key sets may take.
const IN_MEMORY: usize = 8 * 1_024 * 1_024;
/// What one takes besides its address and its keys.
const OVERHEAD: usize = 200;
/// Addresses whose fetches take turns.
const ADDRESSES: usize = 1_000;

/// Fetches and caches key sets.
pub struct KeySets {
    fetcher: Arc<Fetcher>,
    published: Published,
}

/// The documents of all addresses.
struct Published {
    fetched: Memory<String, Fetched>,
    /// Held by the one request that fetches from an address; the others wait for its result.
    fetching: Memory<String, Arc<Mutex<()>>>,
}

#[derive(Clone)]
struct Fetched {
    keys: Option<Arc<JwkSet>>,
    at: Timestamp,
}

impl KeySets {
    /// An empty cache.
    pub fn new(fetcher: &Arc<Fetcher>) -> Self {
        Self { fetcher: Arc::clone(fetcher), published: Published::new() }
    }

    /// The key set at `uri`; `None` if it cannot be fetched. `is_known` tells whether a set holds the required key: one
    /// that does not is fetched again, at most once a minute.
    pub async fn find(&self, uri: &str, now: Timestamp, is_known: impl Fn(&JwkSet) -> bool) -> Option<Arc<JwkSet>> {
        let fetch = || async {
            let fetched = self.fetcher.get(uri).await;
            fetched.inspect_err(|error| tracing::info!(uri, %error, "a key set could not be fetched")).ok()
        };
        self.published.keys(uri, now, is_known, fetch).await
    }
}

impl Published {
    fn new() -> Self {
        Self { fetched: Memory::weighed(IN_MEMORY), fetching: Memory::new(ADDRESSES) }
    }

    /// The keys at `uri`: the cached ones if they suffice, else those from `fetch`.
    async fn keys<F: Future<Output = Option<Vec<u8>>>>(
        &self,
        uri: &str,
        now: Timestamp,
        is_known: impl Fn(&JwkSet) -> bool,
        fetch: impl FnOnce() -> F,
    ) -> Option<Arc<JwkSet>> {
        if let Some(fetched) = self.at_hand(uri, now, &is_known) {
            return fetched.keys;
        }
        let fetching = self.fetching.get_or_insert(uri, Arc::default);
        let _fetching = fetching.lock().await;
        // Another request may have fetched the required keys while this one waited.
        if let Some(fetched) = self.at_hand(uri, now, &is_known) {
            return fetched.keys;
        }
        let keys = fetch().await.and_then(|body| JwkSet::parse(&body).ok()).map(Arc::new);
        // Known keys stay in use while the app's server is away.
        let keys = keys.or_else(|| self.fetched.get(uri).and_then(|fetched| fetched.keys));
        let weight = keys.as_ref().map_or(0, |keys| keys.weight());
        let weight = weight.saturating_add(uri.len()).saturating_add(OVERHEAD);
        self.fetched.insert_weighed(uri.to_owned(), Fetched { keys: keys.clone(), at: now }, weight);
        keys
    }

    /// The keys fetched last, if they suffice or are too recent to be fetched again.
    fn at_hand(&self, uri: &str, now: Timestamp, is_known: &impl Fn(&JwkSet) -> bool) -> Option<Fetched> {
        let fetched = self.fetched.get(uri)?;
        let age = now.since(fetched.at);
        let is_good = age < FRESH && fetched.keys.as_ref().is_some_and(|keys| is_known(keys));
        (is_good || age < AGAIN).then_some(fetched)
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
        let keys = published.keys("urn:a", Timestamp::from_seconds(seconds), |_| known, fetch).await;
        (fetches.get(), keys.is_some())
    }

    #[tokio::test]
    async fn a_key_set_is_fetched_when_it_is_old_and_for_an_unknown_key_once_a_minute() {
        let published = Published::new();
        assert_eq!(ask(&published, 1_000, true, Some(SET)).await, (1, true));
        assert_eq!(ask(&published, 1_599, true, Some(SET)).await, (0, true));
        assert_eq!(ask(&published, 1_600, true, Some(SET)).await, (1, true));
        assert_eq!(ask(&published, 1_659, false, Some(SET)).await, (0, true));
        assert_eq!(ask(&published, 1_660, false, Some(SET)).await, (1, true));
        assert_eq!(ask(&published, 1_719, false, Some(SET)).await, (0, true));
    }

    #[tokio::test]
    async fn a_fetched_key_set_stays_in_use_while_fetching_fails() {
        let published = Published::new();
        assert_eq!(ask(&published, 1_000, true, None).await, (1, false));
        assert_eq!(ask(&published, 1_059, true, None).await, (0, false));
        assert_eq!(ask(&published, 1_060, true, Some(SET)).await, (1, true));
        for wrong in [None, Some(&b"no keys"[..])] {
            assert!(ask(&published, 9_000, true, wrong).await.1);
        }
    }

    #[tokio::test]
    async fn many_who_need_the_same_keys_fetch_them_once() {
        let published = Published::new();
        let fetches = std::cell::Cell::new(0);
        let one = || async {
            let fetch = || async {
                fetches.set(fetches.get() + 1);
                tokio::task::yield_now().await;
                Some(SET.to_vec())
            };
            published.keys("urn:a", Timestamp::from_seconds(1_000), |_| false, fetch).await.is_some()
        };
        let answers = futures_util::future::join_all((0..16).map(|_| one())).await;
        assert_eq!((answers, fetches.get()), (vec![true; 16], 1));
    }

    #[tokio::test]
    async fn large_key_sets_do_not_fill_the_memory() {
        let jwk =
            serde_json::json!({"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"});
        let set = serde_json::json!({ "keys": vec![jwk; JwkSet::MAX_KEYS] }).to_string().into_bytes();
        let each = JwkSet::parse(&set).unwrap().weight();
        let published = Published::new();
        let addresses: Vec<String> = (0..1_000).map(|number| format!("https://a.example.org/{number}")).collect();
        for address in &addresses {
            let fetch = || async { Some(set.clone()) };
            assert!(published.keys(address, Timestamp::from_seconds(1_000), |_| true, fetch).await.is_some());
        }
        let kept = addresses.iter().filter(|address| published.fetched.contains(address.as_str())).count();
        assert!(kept > 10 && kept * each <= IN_MEMORY, "{kept} of {each} bytes");
    }
}
