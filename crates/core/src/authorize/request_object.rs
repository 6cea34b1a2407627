//! Request objects: authorization requests that the app signed (RFC 9101, OpenID Connect Core §6).

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::Value;

use crate::app::App;
use crate::jose::{JwkSet, JwsError, UnverifiedJws, VerificationAlgorithm};
use crate::json::{self, Members};
use crate::params::Params;
use crate::time::Timestamp;

/// The longest request object, in bytes.
pub const LONGEST: usize = 16 * 1_024;
/// How far the app's clock may be ahead of ours: at least 10 seconds (FAPI 2.0 Security Profile §5.3.2.1), and well below the 60
/// beyond which an object must be refused, so that one does not come to be accepted because it took a while to arrive.
const CLOCK_SKEW: Duration = Duration::from_secs(30);
/// The longest life of an object of an app with the FAPI 2.0 profile, between `nbf` and `exp`, and the greatest age of
/// `nbf` (FAPI 2.0 Message Signing §5.3.1).
const LONGEST_LIFE: Duration = Duration::from_hours(1);
/// Members about the object itself, which are not parameters.
const ABOUT_ITSELF: [&str; 7] = ["iss", "aud", "exp", "nbf", "iat", "jti", "sub"];

/// Why a request object is refused. All of them are `invalid_request_object` (RFC 9101 §6.2, §6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ObjectProblem {
    /// Not a JWS, unsigned, or signed by an algorithm that we do not accept.
    #[error("the request object is not acceptable: {0}")]
    Jws(JwsError),
    /// `typ` names another kind of token.
    #[error("the request object's typ is not oauth-authz-req+jwt")]
    Kind,
    /// The app registered another algorithm, or its profile rules this one out.
    #[error("the request object's algorithm is not one of this client")]
    Algorithm,
    /// The app has no such key.
    #[error("the request object is signed with a key that the client has not registered")]
    UnknownKey,
    /// The signature matches none of the app's keys.
    #[error("the request object's signature is not valid")]
    Signature,
    /// Not an object of parameters.
    #[error("the request object's claims are not parameters of an authorization request")]
    Claims,
    /// It contains `request` or `request_uri` (RFC 9101 §4).
    #[error("the request object must not contain request or request_uri")]
    Nested,
    /// `client_id` is missing, or another app's (RFC 9101 §6.3).
    #[error("the request object's client_id is not the client's")]
    ClientId,
    /// `iss` is another app.
    #[error("the request object's iss is not the client")]
    Issuer,
    /// `sub` is the app: it could pass for a client assertion (RFC 9101 §10.8).
    #[error("the request object must not have the client as its sub")]
    Subject,
    /// Meant for another server.
    #[error("the request object's aud is not this server")]
    Audience,
    /// `exp` has passed.
    #[error("the request object has expired")]
    Expired,
    /// `nbf` or `iat` is in the future.
    #[error("the request object is not valid yet")]
    FromTheFuture,
    /// The app's profile demands `aud`, `exp` and `nbf`, at most an hour apart.
    #[error("the request object must have aud, nbf and exp, and live at most an hour")]
    Lifetime,
}

/// A request object, not yet verified.
#[derive(Debug)]
pub struct RequestObject<'a> {
    jws: UnverifiedJws<'a>,
}

impl<'a> RequestObject<'a> {
    /// Reads an object.
    ///
    /// # Errors
    /// [`ObjectProblem::Jws`], [`ObjectProblem::Kind`].
    pub fn parse(text: &'a str) -> Result<Self, ObjectProblem> {
        let jws = UnverifiedJws::parse(text).map_err(ObjectProblem::Jws)?;
        // OpenID Connect Core names no type, and other kinds of token have one of their own.
        if !matches!(jws.header().typ.as_deref(), None | Some("oauth-authz-req+jwt" | "JWT" | "jwt")) {
            return Err(ObjectProblem::Kind);
        }
        Ok(Self { jws })
    }

    /// Whether `keys` has a key that could have signed it.
    pub fn names_key_of(&self, keys: &JwkSet) -> bool {
        let header = self.jws.header();
        keys.candidates(header.alg, header.kid.as_deref()).next().is_some()
    }

    /// The parameters, once the object is known to be `app`'s and meant for `issuer`.
    ///
    /// # Errors
    /// [`ObjectProblem`]
    pub fn verify(&self, keys: &JwkSet, app: &App, issuer: &str, now: Timestamp) -> Result<Params, ObjectProblem> {
        let header = self.jws.header();
        let is_ruled_out = app.security.is_fapi2() && header.alg == VerificationAlgorithm::RS256;
        if is_ruled_out || app.metadata.request_object_signing_alg.is_some_and(|alg| alg != header.alg) {
            return Err(ObjectProblem::Algorithm);
        }
        let mut candidates = keys.candidates(header.alg, header.kid.as_deref()).peekable();
        if candidates.peek().is_none() {
            return Err(ObjectProblem::UnknownKey);
        }
        let payload = candidates.find_map(|key| self.jws.verify(key).ok()).ok_or(ObjectProblem::Signature)?;
        json::check(payload).map_err(|_| ObjectProblem::Claims)?;
        let claims: Members = serde_json::from_slice(payload).map_err(|_| ObjectProblem::Claims)?;
        check_about(&claims, app, issuer, now)?;
        to_params(&claims)
    }
}

/// Checks what an object says about itself.
fn check_about(claims: &Members, app: &App, issuer: &str, now: Timestamp) -> Result<(), ObjectProblem> {
    let names_app = |value: &Value| value.as_str().is_some_and(|text| app.is_called(text));
    if claims.get("request").is_some() || claims.get("request_uri").is_some() {
        return Err(ObjectProblem::Nested);
    }
    if !claims.get("client_id").is_some_and(names_app) {
        return Err(ObjectProblem::ClientId);
    }
    if claims.get("iss").is_some_and(|iss| !names_app(iss)) {
        return Err(ObjectProblem::Issuer);
    }
    if claims.get("sub").is_some_and(names_app) {
        return Err(ObjectProblem::Subject);
    }
    let aud = claims.get("aud");
    let is_ours = |value: &Value| match value {
        Value::String(one) => one == issuer,
        Value::Array(many) => many.iter().any(|one| one.as_str() == Some(issuer)),
        _ => false,
    };
    if aud.is_some_and(|aud| !is_ours(aud)) {
        return Err(ObjectProblem::Audience);
    }
    let date = |name: &str| claims.get(name).map(|value| seconds(value).ok_or(ObjectProblem::Claims)).transpose();
    let (exp, nbf, iat) = (date("exp")?, date("nbf")?, date("iat")?);
    if exp.is_some_and(|exp| exp <= now) {
        return Err(ObjectProblem::Expired);
    }
    let latest = now.plus(CLOCK_SKEW);
    if nbf.is_some_and(|nbf| nbf > latest) || iat.is_some_and(|iat| iat > latest) {
        return Err(ObjectProblem::FromTheFuture);
    }
    if app.security.is_fapi2() {
        let (Some(exp), Some(nbf), Some(_)) = (exp, nbf, aud) else { return Err(ObjectProblem::Lifetime) };
        if exp > nbf.plus(LONGEST_LIFE) || nbf.plus(LONGEST_LIFE) < now {
            return Err(ObjectProblem::Lifetime);
        }
    }
    Ok(())
}

/// A `NumericDate` (RFC 7519 §2); fractions of a second are dropped.
fn seconds(value: &Value) -> Option<Timestamp> {
    let Value::Number(number) = value else { return None };
    let text = number.to_string();
    let (whole, _) = text.split_once('.').unwrap_or((&text, ""));
    whole.parse().ok().map(Timestamp::from_seconds)
}

/// The parameters that the members stand for (RFC 9101 §4): numbers as their digits, `claims` as JSON, `resource` repeated.
fn to_params(claims: &Members) -> Result<Params, ObjectProblem> {
    let mut pairs = Vec::with_capacity(claims.0.len());
    for (name, value) in &claims.0 {
        if ABOUT_ITSELF.contains(&name.as_str()) {
            continue;
        }
        match value {
            Value::Null => {}
            Value::String(text) => pairs.push((name.clone(), text.clone())),
            Value::Number(number) => pairs.push((name.clone(), number.to_string())),
            Value::Bool(flag) => pairs.push((name.clone(), flag.to_string())),
            Value::Object(_) if name == "claims" => pairs.push((name.clone(), value.to_string())),
            Value::Array(items) if name == "resource" => {
                for item in items {
                    pairs.push((name.clone(), item.as_str().ok_or(ObjectProblem::Claims)?.to_owned()));
                }
            }
            // Extensions that we do not know, such as `authorization_details`, are ignored like unknown parameters.
            Value::Array(_) | Value::Object(_) if !KNOWN.contains(&name.as_str()) => {}
            Value::Array(_) | Value::Object(_) => return Err(ObjectProblem::Claims),
        }
    }
    Ok(Params::from_pairs(pairs))
}

/// The parameters that are texts.
const KNOWN: [&str; 22] = [
    "client_id",
    "redirect_uri",
    "response_type",
    "response_mode",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "prompt",
    "max_age",
    "login_hint",
    "org",
    "organization",
    "id_token_hint",
    "acr_values",
    "claims",
    "resource",
    "dpop_jkt",
    "provider",
    "bap_id",
    "bapId",
];

/// The members of a refused request object that its error needs. They are unverified: they decide how a response is sent to
/// an already matched redirect URI, never where.
#[derive(Debug, Default, Deserialize)]
pub struct UnverifiedObject {
    /// The response mode.
    #[serde(default)]
    pub response_mode: Option<String>,
    /// The app's `state`.
    #[serde(default)]
    pub state: Option<String>,
}

/// Reads the payload of a JWS, signed or not; empty if it is malformed.
pub fn read_unverified(jws: &str) -> UnverifiedObject {
    if jws.len() > LONGEST {
        return UnverifiedObject::default();
    }
    let payload = jws.split('.').nth(1).and_then(|part| URL_SAFE_NO_PAD.decode(part.trim_end_matches('=')).ok());
    payload.and_then(|payload| serde_json::from_slice(&payload).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests;
