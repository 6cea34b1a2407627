//! What the requests and tokens of an app must satisfy beyond the defaults.

use serde::{Deserialize, Serialize};

/// A named set of demands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecurityProfile {
    /// The FAPI 2.0 Security Profile, with `private_key_jwt` and DPoP.
    Fapi2,
}

impl SecurityProfile {
    /// The name in commands and answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fapi2 => "fapi2",
        }
    }

    /// The profile with this name.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Fapi2].into_iter().find(|profile| profile.as_str() == text)
    }
}

/// The demands on one app. Its profile adds to the others.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AppSecurity {
    /// Its profile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<SecurityProfile>,
    /// `require_pushed_authorization_requests` (RFC 9126 §6).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub require_pushed_requests: bool,
    /// `dpop_bound_access_tokens` (RFC 9449 §5.2).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub bound_tokens: bool,
}

impl AppSecurity {
    /// Whether it follows the FAPI 2.0 Security Profile.
    pub fn is_fapi2(&self) -> bool {
        self.profile == Some(SecurityProfile::Fapi2)
    }

    /// Whether its authorization requests must be pushed.
    pub fn must_push(&self) -> bool {
        self.require_pushed_requests || self.is_fapi2()
    }

    /// Whether its access tokens must be bound to a key.
    pub fn must_bind(&self) -> bool {
        self.bound_tokens || self.is_fapi2()
    }

    /// The life of its codes in seconds, if codes live for `seconds` by default (FAPI 2.0 Security Profile §5.3.2.1).
    pub fn code_seconds(&self, seconds: u32) -> u32 {
        if self.is_fapi2() { seconds.min(60) } else { seconds }
    }

    /// The stored form.
    pub fn to_json(&self) -> String {
        // Only strings and booleans: serialization cannot fail.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// What [`AppSecurity::to_json`] returned.
    pub fn from_json(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn demands_are_stored_as_json_without_those_not_made() {
        let none = AppSecurity::default();
        assert_eq!(none.to_json(), "{}");
        let all =
            AppSecurity { profile: Some(SecurityProfile::Fapi2), require_pushed_requests: true, bound_tokens: true };
        for security in [none, all] {
            assert_eq!(AppSecurity::from_json(&security.to_json()), Some(security));
        }
        assert_eq!(AppSecurity::from_json("{"), None);
    }

    #[test]
    fn the_fapi2_profile_demands_pushed_requests_and_bound_tokens() {
        let security = AppSecurity { profile: SecurityProfile::parse("fapi2"), ..AppSecurity::default() };
        assert!(security.is_fapi2() && security.must_push() && security.must_bind());
        assert!(!AppSecurity::default().must_push() && !AppSecurity::default().must_bind());
    }
}
