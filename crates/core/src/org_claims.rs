//! How an app is told the roles and groups of its users: under which names, and which of them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::person::CLAIMS;

/// The most roles or groups that an app names.
pub const MOST_NAMES: usize = 100;
/// The most values of one claim: of longer lists the first by name.
pub const MOST_VALUES: usize = 100;
/// The longest name of a claim, role or group, in characters.
const LONGEST: usize = 128;

/// Names that tokens use for something else.
const RESERVED: [&str; 28] = [
    "iss",
    "sub",
    "aud",
    "exp",
    "iat",
    "nbf",
    "jti",
    "azp",
    "sid",
    "gid",
    "cnf",
    "act",
    "acr",
    "amr",
    "auth_time",
    "nonce",
    "at_hash",
    "c_hash",
    "scope",
    "client_id",
    "sources",
    "workspace",
    "impersonation",
    "active",
    "typ",
    "token_type",
    "username",
    "events",
];

/// The claims about orgs of one app.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OrgClaims {
    /// The name of the claim with roles, unless it is `roles`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub roles: Option<String>,
    /// The name of the claim with groups, unless it is `groups`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub groups: Option<String>,
    /// What it calls the roles that it gets; all by their own names if it names none.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub role_names: BTreeMap<String, String>,
    /// What it calls the groups that it gets; all by their own names if it names none.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub group_names: BTreeMap<String, String>,
    /// Whether its access tokens have them too.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub in_access_token: bool,
}

/// Why such claims are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OrgClaimsProblem {
    /// A claim means something else, or both lists have one name.
    #[error("the name of a claim is taken")]
    Taken,
    /// A name is empty, too long or has characters that do not belong there.
    #[error("names have 1 to 128 characters without control characters, those of claims without spaces")]
    Name,
    /// Too many roles or groups are named.
    #[error("at most 100 roles and 100 groups can be named")]
    TooMany,
}

impl OrgClaims {
    /// Whether nothing is set.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// The name of the claim with roles.
    pub fn roles_claim(&self) -> &str {
        self.roles.as_deref().unwrap_or("roles")
    }

    /// The name of the claim with groups.
    pub fn groups_claim(&self) -> &str {
        self.groups.as_deref().unwrap_or("groups")
    }

    /// The roles as the app is told them.
    pub fn told_roles(&self, held: Vec<String>) -> Vec<String> {
        told(&self.role_names, held)
    }

    /// The groups as the app is told them.
    pub fn told_groups(&self, held: Vec<String>) -> Vec<String> {
        told(&self.group_names, held)
    }

    /// Checks names and numbers.
    ///
    /// # Errors
    /// [`OrgClaimsProblem`]
    pub fn check(&self) -> Result<(), OrgClaimsProblem> {
        let is_text = |name: &str| {
            !name.trim().is_empty() && name.chars().nth(LONGEST).is_none() && !name.chars().any(char::is_control)
        };
        for name in [&self.roles, &self.groups].into_iter().flatten() {
            if !is_text(name) || name.chars().any(char::is_whitespace) {
                return Err(OrgClaimsProblem::Name);
            }
        }
        let own = ["roles", "groups"];
        let is_taken = |name: &str| {
            RESERVED.iter().any(|reserved| name.eq_ignore_ascii_case(reserved))
                || CLAIMS.iter().any(|(claim, _)| *claim == name && !own.contains(claim))
        };
        let (roles, groups) = (self.roles_claim(), self.groups_claim());
        if roles == groups || is_taken(roles) || is_taken(groups) {
            return Err(OrgClaimsProblem::Taken);
        }
        for names in [&self.role_names, &self.group_names] {
            if names.len() > MOST_NAMES {
                return Err(OrgClaimsProblem::TooMany);
            }
            if !names.iter().all(|(held, told)| is_text(held) && is_text(told)) {
                return Err(OrgClaimsProblem::Name);
            }
        }
        Ok(())
    }
}

fn told(names: &BTreeMap<String, String>, held: Vec<String>) -> Vec<String> {
    let mut told: Vec<String> =
        if names.is_empty() { held } else { held.iter().filter_map(|held| names.get(held).cloned()).collect() };
    told.sort();
    told.dedup();
    told.truncate(MOST_VALUES);
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(held, told)| ((*held).to_owned(), (*told).to_owned())).collect()
    }

    fn texts(all: &[&str]) -> Vec<String> {
        all.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn an_app_that_names_groups_is_told_those_alone_and_by_its_names() {
        let all = OrgClaims::default();
        assert_eq!(all.told_groups(texts(&["b", "a"])), texts(&["a", "b"]));
        let some = OrgClaims { group_names: names(&[("Engineering", "eng"), ("R&D", "eng")]), ..all };
        assert_eq!(some.told_groups(texts(&["Engineering", "R&D", "Board"])), texts(&["eng"]));
        let many: Vec<String> = (0..200).map(|number| format!("{number:03}")).collect();
        assert_eq!(OrgClaims::default().told_groups(many).len(), MOST_VALUES);
    }

    #[test]
    fn claims_that_mean_something_else_are_refused() {
        let named = |roles: &str, groups: &str| {
            OrgClaims { roles: Some(roles.to_owned()), groups: Some(groups.to_owned()), ..OrgClaims::default() }.check()
        };
        assert_eq!(named("https://shop.example/roles", "groups"), Ok(()));
        assert_eq!(named("groups", "roles"), Ok(()));
        let taken = [("sub", "groups"), ("SUB", "groups"), ("roles", "typ"), ("email", "groups"), ("roles", "org_id")];
        for (roles, groups) in taken.into_iter().chain([("same", "same")]) {
            assert_eq!(named(roles, groups), Err(OrgClaimsProblem::Taken), "{roles} {groups}");
        }
        for roles in ["", " ", "a b", "a\nb", &"a".repeat(129)] {
            assert_eq!(named(roles, "groups"), Err(OrgClaimsProblem::Name), "{roles:?}");
        }
        let many = (0..=MOST_NAMES).map(|number| (number.to_string(), "x".to_owned())).collect();
        assert_eq!(OrgClaims { role_names: many, ..OrgClaims::default() }.check(), Err(OrgClaimsProblem::TooMany));
    }
}
