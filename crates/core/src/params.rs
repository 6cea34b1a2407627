//! The parameters of a query string or a form, before they are typed.

use std::collections::HashSet;

/// The parameters of a request, decoded, in the order received. `resource` alone may repeat (RFC 8707 §2), and
/// in a token request `audience` (RFC 8693 §2.1).
#[derive(Clone, Debug, Default)]
pub struct Params(Vec<(String, String)>);

impl Params {
    /// The parameters of a query string or a form (WHATWG URL §5).
    pub fn parse(text: &str) -> Self {
        Self(form_urlencoded::parse(text.as_bytes()).into_owned().collect())
    }

    /// The fields of a form in a body. A NUL, which no stored text may hold, becomes the replacement character, however it is
    /// encoded.
    pub fn parse_form(body: &[u8]) -> Self {
        let shown = |text: std::borrow::Cow<'_, str>| text.replace('\0', "\u{fffd}");
        Self(form_urlencoded::parse(body).map(|(name, value)| (shown(name), shown(value))).collect())
    }

    /// Already decoded parameters.
    pub fn from_pairs(pairs: Vec<(String, String)>) -> Self {
        Self(pairs)
    }

    /// The value of `name`; an empty one counts as absent (RFC 6749 §3.1).
    pub fn get(&self, name: &str) -> Option<&str> {
        self.raw(name).filter(|value| !value.is_empty())
    }

    /// The value of `name`, even an empty one.
    pub fn raw(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Every value of `name`.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The distinct values of `resource` (RFC 8707 §2).
    pub fn resources(&self) -> Vec<String> {
        let mut seen = HashSet::new();
        self.all("resource").filter(|uri| !uri.is_empty() && seen.insert(*uri)).map(str::to_owned).collect()
    }

    /// The parameters, in the order received.
    pub fn pairs(&self) -> &[(String, String)] {
        &self.0
    }

    /// The first repeated name, other than `resource`.
    pub fn repeated(&self) -> Option<&str> {
        self.repeated_except(&["resource"])
    }

    /// The first repeated name, other than those that may repeat.
    pub fn repeated_except(&self, repeatable: &[&str]) -> Option<&str> {
        // A body may hold twenty thousand names: comparing them pairwise would cost us a second.
        let mut seen = HashSet::with_capacity(self.0.len());
        let names = self.0.iter().map(|(name, _)| name.as_str());
        names.filter(|name| !repeatable.contains(name)).find(|name| !seen.insert(*name))
    }

    /// The first name whose value contains NUL.
    pub fn with_nul(&self) -> Option<&str> {
        self.0.iter().find(|(name, value)| name.contains('\0') || value.contains('\0')).map(|(name, _)| name.as_str())
    }

    /// The parameters as a query string.
    pub fn to_query(&self) -> String {
        form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.0).finish()
    }

    /// These parameters except those called `name`.
    #[must_use]
    pub fn without(&self, name: &str) -> Self {
        Self(self.0.iter().filter(|(known, _)| known != name).cloned().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_holds_no_nul_however_it_is_encoded() {
        for body in [&b"a\0=b\0c"[..], b"a%00=b%00c", b"a%00=b\0c"] {
            let form = Params::parse_form(body);
            assert_eq!((form.raw("a\u{fffd}"), form.with_nul()), (Some("b\u{fffd}c"), None), "{body:?}");
        }
        assert_eq!(Params::parse_form(b"a=%2500&b=+%FF").raw("a"), Some("%00"));
    }
}
