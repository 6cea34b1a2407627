//! Where a browser says a request comes from, and whether it may act with this browser's cookies
//! (`docs/spec/sessions.md#cross-site-requests`).

use std::borrow::Cow;

use http::header::{COOKIE, HeaderName, ORIGIN, REFERER};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use url::Url;

use crate::api_error::ApiError;
use crate::policy::Cookies;

pub(super) const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Our own origin and the trusted ones; never derived from redirect URIs.
#[derive(Clone, Debug)]
pub(super) struct Origins {
    own: String,
    trusted: Vec<String>,
}

impl Origins {
    /// `None` when one of them is not an http or https URL.
    pub(super) fn new(issuer: &str, trusted: &[String]) -> Option<Self> {
        let trusted = trusted.iter().map(|origin| serialized(origin)).collect::<Option<Vec<_>>>()?;
        Some(Self { own: serialized(issuer)?, trusted })
    }

    /// The value of an `Origin` header, compared as the browser wrote it.
    pub(super) fn include(&self, origin: &HeaderValue) -> bool {
        self.are_own(origin.as_bytes()) || self.are_trusted(origin.as_bytes())
    }

    fn are_own(&self, origin: &[u8]) -> bool {
        self.own.as_bytes() == origin
    }

    fn are_trusted(&self, origin: &[u8]) -> bool {
        self.trusted.iter().any(|trusted| trusted.as_bytes() == origin)
    }
}

/// An origin as browsers serialise it: lower case, without a default port.
fn serialized(url: &str) -> Option<String> {
    let url = Url::parse(url).ok()?;
    matches!(url.scheme(), "http" | "https").then(|| url.origin().ascii_serialization())
}

/// The page that made the request, according to the browser.
enum Source {
    /// Not stated: no browser, or a very old one.
    Unsaid,
    Own,
    Trusted,
    Foreign,
    /// `Origin: null`, or a browser that hides it.
    Hidden,
}

/// Rejects requests by which another site would act with its visitor's cookies; removes ignored cookies.
///
/// `SameSite=Lax` already keeps our cookies from foreign sites, but not from other hosts of the same site.
pub(super) fn guard(
    origins: &Origins,
    cookies: Cookies,
    method: &Method,
    headers: &mut HeaderMap,
) -> Result<(), ApiError> {
    if cookies == Cookies::Ignored {
        headers.remove(COOKIE);
        return Ok(());
    }
    if let Cookies::Only(names) = cookies {
        keep_cookie(headers, names);
        return Ok(());
    }
    if cookies == Cookies::FromAnywhere || matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) {
        return Ok(());
    }
    if headers.contains_key(COOKIE) || cookies == Cookies::OwnForm {
        return match source(origins, headers) {
            Source::Unsaid if cookies == Cookies::OwnForm => Err(refused(
                "missing_or_null_origin",
                "MISSING_OR_NULL_ORIGIN",
                "Missing Origin: this form is only accepted from this server's own pages",
            )),
            Source::Own | Source::Trusted | Source::Unsaid => Ok(()),
            Source::Foreign => Err(refused("invalid_origin", "INVALID_ORIGIN", "Invalid origin")),
            Source::Hidden => {
                Err(refused("missing_or_null_origin", "MISSING_OR_NULL_ORIGIN", "Missing or null Origin"))
            }
        };
    }
    // Without a cookie only Fetch Metadata counts: programs may send any Origin.
    if cookies == Cookies::SignIn
        && headers.contains_key(SEC_FETCH_SITE)
        && matches!(source(origins, headers), Source::Foreign | Source::Hidden)
    {
        return Err(refused("invalid_origin", "INVALID_ORIGIN", "Invalid origin"));
    }
    Ok(())
}

/// Removes every cookie except the first of these names.
fn keep_cookie(headers: &mut HeaderMap, names: &[&str]) {
    let is_wanted =
        |pair: &str| names.iter().any(|name| pair.strip_prefix(name).is_some_and(|rest| rest.starts_with('=')));
    let sent = headers.get_all(COOKIE).into_iter().filter_map(|line| line.to_str().ok());
    let kept = sent.flat_map(|line| line.split(';')).map(str::trim).find(|pair| is_wanted(pair));
    let kept = kept.and_then(|pair| HeaderValue::from_str(pair).ok());
    headers.remove(COOKIE);
    if let Some(kept) = kept {
        headers.insert(COOKIE, kept);
    }
}

fn source(origins: &Origins, headers: &HeaderMap) -> Source {
    // Browsers send each of these once; a request with two was tampered with.
    let mut named = headers.get_all(ORIGIN).iter();
    let origin = named.next();
    if named.next().is_some() || headers.get_all(SEC_FETCH_SITE).iter().nth(1).is_some() {
        return Source::Foreign;
    }
    let site = headers.get(SEC_FETCH_SITE).map(HeaderValue::as_bytes);
    let from_elsewhere = site.is_some_and(|site| site != b"same-origin" && site != b"none");
    let named = match origin {
        Some(origin) if origin == "null" => return Source::Hidden,
        Some(origin) => Some(Cow::Borrowed(origin.as_bytes())),
        None => match headers.get(REFERER) {
            Some(referer) => match referer.to_str().ok().and_then(serialized) {
                Some(origin) => Some(Cow::Owned(origin.into_bytes())),
                None => return Source::Foreign,
            },
            None => None,
        },
    };
    match named {
        Some(named) if origins.are_trusted(&named) => Source::Trusted,
        // Our own origin from a page that the browser calls cross-site is false.
        Some(named) if origins.are_own(&named) && !from_elsewhere => Source::Own,
        Some(_) => Source::Foreign,
        None if from_elsewhere => Source::Hidden,
        None if site.is_some() => Source::Own,
        None => Source::Unsaid,
    }
}

fn refused(error: &'static str, code: &'static str, message: &'static str) -> ApiError {
    ApiError::new(StatusCode::FORBIDDEN, error, message).with_code(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The error code, or `ok`, for a POST with these headers.
    fn posted(cookies: Cookies, sent: &[(&'static str, &'static str)]) -> &'static str {
        let origins = Origins::new("https://ID.example.org", &["https://app.example.com:443".to_owned()]).unwrap();
        let mut headers = HeaderMap::new();
        for (name, value) in sent {
            headers.append(*name, HeaderValue::from_static(value));
        }
        match guard(&origins, cookies, &Method::POST, &mut headers) {
            Ok(()) => "ok",
            Err(error) if error.status() != 403 => "wrong status",
            Err(error) => error.code().unwrap_or("no code"),
        }
    }

    const SESSION: (&str, &str) = ("cookie", "better-auth.session_token=x");

    #[test]
    fn a_cookie_from_another_site_changes_nothing() {
        let foreign: &[&[(&str, &str)]] = &[
            &[SESSION, ("origin", "https://evil.example")],
            &[SESSION, ("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")],
            &[SESSION, ("origin", "http://id.example.org")],
            &[SESSION, ("origin", "https://id.example.org:8443")],
            &[SESSION, ("origin", "https://id.example.org.evil.example")],
            &[SESSION, ("origin", "https://sub.id.example.org"), ("sec-fetch-site", "same-site")],
            &[SESSION, ("origin", "https://id.example.org"), ("sec-fetch-site", "cross-site")],
            &[SESSION, ("origin", "https://id.example.org"), ("origin", "https://evil.example")],
            &[SESSION, ("referer", "https://evil.example/https://id.example.org")],
            &[SESSION, ("referer", "https://id.example.org@evil.example/")],
            &[SESSION, ("referer", "nonsense")],
        ];
        for sent in foreign {
            assert_eq!(posted(Cookies::Guarded, sent), "INVALID_ORIGIN", "{sent:?}");
        }
    }

    #[test]
    fn a_page_that_hides_its_origin_changes_nothing() {
        let hidden: &[&[(&str, &str)]] = &[
            &[SESSION, ("origin", "null")],
            &[SESSION, ("origin", "null"), ("sec-fetch-site", "same-origin")],
            &[SESSION, ("sec-fetch-site", "cross-site")],
            &[SESSION, ("sec-fetch-site", "same-site")],
        ];
        for sent in hidden {
            assert_eq!(posted(Cookies::Guarded, sent), "MISSING_OR_NULL_ORIGIN", "{sent:?}");
        }
    }

    #[test]
    fn our_pages_trusted_origins_and_programs_may_act() {
        let allowed: &[&[(&str, &str)]] = &[
            &[SESSION, ("origin", "https://id.example.org"), ("sec-fetch-site", "same-origin")],
            &[SESSION, ("origin", "https://id.example.org")],
            &[SESSION, ("referer", "https://id.example.org/consent?x=y")],
            &[SESSION, ("origin", "https://app.example.com"), ("sec-fetch-site", "cross-site")],
            &[SESSION, ("sec-fetch-site", "same-origin")],
            &[SESSION, ("sec-fetch-site", "none")],
            &[SESSION],
            &[("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")],
        ];
        for sent in allowed {
            assert_eq!(posted(Cookies::Guarded, sent), "ok", "{sent:?}");
        }
    }

    #[test]
    fn an_authorization_request_may_be_posted_from_any_site() {
        assert_eq!(posted(Cookies::FromAnywhere, &[SESSION, ("origin", "https://app.example")]), "ok");
    }

    #[test]
    fn a_foreign_page_cannot_sign_its_visitor_in() {
        assert_eq!(
            posted(Cookies::SignIn, &[("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")]),
            "INVALID_ORIGIN"
        );
        assert_eq!(posted(Cookies::SignIn, &[("origin", "null"), ("sec-fetch-site", "cross-site")]), "INVALID_ORIGIN");
        assert_eq!(posted(Cookies::SignIn, &[("origin", "http://backend.example")]), "ok");
        assert_eq!(posted(Cookies::SignIn, &[]), "ok");
    }

    #[test]
    fn our_forms_are_accepted_only_from_our_pages() {
        let own: &[&[(&str, &str)]] = &[
            &[("origin", "https://id.example.org")],
            &[("origin", "https://id.example.org"), ("sec-fetch-site", "same-origin")],
            &[("sec-fetch-site", "same-origin")],
            &[("referer", "https://id.example.org/workspace/login")],
            &[SESSION, ("origin", "https://id.example.org")],
            &[("origin", "https://app.example.com")],
        ];
        for sent in own {
            assert_eq!(posted(Cookies::OwnForm, sent), "ok", "{sent:?}");
        }
        let foreign: &[&[(&str, &str)]] = &[
            &[("origin", "https://evil.example")],
            &[("origin", "http://id.example.org")],
            &[("origin", "https://id.example.org.evil.example")],
            &[("origin", "https://id.example.org"), ("sec-fetch-site", "cross-site")],
            &[("referer", "https://evil.example/")],
            &[("origin", "https://id.example.org"), ("origin", "https://evil.example")],
        ];
        for sent in foreign {
            assert_eq!(posted(Cookies::OwnForm, sent), "INVALID_ORIGIN", "{sent:?}");
        }
        let unsaid: &[&[(&str, &str)]] = &[
            &[],
            &[SESSION],
            &[("origin", "null")],
            &[("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "same-site")],
        ];
        for sent in unsaid {
            assert_eq!(posted(Cookies::OwnForm, sent), "MISSING_OR_NULL_ORIGIN", "{sent:?}");
        }
    }

    #[test]
    fn an_ignored_cookie_is_removed() {
        let origins = Origins::new("https://id.example.org", &[]).unwrap();
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, HeaderValue::from_static("better-auth.session_token=x"));
        headers.insert(ORIGIN, HeaderValue::from_static("https://evil.example"));
        assert!(guard(&origins, Cookies::Ignored, &Method::POST, &mut headers).is_ok());
        assert!(!headers.contains_key(COOKIE));
    }

    #[test]
    fn a_read_is_never_refused_for_its_origin() {
        let origins = Origins::new("https://id.example.org", &[]).unwrap();
        for method in [Method::GET, Method::HEAD, Method::OPTIONS] {
            let mut headers = HeaderMap::new();
            headers.insert(COOKIE, HeaderValue::from_static("better-auth.session_token=x"));
            headers.insert(SEC_FETCH_SITE, HeaderValue::from_static("cross-site"));
            assert!(guard(&origins, Cookies::Guarded, &method, &mut headers).is_ok());
        }
    }
}
