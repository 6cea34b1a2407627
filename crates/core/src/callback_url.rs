//! Addresses of others that the server sends to: the back channel of an app, the receiver of a webhook.

use serde::Serialize;
use url::Url;

/// The longest address, in bytes.
const LONGEST: usize = 2_048;

/// An address that the server posts to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct CallbackUrl(String);

/// Why an address cannot be one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallbackUrlProblem {
    /// Not an absolute URL, or too long.
    #[error("is not a URL of at most 2048 bytes")]
    NotAUrl,
    /// Plain http, to another machine than this one.
    #[error("must use https; http is for localhost and loopback addresses alone")]
    PlainHttp,
    /// It has a fragment, or a user name.
    #[error("must have neither a fragment nor a user name")]
    Extra,
}

impl CallbackUrl {
    /// The address that somebody wrote. A query is kept.
    ///
    /// # Errors
    /// [`CallbackUrlProblem`]
    pub fn register(text: &str) -> Result<Self, CallbackUrlProblem> {
        if text.len() > LONGEST || text.chars().any(char::is_control) {
            return Err(CallbackUrlProblem::NotAUrl);
        }
        let url = Url::parse(text).map_err(|_| CallbackUrlProblem::NotAUrl)?;
        let is_loopback = match url.host().ok_or(CallbackUrlProblem::NotAUrl)? {
            url::Host::Domain(name) => name == "localhost",
            url::Host::Ipv4(address) => address.is_loopback(),
            url::Host::Ipv6(address) => address.is_loopback(),
        };
        match url.scheme() {
            "https" => {}
            "http" if is_loopback => {}
            _ => return Err(CallbackUrlProblem::PlainHttp),
        }
        if text.contains('#') || !url.username().is_empty() || url.password().is_some() {
            return Err(CallbackUrlProblem::Extra);
        }
        Ok(Self(text.to_owned()))
    }

    /// The address in the store, which was checked before.
    pub fn from_stored(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The address as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_callback_url_is_https_or_on_this_machine_without_fragment() {
        for uri in [
            "https://app.example.org/logout",
            "https://app.example.org:8443/logout?tenant=1",
            "http://localhost:3000/logout",
            "http://127.0.0.1/logout",
            "http://[::1]:3000/",
        ] {
            assert_eq!(CallbackUrl::register(uri).unwrap().as_str(), uri);
        }
        for (uri, problem) in [
            ("", CallbackUrlProblem::NotAUrl),
            ("/logout", CallbackUrlProblem::NotAUrl),
            ("javascript:alert(1)", CallbackUrlProblem::NotAUrl),
            ("https://app.example.org/\0", CallbackUrlProblem::NotAUrl),
            ("http://app.example.org/logout", CallbackUrlProblem::PlainHttp),
            ("ftp://localhost/logout", CallbackUrlProblem::PlainHttp),
            ("http://localhost.example.org/", CallbackUrlProblem::PlainHttp),
            ("https://app.example.org/logout#x", CallbackUrlProblem::Extra),
            ("https://app.example.org/logout#", CallbackUrlProblem::Extra),
            ("https://ada@app.example.org/", CallbackUrlProblem::Extra),
        ] {
            assert_eq!(CallbackUrl::register(uri), Err(problem), "{uri}");
        }
        assert!(CallbackUrl::register(&format!("https://app.example.org/{}", "a".repeat(2_048))).is_err());
    }
}
