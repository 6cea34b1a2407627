//! Scopes (RFC 6749 §3.3).

use std::collections::HashSet;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::admin_scope::is_admin_scope;

/// Makes it an OpenID Connect request: an ID token is issued (Core §3.1.2.1).
pub const OPENID: &str = "openid";
/// Name, picture, key and identity.
pub const PROFILE: &str = "profile";
/// The verified e-mail address.
pub const EMAIL: &str = "email";
/// A refresh token (Core §11).
pub const OFFLINE_ACCESS: &str = "offline_access";

/// The user's role in the org that they act for, or else the one that owns the app.
pub const ROLES: &str = "roles";
/// The user's groups in that org.
pub const GROUPS: &str = "groups";
/// The org that the user acts for.
pub const ORG: &str = "org";
/// The scopes that self-registered apps never get: they are about orgs, which do not know these apps.
pub const OF_ORGS: [&str; 3] = [ROLES, GROUPS, ORG];

/// The user's accepted merits, from any org.
pub const MERITS: &str = "merits";

/// Reading by the management API. Only for apps of the operator.
pub const ADMIN_READ: &str = "sigma:admin:read";
/// Changing by the management API, which includes reading. Only for apps of the operator.
pub const ADMIN_WRITE: &str = "sigma:admin:write";
/// Lists the scopes of the management API, and with them the server's own.
macro_rules! own_scopes {
    ($($area:literal)*) => {
        /// The scopes of the management API: for all of it, and for each of its [areas](crate::admin_scope::AdminArea).
        pub const ADMIN: [&str; 15] = [ADMIN_READ, ADMIN_WRITE, $($area),*];

        /// The server's own scopes. Resources define more; all others are ignored.
        pub const KNOWN: [&str; 26] = [
            OPENID,
            PROFILE,
            EMAIL,
            OFFLINE_ACCESS,
            ROLES,
            GROUPS,
            ORG,
            "sigma:profile",
            "sigma:wallet",
            "sigma:backup",
            MERITS,
            ADMIN_READ,
            ADMIN_WRITE,
            $($area),*
        ];
    };
}

own_scopes! {
    "sigma:admin:people:read" "sigma:admin:people:write"
    "sigma:admin:apps:read" "sigma:admin:apps:write"
    "sigma:admin:orgs:read" "sigma:admin:orgs:write"
    "sigma:admin:events:read"
    "sigma:admin:webhooks:read" "sigma:admin:webhooks:write"
    "sigma:admin:keys:read" "sigma:admin:keys:write"
    "sigma:admin:server:read" "sigma:admin:server:write"
}

/// A set of scopes in requested order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scopes(Vec<String>);

impl Scopes {
    /// The scopes of a space-separated list.
    pub fn parse(text: &str) -> Self {
        // Anonymous callers may send thousands: compare by hash, not pairwise.
        let mut seen = HashSet::new();
        let scopes = text.split(' ').filter(|scope| !scope.is_empty() && seen.insert(*scope));
        Self(scopes.map(str::to_owned).collect())
    }

    /// Appends `scope` unless it is present.
    pub fn insert(&mut self, scope: &str) {
        if !self.contains(scope) {
            self.0.push(scope.to_owned());
        }
    }

    /// Whether any of them is of the management API.
    pub fn reach_console(&self) -> bool {
        self.iter().any(is_admin_scope)
    }

    /// Whether `scope` is in the set.
    pub fn contains(&self, scope: &str) -> bool {
        self.0.iter().any(|known| known == scope)
    }

    /// Whether every scope of `other` is in this set.
    pub fn covers(&self, other: &Self) -> bool {
        other.iter().all(|scope| self.contains(scope))
    }

    /// The intersection with `allowed`.
    #[must_use]
    pub fn within(&self, allowed: &Self) -> Self {
        self.retain(|scope| allowed.contains(scope))
    }

    /// The scopes for which `keep` is true.
    #[must_use]
    pub fn retain(&self, keep: impl Fn(&str) -> bool) -> Self {
        Self(self.0.iter().filter(|scope| keep(scope)).cloned().collect())
    }

    /// The server's own scopes of this set.
    #[must_use]
    pub fn own(&self) -> Self {
        self.retain(|scope| KNOWN.contains(&scope))
    }

    /// This set followed by the additional scopes of `other`.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        let mut scopes = self.clone();
        other.iter().for_each(|scope| scopes.insert(scope));
        scopes
    }

    /// This set without `scope`.
    #[must_use]
    pub fn without(&self, scope: &str) -> Self {
        self.retain(|known| known != scope)
    }

    /// The scopes, in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Whether the set is empty.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(" "))
    }
}

impl Serialize for Scopes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Scopes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self::parse(&text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_keep_their_order_and_lose_repetitions() {
        assert_eq!(Scopes::parse("  openid email  openid profile ").to_string(), "openid email profile");
    }

    #[test]
    fn a_smaller_set_is_covered_and_a_larger_is_not() {
        let granted = Scopes::parse("openid profile");
        assert!(granted.covers(&Scopes::parse("profile")));
        assert!(!granted.covers(&Scopes::parse("profile email")));
    }
}
