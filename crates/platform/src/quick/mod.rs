//! Quick login to a workspace, without a credential: who may use it, and the session that it begins. Callers must be on a
//! network that the operator named, and really be there.

mod member;
mod session;

use http::HeaderValue;
use http::uri::Authority;
use sigma_store::org::quick::Managers;

use crate::http::RequestContext;
use crate::state::AppState;

pub use member::{find_member, is_signed_in};
pub use session::QuickSession;

/// Length of the id of a session in a workspace: 131 bits.
pub const JTI_LENGTH: usize = 22;

/// The roles that may use quick login from the caller's network; `None` if none may.
///
/// The network does not tell who made a browser there send the request. The policy of these paths refuses pages of
/// other origins; but with DNS rebinding, a page whose name points to this server is of our origin to the browser, so a
/// foreign name is refused here.
pub fn allowed(sigma: &AppState, context: &RequestContext) -> Option<Managers> {
    if !network_is_allowed(sigma, context) {
        return None;
    }
    if !context.host().is_none_or(|host| may_be_ours(host, &sigma.issuer_host())) {
        return None;
    }
    managers(sigma)
}

/// Whether the caller's network is allowed. A caller that a proxy did not name is on no network.
pub fn network_is_allowed(sigma: &AppState, context: &RequestContext) -> bool {
    let settings = &sigma.settings.workspaces;
    let is_there = settings.demo || context.is_client_known();
    is_there && settings.allows_quick_logins_of(context.client().ip())
}

/// Whether roles that manage something may; `None` if this server has no quick logins at all.
pub fn managers(sigma: &AppState) -> Option<Managers> {
    let settings = &sigma.settings.workspaces;
    if settings.demo {
        return Some(Managers::Welcome);
    }
    (!settings.allow_quick_logins.is_empty()).then_some(Managers::Excluded)
}

/// Whether a `Host` is ours, or one that no outsider can own: an address, or a name without a dot, as proxies and
/// containers use among themselves.
fn may_be_ours(host: &HeaderValue, own: &str) -> bool {
    let Ok(named) = Authority::try_from(host.as_bytes()) else { return false };
    let host = named.host();
    let is_address = host.starts_with('[') || host.parse::<std::net::Ipv4Addr>().is_ok();
    is_address || !host.contains('.') || host.eq_ignore_ascii_case(own)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_host_names_are_not_ours() {
        let is_ours = |host: &'static str| may_be_ours(&HeaderValue::from_static(host), "id.example.org");
        for host in ["id.example.org", "ID.example.org:8443", "localhost:8080", "10.0.0.5:8080", "[::1]:8080", "sigma"]
        {
            assert!(is_ours(host), "{host}");
        }
        for host in ["evil.example:8080", "id.example.org.evil.example", "10.0.0.5.evil.example", "", "a b", "1.2.3"] {
            assert!(!is_ours(host), "{host}");
        }
    }
}
