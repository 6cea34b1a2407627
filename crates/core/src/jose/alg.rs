//! Signature algorithms: the three we sign with, and the four we accept from apps.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An algorithm that Sigma signs with (RFC 7518 §3.1, RFC 8037 §3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256, 2048 bits: supported by every OpenID Connect client.
    RS256,
    /// ECDSA on P-256 with SHA-256; the signature is the 64 bytes `r ‖ s`.
    ES256,
    /// Ed25519.
    EdDSA,
}

impl Algorithm {
    /// Every algorithm, in the order of the JWKS.
    pub const ALL: [Self; 3] = [Self::RS256, Self::ES256, Self::EdDSA];

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RS256 => "RS256",
            Self::ES256 => "ES256",
            Self::EdDSA => "EdDSA",
        }
    }

    /// The algorithm with this exact name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.as_str() == name)
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An algorithm whose signatures Sigma accepts: its own, and `PS256` from apps. `none` and `HS256` do not exist here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum VerificationAlgorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    RS256,
    /// RSASSA-PSS with SHA-256 and a salt of 32 bytes.
    PS256,
    /// ECDSA on P-256 with SHA-256; the signature is the 64 bytes `r ‖ s`.
    ES256,
    /// Ed25519.
    #[serde(alias = "Ed25519")]
    EdDSA,
}

/// The newer name of [`VerificationAlgorithm::EdDSA`] (RFC 9864 §2.2), used by current clients.
const ED25519: &str = "Ed25519";

impl VerificationAlgorithm {
    /// Every algorithm.
    pub const ALL: [Self; 4] = [Self::RS256, Self::PS256, Self::ES256, Self::EdDSA];

    /// Every accepted name, as listed in discovery.
    pub const NAMES: [&str; 5] = ["RS256", "PS256", "ES256", "EdDSA", ED25519];

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RS256 => "RS256",
            Self::PS256 => "PS256",
            Self::ES256 => "ES256",
            Self::EdDSA => "EdDSA",
        }
    }

    /// The algorithm with this exact name.
    pub fn parse(name: &str) -> Option<Self> {
        if name == ED25519 {
            return Some(Self::EdDSA);
        }
        Self::ALL.into_iter().find(|algorithm| algorithm.as_str() == name)
    }
}

impl From<Algorithm> for VerificationAlgorithm {
    fn from(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::RS256 => Self::RS256,
            Algorithm::ES256 => Self::ES256,
            Algorithm::EdDSA => Self::EdDSA,
        }
    }
}

impl fmt::Display for VerificationAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_exact_names_are_algorithms() {
        for algorithm in Algorithm::ALL {
            assert_eq!(Algorithm::parse(algorithm.as_str()), Some(algorithm));
        }
        for algorithm in VerificationAlgorithm::ALL {
            assert_eq!(VerificationAlgorithm::parse(algorithm.as_str()), Some(algorithm));
        }
        for name in ["none", "None", "", "HS256", "es256", "ES256 ", "RS1", "RS512", "ES256K"] {
            assert_eq!(VerificationAlgorithm::parse(name), None, "{name}");
        }
    }
}
