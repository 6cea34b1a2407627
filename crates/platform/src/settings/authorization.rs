//! Settings of authorization requests and proofs of possession.

use serde::{Deserialize, Serialize};

/// What authorization requests must satisfy, and what proofs of possession must (`docs/spec/sender-constrained.md`).
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Authorization {
    /// Every app must push its authorization requests (RFC 9126 §5).
    pub require_pushed_requests: bool,
    /// Life of a `request_uri` in seconds: 60, at most 600.
    pub pushed_request_seconds: u32,
    /// Every DPoP proof must contain a nonce of this server (RFC 9449 §8).
    pub require_dpop_nonce: bool,
}

impl Default for Authorization {
    fn default() -> Self {
        Self { require_pushed_requests: false, pushed_request_seconds: 60, require_dpop_nonce: false }
    }
}
