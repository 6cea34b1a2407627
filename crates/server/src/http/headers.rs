//! The headers that every answer carries, made once.

use axum::body::Body;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, PRAGMA, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{HeaderMap, HeaderValue, Response};

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

/// Adds what the handler did not set itself.
pub(super) fn secure(response: &mut Response<Body>, https: bool) {
    let headers = response.headers_mut();
    headers.reserve(16);
    headers.insert(X_CONTENT_TYPE_OPTIONS, NOSNIFF);
    default(headers, REFERRER_POLICY, ORIGIN_ONLY);
    default(headers, PERMISSIONS_POLICY, NO_FEATURES);
    default(headers, CROSS_ORIGIN_OPENER_POLICY, SAME_ORIGIN);
    if !framing_is_allowed(headers) {
        headers.insert(X_FRAME_OPTIONS, DENY);
    }
    default(headers, CONTENT_SECURITY_POLICY, NOTHING);
    if https {
        headers.insert(STRICT_TRANSPORT_SECURITY, ONE_YEAR);
    }
    if !headers.contains_key(CACHE_CONTROL) {
        headers.insert(CACHE_CONTROL, NO_STORE);
        headers.insert(PRAGMA, NO_CACHE);
    }
}

fn default(headers: &mut HeaderMap, name: HeaderName, value: HeaderValue) {
    headers.entry(name).or_insert(value);
}

/// A page that says itself who may frame it (`/signer`); `X-Frame-Options` could not say the same.
fn framing_is_allowed(headers: &HeaderMap) -> bool {
    let policy = headers.get(CONTENT_SECURITY_POLICY).and_then(|policy| policy.to_str().ok());
    policy.is_some_and(|policy| policy.contains("frame-ancestors") && !policy.contains("frame-ancestors 'none'"))
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
    use super::*;

    fn answer(set: &[(HeaderName, &'static str)], https: bool) -> String {
        let mut response = Response::new(Body::empty());
        for (name, value) in set {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        secure(&mut response, https);
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
    fn a_page_may_be_framed_only_when_its_own_policy_says_so() {
        let framed = |policy| answer(&[(CONTENT_SECURITY_POLICY, policy)], false);
        assert!(framed("default-src 'self'").contains("x-frame-options: DENY"));
        assert!(framed("frame-ancestors 'none'").contains("x-frame-options: DENY"));
        assert!(!framed("default-src 'self'; frame-ancestors https:").contains("x-frame-options"));
    }
}
