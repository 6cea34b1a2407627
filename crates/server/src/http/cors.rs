//! Which pages of other origins may read answers (contract 1.0).

use axum::body::Body;
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD,
    ORIGIN, VARY,
};
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};

use crate::http::origin::Origins;
use crate::http::policy::Readers;

const ANY: HeaderValue = HeaderValue::from_static("*");
const TRUE: HeaderValue = HeaderValue::from_static("true");
const ALLOWED: HeaderValue =
    HeaderValue::from_static("Authorization, Content-Type, X-Auth-Token, X-Sigma-Enrollment-Proof");
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "Retry-After, X-Retry-After, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, WWW-Authenticate, \
     X-Request-Id, set-auth-token",
);
const METHODS: HeaderValue = HeaderValue::from_static("GET, POST, PUT, PATCH, DELETE, OPTIONS");
const TWO_HOURS: HeaderValue = HeaderValue::from_static("7200");

/// What a request's answer will say about who may read it, decided before the request is given away.
pub(super) enum Grant {
    /// Any origin; said even when none asked, so that caches may keep the answer.
    Anyone,
    /// This trusted origin, with credentials.
    Origin(HeaderValue),
    /// A page asked that may not read the answer.
    Refused,
    /// No page of another origin asked.
    Unasked,
}

impl Grant {
    pub(super) fn of(readers: Readers, origins: &Origins, headers: &HeaderMap) -> Self {
        if readers == Readers::Anyone {
            return Self::Anyone;
        }
        match headers.get(ORIGIN) {
            Some(origin) if origins.include(origin) => Self::Origin(origin.clone()),
            Some(_) => Self::Refused,
            None => Self::Unasked,
        }
    }

    /// Writes the decision into an answer.
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

/// A browser asks what it may send before it sends it (Fetch §3.2.2).
pub(super) fn is_preflight(method: &Method, headers: &HeaderMap) -> bool {
    *method == Method::OPTIONS && headers.contains_key(ORIGIN) && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

/// The answer to a preflight: 204, without permissions when the origin has none.
pub(super) fn preflight(grant: &Grant) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    if matches!(grant, Grant::Anyone | Grant::Origin(_)) {
        let headers = response.headers_mut();
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, ALLOWED);
        headers.insert(ACCESS_CONTROL_MAX_AGE, TWO_HOURS);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(readers: Readers, origin: Option<&'static str>) -> String {
        let origins = Origins::new("https://id.example.org", &["https://app.example.com".to_owned()]).unwrap();
        let mut headers = HeaderMap::new();
        if let Some(origin) = origin {
            headers.insert(ORIGIN, HeaderValue::from_static(origin));
        }
        let mut answer = HeaderMap::new();
        Grant::of(readers, &origins, &headers).write(&mut answer);
        let lines: Vec<_> = answer
            .iter()
            .filter(|(name, _)| *name != ACCESS_CONTROL_EXPOSE_HEADERS)
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
            .collect();
        lines.join("; ")
    }

    #[test]
    fn anyone_may_read_what_is_for_anyone_but_without_credentials() {
        for origin in [None, Some("https://evil.example"), Some("null"), Some("https://app.example.com")] {
            assert_eq!(told(Readers::Anyone, origin), "access-control-allow-origin: *");
        }
    }

    #[test]
    fn only_trusted_origins_read_what_cookies_open() {
        for origin in ["https://id.example.org", "https://app.example.com"] {
            assert_eq!(
                told(Readers::Trusted, Some(origin)),
                format!("access-control-allow-origin: {origin}; access-control-allow-credentials: true; vary: Origin")
            );
        }
        for origin in
            ["https://evil.example", "null", "https://app.example.com.evil.example", "HTTPS://app.example.com"]
        {
            assert_eq!(told(Readers::Trusted, Some(origin)), "vary: Origin");
        }
        assert_eq!(told(Readers::Trusted, None), "");
    }
}
