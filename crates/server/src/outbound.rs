//! The only fetcher of documents that apps publish: https, no redirects, no private or link-local address, 5 s, 64 KiB.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use moka::sync::Cache as Memory;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use sigma_core::jose::JwkSet;
use sigma_core::time::Timestamp;
use tokio::sync::Mutex;

/// How long a key set is used before it is fetched again.
const FRESH: Duration = Duration::from_mins(10);
/// How often an unknown `kid` may trigger an earlier fetch.
const AGAIN: Duration = Duration::from_mins(1);
/// The largest answer.
const LARGEST: usize = 65_536;

/// Fetches and caches key sets.
pub struct Fetcher {
    client: reqwest::Client,
    key_sets: Memory<String, Arc<Published>>,
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

impl Fetcher {
    /// A fetcher with an empty cache.
    ///
    /// # Errors
    /// The system's TLS cannot be set up.
    pub fn new() -> Result<Self, reqwest::Error> {
        let client = reqwest::Client::builder()
            .https_only(true)
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(5))
            .dns_resolver(Arc::new(PublicAddresses))
            .no_proxy()
            .user_agent("sigma")
            .build()?;
        Ok(Self { client, key_sets: Memory::new(1_000) })
    }

    /// The key set at `uri`; `None` if it cannot be fetched. `is_known` tells whether a set holds the required key: one
    /// that does not is fetched again, at most once a minute.
    pub async fn key_set(&self, uri: &str, now: Timestamp, is_known: impl Fn(&JwkSet) -> bool) -> Option<Arc<JwkSet>> {
        let published = self.key_sets.get_with_by_ref(uri, Arc::default);
        published.keys(now, is_known, || self.fetch(uri)).await
    }

    async fn fetch(&self, uri: &str) -> Option<Vec<u8>> {
        let url = reqwest::Url::parse(uri).ok()?;
        // A literal address is never resolved, so the resolver cannot refuse it.
        let literal = match url.host()? {
            url::Host::Ipv4(address) => Some(IpAddr::V4(address)),
            url::Host::Ipv6(address) => Some(IpAddr::V6(address)),
            url::Host::Domain(_) => None,
        };
        if literal.is_some_and(|address| !is_public(address)) {
            return None;
        }
        let mut response = self.client.get(url).send().await.ok()?;
        if !response.status().is_success() {
            return None;
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.ok()? {
            if body.len() + chunk.len() > LARGEST {
                return None;
            }
            body.extend_from_slice(&chunk);
        }
        Some(body)
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

/// Resolves names to public addresses only: a name that points into our own network counts as unresolvable.
struct PublicAddresses;

impl Resolve for PublicAddresses {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<SocketAddr> = found.filter(|address| is_public(address.ip())).collect();
            if public.is_empty() {
                return Err("the name has no public address".into());
            }
            let addresses: Addrs = Box::new(public.into_iter());
            Ok(addresses)
        })
    }
}

/// Whether an address is public: not loopback, private, link-local, shared, or reserved (RFC 6890).
fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [first, second, third, _] = address.octets();
    let shared = first == 100 && (64..128).contains(&second);
    let protocol = first == 192 && second == 0 && third == 0;
    let benchmark = first == 198 && (second == 18 || second == 19);
    !(address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_broadcast()
        || address.is_documentation()
        || first == 0
        || first >= 224
        || shared
        || protocol
        || benchmark)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    // Global unicast only, without the blocks that embed an IPv4 address (6to4, Teredo; NAT64 is outside it).
    let [first, second, ..] = address.segments();
    let documentation = first == 0x2001 && second == 0x0db8;
    let carries_v4 = first == 0x2002 || (first == 0x2001 && second == 0);
    (0x2000..0x4000).contains(&first) && !documentation && !carries_v4
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_and_link_local_addresses_are_never_fetched_from() {
        for address in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "255.255.255.255",
            "224.0.0.1",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "::ffff:127.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
        ] {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
        for address in ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "1.1.1.1"] {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
    }

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

    #[tokio::test]
    async fn only_https_is_fetched() {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let fetcher = Fetcher::new().unwrap();
        for uri in
            ["http://example.org/jwks", "file:///etc/passwd", "https://127.0.0.1/jwks", "https://[::1]/", "nonsense"]
        {
            assert!(fetcher.key_set(uri, Timestamp::from_seconds(1), |_| true).await.is_none(), "{uri}");
        }
    }
}
