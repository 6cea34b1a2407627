//! Domains that orgs prove to be theirs, by a DNS record that only whoever runs the domain can publish.

use std::fmt;

use crate::random::{Rng, alphanumeric};

/// The longest domain name (RFC 1035 §2.3.4).
const LONGEST: usize = 253;
/// The name below a domain at which the record is looked up.
const LABEL: &str = "_sigma-challenge";
/// What precedes the token in the record.
const PREFIX: &str = "sigma-domain-verification=";

/// A domain name in its ASCII form and in lower case, with at least two labels.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Domain(String);

impl Domain {
    /// The domain that somebody typed: names in other scripts become their ASCII form (RFC 5891).
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().trim_end_matches('.');
        let url::Host::Domain(name) = url::Host::parse(text).ok()? else { return None };
        let is_label = |label: &str| {
            let plain = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
            plain && (1..=63).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-')
        };
        let is_name = name.len() <= LONGEST && name.contains('.') && name.split('.').all(is_label);
        is_name.then_some(Self(name))
    }

    /// The domain of an e-mail address.
    pub fn of_email(address: &str) -> Option<Self> {
        Self::parse(address.trim().rsplit_once('@')?.1)
    }

    /// The domain as stored.
    pub fn from_text(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name of its TXT record.
    pub fn record_name(&self) -> String {
        format!("{LABEL}.{}", self.0)
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The token that an org publishes to prove a domain. It is no secret: everybody can read it in the DNS, and it counts for this
/// org alone.
pub fn new_token(rng: &dyn Rng) -> String {
    alphanumeric(rng, 32)
}

/// What the record has to say.
pub fn record_value(token: &str) -> String {
    format!("{PREFIX}{token}")
}

/// Whether one of the texts at the name of the record proves the domain. Others may stand beside it.
pub fn proves(texts: &[String], token: &str) -> bool {
    texts.iter().any(|text| text.trim().strip_prefix(PREFIX) == Some(token))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_typed() {
        for (typed, read) in [
            ("example.org", "example.org"),
            (" Mail.Example.ORG. ", "mail.example.org"),
            ("bäckerei.example", "xn--bckerei-5wa.example"),
        ] {
            assert_eq!(Domain::parse(typed).as_ref().map(Domain::as_str), Some(read), "{typed}");
        }
        assert_eq!(Domain::of_email("Ada@Example.org").unwrap().record_name(), "_sigma-challenge.example.org");
    }

    #[test]
    fn what_is_no_domain_is_refused() {
        let long = format!("{}.org", "a.".repeat(130));
        for typed in [
            "",
            "org",
            "localhost",
            "127.0.0.1",
            "[::1]",
            "a b.org",
            "-a.org",
            "a_b.org",
            "https://a.org",
            "*.a.org",
            &long,
        ] {
            assert_eq!(Domain::parse(typed), None, "{typed}");
        }
        assert_eq!(Domain::of_email("ada"), None);
    }

    #[test]
    fn only_the_token_itself_proves() {
        let texts = |text: &str| vec!["v=spf1 -all".to_owned(), text.to_owned()];
        assert!(proves(&texts(&record_value("abc")), "abc"));
        for text in
            ["abc", "sigma-domain-verification=abcd", "sigma-domain-verification=", "sigma-domain-verification=ABC"]
        {
            assert!(!proves(&texts(text), "abc"), "{text}");
        }
        assert!(!proves(&[], "abc"));
    }
}
