//! Demonstrating proof of possession (RFC 9449).

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use crate::digest::Digest;
use crate::jose::{JwkError, PublicJwk, VerificationAlgorithm, base64url};
use crate::json::Members;
use crate::time::Timestamp;

/// The longest proof, in bytes.
pub const LONGEST_PROOF: usize = 4 * 1_024;
/// The longest `jti`, in bytes.
const LONGEST_JTI: usize = 256;
/// How old a proof without a nonce may be.
pub const OLDEST: Duration = Duration::from_mins(1);
/// How far the client's clock may be ahead of ours.
pub const CLOCK_SKEW: Duration = Duration::from_secs(30);
/// The algorithms of proofs, as listed in discovery. RS256 is not among them: no client needs it here, and FAPI 2.0 rules it out.
pub const ALGORITHMS: [&str; 4] = ["ES256", "EdDSA", "Ed25519", "PS256"];

/// The thumbprint of a public key (RFC 7638): SHA-256 in base64url, `jkt` on the wire.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct Thumbprint(String);

impl Thumbprint {
    /// The thumbprint in `text`, if that is one.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = base64url::decode(text)?;
        (bytes.len() == 32).then(|| Self(text.to_owned()))
    }

    /// Its 43 characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Thumbprint {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("not the thumbprint of a key")
    }
}

impl fmt::Display for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Confirmation of the key that a token is bound to (RFC 7800 §3.1, RFC 9449 §6.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Confirmation {
    /// The thumbprint of the key.
    pub jkt: Thumbprint,
}

/// Why a proof is refused (RFC 9449 §4.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofProblem {
    /// There is more than one.
    #[error("there must be one DPoP header")]
    Repeated,
    /// Not a JWS, or longer than [`LONGEST_PROOF`].
    #[error("the DPoP proof is not a JWT")]
    Malformed,
    /// `typ` is not `dpop+jwt`.
    #[error("the DPoP proof's typ is not dpop+jwt")]
    Kind,
    /// `alg` is none of [`ALGORITHMS`].
    #[error("the DPoP proof's alg is not accepted")]
    Algorithm,
    /// `jwk` is missing or not a public key.
    #[error("the DPoP proof's jwk is not acceptable: {0}")]
    Key(JwkError),
    /// The signature does not verify.
    #[error("the DPoP proof's signature is not valid")]
    Signature,
    /// A claim is missing or has the wrong type.
    #[error("the DPoP proof must have the claims jti, htm, htu and iat")]
    Claims,
    /// Made for another method.
    #[error("the DPoP proof is for another method")]
    Method,
    /// Made for another URL.
    #[error("the DPoP proof is for another URL")]
    Url,
    /// `ath` is missing, or belongs to another token.
    #[error("the DPoP proof is for another access token")]
    Token,
    /// Too old, from the future, or expired.
    #[error("the DPoP proof is too old or from the future")]
    Time,
    /// It was used before.
    #[error("the DPoP proof was used before")]
    Replayed,
    /// Signed with another key than the token or code is bound to.
    #[error("the DPoP proof is signed with another key")]
    OtherKey,
    /// The app's tokens are bound to a key, and there is no proof.
    #[error("this client must send a DPoP proof")]
    Missing,
}

/// The key of proofs, parsed once: all proofs of one client have the same header.
#[derive(Clone, Debug)]
pub struct ProofKey {
    alg: VerificationAlgorithm,
    key: PublicJwk,
    /// Its thumbprint.
    pub thumbprint: Thumbprint,
}

impl ProofKey {
    /// The key in the header of a proof: the part before its first dot.
    ///
    /// # Errors
    /// [`ProofProblem`]
    pub fn parse(header: &str) -> Result<Self, ProofProblem> {
        let header = base64url::decode(header).ok_or(ProofProblem::Malformed)?;
        let header: Members = serde_json::from_slice(&header).map_err(|_| ProofProblem::Malformed)?;
        if header.get("crit").is_some() || header.get("b64").is_some() {
            return Err(ProofProblem::Malformed);
        }
        let text = |name: &str| header.get(name).and_then(Value::as_str);
        if text("typ") != Some("dpop+jwt") {
            return Err(ProofProblem::Kind);
        }
        let alg = text("alg").filter(|alg| ALGORITHMS.contains(alg)).and_then(VerificationAlgorithm::parse);
        let alg = alg.ok_or(ProofProblem::Algorithm)?;
        let jwk = header.get("jwk").ok_or(ProofProblem::Key(JwkError::Malformed))?;
        let key = PublicJwk::parse(&jwk.to_string()).map_err(ProofProblem::Key)?;
        let thumbprint = Thumbprint::parse(&key.thumbprint()).ok_or(ProofProblem::Malformed)?;
        Ok(Self { alg, key, thumbprint })
    }

    /// The bytes of memory that it takes, roughly.
    pub fn weight(&self) -> usize {
        self.key.weight().saturating_add(200)
    }
}

#[derive(Deserialize)]
struct Claims {
    jti: String,
    htm: String,
    htu: String,
    iat: Date,
    nonce: Option<String>,
    ath: Option<String>,
    exp: Option<Date>,
    nbf: Option<Date>,
}

/// A `NumericDate` (RFC 7519 §2); fractions of a second are dropped.
#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "serde_json::Number")]
struct Date(Timestamp);

impl TryFrom<serde_json::Number> for Date {
    type Error = &'static str;

    fn try_from(number: serde_json::Number) -> Result<Self, Self::Error> {
        let seconds = number.as_i64().or_else(|| {
            let text = number.to_string();
            text.split_once('.').and_then(|(seconds, _)| seconds.parse().ok())
        });
        // A year that no timestamp holds is no date.
        let known = seconds.filter(|seconds| (0..100_000_000_000).contains(seconds));
        known.map(|seconds| Self(Timestamp::from_seconds(seconds))).ok_or("not a count of seconds")
    }
}

/// The request that a proof must have been made for.
#[derive(Clone, Copy, Debug)]
pub struct ProvenRequest<'a> {
    /// Its method.
    pub method: &'a str,
    /// Its URL, without query and fragment.
    pub url: &'a str,
    /// The access token that it carries.
    pub token: Option<&'a str>,
}

/// A proof: its key made it for this request. Whether it is recent and was not used before is yet to be judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// Identifies it, for as long as it may be used.
    pub id: Digest,
    /// The nonce that it contains.
    pub nonce: Option<String>,
    iat: Timestamp,
}

impl Proof {
    /// The header of a proof.
    ///
    /// # Errors
    /// [`ProofProblem::Malformed`]
    pub fn header_of(text: &str) -> Result<&str, ProofProblem> {
        if text.len() > LONGEST_PROOF {
            return Err(ProofProblem::Malformed);
        }
        text.split_once('.').map(|(header, _)| header).ok_or(ProofProblem::Malformed)
    }

    /// Verifies a proof with the key of its header.
    ///
    /// # Errors
    /// [`ProofProblem`]
    pub fn verify(
        text: &str,
        key: &ProofKey,
        request: &ProvenRequest<'_>,
        now: Timestamp,
    ) -> Result<Self, ProofProblem> {
        let (signed, signature) = text.rsplit_once('.').ok_or(ProofProblem::Malformed)?;
        let (_, payload) = signed.split_once('.').ok_or(ProofProblem::Malformed)?;
        let payload = base64url::decode(payload).ok_or(ProofProblem::Malformed)?;
        let signature = base64url::decode(signature).ok_or(ProofProblem::Malformed)?;
        let claims: Claims = serde_json::from_slice(&payload).map_err(|_| ProofProblem::Claims)?;
        // What is cheap is checked first: the rest costs a verification.
        if claims.htm != request.method {
            return Err(ProofProblem::Method);
        }
        if !is_same_url(&claims.htu, request.url) {
            return Err(ProofProblem::Url);
        }
        let is_bound = match request.token {
            Some(token) => claims.ath.is_some_and(|ath| ath == Digest::of(token).base64url()),
            None => true,
        };
        if !is_bound {
            return Err(ProofProblem::Token);
        }
        if claims.jti.is_empty() || claims.jti.len() > LONGEST_JTI {
            return Err(ProofProblem::Claims);
        }
        let has_ended = claims.exp.is_some_and(|exp| exp.0.plus(CLOCK_SKEW) <= now);
        if has_ended || claims.nbf.is_some_and(|nbf| nbf.0 > now.plus(CLOCK_SKEW)) {
            return Err(ProofProblem::Time);
        }
        key.key.verify(key.alg, signed.as_bytes(), &signature).map_err(|_| ProofProblem::Signature)?;
        let id = Digest::of(format!("dpop\0{}\0{}", key.thumbprint, claims.jti));
        Ok(Self { id, nonce: claims.nonce, iat: claims.iat.0 })
    }

    /// When a proof without a nonce expires, by its `iat`.
    ///
    /// # Errors
    /// [`ProofProblem::Time`]
    pub fn expires_at(&self, now: Timestamp) -> Result<Timestamp, ProofProblem> {
        let expires_at = self.iat.plus(OLDEST);
        if expires_at <= now || self.iat > now.plus(CLOCK_SKEW) { Err(ProofProblem::Time) } else { Ok(expires_at) }
    }

    /// When it was made, by the client's clock.
    pub fn made_at(&self) -> Timestamp {
        self.iat
    }
}

/// Whether `htu` is `url`, without its query and fragment and after the normalization of RFC 3986 §6.2.2 and §6.2.3.
fn is_same_url(htu: &str, url: &str) -> bool {
    let bare = htu.split(['?', '#']).next().unwrap_or_default();
    if bare == url {
        return true;
    }
    let normal = |text: &str| {
        let url = Url::parse(text).ok()?;
        let is_web = matches!(url.scheme(), "https" | "http") && url.username().is_empty() && url.password().is_none();
        is_web.then(|| (url.origin(), url.path().to_owned()))
    };
    normal(bare).is_some_and(|bare| normal(url).is_some_and(|url| bare == url))
}

#[cfg(test)]
mod tests;
