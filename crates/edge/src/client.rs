//! Determines the client address of a request, behind the trusted proxies only.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use http::HeaderMap;
use http::header::{FORWARDED, HeaderName, VIA};
use ipnet::IpNet;

/// The peer of a connection, according to the socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// The peer address: a browser's, or the last proxy's.
    pub address: IpAddr,
    /// Whether the connection itself is encrypted.
    pub tls: bool,
}

impl Peer {
    /// The peer of a connection without TLS; IPv4-mapped IPv6 addresses count as IPv4.
    pub fn plain(address: SocketAddr) -> Self {
        Self { address: address.ip().to_canonical(), tls: false }
    }
}

/// The address for limits and logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ClientAddr(IpAddr);

impl ClientAddr {
    /// The address itself.
    pub fn ip(self) -> IpAddr {
        self.0
    }

    /// The part of the address that identifies one customer, as a number: IPv6 by its /64.
    pub(crate) fn network_bits(self) -> u128 {
        match self.0 {
            IpAddr::V4(address) => u128::from(u32::from(address)),
            // No IPv4 address has this lower half.
            IpAddr::V6(address) => u128::from(address) | u128::from(u64::MAX),
        }
    }

    /// The network that failures are counted by: IPv6 by its /64.
    pub fn network(self) -> String {
        sigma_core::actor::network(self.0)
    }
}

impl From<IpAddr> for ClientAddr {
    fn from(address: IpAddr) -> Self {
        Self(address.to_canonical())
    }
}

impl fmt::Display for ClientAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The origin of a request, as far as trusted proxies reveal it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Origin {
    /// Who sent it.
    pub(super) client: ClientAddr,
    /// False if there is a proxy that does not name the client readably, or is not trusted.
    pub(super) is_known: bool,
    /// Whether the sender is a trusted proxy that names no client: whoever is behind it has nothing else in common.
    pub(super) is_proxy: bool,
    /// Whether the client's connection was encrypted.
    pub(super) is_secure: bool,
}

/// The proxies whose forwarding headers are believed.
#[derive(Clone, Debug, Default)]
pub(super) struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    pub(super) fn new(networks: &[IpNet]) -> Self {
        Self(networks.to_vec())
    }

    pub(super) fn include(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }

    /// Determines the client of a request.
    ///
    /// `X-Forwarded-For` is read from its end, written by the nearest proxy: each trusted proxy vouches for the address
    /// before it. Anything further left was sent by the client and proves nothing.
    pub(super) fn client(&self, peer: Peer, headers: &HeaderMap) -> Origin {
        if self.0.is_empty() || !self.include(peer.address) {
            let is_known = !FORWARDING.iter().any(|name| headers.contains_key(name));
            let client = ClientAddr::from(peer.address);
            return Origin { client, is_known, is_proxy: false, is_secure: peer.tls };
        }
        let secure = match last_entry(headers, "x-forwarded-proto") {
            Some(scheme) => scheme.eq_ignore_ascii_case("https"),
            None => peer.tls,
        };
        let mut client = peer.address;
        let mut is_readable = true;
        let forwarded = headers.get_all("x-forwarded-for");
        let entries = forwarded.iter().rev().flat_map(|value| value.to_str().unwrap_or("?").rsplit(','));
        for entry in entries {
            // An invalid entry ends the chain: the proxy that passed it on is the last one known.
            let Some(address) = parse_entry(entry) else {
                is_readable = false;
                break;
            };
            client = address;
            if !self.include(address) {
                break;
            }
        }
        // Without the header the proxy names no client. With several of them, at least one came from the client, and
        // nobody can tell which.
        let is_known = is_readable && forwarded.iter().count() == 1;
        let is_proxy = self.include(client);
        Origin { client: ClientAddr(client), is_known, is_proxy, is_secure: secure }
    }
}

/// Headers of forwarding proxies.
const FORWARDING: [HeaderName; 4] =
    [HeaderName::from_static("x-forwarded-for"), FORWARDED, VIA, HeaderName::from_static("x-real-ip")];

fn last_entry<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get_all(name).iter().next_back()?.to_str().ok()?.rsplit(',').next().map(str::trim)
}

/// `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1` or `[2001:db8::1]:4711`.
fn parse_entry(entry: &str) -> Option<IpAddr> {
    let entry = entry.trim();
    let address = entry
        .parse::<IpAddr>()
        .ok()
        .or_else(|| entry.parse::<SocketAddr>().ok().map(|socket| socket.ip()))
        .or_else(|| entry.strip_prefix('[')?.strip_suffix(']')?.parse().ok())?;
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn seen(peer: &str, forwarded: &[&'static str]) -> String {
        let proxies = TrustedProxies::new(&["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()]);
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", HeaderValue::from_static(value));
        }
        let peer = Peer { address: peer.parse().unwrap(), tls: false };
        proxies.client(peer, &headers).client.to_string()
    }

    #[test]
    fn a_forwarded_address_from_an_untrusted_peer_is_ignored() {
        assert_eq!(seen("203.0.113.9", &["198.51.100.1"]), "203.0.113.9");
        assert_eq!(seen("203.0.113.9", &["10.0.0.1"]), "203.0.113.9");
    }

    #[test]
    fn the_nearest_untrusted_address_is_the_client() {
        assert_eq!(seen("10.0.0.1", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(seen("10.0.0.1", &["1.1.1.1, 198.51.100.1, 10.0.0.2"]), "198.51.100.1");
        assert_eq!(seen("10.0.0.1", &["1.1.1.1", "198.51.100.1,10.0.0.2"]), "198.51.100.1");
        assert_eq!(seen("fd00::1", &["[2001:db8::7]:443"]), "2001:db8::7");
        assert_eq!(seen("10.0.0.1", &["198.51.100.1:5123"]), "198.51.100.1");
        assert_eq!(seen("10.0.0.1", &["::ffff:198.51.100.1"]), "198.51.100.1");
    }

    #[test]
    fn an_invalid_forwarded_address_leaves_the_last_proxy_known() {
        assert_eq!(seen("10.0.0.1", &["198.51.100.1, unknown"]), "10.0.0.1");
        assert_eq!(seen("10.0.0.1", &["198.51.100.1, nonsense, 10.0.0.2"]), "10.0.0.2");
        assert_eq!(seen("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(seen("10.0.0.1", &["10.0.0.9, 10.0.0.8"]), "10.0.0.9");
    }

    #[test]
    fn an_unreadable_forwarded_address_makes_the_client_unknown() {
        const XFF: &str = "x-forwarded-for";
        let proxies = TrustedProxies::new(&["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()]);
        let known = |peer: &str, sent: &[(&'static str, &'static str)]| {
            let mut headers = HeaderMap::new();
            for (name, value) in sent {
                headers.append(*name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
            }
            proxies.client(Peer { address: peer.parse().unwrap(), tls: false }, &headers).is_known
        };
        for named in
            ["203.0.113.9", "203.0.113.9:4711", "2001:db8::7", "[2001:db8::7]:443", "6.6.6.6, 203.0.113.9, 10.0.0.2"]
        {
            assert!(known("10.0.0.1", &[(XFF, named)]), "{named}");
        }
        for unnamed in [
            "",
            " ",
            ",",
            "unknown",
            "_hidden",
            "203.0.113.9, unknown",
            "203.0.113.9, ",
            "unknown, 10.0.0.2",
            "203.0.113.9; 198.51.100.1",
            "203.0.113",
            "203.0.113.9:port",
            "for=203.0.113.9",
            "\"203.0.113.9\"",
            "localhost",
            "203.0.113.9\u{e9}",
        ] {
            assert!(!known("10.0.0.1", &[(XFF, unnamed)]), "{unnamed}");
            assert!(!known("fd00::1", &[(XFF, unnamed)]), "{unnamed}");
        }
        for sent in [
            &[][..],
            &[("forwarded", "for=203.0.113.9")],
            &[("x-real-ip", "203.0.113.9")],
            &[(XFF, "203.0.113.9"), (XFF, "198.51.100.1")],
            &[(XFF, "203.0.113.9"), (XFF, "203.0.113.9")],
        ] {
            assert!(!known("10.0.0.1", sent), "{sent:?}");
        }
        // A header that the client sent and the proxy passed on does not change what the proxy says.
        assert!(known("10.0.0.1", &[(XFF, "203.0.113.9"), ("forwarded", "for=unknown")]));
        // Without a trusted proxy: anyone who sends forwarding headers is one.
        assert!(known("203.0.113.9", &[]));
        for name in [XFF, "forwarded", "via", "x-real-ip"] {
            assert!(!known("203.0.113.9", &[(name, "198.51.100.1")]), "{name}");
        }
    }

    #[test]
    fn a_forwarded_scheme_is_believed_only_from_a_trusted_proxy() {
        let proxies = TrustedProxies::new(&["10.0.0.0/8".parse().unwrap()]);
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-proto", HeaderValue::from_static("https"));
        let peer = |address: &str| Peer { address: address.parse().unwrap(), tls: false };
        assert!(proxies.client(peer("10.0.0.1"), &headers).is_secure);
        assert!(!proxies.client(peer("203.0.113.9"), &headers).is_secure);
        headers.insert("x-forwarded-proto", HeaderValue::from_static("https, http"));
        assert!(!proxies.client(peer("10.0.0.1"), &headers).is_secure);
    }
}
