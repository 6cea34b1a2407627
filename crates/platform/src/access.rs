//! Access tokens that were verified.

use std::ops::Range;

use sigma_core::token::AccessClaims;

/// An access token whose signature, type and issuer are valid; whether it is still active is checked separately.
#[derive(Debug)]
pub struct VerifiedAccess {
    /// Its claims.
    pub claims: AccessClaims,
    /// The signing key.
    pub kid: String,
}

/// Tolerated clock skew between server processes, in seconds.
pub const SKEW: i64 = 60;

impl VerifiedAccess {
    /// When it may be accepted, in seconds. One from the future was issued by a clock that must not be trusted.
    pub fn accepted_in(&self) -> Range<i64> {
        self.claims.iat.saturating_sub(SKEW)..self.claims.exp
    }
}
