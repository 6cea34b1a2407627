//! JWS in compact serialisation (RFC 7515 §7.1), the only one supported.

use serde::Serialize;
use serde_json::Value;

use super::{PublicJwk, SigningKey, TokenKind, VerificationAlgorithm, base64url};
use crate::json::Members;

/// The longest JWS that is issued or accepted: 16 KiB.
pub const MAX_JWS_BYTES: usize = 16 * 1024;
/// The longest credential or status list: 48 KiB.
pub const MAX_CREDENTIAL_BYTES: usize = 48 * 1024;

/// Why a token was not issued or is rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwsError {
    /// Longer than [`MAX_JWS_BYTES`].
    #[error("the token is longer than 16 KiB")]
    TooLong,
    /// Not three parts in canonical base64url, or the header is not a JSON object with unique names and proper types.
    #[error("the token is malformed")]
    Malformed,
    /// `alg` is `none`, a MAC, or otherwise not accepted.
    #[error("the token's algorithm is not accepted")]
    UnsupportedAlgorithm,
    /// `crit` or `b64` changes the meaning of the token (RFC 7515 §4.1.11, RFC 7797).
    #[error("the token's header asks for an extension")]
    Extension,
    /// `alg` is not the algorithm of the key.
    #[error("the token's algorithm is not the key's")]
    WrongAlgorithm,
    /// `typ` names another kind of token.
    #[error("the token is of another kind")]
    WrongKind,
    /// The signature does not verify.
    #[error("the token's signature is not valid")]
    BadSignature,
    /// The claims could not be serialised.
    #[error("the claims could not be written")]
    Claims,
    /// The library could not sign.
    #[error("signing failed")]
    Signing,
}

/// Signs `claims` as a token of this kind: header `alg`, `kid`, `typ`.
///
/// # Errors
/// [`JwsError::TooLong`] if we would not accept the token ourselves, [`JwsError::Claims`], [`JwsError::Signing`].
pub fn sign<T: Serialize>(key: &SigningKey, kind: TokenKind, claims: &T) -> Result<String, JwsError> {
    signed(key, (kind, key.kid()), claims, MAX_JWS_BYTES)
}

/// Signs a credential, whose header names the key by its DID URL, `did:web:…#kid`.
///
/// # Errors
/// As [`sign`], for more than [`MAX_CREDENTIAL_BYTES`]; [`JwsError::Malformed`] if the DID needs escaping.
pub fn sign_credential<T: Serialize>(key: &SigningKey, did: &str, claims: &T) -> Result<String, JwsError> {
    if !did.bytes().all(|byte| byte.is_ascii_alphanumeric() || b":%.-_".contains(&byte)) {
        return Err(JwsError::Malformed);
    }
    signed(key, (TokenKind::Credential, &format!("{did}#{}", key.kid())), claims, MAX_CREDENTIAL_BYTES)
}

fn signed<T: Serialize>(
    key: &SigningKey,
    (purpose, kid): (TokenKind, &str),
    claims: &T,
    longest: usize,
) -> Result<String, JwsError> {
    // No value needs escaping: algorithms and kinds are constants, the key id is base64url or a DID URL.
    let header = format!(r#"{{"alg":"{}","kid":"{kid}","typ":"{}"}}"#, key.algorithm(), purpose.typ());
    let payload = serde_json::to_vec(claims).map_err(|_| JwsError::Claims)?;
    let mut token = String::with_capacity((header.len() + payload.len() + 260) * 4 / 3 + 8);
    base64url::encode_onto(&mut token, header);
    token.push('.');
    base64url::encode_onto(&mut token, payload);
    let signature = key.sign(token.as_bytes()).map_err(|_| JwsError::Signing)?;
    token.push('.');
    base64url::encode_onto(&mut token, signature);
    if token.len() > longest { Err(JwsError::TooLong) } else { Ok(token) }
}

/// The relevant header members. `jwk`, `jku`, `x5u` and `x5c` are ignored: a token does not choose its own key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The claimed algorithm.
    pub alg: VerificationAlgorithm,
    /// The claimed kind of token.
    pub typ: Option<String>,
    /// The claimed key id.
    pub kid: Option<String>,
}

impl Header {
    fn parse(json: &[u8]) -> Result<Self, JwsError> {
        let members: Members = serde_json::from_slice(json).map_err(|_| JwsError::Malformed)?;
        if members.get("crit").is_some() || members.get("b64").is_some() {
            return Err(JwsError::Extension);
        }
        let text = |name: &str| match members.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(JwsError::Malformed),
        };
        let alg = text("alg")?.ok_or(JwsError::Malformed)?;
        let alg = VerificationAlgorithm::parse(&alg).ok_or(JwsError::UnsupportedAlgorithm)?;
        Ok(Self { alg, typ: text("typ")?, kid: text("kid")? })
    }
}

/// An unverified token: well-formed, but nothing in it is known to be true.
#[derive(Debug)]
pub struct UnverifiedJws<'a> {
    header: Header,
    signed: &'a str,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

impl<'a> UnverifiedJws<'a> {
    /// Parses a token.
    pub fn parse(token: &'a str) -> Result<Self, JwsError> {
        Self::parse_within(token, MAX_JWS_BYTES)
    }

    /// Parses a credential.
    ///
    /// # Errors
    /// [`JwsError`]
    pub fn parse_credential(token: &'a str) -> Result<Self, JwsError> {
        Self::parse_within(token, MAX_CREDENTIAL_BYTES)
    }

    fn parse_within(token: &'a str, longest: usize) -> Result<Self, JwsError> {
        if token.len() > longest {
            return Err(JwsError::TooLong);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(JwsError::Malformed)?;
        let (header, payload) = signed.split_once('.').ok_or(JwsError::Malformed)?;
        let decode = |part: &str| base64url::decode(part).ok_or(JwsError::Malformed);
        let (header, payload, signature) = (decode(header)?, decode(payload)?, decode(signature)?);
        Ok(Self { header: Header::parse(&header)?, signed, payload, signature })
    }

    /// The unverified header; choose the key by its `kid`.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The payload, once the signature by `key` is checked; `typ` is not. For tokens of ours use
    /// [`UnverifiedJws::verify_as`].
    pub fn verify(&self, key: &PublicJwk) -> Result<&[u8], JwsError> {
        key.verify(self.header.alg, self.signed.as_bytes(), &self.signature)?;
        Ok(&self.payload)
    }

    /// The payload, once the kind and the signature by `key` are checked.
    pub fn verify_as(&self, kind: TokenKind, key: &PublicJwk) -> Result<&[u8], JwsError> {
        if self.header.typ.as_deref() != Some(kind.typ()) {
            return Err(JwsError::WrongKind);
        }
        self.verify(key)
    }

    /// What the token says of itself, to find out whose keys should verify it.
    pub(crate) fn unverified_payload(&self) -> &[u8] {
        &self.payload
    }
}

#[cfg(test)]
mod tests;
