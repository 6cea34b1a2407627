//! Where requests may go: public addresses.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use ipnet::IpNet;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// A name that points into our own network.
#[derive(Debug, thiserror::Error)]
#[error("the name has no public address")]
pub(super) struct NoPublicAddress;

/// Resolves names to public addresses only: a name that points into our own network counts as unresolvable.
pub(super) struct PublicAddresses;

impl Resolve for PublicAddresses {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            Ok(only(found, is_public)?)
        })
    }
}

/// Resolves names to public addresses, and to those in the networks that the operator allows.
pub(super) struct AllowedAddresses(pub(super) Vec<IpNet>);

impl Resolve for AllowedAddresses {
    fn resolve(&self, name: Name) -> Resolving {
        let networks = self.0.clone();
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed: Vec<SocketAddr> = found.filter(|address| is_allowed(address.ip(), &networks)).collect();
            if allowed.is_empty() {
                return Err(NoPublicAddress.into());
            }
            let addresses: Addrs = Box::new(allowed.into_iter());
            Ok(addresses)
        })
    }
}

/// Whether an address is public, or in one of `networks`.
pub(super) fn is_allowed(address: IpAddr, networks: &[IpNet]) -> bool {
    is_public(address) || networks.iter().any(|network| network.contains(&address.to_canonical()))
}

/// Those of `found` that may be connected to.
fn only(
    found: impl Iterator<Item = SocketAddr>,
    is_allowed: impl Fn(IpAddr) -> bool,
) -> Result<Addrs, NoPublicAddress> {
    let public: Vec<SocketAddr> = found.filter(|address| is_allowed(address.ip())).collect();
    if public.is_empty() { Err(NoPublicAddress) } else { Ok(Box::new(public.into_iter())) }
}

/// The addresses of a name.
#[cfg(feature = "testing")]
pub(super) type Addresses = Box<dyn Fn(&str) -> Vec<IpAddr> + Send + Sync>;

/// Resolves names as a test says, and takes one address more for public.
#[cfg(feature = "testing")]
pub(super) struct Scripted {
    pub(super) resolve: Addresses,
    pub(super) public: IpAddr,
}

#[cfg(feature = "testing")]
impl Resolve for Scripted {
    fn resolve(&self, name: Name) -> Resolving {
        let found: Vec<IpAddr> = (self.resolve)(name.as_str());
        let found = found.into_iter().map(|address| SocketAddr::from((address, 0)));
        let allowed = only(found, |address| is_public(address) || address == self.public);
        Box::pin(async move { Ok(allowed?) })
    }
}

/// Whether an address is public: not loopback, private, link-local, shared, or reserved (RFC 6890, and the IANA registries of special-purpose addresses).
pub(super) fn is_public(address: IpAddr) -> bool {
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
    let relay = first == 192 && second == 88 && third == 99;
    !(address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_broadcast()
        || address.is_documentation()
        || first == 0
        || first >= 224
        || shared
        || protocol
        || benchmark
        || relay)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    // Global unicast only, without 6to4, which embeds an IPv4 address (NAT64 is outside it), the protocol assignments of
    // 2001::/23, such as Teredo, and what is for documentation.
    let [first, second, ..] = address.segments();
    let protocol = first == 0x2001 && second < 0x0200;
    let documentation = (first == 0x2001 && second == 0x0db8) || (first == 0x3fff && second < 0x1000);
    (0x2000..0x4000).contains(&first) && first != 0x2002 && !protocol && !documentation
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
            "2001:0:7f00:1::",
            "2001:2::1",
            "2001:db8::1",
            "3fff::1",
            "192.88.99.1",
            "198.18.0.1",
        ] {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
        for address in ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "1.1.1.1"] {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
    }
}
