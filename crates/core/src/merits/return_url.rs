//! Where people return to: `successUrl` and `failureUrl`, resolved against the site of the app (WHATWG URL).

use std::fmt;

use thiserror::Error;
use url::Url;

use super::problem::MeritProblem;

/// The longest URL, in bytes.
const LONGEST: usize = 2_048;

/// Why a URL is not the site of an app.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SiteUrlProblem {
    /// Not a URL, or too long.
    #[error("must be an absolute URL of at most 2,048 characters")]
    NotAUrl,
    /// Neither https nor this machine.
    #[error("must be an https URL; http is allowed for localhost, 127.0.0.1 and [::1]")]
    Insecure,
    /// With user information, query or fragment.
    #[error("must have neither user information nor query nor fragment")]
    TooMuch,
}

/// The site of an app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteUrl(Url);

impl SiteUrl {
    /// Parses an https URL, or an http one of this machine.
    ///
    /// # Errors
    /// [`SiteUrlProblem`]
    pub fn parse(text: &str) -> Result<Self, SiteUrlProblem> {
        if text.len() > LONGEST {
            return Err(SiteUrlProblem::NotAUrl);
        }
        let url = Url::parse(text).map_err(|_| SiteUrlProblem::NotAUrl)?;
        let host = url.host_str().ok_or(SiteUrlProblem::NotAUrl)?;
        let local = ["localhost", "127.0.0.1", "[::1]"].contains(&host);
        if url.scheme() != "https" && !(url.scheme() == "http" && local) {
            return Err(SiteUrlProblem::Insecure);
        }
        if has_user(&url) || url.query().is_some() || url.fragment().is_some() {
            return Err(SiteUrlProblem::TooMuch);
        }
        Ok(Self(url))
    }

    /// The URL.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Its origin, such as `https://shop.example`: what pages show, and what forms may lead to.
    pub fn origin(&self) -> String {
        self.0.origin().ascii_serialization()
    }

    /// The URL that `text` means on this site: a path, or a URL of the same origin.
    ///
    /// # Errors
    /// [`MeritProblem::InvalidUrl`]
    pub fn resolve(&self, text: &str) -> Result<ReturnUrl, MeritProblem> {
        // Browsers take a backslash for a slash and skip tabs and line breaks; no path needs any of them.
        let is_odd = |letter: char| letter == '\\' || letter.is_control() || letter.is_whitespace();
        if text.is_empty() || text.len() > LONGEST || text.chars().any(is_odd) || text.starts_with("//") {
            return Err(MeritProblem::InvalidUrl);
        }
        let url = self.0.join(text).map_err(|_| MeritProblem::InvalidUrl)?;
        let same = url.scheme() == self.0.scheme() && url.origin() == self.0.origin();
        if same && !has_user(&url) { Ok(ReturnUrl(url)) } else { Err(MeritProblem::InvalidUrl) }
    }
}

impl fmt::Display for SiteUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

fn has_user(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

/// A URL of an app's site, where people may be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReturnUrl(Url);

impl ReturnUrl {
    /// The URL.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// A URL from the store, which was [resolved](SiteUrl::resolve) before.
    pub fn from_stored(text: &str) -> Option<Self> {
        Url::parse(text).ok().map(Self)
    }

    /// Its origin.
    pub fn origin(&self) -> String {
        self.0.origin().ascii_serialization()
    }

    /// The URL with these parameters after its own.
    pub fn with<'a>(&self, parameters: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
        let mut url = self.0.clone();
        url.query_pairs_mut().extend_pairs(parameters);
        url.into()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn site() -> SiteUrl {
        SiteUrl::parse("https://shop.example/app/").unwrap()
    }

    #[test]
    fn a_site_is_https_or_this_machine() {
        for good in
            ["https://shop.example", "https://shop.example:8443/app", "http://localhost:3000", "http://[::1]:1/"]
        {
            assert!(SiteUrl::parse(good).is_ok(), "{good}");
        }
        for (bad, problem) in [
            ("shop.example", SiteUrlProblem::NotAUrl),
            ("http://shop.example", SiteUrlProblem::Insecure),
            ("javascript:alert(1)", SiteUrlProblem::NotAUrl),
            ("ftp://shop.example", SiteUrlProblem::Insecure),
            ("https://ada@shop.example", SiteUrlProblem::TooMuch),
            ("https://shop.example?x", SiteUrlProblem::TooMuch),
        ] {
            assert_eq!(SiteUrl::parse(bad), Err(problem), "{bad}");
        }
    }

    #[test]
    fn return_urls_stay_on_the_site() {
        for (text, resolved) in [
            ("done", "https://shop.example/app/done"),
            ("/done?x=1", "https://shop.example/done?x=1"),
            ("../done", "https://shop.example/done"),
            ("?x", "https://shop.example/app/?x"),
            ("https://shop.example/done#end", "https://shop.example/done#end"),
            ("HTTPS://SHOP.EXAMPLE:443/done", "https://shop.example/done"),
        ] {
            assert_eq!(site().resolve(text).unwrap().as_str(), resolved, "{text}");
        }
    }

    #[test]
    fn return_urls_that_leave_the_site_are_refused() {
        for text in [
            "",
            "//evil.example",
            "//shop.example/",
            "/\\evil.example",
            "\\\\evil.example",
            "https:\\\\evil.example",
            "https://evil.example",
            "https://shop.example.evil.example",
            "https://shop.example@evil.example",
            "https://ada:pw@shop.example/",
            "http://shop.example/",
            "https://shop.example:444/",
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            "java\tscript:alert(1)",
            " /done",
            "/do\nne",
            "data:text/html,x",
            "blob:https://shop.example/1",
            "https:///evil.example",
            "/\t/evil.example",
            "mailto:ada@shop.example",
            "https://",
        ] {
            assert_eq!(site().resolve(text), Err(MeritProblem::InvalidUrl), "{text:?}");
        }
    }

    #[test]
    fn parameters_follow_those_of_the_url() {
        let url = site().resolve("/done?x=1#end").unwrap();
        let sent = url.with([("memberIdToken", "a b"), ("state", "&=é")]);
        assert_eq!(sent, "https://shop.example/done?x=1&memberIdToken=a+b&state=%26%3D%C3%A9#end");
    }

    proptest! {
        #[test]
        fn no_text_leaves_the_site(text in "[\\PC/\\\\:@.?#a-z]{0,40}") {
            if let Ok(url) = site().resolve(&text) {
                prop_assert_eq!(url.origin(), "https://shop.example");
                prop_assert!(url.as_str().starts_with("https://shop.example/"));
                let again = Url::parse(&url.with([("state", text.as_str())])).unwrap();
                prop_assert_eq!(again.origin().ascii_serialization(), "https://shop.example");
            }
        }
    }
}
