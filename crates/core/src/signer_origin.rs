//! The origin of a page that may embed the signer (`docs/spec/signer.md#who-may-embed-it`).

use std::fmt;

use serde::Serialize;
use url::{Host, Url};

/// Origins that one app may declare.
pub const MOST_PER_APP: usize = 20;
/// The longest one, in bytes: a host name has at most 253.
const MAX_LENGTH: usize = 270;

/// Why an origin cannot be declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignerOriginProblem {
    /// Not an http or https URL with a host name, or too long.
    #[error("is not an origin such as https://app.example.org")]
    NotAnOrigin,
    /// It has a path, a query, a fragment or a user name.
    #[error("must be scheme, host and port alone, such as https://app.example.org")]
    MoreThanAnOrigin,
    /// `http` on a host other than loopback.
    #[error("must use https; http is for localhost and 127.0.0.1 alone")]
    PlainHttp,
}

/// An origin as browsers serialize it: lower case, without a default port. It needs no escaping in a
/// `Content-Security-Policy`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct SignerOrigin(String);

impl SignerOrigin {
    /// The origin that an operator wrote.
    pub fn parse(text: &str) -> Result<Self, SignerOriginProblem> {
        let url = Url::parse(text).map_err(|_| SignerOriginProblem::NotAnOrigin)?;
        let has_more = url.path() != "/"
            || url.query().is_some()
            || url.fragment().is_some()
            || !url.username().is_empty()
            || url.password().is_some();
        if has_more {
            return Err(SignerOriginProblem::MoreThanAnOrigin);
        }
        Self::of(&url)
    }

    /// The origin of a URL, such as that of a `Referer` header.
    pub fn of_url(text: &str) -> Result<Self, SignerOriginProblem> {
        Self::of(&Url::parse(text).map_err(|_| SignerOriginProblem::NotAnOrigin)?)
    }

    fn of(url: &Url) -> Result<Self, SignerOriginProblem> {
        let is_loopback = match url.host() {
            Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            Some(Host::Ipv4(address)) => address.is_loopback(),
            // A host source of a policy cannot name one (CSP 3 §2.3.1).
            Some(Host::Ipv6(_)) | None => return Err(SignerOriginProblem::NotAnOrigin),
        };
        match url.scheme() {
            "https" => {}
            "http" if is_loopback => {}
            "http" => return Err(SignerOriginProblem::PlainHttp),
            _ => return Err(SignerOriginProblem::NotAnOrigin),
        }
        let origin = url.origin().ascii_serialization();
        // URLs allow `;` and `,` in host names, which end a source or a policy.
        let host = origin.split_once("://").map_or("", |(_, host)| host);
        let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-_:".contains(&byte);
        if origin.len() > MAX_LENGTH || host.is_empty() || !host.bytes().all(is_plain) {
            return Err(SignerOriginProblem::NotAnOrigin);
        }
        Ok(Self(origin))
    }

    /// One that was read from the database.
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The serialized origin.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SignerOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_kept_as_browsers_write_it() {
        for (written, kept) in [
            ("https://app.example.org", "https://app.example.org"),
            ("HTTPS://App.Example.org:443/", "https://app.example.org"),
            ("https://app.example.org:8443", "https://app.example.org:8443"),
            ("https://bücher.example", "https://xn--bcher-kva.example"),
            ("http://localhost:3000", "http://localhost:3000"),
            ("http://127.0.0.1:5173/", "http://127.0.0.1:5173"),
        ] {
            assert_eq!(SignerOrigin::parse(written).unwrap().as_str(), kept);
        }
    }

    #[test]
    fn what_is_no_origin_is_refused() {
        use SignerOriginProblem::{MoreThanAnOrigin, NotAnOrigin, PlainHttp};
        for (written, problem) in [
            ("", NotAnOrigin),
            ("*", NotAnOrigin),
            ("https://*.example.org", NotAnOrigin),
            ("https://a;script-src.example.org", NotAnOrigin),
            ("https://a,b.example.org", NotAnOrigin),
            ("https://'none'.example.org", NotAnOrigin),
            ("https://[::1]", NotAnOrigin),
            ("app.example.org", NotAnOrigin),
            ("null", NotAnOrigin),
            ("data:text/html,x", MoreThanAnOrigin),
            ("ftp://app.example.org", NotAnOrigin),
            ("com.example.app:/callback", MoreThanAnOrigin),
            ("https://app.example.org/path", MoreThanAnOrigin),
            ("https://app.example.org/?", MoreThanAnOrigin),
            ("https://app.example.org/#", MoreThanAnOrigin),
            ("https://user@app.example.org", MoreThanAnOrigin),
            ("http://app.example.org", PlainHttp),
            ("http://192.168.0.1", PlainHttp),
        ] {
            assert_eq!(SignerOrigin::parse(written), Err(problem), "{written}");
        }
        let long = format!("https://{}example.org", "a.".repeat(140));
        assert!(SignerOrigin::parse(&long).is_err());
    }

    #[test]
    fn the_origin_of_a_referer_is_that_of_its_page() {
        assert_eq!(SignerOrigin::of_url("https://app.example.org/a?b#c").unwrap().as_str(), "https://app.example.org");
        assert!(SignerOrigin::of_url("about:blank").is_err());
    }
}
