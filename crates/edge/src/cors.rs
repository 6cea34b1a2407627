//! Decides which other origins may read responses (`docs/spec/sessions.md#cors`).

use axum::body::Body;
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS,
    ACCESS_CONTROL_REQUEST_METHOD, HeaderName, ORIGIN, VARY,
};
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};

use crate::origin::Origins;
use crate::policy::CorsPolicy;

const ANY: HeaderValue = HeaderValue::from_static("*");
const TRUE: HeaderValue = HeaderValue::from_static("true");
/// Request headers that trusted origins may send with credentials: our own, and those of tracing and HTTP libraries.
const ALLOWED: HeaderValue = HeaderValue::from_static(
    "Authorization, Content-Type, DPoP, X-Auth-Token, X-Sigma-Enrollment-Proof, X-Sigma-ApiKey, X-Requested-With, traceparent, \
     tracestate, baggage, sentry-trace",
);
/// Any header; `*` does not include `Authorization` (Fetch §4.9).
const ANY_AND_AUTHORIZATION: HeaderValue = HeaderValue::from_static("*, Authorization");
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "Retry-After, X-Retry-After, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, WWW-Authenticate, \
     DPoP-Nonce, X-Request-Id, set-auth-token",
);
const METHODS: HeaderValue = HeaderValue::from_static("GET, POST, PUT, PATCH, DELETE, OPTIONS");
const TWO_HOURS: HeaderValue = HeaderValue::from_static("7200");

/// The CORS headers of a response, decided before the request is consumed.
pub(super) enum CorsDecision {
    /// Any origin; sent even without an `Origin`, so that caches may keep the response.
    Anyone,
    /// This trusted origin, with credentials.
    Origin(HeaderValue),
    /// A page of an origin that may not read the response.
    Refused,
    /// Not a cross-origin request.
    Unasked,
}

impl CorsDecision {
    pub(super) fn of(cors: CorsPolicy, origins: &Origins, headers: &HeaderMap) -> Self {
        if cors == CorsPolicy::Anyone {
            return Self::Anyone;
        }
        match headers.get(ORIGIN) {
            Some(origin) if origins.include(origin) => Self::Origin(origin.clone()),
            Some(_) => Self::Refused,
            None => Self::Unasked,
        }
    }

    /// Writes the decision into the response.
    pub(super) fn write(self, headers: &mut HeaderMap) {
        match self {
            Self::Anyone => {
                headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, ANY);
                headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
            }
            Self::Origin(origin) => {
                headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
                headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, TRUE);
                headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
                headers.append(VARY, HeaderValue::from_static("Origin"));
            }
            Self::Refused => {
                headers.append(VARY, HeaderValue::from_static("Origin"));
            }
            Self::Unasked => {}
        }
    }
}

/// Whether this is a CORS preflight (Fetch §3.2.2).
pub(super) fn is_preflight(method: &Method, headers: &HeaderMap) -> bool {
    *method == Method::OPTIONS && headers.contains_key(ORIGIN) && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

/// Answers a preflight: 204, without permissions if the origin has none.
///
/// Where anyone may call without credentials, a list of headers protects nothing and breaks clients that add some, such
/// as tracing libraries: allow what was requested.
pub(super) fn preflight(cors: &CorsDecision, asked: &HeaderMap) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    let allowed = match cors {
        CorsDecision::Anyone => {
            headers.append(VARY, HeaderValue::from_static("Access-Control-Request-Headers"));
            requested(asked)
        }
        CorsDecision::Origin(_) => ALLOWED,
        CorsDecision::Refused | CorsDecision::Unasked => return response,
    };
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, allowed);
    headers.insert(ACCESS_CONTROL_MAX_AGE, TWO_HOURS);
    response
}

/// The headers that a preflight requests, if well-formed; otherwise any.
fn requested(asked: &HeaderMap) -> HeaderValue {
    /// Enough for a page with many libraries, and little to send back.
    const LONGEST: usize = 2_048;
    let mut named = asked.get_all(ACCESS_CONTROL_REQUEST_HEADERS).iter();
    let (Some(value), None) = (named.next(), named.next()) else { return ANY_AND_AUTHORIZATION };
    let is_name = |name: &[u8]| HeaderName::from_bytes(name.trim_ascii()).is_ok();
    let is_list = value.len() <= LONGEST && value.as_bytes().split(|byte| *byte == b',').all(is_name);
    if is_list { value.clone() } else { ANY_AND_AUTHORIZATION }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reported(cors: CorsPolicy, origin: Option<&'static str>) -> String {
        let origins = Origins::new("https://id.example.org", &["https://app.example.com".to_owned()]).unwrap();
        let mut headers = HeaderMap::new();
        if let Some(origin) = origin {
            headers.insert(ORIGIN, HeaderValue::from_static(origin));
        }
        let mut answer = HeaderMap::new();
        CorsDecision::of(cors, &origins, &headers).write(&mut answer);
        let lines: Vec<_> = answer
            .iter()
            .filter(|(name, _)| *name != ACCESS_CONTROL_EXPOSE_HEADERS)
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
            .collect();
        lines.join("; ")
    }

    #[test]
    fn public_responses_are_readable_without_credentials() {
        for origin in [None, Some("https://evil.example"), Some("null"), Some("https://app.example.com")] {
            assert_eq!(reported(CorsPolicy::Anyone, origin), "access-control-allow-origin: *");
        }
    }

    fn allowed(cors: CorsPolicy, asked: &[&'static str]) -> String {
        let origins = Origins::new("https://id.example.org", &["https://app.example.com".to_owned()]).unwrap();
        let mut headers = HeaderMap::new();
        headers.insert(ORIGIN, HeaderValue::from_static("https://app.example.com"));
        for value in asked {
            headers.append(ACCESS_CONTROL_REQUEST_HEADERS, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        let response = preflight(&CorsDecision::of(cors, &origins, &headers), &headers);
        assert_eq!(response.headers()[ACCESS_CONTROL_MAX_AGE], "7200");
        response.headers()[ACCESS_CONTROL_ALLOW_HEADERS].to_str().unwrap().to_owned()
    }

    #[test]
    fn a_page_without_credentials_may_send_any_header_that_it_asks_for() {
        for asked in [
            "traceparent",
            "authorization,content-type,traceparent,tracestate",
            "sentry-trace, baggage",
            "x-sigma-apikey",
            "x-requested-with,x-csrf-token,x-datadog-trace-id",
        ] {
            assert_eq!(allowed(CorsPolicy::Anyone, &[asked]), asked);
        }
    }

    #[test]
    fn an_invalid_header_list_is_never_echoed() {
        let long: &'static str = "x-a,".repeat(1_000).leak();
        for asked in [&[][..], &[""], &["a b"], &["x-a,"], &["x-a,\u{e9}"], &["x-a", "x-b"], &[long]] {
            assert_eq!(allowed(CorsPolicy::Anyone, asked), "*, Authorization", "{asked:?}");
        }
    }

    #[test]
    fn a_trusted_origin_may_send_the_headers_of_a_list_with_its_cookies() {
        let list = allowed(CorsPolicy::Trusted, &["x-anything"]).to_ascii_lowercase();
        let list: Vec<_> = list.split(", ").collect();
        for name in [
            "authorization",
            "content-type",
            "x-auth-token",
            "x-sigma-apikey",
            "traceparent",
            "sentry-trace",
            "baggage",
        ] {
            assert!(list.contains(&name), "{name}");
        }
        assert!(!list.contains(&"x-anything"));
    }

    #[test]
    fn only_trusted_origins_read_cookie_authenticated_responses() {
        for origin in ["https://id.example.org", "https://app.example.com"] {
            assert_eq!(
                reported(CorsPolicy::Trusted, Some(origin)),
                format!("access-control-allow-origin: {origin}; access-control-allow-credentials: true; vary: Origin")
            );
        }
        for origin in
            ["https://evil.example", "null", "https://app.example.com.evil.example", "HTTPS://app.example.com"]
        {
            assert_eq!(reported(CorsPolicy::Trusted, Some(origin)), "vary: Origin");
        }
        assert_eq!(reported(CorsPolicy::Trusted, None), "");
    }
}
