//! ID-JAG, the identity assertion JWT authorization grant (`draft-ietf-oauth-identity-assertion-authz-grant`): the authorization
//! server that users sign in with says, for another one, that an app acts for a user there (`docs/spec/id-jag.md`).

use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use crate::dpop::Confirmation;
use crate::foreign_jwt::{ForeignJwt, ForeignJwtFault, is_for};
use crate::jose::{JwkSet, JwsError, TokenKind, UnverifiedJws};
use crate::json::Members;
use crate::provider::Subject;
use crate::scope::Scopes;
use crate::time::Timestamp;
use crate::token::Audience;

/// The `grant_type` of the server that accepts one (RFC 7523 §2.1).
pub const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// What its metadata list as profile of that grant.
pub const GRANT_PROFILE: &str = "urn:ietf:params:oauth:grant-profile:id-jag";

/// How far the clock of the issuer may differ from ours.
const CLOCK_SKEW: Duration = Duration::from_mins(1);
/// The longest remaining life: what was used once is remembered as long.
const LONGEST_LIFE: Duration = Duration::from_hours(1);
/// The longest `client_id` and `jti`, in bytes.
const LONGEST_TEXT: usize = 512;
/// The longest `scope`, in bytes, and the most values of `resource`.
const LONGEST_SCOPE: usize = 2_048;
const MOST_RESOURCES: usize = 10;
/// Claims that say of whom, by whom or for what an assertion is, in ways that are not supported here: who acts besides the app, which
/// would be lost; limits that would not be kept; and an issuer of several tenants, whose subjects are not told apart by `sub`.
const UNSUPPORTED: [&str; 3] = ["act", "authorization_details", "tenant"];

/// The claims of an assertion that this server issues.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct IdJagClaims {
    /// The issuer.
    pub iss: String,
    /// The user, as ID tokens for the other server name them.
    pub sub: String,
    /// The issuer of the other server.
    pub aud: String,
    /// The app, as it is registered there.
    pub client_id: String,
    /// The id of the assertion.
    pub jti: String,
    /// When it expires, in seconds.
    pub exp: i64,
    /// When it was issued, in seconds.
    pub iat: i64,
    /// The scopes there.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub scope: String,
    /// The APIs there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<Audience>,
    /// The last authentication, in seconds.
    pub auth_time: i64,
    /// Its class.
    pub acr: String,
    /// Its means.
    pub amr: Vec<String>,
    /// The key of the app, which it has to prove there as well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cnf: Option<Confirmation>,
}

/// Why an assertion proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdJagProblem {
    /// Not a JWS, or one that is not supported: `alg` is `none` or a MAC, for example.
    #[error("it is not acceptable: {0}")]
    Jws(JwsError),
    /// `typ` names another kind of token.
    #[error("its typ is not oauth-id-jag+jwt")]
    Kind,
    /// The issuer publishes no key with this id and algorithm.
    #[error("it is signed with a key that its issuer does not publish")]
    UnknownKey,
    /// The signature matches none of the keys.
    #[error("its signature is not valid")]
    Signature,
    /// A required claim is missing, has the wrong type or is too long.
    #[error("a required claim is missing, has the wrong type or is too long")]
    Claims,
    /// Another issuer.
    #[error("its issuer is another one")]
    Issuer,
    /// It is not for this server, or not for this server alone.
    #[error("its aud is not this server alone")]
    Audience,
    /// It was issued to another app.
    #[error("its client_id is another one")]
    Client,
    /// `exp` has passed.
    #[error("it has expired")]
    Expired,
    /// `exp` is too far ahead.
    #[error("it expires more than an hour from now")]
    LivesTooLong,
    /// `nbf`, `iat` or `auth_time` is in the future.
    #[error("it is not valid yet")]
    FromTheFuture,
    /// It has a claim that changes what it means and that is not supported.
    #[error("its act, authorization_details or tenant is not supported")]
    Unsupported,
}

impl From<ForeignJwtFault> for IdJagProblem {
    fn from(fault: ForeignJwtFault) -> Self {
        match fault {
            ForeignJwtFault::UnknownKey => Self::UnknownKey,
            ForeignJwtFault::Signature => Self::Signature,
            ForeignJwtFault::Claims => Self::Claims,
            ForeignJwtFault::Audience => Self::Audience,
        }
    }
}

/// What is accepted.
#[derive(Clone, Copy)]
pub struct Accepted<'a> {
    /// The trusted issuer, byte for byte.
    pub issuer: &'a str,
    /// This server.
    pub audience: &'a str,
    /// Whether that is the authenticated app.
    pub is_client: &'a (dyn Fn(&str) -> bool + Send + Sync),
    /// The time.
    pub now: Timestamp,
}

/// An unverified assertion, which names the issuer whose keys must verify it.
#[derive(Debug)]
pub struct IdJag<'a>(ForeignJwt<'a>);

/// A valid assertion.
#[derive(Debug)]
pub struct VerifiedIdJag {
    /// The user, as its issuer calls them.
    pub subject: Subject,
    /// Its id, to be used once.
    pub jti: String,
    /// When it expires.
    pub expires_at: Timestamp,
    /// The scopes, if it lists any.
    pub scope: Option<Scopes>,
    /// The APIs, if it lists any.
    pub resources: Vec<String>,
    /// When the user authenticated at its issuer, as far as it says so.
    pub authenticated_at: Timestamp,
    /// The key that the app has to prove.
    pub cnf: Option<Confirmation>,
}

impl<'a> IdJag<'a> {
    /// Reads an assertion.
    ///
    /// # Errors
    /// [`IdJagProblem::Jws`], [`IdJagProblem::Kind`], [`IdJagProblem::Claims`]
    pub fn parse(text: &'a str) -> Result<Self, IdJagProblem> {
        let jws = UnverifiedJws::parse(text).map_err(IdJagProblem::Jws)?;
        if jws.header().typ.as_deref() != Some(TokenKind::IdJag.typ()) {
            return Err(IdJagProblem::Kind);
        }
        ForeignJwt::of(jws).map(Self).ok_or(IdJagProblem::Claims)
    }

    /// The issuer that it claims to come from.
    pub fn issuer(&self) -> &str {
        self.0.issuer()
    }

    /// Whether `keys` has a key that could have signed it; if not, the set may be outdated.
    pub fn names_key_of(&self, keys: &JwkSet) -> bool {
        self.0.names_key_of(keys)
    }

    /// Verifies everything except whether it was used before.
    ///
    /// # Errors
    /// [`IdJagProblem`]
    pub fn verify(&self, keys: &JwkSet, accepted: &Accepted<'_>) -> Result<VerifiedIdJag, IdJagProblem> {
        let claims = self.0.verify(keys)?;
        if text(&claims, "iss", LONGEST_TEXT)?.as_deref() != Some(accepted.issuer) {
            return Err(IdJagProblem::Issuer);
        }
        is_for(&claims, accepted.audience)?;
        let client_id = text(&claims, "client_id", LONGEST_TEXT)?.ok_or(IdJagProblem::Claims)?;
        if !(accepted.is_client)(&client_id) {
            return Err(IdJagProblem::Client);
        }
        let (expires_at, authenticated_at) = times(&claims, accepted.now)?;
        if UNSUPPORTED.iter().any(|name| claims.get(name).is_some()) {
            return Err(IdJagProblem::Unsupported);
        }
        Ok(VerifiedIdJag {
            subject: claims.get("sub").and_then(Value::as_str).and_then(Subject::parse).ok_or(IdJagProblem::Claims)?,
            jti: text(&claims, "jti", LONGEST_TEXT)?.ok_or(IdJagProblem::Claims)?,
            expires_at,
            scope: text(&claims, "scope", LONGEST_SCOPE)?.map(|scope| Scopes::parse(&scope)),
            resources: resources(&claims)?,
            authenticated_at,
            // A confirmation by anything else than a key of DPoP could not be checked.
            cnf: match claims.get("cnf") {
                None => None,
                Some(cnf) => Some(serde_json::from_value(cnf.clone()).map_err(|_| IdJagProblem::Claims)?),
            },
        })
    }
}

/// When it expires, and when the user authenticated.
fn times(claims: &Members, now: Timestamp) -> Result<(Timestamp, Timestamp), IdJagProblem> {
    let moment = |name: &str| claims.numeric_date(name).map_err(|_| IdJagProblem::Claims);
    let expires_at = moment("exp")?.ok_or(IdJagProblem::Claims)?;
    let issued_at = moment("iat")?.ok_or(IdJagProblem::Claims)?;
    let authenticated_at = moment("auth_time")?.unwrap_or(issued_at);
    if expires_at <= now {
        return Err(IdJagProblem::Expired);
    }
    if expires_at > now.plus(LONGEST_LIFE) {
        return Err(IdJagProblem::LivesTooLong);
    }
    let latest = now.plus(CLOCK_SKEW);
    let not_before = moment("nbf")?.unwrap_or(issued_at);
    if [issued_at, authenticated_at, not_before].into_iter().any(|moment| moment > latest) {
        return Err(IdJagProblem::FromTheFuture);
    }
    Ok((expires_at, authenticated_at.min(now)))
}

fn text(claims: &Members, name: &str, longest: usize) -> Result<Option<String>, IdJagProblem> {
    match claims.get(name) {
        None => Ok(None),
        Some(Value::String(text)) if is_usable(text, longest) => Ok(Some(text.clone())),
        Some(_) => Err(IdJagProblem::Claims),
    }
}

fn is_usable(text: &str, longest: usize) -> bool {
    !text.is_empty() && text.len() <= longest && !text.contains(|c: char| c.is_control())
}

fn resources(claims: &Members) -> Result<Vec<String>, IdJagProblem> {
    let uri = |value: &Value| value.as_str().filter(|uri| is_usable(uri, LONGEST_TEXT)).map(str::to_owned);
    match claims.get("resource") {
        None => Some(Vec::new()),
        Some(one @ Value::String(_)) => uri(one).map(|uri| vec![uri]),
        Some(Value::Array(many)) if (1..=MOST_RESOURCES).contains(&many.len()) => many.iter().map(uri).collect(),
        Some(_) => None,
    }
    .ok_or(IdJagProblem::Claims)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::jose::{Algorithm, SigningKey, sign};

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
    const IDP: &str = "https://idp.example.org";
    const US: &str = "https://id.example.org";

    fn good() -> Value {
        let now = NOW.seconds();
        json!({
            "iss": IDP, "sub": "ada", "aud": US, "client_id": "wiki", "jti": "1", "iat": now, "exp": now + 300,
            "scope": "notes:read", "resource": "https://notes.example.org/", "auth_time": now - 60,
        })
    }

    fn verify(kind: TokenKind, claims: &Value) -> Result<VerifiedIdJag, IdJagProblem> {
        let key = SigningKey::generate(Algorithm::ES256).unwrap();
        let keys = JwkSet::parse(json!({ "keys": [key.public()] }).to_string().as_bytes()).unwrap();
        let text = sign(&key, kind, claims).unwrap();
        let token = IdJag::parse(&text)?;
        token.verify(&keys, &Accepted { issuer: IDP, audience: US, is_client: &|id| id == "wiki", now: NOW })
    }

    fn with(change: &Value) -> Value {
        let mut claims = good();
        for (name, value) in change.as_object().unwrap() {
            if value.is_null() {
                claims.as_object_mut().unwrap().remove(name);
            } else {
                claims[name] = value.clone();
            }
        }
        claims
    }

    #[test]
    fn an_assertion_for_this_server_and_this_app_is_accepted() {
        let valid = verify(TokenKind::IdJag, &good()).unwrap();
        assert_eq!((valid.subject.as_str(), valid.jti.as_str()), ("ada", "1"));
        assert_eq!(valid.scope, Some(Scopes::parse("notes:read")));
        assert_eq!(valid.resources, ["https://notes.example.org/"]);
        assert_eq!(valid.authenticated_at, NOW.minus(Duration::from_mins(1)));
        let several = with(&json!({"resource": ["urn:a", "urn:b"], "aud": [US], "scope": null, "auth_time": null}));
        let several = verify(TokenKind::IdJag, &several).unwrap();
        assert_eq!((several.resources.len(), several.scope, several.authenticated_at), (2, None, NOW));
    }

    #[test]
    fn any_other_token_is_refused() {
        let now = NOW.seconds();
        for (change, problem) in [
            (json!({"iss": "https://other.example.org"}), IdJagProblem::Issuer),
            (json!({"iss": null}), IdJagProblem::Claims),
            (json!({"aud": "https://other.example.org"}), IdJagProblem::Audience),
            (json!({"aud": [US, "https://other.example.org"]}), IdJagProblem::Audience),
            (json!({"aud": null}), IdJagProblem::Claims),
            (json!({"client_id": "other"}), IdJagProblem::Client),
            (json!({"client_id": null}), IdJagProblem::Claims),
            (json!({"sub": null}), IdJagProblem::Claims),
            (json!({"jti": null}), IdJagProblem::Claims),
            (json!({"jti": 1}), IdJagProblem::Claims),
            (json!({"exp": null}), IdJagProblem::Claims),
            (json!({"exp": now}), IdJagProblem::Expired),
            (json!({"exp": now + 3_601}), IdJagProblem::LivesTooLong),
            (json!({"iat": null}), IdJagProblem::Claims),
            (json!({"iat": now + 61}), IdJagProblem::FromTheFuture),
            (json!({"nbf": now + 61}), IdJagProblem::FromTheFuture),
            (json!({"auth_time": now + 61}), IdJagProblem::FromTheFuture),
            (json!({"scope": ["notes:read"]}), IdJagProblem::Claims),
            (json!({"resource": {}}), IdJagProblem::Claims),
            (json!({"resource": []}), IdJagProblem::Claims),
            (json!({"cnf": {"x5t#S256": "x"}}), IdJagProblem::Claims),
            (json!({"act": {"sub": "bot"}}), IdJagProblem::Unsupported),
            (json!({"authorization_details": [{"type": "chat"}]}), IdJagProblem::Unsupported),
            (json!({"tenant": "t1"}), IdJagProblem::Unsupported),
        ] {
            assert_eq!(verify(TokenKind::IdJag, &with(&change)).unwrap_err(), problem, "{change}");
        }
        for kind in TokenKind::ALL.into_iter().filter(|kind| *kind != TokenKind::IdJag) {
            assert_eq!(verify(kind, &good()).unwrap_err(), IdJagProblem::Kind, "{kind:?}");
        }
    }
}
