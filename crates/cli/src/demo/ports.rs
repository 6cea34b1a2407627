//! Finds free ports.

use std::net::{Ipv4Addr, Ipv6Addr, TcpListener};

use crate::failure::Failure;

/// How many ports to try after the first.
const TRIES: u16 = 100;

/// Returns the `wanted` port, which must be free, or the first free one from `first` on other than `taken`.
pub fn free(wanted: Option<u16>, first: u16, taken: &[u16]) -> Result<u16, Failure> {
    match wanted {
        Some(port) if taken.contains(&port) || !is_free(port) => {
            Err(Failure::Refused(format!("port {port} is taken; omit it to use the next free one")))
        }
        Some(port) => Ok(port),
        None => (first..=first.saturating_add(TRIES))
            .find(|port| !taken.contains(port) && is_free(*port))
            .ok_or_else(|| Failure::Failed(format!("no free port from {first} on; choose one with --port"))),
    }
}

/// Whether the port is free for both address families: `localhost` may mean either.
fn is_free(port: u16) -> bool {
    let v6_taken = TcpListener::bind((Ipv6Addr::LOCALHOST, port))
        .is_err_and(|error| error.kind() == std::io::ErrorKind::AddrInUse);
    !v6_taken && TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_skipped_unless_it_was_requested() {
        let holder = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = holder.local_addr().unwrap().port();
        assert_ne!(free(None, port, &[]).unwrap(), port);
        assert!(matches!(free(Some(port), 8080, &[]), Err(Failure::Refused(_))));
    }
}
