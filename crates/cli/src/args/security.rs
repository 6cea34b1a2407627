//! What the requests and tokens of an app must satisfy.

use clap::{Args, ValueEnum};
use sigma_core::security::SecurityProfile;

/// The demands on an app's requests and tokens.
#[derive(Args, Debug, Default, PartialEq, Eq)]
pub struct SecurityFields {
    /// Security profile: fapi2 demands pushed requests, DPoP, PKCE and `private_key_jwt`, and rules out RS256.
    #[arg(long, value_enum, value_name = "PROFILE")]
    pub profile: Option<ProfileArg>,
    /// Require pushed authorization requests (RFC 9126).
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    pub require_par: Option<bool>,
    /// Require access tokens bound to a key of the app (DPoP, RFC 9449).
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    pub require_dpop: Option<bool>,
}

/// A security profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ProfileArg {
    /// No profile.
    None,
    /// The FAPI 2.0 Security Profile.
    Fapi2,
}

impl From<ProfileArg> for Option<SecurityProfile> {
    fn from(profile: ProfileArg) -> Self {
        match profile {
            ProfileArg::None => None,
            ProfileArg::Fapi2 => Some(SecurityProfile::Fapi2),
        }
    }
}
