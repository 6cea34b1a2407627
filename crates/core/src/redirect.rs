//! Redirect URIs: what an app may register, and what matches (RFC 6749 §3.1.2, RFC 8252 §7, RFC 9700 §4.1).
//!
//! Registration parses the URI carefully; matching compares bytes and parses nothing.

mod mismatch;

use std::fmt;

use serde::{Deserialize, Serialize};
use url::{Host, Url};

pub use self::mismatch::{Difference, differences, nearest};

/// The longest redirect URI, in bytes.
const MAX_LENGTH: usize = 2000;

/// The application type (OpenID Connect Registration §2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ApplicationType {
    /// Runs on a web server, or in a browser.
    #[default]
    Web,
    /// Runs on the user's own device.
    Native,
}

/// Who registers the app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Registrar {
    /// Anyone, through dynamic registration: the strict rules.
    Anyone,
    /// The operator: loopback is also allowed for web apps, for development.
    Administrator,
}

/// Why a redirect URI cannot be registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RedirectProblem {
    /// Longer than 2000 bytes.
    #[error("the redirect URI is longer than 2000 bytes")]
    TooLong,
    /// A space, control character, backslash or other character that URIs cannot contain, also percent-encoded.
    #[error("the redirect URI holds a character that a URI cannot hold")]
    Character,
    /// `#`, even if nothing follows (RFC 6749 §3.1.2).
    #[error("the redirect URI must not have a fragment")]
    Fragment,
    /// Not an absolute URI.
    #[error("the redirect URI is not an absolute URI")]
    NotAbsolute,
    /// A user name or password before the host.
    #[error("the redirect URI must not hold a user name or password")]
    Userinfo,
    /// Not canonical: upper case in scheme or host, a default port, `..` in the path, another notation of an address.
    #[error("the redirect URI is not written as a browser writes it")]
    NotNormal,
    /// The host is empty or has invalid characters.
    #[error("the redirect URI has no valid host")]
    Host,
    /// `http` on a host other than loopback.
    #[error("the redirect URI must use https, or http on localhost, 127.0.0.1 or [::1]")]
    PlainHttp,
    /// Loopback for a web app or with https, if anyone may register it.
    #[error("a redirect URI on the user's own machine is for native apps, with http")]
    Loopback,
    /// Neither https, http, nor a scheme like `com.example.app` (RFC 8252 §7.1).
    #[error(
        "the redirect URI's scheme must be https, or for native apps a domain name in reverse, such as com.example.app"
    )]
    Scheme,
}

/// A registrable redirect URI, byte for byte as sent.
#[derive(Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct RedirectUri(String);

impl RedirectUri {
    /// Validates `text` as a redirect URI of an app.
    pub fn register(text: &str, application: ApplicationType, registrar: Registrar) -> Result<Self, RedirectProblem> {
        let url = read(text)?;
        match url.scheme() {
            "https" => match reach(&url)? {
                Reach::Network => {}
                Reach::Loopback | Reach::OtherLoopback => {
                    if registrar == Registrar::Anyone {
                        return Err(RedirectProblem::Loopback);
                    }
                }
            },
            "http" => match (reach(&url)?, application, registrar) {
                (Reach::Loopback, ApplicationType::Native, _) | (Reach::Loopback, _, Registrar::Administrator) => {}
                (Reach::Loopback, ApplicationType::Web, Registrar::Anyone) => return Err(RedirectProblem::Loopback),
                (Reach::OtherLoopback | Reach::Network, ..) => return Err(RedirectProblem::PlainHttp),
            },
            scheme if application == ApplicationType::Native && is_reverse_domain(scheme) => {}
            _ => return Err(RedirectProblem::Scheme),
        }
        Ok(Self(text.to_owned()))
    }

    /// The registered bytes.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The parts before and after the port, for http on a loopback host.
    fn around_loopback_port(&self) -> Option<(&str, &str)> {
        let hosts = ["http://localhost", "http://127.0.0.1", "http://[::1]"];
        let end = hosts.iter().find(|host| self.0.starts_with(**host))?.len();
        let (front, rest) = self.0.split_at_checked(end)?;
        Some((front, without_port(rest)?))
    }
}

impl fmt::Debug for RedirectUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// Parses an absolute URI that browsers read the same way.
fn read(text: &str) -> Result<Url, RedirectProblem> {
    if text.len() > MAX_LENGTH {
        return Err(RedirectProblem::TooLong);
    }
    if text.contains('#') {
        return Err(RedirectProblem::Fragment);
    }
    check_characters(text)?;
    let url = Url::parse(text).map_err(|_| RedirectProblem::NotAbsolute)?;
    let authority = text.split_once("://").map_or("", |(_, rest)| rest.split(['/', '?']).next().unwrap_or(""));
    if authority.contains('@') || !url.username().is_empty() || url.password().is_some() {
        return Err(RedirectProblem::Userinfo);
    }
    // Only the `/` that a browser adds to an empty path may be missing.
    let (front, query) = text.split_at(text.find('?').unwrap_or(text.len()));
    if url.as_str() != text && url.as_str() != format!("{front}/{query}") {
        return Err(RedirectProblem::NotNormal);
    }
    Ok(url)
}

/// Accepts the characters of RFC 3986 §2, and no percent-encoded control characters.
fn check_characters(text: &str) -> Result<(), RedirectProblem> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/?[]@!$&'()*+,;=%".contains(&byte);
    if !text.bytes().all(allowed) {
        return Err(RedirectProblem::Character);
    }
    for escape in text.split('%').skip(1) {
        let code = escape.get(..2).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        match code.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) if !byte.is_ascii_control() => {}
            _ => return Err(RedirectProblem::Character),
        }
    }
    Ok(())
}

/// The location of a host.
enum Reach {
    /// `localhost`, `127.0.0.1` or `[::1]`.
    Loopback,
    /// Another name or address of the user's own machine.
    OtherLoopback,
    /// Elsewhere.
    Network,
}

fn reach(url: &Url) -> Result<Reach, RedirectProblem> {
    if url.port() == Some(0) {
        return Err(RedirectProblem::Host);
    }
    match url.host() {
        Some(Host::Domain("localhost")) => Ok(Reach::Loopback),
        Some(Host::Domain(name)) => {
            // The URL standard allows `;`, `,` and `*` in names; in a Content-Security-Policy they would be syntax.
            let fits = |label: &str| {
                !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
            };
            if !name.split('.').all(fits) {
                return Err(RedirectProblem::Host);
            }
            Ok(if name.ends_with(".localhost") { Reach::OtherLoopback } else { Reach::Network })
        }
        Some(Host::Ipv4(address)) if address.octets() == [127, 0, 0, 1] => Ok(Reach::Loopback),
        Some(Host::Ipv4(address)) if address.is_loopback() || address.is_unspecified() => Ok(Reach::OtherLoopback),
        Some(Host::Ipv6(address)) => {
            let mapped =
                address.to_ipv4_mapped().is_some_and(|address| address.is_loopback() || address.is_unspecified());
            Ok(match address.is_loopback() {
                true => Reach::Loopback,
                false if mapped || address.is_unspecified() => Reach::OtherLoopback,
                false => Reach::Network,
            })
        }
        Some(Host::Ipv4(_)) => Ok(Reach::Network),
        None => Err(RedirectProblem::Host),
    }
}

/// A reverse domain name (RFC 8252 §7.1): at least two labels. `javascript`, `data`, `file` and the other schemes of
/// browsers have no dot.
fn is_reverse_domain(scheme: &str) -> bool {
    let label = |label: &str| {
        label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
            && !label.is_empty()
    };
    scheme.contains('.') && scheme.split('.').all(label)
}

/// What follows the optional port in `rest`: nothing, a path or a query.
fn without_port(rest: &str) -> Option<&str> {
    let after = match rest.strip_prefix(':') {
        None => rest,
        Some(port) => {
            let end = port.find(|c: char| !c.is_ascii_digit()).unwrap_or(port.len());
            let (port, after) = port.split_at_checked(end)?;
            if port.starts_with('0') || port.parse::<u16>().is_err() {
                return None;
            }
            after
        }
    };
    (after.is_empty() || after.starts_with(['/', '?'])).then_some(after)
}

/// The redirect URIs of one app.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct RegisteredRedirectUris(Vec<RedirectUri>);

impl RegisteredRedirectUris {
    /// The stored URIs.
    pub fn from_stored(texts: impl IntoIterator<Item = String>) -> Self {
        Self(texts.into_iter().map(RedirectUri).collect())
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &RedirectUri> {
        self.0.iter()
    }

    /// Finds the URI of a request: byte for byte, or for a native app on http loopback with any port (RFC 8252 §7.3),
    /// since it cannot choose its port in advance.
    pub fn find(&self, requested: &str, application: ApplicationType) -> Option<MatchedRedirectUri> {
        let exact = || self.0.iter().any(|registered| registered.0 == requested);
        let other_port = || {
            self.0.iter().filter_map(RedirectUri::around_loopback_port).any(|(front, back)| {
                requested.strip_prefix(front).and_then(without_port).is_some_and(|rest| rest == back)
            })
        };
        let matches = exact() || (application == ApplicationType::Native && other_port());
        matches.then(|| MatchedRedirectUri(requested.to_owned()))
    }
}

impl FromIterator<RedirectUri> for RegisteredRedirectUris {
    fn from_iter<T: IntoIterator<Item = RedirectUri>>(uris: T) -> Self {
        Self(uris.into_iter().collect())
    }
}

/// The redirect URI of a request that matched a registered one: the only type that we redirect to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MatchedRedirectUri(String);

impl MatchedRedirectUri {
    /// The URI as requested.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The URI with these parameters added; its registered query is kept (RFC 6749 §3.1.2).
    pub fn with_params<'a>(&self, params: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
        let mut encoded = form_urlencoded::Serializer::new(String::new());
        encoded.extend_pairs(params);
        let encoded = encoded.finish();
        let separator = match self.0.split_once('?') {
            _ if encoded.is_empty() => "",
            None => "?",
            Some((_, query)) if query.is_empty() || query.ends_with('&') => "",
            Some(_) => "&",
        };
        format!("{}{separator}{encoded}", self.0)
    }

    /// What users see of it: the host with its port, or the scheme of a native app.
    pub fn display_host(&self) -> &str {
        let authority = ["https://", "http://"].iter().find_map(|scheme| self.0.strip_prefix(scheme));
        let scheme = || self.0.split(':').next().unwrap_or_default();
        authority.map_or_else(scheme, |rest| rest.split(['/', '?']).next().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests;
