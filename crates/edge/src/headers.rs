//! The headers that every answer carries, made once.

use axum::body::Body;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, PRAGMA, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{HeaderMap, HeaderValue, Response};

use crate::policy::Framing;

/// `application/json`, which needs no charset (RFC 8259 §11).
pub(super) const JSON: HeaderValue = HeaderValue::from_static("application/json");

const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");
const CROSS_ORIGIN_OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");

const NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");
/// The origin alone: paths and queries of ours never leave, and a form posted by our own pages still names its origin
/// (under `no-referrer` browsers would send `Origin: null`).
const ORIGIN_ONLY: HeaderValue = HeaderValue::from_static("strict-origin");
const NO_FEATURES: HeaderValue =
    HeaderValue::from_static("camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()");
const SAME_ORIGIN: HeaderValue = HeaderValue::from_static("same-origin");
const DENY: HeaderValue = HeaderValue::from_static("DENY");
/// What loads nothing and may not be framed: right for all that is no page. Pages set their own.
const NOTHING: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
const NO_CACHE: HeaderValue = HeaderValue::from_static("no-cache");
const ONE_YEAR: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// Adds what the handler did not set itself. `caching` is the endpoint's, for successful responses.
pub(super) fn secure(response: &mut Response<Body>, https: bool, framing: Framing, caching: Option<&HeaderValue>) {
    let is_success = response.status().is_success();
    let headers = response.headers_mut();
    headers.reserve(16);
    headers.insert(X_CONTENT_TYPE_OPTIONS, NOSNIFF);
    default(headers, REFERRER_POLICY, ORIGIN_ONLY);
    default(headers, PERMISSIONS_POLICY, NO_FEATURES);
    default(headers, CROSS_ORIGIN_OPENER_POLICY, SAME_ORIGIN);
    if framing == Framing::Denied {
        headers.insert(X_FRAME_OPTIONS, DENY);
    }
    default(headers, CONTENT_SECURITY_POLICY, NOTHING);
    if https {
        headers.insert(STRICT_TRANSPORT_SECURITY, ONE_YEAR);
    }
    if !headers.contains_key(CACHE_CONTROL) {
        if let Some(caching) = caching.filter(|_| is_success) {
            headers.insert(CACHE_CONTROL, caching.clone());
        } else {
            headers.insert(CACHE_CONTROL, NO_STORE);
            headers.insert(PRAGMA, NO_CACHE);
        }
    }
}

fn default(headers: &mut HeaderMap, name: HeaderName, value: HeaderValue) {
    headers.entry(name).or_insert(value);
}

const X_RATELIMIT_LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const X_RATELIMIT_REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const X_RATELIMIT_RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

/// The `X-RateLimit-…` headers; `reset` in seconds since the epoch.
pub(super) fn rate_limit(headers: &mut HeaderMap, limit: u32, remaining: u32, reset: i64) {
    headers.insert(X_RATELIMIT_LIMIT, HeaderValue::from(limit));
    headers.insert(X_RATELIMIT_REMAINING, HeaderValue::from(remaining));
    headers.insert(X_RATELIMIT_RESET, HeaderValue::from(reset));
}

/// Whether they are there.
pub(super) fn tells_rate_limit(headers: &HeaderMap) -> bool {
    headers.contains_key(X_RATELIMIT_LIMIT)
}

#[cfg(test)]
mod tests {
    use http::StatusCode;

    use super::*;

    fn answer(set: &[(HeaderName, &'static str)], https: bool) -> String {
        secured(set, https, Framing::Denied)
    }

    fn secured(set: &[(HeaderName, &'static str)], https: bool, framing: Framing) -> String {
        let mut response = Response::new(Body::empty());
        for (name, value) in set {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        secure(&mut response, https, framing, None);
        let lines: Vec<_> =
            response.headers().iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
        lines.join("\n")
    }

    #[test]
    fn every_response_has_security_headers_by_default() {
        insta::assert_snapshot!(answer(&[], true), @r"
        x-content-type-options: nosniff
        referrer-policy: strict-origin
        permissions-policy: camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()
        cross-origin-opener-policy: same-origin
        x-frame-options: DENY
        content-security-policy: default-src 'none'; frame-ancestors 'none'
        strict-transport-security: max-age=31536000
        cache-control: no-store
        pragma: no-cache
        ");
    }

    #[test]
    fn headers_set_by_a_handler_are_kept() {
        let set = [
            (CONTENT_SECURITY_POLICY, "default-src 'self'; frame-ancestors 'none'"),
            (CACHE_CONTROL, "public, max-age=15"),
        ];
        insta::assert_snapshot!(answer(&set, false), @r"
        content-security-policy: default-src 'self'; frame-ancestors 'none'
        cache-control: public, max-age=15
        x-content-type-options: nosniff
        referrer-policy: strict-origin
        permissions-policy: camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()
        cross-origin-opener-policy: same-origin
        x-frame-options: DENY
        ");
    }

    #[test]
    fn a_page_may_be_framed_only_when_the_policy_of_its_endpoint_says_so() {
        let framed = |framing, policy| secured(&[(CONTENT_SECURITY_POLICY, policy)], false, framing);
        assert!(framed(Framing::Denied, "default-src 'self'").contains("x-frame-options: DENY"));
        assert!(framed(Framing::Denied, "frame-ancestors https:").contains("x-frame-options: DENY"));
        let own = "default-src 'self'; frame-ancestors https:";
        assert!(!framed(Framing::ByItsPolicy, own).contains("x-frame-options"));
        let without = secured(&[], false, Framing::ByItsPolicy);
        assert!(without.contains("frame-ancestors 'none'"), "a page without a policy of its own: {without}");
    }

    #[test]
    fn only_successful_responses_are_cached() {
        let cached = |status, set: Option<&'static str>| {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = status;
            if let Some(set) = set {
                response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static(set));
            }
            secure(&mut response, false, Framing::Denied, Some(&HeaderValue::from_static("max-age=60")));
            response.headers().get(CACHE_CONTROL).unwrap().to_str().unwrap().to_owned()
        };
        assert_eq!(cached(StatusCode::OK, None), "max-age=60");
        assert_eq!(cached(StatusCode::OK, Some("no-store")), "no-store", "the handler decides");
        assert_eq!(cached(StatusCode::NOT_FOUND, None), "no-store");
        assert_eq!(cached(StatusCode::SEE_OTHER, None), "no-store");
    }
}
