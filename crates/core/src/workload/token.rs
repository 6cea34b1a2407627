//! The token of a workload: an ID token (OpenID Connect Core §2) or a JWT like it.

use std::time::Duration;

use serde_json::Value;

use crate::foreign_jwt::{ForeignJwt, ForeignJwtFault, is_for};
use crate::jose::{JwkSet, JwsError, UnverifiedJws};
use crate::json::Members;
use crate::time::Timestamp;

/// How far the issuer's clock may differ from ours.
const CLOCK_SKEW: Duration = Duration::from_mins(1);
/// The longest remaining life: what was used once is remembered as long.
const LONGEST_LIFE: Duration = Duration::from_hours(24);
/// The longest `sub` and `jti`, in bytes.
const LONGEST_TEXT: usize = 512;

/// Why a token proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WorkloadProblem {
    /// Not a JWS, or one that is not supported.
    #[error("the token is not acceptable: {0}")]
    Jws(JwsError),
    /// `typ` names another kind of token.
    #[error("the token's typ is not JWT")]
    Kind,
    /// The issuer publishes no key with this id and algorithm.
    #[error("the token is signed with a key that its issuer does not publish")]
    UnknownKey,
    /// The signature matches none of the keys.
    #[error("the token's signature is not valid")]
    Signature,
    /// A required claim is missing, has the wrong type or is too long.
    #[error("the token must have the claims iss, sub, aud, exp and, unless it may be reused, jti")]
    Claims,
    /// Another issuer.
    #[error("the token's issuer is another one")]
    Issuer,
    /// It is not for this server, or not for this server alone.
    #[error("the token's aud is not the configured audience alone")]
    Audience,
    /// `exp` has passed.
    #[error("the token has expired")]
    Expired,
    /// `exp` is more than a day ahead.
    #[error("the token expires more than a day from now")]
    LivesTooLong,
    /// `nbf` or `iat` is in the future.
    #[error("the token is not valid yet")]
    FromTheFuture,
}

impl From<ForeignJwtFault> for WorkloadProblem {
    fn from(fault: ForeignJwtFault) -> Self {
        match fault {
            ForeignJwtFault::UnknownKey => Self::UnknownKey,
            ForeignJwtFault::Signature => Self::Signature,
            ForeignJwtFault::Claims => Self::Claims,
            ForeignJwtFault::Audience => Self::Audience,
        }
    }
}

/// What is accepted of an issuer.
#[derive(Clone, Copy, Debug)]
pub struct Accepted<'a> {
    /// The issuer, byte for byte.
    pub issuer: &'a str,
    /// The only audience.
    pub audience: &'a str,
    /// Whether a token may be used until it expires; otherwise it needs a `jti`.
    pub reusable: bool,
    /// The time.
    pub now: Timestamp,
}

/// An unverified token, which names the issuer whose keys must verify it.
#[derive(Debug)]
pub struct WorkloadToken<'a>(ForeignJwt<'a>);

/// A valid token of a workload.
#[derive(Debug)]
pub struct VerifiedWorkload {
    /// The workload, as its issuer calls it.
    pub subject: String,
    /// The id of the token, to be used once.
    pub jti: Option<String>,
    /// When it expires.
    pub expires_at: Timestamp,
    /// All claims.
    pub claims: Members,
}

impl<'a> WorkloadToken<'a> {
    /// Reads a token.
    ///
    /// # Errors
    /// [`WorkloadProblem::Jws`], [`WorkloadProblem::Kind`], [`WorkloadProblem::Claims`]
    pub fn parse(text: &'a str) -> Result<Self, WorkloadProblem> {
        let jws = UnverifiedJws::parse(text).map_err(WorkloadProblem::Jws)?;
        if !matches!(jws.header().typ.as_deref(), None | Some("JWT" | "jwt")) {
            return Err(WorkloadProblem::Kind);
        }
        ForeignJwt::of(jws).map(Self).ok_or(WorkloadProblem::Claims)
    }

    /// The issuer that it claims to come from.
    pub fn issuer(&self) -> &str {
        self.0.issuer()
    }

    /// Whether `keys` has a key that could have signed it; if not, the set may be outdated.
    pub fn names_key_of(&self, keys: &JwkSet) -> bool {
        self.0.names_key_of(keys)
    }

    /// Verifies everything except whether its `jti` was used before.
    ///
    /// # Errors
    /// [`WorkloadProblem`]
    pub fn verify(&self, keys: &JwkSet, accepted: &Accepted<'_>) -> Result<VerifiedWorkload, WorkloadProblem> {
        let claims = self.0.verify(keys)?;
        let text = |name: &str| match claims.get(name) {
            None => Ok(None),
            Some(Value::String(text)) if is_usable(text) => Ok(Some(text.clone())),
            Some(_) => Err(WorkloadProblem::Claims),
        };
        if text("iss")?.as_deref() != Some(accepted.issuer) {
            return Err(WorkloadProblem::Issuer);
        }
        is_for(&claims, accepted.audience)?;
        let expires_at = moment(&claims, "exp")?.ok_or(WorkloadProblem::Claims)?;
        if expires_at <= accepted.now {
            return Err(WorkloadProblem::Expired);
        }
        if expires_at > accepted.now.plus(LONGEST_LIFE) {
            return Err(WorkloadProblem::LivesTooLong);
        }
        let latest = accepted.now.plus(CLOCK_SKEW);
        for name in ["nbf", "iat"] {
            if moment(&claims, name)?.is_some_and(|moment| moment > latest) {
                return Err(WorkloadProblem::FromTheFuture);
            }
        }
        let subject = text("sub")?.ok_or(WorkloadProblem::Claims)?;
        let jti = text("jti")?;
        if jti.is_none() && !accepted.reusable {
            return Err(WorkloadProblem::Claims);
        }
        Ok(VerifiedWorkload { subject, jti, expires_at, claims })
    }
}

fn is_usable(text: &str) -> bool {
    !text.is_empty() && text.len() <= LONGEST_TEXT && !text.contains(|c: char| c.is_control())
}

fn moment(claims: &Members, name: &str) -> Result<Option<Timestamp>, WorkloadProblem> {
    claims.numeric_date(name).map_err(|_| WorkloadProblem::Claims)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::jose::{Algorithm, SigningKey, TokenKind, sign};

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
    const ISSUER: &str = "https://token.actions.githubusercontent.com";
    const US: &str = "https://id.example.org";

    fn good() -> Value {
        let now = NOW.seconds();
        json!({"iss": ISSUER, "sub": "repo:acme/web:ref:refs/heads/main", "aud": US, "jti": "1", "iat": now, "nbf": now - 60,
            "exp": now + 300, "repository": "acme/web"})
    }

    fn verified(kind: TokenKind, claims: &Value, reusable: bool) -> Result<VerifiedWorkload, WorkloadProblem> {
        let key = SigningKey::generate(Algorithm::ES256).unwrap();
        let token = sign(&key, kind, claims).unwrap();
        let keys = [key.public().clone()].into_iter().collect();
        WorkloadToken::parse(&token)?.verify(&keys, &Accepted { issuer: ISSUER, audience: US, reusable, now: NOW })
    }

    #[test]
    fn a_token_for_us_alone_is_taken() {
        let token = verified(TokenKind::Id, &good(), false).unwrap();
        assert_eq!((token.subject.as_str(), token.jti.as_deref()), ("repo:acme/web:ref:refs/heads/main", Some("1")));
        let mut several = good();
        several["aud"] = json!([US]);
        several["jti"] = Value::Null;
        several.as_object_mut().unwrap().remove("jti");
        assert_eq!(verified(TokenKind::Id, &several, false).unwrap_err(), WorkloadProblem::Claims);
        assert!(verified(TokenKind::Id, &several, true).is_ok());
    }

    #[test]
    fn every_claim_is_checked() {
        use WorkloadProblem as P;
        let now = NOW.seconds();
        for (name, value, problem) in [
            ("iss", json!("https://token.actions.githubusercontent.com/"), P::Issuer),
            ("iss", json!(7), P::Claims),
            ("aud", json!("https://other.example.org"), P::Audience),
            ("aud", json!([US, "https://other.example.org"]), P::Audience),
            ("aud", json!([]), P::Audience),
            ("aud", Value::Null, P::Audience),
            ("sub", json!(""), P::Claims),
            ("sub", json!("x".repeat(513)), P::Claims),
            ("jti", json!(["1"]), P::Claims),
            ("exp", json!(now), P::Expired),
            ("exp", json!(now + 86_401), P::LivesTooLong),
            ("exp", json!("soon"), P::Claims),
            ("nbf", json!(now + 61), P::FromTheFuture),
            ("iat", json!(now + 61), P::FromTheFuture),
        ] {
            let mut claims = good();
            claims[name] = value;
            assert_eq!(verified(TokenKind::Id, &claims, false).unwrap_err(), problem, "{name}: {}", claims[name]);
        }
        assert_eq!(verified(TokenKind::Access, &good(), false).unwrap_err(), P::Kind);
    }

    #[test]
    fn only_the_keys_of_the_issuer_count() {
        let (key, other) =
            (SigningKey::generate(Algorithm::ES256).unwrap(), SigningKey::generate(Algorithm::ES256).unwrap());
        let text = sign(&key, TokenKind::Id, &good()).unwrap();
        let accepted = Accepted { issuer: ISSUER, audience: US, reusable: false, now: NOW };
        let token = WorkloadToken::parse(&text).unwrap();
        let others: JwkSet = [other.public().clone()].into_iter().collect();
        assert_eq!(token.verify(&others, &accepted).unwrap_err(), WorkloadProblem::UnknownKey);
        let (signed, _) = text.rsplit_once('.').unwrap();
        let forged = format!("{signed}.{}", text.rsplit_once('.').unwrap().1.chars().rev().collect::<String>());
        let keys: JwkSet = [key.public().clone()].into_iter().collect();
        if let Ok(token) = WorkloadToken::parse(&forged) {
            assert_eq!(token.verify(&keys, &accepted).unwrap_err(), WorkloadProblem::Signature);
        }
    }
}
