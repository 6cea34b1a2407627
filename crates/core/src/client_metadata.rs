//! What an app registered about itself beyond what every app has: for its display, for the format of answers, and for
//! the use of its refresh tokens.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::jose::{Algorithm, VerificationAlgorithm};
use crate::org_claims::OrgClaims;

/// Optional client metadata (RFC 7591 §2, OpenID Connect Registration §2), stored as one JSON object. A new member needs a
/// default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClientMetadata {
    /// The logo as the app named it. What pages show is our own copy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logo_uri: Option<String>,
    /// Its privacy policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy_uri: Option<String>,
    /// Its terms of service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tos_uri: Option<String>,
    /// Who is responsible for it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<String>,
    /// The software that it is an installation of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub software_id: Option<String>,
    /// The version of that software.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub software_version: Option<String>,
    /// Userinfo is a JWT signed with this algorithm; JSON without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub userinfo_signed_response_alg: Option<Algorithm>,
    /// The only algorithm of its client assertions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_endpoint_auth_signing_alg: Option<VerificationAlgorithm>,
    /// The only algorithm of its request objects.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_object_signing_alg: Option<VerificationAlgorithm>,
    /// The URIs that its request objects may be fetched from.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub request_uris: Vec<String>,
    /// `max_age` of its requests without one, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_max_age: Option<u32>,
    /// `acr_values` of its requests without any.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub default_acr_values: Vec<String>,
    /// ID tokens must have `auth_time`; ours always do.
    #[serde(skip_serializing_if = "is_false")]
    pub require_auth_time: bool,
    /// The page at which others may begin a sign-in to it (OpenID Connect Core §4).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub initiate_login_uri: Option<String>,
    /// Consent to it may be remembered although nobody vouches for it, if it is a web app at https addresses.
    #[serde(skip_serializing_if = "is_false")]
    pub remember_consent: bool,
    /// How it uses refresh tokens, where that differs from the server's settings.
    #[serde(skip_serializing_if = "RefreshPolicy::is_default")]
    pub refresh: RefreshPolicy,
    /// How it is told roles and groups. Only the operator sets it.
    #[serde(skip_serializing_if = "OrgClaims::is_default")]
    pub org_claims: OrgClaims,
}

/// How an app uses refresh tokens; what is not set is as in the server's settings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RefreshPolicy {
    /// Whether each use returns a successor, and ends the token that was used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rotate: Option<bool>,
    /// Seconds after the consent at which all refresh tokens of the grant end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub life_seconds: Option<u32>,
    /// Seconds without use after which a refresh token ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle_seconds: Option<u32>,
}

impl RefreshPolicy {
    /// How long after its beginning a grant yields tokens.
    pub fn life(&self) -> Option<Duration> {
        self.life_seconds.map(|seconds| Duration::from_secs(u64::from(seconds)))
    }

    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference to the field")]
fn is_false(flag: &bool) -> bool {
    !flag
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_app_that_says_nothing_of_itself_is_stored_as_an_empty_object() {
        assert_eq!(serde_json::to_string(&ClientMetadata::default()).unwrap(), "{}");
        assert_eq!(serde_json::from_str::<ClientMetadata>("{}").unwrap(), ClientMetadata::default());
    }
}
