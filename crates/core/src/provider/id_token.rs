//! The ID token of an upstream provider (OpenID Connect Core §3.1.3.7).

use std::time::Duration;

use aws_lc_rs::digest::{SHA256, SHA512, digest};
use serde_json::Value;
use subtle::ConstantTimeEq as _;

use super::Subject;
use crate::jose::{JwkSet, JwsError, UnverifiedJws, VerificationAlgorithm, base64url};
use crate::json::Members;
use crate::time::Timestamp;

/// How far the provider's clock may differ from ours.
const CLOCK_SKEW: Duration = Duration::from_mins(1);
/// How old a token may be: it was issued for the code that was just redeemed.
const OLDEST: Duration = Duration::from_mins(10);

/// Why an ID token proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdTokenProblem {
    /// Not a JWS, or one that is not supported: `alg` is `none` or a MAC, for example.
    #[error("the ID token is not acceptable: {0}")]
    Jws(JwsError),
    /// The provider publishes no key with this id and algorithm; fetched keys may have changed.
    #[error("the ID token is signed with a key that the provider does not publish")]
    UnknownKey,
    /// The signature matches none of the keys.
    #[error("the ID token's signature is not valid")]
    Signature,
    /// A required claim is missing, has the wrong type or is too long.
    #[error("the ID token lacks a required claim, or one has the wrong type")]
    Claims,
    /// Another issuer.
    #[error("the ID token's issuer is not the provider's")]
    Issuer,
    /// Our client is not in the audience.
    #[error("the ID token is for another client")]
    Audience,
    /// It was issued to another client, or the audience has several members and no `azp`.
    #[error("the ID token was issued to another client")]
    AuthorizedParty,
    /// `exp` has passed, or `iat` is long ago.
    #[error("the ID token has expired")]
    Expired,
    /// `nbf` or `iat` is in the future.
    #[error("the ID token is not valid yet")]
    FromTheFuture,
    /// Not the nonce of this sign-in.
    #[error("the ID token's nonce is not that of this sign-in")]
    Nonce,
    /// `at_hash` is not that of the access token.
    #[error("the ID token belongs to another access token")]
    AccessTokenHash,
}

/// What an ID token has to say.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// The provider's issuer; further ones are other spellings of it.
    pub issuers: &'a [&'a str],
    /// Our client id there.
    pub client_id: &'a str,
    /// The nonce that was sent.
    pub nonce: &'a str,
    /// The access token that came with it.
    pub access_token: Option<&'a str>,
    /// The time.
    pub now: Timestamp,
}

/// An unverified ID token.
#[derive(Debug)]
pub struct IdToken<'a> {
    jws: UnverifiedJws<'a>,
}

/// An ID token that is for us, about this sign-in, and signed by the provider.
#[derive(Debug)]
pub struct VerifiedIdToken {
    /// The account.
    pub subject: Subject,
    /// When the user authenticated there, if it says so.
    pub auth_time: Option<Timestamp>,
    /// All claims.
    pub claims: Members,
}

impl<'a> IdToken<'a> {
    /// Reads a token.
    pub fn parse(text: &'a str) -> Result<Self, IdTokenProblem> {
        UnverifiedJws::parse(text).map(|jws| Self { jws }).map_err(IdTokenProblem::Jws)
    }

    /// Whether `keys` has a key that could have signed it; if not, the set may be outdated.
    pub fn names_key_of(&self, keys: &JwkSet) -> bool {
        let header = self.jws.header();
        keys.candidates(header.alg, header.kid.as_deref()).next().is_some()
    }

    /// Verifies everything. Nothing of the payload is looked at before the signature is right.
    pub fn verify(&self, keys: &JwkSet, expected: &Expected<'_>) -> Result<VerifiedIdToken, IdTokenProblem> {
        let header = self.jws.header();
        let mut candidates = keys.candidates(header.alg, header.kid.as_deref()).peekable();
        if candidates.peek().is_none() {
            return Err(IdTokenProblem::UnknownKey);
        }
        let payload = candidates.find_map(|key| self.jws.verify(key).ok()).ok_or(IdTokenProblem::Signature)?;
        let claims: Members = serde_json::from_slice(payload).map_err(|_| IdTokenProblem::Claims)?;
        let text = |name: &str| claims.get(name).and_then(Value::as_str);
        if !text("iss").is_some_and(|issuer| expected.issuers.contains(&issuer)) {
            return Err(IdTokenProblem::Issuer);
        }
        check_audience(&claims, expected.client_id)?;
        check_times(&claims, expected.now)?;
        let nonce = text("nonce").ok_or(IdTokenProblem::Nonce)?;
        if !bool::from(nonce.as_bytes().ct_eq(expected.nonce.as_bytes())) {
            return Err(IdTokenProblem::Nonce);
        }
        if let (Some(hash), Some(access_token)) = (claims.get("at_hash"), expected.access_token)
            && hash.as_str() != Some(half_hash(header.alg, access_token).as_str())
        {
            return Err(IdTokenProblem::AccessTokenHash);
        }
        let subject = text("sub").and_then(Subject::parse).ok_or(IdTokenProblem::Claims)?;
        let auth_time = moment(&claims, "auth_time")?;
        Ok(VerifiedIdToken { subject, auth_time, claims })
    }
}

fn check_audience(claims: &Members, client_id: &str) -> Result<(), IdTokenProblem> {
    let audience: Vec<&str> = match claims.get("aud") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).collect(),
        _ => return Err(IdTokenProblem::Claims),
    };
    if !audience.contains(&client_id) {
        return Err(IdTokenProblem::Audience);
    }
    match claims.get("azp") {
        Some(party) if party.as_str() != Some(client_id) => Err(IdTokenProblem::AuthorizedParty),
        None if audience.len() > 1 => Err(IdTokenProblem::AuthorizedParty),
        _ => Ok(()),
    }
}

fn check_times(claims: &Members, now: Timestamp) -> Result<(), IdTokenProblem> {
    let expires_at = moment(claims, "exp")?.ok_or(IdTokenProblem::Claims)?;
    let issued_at = moment(claims, "iat")?.ok_or(IdTokenProblem::Claims)?;
    if expires_at.plus(CLOCK_SKEW) <= now || issued_at.plus(OLDEST) <= now {
        return Err(IdTokenProblem::Expired);
    }
    let latest = now.plus(CLOCK_SKEW);
    if issued_at > latest || moment(claims, "nbf")?.is_some_and(|not_before| not_before > latest) {
        return Err(IdTokenProblem::FromTheFuture);
    }
    Ok(())
}

fn moment(claims: &Members, name: &str) -> Result<Option<Timestamp>, IdTokenProblem> {
    claims.numeric_date(name).map_err(|_| IdTokenProblem::Claims)
}

/// The left half of the hash that belongs to the algorithm (OpenID Connect Core §3.1.3.6; SHA-512 for Ed25519).
fn half_hash(algorithm: VerificationAlgorithm, token: &str) -> String {
    let hash = match algorithm {
        VerificationAlgorithm::EdDSA => digest(&SHA512, token.as_bytes()),
        VerificationAlgorithm::RS256 | VerificationAlgorithm::PS256 | VerificationAlgorithm::ES256 => {
            digest(&SHA256, token.as_bytes())
        }
    };
    let bytes = hash.as_ref();
    base64url::encode(bytes.get(..bytes.len() / 2).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::jose::{Algorithm, SigningKey, TokenKind, sign};

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
    const ISSUER: &str = "https://op.example.org";
    const ACCESS: &str = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y";

    fn good() -> Value {
        let now = NOW.seconds();
        json!({
            "iss": ISSUER, "sub": "ada", "aud": "us", "nonce": "n-0S6_WzA2Mj", "iat": now, "exp": now + 300,
            "email": "ada@example.org", "at_hash": "77QmUPtjPfzWtF2AnpK9RQ",
        })
    }

    fn verify(claims: &Value) -> Result<VerifiedIdToken, IdTokenProblem> {
        let key = SigningKey::generate(Algorithm::ES256).unwrap();
        let token = sign(&key, TokenKind::Id, claims).unwrap();
        verify_with(&token, &[key.public().clone()].into_iter().collect())
    }

    fn verify_with(token: &str, keys: &JwkSet) -> Result<VerifiedIdToken, IdTokenProblem> {
        let expected = Expected {
            issuers: &[ISSUER],
            client_id: "us",
            nonce: "n-0S6_WzA2Mj",
            access_token: Some(ACCESS),
            now: NOW,
        };
        IdToken::parse(token)?.verify(keys, &expected)
    }

    fn changed(name: &str, value: Value) -> Value {
        let mut claims = good();
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        } else {
            claims[name] = value;
        }
        claims
    }

    #[test]
    fn a_token_of_the_provider_for_this_sign_in_is_accepted() {
        let token = verify(&good()).unwrap();
        assert_eq!((token.subject.as_str(), token.auth_time), ("ada", None));
        assert_eq!(token.claims.get("email"), Some(&json!("ada@example.org")));
        for (name, value) in [
            ("aud", json!(["us"])),
            ("azp", json!("us")),
            ("at_hash", Value::Null),
            ("exp", json!(NOW.seconds() - 59)),
            ("iat", json!(NOW.seconds() + 60)),
            ("iat", json!(f64::from(1_800_000_000) - 0.5)),
            ("auth_time", json!(NOW.seconds() - 9_000)),
        ] {
            assert!(verify(&changed(name, value)).is_ok(), "{name}");
        }
        let mut several = changed("aud", json!(["us", "them"]));
        several["azp"] = json!("us");
        assert!(verify(&several).is_ok());
    }

    #[test]
    fn a_token_that_differs_in_one_claim_is_refused() {
        use IdTokenProblem as P;
        let now = NOW.seconds();
        for (name, value, problem) in [
            ("iss", json!("https://evil.example"), P::Issuer),
            ("iss", json!("https://op.example.org/"), P::Issuer),
            ("iss", Value::Null, P::Issuer),
            ("aud", json!("them"), P::Audience),
            ("aud", json!(["them"]), P::Audience),
            ("aud", json!([]), P::Audience),
            ("aud", Value::Null, P::Claims),
            ("aud", json!(["us", "them"]), P::AuthorizedParty),
            ("azp", json!("them"), P::AuthorizedParty),
            ("azp", json!(7), P::AuthorizedParty),
            ("nonce", json!("another"), P::Nonce),
            ("nonce", json!(""), P::Nonce),
            ("nonce", Value::Null, P::Nonce),
            ("exp", json!(now - 60), P::Expired),
            ("exp", Value::Null, P::Claims),
            ("exp", json!("soon"), P::Claims),
            ("iat", json!(now - 600), P::Expired),
            ("iat", json!(now + 61), P::FromTheFuture),
            ("iat", Value::Null, P::Claims),
            ("nbf", json!(now + 61), P::FromTheFuture),
            ("at_hash", json!("77QmUPtjPfzWtF2AnpK9RR"), P::AccessTokenHash),
            ("at_hash", json!(7), P::AccessTokenHash),
            ("sub", Value::Null, P::Claims),
            ("sub", json!(""), P::Claims),
            ("sub", json!(17), P::Claims),
            ("sub", json!("s".repeat(256)), P::Claims),
            ("sub", json!("a\u{0}"), P::Claims),
            ("auth_time", json!("yesterday"), P::Claims),
        ] {
            assert_eq!(verify(&changed(name, value.clone())).unwrap_err(), problem, "{name}: {value}");
        }
    }

    #[test]
    fn an_unsigned_or_wrongly_signed_token_is_refused() {
        let (key, other) =
            (SigningKey::generate(Algorithm::ES256).unwrap(), SigningKey::generate(Algorithm::ES256).unwrap());
        let keys: JwkSet = [key.public().clone()].into_iter().collect();
        let token = sign(&key, TokenKind::Id, &good()).unwrap();
        let (signed, _) = token.rsplit_once('.').unwrap();
        let (_, payload) = signed.split_once('.').unwrap();
        let with = |header: &str| format!("{}.{payload}.", base64url::encode(header));
        assert_eq!(
            verify_with(&with(r#"{"alg":"none"}"#), &keys).unwrap_err(),
            IdTokenProblem::Jws(JwsError::UnsupportedAlgorithm)
        );
        assert_eq!(
            verify_with(&with(r#"{"alg":"HS256"}"#), &keys).unwrap_err(),
            IdTokenProblem::Jws(JwsError::UnsupportedAlgorithm)
        );
        assert_eq!(verify_with(&with(r#"{"alg":"ES256"}"#), &keys).unwrap_err(), IdTokenProblem::Signature);
        let foreign = sign(&other, TokenKind::Id, &good()).unwrap();
        assert_eq!(verify_with(&foreign, &keys).unwrap_err(), IdTokenProblem::UnknownKey);
        for text in ["", "a.b.c", "a", &token[..token.len() - 4]] {
            assert!(verify_with(text, &keys).is_err(), "{text}");
        }
    }

    #[test]
    fn half_hashes_are_those_of_openid_connect() {
        // OpenID Connect Core §A.3.
        assert_eq!(half_hash(VerificationAlgorithm::RS256, ACCESS), "77QmUPtjPfzWtF2AnpK9RQ");
    }
}
