//! Access tokens that were verified.

use sigma_core::token::AccessClaims;

/// An access token whose signature, type and issuer are valid; whether it is still active is checked separately.
#[derive(Debug)]
pub struct VerifiedAccess {
    /// Its claims.
    pub claims: AccessClaims,
    /// The signing key.
    pub kid: String,
}
