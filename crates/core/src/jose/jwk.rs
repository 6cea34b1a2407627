//! Public keys as JSON (RFC 7517): our own, and those that apps register.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256,
    RsaPublicKeyComponents,
};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use super::jws::JwsError;
use super::{Algorithm, VerificationAlgorithm, base64url};

/// Why a JWK is no key that Sigma verifies with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwkError {
    /// A set longer than [`JwkSet::MAX_BYTES`] or with more than [`JwkSet::MAX_KEYS`] keys.
    #[error("the key set is longer than 64 KiB or has more than 32 keys")]
    TooLarge,
    /// Not a JWK, or of a type we do not verify with.
    #[error("not an RSA, P-256 or Ed25519 key in JWK form")]
    Malformed,
    /// It holds the private half.
    #[error("the key holds private members: send the public half only")]
    Private,
    /// `use` or `key_ops` says that it is not for verifying.
    #[error("the key is not for signatures")]
    NotForSignatures,
    /// `alg` names an algorithm we do not accept, or one that is not of this type of key.
    #[error("the key's alg is not RS256, PS256, ES256 or EdDSA, or does not fit the key")]
    Algorithm,
    /// The numbers are no key, are not written in their one form, or the RSA modulus is not 2048 to 8192 bits long.
    #[error("the key's numbers are not a valid key (RSA keys must have at least 2048 bits)")]
    Value,
}

/// The numbers of a key (RFC 7518 §6, RFC 8037 §2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kty")]
enum Material {
    #[serde(rename = "RSA")]
    Rsa { n: String, e: String },
    #[serde(rename = "EC")]
    Ec { crv: String, x: String, y: String },
    #[serde(rename = "OKP")]
    Okp { crv: String, x: String },
}

/// The members we write.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Written {
    #[serde(flatten)]
    material: Material,
    #[serde(rename = "use")]
    usage: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    alg: Option<VerificationAlgorithm>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kid: Option<String>,
}

/// The members we read; others are ignored (RFC 7517 §4), `x5u` and `x5c` among them.
#[derive(Deserialize)]
struct Read {
    #[serde(flatten)]
    material: Material,
    #[serde(rename = "use")]
    usage: Option<String>,
    key_ops: Option<Vec<String>>,
    alg: Option<String>,
    kid: Option<String>,
    d: Option<IgnoredAny>,
}

/// A public key that verifies signatures, parsed once.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "Read")]
pub struct PublicJwk {
    #[serde(flatten)]
    written: Written,
    /// What this key verifies, and nothing else: an algorithm that is not here is not the key's.
    #[serde(skip)]
    verifiers: Arc<[(VerificationAlgorithm, ParsedPublicKey)]>,
}

impl PublicJwk {
    /// The key in this JSON text.
    pub fn parse(json: &str) -> Result<Self, JwkError> {
        let read: Read = serde_json::from_str(json).map_err(|_| JwkError::Malformed)?;
        Self::try_from(read)
    }

    /// Our own RSA key; the numbers are big-endian without leading zeros.
    pub(super) fn rsa(modulus: &[u8], exponent: &[u8]) -> Result<Self, JwkError> {
        let material = Material::Rsa { n: base64url::encode(modulus), e: base64url::encode(exponent) };
        Self::own(material, Algorithm::RS256)
    }

    /// Our own P-256 key, as an uncompressed point.
    pub(super) fn p256(point: &[u8]) -> Result<Self, JwkError> {
        let (x, y) = point.strip_prefix(&[4]).and_then(|point| point.split_at_checked(32)).ok_or(JwkError::Value)?;
        let material = Material::Ec { crv: "P-256".into(), x: base64url::encode(x), y: base64url::encode(y) };
        Self::own(material, Algorithm::ES256)
    }

    /// Our own Ed25519 key.
    pub(super) fn ed25519(key: &[u8]) -> Result<Self, JwkError> {
        Self::own(Material::Okp { crv: "Ed25519".into(), x: base64url::encode(key) }, Algorithm::EdDSA)
    }

    fn own(material: Material, algorithm: Algorithm) -> Result<Self, JwkError> {
        let mut key = Self::new(material, Some(algorithm.into()), None)?;
        let mut kid = key.thumbprint();
        kid.truncate(16);
        key.written.kid = Some(kid);
        Ok(key)
    }

    fn new(material: Material, alg: Option<VerificationAlgorithm>, kid: Option<String>) -> Result<Self, JwkError> {
        let mut verifiers = material.verifiers()?;
        if let Some(alg) = alg {
            verifiers.retain(|(of, _)| *of == alg);
            if verifiers.is_empty() {
                return Err(JwkError::Algorithm);
            }
        }
        Ok(Self { written: Written { material, usage: "sig", alg, kid }, verifiers: verifiers.into() })
    }

    /// The key's id, if it has one; ours always do.
    pub fn kid(&self) -> Option<&str> {
        self.written.kid.as_deref()
    }

    /// The one algorithm the key is for, if it says so; ours always do.
    pub fn alg(&self) -> Option<VerificationAlgorithm> {
        self.written.alg
    }

    /// Whether `alg` is an algorithm of this key.
    pub fn verifies(&self, alg: VerificationAlgorithm) -> bool {
        self.verifiers.iter().any(|(of, _)| *of == alg)
    }

    /// The JWK thumbprint, SHA-256 in base64url (RFC 7638 §3): 43 characters.
    pub fn thumbprint(&self) -> String {
        // The required members in the order of their names; none of the values needs escaping, as `new` has decoded
        // each number and compared each curve.
        let members = match &self.written.material {
            Material::Rsa { n, e } => format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#),
            Material::Ec { crv, x, y } => format!(r#"{{"crv":"{crv}","kty":"EC","x":"{x}","y":"{y}"}}"#),
            Material::Okp { crv, x } => format!(r#"{{"crv":"{crv}","kty":"OKP","x":"{x}"}}"#),
        };
        base64url::encode(digest(&SHA256, members.as_bytes()))
    }

    /// Checks `signature` over `message`.
    ///
    /// # Errors
    /// [`JwsError::WrongAlgorithm`] when `alg` is not the key's own, [`JwsError::BadSignature`] otherwise.
    pub fn verify(&self, alg: VerificationAlgorithm, message: &[u8], signature: &[u8]) -> Result<(), JwsError> {
        let (_, key) = self.verifiers.iter().find(|(of, _)| *of == alg).ok_or(JwsError::WrongAlgorithm)?;
        key.verify_sig(message, signature).map_err(|_| JwsError::BadSignature)
    }
}

impl Material {
    /// A ready verifier for each algorithm that this type of key has.
    fn verifiers(&self) -> Result<Vec<(VerificationAlgorithm, ParsedPublicKey)>, JwkError> {
        match self {
            Self::Rsa { n, e } => {
                let (n, e) = (number(n)?, number(e)?);
                // aws-lc checks the length only when it verifies; a key that never verifies is refused at once.
                if !(256..=1024).contains(&n.len()) || (n.len() == 256 && n.first().is_none_or(|byte| *byte < 0x80)) {
                    return Err(JwkError::Value);
                }
                let components = RsaPublicKeyComponents { n, e };
                let pkcs1 = components.to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256);
                let pss = components.to_parsed_public_key(&RSA_PSS_2048_8192_SHA256);
                Ok(vec![
                    (VerificationAlgorithm::RS256, pkcs1.map_err(|_| JwkError::Value)?),
                    (VerificationAlgorithm::PS256, pss.map_err(|_| JwkError::Value)?),
                ])
            }
            Self::Ec { crv, x, y } if crv == "P-256" => {
                let mut point = vec![4];
                point.extend(coordinate(x)?);
                point.extend(coordinate(y)?);
                let key = ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).map_err(|_| JwkError::Value)?;
                Ok(vec![(VerificationAlgorithm::ES256, key)])
            }
            Self::Okp { crv, x } if crv == "Ed25519" => {
                let key = ParsedPublicKey::new(&ED25519, coordinate(x)?).map_err(|_| JwkError::Value)?;
                Ok(vec![(VerificationAlgorithm::EdDSA, key)])
            }
            Self::Ec { .. } | Self::Okp { .. } => Err(JwkError::Malformed),
        }
    }
}

/// A number without leading zeros (RFC 7518 §6.3.1, `Base64urlUInt`).
fn number(text: &str) -> Result<Vec<u8>, JwkError> {
    let bytes = base64url::decode(text).ok_or(JwkError::Value)?;
    if bytes.first().is_none_or(|byte| *byte == 0) { Err(JwkError::Value) } else { Ok(bytes) }
}

/// The 32 bytes of a coordinate, leading zeros included (RFC 7518 §6.2.1.2).
fn coordinate(text: &str) -> Result<[u8; 32], JwkError> {
    base64url::decode(text).and_then(|bytes| bytes.try_into().ok()).ok_or(JwkError::Value)
}

impl TryFrom<Read> for PublicJwk {
    type Error = JwkError;

    fn try_from(read: Read) -> Result<Self, JwkError> {
        if read.d.is_some() {
            return Err(JwkError::Private);
        }
        let signs = read.usage.is_none_or(|usage| usage == "sig");
        let verifies = read.key_ops.is_none_or(|operations| operations.iter().any(|operation| operation == "verify"));
        if !signs || !verifies {
            return Err(JwkError::NotForSignatures);
        }
        let alg = match read.alg {
            Some(name) => Some(VerificationAlgorithm::parse(&name).ok_or(JwkError::Algorithm)?),
            None => None,
        };
        Self::new(read.material, alg, read.kid)
    }
}

impl PartialEq for PublicJwk {
    fn eq(&self, other: &Self) -> bool {
        self.written == other.written
    }
}

impl Eq for PublicJwk {}

impl fmt::Debug for PublicJwk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PublicJwk").field(&self.written.alg).field(&self.written.kid).finish()
    }
}

/// The public keys of an app (RFC 7517 §5).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct JwkSet {
    keys: Vec<PublicJwk>,
}

impl JwkSet {
    /// The longest set that is read: 64 KiB.
    pub const MAX_BYTES: usize = 64 * 1024;
    /// The most usable keys in a set: a signature that names no key is tried with each.
    pub const MAX_KEYS: usize = 32;

    /// The usable keys of a set. Keys of other types and for other uses are passed over, as §5 advises, but a private
    /// key refuses the whole set: it must not be stored.
    pub fn parse(json: &[u8]) -> Result<Self, JwkError> {
        #[derive(Deserialize)]
        struct Set {
            keys: Vec<serde_json::Value>,
        }
        if json.len() > Self::MAX_BYTES {
            return Err(JwkError::TooLarge);
        }
        let set: Set = serde_json::from_slice(json).map_err(|_| JwkError::Malformed)?;
        let mut keys = Vec::new();
        for value in set.keys {
            if ["d", "k"].iter().any(|name| value.get(name).is_some()) {
                return Err(JwkError::Private);
            }
            if let Some(key) = serde_json::from_value::<Read>(value).ok().and_then(|read| read.try_into().ok()) {
                keys.push(key);
            }
        }
        if keys.len() > Self::MAX_KEYS { Err(JwkError::TooLarge) } else { Ok(Self { keys }) }
    }

    /// The keys.
    pub fn keys(&self) -> &[PublicJwk] {
        &self.keys
    }

    /// The keys that may have made a signature: those of its algorithm whose id is the one named, or that have none, or
    /// all when none is named.
    pub fn candidates(&self, alg: VerificationAlgorithm, kid: Option<&str>) -> impl Iterator<Item = &PublicJwk> {
        self.keys
            .iter()
            .filter(move |key| key.verifies(alg) && (kid.is_none() || key.kid().is_none() || key.kid() == kid))
    }
}

impl FromIterator<PublicJwk> for JwkSet {
    fn from_iter<T: IntoIterator<Item = PublicJwk>>(keys: T) -> Self {
        Self { keys: keys.into_iter().collect() }
    }
}

#[cfg(test)]
mod tests;
