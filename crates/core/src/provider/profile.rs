//! What a provider tells of an account, read by the names that the operator configured.

use serde_json::Value;

use crate::email::{self, Email};
use crate::json::Members;
use crate::org::text;
use crate::unicode;

/// The most groups that are read.
const MOST_GROUPS: usize = 500;

/// The names of the claims that are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimNames<'a> {
    /// The name.
    pub name: &'a str,
    /// The e-mail address.
    pub email: &'a str,
    /// Whether the provider verified it.
    pub email_verified: &'a str,
    /// Groups or roles.
    pub groups: &'a str,
}

/// What a provider claims of an account. None of it identifies the account: that is the subject alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claimed {
    /// The name, cleaned; empty if there is none.
    pub name: String,
    /// A deliverable address.
    pub email: Option<Email>,
    /// Whether the provider says that it verified the address.
    pub email_verified: bool,
    /// Groups or roles.
    pub groups: Vec<String>,
}

impl Claimed {
    /// Reads `claims`, and where they lack one, `further` ones.
    pub fn read(names: &ClaimNames<'_>, claims: &Members, further: Option<&Members>) -> Self {
        let find = |name: &str| claims.get(name).or_else(|| further.and_then(|further| further.get(name)));
        let email = find(names.email).and_then(Value::as_str).and_then(|text| Email::parse(text).ok());
        Self {
            name: find(names.name).and_then(Value::as_str).map(visible).unwrap_or_default(),
            // The flag belongs to the address: both come from the same answer.
            email_verified: [Some(claims), further]
                .into_iter()
                .flatten()
                .find(|claims| claims.get(names.email).is_some())
                .and_then(|claims| claims.get(names.email_verified))
                .is_some_and(is_true),
            email,
            groups: find(names.groups).map(texts).unwrap_or_default(),
        }
    }

    /// The address, if the provider verified it and it is at one of `domains`.
    pub fn verified_email_at(&self, domains: &[String]) -> Option<&Email> {
        let email = self.email.as_ref().filter(|_| self.email_verified)?;
        is_of_domain(email, domains).then_some(email)
    }
}

/// Whether an address is at one of `domains`; a subdomain is another domain.
pub fn is_of_domain(email: &Email, domains: &[String]) -> bool {
    let Some((_, domain)) = email.folded().rsplit_once('@') else { return false };
    domains.iter().any(|allowed| email::fold(&format!("x@{allowed}")).strip_prefix("x@") == Some(domain))
}

/// A name as it can be shown; empty if there is nothing to see in it.
fn visible(name: &str) -> String {
    let seen = |letter: &char| !letter.is_control() && !unicode::is_unseen(*letter);
    let name: String = name.trim().chars().filter(seen).take(text::NAME_LENGTH).collect();
    text::name(&name).unwrap_or_default()
}

/// Some providers write booleans as text or numbers.
fn is_true(value: &Value) -> bool {
    matches!(value, Value::Bool(true)) || value.as_str() == Some("true") || value.as_i64() == Some(1)
}

/// A list of texts, or a single one.
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(one) => vec![one.clone()],
        Value::Array(many) => many.iter().filter_map(Value::as_str).take(MOST_GROUPS).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NAMES: ClaimNames<'_> =
        ClaimNames { name: "name", email: "email", email_verified: "email_verified", groups: "groups" };

    fn members(json: &Value) -> Members {
        serde_json::from_value(json.clone()).unwrap()
    }

    fn read(json: &Value) -> Claimed {
        Claimed::read(&NAMES, &members(json), None)
    }

    #[test]
    fn claims_are_read_by_their_configured_names() {
        let claimed = read(&json!({
            "name": "  Ada\u{202e} Lovelace\n", "email": "Ada@Example.org", "email_verified": true, "groups": ["a", 7, "b"],
        }));
        assert_eq!(claimed.name, "Ada Lovelace");
        assert_eq!(claimed.email.as_ref().unwrap().address(), "Ada@Example.org");
        assert!(claimed.email_verified);
        assert_eq!(claimed.groups, ["a", "b"]);
        let names = ClaimNames { email: "upn", email_verified: "xms_edov", groups: "roles", ..NAMES };
        let other = members(&json!({"upn": "a@b.example", "xms_edov": "true", "roles": "admin"}));
        let claimed = Claimed::read(&names, &other, None);
        assert!(claimed.email_verified && claimed.groups == ["admin"]);
    }

    #[test]
    fn anything_but_true_is_unverified() {
        for value in [json!(false), json!("yes"), json!(null), json!(0), json!([true])] {
            assert!(!read(&json!({"email": "a@b.example", "email_verified": value})).email_verified, "{value}");
        }
        assert!(!read(&json!({"email": "a@b.example"})).email_verified);
        assert_eq!(read(&json!({"email": "no address", "email_verified": true})).email, None);
        assert_eq!(read(&json!({"email": 7, "name": 7, "groups": 7})), Claimed::default());
    }

    #[test]
    fn a_verified_flag_vouches_only_for_the_address_that_it_came_with() {
        let further = members(&json!({"email": "a@b.example", "email_verified": false}));
        let claimed = Claimed::read(&NAMES, &members(&json!({"email_verified": true})), Some(&further));
        assert!(claimed.email.is_some() && !claimed.email_verified);
    }

    #[test]
    fn only_a_verified_address_at_exactly_that_domain_is_trusted() {
        let at = |email: &str, verified: bool| read(&json!({"email": email, "email_verified": verified}));
        let domains = ["example.org".to_owned(), "bücher.example".to_owned()];
        for (email, verified, trusted) in [
            ("ada@example.org", true, true),
            ("ada@EXAMPLE.org", true, true),
            ("ada@bücher.example", true, true),
            ("ada@example.org", false, false),
            ("ada@sub.example.org", true, false),
            ("ada@evilexample.org", true, false),
            ("ada@example.org.evil.example", true, false),
        ] {
            assert_eq!(at(email, verified).verified_email_at(&domains).is_some(), trusted, "{email}");
        }
    }
}
