//! A JWT of another issuer (RFC 7519), which that issuer's published keys must verify.

use serde_json::Value;

use crate::jose::{JwkSet, UnverifiedJws};
use crate::json::Members;

/// An unverified JWT, and the issuer that it claims to come from.
#[derive(Debug)]
pub(crate) struct ForeignJwt<'a> {
    jws: UnverifiedJws<'a>,
    issuer: String,
}

/// Why one is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ForeignJwtFault {
    /// The issuer publishes no key with this id and algorithm.
    UnknownKey,
    /// The signature matches none of the keys.
    Signature,
    /// A required claim is missing or has the wrong type.
    Claims,
    /// It is not for the one audience alone.
    Audience,
}

impl<'a> ForeignJwt<'a> {
    /// One that names its issuer; `None` otherwise.
    pub(crate) fn of(jws: UnverifiedJws<'a>) -> Option<Self> {
        let claims: Members = serde_json::from_slice(jws.unverified_payload()).ok()?;
        let issuer = claims.get("iss")?.as_str()?.to_owned();
        Some(Self { jws, issuer })
    }

    /// The issuer that it claims to come from.
    pub(crate) fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Whether `keys` has a key that could have signed it; if not, the set may be outdated.
    pub(crate) fn names_key_of(&self, keys: &JwkSet) -> bool {
        let header = self.jws.header();
        keys.candidates(header.alg, header.kid.as_deref()).next().is_some()
    }

    /// Its claims, if one of `keys` signed it.
    pub(crate) fn verify(&self, keys: &JwkSet) -> Result<Members, ForeignJwtFault> {
        if !self.names_key_of(keys) {
            return Err(ForeignJwtFault::UnknownKey);
        }
        let header = self.jws.header();
        let mut candidates = keys.candidates(header.alg, header.kid.as_deref());
        let payload = candidates.find_map(|key| self.jws.verify(key).ok()).ok_or(ForeignJwtFault::Signature)?;
        serde_json::from_slice(payload).map_err(|_| ForeignJwtFault::Claims)
    }
}

/// Checks that `aud` is `audience` alone: a further audience could use the token here.
pub(crate) fn is_for(claims: &Members, audience: &str) -> Result<(), ForeignJwtFault> {
    let is_ours = |value: &Value| value.as_str() == Some(audience);
    match claims.get("aud") {
        Some(one @ Value::String(_)) if is_ours(one) => Ok(()),
        Some(Value::Array(many)) if !many.is_empty() && many.iter().all(is_ours) => Ok(()),
        None => Err(ForeignJwtFault::Claims),
        Some(_) => Err(ForeignJwtFault::Audience),
    }
}
