//! Why the settings of an app are refused: which one, and what is wrong with it.

use thiserror::Error;

use super::{AuthMethod, GrantType};
use crate::callback_url::CallbackUrlProblem;
use crate::merits::SiteUrlProblem;
use crate::org_claims::OrgClaimsProblem;
use crate::redirect::RedirectProblem;
use crate::signer_origin::{MOST_PER_APP, SignerOriginProblem};
use crate::slug::SlugProblem;

/// What is wrong with the settings of an app. Displayed are the setting, as [`super::AppSettings`] names it, and the reason.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{field}: {reason}")]
pub struct AppProblem {
    /// The setting: a member of [`super::AppSettings`].
    pub field: &'static str,
    /// What is wrong.
    pub reason: AppReason,
}

/// What is wrong with a setting.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AppReason {
    /// There is no app of that name, or none any more.
    #[error("there is no such app")]
    NoApp,
    /// A new app has no display name.
    #[error("an app needs a display name")]
    NoName,
    /// Not a display name.
    #[error("1 to 100 characters, without control characters")]
    Name,
    /// Not a client id that can be chosen.
    #[error("\"{0}\" {1}")]
    ClientId(String, SlugProblem),
    /// The client id belongs, or once belonged, to an app.
    #[error("the client id {0} is or was an app's; client ids are never reused")]
    ClientIdTaken(String),
    /// It cannot be changed.
    #[error("the client id of an app cannot be changed")]
    ClientIdFixed,
    /// Not one of the values that there are.
    #[error("\"{0}\" is unknown; known are {1}")]
    Unknown(String, String),
    /// Not a public key, for this reason.
    #[error("{0}")]
    PublicKey(String),
    /// Not a JWK set, for this reason.
    #[error("{0}")]
    KeySet(String),
    /// A JWK set without a key that can be used.
    #[error("the set has no usable key (RSA, P-256 or Ed25519)")]
    NoUsableKey,
    /// Both keys and the address of keys.
    #[error("either a key set or the address of one")]
    TwoKeySets,
    /// Not an https URL.
    #[error("\"{0}\" must be an https URL")]
    NotHttps(String),
    /// Not a site.
    #[error("\"{0}\" {1}")]
    SiteUrl(String, SiteUrlProblem),
    /// Not a redirect URI of such an app.
    #[error("{0}: {1}")]
    Redirect(String, RedirectProblem),
    /// Not an address that can be told of the end of sessions.
    #[error("\"{0}\" {1}")]
    LogoutUri(String, CallbackUrlProblem),
    /// There is no such address that could need a session id.
    #[error("needs an address for back-channel logout")]
    NoLogoutUri,
    /// Claims about roles and groups.
    #[error("{0}")]
    OrgClaims(OrgClaimsProblem),
    /// Not an origin.
    #[error("\"{0}\" {1}")]
    Origin(String, SignerOriginProblem),
    /// More origins than an app may have.
    #[error("an app has at most {MOST_PER_APP}")]
    TooManyOrigins,
    /// Not a lifetime of access tokens.
    #[error("{0} must be 60 to {1}, or 0")]
    Lifetime(u32, u32),
    /// It authenticates with a Bitcoin key, and has none.
    #[error("sigma_bitcoin_auth needs the app's public key")]
    NeedsKey,
    /// It authenticates with a key of its own, and has none.
    #[error("private_key_jwt needs the app's key set, or its address")]
    NeedsKeySet,
    /// It may not use this grant type without authenticating.
    #[error("{} needs client authentication, not none", .0.as_str())]
    NeedsAuthentication(GrantType),
    /// People sign in, and return nowhere.
    #[error("authorization_code needs a redirect URI")]
    NeedsRedirect,
    /// FAPI 2.0 Security Profile §5.3.2.
    #[error("the profile fapi2 needs private_key_jwt, with the app's key set or its address")]
    ProfileAuth,
    /// FAPI 2.0 Security Profile §5.4.1.
    #[error("the profile fapi2 rules out RS256; use ES256 or EdDSA")]
    ProfileAlgorithm,
    /// FAPI 2.0 Security Profile: the flow begins on another device.
    #[error("the profile fapi2 rules out device_code: that flow begins on another device")]
    ProfileDevice,
    /// FAPI 2.0 Security Profile: plain http.
    #[error("the profile fapi2 needs https redirect URIs, unlike {0}")]
    ProfileRedirect(String),
    /// No such API is registered: a misspelt one would silently have no effect.
    #[error("there is no API {0}")]
    NoResource(String),
    /// There is no such org.
    #[error("there is no workspace {0}")]
    NoOrg(String),
    /// Its method has no secret.
    #[error("it has no secret: it authenticates with {}", .0.as_str())]
    NoSecret(AuthMethod),
    /// No earlier secret is still valid.
    #[error("it has no earlier secret that is still valid")]
    NoFormerSecret,
    /// It was changed since it was read.
    #[error("somebody else changed the app in the meantime")]
    Stale,
}

/// What a refusal means to a caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProblemKind {
    /// The value makes no sense by itself.
    Malformed,
    /// It breaks a rule.
    Refused,
    /// What it names does not exist.
    NotFound,
}

impl AppReason {
    /// What kind of problem it is.
    pub const fn kind(&self) -> ProblemKind {
        match self {
            Self::NoApp | Self::NoResource(_) | Self::NoOrg(_) => ProblemKind::NotFound,
            Self::ClientId(_, SlugProblem::Reserved)
            | Self::ClientIdTaken(_)
            | Self::ClientIdFixed
            | Self::Redirect(..)
            | Self::NeedsAuthentication(_)
            | Self::ProfileAuth
            | Self::ProfileAlgorithm
            | Self::ProfileDevice
            | Self::ProfileRedirect(_)
            | Self::NoSecret(_)
            | Self::NoFormerSecret
            | Self::Stale => ProblemKind::Refused,
            _ => ProblemKind::Malformed,
        }
    }

    /// The problem of that setting.
    pub const fn of(self, field: &'static str) -> AppProblem {
        AppProblem { field, reason: self }
    }
}
