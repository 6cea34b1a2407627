//! For how long a document counts after it was fetched: as its host says (RFC 9111 §4.2), within bounds.

use std::time::Duration;

use http::HeaderMap;
use http::header::{AGE, CACHE_CONTROL, CONTENT_TYPE, HeaderName};

/// The shortest time, also of what must not be stored: one sign-in reads a document once.
const SHORTEST: Duration = Duration::from_mins(1);
/// The longest time: a key or a redirect URI that was withdrawn is not accepted for longer.
const LONGEST: Duration = Duration::from_hours(24);
/// The time if the host says nothing.
const USUAL: Duration = Duration::from_hours(1);

/// For how long a response with these headers counts.
pub fn of(headers: &HeaderMap) -> Duration {
    let directives =
        || headers.get_all(CACHE_CONTROL).iter().filter_map(|value| value.to_str().ok()).flat_map(|all| all.split(','));
    let mut max_age = None;
    for directive in directives() {
        let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
        match name.trim().to_ascii_lowercase().as_str() {
            "no-store" | "no-cache" => return SHORTEST,
            "max-age" => max_age = value.trim().trim_matches('"').parse::<u64>().ok().or(Some(0)),
            _ => {}
        }
    }
    let Some(seconds) = max_age else { return USUAL };
    let age = number(headers, &AGE).unwrap_or(0);
    Duration::from_secs(seconds.saturating_sub(age)).clamp(SHORTEST, LONGEST)
}

/// Whether a response with these headers is JSON: `application/json`, or a type of its kind.
pub fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
}

fn number(headers: &HeaderMap, name: &HeaderName) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn headers(lines: &[(HeaderName, &str)]) -> HeaderMap {
        lines.iter().map(|(name, value)| (name.clone(), HeaderValue::from_str(value).unwrap())).collect()
    }

    #[test]
    fn a_document_counts_as_long_as_its_host_says_within_bounds() {
        for (value, seconds) in [
            ("max-age=600", 600),
            ("public, MAX-AGE=\"600\"", 600),
            ("max-age=0", 60),
            ("max-age=5, must-revalidate", 60),
            ("max-age=31536000, immutable", 86_400),
            ("max-age=99999999999999999999", 60),
            ("max-age=-5", 60),
            ("no-store, max-age=600", 60),
            ("no-cache", 60),
            ("public", 3_600),
            ("", 3_600),
        ] {
            assert_eq!(of(&headers(&[(CACHE_CONTROL, value)])).as_secs(), seconds, "{value}");
        }
        assert_eq!(of(&HeaderMap::new()), USUAL);
        let aged = headers(&[(CACHE_CONTROL, "max-age=600"), (AGE, "200")]);
        assert_eq!(of(&aged).as_secs(), 400);
    }

    #[test]
    fn a_document_is_served_as_json() {
        for good in ["application/json", "Application/JSON; charset=utf-8", "application/client+json"] {
            assert!(is_json(&headers(&[(CONTENT_TYPE, good)])), "{good}");
        }
        for bad in ["text/html", "text/plain", "image/svg+json", "application/jsonp", ""] {
            assert!(!is_json(&headers(&[(CONTENT_TYPE, bad)])), "{bad}");
        }
        assert!(!is_json(&HeaderMap::new()));
    }
}
