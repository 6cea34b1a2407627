//! `private_key_jwt`: client authentication with a signed assertion (RFC 7523 §2.2 and §3, OpenID Connect Core §9).

use std::time::Duration;

use serde::Deserialize;

use crate::jose::{JwkSet, JwsError, UnverifiedJws, VerificationAlgorithm};
use crate::time::Timestamp;

/// The `client_assertion_type` of client assertions.
pub const CLIENT_ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The longest remaining life of an assertion.
const LONGEST_LIFE: Duration = Duration::from_mins(10);
/// How far the app's clock may be ahead of ours: at least 10 seconds (FAPI 2.0 Security Profile §5.3.2.1), and well below the 60
/// beyond which an assertion must be refused, so that one does not come to be accepted because it took a while to arrive.
const CLOCK_SKEW: Duration = Duration::from_secs(30);
/// The longest `sub` and `jti`, in bytes.
const MAX_TEXT: usize = 512;

/// Why an assertion does not authenticate the app.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AssertionProblem {
    /// Not a JWS, or one that we do not support.
    #[error("the client assertion is not acceptable: {0}")]
    Jws(JwsError),
    /// `typ` names another kind of token.
    #[error("the client assertion's typ is not JWT")]
    Kind,
    /// A claim is missing, has the wrong type or is too long.
    #[error("the client assertion must have the claims iss, sub, aud, exp and jti")]
    Claims,
    /// `iss` and `sub` must both be the client id.
    #[error("the client assertion's iss and sub differ")]
    IssuerIsNotSubject,
    /// The app's profile rules out the algorithm.
    #[error("the client assertion's algorithm is not PS256, ES256 or EdDSA")]
    Algorithm,
    /// Another audience, or further audiences.
    #[error("the client assertion's aud is not this server alone")]
    Audience,
    /// `exp` has passed.
    #[error("the client assertion has expired")]
    Expired,
    /// `exp` is more than 10 minutes ahead.
    #[error("the client assertion expires more than 10 minutes from now")]
    LivesTooLong,
    /// `nbf` or `iat` is in the future.
    #[error("the client assertion is not valid yet")]
    FromTheFuture,
    /// The app has no key with this id and algorithm; fetched keys may have changed.
    #[error("the client assertion is signed with a key that the app has not registered")]
    UnknownKey,
    /// The signature matches none of the app's keys.
    #[error("the client assertion's signature is not valid")]
    Signature,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Audience {
    /// Whether all of its values are `accepted`: an assertion for further audiences could be replayed by one of them.
    fn is_only(&self, accepted: &[&str]) -> bool {
        match self {
            Self::One(value) => accepted.contains(&value.as_str()),
            Self::Many(values) => !values.is_empty() && values.iter().all(|value| accepted.contains(&value.as_str())),
        }
    }
}

/// A `NumericDate` (RFC 7519 §2); fractions of a second are dropped.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "serde_json::Number")]
struct NumericDate(Timestamp);

impl TryFrom<serde_json::Number> for NumericDate {
    type Error = &'static str;

    fn try_from(number: serde_json::Number) -> Result<Self, Self::Error> {
        let text = number.to_string();
        let (seconds, _) = text.split_once('.').unwrap_or((&text, ""));
        seconds.parse().map(|seconds| Self(Timestamp::from_seconds(seconds))).map_err(|_| "not a count of seconds")
    }
}

#[derive(Debug, Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    exp: NumericDate,
    jti: String,
    iat: Option<NumericDate>,
    nbf: Option<NumericDate>,
}

/// An unverified assertion. It names the app whose keys must verify it.
#[derive(Debug)]
pub struct ClientAssertion<'a> {
    jws: UnverifiedJws<'a>,
    claims: Claims,
}

/// A valid assertion for this server. Its `jti` may be used once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedAssertion {
    /// The assertion's id, without control characters and at most 512 bytes; remember it until `expires_at`.
    pub jti: String,
    /// When the assertion expires.
    pub expires_at: Timestamp,
}

impl<'a> ClientAssertion<'a> {
    /// Reads an assertion.
    pub fn parse(text: &'a str) -> Result<Self, AssertionProblem> {
        let jws = UnverifiedJws::parse(text).map_err(AssertionProblem::Jws)?;
        // Absent in most clients; the second one is of draft-ietf-oauth-rfc7523bis. Anything else is a different kind
        // of token that the app signed.
        if !matches!(jws.header().typ.as_deref(), None | Some("JWT" | "jwt" | "client-authentication+jwt")) {
            return Err(AssertionProblem::Kind);
        }
        let claims: Claims = serde_json::from_slice(jws.unverified_payload()).map_err(|_| AssertionProblem::Claims)?;
        let usable =
            |text: &str| !text.is_empty() && text.len() <= MAX_TEXT && !text.contains(|c: char| c.is_control());
        if !usable(&claims.sub) || !usable(&claims.jti) {
            return Err(AssertionProblem::Claims);
        }
        if claims.iss != claims.sub {
            return Err(AssertionProblem::IssuerIsNotSubject);
        }
        Ok(Self { jws, claims })
    }

    /// The app that it claims to come from.
    pub fn client_id(&self) -> &str {
        &self.claims.sub
    }

    /// The algorithm of its signature.
    pub fn alg(&self) -> VerificationAlgorithm {
        self.jws.header().alg
    }

    /// Whether `keys` has a key that could have signed it; if not, the set may be outdated.
    pub fn names_key_of(&self, keys: &JwkSet) -> bool {
        let header = self.jws.header();
        keys.candidates(header.alg, header.kid.as_deref()).next().is_some()
    }

    /// Checks what the FAPI 2.0 Security Profile demands beyond [`ClientAssertion::verify`]: `aud` is the issuer as a string
    /// (§5.3.2.1), and the algorithm is not RS256 (§5.4.1).
    ///
    /// # Errors
    /// [`AssertionProblem::Algorithm`], [`AssertionProblem::Audience`].
    pub fn check_fapi2(&self, issuer: &str) -> Result<(), AssertionProblem> {
        if self.jws.header().alg == VerificationAlgorithm::RS256 {
            return Err(AssertionProblem::Algorithm);
        }
        match &self.claims.aud {
            Audience::One(audience) if audience == issuer => Ok(()),
            _ => Err(AssertionProblem::Audience),
        }
    }

    /// Verifies everything except whether the `jti` was used before. `audiences` are the issuer and the token endpoint.
    pub fn verify(
        &self,
        keys: &JwkSet,
        audiences: &[&str],
        now: Timestamp,
    ) -> Result<VerifiedAssertion, AssertionProblem> {
        let header = self.jws.header();
        let mut candidates = keys.candidates(header.alg, header.kid.as_deref()).peekable();
        if candidates.peek().is_none() {
            return Err(AssertionProblem::UnknownKey);
        }
        if !candidates.any(|key| self.jws.verify(key).is_ok()) {
            return Err(AssertionProblem::Signature);
        }
        if !self.claims.aud.is_only(audiences) {
            return Err(AssertionProblem::Audience);
        }
        let expires_at = self.claims.exp.0;
        if expires_at <= now {
            return Err(AssertionProblem::Expired);
        }
        if expires_at > now.plus(LONGEST_LIFE) {
            return Err(AssertionProblem::LivesTooLong);
        }
        let latest = now.plus(CLOCK_SKEW);
        if [self.claims.nbf, self.claims.iat].into_iter().flatten().any(|moment| moment.0 > latest) {
            return Err(AssertionProblem::FromTheFuture);
        }
        Ok(VerifiedAssertion { jti: self.claims.jti.clone(), expires_at })
    }
}

#[cfg(test)]
mod tests;
