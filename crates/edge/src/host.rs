//! Checks the host of a request before it is used (RFC 9112 §3.2, RFC 9113 §8.3.1).

use std::net::Ipv6Addr;

use http::header::HOST;
use http::request::Parts;
use http::{HeaderValue, StatusCode, Version};

use crate::api_error::ApiError;

/// Rejects a request without a host, or with several, malformed or differing ones. HTTP/1.0 had no `Host`.
pub(super) fn check(parts: &Parts) -> Result<(), ApiError> {
    let refused = |description| Err(ApiError::new(StatusCode::BAD_REQUEST, "invalid_request", description));
    let mut named = parts.headers.get_all(HOST).iter();
    let host = named.next();
    if named.next().is_some() {
        return refused("The request has more than one Host header");
    }
    if host.is_some_and(|host| !is_host(host.as_bytes())) {
        return refused("The Host header is malformed");
    }
    let authority = parts.uri.authority();
    if authority.is_some_and(|authority| !is_host(authority.as_str().as_bytes())) {
        return refused("The request names a malformed host");
    }
    match (parts.version, host, authority) {
        // The host of an absolute address takes precedence over `Host` (RFC 9112 §3.2.2), which must still be present.
        (Version::HTTP_11, None, _) => refused("The Host header is missing"),
        (Version::HTTP_09 | Version::HTTP_10 | Version::HTTP_11, ..) => Ok(()),
        (_, None, None) => refused("The request names no host"),
        (_, Some(host), Some(authority)) if !host.as_bytes().eq_ignore_ascii_case(authority.as_str().as_bytes()) => {
            refused("The Host header differs from :authority")
        }
        _ => Ok(()),
    }
}

/// The requested host: of the address, or else of `Host`.
pub(super) fn of(parts: &Parts) -> Option<HeaderValue> {
    match parts.uri.authority() {
        Some(authority) => HeaderValue::from_str(authority.as_str()).ok(),
        None => parts.headers.get(HOST).cloned(),
    }
}

/// `uri-host [ ":" port ]` (RFC 9110 §7.2); http addresses have a non-empty host (§4.2.1).
fn is_host(text: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(text) else { return false };
    let (host, port) = match text.strip_prefix('[') {
        Some(literal) => {
            let Some((address, rest)) = literal.split_once(']') else { return false };
            if address.parse::<Ipv6Addr>().is_err() {
                return false;
            }
            match rest.strip_prefix(':') {
                Some(port) => ("", Some(port)),
                None if rest.is_empty() => return true,
                None => return false,
            }
        }
        None => match text.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        },
    };
    let is_named = text.starts_with('[') || (!host.is_empty() && is_name(host));
    let is_port =
        |port: &str| port.bytes().all(|byte| byte.is_ascii_digit()) && (port.is_empty() || port.parse::<u16>().is_ok());
    is_named && port.is_none_or(is_port)
}

/// `reg-name` (RFC 3986 §3.2.2), including IPv4 addresses; without the comma, which joins two headers.
fn is_name(host: &str) -> bool {
    let mut bytes = host.bytes();
    while let Some(byte) = bytes.next() {
        let is_plain = byte.is_ascii_alphanumeric()
            || matches!(
                byte,
                b'-' | b'.' | b'_' | b'~' | b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b';' | b'='
            );
        let is_escape = byte == b'%' && (0..2).all(|_| bytes.next().is_some_and(|digit| digit.is_ascii_hexdigit()));
        if !is_plain && !is_escape {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn reported(version: Version, uri: &str, hosts: &[&str]) -> u16 {
        let mut request = Request::builder().version(version).uri(uri);
        for host in hosts {
            request = request.header(HOST, HeaderValue::from_bytes(host.as_bytes()).unwrap());
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        check(&parts).map_or_else(|error| error.status().as_u16(), |()| 200)
    }

    #[test]
    fn an_http_1_1_request_names_one_host() {
        for host in [
            "id.example.org",
            "ID.example.org:8443",
            "127.0.0.1:80",
            "[::1]",
            "[::1]:8080",
            "a:",
            "a_b",
            "xn--d1acufc",
            "a%2Db",
        ] {
            assert_eq!(reported(Version::HTTP_11, "/", &[host]), 200, "{host}");
        }
        for hosts in [
            &[][..],
            &["a", "b"],
            &["a", "a"],
            &["a", ""],
            &[""],
            &[" "],
            &[":80"],
            &["a:b"],
            &["a:65536"],
            &["a:-1"],
            &["a b"],
            &["a,b"],
            &["user@a"],
            &["http://a"],
            &["a/b"],
            &["a?b"],
            &["a#b"],
            &["a\\b"],
            &["::1"],
            &["[::1"],
            &["[::1]x"],
            &["[g::1]"],
            &["a%zz"],
            &["a%2"],
            &["b\u{fc}cher.example"],
            &["<a>"],
        ] {
            assert_eq!(reported(Version::HTTP_11, "/", hosts), 400, "{hosts:?}");
        }
    }

    #[test]
    fn an_http_1_0_request_may_name_no_host_but_not_two() {
        assert_eq!(reported(Version::HTTP_10, "/", &[]), 200);
        assert_eq!(reported(Version::HTTP_10, "/", &["a"]), 200);
        assert_eq!(reported(Version::HTTP_10, "/", &["a", "b"]), 400);
        assert_eq!(reported(Version::HTTP_10, "/", &["a b"]), 400);
    }

    #[test]
    fn in_http_2_host_and_authority_agree() {
        assert_eq!(reported(Version::HTTP_2, "https://a/", &[]), 200);
        assert_eq!(reported(Version::HTTP_2, "https://a:8443/", &["A:8443"]), 200);
        assert_eq!(reported(Version::HTTP_2, "/", &["a"]), 200);
        assert_eq!(reported(Version::HTTP_2, "/", &[]), 400);
        assert_eq!(reported(Version::HTTP_2, "https://a/", &["b"]), 400);
        assert_eq!(reported(Version::HTTP_2, "https://a/", &["a:8443"]), 400);
        assert_eq!(reported(Version::HTTP_2, "https://a/", &["a", "a"]), 400);
        assert_eq!(reported(Version::HTTP_2, "https://user@a/", &[]), 400);
    }

    #[test]
    fn an_absolute_address_counts_before_the_host_header() {
        assert_eq!(reported(Version::HTTP_11, "http://a/", &["b"]), 200);
        assert_eq!(reported(Version::HTTP_11, "http://a/", &[]), 400);
        assert_eq!(reported(Version::HTTP_11, "http://user:secret@a/", &["a"]), 400);
        let parts = Request::get("http://a/").header(HOST, "b").body(()).unwrap().into_parts().0;
        assert_eq!(of(&parts).unwrap(), "a");
    }
}
