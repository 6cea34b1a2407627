//! `[[providers]]`: servers elsewhere that people sign in with.

mod check;
mod stored;

use std::path::PathBuf;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use sigma_core::provider::ProviderId;

pub use self::check::ProviderProblem;
pub use self::stored::ELSEWHERE;
use super::mask::masked;

/// The issuer of Google.
pub const GOOGLE: &str = "https://accounts.google.com";
/// The address of GitHub.
pub const GITHUB: &str = "https://github.com";

/// An upstream provider.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Provider {
    /// The name in addresses: the provider returns browsers to `{issuer}/api/auth/callback/{id}`. It belongs to the accounts
    /// linked with it: another server needs another id.
    pub id: ProviderId,
    /// The protocol.
    #[serde(default)]
    pub kind: ProviderKind,
    /// The provider's issuer, byte for byte as it spells it. Google and GitHub have their own; for GitHub Enterprise it is
    /// the address of the server.
    #[serde(default)]
    pub issuer: Option<String>,
    /// Our client id there.
    pub client_id: String,
    /// Our client secret there.
    #[serde(default, serialize_with = "masked")]
    pub client_secret: Option<SecretString>,
    /// A file that holds it instead.
    #[serde(default)]
    pub client_secret_file: Option<PathBuf>,
    /// What the button says, after "Continue with".
    #[serde(default)]
    pub label: Option<String>,
    /// A PNG, JPEG, WebP or GIF file for the button.
    #[serde(default)]
    pub icon: Option<PathBuf>,
    /// The scopes that are asked for.
    #[serde(default)]
    pub scopes: Option<Vec<String>>,
    /// The names of the claims that are read.
    #[serde(default)]
    pub claims: ClaimMapping,
    /// Ask the userinfo endpoint too, for a provider whose ID tokens lack claims. A second request for each sign-in.
    #[serde(default)]
    pub userinfo: bool,
    /// Only accounts with a verified address at one of these domains.
    #[serde(default)]
    pub allowed_domains: Vec<String>,
    /// The domains whose addresses are verified by this provider's word: those that it hosts. Any other address has to be
    /// confirmed by a mail of ours.
    #[serde(default)]
    pub trusted_email_domains: Vec<String>,
    /// What becomes of an account that nobody has linked; by default `on` with `allowed_domains`, else `sign_up.provider`.
    #[serde(default)]
    pub sign_up: Option<ProviderSignUp>,
    /// Which groups are which role.
    #[serde(default)]
    pub membership: Option<MembershipMapping>,
    /// How long one request to it may take, in seconds.
    #[serde(default = "default_timeout")]
    pub timeout_seconds: u32,
}

const fn default_timeout() -> u32 {
    5
}

/// The protocol of a provider.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ProviderKind {
    /// OpenID Connect with discovery.
    #[default]
    OpenId,
    /// Google's OpenID Connect.
    Google,
    /// GitHub's OAuth 2.0, which has no ID tokens.
    GitHub,
}

/// What becomes of an account at a provider that nobody has linked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ProviderSignUp {
    /// Nobody is signed in.
    #[default]
    Off,
    /// The user creates a key, and an account with it, to which it is linked.
    WithKey,
    /// It becomes an account without a key, to which one may be added.
    On,
}

/// The names of claims.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct ClaimMapping {
    /// The name.
    pub name: String,
    /// The e-mail address.
    pub email: String,
    /// Whether the provider verified it.
    pub email_verified: String,
    /// Groups or roles.
    pub groups: String,
}

impl Default for ClaimMapping {
    fn default() -> Self {
        Self {
            name: "name".to_owned(),
            email: "email".to_owned(),
            email_verified: "email_verified".to_owned(),
            groups: "groups".to_owned(),
        }
    }
}

/// Which groups at the provider are which role in an org. It is applied at each sign-in: whoever left the last of these
/// groups loses the membership.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct MembershipMapping {
    /// The org, by slug or id; the operator's by default.
    #[serde(default)]
    pub org: Option<String>,
    /// The first that matches counts.
    pub roles: Vec<GroupRole>,
}

/// One group.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct GroupRole {
    /// The value of the claim.
    pub group: String,
    /// The name of the role.
    pub role: String,
}

impl Default for Provider {
    /// A provider with the defaults of all that has one.
    fn default() -> Self {
        Self {
            id: ProviderId::default(),
            kind: ProviderKind::default(),
            issuer: None,
            client_id: String::new(),
            client_secret: None,
            client_secret_file: None,
            label: None,
            icon: None,
            scopes: None,
            claims: ClaimMapping::default(),
            userinfo: false,
            allowed_domains: Vec::new(),
            trusted_email_domains: Vec::new(),
            sign_up: None,
            membership: None,
            timeout_seconds: default_timeout(),
        }
    }
}

impl ProviderKind {
    /// Every protocol.
    pub const ALL: [Self; 3] = [Self::OpenId, Self::Google, Self::GitHub];
}

impl Provider {
    /// The issuer, or the address of GitHub.
    pub fn issuer(&self) -> &str {
        match (&self.issuer, self.kind) {
            (Some(issuer), _) => issuer,
            (None, ProviderKind::Google) => GOOGLE,
            (None, ProviderKind::GitHub) => GITHUB,
            (None, ProviderKind::OpenId) => "",
        }
    }

    /// Whether its issuer is that of `before`: the secret for one issuer is never sent to another.
    pub fn has_issuer_of(&self, before: &Self) -> bool {
        self.issuer() == before.issuer()
    }

    /// What the button says.
    pub fn label(&self) -> &str {
        match (&self.label, self.kind) {
            (Some(label), _) => label,
            (None, ProviderKind::Google) => "Google",
            (None, ProviderKind::GitHub) => "GitHub",
            (None, ProviderKind::OpenId) => self.id.as_str(),
        }
    }

    /// The scopes, space-separated.
    pub fn scope(&self) -> String {
        match (&self.scopes, self.kind) {
            (Some(scopes), _) => scopes.join(" "),
            (None, ProviderKind::GitHub) => "user:email".to_owned(),
            (None, _) => "openid profile email".to_owned(),
        }
    }
}
